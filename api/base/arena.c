/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each block is twice the last one: small things stay small, large ones take few blocks. */
enum { BLOCK_BYTES_MIN = 1024, BLOCK_BYTES_MAX = 1024 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t used, capacity;
    max_align_t bytes[];
};

static struct arena_block *new_block(struct arena *arena, size_t bytes)
{
    size_t capacity = arena->blocks ? arena->blocks->capacity * 2 : BLOCK_BYTES_MIN;

    if (capacity > BLOCK_BYTES_MAX)
        capacity = BLOCK_BYTES_MAX;
    if (capacity < bytes)
        capacity = bytes;
    struct arena_block *block = calloc(1, sizeof *block + capacity);

    if (block == NULL)
        return NULL;
    block->capacity = capacity;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    size_t unit = sizeof(max_align_t);
    if (bytes > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    size_t rounded = (bytes + unit - 1) / unit * unit;
    struct arena_block *block = arena->blocks;

    if (block == NULL || block->capacity - block->used < rounded)
        block = new_block(arena, rounded);
    if (block == NULL) {
        arena->failed = true;
        return NULL;
    }
    void *memory = (char *)block->bytes + block->used;
    block->used += rounded;
    return memory;
}

const char *arena_string(struct arena *arena, struct text text)
{
    char *copy = arena_alloc(arena, text.bytes + 1);
    if (copy != NULL && text.bytes > 0)
        memcpy(copy, text.data, text.bytes);
    return copy;
}

const char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return NULL;
    char *text = arena_alloc(arena, (size_t)length + 1);
    if (text == NULL)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    struct arena_block *block = arena->blocks;

    return (struct arena_mark){block, block == NULL ? 0 : block->used};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    struct arena_block *block;

    while ((block = arena->blocks) != NULL && block != mark.block && block->next != NULL) {
        arena->blocks = block->next;
        free(block);
    }
    if (block == NULL)
        return;
    /* A mark from before the first block leaves that one, empty. */
    size_t kept = block == mark.block ? mark.used : 0;
    memset((char *)block->bytes + kept, 0, block->used - kept);
    block->used = kept;
}

void arena_release(struct arena *arena)
{
    for (struct arena_block *block = arena->blocks; block != NULL;) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    *arena = (struct arena){0};
}
