/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the tokens of a JSON text begin: the first stage of simdjson behind a C face (json_index.cc, the only C++
 * file). It checks UTF-8 and refuses raw control characters in strings. Nothing but json_reader.c uses this.
 *
 * A token begins at each of { } [ ] : , outside strings, at each opening quote, and at each run of other bytes that are
 * not blanks. So between a string's closing quote, or the last byte of a number or word, and the next token's beginning
 * there are only blanks.
 */
#ifndef MQFERRY_API_BASE_JSON_INDEX_H
#define MQFERRY_API_BASE_JSON_INDEX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum json_index_result {
    JSON_INDEX_DONE = 0,
    JSON_INDEX_IN_STRING, /* the piece ends inside a string */
    JSON_INDEX_DAMAGED,   /* not UTF-8, or a control character inside a string */
    JSON_INDEX_NO_MEMORY,
};

struct json_index;

/* `bytes`: the usual length of a piece; longer ones cost a new allocation. NULL: no memory. */
struct json_index *json_index_new(size_t bytes);
void json_index_free(struct json_index *index); /* NULL is fine */

/* Looks at one piece of text (under 4 GiB) that begins outside strings and splits no token. *out_starts holds
 * *out_count offsets and then, once more, `bytes`; valid until the next scan. Both are set with DONE only. */
enum json_index_result json_index_scan(struct json_index *index, const char *piece, size_t bytes,
                                       const uint32_t **out_starts, size_t *out_count);

#ifdef __cplusplus
}
#endif
#endif
