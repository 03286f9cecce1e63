/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/frame.h"

#include <assert.h>
#include <stdlib.h>

#include "api/base/json.h"
#include "api/cause.h"

enum {
    HEADER_LENGTH_BYTES = 4, /* its first byte is the type of the header */
    BINARY_FIXED_BYTES = 21,
    LANGUAGE_CPP = 1,
    HEADER_BYTES_MAX = (1 << 24) - 1,
};

struct text frame_field(const struct frame *frame, const char *name)
{
    for (uint32_t i = 0; i < frame->field_count; i++)
        if (text_is(frame->fields[i].name, name))
            return frame->fields[i].value;
    return (struct text){0};
}

void frame_add(struct frame *frame, const char *name, struct text value)
{
    assert(frame->field_count < FRAME_FIELDS_MAX);
    frame->fields[frame->field_count++] = (struct frame_field){text_of(name), value};
}

/* --- numbers, big endian --------------------------------------------------------------------------------------------
 */

static void put_number(char *to, uint32_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (char)(number >> (8 * (bytes - 1 - i)));
}

static void append_number(struct buffer *out, uint32_t number, int bytes)
{
    char room[4];

    put_number(room, number, bytes);
    buffer_append(out, room, (size_t)bytes);
}

static uint32_t get_number(const char *from, int bytes)
{
    uint32_t number = 0;

    for (int i = 0; i < bytes; i++)
        number = number << 8 | (unsigned char)from[i];
    return number;
}

/* --- out -------------------------------------------------------------------------------------------------------------
 */

static void write_json(const struct frame *frame, struct buffer *out)
{
    struct json_writer writer;

    json_writer_init(&writer, out, 0);
    json_write_begin_object(&writer);
    json_write_key(&writer, "code");
    json_write_integer(&writer, frame->code);
    json_write_key(&writer, "language");
    json_write_string(&writer, "CPP");
    json_write_key(&writer, "version");
    json_write_integer(&writer, frame->version != 0 ? frame->version : FRAME_VERSION);
    json_write_key(&writer, "opaque");
    json_write_integer(&writer, frame->opaque);
    json_write_key(&writer, "flag");
    json_write_integer(&writer, frame->flag);
    if (frame->remark.bytes > 0) {
        json_write_key(&writer, "remark");
        json_write_text(&writer, frame->remark);
    }
    if (frame->field_count > 0) {
        json_write_key(&writer, "extFields");
        json_write_begin_object(&writer);
        for (uint32_t i = 0; i < frame->field_count; i++) {
            json_write_key_text(&writer, frame->fields[i].name);
            json_write_text(&writer, frame->fields[i].value);
        }
        json_write_end_object(&writer);
    }
    json_write_key(&writer, "serializeTypeCurrentRPC");
    json_write_string(&writer, "JSON");
    json_write_end_object(&writer);
}

static void append_counted(struct buffer *out, struct text text, int count_bytes)
{
    append_number(out, (uint32_t)text.bytes, count_bytes);
    buffer_append_text(out, text);
}

static uint32_t fields_bytes(const struct frame *frame)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < frame->field_count; i++)
        bytes += 2 + frame->fields[i].name.bytes + 4 + frame->fields[i].value.bytes;
    return (uint32_t)bytes;
}

static void write_binary(const struct frame *frame, struct buffer *out)
{
    append_number(out, (uint32_t)frame->code, 2);
    append_number(out, LANGUAGE_CPP, 1);
    append_number(out, (uint32_t)(frame->version != 0 ? frame->version : FRAME_VERSION), 2);
    append_number(out, (uint32_t)frame->opaque, 4);
    append_number(out, (uint32_t)frame->flag, 4);
    append_counted(out, frame->remark, 4);
    append_number(out, fields_bytes(frame), 4);
    for (uint32_t i = 0; i < frame->field_count; i++) {
        append_counted(out, frame->fields[i].name, 2);
        append_counted(out, frame->fields[i].value, 4);
    }
}

static bool fits_binary(const struct frame *frame)
{
    if (frame->code < INT16_MIN || frame->code > INT16_MAX || frame->version > INT16_MAX)
        return false;
    for (uint32_t i = 0; i < frame->field_count; i++)
        if (frame->fields[i].name.bytes > INT16_MAX)
            return false;
    return true;
}

int frame_write(const struct frame *frame, enum frame_header header, struct buffer *out)
{
    size_t begin = out->length;
    char room[FRAME_PREFIX_BYTES + HEADER_LENGTH_BYTES] = {0};

    if (header == FRAME_BINARY && !fits_binary(frame))
        return -1;
    buffer_append(out, room, sizeof room);
    if (header == FRAME_BINARY)
        write_binary(frame, out);
    else
        write_json(frame, out);
    size_t header_bytes = out->length - begin - sizeof room;
    buffer_append_text(out, frame->body);
    if (out->failed || header_bytes > HEADER_BYTES_MAX || out->length - begin > INT32_MAX)
        return -1;
    put_number(out->data + begin, (uint32_t)(out->length - begin - FRAME_PREFIX_BYTES), 4);
    put_number(out->data + begin + FRAME_PREFIX_BYTES, (uint32_t)header << 24 | (uint32_t)header_bytes, 4);
    return 0;
}

/* --- in --------------------------------------------------------------------------------------------------------------
 */

int frame_measure(struct text begin, size_t bytes_max, size_t *out_bytes, struct failure *why)
{
    if (begin.bytes < FRAME_PREFIX_BYTES)
        return 0;
    size_t bytes = (size_t)get_number(begin.data, 4) + FRAME_PREFIX_BYTES;
    if (bytes < FRAME_PREFIX_BYTES + HEADER_LENGTH_BYTES)
        return failure_set(why, CAUSE_BAD_ANSWER, "what came is no frame of the remoting protocol");
    if (bytes > bytes_max)
        return failure_set(why, CAUSE_BAD_ANSWER, "a frame of %zu bytes was announced, more than %zu", bytes,
                           bytes_max);
    *out_bytes = bytes;
    return 1;
}

/* A number, or text that spells one. */
static int read_number(const struct json_token *token, int32_t *out, struct failure *why)
{
    int64_t number = token->integer;

    if (token->type == JSON_STRING) {
        char room[16] = "", *end = room;
        if (token->text.bytes > 0 && token->text.bytes < sizeof room) {
            memcpy(room, token->text.data, token->text.bytes);
            number = strtol(room, &end, 10);
        }
        if (end == room || *end != '\0')
            return failure_set(why, CAUSE_BAD_ANSWER, "a number in the header is text");
    } else if (token->type != JSON_INTEGER) {
        return failure_set(why, CAUSE_BAD_ANSWER, "a number in the header is none");
    }
    if (number < INT32_MIN || number > INT32_MAX)
        return failure_set(why, CAUSE_BAD_ANSWER, "a number in the header is too large");
    *out = (int32_t)number;
    return 0;
}

static struct text keep(struct arena *memory, struct text text)
{
    const char *copy = arena_string(memory, text);
    return copy ? (struct text){copy, text.bytes} : (struct text){0};
}

static void add_read(struct frame *frame, struct arena *memory, struct text name, struct text value)
{
    if (frame->field_count < FRAME_FIELDS_MAX)
        frame->fields[frame->field_count++] = (struct frame_field){keep(memory, name), keep(memory, value)};
}

/* The members of extFields; null means absent, and what is nested is passed over. */
static int read_fields(struct json_reader *reader, struct arena *memory, struct frame *out)
{
    struct json_token token;

    while (json_next(reader, &token) > JSON_END) {
        switch (token.type) {
        case JSON_END_OBJECT:
            return 0;
        case JSON_STRING:
        case JSON_INTEGER:
        case JSON_NUMBER:
            add_read(out, memory, token.key, token.text);
            break;
        case JSON_TRUE:
        case JSON_FALSE:
            add_read(out, memory, token.key, token.type == JSON_TRUE ? TEXT("true") : TEXT("false"));
            break;
        default:
            if (json_skip(reader, &token) != 0)
                return -1;
        }
    }
    return -1;
}

struct header_seen {
    bool code, opaque;
};

static int read_member(struct json_reader *reader, const struct json_token *token, struct arena *memory,
                       struct frame *out, struct header_seen *seen, struct failure *why)
{
    if (text_is(token->key, "code")) {
        seen->code = true;
        return read_number(token, &out->code, why);
    }
    if (text_is(token->key, "opaque")) {
        seen->opaque = true;
        return read_number(token, &out->opaque, why);
    }
    if (text_is(token->key, "version"))
        return read_number(token, &out->version, why);
    if (text_is(token->key, "flag"))
        return read_number(token, &out->flag, why);
    if (text_is(token->key, "remark") && token->type == JSON_STRING)
        out->remark = keep(memory, token->text);
    else if (text_is(token->key, "extFields") && token->type == JSON_BEGIN_OBJECT && out->field_count == 0)
        read_fields(reader, memory, out); /* what is broken is told by the next token */
    else
        json_skip(reader, token);
    return 0;
}

static int read_members(struct json_reader *reader, struct arena *memory, struct frame *out, struct failure *why)
{
    struct header_seen seen = {false, false};
    struct json_token token;

    if (json_next(reader, &token) != JSON_BEGIN_OBJECT)
        return failure_set(why, CAUSE_BAD_ANSWER, "the header is no JSON object");
    while (json_next(reader, &token) > JSON_END && token.type != JSON_END_OBJECT)
        if (read_member(reader, &token, memory, out, &seen, why) != 0)
            return -1;
    if (token.type == JSON_BROKEN || json_next(reader, &token) != JSON_END)
        return failure_set(why, CAUSE_BAD_ANSWER, "the header is no JSON: %s", json_reader_error(reader));
    if (!seen.code || !seen.opaque)
        return failure_set(why, CAUSE_BAD_ANSWER, "the header lacks code or opaque");
    return 0;
}

static int read_json(struct text header, struct arena *memory, struct frame *out, struct failure *why)
{
    static const char padding[JSON_PADDING];
    struct buffer strict;
    struct json_reader *reader = NULL;
    int status = -1;

    buffer_init(&strict, 4 * (size_t)FRAME_HEADER_BYTES_MAX);
    json_quote_bare_keys(header, &strict);
    size_t bytes = strict.length;
    if (buffer_append(&strict, padding, sizeof padding) != 0) {
        failure_no_memory(why, "the header of an answer");
        goto out;
    }
    reader = json_reader_new((struct text){strict.data, bytes}, why);
    if (reader)
        status = read_members(reader, memory, out, why);
out:
    json_reader_free(reader);
    buffer_release(&strict);
    return status;
}

/* Takes a count of `count_bytes` and so many bytes off the rest. */
static bool take_counted(struct text *rest, int count_bytes, struct text *out)
{
    if (rest->bytes < (size_t)count_bytes)
        return false;
    size_t bytes = get_number(rest->data, count_bytes);
    *rest = text_after(*rest, (size_t)count_bytes);
    if (bytes > rest->bytes)
        return false;
    *out = (struct text){rest->data, bytes};
    *rest = text_after(*rest, bytes);
    return true;
}

static int read_binary(struct text header, struct arena *memory, struct frame *out, struct failure *why)
{
    struct text rest = text_after(header, BINARY_FIXED_BYTES - 8), remark, fields, name, value;

    if (header.bytes < BINARY_FIXED_BYTES || !take_counted(&rest, 4, &remark) || !take_counted(&rest, 4, &fields))
        return failure_set(why, CAUSE_BAD_ANSWER, "the binary header is cut short");
    out->code = (int16_t)get_number(header.data, 2);
    out->version = (int16_t)get_number(header.data + 3, 2);
    out->opaque = (int32_t)get_number(header.data + 5, 4);
    out->flag = (int32_t)get_number(header.data + 9, 4);
    out->remark = keep(memory, remark);
    while (fields.bytes > 0) {
        if (!take_counted(&fields, 2, &name) || !take_counted(&fields, 4, &value))
            return failure_set(why, CAUSE_BAD_ANSWER, "the fields of the binary header are cut short");
        add_read(out, memory, name, value);
    }
    return 0;
}

int frame_read(struct text bytes, struct arena *memory, struct frame *out, struct failure *why)
{
    struct text rest = text_after(bytes, FRAME_PREFIX_BYTES + HEADER_LENGTH_BYTES);
    size_t whole = 0;

    *out = (struct frame){0};
    if (frame_measure(bytes, SIZE_MAX, &whole, why) < 0)
        return -1;
    if (bytes.bytes < FRAME_PREFIX_BYTES + HEADER_LENGTH_BYTES || whole != bytes.bytes)
        return failure_set(why, CAUSE_BAD_ANSWER, "a frame is cut short");
    unsigned type = (unsigned char)bytes.data[FRAME_PREFIX_BYTES];
    size_t header_bytes = get_number(bytes.data + FRAME_PREFIX_BYTES + 1, 3);
    if (header_bytes > rest.bytes || header_bytes > FRAME_HEADER_BYTES_MAX)
        return failure_set(why, CAUSE_BAD_ANSWER, "a header of %zu bytes does not fit", header_bytes);
    if (type > FRAME_BINARY)
        return failure_set(why, CAUSE_BAD_ANSWER, "a header of type %u is unknown", type);
    struct text header = {rest.data, header_bytes};
    if ((type == FRAME_JSON ? read_json : read_binary)(header, memory, out, why) != 0)
        return -1;
    out->body = text_after(rest, header_bytes);
    return memory->failed ? failure_no_memory(why, "an answer") : 0;
}
