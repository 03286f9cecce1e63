/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

struct text text_of(const char *string)
{
    return string ? (struct text){string, strlen(string)} : TEXT("");
}

bool text_equal(struct text a, struct text b)
{
    return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.data, b.data, a.bytes) == 0);
}

int text_compare(struct text a, struct text b)
{
    size_t common = a.bytes < b.bytes ? a.bytes : b.bytes;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order != 0)
        return order;
    return (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

bool text_ends(struct text text, const char *with)
{
    size_t bytes = strlen(with);
    return text.bytes >= bytes && memcmp(text.data + text.bytes - bytes, with, bytes) == 0;
}

struct text text_after(struct text text, size_t count)
{
    return count < text.bytes ? (struct text){text.data + count, text.bytes - count} : TEXT("");
}

void buffer_init(struct buffer *buffer, size_t ceiling)
{
    /* Half the address space is no limit in practice, and keeps the sums below from wrapping round. */
    *buffer = (struct buffer){.ceiling = ceiling < PTRDIFF_MAX ? ceiling : PTRDIFF_MAX - 1};
}

void buffer_init_secret(struct buffer *buffer, size_t ceiling)
{
    buffer_init(buffer, ceiling);
    buffer->secret = true;
}

static void give_back(const struct buffer *buffer)
{
    if (buffer->secret && buffer->data)
        explicit_bzero(buffer->data, buffer->capacity);
    free(buffer->data);
}

void buffer_release(struct buffer *buffer)
{
    give_back(buffer);
    *buffer = (struct buffer){.ceiling = 0};
}

void buffer_reset(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->failed = false;
    if (buffer->data)
        buffer->data[0] = '\0';
}

static int fail(struct buffer *buffer)
{
    give_back(buffer);
    *buffer = (struct buffer){.ceiling = buffer->ceiling, .failed = true, .secret = buffer->secret};
    return -1;
}

/* realloc would leave a copy behind. */
static char *move(const struct buffer *buffer, size_t capacity)
{
    char *data = malloc(capacity);
    if (data && buffer->data) {
        memcpy(data, buffer->data, buffer->length + 1);
        give_back(buffer);
    }
    return data;
}

/* Makes room for `count` more bytes and the '\0'; doubling keeps a long run of appends linear. */
static int reserve(struct buffer *buffer, size_t count)
{
    if (buffer->failed)
        return -1;
    if (count > buffer->ceiling - buffer->length)
        return fail(buffer);
    size_t needed = buffer->length + count + 1;
    if (needed <= buffer->capacity)
        return 0;
    size_t capacity = buffer->capacity < FIRST_CAPACITY / 2 ? FIRST_CAPACITY : buffer->capacity * 2;
    if (capacity > buffer->ceiling + 1)
        capacity = buffer->ceiling + 1;
    if (capacity < needed)
        capacity = needed;
    char *data = buffer->secret ? move(buffer, capacity) : realloc(buffer->data, capacity);
    if (!data)
        return fail(buffer);
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

int buffer_append(struct buffer *buffer, const void *bytes, size_t count)
{
    if (reserve(buffer, count) != 0)
        return -1;
    if (count > 0)
        memcpy(buffer->data + buffer->length, bytes, count);
    buffer->length += count;
    buffer->data[buffer->length] = '\0';
    return 0;
}

int buffer_append_text(struct buffer *buffer, struct text text)
{
    return buffer_append(buffer, text.data, text.bytes);
}

int buffer_append_string(struct buffer *buffer, const char *string)
{
    return buffer_append(buffer, string, strlen(string));
}

int buffer_append_char(struct buffer *buffer, char c)
{
    return buffer_append(buffer, &c, 1);
}

int buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int count = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (count < 0)
        return fail(buffer);
    if (reserve(buffer, (size_t)count) != 0)
        return -1;
    va_start(arguments, format);
    vsnprintf(buffer->data + buffer->length, (size_t)count + 1, format, arguments);
    va_end(arguments);
    buffer->length += (size_t)count;
    return 0;
}

struct text buffer_text(const struct buffer *buffer)
{
    return buffer->data ? (struct text){buffer->data, buffer->length} : TEXT("");
}

char *buffer_take(struct buffer *buffer, size_t *out_bytes)
{
    if (buffer_append(buffer, "", 0) != 0)
        return NULL;
    char *data = buffer->data;
    if (out_bytes)
        *out_bytes = buffer->length;
    *buffer = (struct buffer){.ceiling = buffer->ceiling, .secret = buffer->secret};
    return data;
}
