/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/daemon/calm.h"

#include <malloc.h>
#include <stdlib.h>

enum { POSTPONED_MAX = 10 };

struct calm {
    struct worker_pool *workers;
    uv_timer_t timer;
    struct job job;
    bool working, closing, timer_closed;
    bool long_ago;      /* the next time is the second one */
    unsigned postponed; /* so many times something was going on */
    bool (*is_calm)(void *context);
    void (*closed)(void *context);
    void *context;
};

static void finish_close(struct calm *calm)
{
    void (*closed)(void *context) = calm->closed;
    void *context = calm->context;

    if (!calm->timer_closed || calm->working)
        return;
    free(calm);
    closed(context);
}

static void trim(struct job *job)
{
    (void)job;
    malloc_trim(0);
}

static void on_trimmed(struct job *job)
{
    struct calm *calm = job->data;

    calm->working = false;
    if (calm->closing)
        finish_close(calm);
}

static void on_timer(uv_timer_t *timer)
{
    struct calm *calm = timer->data;

    if (calm->working)
        return;
    if (!calm->is_calm(calm->context) && ++calm->postponed < POSTPONED_MAX) {
        uv_timer_start(&calm->timer, on_timer, CALM_AFTER_MS, 0);
        return;
    }
    calm->postponed = 0;
    if (!calm->long_ago)
        uv_timer_start(&calm->timer, on_timer, CALM_AGAIN_MS, 0);
    calm->long_ago = !calm->long_ago;
    calm->working = true;
    calm->job = (struct job){.work = trim, .done = on_trimmed, .data = calm};
    worker_submit(calm->workers, &calm->job);
}

struct calm *calm_new(uv_loop_t *loop, struct worker_pool *workers, bool (*is_calm)(void *context), void *context)
{
    struct calm *calm = calloc(1, sizeof *calm);

    if (calm == NULL)
        return NULL;
    calm->workers = workers;
    calm->is_calm = is_calm;
    calm->context = context;
    uv_timer_init(loop, &calm->timer);
    calm->timer.data = calm;
    return calm;
}

void calm_stir(struct calm *calm)
{
    bool waits = uv_is_active((uv_handle_t *)&calm->timer) && !calm->long_ago;

    if (calm->closing || waits)
        return;
    calm->long_ago = false;
    uv_timer_start(&calm->timer, on_timer, CALM_AFTER_MS, 0);
}

static void on_closed(uv_handle_t *handle)
{
    struct calm *calm = handle->data;

    calm->timer_closed = true;
    finish_close(calm);
}

void calm_close(struct calm *calm, void (*closed)(void *context), void *context)
{
    calm->closing = true;
    calm->closed = closed;
    calm->context = context;
    uv_close((uv_handle_t *)&calm->timer, on_closed);
}
