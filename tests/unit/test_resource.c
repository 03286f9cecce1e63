/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/resource.h"

static const struct settings *settle(const struct draft *draft)
{
    void *memory = malloc(draft_settings_bytes(draft));

    assert_non_null(memory);
    return draft_settle(draft, draft_hash(draft), memory);
}

static void forget(const struct settings *settings)
{
    free((void *)(uintptr_t)settings);
}

/* A topic of which something is known: FIFO, 8 queues to write. */
static struct draft orders(void)
{
    struct draft draft;

    draft_clear(&draft);
    draft_set_text(&draft, FIELD_TOPIC_MESSAGE_TYPE, TEXT("FIFO"));
    draft_set_number(&draft, FIELD_TOPIC_WRITE_QUEUE_NUMS, 8);
    return draft;
}

/* The map {key: value, key2: value2} in canonical form; the buffer keeps it. */
static struct text map_of(struct buffer *buffer, const char *key, const char *value, const char *key2,
                          const char *value2)
{
    struct map_pair pairs[] = {{text_of(key), text_of(value)}, {text_of(key2), text_of(value2)}};
    struct text repeated;

    buffer_init(buffer, 1000);
    assert_int_equal(map_finish(pairs, key2 ? 2 : 1, buffer, &repeated), 0);
    return buffer_text(buffer);
}

/* What is laid over wins leaf by leaf: other fields stay, maps are joined by key, marks of what is covered go. */
static void what_is_laid_over_wins_leaf_by_leaf(void **state)
{
    (void)state;
    struct draft under = orders(), over;
    struct buffer below, above, room, expected;

    draft_set_text(&under, FIELD_TOPIC_ATTRIBUTES, map_of(&below, "a", "1", "c", "3"));
    under.create_only = FIELD_BIT(FIELD_TOPIC_WRITE_QUEUE_NUMS);
    draft_clear(&over);
    draft_set_number(&over, FIELD_TOPIC_WRITE_QUEUE_NUMS, 4);
    draft_set_text(&over, FIELD_TOPIC_ATTRIBUTES, map_of(&above, "b", "2", "c", "4"));
    buffer_init(&room, 100);
    assert_int_equal(draft_lay_over(&under, &over, &room), 0);
    buffer_init(&expected, 100);
    buffer_append(&expected, "a\0001\0b\0002\0c\0004", 12);
    assert_int_equal(under.values[FIELD_TOPIC_WRITE_QUEUE_NUMS].number, 4);
    assert_int_equal(under.create_only, 0);
    assert_true(text_is(under.values[FIELD_TOPIC_MESSAGE_TYPE].text, "FIFO"));
    assert_true(text_equal(under.values[FIELD_TOPIC_ATTRIBUTES].text, buffer_text(&expected)));
    buffer_release(&below);
    buffer_release(&above);
    buffer_release(&room);
    buffer_release(&expected);
}

/* Maps that do not fit the room leave an error behind, not half of them. */
static void maps_that_do_not_fit_the_room_fail(void **state)
{
    (void)state;
    struct draft under, over;
    struct buffer below, above, room;

    draft_clear(&under);
    draft_clear(&over);
    draft_set_text(&under, FIELD_TOPIC_ATTRIBUTES, map_of(&below, "a", "1", NULL, NULL));
    draft_set_text(&over, FIELD_TOPIC_ATTRIBUTES, map_of(&above, "b", "2", NULL, NULL));
    buffer_init(&room, 7);
    assert_int_equal(draft_lay_over(&under, &over, &room), -1);
    buffer_release(&below);
    buffer_release(&above);
    buffer_release(&room);
}

/* Settings hold what the draft held, in texts of their own. */
static void settings_keep_what_was_set(void **state)
{
    (void)state;
    char word[] = "FIFO";
    struct draft draft = orders();

    draft_set_text(&draft, FIELD_TOPIC_MESSAGE_TYPE, text_of(word));
    draft_set_text(&draft, FIELD_TOPIC_REMARK, TEXT(""));
    const struct settings *settings = settle(&draft);
    memset(word, 'x', sizeof word - 1);
    assert_true(settings_has(settings, FIELD_TOPIC_REMARK));
    assert_false(settings_has(settings, FIELD_TOPIC_PERM));
    assert_int_equal(settings_number(settings, FIELD_TOPIC_WRITE_QUEUE_NUMS), 8);
    assert_true(text_is(settings_text(settings, FIELD_TOPIC_MESSAGE_TYPE), "FIFO"));
    assert_int_equal(settings_text(settings, FIELD_TOPIC_REMARK).bytes, 0);
    forget(settings);
}

/* Settings opened as a draft are those settings again. */
static void a_draft_of_settings_equals_them(void **state)
{
    (void)state;
    struct draft draft = orders(), again;

    draft.create_only = FIELD_BIT(FIELD_TOPIC_WRITE_QUEUE_NUMS);
    const struct settings *settings = settle(&draft);
    draft_from_settings(&again, settings);
    assert_true(draft_equals_settings(&again, settings));
    assert_true(draft_hash(&again) == settings->hash);
    forget(settings);
}

/* A value that is set is compared and exact; one that is taken back leaves nothing behind. */
static void setting_and_unsetting_clear_the_marks(void **state)
{
    (void)state;
    struct draft draft = orders();

    draft.create_only = draft.estimated = draft.set;
    draft_set_number(&draft, FIELD_TOPIC_WRITE_QUEUE_NUMS, 4);
    assert_true(draft.create_only == FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE));
    assert_true(draft.estimated == FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE));
    draft_unset(&draft, FIELD_TOPIC_MESSAGE_TYPE);
    assert_true(draft.set == FIELD_BIT(FIELD_TOPIC_WRITE_QUEUE_NUMS));
    assert_true((draft.create_only | draft.estimated) == 0);
}

/* Values of unset fields are garbage that neither hashing nor equality looks at. */
static void garbage_of_unset_fields_does_not_matter(void **state)
{
    (void)state;
    struct draft clean, dirty;

    memset(&clean, 0, sizeof clean);
    memset(&dirty, 0xa5, sizeof dirty);
    draft_clear(&clean);
    draft_clear(&dirty);
    draft_set_number(&clean, FIELD_TOPIC_PERM, 6);
    draft_set_number(&dirty, FIELD_TOPIC_PERM, 6);
    const struct settings *settings = settle(&clean);
    assert_true(draft_hash(&dirty) == settings->hash);
    assert_true(draft_equals_settings(&dirty, settings));
    forget(settings);
}

/* Hashes are the same in every process: ledgers keep what is made of them. */
static void hashes_never_change(void **state)
{
    (void)state;
    struct draft draft = orders();

    draft_set_text(&draft, FIELD_TOPIC_REMARK, TEXT("a remark of more than eight bytes"));
    assert_true(draft_hash(&draft) == UINT64_C(0xe8d36de8b8eedc5a));
}

/* One value, one mark or one field more makes other settings. */
static void settings_differ_in_values_and_marks(void **state)
{
    (void)state;
    struct draft draft = orders();
    const struct settings *base = settle(&draft), *same = settle(&draft);
    draft_set_number(&draft, FIELD_TOPIC_WRITE_QUEUE_NUMS, 9);
    const struct settings *value = settle(&draft);
    draft = orders();
    draft_set_text(&draft, FIELD_TOPIC_MESSAGE_TYPE, TEXT("NORMAL"));
    const struct settings *text = settle(&draft);
    draft = orders();
    draft.create_only = FIELD_BIT(FIELD_TOPIC_WRITE_QUEUE_NUMS);
    const struct settings *mark = settle(&draft);
    draft = orders();
    draft_set_number(&draft, FIELD_TOPIC_PERM, 6);
    const struct settings *field = settle(&draft);

    assert_true(settings_equal(base, base));
    assert_true(settings_equal(base, same));
    const struct settings *others[] = {value, text, mark, field};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        draft_from_settings(&draft, others[i]);
        assert_false(settings_equal(base, others[i]));
        assert_false(draft_equals_settings(&draft, base));
        forget(others[i]);
    }
    forget(base);
    forget(same);
}

/* Equal hashes are not yet equal settings. */
static void equality_looks_at_values_behind_the_hash(void **state)
{
    (void)state;
    struct draft draft = orders();
    const struct settings *base = settle(&draft);
    draft_set_number(&draft, FIELD_TOPIC_WRITE_QUEUE_NUMS, 9);
    void *memory = malloc(draft_settings_bytes(&draft));
    const struct settings *collides = draft_settle(&draft, base->hash, memory);

    assert_false(settings_equal(base, collides));
    forget(base);
    free(memory);
}

/* --- differences --- */

static uint64_t difference(const struct draft *declared, const struct draft *observed, uint64_t mask,
                           bool absent_is_default)
{
    const struct settings *left = settle(declared), *right = settle(observed);
    uint64_t bits = settings_difference(left, right, mask, absent_is_default);

    forget(left);
    forget(right);
    return bits;
}

/* Only what is declared, held and meant to be compared can differ. */
static void only_declared_and_held_fields_are_compared(void **state)
{
    (void)state;
    struct draft declared = orders(), observed = orders();

    draft_set_number(&observed, FIELD_TOPIC_PERM, 4);
    assert_true(difference(&declared, &observed, ~UINT64_C(0), true) == 0);
    draft_set_number(&observed, FIELD_TOPIC_WRITE_QUEUE_NUMS, 16);
    assert_true(difference(&declared, &observed, ~UINT64_C(0), true) == FIELD_BIT(FIELD_TOPIC_WRITE_QUEUE_NUMS));
    assert_true(difference(&declared, &observed, FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE), true) == 0);
    declared.create_only = FIELD_BIT(FIELD_TOPIC_WRITE_QUEUE_NUMS);
    assert_true(difference(&declared, &observed, ~UINT64_C(0), true) == 0);
}

/* A field that a complete answer leaves out has its default; a snapshot that leaves it out does not know. */
static void absent_fields_have_their_default_or_differ(void **state)
{
    (void)state;
    struct draft declared, observed;

    draft_clear(&declared);
    draft_clear(&observed);
    draft_set_number(&declared, FIELD_TOPIC_PERM, 6);
    draft_set_text(&declared, FIELD_TOPIC_MESSAGE_TYPE, TEXT("FIFO"));
    draft_set_number(&declared, FIELD_TOPIC_MAX_SEND_TPS, 0);
    uint64_t no_default = FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE) | FIELD_BIT(FIELD_TOPIC_MAX_SEND_TPS);
    assert_true(difference(&declared, &observed, ~UINT64_C(0), true) == no_default);
    assert_true(difference(&declared, &observed, ~UINT64_C(0), false) == declared.set);
}

/* Maps compare per declared key; a key that is not there has its default, or differs where it has none. */
static void maps_compare_per_declared_key(void **state)
{
    (void)state;
    struct buffer left, right;
    struct draft declared, observed;

    draft_clear(&declared);
    draft_clear(&observed);
    draft_set_text(&declared, FIELD_TOPIC_ATTRIBUTES, map_of(&left, "cleanup.policy", "DELETE", NULL, NULL));
    draft_set_text(&observed, FIELD_TOPIC_ATTRIBUTES, map_of(&right, "queue.type", "BatchCQ", NULL, NULL));
    assert_true(difference(&declared, &observed, ~UINT64_C(0), false) == 0);
    buffer_release(&left);
    draft_set_text(&declared, FIELD_TOPIC_ATTRIBUTES, map_of(&left, "queue.type", "SimpleCQ", NULL, NULL));
    assert_true(difference(&declared, &observed, ~UINT64_C(0), true) == FIELD_BIT(FIELD_TOPIC_ATTRIBUTES));
    buffer_release(&left);
    draft_set_text(&declared, FIELD_TOPIC_ATTRIBUTES, map_of(&left, "lite.bind.topic", "t", NULL, NULL));
    assert_true(difference(&declared, &observed, ~UINT64_C(0), true) == FIELD_BIT(FIELD_TOPIC_ATTRIBUTES));
    buffer_release(&left);
    draft_set_text(&declared, FIELD_TOPIC_ATTRIBUTES,
                   map_of(&left, "queue.type", "BatchCQ", "cleanup.policy", "COMPACTION"));
    assert_true(difference(&declared, &observed, ~UINT64_C(0), true) == FIELD_BIT(FIELD_TOPIC_ATTRIBUTES));
    buffer_release(&left);
    buffer_release(&right);
}

/* A map that a complete answer leaves out holds the defaults only. */
static void an_absent_map_has_the_default_of_each_key(void **state)
{
    (void)state;
    struct buffer left;
    struct draft declared, observed;

    draft_clear(&declared);
    draft_clear(&observed);
    draft_set_text(&declared, FIELD_TOPIC_ATTRIBUTES,
                   map_of(&left, "queue.type", "SimpleCQ", "cleanup.policy", "DELETE"));
    assert_true(difference(&declared, &observed, ~UINT64_C(0), true) == 0);
    assert_true(difference(&declared, &observed, ~UINT64_C(0), false) == FIELD_BIT(FIELD_TOPIC_ATTRIBUTES));
    buffer_release(&left);
}

/* The same settings on both sides are not looked at twice. */
static void settings_do_not_differ_from_themselves(void **state)
{
    (void)state;
    struct draft draft = orders();
    const struct settings *settings = settle(&draft);

    assert_true(settings_difference(settings, settings, ~UINT64_C(0), false) == 0);
    forget(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_laid_over_wins_leaf_by_leaf),
        cmocka_unit_test(maps_that_do_not_fit_the_room_fail),
        cmocka_unit_test(settings_keep_what_was_set),
        cmocka_unit_test(a_draft_of_settings_equals_them),
        cmocka_unit_test(setting_and_unsetting_clear_the_marks),
        cmocka_unit_test(garbage_of_unset_fields_does_not_matter),
        cmocka_unit_test(hashes_never_change),
        cmocka_unit_test(settings_differ_in_values_and_marks),
        cmocka_unit_test(equality_looks_at_values_behind_the_hash),
        cmocka_unit_test(only_declared_and_held_fields_are_compared),
        cmocka_unit_test(absent_fields_have_their_default_or_differ),
        cmocka_unit_test(maps_compare_per_declared_key),
        cmocka_unit_test(an_absent_map_has_the_default_of_each_key),
        cmocka_unit_test(settings_do_not_differ_from_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
