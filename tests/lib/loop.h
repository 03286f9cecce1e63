/* SPDX-License-Identifier: Apache-2.0
 *
 * A loop with a worker pool for one test. Ending it asserts that nothing is left: uv_loop_close says 0.
 */
#ifndef MQFERRY_TESTS_LIB_LOOP_H
#define MQFERRY_TESTS_LIB_LOOP_H

#include <stdbool.h>

#include <uv.h>

#include "api/base/worker.h"

struct test_loop {
    uv_loop_t loop;
    struct worker_pool *workers;
    uv_timer_t tick; /* one turn of the loop fires timers first, then blocks: it shall not block for long */
};

void test_loop_begin(struct test_loop *test);
/* Runs until the flag is up; fails the test when the loop has nothing left to do before. */
void test_loop_run_until(struct test_loop *test, const bool *flag);
void test_loop_end(struct test_loop *test);

#endif
