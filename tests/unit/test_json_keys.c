/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/json_keys.h"

/* What skipping a whole text comes to; *out_offset as json_keys_skip. */
static int skip_all(const char *text, size_t *out_offset)
{
    struct failure why = FAILURE_INIT;
    struct json_keys keys = {.count = 0};
    struct json_token token;
    char *padded = json_pad((struct text){text, strlen(text)});
    struct json_reader *json = json_reader_new((struct text){padded, strlen(text)}, &why);

    assert_non_null(json);
    json_next(json, &token);
    int status = json_keys_skip(&keys, json, &token, out_offset);
    if (status == 0)
        assert_int_equal(json_next(json, &token), JSON_END);
    assert_int_equal(keys.count, 0);
    json_keys_release(&keys);
    json_reader_free(json);
    free(padded);
    return status;
}

/* At any depth, and whatever stands between. */
static void a_member_that_stands_twice_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *second; /* begins where it stands the second time; NULL: it does not */
    } cases[] = {
        {"{}", NULL},
        {"7", NULL},
        {"[1, 2, 1]", NULL},
        {"{\"a\": 1, \"b\": {\"a\": 1}, \"c\": [{\"a\": 1}, {\"a\": 1}]}", NULL},
        {"{\"a\": 1, \"b\": 2, \"a\": 3}", "\"a\": 3}"},
        {"{\"a\": {\"x\": 0}, \"b\": {\"y\": {\"z\": 0, \"z\": [1]}}}", "\"z\": [1]"},
        {"[[{\"k\": 0}, {\"k\": 0, \"l\": {}, \"k\": \"last\"}]]", "\"k\": \"last\""},
        {"{\"a\": 1, \"\\u0061\": 2}", "\"\\u0061\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t offset = SIZE_MAX;
        assert_int_equal(skip_all(cases[i].text, &offset), cases[i].second != NULL);
        if (cases[i].second != NULL)
            assert_string_equal(strstr(cases[i].text, cases[i].second), cases[i].text + offset);
    }
}

/* A whole text in one call. */
static void a_text_is_looked_through(void **state)
{
    static const struct {
        const char *text;
        int status;
    } cases[] = {{"{\"a\": [1], \"b\": 1}", 0}, {"{\"a\": {\"b\": 1, \"b\": 2}}", 1}, {"{\"a\": ", -1}, {"", -1}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct failure why = FAILURE_INIT;
        struct text text = {json_pad((struct text){cases[i].text, strlen(cases[i].text)}), strlen(cases[i].text)};
        struct json_keys keys = {.count = 0};
        size_t offset = SIZE_MAX;
        assert_non_null(text.data);
        assert_int_equal(json_keys_check(&keys, text, &offset, &why), cases[i].status);
        assert_int_equal(why.cause, 0);
        if (cases[i].status > 0)
            assert_string_equal(text.data + offset, "\"b\": 2}}");
        json_keys_release(&keys);
        free((char *)text.data);
    }
}

/* What is no JSON is broken, not twice. */
static void a_broken_value_is_broken(void **state)
{
    (void)state;
    size_t offset;
    assert_int_equal(skip_all("{\"a\": {\"b\": ", &offset), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_that_stands_twice_is_found),
        cmocka_unit_test(a_text_is_looked_through),
        cmocka_unit_test(a_broken_value_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
