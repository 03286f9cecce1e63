/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "api/base/json.h"

enum { OUT_MAX = 1 << 16 };

struct writing {
    struct buffer out;
    struct json_writer json;
};

static void writing_open(struct writing *writing, uint8_t indent)
{
    buffer_init(&writing->out, OUT_MAX);
    json_writer_init(&writing->json, &writing->out, indent);
}

static void assert_written(struct writing *writing, const char *expected)
{
    assert_false(writing->out.failed);
    assert_string_equal(writing->out.data, expected);
    buffer_release(&writing->out);
}

/* One of everything, the same calls for every layout. */
static void write_sample(struct json_writer *json)
{
    json_write_begin_object(json);
    json_write_key(json, "name");
    json_write_string(json, "a/b");
    json_write_key_text(json, TEXT("items"));
    json_write_begin_array(json);
    for (int64_t i = 1; i <= 2; i++) {
        json_write_begin_object_inline(json);
        json_write_key(json, "n");
        json_write_integer(json, i);
        json_write_key(json, "list");
        json_write_begin_array(json);
        json_write_bool(json, true);
        json_write_null(json);
        json_write_end_array(json);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    json_write_key(json, "empty");
    json_write_begin_object(json);
    json_write_end_object(json);
    json_write_key(json, "none");
    json_write_begin_array_inline(json);
    json_write_end_array(json);
    json_write_key(json, "raw");
    json_write_raw(json, TEXT("{\"x\":1}"));
    json_write_end_object(json);
}

/* Without an indent there is no blank at all. */
static void test_compact(void **state)
{
    struct writing writing;

    (void)state;
    writing_open(&writing, 0);
    write_sample(&writing.json);
    assert_written(&writing,
                   "{\"name\":\"a/b\",\"items\":[{\"n\":1,\"list\":[true,null]},{\"n\":2,\"list\":[true,null]}],"
                   "\"empty\":{},\"none\":[],\"raw\":{\"x\":1}}");
}

/* With an indent, what is inline keeps to its line, whatever is inside of it. */
static void test_indented_with_items_on_their_lines(void **state)
{
    struct writing writing;

    (void)state;
    writing_open(&writing, 2);
    write_sample(&writing.json);
    assert_written(&writing, "{\n"
                             "  \"name\": \"a/b\",\n"
                             "  \"items\": [\n"
                             "    {\"n\": 1, \"list\": [true, null]},\n"
                             "    {\"n\": 2, \"list\": [true, null]}\n"
                             "  ],\n"
                             "  \"empty\": {},\n"
                             "  \"none\": [],\n"
                             "  \"raw\": {\"x\":1}\n"
                             "}");
}

/* A level may be indented further than any run of blanks that is kept ready. */
static void test_deep_indent(void **state)
{
    struct writing writing;
    struct text out;

    (void)state;
    writing_open(&writing, 8);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        json_write_begin_array(&writing.json);
    json_write_integer(&writing.json, 7);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        json_write_end_array(&writing.json);
    out = buffer_text(&writing.out);
    size_t seven = 0;
    while (out.data[seven] != '7')
        seven++;
    for (size_t i = 1; i <= 8 * JSON_DEPTH_MAX; i++)
        assert_int_equal(out.data[seven - i], ' ');
    assert_int_equal(out.data[seven - 8 * JSON_DEPTH_MAX - 1], '\n');
    assert_int_equal(out.data[out.bytes - 1], ']');
    buffer_release(&writing.out);
}

/* Quotes, backslashes, control characters, DEL, separators and changes of direction are escaped; slashes and other
 * UTF-8 are not. */
static void test_escapes(void **state)
{
    struct writing writing;

    (void)state;
    writing_open(&writing, 0);
    json_write_text(&writing.json, TEXT("\"\\/\b\f\n\r\t\0\x01\x1F\x7F"));
    assert_written(&writing, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\\u007f\"");

    writing_open(&writing, 0);
    json_write_string(&writing.json, "\xC3\xA9\xE2\x80\xA7\xE2\x80\xA8\xE2\x80\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80");
    assert_written(&writing, "\"\xC3\xA9\xE2\x80\xA7\\u2028\\u2029\xE4\xB8\xAD\xF0\x9F\x98\x80\"");

    writing_open(&writing, 0);
    json_write_string(&writing.json,
                      "\xC2\x80\xC2\x9B\xC2\x9F\xC2\xA0\xE2\x80\xAE\xE2\x81\xA6\xEF\xBF\xBD\xEF\xBF\xBE\xEF\xBF\xBF");
    assert_written(&writing, "\"\\u0080\\u009b\\u009f\xC2\xA0\\u202e\\u2066\xEF\xBF\xBD\\ufffe\\uffff\"");
}

/* Every byte that is not UTF-8 becomes one U+FFFD; what is around it stays. */
static void test_bytes_that_are_not_utf8(void **state)
{
    struct writing writing;

    (void)state;
    writing_open(&writing, 0);
    json_write_string(&writing.json, "a\xFF"
                                     "b\xE4\xB8"
                                     "c\xED\xA0\x80");
    assert_written(&writing, "\"a\xEF\xBF\xBD"
                             "b\xEF\xBF\xBD\xEF\xBF\xBD"
                             "c\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

/* Keys are escaped like values; absent and empty texts are "". */
static void test_keys_and_empty_texts(void **state)
{
    struct writing writing;

    (void)state;
    writing_open(&writing, 0);
    json_write_begin_object(&writing.json);
    json_write_key(&writing.json, "a\"b");
    json_write_string(&writing.json, NULL);
    json_write_key(&writing.json, "");
    json_write_text(&writing.json, (struct text){NULL, 0});
    json_write_end_object(&writing.json);
    assert_written(&writing, "{\"a\\\"b\":\"\",\"\":\"\"}");
}

/* Integers are exact to their ends. */
static void test_integers(void **state)
{
    struct writing writing;

    (void)state;
    writing_open(&writing, 0);
    json_write_begin_array(&writing.json);
    json_write_integer(&writing.json, 0);
    json_write_integer(&writing.json, -1);
    json_write_integer(&writing.json, INT64_MIN);
    json_write_integer(&writing.json, INT64_MAX);
    json_write_unsigned(&writing.json, UINT64_MAX);
    json_write_end_array(&writing.json);
    assert_written(&writing, "[0,-1,-9223372036854775808,9223372036854775807,18446744073709551615]");
}

/* Reals are as short as they can be and come back as the same double; what JSON cannot say is null. */
static void test_reals(void **state)
{
    static const double values[] = {0.1, 1.0 / 3.0, 1e300, 5e-324, 123456789.25, -0.0};
    struct writing writing;

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        writing_open(&writing, 0);
        json_write_real(&writing.json, values[i]);
        double again = strtod(writing.out.data, NULL);
        assert_memory_equal(&again, &values[i], sizeof again);
        buffer_release(&writing.out);
    }
    writing_open(&writing, 0);
    json_write_begin_array(&writing.json);
    json_write_real(&writing.json, 0.1);
    json_write_real(&writing.json, 2.5);
    json_write_real(&writing.json, 3);
    json_write_real(&writing.json, NAN);
    json_write_real(&writing.json, -INFINITY);
    json_write_bool(&writing.json, false);
    json_write_end_array(&writing.json);
    assert_written(&writing, "[0.1,2.5,3,null,null,false]");
}

/* Documents of JSON lines need no comma between them. */
static void test_lines_of_documents(void **state)
{
    struct writing writing;

    (void)state;
    writing_open(&writing, 0);
    for (int i = 0; i < 2; i++) {
        json_write_begin_object(&writing.json);
        json_write_key(&writing.json, "a");
        json_write_integer(&writing.json, i);
        json_write_end_object(&writing.json);
        json_write_newline(&writing.json);
    }
    assert_written(&writing, "{\"a\":0}\n{\"a\":1}\n");
}

/* Meeting the ceiling shows once, at the end: nothing half-built is left. */
static void test_the_ceiling_shows_at_the_end(void **state)
{
    struct buffer out;
    struct json_writer json;

    (void)state;
    buffer_init(&out, 20);
    json_writer_init(&json, &out, 2);
    write_sample(&json);
    assert_true(out.failed);
    assert_int_equal(buffer_text(&out).bytes, 0);
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compact),
        cmocka_unit_test(test_indented_with_items_on_their_lines),
        cmocka_unit_test(test_deep_indent),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_bytes_that_are_not_utf8),
        cmocka_unit_test(test_keys_and_empty_texts),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_reals),
        cmocka_unit_test(test_lines_of_documents),
        cmocka_unit_test(test_the_ceiling_shows_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
