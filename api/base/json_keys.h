/* SPDX-License-Identifier: Apache-2.0
 *
 * Does an object name a member twice? For members that no table of known ones watches: they are noted while the object
 * is read, and looked at when it ends. Keys are told apart by 64 bits of hash. Pure.
 */
#ifndef MQFERRY_API_BASE_JSON_KEYS_H
#define MQFERRY_API_BASE_JSON_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/base/json.h"

struct json_key {
    uint64_t hash;
    size_t offset;
};

struct json_keys { /* zeroed: empty */
    struct json_key *items;
    size_t count, capacity;
    bool failed; /* no memory: not all was noted */
};

void json_keys_release(struct json_keys *keys);
void json_keys_note(struct json_keys *keys, const struct json_token *member);
/* Of those noted since `from` members: is one there twice? Where its second stands. They are forgotten. */
bool json_keys_end(struct json_keys *keys, size_t from, size_t *out_offset);

/* json_skip that looks into what it skips: 0, -1 (broken), or 1 with the place of the first member that stands twice.
 */
int json_keys_skip(struct json_keys *keys, struct json_reader *reader, const struct json_token *token,
                   size_t *out_offset);
/* The same for a whole text (padded: json.h), which is read for nothing else: 0, 1, or -1 where it is broken. */
int json_keys_check(struct json_keys *keys, struct text text, size_t *out_offset, struct failure *why);

#endif
