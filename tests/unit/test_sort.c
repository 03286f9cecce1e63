/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/base/sort.h"

static int compare_ints(const void *left, const void *right)
{
    const int *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Of each length up to a hundred, whatever the order before: every number is in its place. */
static void every_length_is_sorted(void **state)
{
    (void)state;
    int numbers[100];

    for (int count = 0; count <= 100; count++) {
        for (int step = 1; step < 101; step += 25) {
            for (int i = 0; i < count; i++)
                numbers[i] = (i * step * 37 + 11) % (count + 1) / 2;
            sort_in_place(numbers, (size_t)count, sizeof *numbers, compare_ints);
            for (int i = 1; i < count; i++)
                assert_true(numbers[i - 1] <= numbers[i]);
        }
    }
}

/* Items move as a whole: what belongs to a number stays with it. */
static void items_move_as_a_whole(void **state)
{
    (void)state;
    struct {
        int number;
        char filler[40];
        int twice;
    } items[50];

    for (int i = 0; i < 50; i++) {
        items[i].number = i * 29 % 50;
        items[i].twice = 2 * items[i].number;
    }
    sort_in_place(items, 50, sizeof *items, compare_ints);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(items[i].number, i);
        assert_int_equal(items[i].twice, 2 * i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_is_sorted),
        cmocka_unit_test(items_move_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
