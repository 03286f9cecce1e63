/* SPDX-License-Identifier: Apache-2.0
 *
 * Sorting small things in place: heap sort, O(n log n) whatever comes in, no memory, not stable. Pure.
 */
#ifndef MQFERRY_API_BASE_SORT_H
#define MQFERRY_API_BASE_SORT_H

#include <stddef.h>

enum { SORT_ITEM_BYTES_MAX = 128 };

/* Sorts `count` items of `size` bytes (at most SORT_ITEM_BYTES_MAX) each; compare as for qsort. */
void sort_in_place(void *items, size_t count, size_t size, int (*compare)(const void *, const void *));

#endif
