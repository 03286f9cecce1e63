/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/fields.h"

/* Every field is found again by its kind and its name, so names are unique within a kind. */
static void fields_have_names_of_their_own(void **state)
{
    (void)state;
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        const struct field_info *info = field_info(field);
        assert_int_equal(field_by_name(info->kind, text_of(info->name)), field);
    }
}

/* A name of the other kind, a part of a name and an unknown name give no field. */
static void unknown_names_give_no_field(void **state)
{
    (void)state;
    assert_int_equal(field_by_name(KIND_TOPIC, TEXT("consumeEnable")), FIELD_COUNT);
    assert_int_equal(field_by_name(KIND_GROUP, TEXT("consumeRetryPolicy")), FIELD_COUNT);
    assert_int_equal(field_by_name(KIND_TOPIC, TEXT("Perm")), FIELD_COUNT);
    assert_int_equal(field_by_name(KIND_TOPIC, TEXT("")), FIELD_COUNT);
}

/* `remark` is a field of topics and another one of groups. */
static void one_name_may_be_a_field_of_both_kinds(void **state)
{
    (void)state;
    assert_int_equal(field_by_name(KIND_TOPIC, TEXT("remark")), FIELD_TOPIC_REMARK);
    assert_int_equal(field_by_name(KIND_GROUP, TEXT("remark")), FIELD_GROUP_REMARK);
}

/* Choices are listed where they can be chosen, and ranges are not empty. */
static void rows_of_the_table_are_sound(void **state)
{
    (void)state;
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        const struct field_info *info = field_info(field);
        assert_true((info->type == TYPE_CHOICE) == (info->choices != NULL));
        assert_true(info->min <= info->max);
        assert_true(info->held != 0);
        assert_true(strlen(info->doc) > 0);
    }
}

/* The two kinds share no bits and leave none out. */
static void every_field_belongs_to_one_kind(void **state)
{
    (void)state;
    assert_int_equal(fields_of(KIND_TOPIC) & fields_of(KIND_GROUP), 0);
    assert_true((fields_of(KIND_TOPIC) | fields_of(KIND_GROUP)) == FIELD_BIT(FIELD_COUNT) - 1);
}

/* What contract section 4 says about who holds what. */
static void instances_hold_what_the_contract_says(void **state)
{
    (void)state;
    assert_true(
        fields_held(INSTANCE_APSARAMQ, KIND_TOPIC) ==
        (FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE) | FIELD_BIT(FIELD_TOPIC_REMARK) | FIELD_BIT(FIELD_TOPIC_MAX_SEND_TPS)));
    assert_true(fields_held(INSTANCE_ONS, KIND_TOPIC) ==
                (FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE) | FIELD_BIT(FIELD_TOPIC_REMARK)));
    assert_true(fields_held(INSTANCE_ONS, KIND_GROUP) == (FIELD_BIT(FIELD_GROUP_TYPE) | FIELD_BIT(FIELD_GROUP_REMARK)));
    assert_true((fields_held(INSTANCE_ROCKETMQ, KIND_TOPIC) & FIELD_BIT(FIELD_TOPIC_REMARK)) == 0);
    assert_true((fields_held(INSTANCE_ROCKETMQ, KIND_TOPIC) & FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE)) != 0);
    assert_true(fields_held(INSTANCE_ANY, KIND_GROUP) == fields_of(KIND_GROUP));
}

/* Kinds of instance are known by their names; another word is told apart. */
static void instance_kinds_have_names(void **state)
{
    (void)state;
    for (enum instance_kind kind = INSTANCE_ANY; kind < INSTANCE_KINDS; kind++)
        assert_int_equal(instance_kind_by_name(text_of(instance_kind_name(kind))), kind);
    assert_int_equal(instance_kind_by_name(TEXT("kafka")), INSTANCE_KINDS);
}

/* Kinds are spelt as documents spell them, and as sentences do. */
static void kinds_have_names_and_words(void **state)
{
    (void)state;
    assert_string_equal(kind_name(KIND_TOPIC), "Topic");
    assert_string_equal(kind_name(KIND_GROUP), "ConsumerGroup");
    assert_string_equal(kind_word(KIND_TOPIC), "topic");
    assert_string_equal(kind_word(KIND_GROUP), "consumer group");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_have_names_of_their_own),
        cmocka_unit_test(unknown_names_give_no_field),
        cmocka_unit_test(one_name_may_be_a_field_of_both_kinds),
        cmocka_unit_test(rows_of_the_table_are_sound),
        cmocka_unit_test(every_field_belongs_to_one_kind),
        cmocka_unit_test(instances_hold_what_the_contract_says),
        cmocka_unit_test(instance_kinds_have_names),
        cmocka_unit_test(kinds_have_names_and_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
