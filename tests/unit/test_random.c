/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/base/random.h"

/* The published sequence of splitmix64 for seed 1234567 comes out. */
static void the_published_sequence_comes_out(void **state)
{
    (void)state;
    static const uint64_t expected[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                        UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                        UINT64_C(16408922859458223821)};
    uint64_t seed = 1234567;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_true(random_next(&seed) == expected[i]);
}

/* Bounded numbers stay below their bound and reach every value. */
static void bounds_are_kept(void **state)
{
    (void)state;
    uint64_t seed = 1;
    unsigned seen[7] = {0};
    for (int i = 0; i < 7000; i++) {
        uint64_t number = random_below(&seed, 7);
        assert_true(number < 7);
        seen[number]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 800, 1200);
    assert_int_equal(random_below(&seed, 1), 0);
    assert_int_equal(random_below(&seed, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_sequence_comes_out),
        cmocka_unit_test(bounds_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
