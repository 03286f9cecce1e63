/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/base/strings.h"

/* Well-formed text of every sequence length passes, at every alignment of the eight-byte steps. */
static void well_formed_text_passes(void **state)
{
    (void)state;
    static const char text[] =
        "plain ASCII first, then \xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80 and \xED\x9F\xBF \xEE\x80\x80 "
        "\xF4\x8F\xBF\xBF \xC2\x80 \xE0\xA0\x80 \xF0\x90\x80\x80 the end";
    for (size_t i = 0; i < 24; i++)
        assert_int_equal(utf8_check((struct text){text + i, sizeof text - 1 - i}), sizeof text - 1 - i);
    assert_int_equal(utf8_check((struct text){NULL, 0}), 0);
    assert_int_equal(utf8_check(TEXT("a\0b")), 3);
}

/* Every kind of malformed sequence is found at its first byte, wherever it stands. */
static void malformed_text_is_found_where_it_starts(void **state)
{
    (void)state;
    static const char *const malformed[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xC3",
        "\xC3(",
        "\xE4\xB8",
        "\xE4(\xAD",
        "\xE4\xB8(",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF0\x9F\x98",
        "\xF5\x80\x80\x80",
        "\xFF",
        "\xFE",
    };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        for (size_t before = 0; before < 20; before++) {
            char text[40];
            memset(text, 'x', before);
            memcpy(text + before, malformed[i], strlen(malformed[i]));
            size_t bytes = before + strlen(malformed[i]);
            assert_int_equal(utf8_check((struct text){text, bytes}), before);
        }
    }
}

/* Decoding tells code point and length. */
static void code_points_are_decoded(void **state)
{
    (void)state;
    uint32_t code_point = 0;
    assert_int_equal(utf8_decode(TEXT("xé"), 0, &code_point), 1);
    assert_int_equal(code_point, 'x');
    assert_int_equal(utf8_decode(TEXT("xé"), 1, &code_point), 2);
    assert_int_equal(code_point, 0xE9);
    assert_int_equal(utf8_decode(TEXT("中"), 0, &code_point), 3);
    assert_int_equal(code_point, 0x4E2D);
    assert_int_equal(utf8_decode(TEXT("\xF0\x9F\x98\x80"), 0, &code_point), 4);
    assert_int_equal(code_point, 0x1F600);
    assert_int_equal(utf8_decode(TEXT("中"), 1, &code_point), 0);
}

/* Columns: one for most, two for East Asian wide ones and emoji, none for marks that combine. */
static void widths_are_those_of_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(utf8_width(TEXT("")), 0);
    assert_int_equal(utf8_width(TEXT("orders")), 6);
    assert_int_equal(utf8_width(TEXT("é")), 1);
    assert_int_equal(utf8_width(TEXT("e\xCC\x81")), 1);
    assert_int_equal(utf8_width(TEXT("订单")), 4);
    assert_int_equal(utf8_width(TEXT("한글")), 4);
    assert_int_equal(utf8_width(TEXT("ＡＢ")), 4);
    assert_int_equal(utf8_width(TEXT("\xF0\x9F\x98\x80")), 2);
    assert_int_equal(utf8_width(TEXT("a\xE2\x80\x8B"
                                     "b")),
                     2);
    assert_int_equal(utf8_width(TEXT("\xF3\xA0\x87\xAF")), 0);
    assert_int_equal(utf8_width(TEXT("a\xFF"
                                     "b")),
                     3);
}

static void assert_escaped(struct text text, const char *expected)
{
    struct buffer buffer;
    buffer_init(&buffer, 200);
    assert_int_equal(escape_append(&buffer, text), 0);
    assert_string_equal(buffer.data, expected);
    buffer_release(&buffer);
}

/* Nothing that could move a cursor, end a line or reverse the text gets through; the rest does, as it is. */
static void foreign_text_is_escaped(void **state)
{
    (void)state;
    assert_escaped(TEXT(""), "");
    assert_escaped((struct text){NULL, 0}, "");
    assert_escaped(TEXT("订单 orders é \\ \""), "订单 orders é \\ \"");
    assert_escaped(TEXT("a\x1B[31mb\nc\td\x7F"), "a\\x1b[31mb\\x0ac\\x09d\\x7f");
    assert_escaped(TEXT("nul\0nul"), "nul\\x00nul");
    assert_escaped(TEXT("\xC2\x85\xC2\x9B"), "\\u0085\\u009b");
    assert_escaped(TEXT("\xFFok\xE4\xB8"), "\\xffok\\xe4\\xb8");
    assert_escaped(TEXT("a\xE2\x80\xA8"
                        "b\xE2\x80\xAE"
                        "c\xE2\x81\xA6"
                        "d"),
                   "a\\u2028b\\u202ec\\u2066d");
}

/* A text that does not fit fails as a whole. */
static void escaping_honours_the_ceiling(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 6);
    assert_int_equal(escape_append(&buffer, TEXT("abc\x01")), -1);
    assert_true(buffer.failed);
    buffer_release(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_text_passes), cmocka_unit_test(malformed_text_is_found_where_it_starts),
        cmocka_unit_test(code_points_are_decoded), cmocka_unit_test(widths_are_those_of_a_terminal),
        cmocka_unit_test(foreign_text_is_escaped), cmocka_unit_test(escaping_honours_the_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
