/* SPDX-License-Identifier: Apache-2.0
 *
 * Freeing a hundred megabytes takes longer than the loop may be held: a worker does it. Where there is no memory for
 * that, it is done at once.
 */
#include <stdlib.h>

#include "controller/runner/state.h"

struct reap {
    struct job job;
    struct runner *runner;
    void (*release)(void *thing);
    void *thing;
    struct declared *declared; /* given up when the thing is gone: the thing may look into it */
};

static void work(struct job *job)
{
    struct reap *reap = job->data;
    reap->release(reap->thing);
}

static void on_done(struct job *job)
{
    struct reap *reap = job->data;
    struct runner *runner = reap->runner;

    declared_unref(runner, reap->declared);
    free(reap);
    runner_job_ended(runner);
}

void runner_reap_with(struct runner *runner, void (*release)(void *thing), void *thing, struct declared *declared)
{
    struct reap *reap = calloc(1, sizeof *reap);

    if (!reap) {
        release(thing);
        declared_unref(runner, declared);
        return;
    }
    *reap = (struct reap){.runner = runner, .release = release, .thing = thing, .declared = declared};
    reap->job.work = work;
    reap->job.done = on_done;
    reap->job.data = reap;
    runner->jobs++;
    worker_submit(runner->options.workers, &reap->job);
}

void runner_reap(struct runner *runner, void (*release)(void *thing), void *thing)
{
    if (thing)
        runner_reap_with(runner, release, thing, NULL);
}

static void release_catalog(void *thing)
{
    catalog_unref(thing);
}

void runner_reap_catalog(struct runner *runner, struct catalog *catalog)
{
    runner_reap(runner, release_catalog, catalog);
}

static void release_pass(void *thing)
{
    pass_free(thing);
}

void runner_reap_pass(struct runner *runner, struct pass *pass, struct declared *declared)
{
    if (pass)
        runner_reap_with(runner, release_pass, pass, declared);
    else
        declared_unref(runner, declared);
}
