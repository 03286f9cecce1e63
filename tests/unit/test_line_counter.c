/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/base/file.h"
#include "api/base/line_counter.h"

static void assert_place(struct line_counter *counter, size_t offset, uint32_t line, uint32_t column)
{
    uint32_t found_line, found_column;

    line_counter_find(counter, offset, &found_line, &found_column);
    assert_int_equal(found_line, line);
    assert_int_equal(found_column, column);
}

/* Lines and columns begin at 1; a line end belongs to the line that it ends. */
static void test_places_count_from_one(void **state)
{
    struct line_counter counter;

    (void)state;
    line_counter_init(&counter, TEXT("ab\n\ncd"));
    assert_place(&counter, 0, 1, 1);
    assert_place(&counter, 2, 1, 3);
    assert_place(&counter, 3, 2, 1);
    assert_place(&counter, 4, 3, 1);
    assert_place(&counter, 5, 3, 2);
    assert_place(&counter, 6, 3, 3);
}

/* An offset behind the text is the text's end, and one that lies before the last one asked is found all the same. */
static void test_offsets_may_jump(void **state)
{
    struct line_counter counter;

    (void)state;
    line_counter_init(&counter, TEXT("a\nb\nc"));
    assert_place(&counter, 1000, 3, 2);
    assert_place(&counter, 2, 2, 1);
    assert_place(&counter, 2, 2, 1);
    assert_place(&counter, 4, 3, 1);
}

/* The empty text has one place. */
static void test_the_empty_text_has_one_place(void **state)
{
    struct line_counter counter;

    (void)state;
    line_counter_init(&counter, (struct text){NULL, 0});
    assert_place(&counter, 0, 1, 1);
}

/* Steps of every length over a text longer than the lanes can count give what counting from the start gives. */
static void test_any_steps_agree_with_counting_from_the_start(void **state)
{
    static char bytes[20000];
    struct text text = {bytes, sizeof bytes};
    uint32_t seed = 7;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * 1103515245 + 12345;
        bytes[i] = i < 9000 || seed >> 28 == 0 ? '\n' : 'x';
    }
    for (size_t step = 1; step < sizeof bytes; step += step / 2 + 1) {
        struct line_counter counter;
        line_counter_init(&counter, text);
        for (size_t offset = 0; offset <= sizeof bytes; offset += step) {
            uint32_t line, column;
            text_position(text, offset, &line, &column);
            assert_place(&counter, offset, line, column);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_count_from_one),
        cmocka_unit_test(test_offsets_may_jump),
        cmocka_unit_test(test_the_empty_text_has_one_place),
        cmocka_unit_test(test_any_steps_agree_with_counting_from_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
