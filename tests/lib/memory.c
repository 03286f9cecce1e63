/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/memory.h"

#include <stddef.h>

static bool limited, failed;
static unsigned left;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);

void memory_fail_after(unsigned count)
{
    limited = true;
    failed = false;
    left = count;
}

bool memory_restore(void)
{
    limited = false;
    return failed;
}

static bool is_there(void)
{
    if (!limited)
        return true;
    failed = failed || left == 0;
    left -= left > 0;
    return !failed;
}

void *__wrap_malloc(size_t bytes)
{
    return is_there() ? __real_malloc(bytes) : NULL;
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return is_there() ? __real_calloc(count, bytes) : NULL;
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    return is_there() ? __real_realloc(memory, bytes) : NULL;
}
