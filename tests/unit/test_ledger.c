/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "api/cause.h"
#include "controller/pass/ledger.h"

static int open_ledger(void **state)
{
    *state = ledger_new();
    return *state != NULL ? 0 : -1;
}

static int close_ledger(void **state)
{
    ledger_free(*state);
    return 0;
}

static struct ledger_entry *put(struct ledger *ledger, const char *name, uint64_t fingerprint)
{
    struct ledger_entry *entry = ledger_put(ledger, KIND_TOPIC, text_of(name), fingerprint);
    assert_non_null(entry);
    return entry;
}

static void fail_with(struct ledger_entry *entry, int cause, uint64_t not_before_ms)
{
    struct failure why = FAILURE_INIT;
    failure_set(&why, cause, "could not create topic");
    ledger_explain(entry, &why);
    entry->not_before_ms = not_before_ms;
}

static void entries_are_found_by_kind_and_name(void **state)
{
    /* A topic and a group of one name are two stories. */
    struct ledger *ledger = *state;
    put(ledger, "orders", 1)->attempts = 3;
    assert_int_equal(ledger_find(ledger, KIND_TOPIC, TEXT("orders"))->attempts, 3);
    assert_null(ledger_find(ledger, KIND_GROUP, TEXT("orders")));
    assert_null(ledger_find(ledger, KIND_TOPIC, TEXT("order")));
    assert_ptr_equal(put(ledger, "orders", 1), ledger_find(ledger, KIND_TOPIC, TEXT("orders")));
    assert_int_equal(ledger_count(ledger), 1);
}

static void another_declaration_voids_what_failed_but_keeps_the_doubt(void **state)
{
    /* A corrected manifest is tried at once, but never while an older create may still arrive. */
    struct ledger *ledger = *state;
    struct ledger_entry *entry = put(ledger, "orders", 1);
    fail_with(entry, CAUSE_INVALID_PARAMETER, UINT64_MAX);
    entry->attempts = 4;
    entry->said_to_exist = true;
    entry->sent_ms = 500;
    entry->absent_ms = 600;

    assert_ptr_equal(put(ledger, "orders", 2), entry);
    assert_int_equal(entry->fingerprint, 2);
    assert_int_equal(entry->cause, CAUSE_NONE);
    assert_int_equal(entry->attempts, 0);
    assert_int_equal(entry->not_before_ms, 0);
    assert_false(entry->said_to_exist);
    assert_int_equal(entry->sent_ms, 500);
    assert_int_equal(entry->absent_ms, 600);
}

static void a_doubt_starts_its_proof_anew(void **state)
{
    /* What an earlier process may have sent is in doubt, whatever was known before. */
    struct ledger *ledger = *state;
    put(ledger, "orders", 1)->absent_ms = 50;
    assert_int_equal(ledger_doubt(ledger, KIND_TOPIC, TEXT("orders"), 100), 0);
    assert_int_equal(ledger_doubt(ledger, KIND_GROUP, TEXT("readers"), 100), 0);
    assert_int_equal(ledger_find(ledger, KIND_TOPIC, TEXT("orders"))->sent_ms, 100);
    assert_int_equal(ledger_find(ledger, KIND_TOPIC, TEXT("orders"))->absent_ms, 0);
    assert_int_equal(ledger_find(ledger, KIND_GROUP, TEXT("readers"))->sent_ms, 100);
}

static void forgotten_entries_are_gone(void **state)
{
    /* What was seen needs no memory. */
    struct ledger *ledger = *state;
    fail_with(put(ledger, "orders", 1), CAUSE_SYSTEM_ERROR, 10);
    ledger_forget(ledger, KIND_TOPIC, TEXT("orders"));
    ledger_forget(ledger, KIND_TOPIC, TEXT("never there"));
    assert_null(ledger_find(ledger, KIND_TOPIC, TEXT("orders")));
    assert_int_equal(ledger_count(ledger), 0);
}

static void thousands_of_entries_keep_their_place(void **state)
{
    /* Growing moves nothing: pointers to entries stay good. */
    struct ledger *ledger = *state;
    struct ledger_entry *first = put(ledger, "topic-0", 0);
    for (uint32_t i = 1; i < 5000; i++) {
        char name[32];
        snprintf(name, sizeof name, "topic-%u", i);
        put(ledger, name, i);
    }
    assert_ptr_equal(ledger_find(ledger, KIND_TOPIC, TEXT("topic-0")), first);
    assert_int_equal(ledger_find(ledger, KIND_TOPIC, TEXT("topic-4321"))->fingerprint, 4321);
    assert_int_equal(ledger_count(ledger), 5000);
}

static bool keep_even(void *context, enum kind kind, struct text name, const struct ledger_entry *entry)
{
    (void)kind;
    (void)name;
    ++*(uint32_t *)context;
    return entry->fingerprint % 2 == 0;
}

static void a_sweep_drops_what_nobody_wants(void **state)
{
    /* The pass sweeps out what is not declared any more; every entry is asked about once. */
    struct ledger *ledger = *state;
    uint32_t asked = 0;
    ledger_sweep(ledger, keep_even, &asked);
    assert_int_equal(asked, 0);
    for (uint32_t i = 0; i < 200; i++) {
        char name[32];
        snprintf(name, sizeof name, "topic-%u", i);
        put(ledger, name, i);
    }
    ledger_sweep(ledger, keep_even, &asked);
    assert_int_equal(asked, 200);
    assert_int_equal(ledger_count(ledger), 100);
    assert_null(ledger_find(ledger, KIND_TOPIC, TEXT("topic-7")));
    assert_non_null(ledger_find(ledger, KIND_TOPIC, TEXT("topic-8")));
}

static void the_next_moment_is_the_earliest_that_time_releases(void **state)
{
    /* Entries without a cause wait for nothing, those that wait for the input are not released by time. */
    struct ledger *ledger = *state;
    assert_int_equal(ledger_next_ms(ledger, 1000), UINT64_MAX);
    put(ledger, "in doubt only", 1)->sent_ms = 5;
    fail_with(put(ledger, "stuck", 1), CAUSE_INVALID_PARAMETER, UINT64_MAX);
    assert_int_equal(ledger_next_ms(ledger, 1000), UINT64_MAX);
    fail_with(put(ledger, "later", 1), CAUSE_SYSTEM_ERROR, 9000);
    fail_with(put(ledger, "sooner", 1), CAUSE_SYSTEM_ERROR, 7000);
    assert_int_equal(ledger_next_ms(ledger, 1000), 7000);
    assert_int_equal(ledger_next_ms(ledger, 7000), 9000); /* what is due already is somebody else's matter */
    fail_with(ledger_of_kind(ledger, KIND_GROUP), CAUSE_GROUP_QUOTA_REACHED, 6000);
    assert_int_equal(ledger_next_ms(ledger, 1000), 7000); /* and so is what blocks a kind of which nothing is missing */
}

static void absence_needs_two_reads_and_a_settling_time(void **state)
{
    /* A server may still be at it: one look, or two early ones, prove nothing. */
    struct ledger_entry *entry = put(*state, "orders", 1);
    entry->sent_ms = 1000;
    assert_false(ledger_absent(entry, 999, 500)); /* began before sending */
    assert_int_equal(entry->absent_ms, 0);
    assert_int_equal(ledger_proof_ms(entry, 500), 1000);
    assert_false(ledger_absent(entry, 1000, 500));
    assert_int_equal(ledger_proof_ms(entry, 500), 1500);
    assert_false(ledger_absent(entry, 1499, 500));
    assert_true(ledger_absent(entry, 1500, 500));
}

static void one_late_read_proves_nothing_alone(void **state)
{
    /* Long after sending two different reads are still asked for. */
    struct ledger_entry *entry = put(*state, "orders", 1);
    entry->sent_ms = 1000;
    assert_false(ledger_absent(entry, 9000, 500));
    assert_false(ledger_absent(entry, 9000, 500)); /* the same read */
    assert_int_equal(ledger_proof_ms(entry, 500), 9001);
    assert_true(ledger_absent(entry, 9001, 500));
}

static void what_people_read_comes_back_as_it_was(void **state)
{
    /* Code, message, request id and sentence survive until the next pass reports them. */
    struct ledger *ledger = *state;
    struct ledger_entry *entry = put(ledger, "orders", 1);
    struct failure why = FAILURE_INIT, back;
    failure_set(&why, CAUSE_TOPIC_CREATE_FAILED, "could not create topic \"orders\"");
    strcpy(why.provider_code, "Topic.CreateFailed");
    strcpy(why.request_id, "7F-01");
    ledger_explain(entry, &why);
    strcpy(why.provider_message, "once more");
    ledger_explain(entry, &why);

    ledger_failure(entry, &back);
    assert_int_equal(back.cause, CAUSE_TOPIC_CREATE_FAILED);
    assert_string_equal(back.text, why.text);
    assert_string_equal(back.provider_code, "Topic.CreateFailed");
    assert_string_equal(back.provider_message, "once more");
    assert_string_equal(back.request_id, "7F-01");

    ledger_failure(put(ledger, "unknown", 1), &back);
    assert_int_equal(back.cause, CAUSE_NONE);
    assert_string_equal(back.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_are_found_by_kind_and_name, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(another_declaration_voids_what_failed_but_keeps_the_doubt, open_ledger,
                                        close_ledger),
        cmocka_unit_test_setup_teardown(a_doubt_starts_its_proof_anew, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(forgotten_entries_are_gone, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(thousands_of_entries_keep_their_place, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(a_sweep_drops_what_nobody_wants, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(the_next_moment_is_the_earliest_that_time_releases, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(absence_needs_two_reads_and_a_settling_time, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(one_late_read_proves_nothing_alone, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(what_people_read_comes_back_as_it_was, open_ledger, close_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
