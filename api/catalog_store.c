/* SPDX-License-Identifier: Apache-2.0 */
#include "api/catalog_store.h"

#include <stdlib.h>
#include <string.h>

#include "api/base/hash.h"

enum { SLOTS_MIN = 16 };

struct catalog *catalog_new(void)
{
    struct catalog *catalog = calloc(1, sizeof *catalog);

    if (catalog)
        atomic_init(&catalog->references, 1);
    return catalog;
}

static void interned_release(struct interned *interned)
{
    free(interned->items);
    free(interned->slots);
}

static void catalog_free(struct catalog *catalog)
{
    free(catalog->rows);
    free(catalog->names);
    free(catalog->problems);
    interned_release(&catalog->settings);
    interned_release(&catalog->spreads);
    interned_release(&catalog->masters);
    interned_release(&catalog->files);
    interned_release(&catalog->problem_kinds);
    arena_release(&catalog->arena);
    free(catalog);
}

struct catalog *catalog_ref(struct catalog *catalog)
{
    atomic_fetch_add_explicit(&catalog->references, 1, memory_order_relaxed);
    return catalog;
}

bool catalog_is_shared(const struct catalog *catalog)
{
    return atomic_load_explicit(&catalog->references, memory_order_relaxed) > 1;
}

void catalog_unref(struct catalog *catalog)
{
    if (catalog && atomic_fetch_sub_explicit(&catalog->references, 1, memory_order_acq_rel) == 1)
        catalog_free(catalog);
}

/* --- interning --- */

static uint32_t tag_of(uint64_t slot)
{
    return (uint32_t)(slot >> 32);
}

uint32_t interned_find(const struct interned *interned, uint64_t hash, bool (*same)(const void *item, const void *key),
                       const void *key)
{
    if (!interned->slots)
        return CATALOG_ABSENT;
    for (uint32_t at = tag_of(hash) & interned->mask;; at = (at + 1) & interned->mask) {
        uint64_t slot = interned->slots[at];
        if (slot == 0)
            return CATALOG_ABSENT;
        uint32_t number = (uint32_t)slot - 1;
        if (tag_of(slot) == tag_of(hash) && same(interned->items[number], key))
            return number;
    }
}

static void slot_put(struct interned *interned, uint64_t slot)
{
    uint32_t at = tag_of(slot) & interned->mask;

    while (interned->slots[at] != 0)
        at = (at + 1) & interned->mask;
    interned->slots[at] = slot;
}

/* Keeps a quarter of the slots free, so that runs stay short. */
static int slots_reserve(struct interned *interned)
{
    uint64_t old_slots = interned->slots ? (uint64_t)interned->mask + 1 : 0;

    if ((interned->count + UINT64_C(1)) * 4 <= old_slots * 3)
        return 0;
    uint64_t *old = interned->slots;
    uint64_t new_slots = old ? old_slots * 2 : SLOTS_MIN;
    uint64_t *slots = calloc(new_slots, sizeof *slots);
    if (!slots)
        return -1;
    interned->slots = slots;
    interned->mask = (uint32_t)(new_slots - 1);
    for (uint64_t i = 0; i < old_slots; i++) {
        if (old[i] != 0)
            slot_put(interned, old[i]);
    }
    free(old);
    return 0;
}

static int items_reserve(struct interned *interned)
{
    if (interned->count < interned->capacity)
        return 0;
    uint32_t capacity = interned->capacity == 0 ? SLOTS_MIN : interned->capacity * 2;
    const void **items = realloc(interned->items, capacity * sizeof *items);
    if (!items)
        return -1;
    interned->items = items;
    interned->capacity = capacity;
    return 0;
}

int interned_add(struct interned *interned, uint64_t hash, const void *item, uint32_t *out)
{
    if (slots_reserve(interned) != 0 || items_reserve(interned) != 0)
        return -1;
    *out = interned->count++;
    interned->items[*out] = item;
    slot_put(interned, (uint64_t)tag_of(hash) << 32 | (*out + 1));
    return 0;
}

/* --- problems --- */

static bool same_problem(const void *item, const void *key)
{
    const struct problem *a = item, *b = key;
    return a->cause == b->cause && a->field == b->field && strcmp(a->text, b->text) == 0;
}

static int intern_problem(struct catalog *catalog, const struct problem *problem, uint32_t *out)
{
    uint64_t hash = hash_text(hash_word((uint64_t)problem->cause, problem->field), text_of(problem->text));

    *out = interned_find(&catalog->problem_kinds, hash, same_problem, problem);
    if (*out != CATALOG_ABSENT)
        return 0;
    struct problem *copy = arena_alloc(&catalog->arena, sizeof *copy);
    if (!copy)
        return -1;
    *copy = *problem;
    copy->text = arena_string(&catalog->arena, text_of(problem->text));
    return copy->text ? interned_add(&catalog->problem_kinds, hash, copy, out) : -1;
}

int catalog_note_problem(struct catalog *catalog, struct resource *row, int cause, enum field field, const char *text)
{
    const struct problem problem = {cause, field, text ? text : ""};
    uint32_t number;

    if (intern_problem(catalog, &problem, &number) != 0)
        return -1;
    if (catalog->problem_count == catalog->problem_capacity) {
        uint32_t capacity = catalog->problem_capacity == 0 ? SLOTS_MIN : catalog->problem_capacity * 2;
        struct noted_problem *problems = realloc(catalog->problems, capacity * sizeof *problems);
        if (!problems)
            return -1;
        catalog->problems = problems;
        catalog->problem_capacity = capacity;
    }
    uint32_t sequence = catalog->problem_count++;
    catalog->problems[sequence] = (struct noted_problem){row->name, sequence, number};
    row->problem = 1;
    return 0;
}
