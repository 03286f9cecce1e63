/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"
#include "api/base/strings.h"

void json_writer_init(struct json_writer *writer, struct buffer *out, uint8_t indent)
{
    *writer = (struct json_writer){.out = out, .indent = indent};
}

static void new_line(struct json_writer *writer)
{
    static const char blanks[] = "                ";
    size_t count = (size_t)writer->indent * writer->depth;

    buffer_append_char(writer->out, '\n');
    for (; count > sizeof blanks - 1; count -= sizeof blanks - 1)
        buffer_append(writer->out, blanks, sizeof blanks - 1);
    buffer_append(writer->out, blanks, count);
}

/* What stands in front of a key or an element. */
static void separate(struct json_writer *writer)
{
    bool first = writer->first[writer->depth];

    if (writer->after_key || writer->depth == 0) {
        writer->after_key = false;
        return;
    }
    writer->first[writer->depth] = false;
    if (!first)
        buffer_append_char(writer->out, ',');
    if (!writer->compact[writer->depth])
        new_line(writer);
    else if (!first && writer->indent > 0)
        buffer_append_char(writer->out, ' ');
}

/* What is inside of a line stays on it. */
static void begin(struct json_writer *writer, char bracket, bool on_one_line)
{
    assert(writer->depth < JSON_DEPTH_MAX);
    separate(writer);
    buffer_append_char(writer->out, bracket);
    bool compact = on_one_line || writer->indent == 0 || writer->compact[writer->depth];
    writer->depth++;
    writer->first[writer->depth] = true;
    writer->compact[writer->depth] = compact;
}

static void end(struct json_writer *writer, char bracket)
{
    assert(writer->depth > 0 && !writer->after_key);
    bool on_new_line = !writer->first[writer->depth] && !writer->compact[writer->depth];
    writer->depth--;
    if (on_new_line)
        new_line(writer);
    buffer_append_char(writer->out, bracket);
}

void json_write_begin_object(struct json_writer *writer)
{
    begin(writer, '{', false);
}

void json_write_begin_object_inline(struct json_writer *writer)
{
    begin(writer, '{', true);
}

void json_write_end_object(struct json_writer *writer)
{
    end(writer, '}');
}

void json_write_begin_array(struct json_writer *writer)
{
    begin(writer, '[', false);
}

void json_write_begin_array_inline(struct json_writer *writer)
{
    begin(writer, '[', true);
}

void json_write_end_array(struct json_writer *writer)
{
    end(writer, ']');
}

/* Bytes that stand for themselves in a string, whatever is around them. */
static size_t plain_bytes(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && *at >= ' ' && *at < 0x7F && *at != '"' && *at != '\\')
        at++;
    return (size_t)(at - start);
}

static void append_escape(struct buffer *out, uint32_t code_point)
{
    static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";

    for (size_t i = 0; i + 1 < sizeof letters; i += 2) {
        if ((uint32_t)letters[i] == code_point) {
            buffer_append(out, (char[]){'\\', letters[i + 1]}, 2);
            return;
        }
    }
    buffer_append_format(out, "\\u%04x", (unsigned)code_point);
}

/* One code point that plain_bytes leaves; returns how many bytes it took. */
static size_t append_special(struct buffer *out, struct text text, size_t at)
{
    uint32_t code_point;
    size_t bytes = utf8_decode(text, at, &code_point);

    if (bytes == 0) {
        buffer_append_string(out, "\xEF\xBF\xBD");
        return 1;
    }
    if (code_point < 0x80 || utf8_misleads(code_point))
        append_escape(out, code_point);
    else
        buffer_append(out, text.data + at, bytes);
    return bytes;
}

static void append_quoted(struct buffer *out, struct text text)
{
    const char *limit = text.data + text.bytes;

    buffer_append_char(out, '"');
    for (size_t at = 0; at < text.bytes;) {
        size_t plain = plain_bytes(text.data + at, limit);
        buffer_append(out, text.data + at, plain);
        at += plain;
        if (at < text.bytes)
            at += append_special(out, text, at);
    }
    buffer_append_char(out, '"');
}

void json_write_key(struct json_writer *writer, const char *key)
{
    json_write_key_text(writer, text_of(key));
}

void json_write_key_text(struct json_writer *writer, struct text key)
{
    assert(writer->depth > 0 && !writer->after_key);
    separate(writer);
    append_quoted(writer->out, key);
    buffer_append(writer->out, ": ", writer->indent > 0 ? 2 : 1);
    writer->after_key = true;
}

void json_write_text(struct json_writer *writer, struct text value)
{
    separate(writer);
    append_quoted(writer->out, value);
}

void json_write_string(struct json_writer *writer, const char *value)
{
    json_write_text(writer, text_of(value));
}

void json_write_raw(struct json_writer *writer, struct text json)
{
    separate(writer);
    buffer_append_text(writer->out, json);
}

static void write_digits(struct json_writer *writer, bool negative, uint64_t value)
{
    char digits[24];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    if (negative)
        digits[--at] = '-';
    json_write_raw(writer, (struct text){digits + at, sizeof digits - at});
}

void json_write_integer(struct json_writer *writer, int64_t value)
{
    write_digits(writer, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_write_unsigned(struct json_writer *writer, uint64_t value)
{
    write_digits(writer, false, value);
}

void json_write_real(struct json_writer *writer, double value)
{
    char digits[32];

    if (!isfinite(value)) {
        json_write_null(writer);
        return;
    }
    snprintf(digits, sizeof digits, "%.15g", value);
    if (strtod(digits, NULL) != value)
        snprintf(digits, sizeof digits, "%.17g", value);
    json_write_raw(writer, text_of(digits));
}

void json_write_bool(struct json_writer *writer, bool value)
{
    json_write_raw(writer, value ? TEXT("true") : TEXT("false"));
}

void json_write_null(struct json_writer *writer)
{
    json_write_raw(writer, TEXT("null"));
}

void json_write_newline(struct json_writer *writer)
{
    buffer_append_char(writer->out, '\n');
}
