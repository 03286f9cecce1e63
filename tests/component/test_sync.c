/* SPDX-License-Identifier: Apache-2.0
 *
 * One Sync's clock, and whether its pass gets anywhere: a real loop, real files, a snapshot as destination.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/base/monotime.h"
#include "controller/daemon/sync.h"
#include "tests/lib/loop.h"
#include "tests/lib/scratch.h"

enum { JOBS = 2 }; /* what the pool of test_loop runs at once */

struct scene {
    struct test_loop loop;
    struct config *config;
    struct sync *sync;
    struct cloud *cloud;
    uint64_t began_ms[64]; /* of each pass, about */
    unsigned passes;
    bool passed, stopped, closed;
};

static void on_passed(void *context, struct sync *sync, const struct runner_result *result)
{
    struct scene *scene = context;

    (void)sync;
    assert_true(scene->passes < 64);
    scene->began_ms[scene->passes++] = result->report->started_ms;
    scene->passed = true;
}

static void on_stopped(void *context, struct sync *sync)
{
    (void)sync;
    ((struct scene *)context)->stopped = true;
}

static void on_closed(void *context)
{
    ((struct scene *)context)->closed = true;
}

static void begin(struct scene *scene, const char *interval)
{
    struct failure why = FAILURE_INIT;
    struct complaints mistakes;
    char text[1024];

    memset(scene, 0, sizeof *scene);
    test_loop_begin(&scene->loop);
    scratch_put("a.yaml", "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: a}\nspec: {messageType: NORMAL}\n");
    snprintf(text, sizeof text,
             "apiVersion: mqferry/v1\nkind: Sync\nmetadata: {name: one}\nspec:\n  mode: apply\n  source: a.yaml\n"
             "  destination: {address: \"snapshot:d.json\", for: apsaramq}\n  interval: %s\n",
             interval);
    scratch_put("mqferry.yaml", text);
    complaints_init(&mistakes);
    assert_int_equal(config_load("mqferry.yaml", &scene->config, &mistakes, &why), 0);
    const struct sync_options options = {.loop = &scene->loop.loop,
                                         .workers = scene->loop.workers,
                                         .run = "run",
                                         .state_dir = "state",
                                         .cloud = &scene->cloud,
                                         .config = scene->config,
                                         .passed = on_passed,
                                         .stopped = on_stopped,
                                         .context = scene};
    assert_int_equal(sync_new(&options, &scene->sync, &why), 0);
}

static void next_pass(struct scene *scene)
{
    scene->passed = false;
    test_loop_run_until(&scene->loop, &scene->passed);
}

static void end(struct scene *scene)
{
    sync_stop(scene->sync);
    test_loop_run_until(&scene->loop, &scene->stopped);
    sync_close(scene->sync, on_closed, scene);
    test_loop_run_until(&scene->loop, &scene->closed);
    config_unref(scene->config);
    test_loop_end(&scene->loop);
}

/* ---- when */

/* However often it is told to look again: passes never begin within the gap, and a burst is one pass. */
static void passes_keep_the_gap_and_bursts_coalesce(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene, "1h");
    sync_begin(scene.sync);
    next_pass(&scene);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 50; i++)
            sync_look_again(scene.sync);
        next_pass(&scene);
    }
    assert_int_equal(scene.passes, 4);
    /* what is known is the pass's own first step, which may come a little after its beginning: a worker is asked first
     */
    for (unsigned i = 1; i < scene.passes; i++)
        assert_true(scene.began_ms[i] - scene.began_ms[i - 1] >= SYNC_GAP_MS / 2);
    end(&scene);
}

/* News during a pass brings one more, and only one is ever under way (the runner would refuse a second). */
static void news_during_a_pass_brings_one_more(void **state)
{
    struct scene scene;
    struct sync_view view = {.state = SYNC_NEW};
    (void)state;
    begin(&scene, "1h");
    sync_begin(scene.sync);
    while (view.state != SYNC_PASSING) {
        uv_run(&scene.loop.loop, UV_RUN_ONCE);
        sync_look(scene.sync, &view);
    }
    for (int i = 0; i < 10; i++)
        sync_look_again(scene.sync);
    next_pass(&scene);
    if (scene.passes == 1)
        next_pass(&scene);
    sync_look(scene.sync, &view);
    assert_int_equal(view.state, SYNC_WAITING);
    end(&scene);
    assert_int_equal(scene.passes, 2);
}

/* The interval is what was asked for, a tenth more or less. */
static void the_interval_has_jitter(void **state)
{
    struct scene scene;
    struct sync_view view;
    bool differs = false;
    uint64_t first = 0;
    (void)state;
    begin(&scene, "1000s");
    sync_begin(scene.sync);
    for (int i = 0; i < 4; i++) {
        next_pass(&scene);
        uv_run(&scene.loop.loop, UV_RUN_NOWAIT);
        sync_look(scene.sync, &view);
        uint64_t wait_ms = view.next_ms - monotime_ms();
        assert_in_range(wait_ms, 890000, 1100000);
        first = i == 0 ? wait_ms : first;
        differs |= wait_ms / 1000 != first / 1000;
        sync_look_again(scene.sync);
    }
    assert_true(differs);
    end(&scene);
}

/* ---- stuck */

struct blocker {
    struct job job;
    atomic_bool *release;
    unsigned *done;
};

static void block(struct job *job)
{
    const struct blocker *blocker = job->data;
    while (!atomic_load(blocker->release))
        usleep(1000);
}

static void blocked(struct job *job)
{
    const struct blocker *blocker = job->data;
    ++*blocker->done;
}

/* A pass whose work never comes back is stuck when its patience is over, and no longer when it does come back. A sync
 * that only waits is never stuck. */
static void a_pass_that_does_nothing_is_stuck(void **state)
{
    struct scene scene;
    struct blocker blockers[JOBS];
    struct sync_view view = {.state = SYNC_NEW};
    atomic_bool release = false;
    unsigned done = 0;
    (void)state;
    begin(&scene, "1h");
    sync_begin(scene.sync);
    next_pass(&scene);
    uv_run(&scene.loop.loop, UV_RUN_NOWAIT);
    assert_false(sync_is_stuck(scene.sync, monotime_ms()));
    assert_false(sync_is_stuck(scene.sync, monotime_ms() + 10 * SYNC_STUCK_MS));
    uint64_t asked_ms = monotime_ms(); /* what did not beat since then is judged from then on */
    assert_false(sync_is_stuck(scene.sync, asked_ms));
    for (int i = 0; i < JOBS; i++) {
        blockers[i] = (struct blocker){
            .job = {.work = block, .done = blocked, .data = &blockers[i]}, .release = &release, .done = &done};
        worker_submit(scene.loop.workers, &blockers[i].job);
    }
    sync_look_again(scene.sync);
    while (view.state != SYNC_PASSING) {
        uv_run(&scene.loop.loop, UV_RUN_ONCE);
        sync_look(scene.sync, &view);
    }
    for (int i = 0; i < 20; i++)
        uv_run(&scene.loop.loop, UV_RUN_NOWAIT);
    uint64_t now_ms = monotime_ms();
    assert_false(sync_is_stuck(scene.sync, now_ms));
    assert_false(sync_is_stuck(scene.sync, asked_ms + SYNC_STUCK_MS - 1));
    assert_true(sync_is_stuck(scene.sync, now_ms + SYNC_STUCK_MS));
    atomic_store(&release, true);
    next_pass(&scene);
    assert_false(sync_is_stuck(scene.sync, now_ms + SYNC_STUCK_MS));
    while (done < JOBS)
        uv_run(&scene.loop.loop, UV_RUN_ONCE);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(passes_keep_the_gap_and_bursts_coalesce, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(news_during_a_pass_brings_one_more, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(the_interval_has_jitter, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(a_pass_that_does_nothing_is_stuck, scratch_enter, scratch_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
