/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/base/failure.h"
#include "api/base/strings.h"
#include "api/cause.h"

/* Setting gives cause and sentence, drops what a provider said before, and is a failure itself. */
static void setting_starts_afresh(void **state)
{
    (void)state;
    struct failure why = {.provider_code = "Throttling", .provider_message = "slow down", .request_id = "A1"};
    assert_int_equal(failure_set(&why, CAUSE_UNREACHABLE, "could not reach %s:%d", "10.0.0.1", 9876), -1);
    assert_int_equal(why.cause, CAUSE_UNREACHABLE);
    assert_string_equal(why.text, "could not reach 10.0.0.1:9876");
    assert_string_equal(why.provider_code, "");
    assert_string_equal(why.provider_message, "");
    assert_string_equal(why.request_id, "");
}

/* Each layer puts its words in front and keeps cause and what the provider said. */
static void wrapping_adds_words_in_front(void **state)
{
    (void)state;
    struct failure why = FAILURE_INIT;
    failure_set(&why, CAUSE_BAD_ANSWER, "the text ends inside a string");
    memcpy(why.request_id, "A1", 3);
    assert_int_equal(failure_wrap(&why, "could not list %s", "topics"), -1);
    assert_string_equal(why.text, "could not list topics: the text ends inside a string");
    assert_int_equal(why.cause, CAUSE_BAD_ANSWER);
    assert_string_equal(why.request_id, "A1");
}

/* Running out of memory has a cause of its own and says what it was for. */
static void memory_has_its_own_cause(void **state)
{
    (void)state;
    struct failure why = FAILURE_INIT;
    assert_int_equal(failure_no_memory(&why, "the catalog"), -1);
    assert_int_equal(why.cause, CAUSE_OUT_OF_MEMORY);
    assert_non_null(strstr(why.text, "the catalog"));
}

/* `before` letters, then whole characters up to about `bytes`. */
static void fill(char *out, size_t before, const char *character, size_t bytes)
{
    size_t at = before;
    memset(out, 'a', before);
    for (; at < bytes; at += strlen(character))
        memcpy(out + at, character, strlen(character));
    out[at] = '\0';
}

static void assert_whole_characters(const struct failure *why)
{
    assert_int_equal(utf8_check(text_of(why->text)), strlen(why->text));
    assert_in_range(strlen(why->text), FAILURE_TEXT_BYTES - 4, FAILURE_TEXT_BYTES - 1);
}

/* Text that is too long is cut, never inside a character, wherever the edge of the array falls. */
static void long_text_is_cut_between_characters(void **state)
{
    (void)state;
    static const char *const characters[] = {"x", "é", "中", "\xF0\x9F\x98\x80"};
    for (size_t c = 0; c < sizeof characters / sizeof *characters; c++) {
        for (size_t before = 0; before < 8; before++) {
            char text[FAILURE_TEXT_BYTES * 2];
            struct failure why = FAILURE_INIT;

            fill(text, before, characters[c], FAILURE_TEXT_BYTES + 100);
            failure_set(&why, CAUSE_INPUT_WRONG, "%s", text);
            assert_whole_characters(&why);

            fill(text, before, characters[c], FAILURE_TEXT_BYTES - 10);
            failure_set(&why, CAUSE_INPUT_WRONG, "%s", text);
            failure_wrap(&why, "could not load topics.yaml");
            assert_whole_characters(&why);
        }
    }
}

/* A prefix that fills everything stands alone, cut like any text. */
static void a_prefix_that_fills_everything_stands_alone(void **state)
{
    (void)state;
    struct failure why = FAILURE_INIT;
    char prefix[FAILURE_TEXT_BYTES * 2];
    for (size_t at = 0; at < sizeof prefix - 1; at += 2)
        memcpy(prefix + at, "é", 2);
    prefix[sizeof prefix - 2] = '\0';
    failure_set(&why, CAUSE_INPUT_WRONG, "inner");
    assert_int_equal(failure_wrap(&why, "x%s", prefix), -1);
    assert_null(strstr(why.text, "inner"));
    assert_int_equal(utf8_check(text_of(why.text)), strlen(why.text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_starts_afresh),
        cmocka_unit_test(wrapping_adds_words_in_front),
        cmocka_unit_test(memory_has_its_own_cause),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(a_prefix_that_fills_everything_stands_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
