/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory runs out while the door of a cluster works, at every allocation in turn. The cluster is in a process of its
 * own, so that it has memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cluster/cluster.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/loop.h"
#include "tests/lib/memory.h"
#include "tests/lib/remote_cluster.h"

enum { PATIENCE_MS = 60000, ALLOCATIONS_MAX = 5000, V4 = 407, V55 = 513 };

/* --- the cluster's process */

static void serve_for_ever(int32_t version, int out)
{
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct remote_cluster *cluster = remote_cluster_new(&loop, 2, 2, version);
    if (write(out, &cluster->address, sizeof cluster->address) != sizeof cluster->address)
        _exit(1);
    uv_run(&loop, UV_RUN_DEFAULT);
    _exit(0);
}

static pid_t start_cluster(int32_t version, struct address *out)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        serve_for_ever(version, ends[1]);
    assert_int_equal(read(ends[0], out, sizeof *out), sizeof *out);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

/* --- one life of a door */

struct life {
    struct test_loop loop;
    struct instance *door;
    struct request request;
    bool answered, closed;
    int cause;
    struct catalog *declared;
    struct create_item items[8];
    uint32_t count;
};

static void on_answer(struct request *request, struct answer *answer)
{
    struct life *life = request->data;
    assert_false(life->answered);
    life->answered = true;
    life->cause = answer->failure.cause;
    catalog_unref(answer->part);
}

static void on_closed(void *context)
{
    struct life *life = context;
    assert_false(life->closed);
    life->closed = true;
}

static void wait_for(struct life *life, int status, const struct failure *why)
{
    life->cause = why->cause;
    if (status == 0)
        test_loop_run_until(&life->loop, &life->answered);
}

static struct request *ready(struct life *life)
{
    life->answered = false;
    life->request = (struct request){.done = on_answer, .data = life, .deadline_ms = monotime_ms() + PATIENCE_MS};
    return &life->request;
}

static void create(struct life *life, enum kind kind)
{
    struct failure why = FAILURE_INIT;
    uint32_t first;

    catalog_range(life->declared, kind, &first, &life->count);
    for (uint32_t i = 0; i < life->count; i++) {
        const struct resource *row = &catalog_rows(life->declared)[first + i];
        life->items[i] = (struct create_item){
            .kind = kind, .name = catalog_name(life->declared, row), .catalog = life->declared, .resource = row};
    }
    wait_for(life, life->door->ops->create(life->door, ready(life), life->items, life->count, &why), &why);
}

static void use(struct life *life)
{
    struct failure why = FAILURE_INIT;
    const struct instance_ops *ops = life->door->ops;

    wait_for(life, ops->describe(life->door, ready(life), &why), &why);
    if (life->cause == CAUSE_NONE)
        wait_for(life, ops->list(life->door, ready(life), KIND_TOPIC, 1, &why), &why);
    if (life->cause == CAUSE_NONE)
        create(life, KIND_TOPIC);
    if (life->cause == CAUSE_NONE)
        create(life, KIND_GROUP);
}

/* false: it went through without meeting a failure. */
static bool live(struct address *address, unsigned count)
{
    struct life life = {.closed = false};
    struct failure why = FAILURE_INIT;
    char lines[512];

    test_loop_begin(&life.loop);
    snprintf(lines, sizeof lines,
             "Topic t%u-a readQueueNums=8 writeQueueNums=8 perm=6 order=true\n"
             "Topic t%u-b readQueueNums=8 writeQueueNums=8 perm=6\nTopic t%u-c readQueueNums=8 writeQueueNums=8\n"
             "ConsumerGroup g%u-a\nConsumerGroup g%u-b\nConsumerGroup g%u-c\n",
             count, count, count, count, count, count);
    life.declared = catalog_text(lines);
    const struct instance_options options = {
        .loop = &life.loop.loop, .workers = life.loop.workers, .address = address, .writable = true};
    memory_fail_after(count);
    if (cluster_open(&options, &life.door, &why) == 0) {
        use(&life);
        life.door->ops->close(life.door, on_closed, &life);
        test_loop_run_until(&life.loop, &life.closed);
    }
    bool met = memory_restore();
    if (!met) {
        assert_int_equal(life.cause, CAUSE_NONE);
        for (uint32_t i = 0; i < life.count; i++)
            assert_int_equal(life.items[i].outcome, OUTCOME_CREATED);
    }
    catalog_unref(life.declared);
    test_loop_end(&life.loop);
    return met;
}

/* Whichever allocation fails first, and all after it: everything is answered once, nothing is leaked or left open.
 * Every `stride`th is tried, for doors wait a little before they connect again. */
static void sweep(int32_t version, unsigned stride)
{
    struct address address;
    pid_t pid = start_cluster(version, &address);
    unsigned count = 0;

    while (live(&address, count)) {
        count += stride;
        assert_true(count < ALLOCATIONS_MAX);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_true(count > 50);
}

static void memory_runs_out_over_a_4_cluster(void **state)
{
    (void)state;
    sweep(V4, 7);
}

static void memory_runs_out_over_a_5_cluster(void **state)
{
    (void)state;
    sweep(V55, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_runs_out_over_a_4_cluster),
        cmocka_unit_test(memory_runs_out_over_a_5_cluster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
