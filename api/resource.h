/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of one resource: a draft while it is read, interned and immutable once a catalog has it. Pure.
 *
 * Canonical form, so that equality is equality of values: BOOL 0 or 1; INTEGER the number; CHOICE and TEXT the text;
 * MAP "key NUL value NUL" pairs sorted by key (map_… below); NUMBERS decimal, joined by commas; JSON compact, keys
 * sorted by its writer. One spelling per fact: attributes["message.type"] is messageType, retryMaxTimes is
 * consumeRetryPolicy.maxRetryTimes, consumeMessageOrderly is deliveryOrderType (design section 7).
 */
#ifndef MQFERRY_API_RESOURCE_H
#define MQFERRY_API_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/fields.h"

enum { NAME_BYTES_MAX = 4096 }; /* longer names are refused when read; the rules of instances are far stricter */

enum policy { POLICY_CREATE = 0, POLICY_OBSERVE, POLICY_IGNORE }; /* metadata.policy */

enum status {
    STATUS_ORDINARY = 0, /* declared; or there and in service */
    STATUS_CREATING,     /* observed: there, not in service yet */
    STATUS_UNREAD,       /* observed: there, but its settings could not be read */
    STATUS_SYSTEM,       /* never migrated; kept so that it can be counted and shown */
    STATUS_STATIC,       /* static (logical queue) topic: counted as system, never created as an ordinary one */
    STATUS_EXCLUDED,     /* by the mapping or by flags */
};

union value {
    int64_t number; /* BOOL, INTEGER */
    struct text text;
};

/* What is being read: set only what is known. Texts are borrowed until the draft is interned. */
struct draft {
    uint64_t set;         /* fields that have a value */
    uint64_t create_only; /* of these: used to create, not compared (createDefaults, estimated) */
    uint64_t estimated;   /* of these: divided sums */
    union value values[FIELD_COUNT];
};

void draft_clear(struct draft *draft); /* touches the masks only: values of unset fields are garbage */
/* Setting makes the field compared and exact; create_only and estimated are marked afterwards. */
void draft_set_number(struct draft *draft, enum field field, int64_t number);
void draft_set_text(struct draft *draft, enum field field, struct text text);
void draft_unset(struct draft *draft, enum field field);
/* Puts what `over` has on top, leaf by leaf: its values count as declared; of MAPs the keys. What two MAPs become is
 * written to `room` (cleared first), in which nothing of either draft may stand; one is enough, since a kind has one
 * field of that type. 0, or -1: no memory, or the ceiling of `room`. */
int draft_lay_over(struct draft *draft, const struct draft *over, struct buffer *room);

/* Interned by a catalog, immutable, lives as long as the catalog. values[] holds the set fields in order of their bits.
 */
struct settings {
    uint64_t set, create_only, estimated;
    uint64_t hash; /* of all of it; equal settings have equal hashes, in every catalog and process */
    union value values[];
};

bool settings_has(const struct settings *settings, enum field field);
/* The field must be set. */
const union value *settings_value(const struct settings *settings, enum field field);
int64_t settings_number(const struct settings *settings, enum field field);
struct text settings_text(const struct settings *settings, enum field field);
/* Opens immutable settings as a draft that borrows its texts. */
void draft_from_settings(struct draft *draft, const struct settings *settings);
bool settings_equal(const struct settings *a, const struct settings *b); /* masks and values */
/* For tables of settings: what interning compares and hashes. */
uint64_t draft_hash(const struct draft *draft);
bool draft_equals_settings(const struct draft *draft, const struct settings *settings);
/* Makes settings of a draft, texts copied, in `memory`: draft_settings_bytes of it, aligned as a uint64_t. `hash` is
 * that of draft_hash. */
size_t draft_settings_bytes(const struct draft *draft);
const struct settings *draft_settle(const struct draft *draft, uint64_t hash, void *memory);

/* Bits of the fields in `mask` that differ, where `declared` has them to be compared (set & ~create_only). A field that
 * `observed` lacks has its default when absent_is_default, else it differs. Maps compare per declared key; an absent
 * observed key has the default of attribute_default. */
uint64_t settings_difference(const struct settings *declared, const struct settings *observed, uint64_t mask,
                             bool absent_is_default);

/* Both values are of that field. */
bool value_equal(enum field field, const union value *a, const union value *b);
/* Is the value the field's default? */
bool value_is_default(enum field field, const union value *value);

/* Appends the value as people and manifests spell it: 8, true, FIFO; maps and lists as compact JSON. Outside text is
 * not escaped here. */
int value_append(struct buffer *out, enum field field, const union value *value);

/* Reads the text spelling of a scalar field (BOOL, INTEGER, CHOICE, TEXT; perm also takes W, R, RW) with its range.
 * CHOICE: only the known choices when `known_only`. Returns NULL, or the rule that was broken, for people, from static
 * storage or from `room`. The text is borrowed by *out. */
const char *value_parse(enum field field, struct text spelling, bool known_only, union value *out,
                        char room[static 160]);

/* MAP. Pairs are given in any order; map_finish sorts them (in place) and writes them to `out`, which is cleared first.
 * -1: a key stands twice, told by *out_repeated_key; where that is empty, memory ran out or a text holds a NUL. */
struct map_pair {
    struct text key, value;
};
int map_finish(struct map_pair *pairs, size_t count, struct buffer *out, struct text *out_repeated_key);
bool map_next(struct text map, size_t *position, struct map_pair *out); /* start with *position = 0 */
bool map_find(struct text map, struct text key, struct text *out_value);
/* The pairs of `over`, and those of `under` that it does not name, into `out`, which is cleared first. 0 or -1. */
int map_merge(struct text under, struct text over, struct buffer *out);
/* The value that an absent attribute means (queue.type SimpleCQ, cleanup.policy DELETE, …;
 * rocketmq-remoting 1.6, 10.5), or NULL when absent means absent. */
const char *attribute_default(enum kind kind, struct text key);

#endif
