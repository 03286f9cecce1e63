/* SPDX-License-Identifier: Apache-2.0
 *
 * Small questions about text: UTF-8, numbers, durations, escapes for people, the nearest known spelling. Pure, no
 * locale.
 */
#ifndef MQFERRY_API_BASE_STRINGS_H
#define MQFERRY_API_BASE_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/base/buffer.h"

/* Offset of the first byte that is not well-formed UTF-8 (surrogates and overlong forms count), or text.bytes. */
size_t utf8_check(struct text text);

/* The code point that starts at offset < text.bytes: its length in bytes, or 0 when none that is well-formed starts
 * there. */
size_t utf8_decode(struct text text, size_t offset, uint32_t *out_code_point);

/* C1 controls, separators that end a line for some readers, changes of the writing direction, what is no character:
 * what no terminal should see, though it is above ASCII. */
bool utf8_misleads(uint32_t code_point);

/* Columns on a terminal: 1 a code point, 2 for East Asian wide ones, 0 for combining marks. */
size_t utf8_width(struct text text);

/* Decimal integer, whole text, optional minus; no blanks, no plus, no leading zeros but "0". false: not one, or range.
 */
bool number_parse(struct text text, int64_t *out_value);

/* "90s", "10m", "24h", "7d", "250ms" → milliseconds, at most INT64_MAX: taken from a time or added to one it does not
 * overflow. false: not a duration. */
bool duration_parse(struct text text, uint64_t *out_ms);
/* "1.2 s", "3 m 20 s", "2 h 5 m": for people. */
void duration_format(uint64_t ms, char out[static 32]);

/* 12345678 → "12,345,678": for people. */
void count_format(uint64_t count, char out[static 32]);

/* "1.5 MB": for people. */
void bytes_format(uint64_t bytes, char out[static 32]);

/* Appends text with C0, DEL, invalid UTF-8 bytes (\xNN) and what misleads (\uNNNN)
 * made visible: foreign text that a terminal or log will show. 0, or -1 as buffer_append. */
int escape_append(struct buffer *buffer, struct text text);

/* RFC 3339 UTC with milliseconds, "2026-11-23T20:01:02.345Z", from milliseconds since 1970, and back ("Z" or offset;
 * fraction optional). */
void time_format(int64_t unix_ms, char out[static 32]);
bool time_parse(struct text text, int64_t *out_unix_ms);

/* The candidate that is nearest to `wrong` by edit distance (adjacent swaps count one; letter case costs little), or
 * NULL when none is near enough to be a likely slip (at most a third of its length). `candidates` ends with NULL. */
const char *nearest_spelling(struct text wrong, const char *const *candidates);

#endif
