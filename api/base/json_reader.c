/* SPDX-License-Identifier: Apache-2.0
 *
 * The text is looked at in pieces: json_index finds where the tokens of a piece begin, and the reader walks from
 * beginning to beginning. Memory and cache see one piece at a time, however long the text is.
 *
 * The walk only decides whether the text is right. When it is not, json_check finds the words.
 */
#include "api/base/json.h"

#include <stdlib.h>
#include <string.h>

#include "api/base/json_index.h"
#include "api/base/json_lexeme.h"

/* What stands at the end of the text: begins no token. */
static const char nothing[] = "";

/* A piece's index takes at most four times as much and should stay in the cache. */
enum { PIECE_BYTES = 256 * 1024, BLOCK_BYTES = 16 * 1024 };

/* Strings that held escapes. */
struct block {
    struct block *next;
    size_t used;
    size_t capacity;
    char bytes[];
};

enum state {
    BEFORE_VALUE, /* nothing was read yet */
    OPENED,       /* an object or array has just begun */
    AFTER_VALUE,  /* a separator or the end comes next */
    ENDED,
    BROKEN,
};

struct json_reader {
    struct text text; /* borrowed */
    struct json_index *index;
    const char *piece;
    const char *piece_end;
    const uint32_t *next; /* token beginnings of the piece that were not taken yet, up to `last` */
    const uint32_t *last;
    const char *backslash; /* the first one at or behind the last string; the end of the text when there is none */
    uint64_t objects;      /* the lowest bit: the innermost container is an object; the next one: the one around it */
    uint8_t depth;
    enum state state;
    struct block *blocks; /* owned */
    const char *error;
    size_t error_offset;
};

struct json_reader *json_reader_new(struct text text, struct failure *why)
{
    struct json_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        goto no_memory;
    if (!text.data)
        text.data = "";
    reader->text = text;
    reader->index = json_index_new(text.bytes < PIECE_BYTES ? text.bytes : PIECE_BYTES);
    if (!reader->index)
        goto no_memory;
    bool marked = text.bytes >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0;
    reader->piece = reader->piece_end = reader->backslash = text.data + (marked ? 3 : 0);
    reader->error = "";
    return reader;

no_memory:
    json_reader_free(reader);
    failure_no_memory(why, "reading JSON");
    return NULL;
}

void json_reader_free(struct json_reader *reader)
{
    if (!reader)
        return;
    json_index_free(reader->index);
    while (reader->blocks) {
        struct block *next = reader->blocks->next;
        free(reader->blocks);
        reader->blocks = next;
    }
    free(reader);
}

const char *json_reader_error(const struct json_reader *reader)
{
    return reader->error;
}

size_t json_reader_error_offset(const struct json_reader *reader)
{
    return reader->error_offset;
}

static const char *text_end(const struct json_reader *reader)
{
    return reader->text.data + reader->text.bytes;
}

/* The first reason stands. */
static enum json_type broken_because(struct json_reader *reader, const char *error, size_t offset)
{
    if (reader->state != BROKEN) {
        reader->error = error;
        reader->error_offset = offset;
        reader->state = BROKEN;
        reader->depth = 0;
    }
    return JSON_BROKEN;
}

static enum json_type broken(struct json_reader *reader)
{
    size_t offset = (size_t)(reader->piece - reader->text.data);

    if (reader->state == BROKEN)
        return JSON_BROKEN;
    const char *error = json_check(reader->text, &offset);
    return broken_because(reader, error ? error : "the text is not JSON", offset);
}

static enum json_type no_memory(struct json_reader *reader)
{
    return broken_because(reader, "memory ran out", (size_t)(reader->piece - reader->text.data));
}

/* How much of the next `room` bytes to look at: up to a line end, which no string can hold, or else up to a comma,
 * which a string may hold: the index tells. 0: there is neither. */
static size_t piece_bytes(const char *data, size_t room)
{
    const char *cut = memrchr(data, '\n', room);
    if (!cut)
        cut = memrchr(data, ',', room);
    return cut ? (size_t)(cut - data) + 1 : 0;
}

/* Looks at the text behind the piece: that becomes the piece. A cut that lies in a string is tried again further on. */
static enum json_index_result scan_piece(struct json_reader *reader, size_t *out_count)
{
    const char *data = reader->piece_end;
    size_t rest = (size_t)(text_end(reader) - data);

    for (size_t room = PIECE_BYTES;; room *= 2) {
        size_t bytes = rest <= room ? rest : piece_bytes(data, room);
        if (bytes == 0)
            continue;
        enum json_index_result result = json_index_scan(reader->index, data, bytes, &reader->next, out_count);
        if (result == JSON_INDEX_IN_STRING && bytes < rest)
            continue;
        if (result == JSON_INDEX_DONE) {
            reader->piece = data;
            reader->piece_end = data + bytes;
            reader->last = reader->next + *out_count;
        }
        return result;
    }
}

/* Goes on to the next piece that holds tokens. false: nothing but blanks is left, or the reader broke. */
static bool next_piece(struct json_reader *reader)
{
    enum json_index_result result = JSON_INDEX_DONE;
    size_t count = 0;

    while (result == JSON_INDEX_DONE && count == 0 && reader->piece_end < text_end(reader))
        result = scan_piece(reader, &count);
    if (result == JSON_INDEX_NO_MEMORY)
        no_memory(reader);
    else if (result != JSON_INDEX_DONE)
        broken(reader);
    return result == JSON_INDEX_DONE && count > 0;
}

/* The first byte of the next token, or `nothing`: the text ends here, or the reader broke. */
static inline const char *take(struct json_reader *reader)
{
    if (reader->next == reader->last && !next_piece(reader))
        return nothing;
    return reader->piece + *reader->next++;
}

/* Behind the last byte of the token that was taken last. */
static inline const char *token_end(const struct json_reader *reader)
{
    const char *end = reader->piece + *reader->next;
    while (json_is_blank(end[-1]))
        end--;
    return end;
}

static char *block_room(struct json_reader *reader, size_t bytes)
{
    struct block *block = reader->blocks;

    if (block && block->capacity - block->used >= bytes)
        return block->bytes + block->used;
    size_t capacity = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    block = malloc(sizeof *block + capacity);
    if (!block)
        return NULL;
    *block = (struct block){.next = reader->blocks, .capacity = capacity};
    reader->blocks = block;
    return block->bytes;
}

/* No escape gets longer by being replaced. */
static bool unescape(struct json_reader *reader, struct text *text)
{
    const char *at = text->data;
    const char *end = at + text->bytes;
    char *first = block_room(reader, text->bytes);
    uint32_t code_point;

    if (!first) {
        no_memory(reader);
        return false;
    }
    char *out = first;
    while (at < end) {
        if (*at != '\\') {
            *out++ = *at++;
            continue;
        }
        size_t bytes = json_escape_read(at, end, &code_point);
        if (bytes == 0 || code_point == 0)
            return false;
        at += bytes;
        out += json_utf8_write(code_point, out);
    }
    *text = (struct text){first, (size_t)(out - first)};
    reader->blocks->used += text->bytes;
    return true;
}

/* The string whose opening quote is `at`. Escapes are rare: where the next backslash stands is looked up once for all
 * the strings in front of it. */
static inline bool read_string(struct json_reader *reader, const char *at, struct text *out)
{
    const char *end = token_end(reader) - 1;

    if (end == at || *end != '"')
        return false;
    *out = (struct text){at + 1, (size_t)(end - at - 1)};
    if (reader->backslash <= at) {
        const char *found = memchr(at, '\\', (size_t)(text_end(reader) - at));
        reader->backslash = found ? found : text_end(reader);
    }
    return reader->backslash >= end || unescape(reader, out);
}

static enum json_type open_container(struct json_reader *reader, enum json_type type)
{
    if (reader->depth == JSON_DEPTH_MAX)
        return broken(reader);
    reader->depth++;
    reader->objects = reader->objects << 1 | (type == JSON_BEGIN_OBJECT);
    reader->state = OPENED;
    return type;
}

static enum json_type close_container(struct json_reader *reader)
{
    enum json_type type = reader->objects & 1 ? JSON_END_OBJECT : JSON_END_ARRAY;
    reader->depth--;
    reader->objects >>= 1;
    reader->state = AFTER_VALUE;
    return type;
}

static inline enum json_type read_word(struct json_reader *reader, const char *at, const char *word,
                                       enum json_type type)
{
    size_t bytes = strlen(word);
    return (size_t)(token_end(reader) - at) == bytes && memcmp(at, word, bytes) == 0 ? type : broken(reader);
}

static inline enum json_type read_number(struct json_reader *reader, const char *at, struct json_token *out)
{
    out->text = (struct text){at, (size_t)(token_end(reader) - at)};
    enum json_type type = json_number_read(out->text, &out->integer);
    return type == JSON_BROKEN ? broken(reader) : type;
}

static inline enum json_type read_value(struct json_reader *reader, const char *at, struct json_token *out)
{
    reader->state = AFTER_VALUE;
    switch (*at) {
    case '"':
        return read_string(reader, at, &out->text) ? JSON_STRING : broken(reader);
    case '{':
        return open_container(reader, JSON_BEGIN_OBJECT);
    case '[':
        return open_container(reader, JSON_BEGIN_ARRAY);
    case 't':
        return read_word(reader, at, "true", JSON_TRUE);
    case 'f':
        return read_word(reader, at, "false", JSON_FALSE);
    case 'n':
        return read_word(reader, at, "null", JSON_NULL);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return read_number(reader, at, out);
    default:
        return broken(reader);
    }
}

static size_t offset_of(const struct json_reader *reader, const char *at)
{
    return (size_t)(at - reader->text.data);
}

static enum json_type read_element(struct json_reader *reader, const char *at, struct json_token *out)
{
    out->offset = offset_of(reader, at);
    return read_value(reader, at, out);
}

static inline enum json_type read_member(struct json_reader *reader, const char *at, struct json_token *out)
{
    out->offset = offset_of(reader, at);
    if (*at != '"' || !read_string(reader, at, &out->key) || *take(reader) != ':')
        return broken(reader);
    return read_value(reader, take(reader), out);
}

/* What comes next in an object or array. */
static inline enum json_type read_inside(struct json_reader *reader, struct json_token *out)
{
    bool in_object = reader->objects & 1;
    const char *at = take(reader);

    if (*at == (in_object ? '}' : ']')) {
        out->offset = offset_of(reader, at);
        out->depth--;
        return close_container(reader);
    }
    if (reader->state == AFTER_VALUE) {
        if (*at != ',')
            return broken(reader);
        at = take(reader);
    }
    return in_object ? read_member(reader, at, out) : read_element(reader, at, out);
}

/* Behind the outermost value. */
static enum json_type read_end(struct json_reader *reader, struct json_token *out)
{
    if (take(reader) != nothing || reader->state == BROKEN)
        return broken(reader);
    out->offset = reader->text.bytes;
    reader->state = ENDED;
    return JSON_END;
}

enum json_type json_next(struct json_reader *reader, struct json_token *out)
{
    out->key = out->text = (struct text){NULL, 0};
    out->depth = reader->depth;
    if (reader->depth > 0)
        out->type = read_inside(reader, out);
    else if (reader->state == BEFORE_VALUE)
        out->type = read_element(reader, take(reader), out);
    else if (reader->state == AFTER_VALUE)
        out->type = read_end(reader, out);
    else
        out->type = reader->state == ENDED ? JSON_END : JSON_BROKEN;
    return out->type;
}

int json_skip(struct json_reader *reader, const struct json_token *token)
{
    struct json_token inner;

    if (token->type == JSON_BEGIN_OBJECT || token->type == JSON_BEGIN_ARRAY)
        while (reader->depth > token->depth)
            json_next(reader, &inner);
    return reader->state == BROKEN ? -1 : 0;
}
