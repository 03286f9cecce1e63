/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"

static void assert_becomes(struct text text, const char *expected)
{
    struct buffer out;

    buffer_init(&out, 1 << 20);
    assert_int_equal(json_quote_bare_keys(text, &out), 0);
    assert_string_equal(out.data, expected);
    buffer_release(&out);
}

/* Number keys, as cluster info and static topics have them, get quotes. */
static void test_number_keys_get_quotes(void **state)
{
    (void)state;
    assert_becomes(TEXT("{\"brokerAddrs\":{0:\"192.0.2.11:10911\",1:\"x\"}}"),
                   "{\"brokerAddrs\":{\"0\":\"192.0.2.11:10911\",\"1\":\"x\"}}");
    assert_becomes(TEXT("{0:[{\"queueId\":0}],-1:{2 : {}}}"), "{\"0\":[{\"queueId\":0}],\"-1\":{\"2\" : {}}}");
    assert_becomes(TEXT("{ 0:1,\n\t1:2}"), "{ \"0\":1,\n\t\"1\":2}");
}

/* Objects as keys, as the offset tables have them, become text. */
static void test_object_keys_become_text(void **state)
{
    (void)state;
    assert_becomes(TEXT("{\"offsetTable\":{{\"topic\":\"a}\\\"b\",\"queueId\":0}:{\"x\":1},{\"q\":{1:2}}:{}}}"),
                   "{\"offsetTable\":{\"{\\\"topic\\\":\\\"a}\\\\\\\"b\\\",\\\"queueId\\\":0}\":{\"x\":1},"
                   "\"{\\\"q\\\":{1:2}}\":{}}}");
}

/* Strict JSON passes unchanged: numbers, objects in arrays, strings that look like keys. */
static void test_strict_json_passes_unchanged(void **state)
{
    static const char *const strict[] = {
        "",
        "7",
        " [1,2,{\"a\":3},{\"b\":[4,5]},-6] ",
        "{\"a\":1,\"b\":{},\"c\":[],\"{0:\":\",1:\"}",
        "{\"a\":\"\\\\\",\"b\":\"\\\"{0:\"}",
        "[{},{}]",
        "[[1],[{}],2]",
        "{\"a\":[{},1],\"b\":2}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof strict / sizeof strict[0]; i++)
        assert_becomes(text_of(strict[i]), strict[i]);
}

/* What is wrong stays wrong, for the reader to name. */
static void test_damage_is_left_to_the_reader(void **state)
{
    static const char *const damaged[] = {"{a:1}", "{\"a", "{\"a\\", "}]", "[1:2]", "{\"a\":1,,", "\0", "{'0':1}"};
    size_t offset;

    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        assert_becomes(text_of(damaged[i]), damaged[i]);
        assert_non_null(json_check(text_of(damaged[i]), &offset));
    }
    assert_becomes(TEXT("{{\"a\":"), "{\"{\\\"a\\\":\"");
    assert_becomes(TEXT("{0"), "{\"0\"");
}

/* Deeper than the reader goes nothing is touched. */
static void test_depth_has_a_limit(void **state)
{
    enum { LEVELS = 5 * JSON_DEPTH_MAX };
    struct buffer text, out;

    (void)state;
    buffer_init(&text, 1 << 20);
    buffer_init(&out, 1 << 20);
    for (int i = 0; i < LEVELS; i++)
        buffer_append_string(&text, "{0:");
    assert_int_equal(json_quote_bare_keys(buffer_text(&text), &out), 0);
    assert_int_equal(out.length, text.length + 2 * JSON_DEPTH_MAX);
    buffer_release(&text);
    buffer_release(&out);
}

/* The ceiling of the buffer holds; what was in it stays in front. */
static void test_the_ceiling_holds(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 8);
    assert_int_equal(json_quote_bare_keys(TEXT("{0:\"12345\"}"), &out), -1);
    assert_true(out.failed);
    buffer_release(&out);

    buffer_init(&out, 100);
    buffer_append_string(&out, "> ");
    assert_int_equal(json_quote_bare_keys(TEXT("{0:1}"), &out), 0);
    assert_string_equal(out.data, "> {\"0\":1}");
    buffer_release(&out);
}

/* A padded copy has the text and then zeros; no text is fine. */
static void test_padding_is_zeros(void **state)
{
    static const char zeros[JSON_PADDING];

    (void)state;
    char *padded = json_pad(TEXT("abc"));
    assert_memory_equal(padded, "abc", 3);
    assert_memory_equal(padded + 3, zeros, JSON_PADDING);
    free(padded);
    padded = json_pad((struct text){NULL, 0});
    assert_memory_equal(padded, zeros, JSON_PADDING);
    free(padded);
    assert_null(json_pad((struct text){"", SIZE_MAX}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_keys_get_quotes),
        cmocka_unit_test(test_object_keys_become_text),
        cmocka_unit_test(test_strict_json_passes_unchanged),
        cmocka_unit_test(test_damage_is_left_to_the_reader),
        cmocka_unit_test(test_depth_has_a_limit),
        cmocka_unit_test(test_the_ceiling_holds),
        cmocka_unit_test(test_padding_is_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
