/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/json_lexeme.h"

#include <string.h>

/* 2^1024 - 2^970, the smallest number that rounds to infinity, has that many digits and begins so. */
enum { TOO_LARGE_POINT = 309 };
static const char too_large[] = "17976931348623158079372897140530";

/* No text is long enough to make up for such an exponent. */
static const int64_t exponent_enough = INT64_MAX / 100;

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && json_is_digit(*at))
        at++;
    return at;
}

static int64_t exponent_value(const char *at, const char *end)
{
    bool negative = at < end && *at == '-';
    int64_t value = 0;

    for (; at < end; at++)
        if (json_is_digit(*at) && value < exponent_enough)
            value = value * 10 + (*at - '0');
    return negative ? -value : value;
}

/* Whether a double can hold the number: by where its point stands behind its first digit that is not 0, and where that
 * is not enough by its first digits. `e` is the exponent's letter or the end of the text. */
static bool double_holds(struct text text, const char *e)
{
    char lead[sizeof too_large - 1];
    size_t kept = 0;
    int64_t point = 0;
    bool fraction = false;

    memset(lead, '0', sizeof lead);
    for (const char *at = text.data; at < e; at++) {
        if (!json_is_digit(*at)) {
            fraction |= *at == '.';
            continue;
        }
        bool counts = kept > 0 || *at != '0';
        if (counts && kept < sizeof lead)
            lead[kept++] = *at;
        if (counts != fraction)
            point += counts ? 1 : -1;
    }
    if (kept == 0)
        return true;
    const char *end = text.data + text.bytes;
    if (e < end)
        point += exponent_value(e + 1, end);
    if (point != TOO_LARGE_POINT)
        return point < TOO_LARGE_POINT;
    return memcmp(lead, too_large, sizeof lead) < 0;
}

/* `at`: behind the digits before the point. */
static enum json_type real_read(struct text text, const char *at)
{
    const char *end = text.data + text.bytes;

    if (at < end && *at == '.') {
        const char *digits = at + 1;
        at = skip_digits(digits, end);
        if (at == digits)
            return JSON_BROKEN;
    }
    const char *e = at;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        const char *digits = at;
        at = skip_digits(digits, end);
        if (at == digits)
            return JSON_BROKEN;
    }
    return at == end && double_holds(text, e) ? JSON_NUMBER : JSON_BROKEN;
}

enum json_type json_number_read(struct text text, int64_t *out_integer)
{
    const char *at = text.data;
    const char *end = at + text.bytes;
    bool negative = at < end && *at == '-';
    const char *digits = at + negative;
    uint64_t value = 0;

    for (at = digits; at < end && json_is_digit(*at); at++)
        value = value * 10 + (uint64_t)(*at - '0');
    size_t count = (size_t)(at - digits);
    if (count == 0 || (*digits == '0' && count > 1))
        return JSON_BROKEN;
    /* Nineteen digits cannot have wrapped the 64 bits round. */
    if (at < end || count > 19 || value > (uint64_t)INT64_MAX + negative)
        return real_read(text, at);
    *out_integer = negative ? (int64_t)(0 - value) : (int64_t)value;
    return JSON_INTEGER;
}

static int hex_digit(char c)
{
    if (json_is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* \uXXXX at `at`. */
static bool code_unit_read(const char *at, const char *end, uint32_t *out_unit)
{
    uint32_t unit = 0;

    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return false;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return false;
        unit = unit << 4 | (uint32_t)digit;
    }
    *out_unit = unit;
    return true;
}

size_t json_escape_read(const char *at, const char *end, uint32_t *out_code_point)
{
    static const char letters[8] = "\"\\/bfnrt";
    static const char meanings[8] = "\"\\/\b\f\n\r\t";
    uint32_t low;

    if (end - at < 2)
        return 0;
    const char *letter = memchr(letters, at[1], sizeof letters);
    if (letter) {
        *out_code_point = (uint32_t)meanings[letter - letters];
        return 2;
    }
    if (!code_unit_read(at, end, out_code_point))
        return 0;
    if (*out_code_point < 0xD800 || *out_code_point > 0xDFFF)
        return 6;
    if (*out_code_point > 0xDBFF || !code_unit_read(at + 6, end, &low) || low < 0xDC00 || low > 0xDFFF)
        return 0;
    *out_code_point = 0x10000 + ((*out_code_point - 0xD800) << 10) + (low - 0xDC00);
    return 12;
}

size_t json_utf8_write(uint32_t code_point, char out[static 4])
{
    size_t bytes = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};

    for (size_t i = bytes; i-- > 1; code_point >>= 6)
        out[i] = (char)(0x80 | (code_point & 0x3F));
    out[0] = (char)(lead[bytes] | code_point);
    return bytes;
}
