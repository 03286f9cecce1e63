/* SPDX-License-Identifier: Apache-2.0
 *
 * The door on the loop: a line of operations, one job at a time.
 *
 * happy path: a call puts its operation at the end of the line → the job does the first one on a worker → its request
 *             is answered → the next one.
 * what can go wrong: whatever the store says (snapshot_store.h). A create that finds the lock held leaves the line and
 *             joins it again after LOCK_RETRY_MS, until its deadline, or LOCK_TRIES_MAX times: a writer holds the lock
 *             no longer than that, and whoever stops a pass waits for its creates.
 * cancelling: an operation that has not begun leaves the line, and the timer answers it; the one that runs is told to
 *             stop, and answers what became of it.
 * on close: everything is cancelled; when all is answered, a last job frees the store (the catalog may be large), the
 *           timer is closed, and the door is gone.
 */
#include "api/snapshot/snapshot.h"

#include <assert.h>
#include <stdlib.h>

#include <uv.h>

#include "api/base/monotime.h"
#include "api/base/worker.h"
#include "api/cause.h"
#include "api/snapshot/snapshot_store.h"

enum { LOCK_RETRY_MS = 100, LOCK_TRIES_MAX = 20 };

enum work_kind { WORK_DESCRIBE, WORK_LIST, WORK_CREATE };

struct operation {
    enum work_kind work;
    struct request *request;
    enum kind kind;                /* LIST */
    struct snapshot_create create; /* CREATE; its failure is that of the others too */
    uint32_t tries;                /* that found the lock held */
    bool cancelled;
    struct description description;
    struct catalog *part;
    struct operation *next;
};

struct line {
    struct operation *first;
};

struct snapshot {
    struct instance instance;
    struct snapshot_store store; /* the job's while it runs */
    struct worker_pool *workers;
    struct line line, waiting; /* waiting: for the lock */
    struct line cancelled;     /* to be answered by the timer */
    struct operation *running;
    struct job job;
    uv_timer_t timer;
    void (*closed)(void *context);
    void *closed_context;
};

static struct snapshot *snapshot_of(struct instance *instance)
{
    return (struct snapshot *)instance; /* its first member */
}

static void line_append(struct line *line, struct operation *operation)
{
    struct operation **last = &line->first;

    while (*last)
        last = &(*last)->next;
    *last = operation;
    operation->next = NULL;
}

static struct operation *line_take(struct line *line)
{
    struct operation *first = line->first;

    if (first)
        line->first = first->next;
    return first;
}

/* ---- the job */

static bool must_stop(void *context, struct failure *why)
{
    const struct snapshot *snapshot = context;
    const struct operation *operation = snapshot->running;

    if (job_cancelled(&snapshot->job)) {
        failure_set(why, CAUSE_CANCELLED, "the snapshot %s was given up", snapshot->store.given);
        return true;
    }
    if (monotime_ms() < operation->request->deadline_ms)
        return false;
    failure_set(why, CAUSE_UNREACHABLE, "the file system did not get %s done in time", snapshot->store.given);
    return true;
}

static void read_snapshot(struct snapshot *snapshot, struct operation *operation)
{
    struct failure *why = &operation->create.failure;

    if (must_stop(snapshot, why) || snapshot_store_refresh(&snapshot->store, why) != 0 || must_stop(snapshot, why))
        return;
    if (operation->work == WORK_DESCRIBE)
        snapshot_store_describe(&snapshot->store, &operation->description);
    else
        operation->part = catalog_ref(snapshot->store.catalog);
}

static void work(struct job *job)
{
    struct snapshot *snapshot = job->data;
    struct operation *operation = snapshot->running;

    if (operation->work == WORK_CREATE)
        snapshot_store_create(&snapshot->store, &operation->create);
    else
        read_snapshot(snapshot, operation);
}

/* ---- answering */

static void set_cancelled(struct snapshot *snapshot, struct operation *operation)
{
    struct snapshot_create *create = &operation->create;

    failure_set(&create->failure, CAUSE_CANCELLED, "the snapshot %s was given up", snapshot->store.given);
    for (uint32_t i = 0; i < create->count; i++) {
        create->items[i].outcome = OUTCOME_NOT_SENT;
        create->items[i].failure = &create->failure;
    }
}

static void fill_list(struct answer *answer, struct operation *operation)
{
    uint32_t first, count = 0;

    if (operation->part)
        catalog_range(operation->part, operation->kind, &first, &count);
    answer->part = operation->part;
    answer->parts = 1;
    answer->total = count;
}

static void close_if_idle(struct snapshot *snapshot);

/* Gives the operation up; the caller of the door may do anything in the callback but free the door. */
static void answer_operation(struct operation *operation)
{
    struct request *request = operation->request;
    struct answer answer = {.failure = operation->create.failure, .description = operation->description};

    if (operation->work == WORK_LIST)
        fill_list(&answer, operation);
    request->door = NULL;
    request->done(request, &answer);
    free(operation);
}

static void pump(struct snapshot *snapshot);

static bool waits_for_lock(const struct operation *operation)
{
    return operation->work == WORK_CREATE && operation->create.failure.cause == CAUSE_STATE_LOCKED &&
           !operation->cancelled && operation->tries < LOCK_TRIES_MAX &&
           monotime_ms() + LOCK_RETRY_MS < operation->request->deadline_ms;
}

static void on_timer(uv_timer_t *timer);

static void on_done(struct job *job)
{
    struct snapshot *snapshot = job->data;
    struct operation *operation = snapshot->running;

    snapshot->running = NULL;
    if (!job->began)
        set_cancelled(snapshot, operation);
    if (waits_for_lock(operation)) {
        operation->tries++;
        line_append(&snapshot->waiting, operation);
        uv_timer_start(&snapshot->timer, on_timer, LOCK_RETRY_MS, 0);
        pump(snapshot);
        return;
    }
    pump(snapshot);
    answer_operation(operation);
    close_if_idle(snapshot);
}

static void pump(struct snapshot *snapshot)
{
    if (snapshot->running || !snapshot->line.first)
        return;
    snapshot->running = line_take(&snapshot->line);
    snapshot->job.work = work;
    snapshot->job.done = on_done;
    snapshot->job.data = snapshot;
    worker_submit(snapshot->workers, &snapshot->job);
}

/* What waited for the lock tries again; what was cancelled is answered. */
static void on_timer(uv_timer_t *timer)
{
    struct snapshot *snapshot = timer->data;
    struct operation *operation;

    while ((operation = line_take(&snapshot->waiting)) != NULL)
        line_append(&snapshot->line, operation);
    pump(snapshot);
    while ((operation = line_take(&snapshot->cancelled)) != NULL)
        answer_operation(operation);
    close_if_idle(snapshot);
}

/* ---- calls */

static int submit(struct instance *instance, struct request *request, struct operation *draft, struct failure *why)
{
    struct snapshot *snapshot = snapshot_of(instance);
    struct operation *operation = malloc(sizeof *operation);

    if (!operation)
        return failure_no_memory(why, "the snapshot");
    *operation = *draft;
    operation->request = request;
    operation->create.stop = must_stop;
    operation->create.stop_context = snapshot;
    request->door = operation;
    line_append(&snapshot->line, operation);
    pump(snapshot);
    return 0;
}

static int snapshot_describe(struct instance *instance, struct request *request, struct failure *why)
{
    return submit(instance, request, &(struct operation){.work = WORK_DESCRIBE}, why);
}

static int snapshot_list(struct instance *instance, struct request *request, enum kind kind, uint32_t part,
                         struct failure *why)
{
    if (part != 0)
        return failure_set(why, CAUSE_UNSUPPORTED, "a snapshot has one part, there is no part %u", part);
    return submit(instance, request, &(struct operation){.work = WORK_LIST, .kind = kind}, why);
}

static int snapshot_get(struct instance *instance, struct request *request, enum kind kind, const struct text *names,
                        uint32_t count, struct failure *why)
{
    (void)instance, (void)request, (void)kind, (void)names, (void)count;
    return failure_set(why, CAUSE_UNSUPPORTED, "a snapshot is read as a whole");
}

static int snapshot_create_items(struct instance *instance, struct request *request, struct create_item *items,
                                 uint32_t count, struct failure *why)
{
    struct snapshot *snapshot = snapshot_of(instance);

    if (!snapshot->store.writable)
        return failure_set(why, CAUSE_UNSUPPORTED, "the snapshot %s is a source: nothing is created in it",
                           snapshot->store.given);
    return submit(instance, request,
                  &(struct operation){.work = WORK_CREATE, .create = {.items = items, .count = count}}, why);
}

static bool line_remove(struct line *line, struct operation *operation)
{
    struct operation **link = &line->first;

    while (*link && *link != operation)
        link = &(*link)->next;
    if (!*link)
        return false;
    *link = operation->next;
    return true;
}

static void cancel_operation(struct snapshot *snapshot, struct operation *operation)
{
    if (operation->cancelled)
        return;
    operation->cancelled = true;
    if (operation == snapshot->running) {
        job_cancel(&snapshot->job);
        return;
    }
    if (!line_remove(&snapshot->line, operation))
        line_remove(&snapshot->waiting, operation);
    set_cancelled(snapshot, operation);
    line_append(&snapshot->cancelled, operation);
    uv_timer_start(&snapshot->timer, on_timer, 0, 0);
}

static void snapshot_cancel(struct instance *instance, struct request *request)
{
    if (request->door)
        cancel_operation(snapshot_of(instance), request->door);
}

/* ---- closing */

static void on_timer_closed(uv_handle_t *handle)
{
    struct snapshot *snapshot = handle->data;
    void (*closed)(void *context) = snapshot->closed;
    void *context = snapshot->closed_context;

    free(snapshot);
    closed(context);
}

static void release_store(struct job *job)
{
    struct snapshot *snapshot = job->data;
    snapshot_store_release(&snapshot->store);
}

static void on_released(struct job *job)
{
    struct snapshot *snapshot = job->data;
    uv_close((uv_handle_t *)&snapshot->timer, on_timer_closed);
}

/* Everything that may still be open: operations in line, waiting, cancelled and not answered, running. */
static void close_if_idle(struct snapshot *snapshot)
{
    if (!snapshot->closed || snapshot->line.first || snapshot->waiting.first || snapshot->cancelled.first ||
        snapshot->running || snapshot->job.work == release_store)
        return;
    uv_timer_stop(&snapshot->timer);
    snapshot->job.work = release_store;
    snapshot->job.done = on_released;
    snapshot->job.data = snapshot;
    worker_submit(snapshot->workers, &snapshot->job);
}

static void snapshot_close(struct instance *instance, void (*closed)(void *context), void *context)
{
    struct snapshot *snapshot = snapshot_of(instance);

    assert(!snapshot->closed);
    snapshot->closed = closed;
    snapshot->closed_context = context;
    while (snapshot->line.first)
        cancel_operation(snapshot, snapshot->line.first);
    while (snapshot->waiting.first)
        cancel_operation(snapshot, snapshot->waiting.first);
    if (snapshot->running)
        cancel_operation(snapshot, snapshot->running);
    close_if_idle(snapshot);
}

static const struct instance_ops OPS = {
    .describe = snapshot_describe,
    .list = snapshot_list,
    .get = snapshot_get,
    .create = snapshot_create_items,
    .cancel = snapshot_cancel,
    .close = snapshot_close,
};

int snapshot_open(const struct instance_options *options, struct instance **out, struct failure *why)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);

    if (!snapshot)
        return failure_no_memory(why, "the snapshot");
    if (snapshot_store_init(&snapshot->store, options, why) != 0) {
        free(snapshot);
        return -1;
    }
    snapshot->instance.ops = &OPS;
    snapshot->workers = options->workers;
    uv_timer_init(options->loop, &snapshot->timer);
    snapshot->timer.data = snapshot;
    *out = &snapshot->instance;
    return 0;
}
