/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/base/arena.h"

static void pieces_keep_their_bytes(void **state)
{
    /* Many pieces, some larger than a block, stay what they were until all of them go. */
    struct arena arena = ARENA_INIT;
    const char *texts[1000];
    (void)state;
    for (int i = 0; i < 1000; i++)
        texts[i] = arena_format(&arena, "%0*d", 1 + i * 7 % 100, i);
    char *large = arena_alloc(&arena, 1 << 20);
    assert_non_null(large);
    for (int i = 0; i < 1 << 20; i++)
        assert_int_equal(large[i], 0);
    for (int i = 0; i < 1000; i++) {
        char expected[128];
        snprintf(expected, sizeof expected, "%0*d", 1 + i * 7 % 100, i);
        assert_string_equal(texts[i], expected);
    }
    assert_false(arena.failed);
    arena_release(&arena);
    assert_null(arena.blocks);
}

static void pieces_are_aligned_for_anything(void **state)
{
    /* Whatever is put into a piece stands where the machine wants it. */
    struct arena arena = ARENA_INIT;
    (void)state;
    for (size_t bytes = 1; bytes < 64; bytes++)
        assert_int_equal((uintptr_t)arena_alloc(&arena, bytes) % _Alignof(max_align_t), 0);
    arena_release(&arena);
}

static void the_empty_text_is_a_string(void **state)
{
    /* An empty text has no bytes to copy, and is a string all the same. */
    struct arena arena = ARENA_INIT;
    (void)state;
    assert_string_equal(arena_string(&arena, (struct text){NULL, 0}), "");
    assert_string_equal(arena_string(&arena, TEXT("ab")), "ab");
    arena_release(&arena);
}

static void an_impossible_size_fails_and_is_remembered(void **state)
{
    /* One check at the end of many allocations suffices. */
    struct arena arena = ARENA_INIT;
    (void)state;
    assert_null(arena_alloc(&arena, SIZE_MAX - 10));
    assert_non_null(arena_alloc(&arena, 10));
    assert_true(arena.failed);
    arena_release(&arena);
}

static void going_back_drops_what_came_since(void **state)
{
    /* What was taken before the mark stays; what is taken again comes zeroed, and over and over from the same memory.
     */
    struct arena arena = ARENA_INIT;
    struct arena_mark empty = arena_mark(&arena);
    (void)state;
    const char *kept = arena_string(&arena, TEXT("kept"));
    struct arena_mark mark = arena_mark(&arena);
    const char *first = arena_string(&arena, TEXT("first"));
    for (int i = 0; i < 100; i++) {
        memset(arena_alloc(&arena, 5000), 'x', 5000);
        memset(arena_alloc(&arena, 50000), 'x', 50000);
    }
    arena_rewind(&arena, mark);
    assert_string_equal(kept, "kept");
    const char *again = arena_alloc(&arena, 100);
    assert_ptr_equal(again, first);
    for (int i = 0; i < 100; i++)
        assert_int_equal(again[i], 0);
    arena_rewind(&arena, empty);
    assert_ptr_equal(arena_string(&arena, TEXT("new")), kept);
    arena_release(&arena);
    arena_rewind(&arena, empty);
    assert_null(arena.blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_keep_their_bytes),
        cmocka_unit_test(going_back_drops_what_came_since),
        cmocka_unit_test(pieces_are_aligned_for_anything),
        cmocka_unit_test(the_empty_text_is_a_string),
        cmocka_unit_test(an_impossible_size_fails_and_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
