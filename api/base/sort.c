/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/sort.h"

#include <assert.h>
#include <string.h>

struct heap {
    char *items;
    size_t count, size;
    int (*compare)(const void *, const void *);
};

static char *item(const struct heap *heap, size_t index)
{
    return heap->items + index * heap->size;
}

static void swap(const struct heap *heap, size_t a, size_t b)
{
    char kept[SORT_ITEM_BYTES_MAX];

    memcpy(kept, item(heap, a), heap->size);
    memcpy(item(heap, a), item(heap, b), heap->size);
    memcpy(item(heap, b), kept, heap->size);
}

/* Lets the item sink until no child is larger. */
static void sink(const struct heap *heap, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < heap->count; at = child) {
        if (child + 1 < heap->count && heap->compare(item(heap, child), item(heap, child + 1)) < 0)
            child++;
        if (heap->compare(item(heap, at), item(heap, child)) >= 0)
            return;
        swap(heap, at, child);
    }
}

void sort_in_place(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    struct heap heap = {items, count, size, compare};

    assert(size <= SORT_ITEM_BYTES_MAX);
    for (size_t at = count / 2; at > 0; at--)
        sink(&heap, at - 1);
    while (heap.count > 1) {
        heap.count--;
        swap(&heap, 0, heap.count);
        sink(&heap, 0);
    }
}
