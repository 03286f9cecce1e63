/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/resource.h"

/* --- parsing --- */

static int64_t number_of(enum field field, const char *spelling)
{
    union value value = {.number = -1};
    char room[160];

    assert_null(value_parse(field, text_of(spelling), true, &value, room));
    return value.number;
}

static void assert_rule(enum field field, const char *spelling, const char *rule)
{
    union value value;
    char room[160];
    const char *said = value_parse(field, text_of(spelling), true, &value, room);

    assert_non_null(said);
    assert_string_equal(said, rule);
}

/* Booleans are true or false and nothing else. */
static void booleans_are_true_or_false(void **state)
{
    (void)state;
    assert_int_equal(number_of(FIELD_TOPIC_ORDER, "true"), 1);
    assert_int_equal(number_of(FIELD_TOPIC_ORDER, "false"), 0);
    assert_rule(FIELD_TOPIC_ORDER, "yes", "order is true or false");
}

/* Numbers keep to the range that their rule names. */
static void numbers_keep_to_their_range(void **state)
{
    (void)state;
    assert_int_equal(number_of(FIELD_TOPIC_READ_QUEUE_NUMS, "65535"), 65535);
    assert_rule(FIELD_TOPIC_READ_QUEUE_NUMS, "65536", "readQueueNums is a whole number from 0 to 65535");
    assert_rule(FIELD_TOPIC_READ_QUEUE_NUMS, "-1", "readQueueNums is a whole number from 0 to 65535");
    assert_rule(FIELD_TOPIC_READ_QUEUE_NUMS, "8.0", "readQueueNums is a whole number from 0 to 65535");
    assert_rule(FIELD_TOPIC_MAX_SEND_TPS, "-5", "maxSendTps is a whole number, 0 or more");
    assert_rule(FIELD_GROUP_FIXED_INTERVAL_RETRY_TIME, "0",
                "consumeRetryPolicy.fixedIntervalRetryTime is a whole number from 1 to 1800");
}

/* Permissions may be spelt by letters; no other number may. */
static void permissions_may_be_letters(void **state)
{
    (void)state;
    assert_int_equal(number_of(FIELD_TOPIC_PERM, "W"), 2);
    assert_int_equal(number_of(FIELD_TOPIC_PERM, "R"), 4);
    assert_int_equal(number_of(FIELD_TOPIC_PERM, "RW"), 6);
    assert_int_equal(number_of(FIELD_TOPIC_PERM, "0"), 0);
    assert_rule(FIELD_TOPIC_PERM, "99", "perm is a whole number from 0 to 7, or W, R, RW");
    assert_rule(FIELD_TOPIC_PERM, "rw", "perm is a whole number from 0 to 7, or W, R, RW");
    assert_rule(FIELD_TOPIC_SYS_FLAG, "R", "topicSysFlag is a whole number from 0 to 2147483647");
}

/* People choose among what is known; a provider's answer may hold a choice that is newer than this program. */
static void choices_are_known_ones_or_any(void **state)
{
    (void)state;
    union value value;
    char room[160];

    assert_null(value_parse(FIELD_TOPIC_MESSAGE_TYPE, TEXT("FIFO"), true, &value, room));
    assert_true(text_is(value.text, "FIFO"));
    assert_null(value_parse(FIELD_TOPIC_MESSAGE_TYPE, TEXT("NEWEST"), false, &value, room));
    assert_true(text_is(value.text, "NEWEST"));
    assert_rule(FIELD_TOPIC_MESSAGE_TYPE, "fifo",
                "messageType is NORMAL, FIFO, DELAY, TRANSACTION, MIXED, PRIORITY, LITE or UNSPECIFIED");
    assert_rule(FIELD_GROUP_TYPE, "grpc", "groupType is tcp or http");
}

/* Texts keep to their length in bytes. */
static void texts_keep_to_their_length(void **state)
{
    (void)state;
    char longest[1025 + 1];
    union value value;
    char room[160];

    memset(longest, 'a', sizeof longest);
    assert_null(value_parse(FIELD_TOPIC_REMARK, (struct text){longest, 1024}, true, &value, room));
    assert_int_equal(value.text.bytes, 1024);
    assert_string_equal(value_parse(FIELD_TOPIC_REMARK, (struct text){longest, 1025}, true, &value, room),
                        "remark has 0 to 1024 bytes, this has 1025");
    assert_rule(FIELD_GROUP_DEAD_LETTER_TARGET_TOPIC, "",
                "consumeRetryPolicy.deadLetterTargetTopic has 1 to 255 bytes, this has 0");
}

/* Maps and lists have no spelling as one text. */
static void maps_and_lists_are_not_texts(void **state)
{
    (void)state;
    assert_rule(FIELD_TOPIC_ATTRIBUTES, "x", "a map of keys and texts is wanted here");
    assert_rule(FIELD_GROUP_RETRY_CUSTOMIZED_NEXT, "1", "a list is wanted here");
    assert_rule(FIELD_GROUP_SUBSCRIPTION_DATA_SET, "x", "a list is wanted here");
}

/* Every rule fits the room that it gets, so no sentence is cut. */
static void every_rule_fits_its_room(void **state)
{
    (void)state;
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        char far_too_long[4000], room[160] = "";
        union value value;

        memset(far_too_long, '~', sizeof far_too_long);
        const char *said = value_parse(field, (struct text){far_too_long, sizeof far_too_long}, true, &value, room);
        assert_non_null(said);
        assert_true(strlen(said) < sizeof room - 1);
    }
}

/* --- spelling and defaults --- */

static void assert_spelt(enum field field, union value value, const char *spelling)
{
    struct buffer out;

    buffer_init(&out, 1000);
    assert_int_equal(value_append(&out, field, &value), 0);
    assert_string_equal(out.data, spelling);
    buffer_release(&out);
}

/* Values are shown as manifests spell them. */
static void values_are_spelt_as_in_manifests(void **state)
{
    (void)state;
    assert_spelt(FIELD_TOPIC_ORDER, (union value){.number = 1}, "true");
    assert_spelt(FIELD_TOPIC_ORDER, (union value){.number = 0}, "false");
    assert_spelt(FIELD_TOPIC_PERM, (union value){.number = -3}, "-3");
    assert_spelt(FIELD_TOPIC_MESSAGE_TYPE, (union value){.text = TEXT("FIFO")}, "FIFO");
    assert_spelt(FIELD_TOPIC_REMARK, (union value){.text = TEXT("two words")}, "two words");
    assert_spelt(FIELD_GROUP_RETRY_CUSTOMIZED_NEXT, (union value){.text = TEXT("1000,5000")}, "[1000,5000]");
    assert_spelt(FIELD_GROUP_SUBSCRIPTION_DATA_SET, (union value){.text = TEXT("[{\"topic\":\"a\"}]")},
                 "[{\"topic\":\"a\"}]");
    assert_spelt(FIELD_TOPIC_ATTRIBUTES, (union value){.text = TEXT("a\0x\0b\0\"\0")}, "{\"a\":\"x\",\"b\":\"\\\"\"}");
    assert_spelt(FIELD_TOPIC_ATTRIBUTES, (union value){.text = TEXT("")}, "{}");
}

/* A buffer that is full fails instead of showing a part. */
static void a_full_buffer_fails(void **state)
{
    (void)state;
    union value map = {.text = TEXT("a\0x\0")};
    struct buffer out;

    buffer_init(&out, 4);
    assert_int_equal(value_append(&out, FIELD_TOPIC_ATTRIBUTES, &map), -1);
    assert_true(out.failed);
    buffer_release(&out);
}

/* The default of each field that has one is recognised, another value is not. */
static void defaults_are_recognised(void **state)
{
    (void)state;
    union value simple = {.text = TEXT("queue.type\0SimpleCQ\0")}, batch = {.text = TEXT("queue.type\0BatchCQ\0")};
    union value unknown = {.text = TEXT("a.b\0c\0")}, empty = {.text = TEXT("")};

    assert_true(value_is_default(FIELD_TOPIC_PERM, &(union value){.number = 6}));
    assert_false(value_is_default(FIELD_TOPIC_PERM, &(union value){.number = 4}));
    assert_true(value_is_default(FIELD_GROUP_CONSUME_ENABLE, &(union value){.number = 1}));
    assert_false(value_is_default(FIELD_GROUP_CONSUME_ENABLE, &(union value){.number = 0}));
    assert_true(value_is_default(FIELD_TOPIC_MESSAGE_TYPE, &(union value){.text = TEXT("NORMAL")}));
    assert_true(value_is_default(FIELD_TOPIC_REMARK, &empty));
    assert_false(value_is_default(FIELD_TOPIC_MAX_SEND_TPS, &(union value){.number = 0}));
    assert_true(value_is_default(FIELD_TOPIC_ATTRIBUTES, &empty));
    assert_true(value_is_default(FIELD_TOPIC_ATTRIBUTES, &simple));
    assert_false(value_is_default(FIELD_TOPIC_ATTRIBUTES, &batch));
    assert_false(value_is_default(FIELD_TOPIC_ATTRIBUTES, &unknown));
}

/* Every default in the table is a value that its field may have. */
static void defaults_are_valid_values(void **state)
{
    (void)state;
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        const char *text = field_info(field)->default_text;
        union value value;
        char room[160];

        if (!text)
            continue;
        assert_null(value_parse(field, text_of(text), true, &value, room));
        assert_true(value_is_default(field, &value));
    }
}

/* Attributes of topics mean nothing for groups, and the other way round. */
static void attribute_defaults_belong_to_a_kind(void **state)
{
    (void)state;
    assert_string_equal(attribute_default(KIND_TOPIC, TEXT("cleanup.policy")), "DELETE");
    assert_string_equal(attribute_default(KIND_TOPIC, TEXT("queue.type")), "SimpleCQ");
    assert_string_equal(attribute_default(KIND_GROUP, TEXT("priority.factor")), "100");
    assert_null(attribute_default(KIND_GROUP, TEXT("cleanup.policy")));
    assert_null(attribute_default(KIND_TOPIC, TEXT("no.such.key")));
}

/* --- maps --- */

/* Whatever the order of the pairs, the map is one and the same. */
static void maps_are_sorted_by_key(void **state)
{
    (void)state;
    struct map_pair pairs[] = {{TEXT("b"), TEXT("2")}, {TEXT("a.long"), TEXT("")}, {TEXT("a"), TEXT("1")}};
    static const char sorted[] = "a\0001\0a.long\0\0b\0002";
    struct text repeated;
    struct buffer out;

    buffer_init(&out, 1000);
    buffer_append_string(&out, "left over");
    assert_int_equal(map_finish(pairs, 3, &out, &repeated), 0);
    assert_int_equal(out.length, sizeof sorted);
    assert_memory_equal(out.data, sorted, sizeof sorted);
    buffer_release(&out);
}

/* Pairs come back in order, and keys are found. */
static void maps_are_read_pair_by_pair(void **state)
{
    (void)state;
    struct text map = TEXT("a\0001\0a.long\0\0b\0002\0"), value;
    struct map_pair pair;
    size_t position = 0;

    assert_true(map_next(map, &position, &pair));
    assert_true(text_is(pair.key, "a") && text_is(pair.value, "1"));
    assert_true(map_next(map, &position, &pair));
    assert_true(text_is(pair.key, "a.long") && text_is(pair.value, ""));
    assert_true(map_next(map, &position, &pair));
    assert_true(text_is(pair.key, "b") && text_is(pair.value, "2"));
    assert_false(map_next(map, &position, &pair));
    assert_true(map_find(map, TEXT("b"), &value));
    assert_true(text_is(value, "2"));
    assert_false(map_find(map, TEXT("aa"), &value));
    assert_false(map_find(map, TEXT("c"), &value));
    assert_false(map_find(TEXT(""), TEXT("a"), &value));
}

/* A key that stands twice is named. */
static void a_repeated_key_is_named(void **state)
{
    (void)state;
    struct map_pair pairs[] = {{TEXT("x"), TEXT("1")}, {TEXT("a"), TEXT("2")}, {TEXT("x"), TEXT("1")}};
    struct text repeated;
    struct buffer out;

    buffer_init(&out, 1000);
    assert_int_equal(map_finish(pairs, 3, &out, &repeated), -1);
    assert_true(text_is(repeated, "x"));
    buffer_release(&out);
}

/* A NUL would end a key early: it is refused, as is a map that is larger than its buffer. */
static void a_nul_or_a_full_buffer_fails_without_a_key(void **state)
{
    (void)state;
    struct map_pair in_key[] = {{TEXT("x\0y"), TEXT("1")}}, in_value[] = {{TEXT("x"), TEXT("1\0")}};
    struct map_pair fine[] = {{TEXT("x"), TEXT("1")}};
    struct text repeated;
    struct buffer out;

    buffer_init(&out, 3);
    assert_int_equal(map_finish(in_key, 1, &out, &repeated), -1);
    assert_int_equal(repeated.bytes, 0);
    assert_int_equal(map_finish(in_value, 1, &out, &repeated), -1);
    assert_int_equal(repeated.bytes, 0);
    assert_int_equal(map_finish(fine, 1, &out, &repeated), -1);
    assert_int_equal(repeated.bytes, 0);
    buffer_release(&out);
}

/* A map of many keys comes out in order however they came in. */
static void a_large_map_is_sorted(void **state)
{
    (void)state;
    enum { COUNT = 1000, KEY_BYTES = 8 };
    static char keys[COUNT][KEY_BYTES];
    static struct map_pair pairs[COUNT];
    struct text repeated;
    struct buffer out;
    struct map_pair pair;

    for (int i = 0; i < COUNT; i++) {
        snprintf(keys[i], KEY_BYTES, "%03d", i * 617 % COUNT);
        pairs[i] = (struct map_pair){text_of(keys[i]), TEXT("")};
    }
    buffer_init(&out, 100000);
    assert_int_equal(map_finish(pairs, COUNT, &out, &repeated), 0);
    size_t position = 0;
    for (int i = 0; i < COUNT; i++) {
        char expected[KEY_BYTES];

        snprintf(expected, KEY_BYTES, "%03d", i);
        assert_true(map_next(buffer_text(&out), &position, &pair));
        assert_true(text_is(pair.key, expected));
    }
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(booleans_are_true_or_false), cmocka_unit_test(numbers_keep_to_their_range),
        cmocka_unit_test(permissions_may_be_letters), cmocka_unit_test(choices_are_known_ones_or_any),
        cmocka_unit_test(texts_keep_to_their_length), cmocka_unit_test(maps_and_lists_are_not_texts),
        cmocka_unit_test(every_rule_fits_its_room),   cmocka_unit_test(values_are_spelt_as_in_manifests),
        cmocka_unit_test(a_full_buffer_fails),        cmocka_unit_test(defaults_are_recognised),
        cmocka_unit_test(defaults_are_valid_values),  cmocka_unit_test(attribute_defaults_belong_to_a_kind),
        cmocka_unit_test(maps_are_sorted_by_key),     cmocka_unit_test(maps_are_read_pair_by_pair),
        cmocka_unit_test(a_repeated_key_is_named),    cmocka_unit_test(a_nul_or_a_full_buffer_fails_without_a_key),
        cmocka_unit_test(a_large_map_is_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
