/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/complaints.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/sort.h"
#include "api/base/strings.h"

enum { ITEMS_MIN = 16 };

void complaints_init(struct complaints *complaints)
{
    *complaints = (struct complaints){0};
}

void complaints_release(struct complaints *complaints)
{
    for (uint32_t i = 0; i < complaints->count; i++) {
        free(complaints->items[i].path);
        free(complaints->items[i].text);
    }
    free(complaints->items);
    complaints_init(complaints);
}

static bool reserve(struct complaints *complaints)
{
    if (complaints->count < complaints->capacity)
        return true;
    uint32_t capacity = complaints->capacity == 0 ? ITEMS_MIN : complaints->capacity * 2;
    struct complaint *items = realloc(complaints->items, capacity * sizeof *items);
    if (items == NULL)
        return false;
    complaints->items = items;
    complaints->capacity = capacity;
    return true;
}

/* Both texts belong to the list from now on; either may be NULL where memory ran out. */
static void keep(struct complaints *complaints, const struct place *place, char *path, char *text)
{
    if (path == NULL || text == NULL || !reserve(complaints)) {
        complaints->memory_failed = true;
        free(path);
        free(text);
        return;
    }
    complaints->items[complaints->count++] = (struct complaint){path, place->line, place->column, text};
}

void complain(struct complaints *complaints, const struct place *place, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;

    if (complaints->count >= COMPLAINTS_MAX) {
        complaints->dropped++;
        return;
    }
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    keep(complaints, place, strdup(place->path), text);
}

static int compare(const void *left, const void *right)
{
    const struct complaint *a = left, *b = right;
    int order = strcmp(a->path, b->path);

    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    if (order == 0)
        order = (a->column > b->column) - (a->column < b->column);
    return order != 0 ? order : strcmp(a->text, b->text);
}

void complaints_sort(struct complaints *complaints)
{
    sort_in_place(complaints->items, complaints->count, sizeof *complaints->items, compare);
}

static void append_one(struct buffer *out, const struct complaint *complaint)
{
    escape_append(out, text_of(complaint->path));
    if (complaint->line > 0)
        buffer_append_format(out, ":%u:%u", complaint->line, complaint->column);
    buffer_append_string(out, ": ");
    escape_append(out, text_of(complaint->text));
    buffer_append_char(out, '\n');
}

int complaints_append(struct buffer *out, const struct complaints *complaints)
{
    for (uint32_t i = 0; i < complaints->count; i++)
        append_one(out, &complaints->items[i]);
    if (complaints->dropped > 0) {
        char count[32];
        count_format(complaints->dropped, count);
        buffer_append_format(out, "%s more, not shown\n", count);
    }
    return out->failed ? -1 : 0;
}
