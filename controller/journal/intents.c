/* SPDX-License-Identifier: Apache-2.0
 *
 * Every line is noted with its place; sorted by kind, name and place, the last line of a name tells whether its create
 * has a result.
 */
#include "controller/journal/intents.h"

#include <stdlib.h>
#include <string.h>

#include "controller/journal/read.h"

struct note {
    size_t name, line; /* offsets of the name in `names`, of the line in the text */
    uint32_t name_bytes, line_bytes;
    int64_t unix_ms;
    uint8_t kind;
    bool sending, carried;
};

struct notes {
    const char *text;
    struct note *items;
    size_t count, capacity;
    struct buffer names;
    bool failed;
};

static bool grow(struct notes *notes)
{
    size_t capacity = notes->capacity == 0 ? 256 : notes->capacity * 2;
    struct note *items = realloc(notes->items, capacity * sizeof *items);
    if (!items)
        return false;
    notes->items = items;
    notes->capacity = capacity;
    return true;
}

static bool take_note(void *data, const struct journal_record *record)
{
    struct notes *notes = data;
    size_t name = notes->names.length;

    if ((notes->count == notes->capacity && !grow(notes)) || buffer_append_text(&notes->names, record->name) != 0) {
        notes->failed = true;
        return false;
    }
    notes->items[notes->count++] = (struct note){
        .name = name,
        .name_bytes = (uint32_t)record->name.bytes,
        .line = (size_t)(record->line.data - notes->text),
        .line_bytes = (uint32_t)record->line.bytes,
        .unix_ms = record->unix_ms,
        .kind = (uint8_t)record->kind,
        .sending = record->event == JOURNAL_SENDING,
        .carried = record->carried,
    };
    return true;
}

static struct text name_of(const struct notes *notes, const struct note *note)
{
    return (struct text){notes->names.data + note->name, note->name_bytes};
}

static int compare_names(const struct notes *notes, const struct note *a, const struct note *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return text_compare(name_of(notes, a), name_of(notes, b));
}

static int compare_notes(const void *left, const void *right, void *data)
{
    const struct note *a = left, *b = right;
    int order = compare_names(data, a, b);
    return order != 0 ? order : a->line < b->line ? -1 : 1;
}

/* Keeps the last note of each name, if it is an intent. */
static void keep_open(struct notes *notes)
{
    size_t kept = 0;

    if (notes->count > 1)
        qsort_r(notes->items, notes->count, sizeof *notes->items, compare_notes, notes);
    for (size_t i = 0; i < notes->count; i++) {
        bool last = i + 1 == notes->count || compare_names(notes, &notes->items[i], &notes->items[i + 1]) != 0;
        if (last && notes->items[i].sending)
            notes->items[kept++] = notes->items[i];
    }
    notes->count = kept;
}

/* 0, or -1: no memory. */
static int read_notes(struct notes *notes, struct text text, size_t *out_good, struct failure *why)
{
    uint64_t damaged;

    *notes = (struct notes){.text = text.data};
    buffer_init(&notes->names, text.bytes);
    *out_good = journal_scan(text, take_note, notes, &damaged);
    if (notes->failed)
        return failure_no_memory(why, "the intents of the journal");
    keep_open(notes);
    return 0;
}

static void notes_release(struct notes *notes)
{
    free(notes->items);
    buffer_release(&notes->names);
}

int intents_find(struct text text, struct intents *out, size_t *out_good, struct failure *why)
{
    struct notes notes;
    int status = -1;

    if (read_notes(&notes, text, out_good, why) != 0)
        goto out;
    *out = (struct intents){.count = (uint32_t)notes.count, .items = calloc(notes.count + 1, sizeof *out->items)};
    if (!out->items) {
        failure_no_memory(why, "the intents of the journal");
        goto out;
    }
    for (size_t i = 0; i < notes.count; i++)
        out->items[i] = (struct unresolved){
            .kind = notes.items[i].kind,
            .name = name_of(&notes, &notes.items[i]),
            .sent_unix_ms = notes.items[i].unix_ms,
        };
    out->names = buffer_take(&notes.names, NULL);
    status = 0;
out:
    notes_release(&notes);
    return status;
}

int intents_carry(struct text text, struct buffer *out, struct failure *why)
{
    static const char mark[] = ",\"carried\":true}\n";
    struct notes notes;
    size_t good;
    int status = read_notes(&notes, text, &good, why);

    for (size_t i = 0; status == 0 && i < notes.count; i++) {
        struct text line = {text.data + notes.items[i].line, notes.items[i].line_bytes};
        bool carried = notes.items[i].carried;
        buffer_append(out, line.data, carried ? line.bytes : line.bytes - 1);
        buffer_append_string(out, carried ? "\n" : mark);
    }
    if (status == 0 && out->failed)
        status = failure_no_memory(why, "the intents of the journal");
    notes_release(&notes);
    return status;
}

void intents_release(struct intents *intents)
{
    free(intents->items);
    free(intents->names);
    *intents = (struct intents){0};
}
