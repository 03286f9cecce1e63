/* SPDX-License-Identifier: Apache-2.0
 *
 * Long work off the loop: at most `width` jobs of one pool run at once (design section 5: two), the rest wait in order.
 *
 * A job works on values that it owns. work() runs on a libuv pool thread; done() on the loop thread, once, later, never
 * inside worker_submit. Cancelling sets a flag that work() polls with job_cancelled, and drops a job that has not
 * begun: done() comes all the same. Jobs are embedded in the caller's own struct, which lives until done().
 */
#ifndef MQFERRY_API_BASE_WORKER_H
#define MQFERRY_API_BASE_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>

#include <uv.h>

struct worker_pool;

struct job {
    void (*work)(struct job *job); /* on a worker thread; not called when the job was cancelled while it waited */
    void (*done)(struct job *job); /* on the loop thread; `began` tells whether work() ran */
    void *data;
    bool began;
    /* the rest belongs to worker.c */
    atomic_bool cancelled;
    uv_work_t request;
    struct job *next;
    struct worker_pool *pool;
};

/* The loop is borrowed. NULL: no memory. */
struct worker_pool *worker_pool_new(uv_loop_t *loop, unsigned width);
void worker_submit(struct worker_pool *pool, struct job *job);
void job_cancel(
    struct job *job); /* nothing happens when it is not submitted (the struct was zeroed) or has come back */
bool job_cancelled(const struct job *job);
/* All jobs must have come back. */
void worker_pool_free(struct worker_pool *pool);

#endif
