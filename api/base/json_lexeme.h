/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers and escapes of JSON, one at a time (RFC 8259 sections 6 and 7): what json_reader.c and json_check.c share.
 */
#ifndef MQFERRY_API_BASE_JSON_LEXEME_H
#define MQFERRY_API_BASE_JSON_LEXEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/base/json.h"

static inline bool json_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline bool json_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number that is all of `text`: JSON_INTEGER, JSON_NUMBER, or JSON_BROKEN when it is none or no double can hold it.
 * Too small to differ from 0 is fine. */
enum json_type json_number_read(struct text text, int64_t *out_integer);

/* The escape that begins with the backslash at `at`: its length in bytes (12 for a pair of surrogates) and its code
 * point; 0 when it is none, is cut off at `end`, or is half a pair. */
size_t json_escape_read(const char *at, const char *end, uint32_t *out_code_point);

/* The length of the code point in UTF-8. */
size_t json_utf8_write(uint32_t code_point, char out[static 4]);

#endif
