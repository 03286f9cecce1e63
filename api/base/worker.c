/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: submit → waits in line → handed to libuv → work() on a pool thread → done() on the loop.
 * cancelled while it runs: the flag is up, work() ends when it looks; done() follows.
 * cancelled while it waits: it leaves the line and goes to libuv at once, where it does nothing; done() follows. It
 * takes no slot, so a queue full of long jobs does not hold it up.
 *
 * Lists are touched on the loop thread only; `cancelled` is the one thing that two threads share.
 */
#include "api/base/worker.h"

#include <assert.h>
#include <stdlib.h>

struct worker_pool {
    uv_loop_t *loop;
    unsigned width;
    unsigned running;
    struct job *first, **last; /* the line of jobs that wait */
    size_t outside;            /* jobs that have not come back, waiting ones included */
};

struct worker_pool *worker_pool_new(uv_loop_t *loop, unsigned width)
{
    struct worker_pool *pool = malloc(sizeof *pool);
    if (!pool)
        return NULL;
    *pool = (struct worker_pool){.loop = loop, .width = width > 0 ? width : 1};
    pool->last = &pool->first;
    return pool;
}

static struct job *job_of(uv_work_t *request)
{
    return request->data;
}

static void on_work(uv_work_t *request)
{
    struct job *job = job_of(request);
    if (job_cancelled(job))
        return;
    job->began = true;
    job->work(job);
}

static void start_waiting(struct worker_pool *pool);

/* The job belongs to its owner again, who may free it, and the pool, in done(). */
static void come_back(struct job *job)
{
    job->pool->outside--;
    job->pool = NULL;
    job->done(job);
}

static void on_slot_done(uv_work_t *request, int status)
{
    struct job *job = job_of(request);
    (void)status; /* never cancelled in libuv: our own flag does that */
    job->pool->running--;
    start_waiting(job->pool);
    come_back(job);
}

static void on_dropped(uv_work_t *request, int status)
{
    (void)status;
    come_back(job_of(request));
}

static void hand_over(struct job *job, uv_after_work_cb after)
{
    job->next = NULL;
    int status = uv_queue_work(job->pool->loop, &job->request, on_work, after);
    assert(status == 0); /* fails only without a callback */
    (void)status;
}

static void start_waiting(struct worker_pool *pool)
{
    while (pool->first && pool->running < pool->width) {
        struct job *job = pool->first;
        pool->first = job->next;
        if (!pool->first)
            pool->last = &pool->first;
        pool->running++;
        hand_over(job, on_slot_done);
    }
}

void worker_submit(struct worker_pool *pool, struct job *job)
{
    job->began = false;
    job->next = NULL;
    job->pool = pool;
    job->request.data = job;
    atomic_init(&job->cancelled, false);
    *pool->last = job;
    pool->last = &job->next;
    pool->outside++;
    start_waiting(pool);
}

/* Takes the job out of the line; false when it is not there any more. */
static bool leave_line(struct worker_pool *pool, struct job *job)
{
    struct job **link = &pool->first;
    while (*link && *link != job)
        link = &(*link)->next;
    if (!*link)
        return false;
    *link = job->next;
    if (!*link)
        pool->last = link;
    return true;
}

void job_cancel(struct job *job)
{
    if (!job->pool || atomic_exchange(&job->cancelled, true))
        return;
    if (leave_line(job->pool, job))
        hand_over(job, on_dropped);
}

bool job_cancelled(const struct job *job)
{
    return atomic_load(&job->cancelled);
}

void worker_pool_free(struct worker_pool *pool)
{
    if (!pool)
        return;
    assert(pool->outside == 0);
    free(pool);
}
