/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/cause.h"

enum { ALLOCATIONS_MAX = 100000 }; /* of one run: more is a loop without end */

/* Workers allocate too. */
static atomic_bool limited, failed;
static atomic_int left;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);

void memory_fail_after(unsigned count)
{
    atomic_store(&failed, false);
    atomic_store(&left, (int)count);
    atomic_store(&limited, true);
}

bool memory_restore(void)
{
    atomic_store(&limited, false);
    return atomic_load(&failed);
}

static bool is_there(void)
{
    if (!atomic_load(&limited))
        return true;
    if (atomic_load(&failed) || atomic_fetch_sub(&left, 1) <= 0)
        atomic_store(&failed, true);
    return !atomic_load(&failed);
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

void memory_sweep(int (*run)(void *context, struct failure *why), void *context)
{
    bool met = true;

    for (unsigned count = 0; met; count++) {
        struct failure why = FAILURE_INIT;
        assert_true(count < ALLOCATIONS_MAX);
        memory_fail_after(count);
        int status = run(context, &why);
        met = memory_restore();
        if (status != 0 && (!met || why.cause != CAUSE_OUT_OF_MEMORY))
            fail_msg("allocation %u: %s: %s", count, cause_name(why.cause), why.text);
        assert_true(met || count > 0);
    }
}
