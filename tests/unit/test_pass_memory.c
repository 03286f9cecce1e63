/* SPDX-License-Identifier: Apache-2.0
 *
 * The pass when memory runs out: at every allocation of every step in turn. Each time it must end with a report, leak
 * nothing (the leak check watches), and leave a ledger with which the next pass comes to the same end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/cause.h"
#include "tests/lib/memory.h"
#include "tests/lib/pass_bench.h"

enum { STEPS_MAX = 500, ALLOCATIONS_MAX = 200 };

static uint32_t failing_step, failing_allocation; /* step 0: none fails */
static bool failed, met;

static void fail_one(struct bench *bench, bool before)
{
    if (bench->steps != failing_step)
        return;
    if (before) {
        met = true;
        memory_fail_after(failing_allocation);
    } else
        failed = memory_restore();
}

static void open_scenario(struct bench *bench)
{
    bench_init(bench);
    bench->options.concurrency = 2;
    bench->description.capabilities.batch_max[KIND_TOPIC] = 3;
    bench_declare(bench, "Topic a messageType=NORMAL\nTopic b messageType=NORMAL\nTopic c messageType=NORMAL\n"
                         "Topic d messageType=NORMAL\nTopic e messageType=NORMAL\n"
                         "ConsumerGroup r consumeRetryPolicy.deadLetterTargetTopic=e\nConsumerGroup s remark=x\n");
    bench_answer(bench, "b", OUTCOME_REFUSED, CAUSE_SYSTEM_ERROR, 1);
    bench_answer(bench, "d", OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 1);
}

static void check_second_pass(struct bench *bench)
{
    failing_step = 0;
    bench->around_step = NULL;
    bench->now_ms += 3600000;
    bench_mend(bench);
    bench_pass(bench);
    assert_true(bench->report->parity);
    assert_int_equal(ledger_count(bench->ledger), 0);
}

/* false: the step has no allocation of that number, or there is no such step. */
static bool run_scenario(uint32_t step, uint32_t allocation)
{
    static struct bench bench;
    failed = met = false;
    open_scenario(&bench);
    failing_step = step;
    failing_allocation = allocation;
    bench.around_step = fail_one;
    bench_pass(&bench);
    if (failed)
        assert_true(bench.report->failure.cause == CAUSE_OUT_OF_MEMORY || bench.report->failure.cause == CAUSE_NONE);
    check_second_pass(&bench);
    bench_release(&bench);
    return failed;
}

static void every_allocation_may_fail(void **state)
{
    /* The pass fails with words, or could do without; the next one mends it all. */
    (void)state;
    uint32_t failures = 0, step = 1;
    for (met = true; met && step < STEPS_MAX; step++) {
        for (uint32_t allocation = 0; allocation < ALLOCATIONS_MAX && run_scenario(step, allocation); allocation++)
            failures++;
    }
    assert_true(step < STEPS_MAX);
    assert_true(failures > 20);
}

static void a_pass_that_cannot_be_made_is_none(void **state)
{
    /* The caller is told at once. */
    (void)state;
    struct bench bench;
    bench_init(&bench);
    for (unsigned allocation = 0; allocation < 2; allocation++) {
        memory_fail_after(allocation);
        struct pass *pass = pass_new(&bench.options);
        assert_true(memory_restore());
        assert_null(pass);
    }
    memory_fail_after(0);
    struct ledger *ledger = ledger_new();
    assert_true(memory_restore());
    assert_null(ledger);
    memory_fail_after(1);
    ledger = ledger_new();
    assert_true(memory_restore());
    assert_null(ledger);
    bench_release(&bench);
    pass_free(NULL);
    ledger_free(NULL);
}

static void a_ledger_that_cannot_grow_gets_slower_not_wrong(void **state)
{
    /* Entries that get no memory are not there; the others are found as ever. */
    (void)state;
    struct ledger *ledger = ledger_new();
    memory_fail_after(0);
    assert_null(ledger_put(ledger, KIND_TOPIC, TEXT("orders"), 1));
    assert_int_equal(ledger_doubt(ledger, KIND_TOPIC, TEXT("orders"), 1), -1);
    ledger_reserve(ledger, 100000);
    assert_true(memory_restore());
    struct ledger_entry *entry = ledger_put(ledger, KIND_TOPIC, TEXT("orders"), 1);
    assert_non_null(entry);
    struct failure why = FAILURE_INIT, back;
    failure_set(&why, CAUSE_SYSTEM_ERROR, "could not create it");
    memory_fail_after(0);
    ledger_explain(entry, &why);
    assert_true(memory_restore());
    ledger_failure(entry, &back);
    assert_int_equal(back.cause, CAUSE_SYSTEM_ERROR);
    assert_string_equal(back.text, "");
    assert_int_equal(ledger_count(ledger), 1);
    ledger_free(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_pass_that_cannot_be_made_is_none),
        cmocka_unit_test(a_ledger_that_cannot_grow_gets_slower_not_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
