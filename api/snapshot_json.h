/* SPDX-License-Identifier: Apache-2.0
 *
 * The Snapshot document (contract section 5) ↔ a catalog: what the snapshot door keeps in its file, what export writes,
 * and one of the shapes that a source file can have.
 *
 *     {
 *       "apiVersion": "mqferry/v1",
 *       "kind": "Snapshot",
 *       "standsFor": "any",
 *       "identity": {},
 *       "topics": [
 *         {"name": "orders", "messageType": "FIFO", "brokers": {"broker-a": {}, "broker-b": {"readQueueNums": 4}}}
 *       ],
 *       "consumerGroups": []
 *     }
 *
 * Items are those of TopicList and ConsumerGroupList: dotted fields are nested objects, `attributes` is an object of
 * texts, `brokers` says on which masters the resource is, with what differs there (it is an item's last member). A
 * snapshot holds plain resources: no policy, no status, no bits of create_only and estimated. The same catalog and head
 * give the same bytes: one item a line, sorted by name bytes, members in the order of fields.def, brokers by name.
 *
 * Reading refuses what writing would not do: unknown members, members or names that stand twice, values of another
 * type, {"$ref"}, text after the document. Values out of a field's range come through, for instances hold nearly
 * anything. All members but `identity`, `topics` and `consumerGroups` must be there; the order does not matter.
 */
#ifndef MQFERRY_API_SNAPSHOT_JSON_H
#define MQFERRY_API_SNAPSHOT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/base/json.h"
#include "api/catalog.h"
#include "api/fields.h"
#include "api/instance.h"

#define SNAPSHOT_API_VERSION "mqferry/v1"
#define SNAPSHOT_KIND        "Snapshot"

struct snapshot_head {
    enum instance_kind stands_for;
    struct identity identity;
};

/* Reads a whole document (padded: file_read, json_pad). `path` is for messages and for the resources' positions. 0; or
 * -1 with cause INPUT_WRONG and "path:line:column: what is wrong" (the first mistake), or OUT_OF_MEMORY. Takes time:
 * worker threads only for large files. */
int snapshot_json_read(struct text text, const char *path, struct catalog **out, struct snapshot_head *out_head,
                       struct failure *why);

/* Appends the document, with a final newline: the resources of STATUS_ORDINARY, no others. 0, or -1 when memory runs
 * out or the ceiling of `out` is met. */
int snapshot_json_write(struct buffer *out, const struct catalog *catalog, const struct snapshot_head *head);

/* The members standsFor, identity, topics and consumerGroups of an object that is open, for documents that hold more;
 * `extra` (may be NULL) adds members to the item of a row, behind its name. Errors collect in the writer's buffer. */
void snapshot_write_members(struct json_writer *json, const struct catalog *catalog, const struct snapshot_head *head,
                            void (*extra)(void *context, struct json_writer *json, uint32_t row), void *context);

/* --- member by member: for readers that tell shapes apart as they go --- */

/* One item. `entry` has kind, name and settings (a draft, or a spread of `builder`); file, position, status and the
 * rest are the receiver's to fill in before it adds the entry. 0 or -1. */
typedef int (*snapshot_item_cb)(void *context, struct entry *entry, size_t name_offset, struct failure *why);

/* A member of an item that is no setting, for documents whose items say more: 1, it was read whole; 0, it is not known
 * (and refused); -1, it is wrong. */
typedef int (*snapshot_extra_cb)(void *context, enum kind kind, const struct json_token *member, struct failure *why);

/* The settings of one broker, complete, before they are interned: for documents that mark some of them. */
typedef void (*snapshot_broker_cb)(void *context, struct text broker, struct draft *settings);

enum { SNAPSHOT_LEVELS = 2, SNAPSHOT_TEXTS = 3 };

struct snapshot_reader {
    /* in */
    struct json_reader *json;
    struct catalog_builder *builder; /* spreads are interned in it */
    snapshot_item_cb item;
    snapshot_extra_cb extra;   /* NULL: items have settings only */
    snapshot_broker_cb broker; /* NULL: nothing is marked */
    void *context;
    /* out */
    struct snapshot_head head;
    size_t offset; /* after -1: where the mistake stands */
    /* The rest belongs to snapshot_read.c. */
    unsigned seen;
    struct buffer texts[SNAPSHOT_LEVELS][SNAPSHOT_TEXTS];
};

void snapshot_reader_init(struct snapshot_reader *reader);
void snapshot_reader_release(struct snapshot_reader *reader);
/* Is this a member that only a Snapshot has at its root? (apiVersion and kind are everybody's.) */
bool snapshot_member(struct text key);
/* Reads one member of the root, whole. 0; or -1 with cause and sentence (without the place), unknown ones included. */
int snapshot_reader_member(struct snapshot_reader *reader, const struct json_token *member, struct failure *why);
/* The root has ended: is everything there that must be? 0 or -1. */
int snapshot_reader_finish(struct snapshot_reader *reader, struct failure *why);

#endif
