/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop thread never works more than 10 ms at a stretch, however large the sets are (design section 5).
 *
 * A watchdog thread wakes the loop every millisecond. What the loop thread's own CPU clock shows between two wake-ups
 * is what it worked without coming back to the loop: other processes on a busy machine do not count. What the wall
 * clock shows from waking to being woken would also show a loop that waits for a disk; it is held to a looser limit.
 *
 * An optimised build takes 500,000 topics and 100,000 groups, a sanitizer or an unoptimised one a tenth of that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/base/buffer.h"
#include "api/cause.h"
#include "tests/lib/runner_fixture.h"
#include "tests/lib/scratch.h"

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
enum { TOPICS = 500000, GROUPS = 100000 };
#else
enum { TOPICS = 50000, GROUPS = 10000 };
#endif
enum { WAKE_US = 1000, STRETCH_MS_MAX = 10, ABSENCE_MS_MAX = 500 };

/* ---- the watchdog */

struct watchdog {
    uv_async_t wake;
    pthread_t thread;
    atomic_bool stop;
    atomic_llong woken_ns; /* wall; 0: the last wake-up was answered */
    int64_t last_cpu_ns;
    int64_t longest_stretch_ns, longest_absence_ns;
};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *watch(void *data)
{
    struct watchdog *watchdog = data;

    while (!atomic_load(&watchdog->stop)) {
        long long answered = 0;
        if (atomic_compare_exchange_strong(&watchdog->woken_ns, &answered, clock_ns(CLOCK_MONOTONIC)))
            uv_async_send(&watchdog->wake);
        usleep(WAKE_US);
    }
    return NULL;
}

static void on_wake(uv_async_t *wake)
{
    struct watchdog *watchdog = wake->data;
    int64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    long long woken_ns = atomic_exchange(&watchdog->woken_ns, 0);

    if (woken_ns == 0)
        return;
    int64_t absence_ns = clock_ns(CLOCK_MONOTONIC) - woken_ns;
    if (absence_ns > watchdog->longest_absence_ns)
        watchdog->longest_absence_ns = absence_ns;
    if (cpu_ns - watchdog->last_cpu_ns > watchdog->longest_stretch_ns)
        watchdog->longest_stretch_ns = cpu_ns - watchdog->last_cpu_ns;
    watchdog->last_cpu_ns = cpu_ns;
}

static void watchdog_start(struct watchdog *watchdog, uv_loop_t *loop)
{
    *watchdog = (struct watchdog){.last_cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID)};
    assert_int_equal(uv_async_init(loop, &watchdog->wake, on_wake), 0);
    watchdog->wake.data = watchdog;
    assert_int_equal(pthread_create(&watchdog->thread, NULL, watch, watchdog), 0);
}

static void watchdog_stop(struct watchdog *watchdog)
{
    atomic_store(&watchdog->stop, true);
    pthread_join(watchdog->thread, NULL);
    uv_close((uv_handle_t *)&watchdog->wake, NULL);
}

static void watchdog_judge(struct watchdog *watchdog, const char *what)
{
    print_message("%-40s at most %6.2f ms of work at a stretch, %6.2f ms away\n", what,
                  (double)watchdog->longest_stretch_ns / 1e6, (double)watchdog->longest_absence_ns / 1e6);
    assert_in_range(watchdog->longest_stretch_ns, 0, (int64_t)STRETCH_MS_MAX * 1000000);
    assert_in_range(watchdog->longest_absence_ns, 0, (int64_t)ABSENCE_MS_MAX * 1000000);
}

/* What the test itself did meanwhile does not count. */
static void watchdog_forget(struct watchdog *watchdog)
{
    watchdog->longest_stretch_ns = watchdog->longest_absence_ns = 0;
    watchdog->last_cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    atomic_store(&watchdog->woken_ns, 0);
}

/* ---- large sets */

/* Items of one kind, apart in their settings as those of real exports are: a few dozen kinds of settings. */
static void add_items(struct buffer *text, const char *key, const char *prefix, const char *setting, unsigned count,
                      unsigned step)
{
    buffer_append_format(text, "\"%s\": [", key);
    for (unsigned i = 0; i < count; i += step)
        buffer_append_format(text, "%s\n{\"name\":\"%s-%07u\",\"%s\":%u}", i > 0 ? "," : "", prefix, i, setting,
                             i % 64);
    buffer_append_string(text, "]");
}

/* Every step-th of all resources. */
static void put_large_snapshot(const char *path, unsigned step)
{
    struct buffer text;

    buffer_init(&text, (size_t)1 << 30);
    buffer_append_string(&text, "{\"apiVersion\": \"mqferry/v1\", \"kind\": \"Snapshot\", \"standsFor\": \"any\",\n");
    add_items(&text, "topics", "order-events-of-region", "readQueueNums", TOPICS, step);
    buffer_append_string(&text, ",\n");
    add_items(&text, "consumerGroups", "GID_consumers-of-order-events", "brokerId", GROUPS, step);
    buffer_append_string(&text, "}\n");
    assert_false(text.failed);
    scratch_put(path, text.data);
    buffer_release(&text);
}

static void run_pass(struct runner_fixture *fixture, struct watchdog *watchdog, enum pass_mode mode)
{
    watchdog_forget(watchdog);
    fixture_start(fixture, mode, 0);
    fixture_wait(fixture);
}

/* Loading, reading and planning large sets, from files, again unchanged, with a tenth to create, and letting go of them
 * all leave the loop free. */
static void large_sets_leave_the_loop_free(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct watchdog watchdog;

    put_large_snapshot("declared.json", 1);
    put_large_snapshot("to.json", 1);
    fixture_begin(&fixture, "snapshot:to.json", NULL);
    fixture.paths[0] = "declared.json";
    fixture.options.path_count = 1;
    fixture_open(&fixture);
    watchdog_start(&watchdog, &fixture.loop.loop);

    run_pass(&fixture, &watchdog, PASS_PLAN);
    assert_true(fixture.parity);
    assert_int_equal(fixture.result->plan->row_count, TOPICS + GROUPS);
    watchdog_judge(&watchdog, "load and plan");

    run_pass(&fixture, &watchdog, PASS_PLAN);
    assert_true(fixture.parity);
    watchdog_judge(&watchdog, "plan again, unchanged");

    put_large_snapshot("to.json", 10);
    run_pass(&fixture, &watchdog, PASS_PLAN);
    assert_int_equal(fixture_count(&fixture, STATE_MISSING), (TOPICS + GROUPS) / 10 * 9);
    watchdog_judge(&watchdog, "plan, most of it missing");

    run_pass(&fixture, &watchdog, PASS_APPLY);
    assert_int_equal(fixture.failure.cause, CAUSE_NONE);
    assert_true(fixture.parity);
    watchdog_judge(&watchdog, "apply");

    watchdog_stop(&watchdog);
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(large_sets_leave_the_loop_free, scratch_enter, scratch_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
