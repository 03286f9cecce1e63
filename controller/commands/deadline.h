/* SPDX-License-Identifier: Apache-2.0
 *
 * --timeout, for the whole command: a pass never waits beyond it, and what is still under way a moment after it (an
 * input that does not end, a server that does not answer) is stopped as a signal would.
 */
#ifndef MQFERRY_CONTROLLER_COMMANDS_DEADLINE_H
#define MQFERRY_CONTROLLER_COMMANDS_DEADLINE_H

#include <stdbool.h>

#include <uv.h>

#include "controller/commands/options.h"
#include "controller/runner/runner.h"

struct deadline {
    uv_timer_t timer;
    struct runner *runner; /* borrowed */
    bool over;             /* it stopped the runner */
};

/* Never over without --timeout. deadline_stop in any case. */
void deadline_start(struct deadline *deadline, uv_loop_t *loop, const struct options *options, struct runner *runner);
void deadline_stop(struct deadline *deadline);
/* What ended a pass, or that the time was over when it was this. `room` lives as long as the answer is used. */
const struct failure *deadline_failure(const struct deadline *deadline, const struct failure *failure,
                                       struct failure *room);

#endif
