/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "api/base/monotime.h"

/* The monotonic clock never goes back. */
static void monotonic_time_never_goes_back(void **state)
{
    (void)state;
    uint64_t last = monotime_ms();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = monotime_ms();
        assert_true(now >= last);
        last = now;
    }
}

/* The wall clock counts milliseconds since 1970: it lies between two readings of the system's seconds. */
static void wall_time_is_that_of_the_system(void **state)
{
    (void)state;
    int64_t before = (int64_t)time(NULL);
    int64_t now_ms = walltime_unix_ms();
    int64_t after = (int64_t)time(NULL);
    assert_true(now_ms >= (before - 1) * 1000);
    assert_true(now_ms <= (after + 2) * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_time_never_goes_back),
        cmocka_unit_test(wall_time_is_that_of_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
