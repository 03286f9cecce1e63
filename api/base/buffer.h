/* SPDX-License-Identifier: Apache-2.0
 *
 * Growing bytes with a ceiling chosen at birth, and a view of bytes owned by somebody else.
 *
 * Invariants: data[length] is '\0' whenever data is not NULL; length <= ceiling. After a failed append the buffer is
 * empty and `failed` stays set until buffer_reset: no half-built text survives, and a run of appends needs one check at
 * its end.
 */
#ifndef MQFERRY_API_BASE_BUFFER_H
#define MQFERRY_API_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns; not terminated. */
struct text {
    const char *data;
    size_t bytes;
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
struct text text_of(const char *string); /* NULL gives the empty text */
bool text_equal(struct text a, struct text b);
/* Inline, for most comparisons with tables of names are decided by the first byte. NULL is the empty text. */
static inline bool text_is(struct text a, const char *string)
{
    if (a.bytes == 0 || !string || a.data[0] != string[0])
        return a.bytes == 0 && (!string || string[0] == '\0');
    return strlen(string) == a.bytes && memcmp(a.data, string, a.bytes) == 0;
}
int text_compare(struct text a, struct text b); /* by bytes; a prefix is smaller */
static inline bool text_begins(struct text text, const char *with)
{
    if (text.bytes == 0 || text.data[0] != with[0])
        return with[0] == '\0';
    size_t bytes = strlen(with);
    return text.bytes >= bytes && memcmp(text.data, with, bytes) == 0;
}
bool text_ends(struct text text, const char *with);
/* The rest behind the first `count` bytes (the empty text when there are fewer). */
struct text text_after(struct text text, size_t count);

struct buffer {
    char *data;
    size_t length;
    size_t capacity;
    size_t ceiling; /* bytes, without the final '\0' */
    bool failed;    /* memory ran out, or the ceiling was met */
    bool secret;    /* what it outgrows, and what it gives back, is overwritten first */
};

void buffer_init(struct buffer *buffer, size_t ceiling);
void buffer_init_secret(struct buffer *buffer, size_t ceiling);
void buffer_release(struct buffer *buffer); /* frees; usable again after buffer_init */
void buffer_reset(struct buffer *buffer);   /* empty, memory kept */

int buffer_append(struct buffer *buffer, const void *bytes, size_t count); /* 0, or -1 and `failed` */
int buffer_append_text(struct buffer *buffer, struct text text);
int buffer_append_string(struct buffer *buffer, const char *string);
int buffer_append_char(struct buffer *buffer, char c);
int buffer_append_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct text buffer_text(const struct buffer *buffer); /* until the next append */

/* Ownership of the bytes ('\0'-terminated, from malloc) leaves; the buffer is empty. NULL if it failed. */
char *buffer_take(struct buffer *buffer, size_t *out_bytes);

#endif
