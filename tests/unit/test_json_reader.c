/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"

enum { SPOKEN_MAX = 1 << 20 };

/* One word a token: what a reader saw, for people and for comparing. */
static void speak(struct buffer *said, const struct json_token *token)
{
    static const char *const words[] = {"END", "{", "}", "[", "]", "'", "i", "n", "true", "false", "null"};

    if (said->length > 0)
        buffer_append_char(said, ' ');
    if (token->type == JSON_BROKEN) {
        buffer_append_string(said, "BROKEN");
        return;
    }
    if (token->key.data) {
        buffer_append_text(said, token->key);
        buffer_append_char(said, '=');
    }
    buffer_append_string(said, words[token->type]);
    if (token->type == JSON_INTEGER)
        buffer_append_format(said, "%" PRId64, token->integer);
    if (token->type == JSON_STRING || token->type == JSON_NUMBER)
        buffer_append_text(said, token->text);
}

/* Every text is read from an allocation of its own, so that a byte read behind the padding is seen. */
struct reading {
    char *padded;
    struct json_reader *reader;
    struct buffer said;
};

static void reading_open(struct reading *reading, struct text text)
{
    struct failure why = FAILURE_INIT;

    reading->padded = json_pad(text);
    assert_non_null(reading->padded);
    reading->reader = json_reader_new((struct text){reading->padded, text.bytes}, &why);
    assert_non_null(reading->reader);
    buffer_init(&reading->said, SPOKEN_MAX);
}

static void reading_close(struct reading *reading)
{
    json_reader_free(reading->reader);
    free(reading->padded);
    buffer_release(&reading->said);
}

static const char *hear(struct reading *reading)
{
    struct json_token token;

    do {
        json_next(reading->reader, &token);
        speak(&reading->said, &token);
    } while (token.type > JSON_END);
    assert_false(reading->said.failed);
    return reading->said.data;
}

static void assert_reads(struct text text, const char *expected)
{
    struct reading reading;

    reading_open(&reading, text);
    assert_string_equal(hear(&reading), expected);
    reading_close(&reading);
}

static void assert_breaks(struct text text, const char *error, size_t offset)
{
    struct reading reading;
    struct json_token token;

    reading_open(&reading, text);
    while (json_next(reading.reader, &token) > JSON_END)
        continue;
    assert_int_equal(token.type, JSON_BROKEN);
    assert_string_equal(json_reader_error(reading.reader), error);
    assert_int_equal(json_reader_error_offset(reading.reader), offset);
    assert_int_equal(json_next(reading.reader, &token), JSON_BROKEN);
    reading_close(&reading);
}

/* A token comes for every beginning, end and scalar, with the member's key. */
static void test_tokens_come_in_order_with_their_keys(void **state)
{
    (void)state;
    assert_reads(TEXT("{\"a\":1,\"b\":[true]}"), "{ a=i1 b=[ true ] } END");
    assert_reads(TEXT(" [ ] "), "[ ] END");
    assert_reads(TEXT("{}"), "{ } END");
    assert_reads(TEXT("{\"\":{\"x\":null},\"y\":[[],{},\"s\",false]}"), "{ ={ x=null } y=[ [ ] { } 's false ] } END");
    assert_reads(TEXT("\r\n\t \"root\"\n"), "'root END");
    assert_reads(TEXT("-7"), "i-7 END");
    assert_reads(TEXT("null"), "null END");
}

/* Keys of elements and of the root are NULL; an empty key is not. */
static void test_only_members_have_keys(void **state)
{
    struct reading reading;
    struct json_token token;

    (void)state;
    reading_open(&reading, TEXT("[{\"\":0}]"));
    json_next(reading.reader, &token);
    assert_null(token.key.data);
    json_next(reading.reader, &token);
    assert_null(token.key.data);
    json_next(reading.reader, &token);
    assert_non_null(token.key.data);
    assert_int_equal(token.key.bytes, 0);
    reading_close(&reading);
}

/* Offsets are those of the key, else of the value, and count the byte order mark. */
static void test_offsets_and_depths(void **state)
{
    static const struct {
        enum json_type type;
        size_t offset;
        unsigned depth;
    } expected[] = {{JSON_BEGIN_OBJECT, 4, 0}, {JSON_INTEGER, 6, 1},    {JSON_BEGIN_ARRAY, 13, 1},
                    {JSON_STRING, 18, 2},      {JSON_END_ARRAY, 21, 1}, {JSON_END_OBJECT, 22, 0},
                    {JSON_END, 24, 0}};
    struct reading reading;
    struct json_token token;

    (void)state;
    reading_open(&reading, TEXT("\xEF\xBB\xBF { \"a\": 1,\"b\":[\"x\"]} "));
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(json_next(reading.reader, &token), expected[i].type);
        assert_int_equal(token.offset, expected[i].offset);
        assert_int_equal(token.depth, expected[i].depth);
    }
    reading_close(&reading);
}

/* After the end there is nothing but the end. */
static void test_the_end_repeats(void **state)
{
    struct reading reading;
    struct json_token token;

    (void)state;
    reading_open(&reading, TEXT("1"));
    assert_int_equal(json_next(reading.reader, &token), JSON_INTEGER);
    assert_int_equal(json_next(reading.reader, &token), JSON_END);
    assert_int_equal(json_next(reading.reader, &token), JSON_END);
    assert_string_equal(json_reader_error(reading.reader), "");
    reading_close(&reading);
}

/* Escapes in keys and texts are replaced; texts stay until the reader goes. */
static void test_escapes_are_replaced(void **state)
{
    struct reading reading;
    struct json_token first, second;

    (void)state;
    assert_reads(TEXT("{\"\\u0061\\/\":\"\\\"\\\\\\b\\f\\n\\r\\t\"}"), "{ a/='\"\\\b\f\n\r\t } END");
    assert_reads(TEXT("[\"\\u00e9\\u4E2d\\ud83d\\uDE00\\u2028\"]"),
                 "[ '\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80\xE2\x80\xA8 ] END");
    assert_reads(TEXT("[\"plain\",\"a\\\\\",\"b\",\"\\\\\\\"\",\"c\"]"), "[ 'plain 'a\\ 'b '\\\" 'c ] END");

    reading_open(&reading, TEXT("[\"a\\tb\",\"c\\td\"]"));
    json_next(reading.reader, &first);
    json_next(reading.reader, &first);
    json_next(reading.reader, &second);
    assert_true(text_is(first.text, "a\tb"));
    assert_true(text_is(second.text, "c\td"));
    reading_close(&reading);
}

/* A text without a backslash is a view of the input, not a copy. */
static void test_plain_texts_are_views(void **state)
{
    struct reading reading;
    struct json_token token;

    (void)state;
    reading_open(&reading, TEXT("[\"abc\"]"));
    json_next(reading.reader, &token);
    json_next(reading.reader, &token);
    assert_ptr_equal(token.text.data, reading.padded + 2);
    reading_close(&reading);
}

/* int64 is exact up to its ends; everything else keeps its spelling. */
static void test_numbers_keep_their_value_or_their_spelling(void **state)
{
    (void)state;
    assert_reads(TEXT("[0,-0,10,9223372036854775807,-9223372036854775808]"),
                 "[ i0 i0 i10 i9223372036854775807 i-9223372036854775808 ] END");
    assert_reads(TEXT("[9223372036854775808,-9223372036854775809,18446744073709551616,100000000000000000000]"),
                 "[ n9223372036854775808 n-9223372036854775809 n18446744073709551616 n100000000000000000000 ] END");
    assert_reads(TEXT("[1.0,-0.5e-3,1E+2,0e0,1e-400,0.0e999,0e99999999999999]"),
                 "[ n1.0 n-0.5e-3 n1E+2 n0e0 n1e-400 n0.0e999 n0e99999999999999 ] END");
    assert_reads(TEXT("[1.7976931348623158e308,-17.976931348623157E307,0.00017976931348623157e312,1e308]"),
                 "[ n1.7976931348623158e308 n-17.976931348623157E307 n0.00017976931348623157e312 n1e308 ] END");
}

/* What no double can hold, and what is no number, is refused where it begins. */
static void test_bad_numbers_are_refused(void **state)
{
    static const char *const bad[] = {"1e400",
                                      "1.797693134862315808e308",
                                      "2e308",
                                      "-1e309",
                                      "1e99999999999999999999",
                                      "1.",
                                      ".5",
                                      "1.e3",
                                      "1e",
                                      "1e+",
                                      "-",
                                      "--1",
                                      "0x10",
                                      "1_000",
                                      "1a",
                                      "1.2.3",
                                      "1-2",
                                      "1e5.0"};
    static const char *const zeros[] = {"01", "-01", "00", "007.5"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bool begins_like_one = bad[i][0] != '.';
        assert_breaks(text_of(bad[i]),
                      begins_like_one ? "this is no number of JSON, or too large for one" : "a value was expected", 0);
    }
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
        assert_breaks(text_of(zeros[i]), "a number begins with 0", 0);
    assert_breaks(TEXT("[+1]"), "a value was expected", 1);
    assert_breaks(TEXT("[-Infinity]"), "this is no number of JSON, or too large for one", 1);
}

/* 400 digits are more than a double holds, 300 are not. */
static void test_very_long_integers(void **state)
{
    char digits[400];

    (void)state;
    memset(digits, '9', sizeof digits);
    struct reading reading;
    struct json_token token;
    reading_open(&reading, (struct text){digits, 300});
    assert_int_equal(json_next(reading.reader, &token), JSON_NUMBER);
    assert_int_equal(token.text.bytes, 300);
    assert_int_equal(json_next(reading.reader, &token), JSON_END);
    reading_close(&reading);
    assert_breaks((struct text){digits, 400}, "this is no number of JSON, or too large for one", 0);
}

/* Each kind of damage has its own sentence and its own place. */
static void test_damage_is_named_and_placed(void **state)
{
    static const struct {
        const char *text;
        const char *error;
        size_t offset;
    } damage[] = {
        {"", "the text is empty", 0},
        {" \n\t", "the text is empty", 3},
        {"\xEF\xBB\xBF", "the text is empty", 3},
        {"{\"a\":1} {\"b\":2}", "text follows the value", 8},
        {"1 2", "text follows the value", 2},
        {"[1]]", "text follows the value", 3},
        {"\"a\"x", "text follows the value", 3},
        {"{\"a\":1}\n// end", "comments are not JSON", 8},
        {"{// why\n\"a\":1}", "comments are not JSON", 1},
        {"{\"a\":1 /* why */}", "comments are not JSON", 7},
        {"# head\n{}", "comments are not JSON", 0},
        {"{'a':1}", "text stands in double quotes in JSON, not in single ones", 1},
        {"['a']", "text stands in double quotes in JSON, not in single ones", 1},
        {"{abc:1}", "a key stands without quotes", 1},
        {"{0:\"a\"}", "a key stands without quotes", 1},
        {"{{}:1}", "a key in quotes was expected", 1},
        {"{,\"a\":1}", "a key in quotes was expected", 1},
        {"{\"a\" 1}", "a colon was expected after the key", 5},
        {"{\"a\"}", "a colon was expected after the key", 4},
        {"{\"a\":}", "a value was expected", 5},
        {"[,]", "a value was expected", 1},
        {"{\"a\":1 \"b\":2}", "a comma or } was expected", 7},
        {"{\"a\":1]", "a comma or } was expected", 6},
        {"[1 2]", "a comma or ] was expected", 3},
        {"[1:2]", "a comma or ] was expected", 2},
        {"[\"a\"\"b\"]", "a comma or ] was expected", 4},
        {"[12\"b\"]", "a comma or ] was expected", 3},
        {"[1,]", "a comma stands in front of the closing bracket", 2},
        {"{\"a\":1 , }", "a comma stands in front of the closing bracket", 7},
        {"[xx]", "a word without quotes stands where a value was expected", 1},
        {"[True]", "a word without quotes stands where a value was expected", 1},
        {"[truely]", "a word without quotes stands where a value was expected", 1},
        {"[nul]", "a word without quotes stands where a value was expected", 1},
        {"[NaN]", "NaN and Infinity are not numbers of JSON", 1},
        {"[Infinity]", "NaN and Infinity are not numbers of JSON", 1},
        {"[\"\\q\"]", "a string holds an escape that JSON does not know", 2},
        {"[\"\\u12g4\"]", "\\u needs four hexadecimal digits, and surrogates come in pairs", 2},
        {"[\"x\\ud83d\"]", "\\u needs four hexadecimal digits, and surrogates come in pairs", 3},
        {"[\"\\ud83d\\u0041\"]", "\\u needs four hexadecimal digits, and surrogates come in pairs", 2},
        {"[\"\\ude00\"]", "\\u needs four hexadecimal digits, and surrogates come in pairs", 2},
        {"{\"\\u0000\":1}", "a string holds an escaped NUL", 2},
        {"[\"a\tb\"]", "a string holds a control character that is not escaped", 3},
        {"[\"a\nb\"]", "a line ends inside a string: its closing quote is missing", 3},
        {"[\"\xFF\"]", "a string holds a byte that is not UTF-8", 2},
        {"[\"\xC0\x80\"]", "a string holds a byte that is not UTF-8", 2},
        {"[\"\xED\xA0\x80\"]", "a string holds a byte that is not UTF-8", 2},
        {"[\x80]", "a byte is not UTF-8", 1},
        {"{\n\xE3\x80\x80\"a\":1}",
         "a blank that JSON does not know (such as U+00A0 or U+3000) stands outside of a string", 2},
        {"\xC2\xA0{}", "a blank that JSON does not know (such as U+00A0 or U+3000) stands outside of a string", 0},
        {"[1\x0C]", "a comma or ] was expected", 2},
        {"[1\x1A]", "a comma or ] was expected", 2},
        {"\xFF\xFE{", "the text is UTF-16, not UTF-8", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++)
        assert_breaks(text_of(damage[i].text), damage[i].error, damage[i].offset);
}

/* Files of NUL bytes are what a power cut leaves behind: they are called so. */
static void test_nul_bytes_are_named(void **state)
{
    char zeros[1000] = {0};

    (void)state;
    assert_breaks((struct text){zeros, sizeof zeros}, "the file is full of NUL bytes", 0);
    assert_breaks(TEXT("{\"a\":1}\0\0"), "a NUL byte stands in the text", 7);
    assert_breaks(TEXT("[1\0]"), "a NUL byte stands in the text", 2);
    assert_breaks(TEXT("[1,\0]"), "a NUL byte stands in the text", 3);
    assert_breaks(TEXT("[\"\0\"]"), "a string holds a control character that is not escaped", 2);
    assert_breaks(TEXT("1 \0"), "a NUL byte stands in the text", 2);
}

/* A text cut anywhere says inside of what it was cut, and points to its end. */
static void test_every_cut_is_named(void **state)
{
    static const char whole[] =
        "{\"k\\n\":[1,-2.5e+3,\"\xE4\xB8\xAD\\ud83d\\ude00\"],\"l\":{\"m\":true},\"n\":null , \"o\":false }";

    (void)state;
    for (size_t bytes = 1; bytes < sizeof whole - 1; bytes++) {
        size_t offset = 0;
        const char *error = json_check((struct text){whole, bytes}, &offset);
        assert_non_null(error);
        assert_int_equal(offset, bytes);
        assert_int_equal(strncmp(error, "the text ends inside a", 22), 0);
        assert_breaks((struct text){whole, bytes}, error, bytes);
    }
    assert_breaks(TEXT("{\"a"), "the text ends inside a string", 3);
    assert_breaks(TEXT("{\"a\":"), "the text ends inside an object", 5);
    assert_breaks(TEXT("[[1],"), "the text ends inside an array", 5);
}

/* The padding is no part of the text, whatever it holds. */
static void test_the_padding_is_not_read_as_text(void **state)
{
    char bytes[2 + JSON_PADDING];
    struct failure why = FAILURE_INIT;
    struct json_token token;

    (void)state;
    memset(bytes, '7', sizeof bytes);
    struct json_reader *reader = json_reader_new((struct text){bytes, 2}, &why);
    assert_int_equal(json_next(reader, &token), JSON_INTEGER);
    assert_int_equal(token.integer, 77);
    assert_int_equal(json_next(reader, &token), JSON_END);
    json_reader_free(reader);

    memset(bytes, ']', sizeof bytes);
    bytes[0] = '[';
    bytes[1] = '1';
    reader = json_reader_new((struct text){bytes, 2}, &why);
    assert_int_equal(json_next(reader, &token), JSON_BEGIN_ARRAY);
    assert_int_equal(json_next(reader, &token), JSON_INTEGER);
    assert_int_equal(json_next(reader, &token), JSON_BROKEN);
    json_reader_free(reader);
}

/* An absent text is an empty one. */
static void test_no_text_at_all(void **state)
{
    struct failure why = FAILURE_INIT;
    struct json_token token;

    (void)state;
    struct json_reader *reader = json_reader_new((struct text){NULL, 0}, &why);
    assert_int_equal(json_next(reader, &token), JSON_BROKEN);
    assert_string_equal(json_reader_error(reader), "the text is empty");
    json_reader_free(reader);
    json_reader_free(NULL);
}

/* 64 levels are read, the 65th is refused where it opens, 100,000 do no harm. */
static void test_depth_has_a_limit(void **state)
{
    char nested[2 * JSON_DEPTH_MAX];
    struct reading reading;
    struct json_token token;

    (void)state;
    memset(nested, '[', JSON_DEPTH_MAX);
    memset(nested + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    reading_open(&reading, (struct text){nested, sizeof nested});
    for (size_t i = 0; i < sizeof nested; i++)
        assert_int_equal(json_next(reading.reader, &token), i < JSON_DEPTH_MAX ? JSON_BEGIN_ARRAY : JSON_END_ARRAY);
    assert_int_equal(json_next(reading.reader, &token), JSON_END);
    reading_close(&reading);

    char *deep = malloc(100000);
    assert_non_null(deep);
    memset(deep, '[', 100000);
    assert_breaks((struct text){deep, 100000}, "objects and arrays are nested too deep (64 levels are allowed)",
                  JSON_DEPTH_MAX);
    free(deep);
}

/* Objects and arrays may change places at every level. */
static void test_mixed_levels_keep_their_brackets(void **state)
{
    (void)state;
    assert_reads(TEXT("[{\"a\":[{\"b\":[]}]},{\"c\":{\"d\":[{}]}}]"),
                 "[ { a=[ { b=[ ] } ] } { c={ d=[ { } ] } } ] END");
    assert_breaks(TEXT("[{\"a\":[}]}]"), "a value was expected", 7);
}

/* Skipping consumes the value, whatever was read of it already, and checks it. */
static void test_skip_checks_what_it_passes(void **state)
{
    struct reading reading;
    struct json_token object, token;

    (void)state;
    reading_open(&reading, TEXT("{\"a\":{\"b\":[1,{\"c\":2}],\"d\":3},\"e\":4}"));
    json_next(reading.reader, &token);
    json_next(reading.reader, &object);
    json_next(reading.reader, &token);
    json_next(reading.reader, &token);
    assert_int_equal(json_skip(reading.reader, &token), 0);
    assert_int_equal(json_skip(reading.reader, &object), 0);
    json_next(reading.reader, &token);
    assert_true(text_is(token.key, "e"));
    reading_close(&reading);

    reading_open(&reading, TEXT("{\"a\":1,\"b\":[xx,01,\"\\q\"],\"a\":2}"));
    json_next(reading.reader, &object);
    assert_int_equal(json_skip(reading.reader, &object), -1);
    assert_int_equal(json_reader_error_offset(reading.reader), 12);
    assert_int_equal(json_skip(reading.reader, &object), -1);
    reading_close(&reading);
}

/* The reader takes exactly the texts in which json_check finds nothing. */
static void assert_agree(struct text text)
{
    struct failure why = FAILURE_INIT;
    struct json_token token;
    size_t offset;
    const char *error = json_check(text, &offset);
    char *padded = json_pad(text);
    struct json_reader *reader = json_reader_new((struct text){padded, text.bytes}, &why);

    assert_non_null(reader);
    while (json_next(reader, &token) > JSON_END)
        continue;
    assert_int_equal(token.type, error ? JSON_BROKEN : JSON_END);
    assert_string_equal(json_reader_error(reader), error ? error : "");
    json_reader_free(reader);
    free(padded);
}

/* Every byte of a good text replaced by every byte that means something: reader and check never disagree. */
static void test_reader_and_check_agree_on_damaged_texts(void **state)
{
    static const char whole[] =
        "{\"k\\n\" :[1,-2.5e+3,\"\xE4\xB8\xAD\\ud83d\\ude00\"],\"l\":{},\"m\":[true , false],\"n\":null}\n";
    static const char bytes[] = "\0\x01\n\r \"\\/'{}[]:,0123456789-+.eEuUdDtfnab\x0C\x1A\x7F\x80\xC2\xE3\xED\xF0\xFF";
    char damaged[sizeof whole];

    (void)state;
    assert_agree((struct text){whole, sizeof whole - 1});
    for (size_t at = 0; at < sizeof whole - 1; at++) {
        for (size_t i = 0; i < sizeof bytes - 1; i++) {
            memcpy(damaged, whole, sizeof whole);
            damaged[at] = bytes[i];
            assert_agree((struct text){damaged, sizeof whole - 1});
        }
    }
}

/* How a long text is built: many items, with a filler that moves every boundary. */
static void append_items(struct buffer *text, size_t count, const char *separator, const char *remark)
{
    buffer_append_char(text, '[');
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(text, i > 0 ? separator : "");
        buffer_append_format(text, "{\"name\":\"topic_%zu\",\"number\":%zu,\"remark\":\"%s\"}", i, i, remark);
    }
    buffer_append_char(text, ']');
}

static void assert_items(struct text text, size_t count, const char *remark)
{
    struct reading reading;
    struct json_token token;
    char name[32];

    reading_open(&reading, text);
    assert_int_equal(json_next(reading.reader, &token), JSON_BEGIN_ARRAY);
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "topic_%zu", i);
        assert_int_equal(json_next(reading.reader, &token), JSON_BEGIN_OBJECT);
        assert_int_equal(json_next(reading.reader, &token), JSON_STRING);
        assert_true(text_is(token.key, "name"));
        assert_true(text_is(token.text, name));
        assert_int_equal(json_next(reading.reader, &token), JSON_INTEGER);
        assert_int_equal(token.integer, i);
        assert_int_equal(json_next(reading.reader, &token), JSON_STRING);
        assert_true(text_is(token.text, remark));
        assert_int_equal(json_next(reading.reader, &token), JSON_END_OBJECT);
    }
    assert_int_equal(json_next(reading.reader, &token), JSON_END_ARRAY);
    assert_int_equal(json_next(reading.reader, &token), JSON_END);
    reading_close(&reading);
}

/* A text of many pieces reads like a short one: lines, one long line, commas in strings, escapes. */
static void test_long_texts_are_read_in_pieces(void **state)
{
    static const struct {
        const char *separator;
        const char *written;
        const char *remark;
    } cases[] = {
        {",\n", "plain", "plain"},
        {",", "plain", "plain"},
        {",", "a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q", "a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q"},
        {"\r\n\t ,\r\n ", "\\\"\\\\,", "\"\\,"},
    };
    struct buffer text;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buffer_init(&text, 16 << 20);
        append_items(&text, 20000, cases[i].separator, cases[i].written);
        assert_items(buffer_text(&text), 20000, cases[i].remark);
        buffer_release(&text);
    }
}

/* Strings, blanks and numbers may be longer than a piece. */
static void test_tokens_longer_than_a_piece(void **state)
{
    enum { LONG = 700000 };
    struct buffer text;
    struct reading reading;
    struct json_token token;

    (void)state;
    buffer_init(&text, 16 << 20);
    buffer_append_string(&text, "[\"");
    for (size_t i = 0; i < LONG / 2; i++)
        buffer_append_string(&text, "x,");
    buffer_append_string(&text, "\",\n\"");
    for (size_t i = 0; i < LONG / 2; i++)
        buffer_append_string(&text, "\\n");
    buffer_append_string(&text, "\",0.");
    for (size_t i = 0; i < LONG; i++)
        buffer_append_char(&text, '3');
    for (size_t i = 0; i < LONG; i++)
        buffer_append_char(&text, i % 1000 == 0 ? '\n' : ' ');
    buffer_append_string(&text, "]");
    for (size_t i = 0; i < LONG; i++)
        buffer_append_char(&text, '\n');

    reading_open(&reading, buffer_text(&text));
    json_next(reading.reader, &token);
    assert_int_equal(json_next(reading.reader, &token), JSON_STRING);
    assert_int_equal(token.text.bytes, LONG);
    assert_int_equal(json_next(reading.reader, &token), JSON_STRING);
    assert_int_equal(token.text.bytes, LONG / 2);
    assert_int_equal(json_next(reading.reader, &token), JSON_NUMBER);
    assert_int_equal(token.text.bytes, LONG + 2);
    assert_int_equal(json_next(reading.reader, &token), JSON_END_ARRAY);
    assert_int_equal(json_next(reading.reader, &token), JSON_END);
    reading_close(&reading);
    buffer_release(&text);
}

/* Damage far into a long text is placed exactly, and what is in front of it was read. */
static void test_damage_behind_many_pieces(void **state)
{
    static const struct {
        const char *tail;
        const char *error;
        size_t behind;
    } tails[] = {
        {"\n\"\xFF\"]", "a comma or ] was expected", 1},
        {",\n\"\xFF\"]", "a string holds a byte that is not UTF-8", 3},
        {",\n\"never closed", "the text ends inside a string", 15},
        {"]\n\n,", "text follows the value", 3},
        {"", "the text ends inside an array", 0},
    };
    struct buffer text;

    (void)state;
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        buffer_init(&text, 16 << 20);
        append_items(&text, 20000, ",\n", "plain");
        text.length--;
        size_t good = text.length;
        buffer_append_string(&text, tails[i].tail);
        assert_breaks(buffer_text(&text), tails[i].error, good + tails[i].behind);
        buffer_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_come_in_order_with_their_keys),
        cmocka_unit_test(test_only_members_have_keys),
        cmocka_unit_test(test_offsets_and_depths),
        cmocka_unit_test(test_the_end_repeats),
        cmocka_unit_test(test_escapes_are_replaced),
        cmocka_unit_test(test_plain_texts_are_views),
        cmocka_unit_test(test_numbers_keep_their_value_or_their_spelling),
        cmocka_unit_test(test_bad_numbers_are_refused),
        cmocka_unit_test(test_very_long_integers),
        cmocka_unit_test(test_damage_is_named_and_placed),
        cmocka_unit_test(test_nul_bytes_are_named),
        cmocka_unit_test(test_every_cut_is_named),
        cmocka_unit_test(test_the_padding_is_not_read_as_text),
        cmocka_unit_test(test_no_text_at_all),
        cmocka_unit_test(test_depth_has_a_limit),
        cmocka_unit_test(test_mixed_levels_keep_their_brackets),
        cmocka_unit_test(test_skip_checks_what_it_passes),
        cmocka_unit_test(test_reader_and_check_agree_on_damaged_texts),
        cmocka_unit_test(test_long_texts_are_read_in_pieces),
        cmocka_unit_test(test_tokens_longer_than_a_piece),
        cmocka_unit_test(test_damage_behind_many_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
