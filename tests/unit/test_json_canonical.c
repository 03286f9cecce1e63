/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/base/json_canonical.h"
#include "api/cause.h"

static int canonical(const char *text, size_t ceiling, struct buffer *out, size_t *out_offset, struct failure *why)
{
    char *padded = json_pad(text_of(text));
    struct json_reader *reader = json_reader_new((struct text){padded, strlen(text)}, why);
    struct json_token token;

    assert_non_null(reader);
    buffer_init(out, ceiling);
    json_next(reader, &token);
    int result = json_canonical_read(reader, &token, out, out_offset, why);
    json_reader_free(reader);
    free(padded);
    return result;
}

static void assert_canonical(const char *text, const char *wanted)
{
    struct failure why = FAILURE_INIT;
    struct buffer out;
    size_t offset;

    if (canonical(text, 4096, &out, &offset, &why) != 0)
        fail_msg("%s", why.text);
    assert_string_equal(out.data, wanted);
    buffer_release(&out);
}

/* Equal values have one spelling, whatever their layout and the order of their members. */
static void test_equal_values_have_one_spelling(void **state)
{
    (void)state;
    assert_canonical("{ \"b\" : [ 1 , 2.50, {\"z\":null,\"y\":true} ],\n\"a\" : \"\\u0041\" }",
                     "{\"a\":\"A\",\"b\":[1,2.50,{\"y\":true,\"z\":null}]}");
    assert_canonical("{\"aa\":1,\"a\":false,\"\":-0}", "{\"\":-0,\"a\":false,\"aa\":1}");
    assert_canonical("[ ]", "[]");
    assert_canonical("{ }", "{}");
    assert_canonical("\"\xE4\xB8\xAD\"", "\"\xE4\xB8\xAD\"");
}

/* A key that stands twice is refused at its second place, however deep it is. */
static void test_a_repeated_key_is_refused(void **state)
{
    struct failure why = FAILURE_INIT;
    struct buffer out;
    size_t offset;

    (void)state;
    assert_int_equal(canonical("[{\"a\":1,\"b\":2,\"a\":1}]", 4096, &out, &offset, &why), -1);
    assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
    assert_string_equal(why.text, "\"a\" stands twice in one object");
    assert_int_equal(offset, 14);
    buffer_release(&out);
}

/* What is no JSON is told with its place. */
static void test_broken_text_is_refused(void **state)
{
    static const char *const cases[] = {"[1,", "{\"a\":1,}", "[1 2]", "{\"a\"}", "[tru]", ""};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct failure why = FAILURE_INIT;
        struct buffer out;
        size_t offset = SIZE_MAX;
        assert_int_equal(canonical(cases[i], 4096, &out, &offset, &why), -1);
        assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
        assert_in_range(offset, 0, strlen(cases[i]));
        buffer_release(&out);
    }
}

/* A value longer than the room for it is refused, not cut. */
static void test_a_long_value_is_refused(void **state)
{
    struct failure why = FAILURE_INIT;
    struct buffer out;
    size_t offset;

    (void)state;
    assert_int_equal(canonical("{\"a\":\"0123456789\"}", 12, &out, &offset, &why), -1);
    assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_values_have_one_spelling),
        cmocka_unit_test(test_a_repeated_key_is_refused),
        cmocka_unit_test(test_broken_text_is_refused),
        cmocka_unit_test(test_a_long_value_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
