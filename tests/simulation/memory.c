/* SPDX-License-Identifier: Apache-2.0
 *
 * The allocator with one fault: the linker sends malloc, calloc and realloc of the whole program through here.
 */
#include <stdlib.h>

#include "tests/simulation/run.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

static uint32_t allocations_left; /* until the one that fails; 0: none fails */

void memory_fail_at(uint32_t allocation)
{
    allocations_left = allocation;
}

uint32_t memory_left(void)
{
    return allocations_left;
}

static int fails_now(void)
{
    return allocations_left > 0 && --allocations_left == 0;
}

void *__wrap_malloc(size_t bytes)
{
    return fails_now() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails_now() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails_now() ? NULL : __real_realloc(old, bytes);
}
