/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/loop.h"

void test_loop_begin(struct test_loop *test)
{
    assert_int_equal(uv_loop_init(&test->loop), 0);
    test->workers = worker_pool_new(&test->loop, 2);
    assert_non_null(test->workers);
}

void test_loop_run_until(struct test_loop *test, const bool *flag)
{
    while (!*flag)
        if (uv_run(&test->loop, UV_RUN_ONCE) == 0 && !*flag)
            fail_msg("the loop has nothing left to do, and what was waited for has not come");
}

void test_loop_end(struct test_loop *test)
{
    assert_int_equal(uv_run(&test->loop, UV_RUN_DEFAULT), 0);
    worker_pool_free(test->workers);
    assert_int_equal(uv_loop_close(&test->loop), 0);
}
