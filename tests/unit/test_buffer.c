/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/buffer.h"

/* Appends of every shape end up one behind the other, terminated. */
static void appends_in_order(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1000);

    assert_int_equal(buffer_append_string(&buffer, "topics: "), 0);
    assert_int_equal(buffer_append_format(&buffer, "%d of %s", 3, "nine"), 0);
    assert_int_equal(buffer_append_char(&buffer, ','), 0);
    assert_int_equal(buffer_append_text(&buffer, TEXT(" groups")), 0);
    assert_int_equal(buffer_append(&buffer, NULL, 0), 0);

    assert_string_equal(buffer.data, "topics: 3 of nine, groups");
    assert_int_equal(buffer_text(&buffer).bytes, strlen("topics: 3 of nine, groups"));
    buffer_release(&buffer);
    assert_null(buffer.data);
}

/* A long run of appends keeps every byte, whatever the buffer had to do to make room. */
static void grows_without_losing_a_byte(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 100000);

    for (int i = 0; i < 10000; i++)
        assert_int_equal(buffer_append_format(&buffer, "%d", i % 10), 0);

    assert_int_equal(buffer.length, 10000);
    for (size_t i = 0; i < buffer.length; i++)
        assert_int_equal(buffer.data[i], '0' + (int)(i % 10));
    buffer_release(&buffer);
}

/* The ceiling itself can be filled; one byte more empties the buffer and is remembered. */
static void the_ceiling_holds(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 4);

    assert_int_equal(buffer_append(&buffer, "abcd", 4), 0);
    assert_string_equal(buffer.data, "abcd");
    assert_int_equal(buffer_append_char(&buffer, 'e'), -1);
    assert_true(buffer.failed);
    assert_int_equal(buffer_text(&buffer).bytes, 0);
    assert_int_equal(buffer_append_char(&buffer, 'e'), -1);
    assert_int_equal(buffer_append_format(&buffer, "%s", ""), -1);
    assert_null(buffer_take(&buffer, NULL));

    buffer_reset(&buffer);
    assert_int_equal(buffer_append_format(&buffer, "%s", "wxyz"), 0);
    assert_string_equal(buffer.data, "wxyz");
    assert_int_equal(buffer_append_format(&buffer, "%d", 12345), -1);
    assert_true(buffer.failed);
    buffer_release(&buffer);
}

/* A request for an absurd amount fails; nothing wraps round. */
static void absurd_sizes_fail(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, SIZE_MAX);

    assert_int_equal(buffer_append_char(&buffer, 'a'), 0);
    assert_int_equal(buffer_append(&buffer, "", SIZE_MAX - 1), -1);
    assert_true(buffer.failed);
    buffer_release(&buffer);
}

/* Resetting empties the text and keeps the memory. */
static void reset_keeps_the_memory(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 100);
    buffer_reset(&buffer);
    assert_int_equal(buffer_text(&buffer).bytes, 0);
    buffer_append_string(&buffer, "something");
    size_t capacity = buffer.capacity;

    buffer_reset(&buffer);

    assert_int_equal(buffer.length, 0);
    assert_string_equal(buffer.data, "");
    assert_int_equal(buffer.capacity, capacity);
    buffer_release(&buffer);
}

/* Taking hands out the bytes, and an empty buffer that can be used again; an empty text is a text too. */
static void take_moves_ownership(void **state)
{
    (void)state;
    struct buffer buffer;
    size_t bytes = 99;
    buffer_init(&buffer, 100);

    char *empty = buffer_take(&buffer, &bytes);
    assert_string_equal(empty, "");
    assert_int_equal(bytes, 0);
    buffer_append_string(&buffer, "mine");
    char *taken = buffer_take(&buffer, &bytes);
    assert_string_equal(taken, "mine");
    assert_int_equal(bytes, 4);
    assert_null(buffer.data);
    assert_int_equal(buffer_append_string(&buffer, "next"), 0);
    assert_string_equal(buffer.data, "next");

    free(empty);
    free(taken);
    buffer_release(&buffer);
}

/* Texts compare by their bytes: unsigned, NULs included, a prefix first. */
static void texts_compare_by_bytes(void **state)
{
    (void)state;
    assert_true(text_equal(text_of(NULL), TEXT("")));
    assert_true(text_equal((struct text){NULL, 0}, TEXT("")));
    assert_true(text_is(TEXT("orders"), "orders"));
    assert_false(text_is(TEXT("orders"), "order"));
    assert_false(text_equal(TEXT("a\0b"), TEXT("a\0c")));
    assert_int_equal(text_compare(TEXT("same"), TEXT("same")), 0);
    assert_true(text_compare(TEXT("a"), TEXT("ab")) < 0);
    assert_true(text_compare(TEXT("ab"), TEXT("a")) > 0);
    assert_true(text_compare(TEXT("z"), TEXT("\xC3\xA9")) < 0);
    assert_true(text_compare(TEXT(""), TEXT("a")) < 0);
    assert_int_equal(text_compare((struct text){NULL, 0}, (struct text){NULL, 0}), 0);
}

/* Texts know how they begin and end, and what is behind a beginning. */
static void texts_begin_and_end(void **state)
{
    (void)state;
    assert_true(text_begins(TEXT("GID_a"), "GID_"));
    assert_true(text_begins(TEXT("GID_"), "GID_"));
    assert_false(text_begins(TEXT("GID"), "GID_"));
    assert_false(text_begins(TEXT("gid_a"), "GID_"));
    assert_true(text_ends(TEXT("a_REPLY_TOPIC"), "_REPLY_TOPIC"));
    assert_false(text_ends(TEXT("_REPLY_TOPICS"), "_REPLY_TOPIC"));
    assert_false(text_ends(TEXT("TOPIC"), "_REPLY_TOPIC"));
    assert_true(text_is(text_after(TEXT("GID_a"), 4), "a"));
    assert_int_equal(text_after(TEXT("GID_"), 4).bytes, 0);
    assert_int_equal(text_after(TEXT("GID"), 4).bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_begin_and_end),         cmocka_unit_test(appends_in_order),
        cmocka_unit_test(grows_without_losing_a_byte), cmocka_unit_test(the_ceiling_holds),
        cmocka_unit_test(absurd_sizes_fail),           cmocka_unit_test(reset_keeps_the_memory),
        cmocka_unit_test(take_moves_ownership),        cmocka_unit_test(texts_compare_by_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
