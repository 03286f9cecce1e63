/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/base/backoff.h"

static const struct backoff slow = {.first_ms = 1000, .cap_ms = 60000};

static void waits_double_up_to_the_cap(void **state)
{
    /* However the dice fall, a wait lies between half of its ceiling and the ceiling. */
    (void)state;
    uint64_t random = 7;
    uint64_t ceilings[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (uint32_t round = 0; round < 200; round++) {
        for (uint32_t i = 0; i < sizeof ceilings / sizeof *ceilings; i++)
            assert_in_range(backoff_ms(&slow, i + 1, &random), ceilings[i] / 2, ceilings[i]);
    }
}

static void many_failures_stay_at_the_cap(void **state)
{
    /* A count that would overflow any shift is only a long wait. */
    (void)state;
    uint64_t random = 7;
    assert_in_range(backoff_ms(&slow, UINT32_MAX, &random), 30000, 60000);
    assert_in_range(backoff_ms(&slow, 0, &random), 500, 1000);
}

static void equal_seeds_wait_equally(void **state)
{
    /* Simulations repeat only if the jitter does. */
    (void)state;
    uint64_t one = 42, other = 42, third = 43;
    uint64_t wait = backoff_ms(&slow, 6, &one);
    assert_int_equal(wait, backoff_ms(&slow, 6, &other));
    assert_int_not_equal(wait, backoff_ms(&slow, 6, &third));
}

static void no_wait_stays_no_wait(void **state)
{
    /* A back-off of nothing is allowed: tests and idle doors use it. */
    (void)state;
    uint64_t random = 1;
    assert_int_equal(backoff_ms(&(struct backoff){0, 0}, 5, &random), 0);
}

static void the_servers_word_wins(void **state)
{
    /* Nobody comes before the moment that the server named, however many tries there were, and not much later either.
     */
    (void)state;
    uint64_t random = 7;
    for (uint32_t tries = 1; tries < 50; tries++) {
        assert_in_range(backoff_told_ms(&slow, tries, 800, &random), 800, 900);
        assert_in_range(backoff_told_ms(&slow, tries, 90000, &random), 90000, 101250);
        assert_in_range(backoff_told_ms(&slow, tries, UINT64_MAX, &random), 3600000, 4050000);
    }
    assert_in_range(backoff_told_ms(&slow, 3, 0, &random), 2000, 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_up_to_the_cap), cmocka_unit_test(many_failures_stay_at_the_cap),
        cmocka_unit_test(equal_seeds_wait_equally),   cmocka_unit_test(no_wait_stays_no_wait),
        cmocka_unit_test(the_servers_word_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
