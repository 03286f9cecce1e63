/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "tests/lib/loop.h"

enum { TICK_MS = 20 };

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

void test_loop_begin(struct test_loop *test)
{
    signal(SIGPIPE, SIG_IGN); /* as the program has it: libuv writes to peers that may be gone */
    assert_int_equal(uv_loop_init(&test->loop), 0);
    assert_int_equal(uv_timer_init(&test->loop, &test->tick), 0);
    assert_int_equal(uv_timer_start(&test->tick, on_tick, TICK_MS, TICK_MS), 0);
    uv_unref((uv_handle_t *)&test->tick);
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
    uv_close((uv_handle_t *)&test->tick, NULL);
    assert_int_equal(uv_run(&test->loop, UV_RUN_DEFAULT), 0);
    worker_pool_free(test->workers);
    assert_int_equal(uv_loop_close(&test->loop), 0);
}
