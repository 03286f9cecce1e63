/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "manifests/manifests.h"
#include "manifests/yaml_fields.h"

/* ---- what the reader hands out, as text: 'quoted', {key: value}, [item item] ---- */

static void show(struct yaml_reader *reader, const struct yaml_value *value, struct buffer *out)
{
    struct yaml_entry entry;
    struct yaml_value item;

    switch (value->shape) {
    case YAML_SCALAR:
        buffer_append_format(out, value->plain ? "%.*s" : "'%.*s'", (int)value->text.bytes, value->text.data);
        break;
    case YAML_LIST:
        buffer_append_char(out, '[');
        while (yaml_next_item(reader, &item)) {
            show(reader, &item, out);
            buffer_append_char(out, ' ');
        }
        buffer_append_char(out, ']');
        break;
    case YAML_MAP:
        buffer_append_char(out, '{');
        while (yaml_next_entry(reader, &entry)) {
            buffer_append_format(out, "%.*s: ", (int)entry.key.bytes, entry.key.data);
            show(reader, &entry.value, out);
            buffer_append_char(out, ' ');
        }
        buffer_append_char(out, '}');
        break;
    case YAML_BROKEN:
        buffer_append_string(out, "BROKEN");
        break;
    }
}

/* Reads all documents, one a line; then come the mistakes. */
static void assert_reads(struct text text, const char *expected)
{
    struct failure why = FAILURE_INIT;
    struct complaints mistakes;
    struct yaml_value root;
    struct buffer out;

    complaints_init(&mistakes);
    buffer_init(&out, 1 << 20);
    buffer_append_string(&out, "");
    struct yaml_reader *reader = yaml_reader_new(text, "t", &mistakes, &why);
    assert_non_null(reader);
    while (yaml_next_document(reader, &root)) {
        show(reader, &root, &out);
        buffer_append_char(&out, '\n');
    }
    assert_int_equal(yaml_status(reader, &why), 0);
    yaml_reader_free(reader);
    complaints_append(&out, &mistakes);
    complaints_release(&mistakes);
    assert_string_equal(out.data, expected);
    buffer_release(&out);
}

/* Several documents, lists, maps and scalars come as they stand; nothing is guessed about on, null or 0123. */
static void values_come_as_they_stand(void **state)
{
    (void)state;
    assert_reads(TEXT("a: on\nb: [1, \"2\", null, 0123]\n---\n- {x: ~}\n- |\n  two\n  lines\n"),
                 "{a: on b: [1 '2' null 0123 ] }\n[{x: ~ } 'two\nlines\n' ]\n");
}

/* An empty document is a plain scalar without text; a text without documents gives none. */
static void empty_documents_are_empty_scalars(void **state)
{
    (void)state;
    assert_reads(TEXT("---\n---\n# nothing\n"), "\n\n");
    assert_reads(TEXT("# only a comment\n"), "");
    assert_reads(TEXT(""), "");
    assert_reads((struct text){NULL, 0}, "");
}

/* A byte order mark is no part of the text and moves no column. */
static void a_byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    assert_reads(
        TEXT("\xef\xbb\xbf"
             "a: *b\n"),
        "{a: BROKEN }\nt:1:4: aliases (*) are not read here; a text that begins with * stands between quotes\n");
}

/* Anchors, aliases and tags are mistakes each, and reading goes on behind them. */
static void decorations_are_mistakes(void **state)
{
    (void)state;
    assert_reads(TEXT("a: &x 1\nb: [*x, 2, !!str 3]\n? *x\n: gone\n? [k]\n: [gone]\nc: !t {d: 1}\n"),
                 "{a: 1 b: [2 3 ] c: {d: 1 } }\n"
                 "t:1:4: anchors (&) are not read here; a text that begins with & stands between quotes\n"
                 "t:2:5: aliases (*) are not read here; a text that begins with * stands between quotes\n"
                 "t:2:12: tags (!) are not read here; a text that begins with ! stands between quotes\n"
                 "t:3:3: a key is a text here\n"
                 "t:5:3: a key is a text here\n"
                 "t:7:4: tags (!) are not read here; a text that begins with ! stands between quotes\n");
    assert_reads(TEXT("%TAG !e! tag:example.com,2000:\n---\na: 1\n"),
                 "{a: 1 }\nt:1:1: tags are not read here, and %TAG with them\n");
}

/* Where YAML breaks, reading ends with line and column of the place; what came before is there. */
static void broken_yaml_ends_reading_with_its_place(void **state)
{
    (void)state;
    assert_reads(TEXT("a: 1\n---\nb: [1, 2\nc: 3\n"),
                 "{a: 1 }\n{b: [1 2 c ] }\n"
                 "t:4:2: broken YAML: did not find expected ',' or ']' while parsing a flow sequence that begins in "
                 "line 3\n");
    assert_reads(TEXT("a:\n  b: [1"), "{a: {b: [1 ] } }\n"
                                      "t:2:8: broken YAML: did not find expected ',' or ']' while parsing a flow "
                                      "sequence that begins in line 2\n");
    assert_reads(TEXT("a:\n\t- 1\n"), "{}\nt:2:1: a tab cannot indent: use blanks\n");
    assert_reads(TEXT("a: %RETRY%x\n"), "{}\nt:1:4: a text that begins with %, @ or ` stands between quotes\n");
    assert_reads(TEXT("a: b: c\n"),
                 "{a: b }\nt:1:5: \": \" cannot stand here: check the indentation, or put the text between quotes\n");
}

/* Bytes that are no text are named with the place where they stand, which libyaml does not know. */
static void bytes_that_are_no_text_are_placed(void **state)
{
    (void)state;
    assert_reads(TEXT("a: 1\nb: x\xff\n"), "t:2:5: the text is not UTF-8 here (byte 0xff)\n");
    assert_reads(TEXT("a: 1\nb: \xc3"), "{a: 1 }\nt:2:4: the text is not UTF-8 here (byte 0xc3)\n");
    assert_reads(TEXT("a: \x01\n"), "t:1:4: a control character (0x01) stands in the text: leave it out, or write it "
                                    "as an escape between double quotes\n");
    assert_reads(TEXT("\x7f"
                      "ELF\x02\x01\x01\0\0\0"),
                 "t:1:1: a control character (0x7f) stands in the text: leave it out, or write it as an escape "
                 "between double quotes\n");
    assert_reads(TEXT("\0\0\0\0"), "t:1:1: a NUL byte: the file is binary, or damaged\n");
    assert_reads(TEXT("\xff\xfe"
                      "a\0:\0"),
                 "t:1:1: this is UTF-16: YAML files are UTF-8 here\n");
}

/* A NUL that an escape smuggles in makes the value unusable, as key and as value. */
static void escaped_nul_is_refused(void **state)
{
    (void)state;
    assert_reads(TEXT("{a: \"x\\0y\", \"k\\0\": {z: 1}, b: 1}"), "{a: BROKEN b: 1 }\n"
                                                                 "t:1:5: a text cannot hold a NUL character\n"
                                                                 "t:1:13: a text cannot hold a NUL character\n");
}

/* 64 levels are read, the next one ends reading: quickly, and with its place. */
static void nesting_is_limited(void **state)
{
    enum { LEVELS = 100000 };
    struct failure why = FAILURE_INIT;
    struct complaints mistakes;
    struct yaml_value root;
    char *deep = malloc(LEVELS);

    (void)state;
    assert_non_null(deep);
    memset(deep, '[', LEVELS);
    complaints_init(&mistakes);
    struct yaml_reader *reader = yaml_reader_new((struct text){deep, LEVELS}, "t", &mistakes, &why);
    assert_true(yaml_next_document(reader, &root));
    yaml_skip(reader, &root);
    assert_false(yaml_next_document(reader, &root));
    assert_int_equal(mistakes.count, 1);
    assert_int_equal(mistakes.items[0].column, MANIFESTS_DEPTH_MAX + 1);
    assert_string_equal(mistakes.items[0].text, "nested more than 64 levels deep");
    yaml_reader_free(reader);
    complaints_release(&mistakes);
    free(deep);
    assert_reads(
        TEXT("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
             "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] "
        "] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ]\n");
}

/* A scalar of 64 KiB is read, a longer one is not, and the next value is. */
static void scalars_are_limited(void **state)
{
    struct buffer text;
    char *filler = malloc(MANIFESTS_SCALAR_BYTES_MAX);

    (void)state;
    assert_non_null(filler);
    memset(filler, 'x', MANIFESTS_SCALAR_BYTES_MAX);
    buffer_init(&text, 1 << 20);
    buffer_append_string(&text, "- ");
    buffer_append(&text, filler, MANIFESTS_SCALAR_BYTES_MAX);
    buffer_append_string(&text, "y\n- z\n");
    assert_reads(buffer_text(&text), "[z ]\nt:1:3: a text of 65537 bytes, at most 65536 are read\n");
    buffer_release(&text);
    free(filler);
}

/* A million documents are read from one file, the next one ends reading. */
static void documents_are_limited(void **state)
{
    struct failure why = FAILURE_INIT;
    struct complaints mistakes;
    struct yaml_value root;
    struct buffer text;
    uint32_t count = 0;

    (void)state;
    buffer_init(&text, 1 << 24);
    for (int i = 0; i < MANIFESTS_DOCUMENTS_MAX + 2; i++)
        buffer_append_string(&text, "---\n");
    complaints_init(&mistakes);
    struct yaml_reader *reader = yaml_reader_new(buffer_text(&text), "t", &mistakes, &why);
    while (yaml_next_document(reader, &root))
        count++;
    assert_int_equal(count, MANIFESTS_DOCUMENTS_MAX);
    assert_int_equal(mistakes.count, 1);
    assert_int_equal(mistakes.items[0].line, MANIFESTS_DOCUMENTS_MAX + 1);
    assert_string_equal(mistakes.items[0].text, "more than 1000000 documents in one file");
    yaml_reader_free(reader);
    complaints_release(&mistakes);
    buffer_release(&text);
}

/* Whatever a caller leaves of a document is passed over. */
static void the_rest_of_a_document_is_passed_over(void **state)
{
    struct failure why = FAILURE_INIT;
    struct complaints mistakes;
    struct yaml_value root;
    struct yaml_entry entry;

    (void)state;
    complaints_init(&mistakes);
    struct yaml_reader *reader =
        yaml_reader_new(TEXT("{a: {b: 1}, c: 2}\n---\n{d: [e, f], g: h}\n"), "t", &mistakes, &why);
    assert_true(yaml_next_document(reader, &root));
    assert_true(yaml_next_entry(reader, &entry));
    assert_true(yaml_next_document(reader, &root));
    assert_int_equal(root.mark.line, 3);
    assert_true(yaml_next_entry(reader, &entry));
    assert_true(text_is(entry.key, "d"));
    yaml_skip(reader, &entry.value);
    assert_true(yaml_next_entry(reader, &entry));
    assert_true(text_is(entry.value.text, "h"));
    assert_false(yaml_next_entry(reader, &entry));
    assert_false(yaml_next_document(reader, &root));
    yaml_reader_free(reader);
    complaints_release(&mistakes);
}

/* After looking ahead the same document comes again with the same places, behind characters of several bytes too. */
static void a_document_can_be_begun_anew(void **state)
{
    struct failure why = FAILURE_INIT;
    struct complaints mistakes;
    struct yaml_value root;
    struct yaml_entry entry;

    (void)state;
    complaints_init(&mistakes);
    struct yaml_reader *reader = yaml_reader_new(
        TEXT("u: 消息\r\n---\nv: é\n---\n# x\n  w: *alias\n  z: 1\n---\nlast: &l 1\n"), "t", &mistakes, &why);
    for (int document = 0; document < 3; document++)
        assert_true(yaml_next_document(reader, &root));
    for (int round = 0; round < 2; round++) {
        yaml_look_ahead(reader);
        assert_true(yaml_next_entry(reader, &entry));
        assert_true(text_is(entry.key, "w"));
        assert_int_equal(entry.mark.line, 6);
        assert_int_equal(entry.mark.column, 3);
        assert_int_equal(mistakes.count, 0);
        assert_false(yaml_look_back(reader));
        yaml_rewind(reader);
        assert_true(yaml_next_document(reader, &root));
    }
    assert_true(yaml_next_entry(reader, &entry));
    assert_int_equal(mistakes.count, 1);
    assert_int_equal(mistakes.items[0].line, 6);
    assert_true(yaml_next_document(reader, &root));
    yaml_look_ahead(reader);
    assert_true(yaml_look_back(reader));
    assert_true(yaml_next_entry(reader, &entry));
    assert_true(text_is(entry.key, "last"));
    assert_int_equal(entry.mark.line, 9);
    assert_int_equal(mistakes.count, 2);
    yaml_reader_free(reader);
    complaints_release(&mistakes);
}

/* What is kept outlives the reader's own texts, until it is forgotten; there is a limit to it. */
static void kept_texts_stay_until_forgotten(void **state)
{
    enum { BIG = 60000 };
    struct failure why = FAILURE_INIT;
    struct complaints mistakes;
    char *big = calloc(1, BIG);
    int kept = 0;

    (void)state;
    assert_non_null(big);
    memset(big, 'b', BIG);
    complaints_init(&mistakes);
    struct yaml_reader *reader = yaml_reader_new(TEXT("a: 1"), "t", &mistakes, &why);
    struct text small = yaml_keep(reader, TEXT("small"));
    struct yaml_kept mark = yaml_kept(reader);
    for (int i = 0; i < 10; i++) {
        yaml_keep(reader, (struct text){big, BIG});
        yaml_keep(reader, (struct text){big, 17});
    }
    assert_true(text_is(small, "small"));
    yaml_forget(reader, mark);
    assert_int_equal(yaml_kept(reader).bytes, 5);
    assert_true(text_is(yaml_keep(reader, TEXT("next")), "next"));
    assert_true(text_is(small, "small"));
    while (yaml_keep(reader, (struct text){big, BIG}).bytes > 0)
        kept++;
    assert_in_range(kept, 250, 300);
    assert_string_equal(mistakes.items[0].text, "the settings of one resource have more than 16777216 bytes");
    assert_int_equal(yaml_status(reader, &why), 0);
    yaml_reader_free(reader);
    complaints_release(&mistakes);
    free(big);
}

/* A caller's reason ends reading, comes out as the status, and the first one counts. */
static void a_reason_to_stop_ends_reading(void **state)
{
    struct failure why = FAILURE_INIT, reason = FAILURE_INIT;
    struct complaints mistakes;
    struct yaml_value root;
    struct yaml_entry entry;

    (void)state;
    complaints_init(&mistakes);
    struct yaml_reader *reader = yaml_reader_new(TEXT("a: 1\nb: 2\n"), "t", &mistakes, &why);
    assert_true(yaml_next_document(reader, &root));
    failure_set(&reason, CAUSE_CANCELLED, "first");
    yaml_stop(reader, &reason);
    failure_set(&reason, CAUSE_OUT_OF_MEMORY, "second");
    yaml_stop(reader, &reason);
    assert_false(yaml_next_entry(reader, &entry));
    yaml_complain(reader, root.mark, "not reported any more");
    assert_int_equal(yaml_status(reader, &why), -1);
    assert_int_equal(why.cause, CAUSE_CANCELLED);
    assert_string_equal(why.text, "first");
    assert_int_equal(mistakes.count, 0);
    yaml_reader_free(reader);
    complaints_release(&mistakes);
}

/* ---- tables ---- */

static void take_text(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                      void *target)
{
    buffer_append_format(target, "%.*s=", (int)field->name.bytes, field->name.data);
    show(reader, value, target);
    buffer_append_char(target, ' ');
}

static const struct yaml_field rows[] = {
    {.name = YAML_FIELD_NAME("name"), .shapes = YAML_SCALAR, .required = true, .any_text = true, .read = take_text},
    {.name = YAML_FIELD_NAME("seen"), .shapes = YAML_SCALAR | YAML_LIST | YAML_MAP},
    {.name = YAML_FIELD_NAME("spec.mode"), .shapes = YAML_SCALAR, .required = true, .read = take_text},
    {.name = YAML_FIELD_NAME("spec.guard.maxCreates"), .shapes = YAML_SCALAR, .read = take_text},
    {.name = YAML_FIELD_NAME("spec.guard.maxAge"), .shapes = YAML_SCALAR | YAML_LIST, .read = take_text},
    {.name = YAML_FIELD_NAME("spec.list"), .shapes = YAML_LIST, .read = take_text},
    {.name = YAML_FIELD_NAME("either"), .shapes = YAML_SCALAR | YAML_MAP, .read = take_text},
    {.name = YAML_FIELD_NAME("both"), .shapes = YAML_LIST | YAML_MAP, .read = take_text},
};

static void assert_fields(struct text text, uint64_t given, const char *expected)
{
    static const struct yaml_table table = {rows, sizeof rows / sizeof *rows, "a Thing"};
    struct failure why = FAILURE_INIT;
    struct complaints mistakes;
    struct yaml_value root;
    struct buffer out;

    complaints_init(&mistakes);
    buffer_init(&out, 1 << 20);
    struct yaml_reader *reader = yaml_reader_new(text, "t", &mistakes, &why);
    assert_true(yaml_next_document(reader, &root));
    assert_int_equal(yaml_read_fields(reader, &table, root.mark, 0, &out), given);
    yaml_reader_free(reader);
    buffer_append_char(&out, '\n');
    complaints_sort(&mistakes);
    complaints_append(&out, &mistakes);
    complaints_release(&mistakes);
    assert_string_equal(out.data, expected);
    buffer_release(&out);
}

/* Dots lead into nested maps; every field goes to its reader, in the order in which they stand. */
static void fields_are_read_by_their_rows(void **state)
{
    (void)state;
    assert_fields(
        TEXT("spec: {list: [1, 2], guard: {maxCreates: 5, maxAge: [x]}, mode: apply}\nname: null\nseen: [a, {b: c}]\n"),
        0x3f, "spec.list=[1 2 ] spec.guard.maxCreates=5 spec.guard.maxAge=[x ] spec.mode=apply name=null \n");
}

/* Unknown fields name the nearest known one of their map, and what stands in them is passed over. */
static void unknown_fields_name_the_nearest(void **state)
{
    (void)state;
    assert_fields(TEXT("nane: x\nname: y\nspec:\n  mode: a\n  guard:\n    maxCreate: 5\n    completelyElse: {x: [1]}\n "
                       " gaurd: {}\n"
                       "spec.mode: z\n<<: {a: b}\n"),
                  0x5,
                  "name=y spec.mode=a \n"
                  "t:1:1: unknown field \"nane\" in a Thing, did you mean name\n"
                  "t:6:5: unknown field \"maxCreate\" in spec.guard of a Thing, did you mean maxCreates\n"
                  "t:7:5: unknown field \"completelyElse\" in spec.guard of a Thing, known here: maxCreates, maxAge\n"
                  "t:8:3: unknown field \"gaurd\" in spec of a Thing, did you mean guard\n"
                  "t:9:1: unknown field \"spec.mode\" in a Thing, known here: name, seen, spec, either, both\n"
                  "t:10:1: merge keys are not read here: write the fields out\n");
}

/* A field or a map given twice is a mistake at its second place; the first one counts. */
static void fields_given_twice_are_mistakes(void **state)
{
    (void)state;
    assert_fields(TEXT("name: a\nname: b\nspec:\n  mode: x\n  guard: {maxAge: 1}\n  guard: {maxAge: 2}\n  mode: "
                       "y\nspec: {list: []}\n"),
                  0x15,
                  "name=a spec.mode=x spec.guard.maxAge=1 \n"
                  "t:2:1: name is given twice\n"
                  "t:6:3: spec.guard is given twice\n"
                  "t:7:3: spec.mode is given twice\n"
                  "t:8:1: spec is given twice\n");
}

/* A value of the wrong shape is named for what it is, null as no value; reading goes on behind them. */
static void wrong_shapes_are_named(void **state)
{
    (void)state;
    assert_fields(
        TEXT("name: [a]\nspec:\n  mode: {a: b}\n  list: {a: [b]}\n  guard: [1]\neither: [1]\nboth: x\nseen: ~\n"), 0xe7,
        "\n"
        "t:1:7: name is a single value, this is a list\n"
        "t:3:9: spec.mode is a single value, this is a map\n"
        "t:4:9: spec.list is a list, this is a map\n"
        "t:5:10: spec.guard is a map, this is a list\n"
        "t:6:9: either is a single value or a map, this is a list\n"
        "t:7:7: both is a list or a map, this is a single value\n"
        "t:8:7: seen has no value: give it one, or leave it out\n");
    assert_fields(TEXT("name: ''\nspec:\n"), 1,
                  "name='' \n"
                  "t:1:1: spec.mode is missing\n"
                  "t:2:6: spec has no value: give it one, or leave it out\n");
}

/* What must be there and is not is reported where the map begins; not so when the text broke before its end. */
static void missing_fields_are_reported_once_all_is_read(void **state)
{
    (void)state;
    assert_fields(TEXT("# x\n  either: 1\n"), 0x40, "either=1 \nt:2:3: name is missing\nt:2:3: spec.mode is missing\n");
    assert_fields(TEXT("either: 1\nx: ]\n"), 0x40,
                  "either=1 \nt:2:4: broken YAML: did not find expected node content while parsing a block node that "
                  "begins in line 2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_as_they_stand),
        cmocka_unit_test(empty_documents_are_empty_scalars),
        cmocka_unit_test(a_byte_order_mark_is_passed_over),
        cmocka_unit_test(decorations_are_mistakes),
        cmocka_unit_test(broken_yaml_ends_reading_with_its_place),
        cmocka_unit_test(bytes_that_are_no_text_are_placed),
        cmocka_unit_test(escaped_nul_is_refused),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(scalars_are_limited),
        cmocka_unit_test(documents_are_limited),
        cmocka_unit_test(the_rest_of_a_document_is_passed_over),
        cmocka_unit_test(a_document_can_be_begun_anew),
        cmocka_unit_test(kept_texts_stay_until_forgotten),
        cmocka_unit_test(a_reason_to_stop_ends_reading),
        cmocka_unit_test(fields_are_read_by_their_rows),
        cmocka_unit_test(unknown_fields_name_the_nearest),
        cmocka_unit_test(fields_given_twice_are_mistakes),
        cmocka_unit_test(wrong_shapes_are_named),
        cmocka_unit_test(missing_fields_are_reported_once_all_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
