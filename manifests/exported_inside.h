/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the reader of exported JSON share: one file while it is read. For exported*.c only.
 */
#ifndef MQFERRY_MANIFESTS_EXPORTED_INSIDE_H
#define MQFERRY_MANIFESTS_EXPORTED_INSIDE_H

#include "api/base/json_keys.h"
#include "api/base/line_counter.h"
#include "api/config_json.h"
#include "api/snapshot_json.h"
#include "manifests/exported.h"

/* What the steps answer besides 0 (go on) and -1 (*why tells: the whole load has failed). */
enum { STEP_STOP = 1 }; /* of this file nothing more can be read; a mistake was told where it is one */

/* What the file says about itself. */
struct exported_facts {
    bool cluster;    /* exportTime: numbers are sums over masters */
    bool store;      /* dataVersion: a broker's own table */
    int64_t masters; /* configs.clusterScale.masterBrokerSize; 0: not said */
};

/* Topics that may be the broker's or the cluster's own: decided when all have been seen (1.10). */
struct own_topics {
    struct text *names; /* of brokers and clusters, given away by the file; borrowed from the reader */
    size_t name_count, name_capacity;
    struct own_candidate *candidates;
    size_t candidate_count, candidate_capacity;
};

/* A document of mqferry's own. */
struct document {
    struct snapshot_reader snapshot;
    struct json_token api_version; /* came before the kind; type 0 (JSON_END): none */
    struct failure failure;        /* of the snapshot's reader */
    bool begun;                    /* it is a Snapshot */
};

struct exported {
    const struct exported_request *request;
    struct catalog_builder *builder;
    struct exported_outcome *out;
    struct failure *why;
    struct text text; /* the JSON */
    size_t before;    /* bytes of a captured line in front of it */
    struct json_reader *json;
    struct line_counter lines;
    struct config_json config;
    struct exported_facts facts;
    struct own_topics own;
    struct document document;
    uint16_t file;
    unsigned seen;         /* members of the root, by their bit */
    bool looked_ahead;     /* facts are complete */
    bool nested;           /* in metadata */
    bool merged_file;      /* configs was there */
    bool known;            /* something that declares was there */
    bool empty_metadata;   /* metadata held nothing that declares */
    bool passed_over;      /* it is not for this reader */
    bool snake;            /* members are spelt in snake case */
    bool sums;             /* queue numbers were settled as sums */
    bool nulls;            /* a table has entries that are null */
    uint64_t unknown;      /* members of configs that nobody knows */
    uint64_t forbidden;    /* entries of forbiddenTable */
    struct text stranger;  /* the first member of the root that nobody knows */
    struct json_keys keys; /* of members that nobody knows, and of what is skipped */
};

/* Of a byte of file->text. */
void exported_place(struct exported *file, size_t offset, uint32_t *out_line, uint32_t *out_column);
/* A mistake, and a notice (line 0: about the file as a whole). */
void exported_complain(struct exported *file, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void exported_notice(struct exported *file, uint32_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The text is broken: tells where; STEP_STOP. */
int exported_broken(struct exported *file);
void exported_twice(struct exported *file, size_t offset);
/* Skips a value; a member that stands twice in it is a mistake. 0 or STEP_STOP. */
int exported_skip(struct exported *file, const struct json_token *token);

/* exported_members.c: the members of the root, or of metadata (`inside`), up to its end. 0, STEP_STOP or -1. */
int exported_members_read(struct exported *file, bool inside);

/* exported_documents.c: members that only documents of mqferry's own have, and all that a Snapshot has. 0, STEP_STOP
 * or -1. */
bool exported_document_has(const struct exported *file, struct text key);
int exported_document_read(struct exported *file, const struct json_token *token);
int exported_document_finish(struct exported *file);

/* exported_facts.c: reads masterBrokerSize from `configs` (any value) or leaves *facts alone. 0; -1: broken; 1: a
 * member stands twice in one of its objects. */
int exported_facts_read_configs(struct json_reader *json, const struct json_token *token, struct exported_facts *facts,
                                size_t *out_offset);
/* Everything that the whole text says about itself, whatever the order of its members. 0; or -1: no memory. What is
 * broken is told when it is read in earnest. */
int exported_facts_look_ahead(struct text text, struct exported_facts *facts, struct failure *why);
/* What the elements of a list are, by their members: KIND_TOPIC, KIND_GROUP; KINDS: neither. */
int exported_facts_list_kind(struct text text, enum kind *out, struct failure *why);

/* exported_table.c: {name: config, …} and [config, …] into entries. 0, STEP_STOP or -1. */
int exported_table(struct exported *file, enum kind kind, const struct json_token *token);
int exported_list(struct exported *file, enum kind kind, const struct json_token *token);

/* exported_sums.c: makes summed numbers ones that can be declared. CAUSE_NONE, or the cause with its field (left as it
 * is: no number is known) and a sentence in `room`. */
int exported_sums_settle(struct draft *draft, enum kind kind, int64_t masters, enum field *out_field,
                         char room[static 160]);

/* exported_own.c: is this topic of a broker's table the broker's or the cluster's own? OWN_PERHAPS:
 * exported_own_postpone it. */
enum own { OWN_NO, OWN_YES, OWN_PERHAPS };
int exported_own_judge(struct exported *file, struct text name, const struct draft *draft, enum own *out);
void exported_own_notice(struct exported *file, const struct entry *entry);
int exported_own_postpone(struct exported *file, const struct entry *entry);
/* The file has ended: adds what was postponed. */
int exported_own_decide(struct exported *file);
void exported_own_release(struct own_topics *own);

#endif
