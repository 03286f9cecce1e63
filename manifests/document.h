/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML documents of mqferry: which kind each is, before its fields are read. Manifests, mappings and the configuration
 * are made of these.
 */
#ifndef MQFERRY_MANIFESTS_DOCUMENT_H
#define MQFERRY_MANIFESTS_DOCUMENT_H

#include "manifests/yaml_fields.h"

enum document_kind {
    DOCUMENT_TOPIC = 0,
    DOCUMENT_GROUP,
    DOCUMENT_TOPIC_LIST,
    DOCUMENT_GROUP_LIST,
    DOCUMENT_MAPPING,
    DOCUMENT_SYNC,
    DOCUMENT_DAEMON,
    DOCUMENT_KINDS
};

const char *document_kind_name(enum document_kind kind); /* "TopicList" */

struct document {
    enum document_kind kind;
    struct yaml_mark mark; /* where it begins */
    uint64_t given;        /* for document_read */
};

/* The next document of a known kind; the rest of the one before is passed over. Empty documents are passed over, those
 * that are not mqferry's are mistakes. apiVersion and kind may stand anywhere in it. False: no more. */
bool document_next(struct yaml_reader *reader, struct document *out);

/* Reads the document's fields. Its table begins with DOCUMENT_HEADER. Returns the bits of the rows that were given. */
uint64_t document_read(struct yaml_reader *reader, const struct document *document, const struct yaml_table *table,
                       void *target);

/* apiVersion and kind: document_next has judged them. */
#define DOCUMENT_HEADER                                                                                                \
    {.name = YAML_FIELD_NAME("apiVersion"), .shapes = YAML_SCALAR},                                                    \
    {                                                                                                                  \
        .name = YAML_FIELD_NAME("kind"), .shapes = YAML_SCALAR                                                         \
    }

#endif
