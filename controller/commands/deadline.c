/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/commands/deadline.h"

#include <string.h>

#include "api/cause.h"

enum { GRACE_MS = 1500 }; /* a pass that gives up by itself, once its last call was answered, tells more */

static void on_over(uv_timer_t *timer)
{
    struct deadline *deadline = timer->data;

    deadline->over = true;
    runner_stop(deadline->runner);
}

void deadline_start(struct deadline *deadline, uv_loop_t *loop, const struct options *options, struct runner *runner)
{
    memset(deadline, 0, sizeof *deadline);
    deadline->runner = runner;
    uv_timer_init(loop, &deadline->timer);
    deadline->timer.data = deadline;
    if (options_has(options, OPTION_TIMEOUT))
        uv_timer_start(&deadline->timer, on_over, options_number(options, OPTION_TIMEOUT, 0) + GRACE_MS, 0);
}

void deadline_stop(struct deadline *deadline)
{
    uv_close((uv_handle_t *)&deadline->timer, NULL);
}

void deadline_remember(struct deadline *deadline, const struct failure *failure)
{
    deadline->before = *failure;
}

const struct failure *deadline_failure(const struct deadline *deadline, const struct failure *failure,
                                       struct failure *room)
{
    if (!deadline->over || failure->cause != CAUSE_CANCELLED)
        return failure;
    if (deadline->before.cause != CAUSE_NONE)
        return &deadline->before;
    failure_set(room, CAUSE_CANCELLED, "the time that --timeout allows is over");
    return room;
}
