/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON: a strict pull reader (simdjson finds the tokens: json_index.h) and a streaming writer of our own.
 *
 * Reader. Every value is visited, so everything is checked: UTF-8, numbers, escapes, text after the value. Duplicate
 * keys are the caller's to find (it knows which keys it keeps). The text must be followed by JSON_PADDING readable
 * bytes (file.h and buffers made with json_pad give them) and must outlive the reader. Texts handed out live until
 * the reader is freed. A UTF-8 byte order mark in front is skipped. Nesting deeper than JSON_DEPTH_MAX is an error.
 *
 * Life: json_reader_new → json_next … until JSON_END or JSON_BROKEN → json_reader_free.
 *
 * Tokens of {"a":1,"b":[true]}: BEGIN_OBJECT, NUMBER key a, BEGIN_ARRAY key b, TRUE, END_ARRAY, END_OBJECT, END. A
 * member's key comes with its value's token.
 */
#ifndef MQFERRY_API_BASE_JSON_H
#define MQFERRY_API_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { JSON_PADDING = 64, JSON_DEPTH_MAX = 64 };

enum json_type {
    JSON_BROKEN = -1, /* see json_reader_error; the reader gives nothing else any more */
    JSON_END = 0,     /* the value is complete and nothing but blanks follows it */
    JSON_BEGIN_OBJECT,
    JSON_END_OBJECT,
    JSON_BEGIN_ARRAY,
    JSON_END_ARRAY,
    JSON_STRING,
    JSON_INTEGER, /* fits int64_t */
    JSON_NUMBER,  /* any other number: raw holds its spelling */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

struct json_token {
    enum json_type type;
    struct text key;  /* unescaped; data is NULL for elements of arrays and for the root */
    struct text text; /* JSON_STRING: unescaped; JSON_INTEGER and JSON_NUMBER: as spelt */
    int64_t integer;  /* JSON_INTEGER */
    size_t offset;    /* of the key (members) or the value, in bytes from the start of the text */
    uint8_t depth;    /* how many objects and arrays are around it; an end has that of its beginning */
};

struct json_reader;

/* NULL with *why when memory runs out. `text` is borrowed. */
struct json_reader *json_reader_new(struct text text, struct failure *why);
void json_reader_free(struct json_reader *reader); /* NULL is fine */

/* Fills *out; returns out->type. */
enum json_type json_next(struct json_reader *reader, struct json_token *out);

/* Consumes the rest of the value that `token` began (nothing for scalars), checking it, wherever inside that value the
 * reader is. 0, or -1 when broken. */
int json_skip(struct json_reader *reader, const struct json_token *token);

/* After JSON_BROKEN: what was expected, for people ("the text ends inside a string"), and where it broke. */
const char *json_reader_error(const struct json_reader *reader);
size_t json_reader_error_offset(const struct json_reader *reader);

/* What is wrong with a text, byte by byte: NULL when it is strict JSON as the reader takes it, else as
 * json_reader_error, with the place. The reader asks this when it is broken; it needs no padding. */
const char *json_check(struct text text, size_t *out_offset);

/* Copies text into a new zero-padded allocation (free() it) for texts that lack the padding. NULL: no memory. */
char *json_pad(struct text text);

/* fastjson's dialect (remoting bodies only, never user files): quotes bare integer keys and object keys. Appends strict
 * JSON to out. Source: rocketmq-remoting 3.4. 0, or -1 when out's ceiling or memory is met. */
int json_quote_bare_keys(struct text text, struct buffer *out);

/* Writer: compact or indented, appends to a buffer; errors collect in buffer.failed. Keys come in the order of the
 * calls. Control characters and what else misleads (utf8_misleads) are escaped; invalid UTF-8 bytes become U+FFFD. */
struct json_writer {
    struct buffer *out;
    uint8_t indent;                   /* blanks a level; 0: compact */
    uint8_t depth;                    /* at most JSON_DEPTH_MAX */
    bool first[JSON_DEPTH_MAX + 1];   /* no comma needed yet at this level */
    bool compact[JSON_DEPTH_MAX + 1]; /* this level stays on one line */
    bool after_key;
};

void json_writer_init(struct json_writer *writer, struct buffer *out, uint8_t indent);
void json_write_begin_object(struct json_writer *writer);
void json_write_begin_object_inline(struct json_writer *writer); /* one line, whatever the indent */
void json_write_end_object(struct json_writer *writer);
void json_write_begin_array(struct json_writer *writer);
void json_write_begin_array_inline(struct json_writer *writer);
void json_write_end_array(struct json_writer *writer);
void json_write_key(struct json_writer *writer, const char *key);
void json_write_key_text(struct json_writer *writer, struct text key);
void json_write_text(struct json_writer *writer, struct text value);
void json_write_string(struct json_writer *writer, const char *value);
void json_write_integer(struct json_writer *writer, int64_t value);
void json_write_unsigned(struct json_writer *writer, uint64_t value);
void json_write_real(struct json_writer *writer, double value); /* shortest of %.15g / %.17g; NaN and Inf become null */
void json_write_bool(struct json_writer *writer, bool value);
void json_write_null(struct json_writer *writer);
void json_write_raw(struct json_writer *writer, struct text json); /* one complete value, trusted */
void json_write_newline(struct json_writer *writer);               /* between documents of JSON lines */

#ifdef __cplusplus
}
#endif
#endif
