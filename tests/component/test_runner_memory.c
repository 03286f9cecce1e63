/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/memory.h"
#include "tests/lib/runner_fixture.h"
#include "tests/lib/scratch.h"

enum { ALLOCATIONS_MAX = 5000 };

/* Memory runs out during a pass, from one allocation on; false when it went through without meeting that. */
static bool run_short_of_memory(struct runner_fixture *fixture, unsigned count)
{
    memory_fail_after(count);
    int status = runner_new(&fixture->options, &fixture->runner, &fixture->why);
    if (status != 0) {
        fixture->runner = NULL;
        assert_true(memory_restore());
        assert_int_equal(fixture->why.cause, CAUSE_OUT_OF_MEMORY);
        return true;
    }
    bool started = fixture_try(fixture, PASS_APPLY, monotime_ms() + 1);
    if (started)
        fixture_wait(fixture);
    bool met = memory_restore();
    if (!met)
        assert_true(fixture->parity);
    else if (started && fixture->failure.cause != CAUSE_NONE && fixture->failure.cause != CAUSE_OUT_OF_MEMORY)
        fail_msg("allocation %u: %s", count, fixture->failure.text);
    return met;
}

/* A result that could not be written down may stop the next pass; the one after it has a journal again. */
static void recover(struct runner_fixture *fixture, unsigned count)
{
    fixture_pass(fixture, PASS_APPLY);
    if (fixture->failure.cause != CAUSE_NONE)
        fixture_pass(fixture, PASS_APPLY);
    if (fixture->failure.cause != CAUSE_NONE || !fixture->parity)
        fail_msg("after allocation %u had failed: %s", count, fixture->failure.text);
}

/* Whichever allocation fails first: nothing is lost or leaked, nobody waits for ever, and a later pass does it all. */
static void running_out_of_memory_ends_a_pass_only(void **state)
{
    (void)state;
    bool met = true;

    scratch_put("a.yaml", "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: topic-a}\n");
    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"topic-b\"}], \"consumerGroups\": [{\"name\":\"g\"}]");
    for (unsigned count = 0; met; count++) {
        struct runner_fixture fixture;
        assert_true(count < ALLOCATIONS_MAX);
        fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
        fixture.paths[0] = "a.yaml";
        fixture.options.path_count = 1;
        met = run_short_of_memory(&fixture, count);
        if (fixture.runner)
            recover(&fixture, count);
        fixture_end(&fixture);
        assert_int_equal(system("rm -rf to.json to.json.lock state"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(running_out_of_memory_ends_a_pass_only, scratch_enter, scratch_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
