/* SPDX-License-Identifier: Apache-2.0
 *
 * Well-formed UTF-8 as table 3-7 of the Unicode standard has it: no overlong forms, no surrogates, nothing above
 * U+10FFFF.
 */
#include <string.h>

#include "api/base/strings.h"

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Three and four bytes: the second byte's range depends on the first. */
static bool is_second_byte(unsigned char lead, unsigned char byte)
{
    switch (lead) {
    case 0xE0:
        return byte >= 0xA0 && byte <= 0xBF;
    case 0xED:
        return byte >= 0x80 && byte <= 0x9F;
    case 0xF0:
        return byte >= 0x90 && byte <= 0xBF;
    case 0xF4:
        return byte >= 0x80 && byte <= 0x8F;
    default:
        return is_continuation(byte);
    }
}

static size_t sequence_bytes(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

size_t utf8_decode(struct text text, size_t offset, uint32_t *out_code_point)
{
    const unsigned char *at = (const unsigned char *)text.data + offset;
    size_t bytes = sequence_bytes(at[0]);
    if (bytes == 0 || bytes > text.bytes - offset)
        return 0;
    if (bytes == 1) {
        *out_code_point = at[0];
        return 1;
    }
    if (!is_second_byte(at[0], at[1]))
        return 0;
    uint32_t code_point = at[0] & (0xFFU >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++) {
        if (!is_continuation(at[i]))
            return 0;
        code_point = code_point << 6 | (at[i] & 0x3FU);
    }
    *out_code_point = code_point;
    return bytes;
}

/* Nearly everything that comes in is ASCII: eight bytes a step. */
static size_t skip_ascii(struct text text, size_t at)
{
    uint64_t eight;
    for (; text.bytes - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, text.data + at, sizeof eight);
        if (eight & 0x8080808080808080U)
            break;
    }
    while (at < text.bytes && (unsigned char)text.data[at] < 0x80)
        at++;
    return at;
}

size_t utf8_check(struct text text)
{
    size_t at = skip_ascii(text, 0);
    while (at < text.bytes) {
        uint32_t ignored;
        size_t bytes = utf8_decode(text, at, &ignored);
        if (bytes == 0)
            break;
        at = skip_ascii(text, at + bytes);
    }
    return at;
}

/* Overrides and isolates let a text pretend to be another one; YAML readers refuse U+FFFE and U+FFFF. */
bool utf8_misleads(uint32_t code_point)
{
    return (code_point >= 0x80 && code_point <= 0x9F) || code_point == 0x200E || code_point == 0x200F ||
           (code_point >= 0x2028 && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069) ||
           code_point == 0xFFFE || code_point == 0xFFFF;
}

int escape_append(struct buffer *buffer, struct text text)
{
    size_t plain = 0; /* start of the run that is copied as it is */

    if (text.bytes == 0)
        return buffer_append(buffer, "", 0);
    for (size_t at = 0; at < text.bytes;) {
        uint32_t code_point = 0;
        size_t bytes = utf8_decode(text, at, &code_point);
        bool is_byte = bytes == 0 || code_point < 0x20 || code_point == 0x7F;
        if (is_byte || utf8_misleads(code_point)) {
            buffer_append(buffer, text.data + plain, at - plain);
            if (is_byte)
                buffer_append_format(buffer, "\\x%02x", (unsigned)(unsigned char)text.data[at]);
            else
                buffer_append_format(buffer, "\\u%04x", (unsigned)code_point);
            plain = at + (bytes > 0 ? bytes : 1);
        }
        at += bytes > 0 ? bytes : 1;
    }
    return buffer_append(buffer, text.data + plain, text.bytes - plain);
}
