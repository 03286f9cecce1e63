/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/clockwork.h"

#include <stddef.h>
#include <string.h>

void clockwork_init(struct clockwork *clockwork, struct happening *items, uint64_t now_ms)
{
    clockwork->items = items;
    clockwork->now_ms = now_ms;
    clockwork->count = 0;
    for (uint16_t i = 0; i < HAPPENINGS_MAX; i++)
        clockwork->free[i] = i;
}

static bool goes_before(const struct clockwork *clockwork, uint16_t one, uint16_t other)
{
    const struct happening *left = &clockwork->items[one], *right = &clockwork->items[other];
    return left->ms != right->ms ? left->ms < right->ms : left->order < right->order;
}

static void swap(uint16_t *one, uint16_t *other)
{
    uint16_t kept = *one;
    *one = *other;
    *other = kept;
}

struct happening *clockwork_add(struct clockwork *clockwork, struct world *world, uint64_t ms, enum what what)
{
    if (clockwork->count == HAPPENINGS_MAX)
        return NULL;
    uint16_t slot = clockwork->free[clockwork->count];
    struct happening *item = &clockwork->items[slot];
    memset(item, 0, offsetof(struct happening, page));
    item->page.count = 0;
    item->ms = ms;
    item->order = world_dice(world, UINT32_MAX);
    item->what = what;
    uint32_t at = clockwork->count++;
    clockwork->heap[at] = slot;
    for (; at > 0 && goes_before(clockwork, clockwork->heap[at], clockwork->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&clockwork->heap[at], &clockwork->heap[(at - 1) / 2]);
    return item;
}

static void sift_down(struct clockwork *clockwork)
{
    uint32_t at = 0;
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < clockwork->count; child++) {
            if (goes_before(clockwork, clockwork->heap[child], clockwork->heap[least]))
                least = child;
        }
        if (least == at)
            return;
        swap(&clockwork->heap[at], &clockwork->heap[least]);
        at = least;
    }
}

bool clockwork_next(struct clockwork *clockwork, uint64_t until_ms, struct happening *out)
{
    if (clockwork->count == 0 || clockwork->items[clockwork->heap[0]].ms > until_ms)
        return false;
    uint16_t slot = clockwork->heap[0];
    *out = clockwork->items[slot];
    clockwork->heap[0] = clockwork->heap[--clockwork->count];
    clockwork->free[clockwork->count] = slot;
    sift_down(clockwork);
    if (out->ms > clockwork->now_ms)
        clockwork->now_ms = out->ms;
    return true;
}
