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
    struct failure before; /* what the pass before failed with; cause 0: there was none, or it went well */
};

/* Never over without --timeout. deadline_stop in any case. */
void deadline_start(struct deadline *deadline, uv_loop_t *loop, const struct options *options, struct runner *runner);
void deadline_stop(struct deadline *deadline);
/* A pass has ended by itself and another one follows: what it failed with is what a later one that has no time left is
 * to be told by. */
void deadline_remember(struct deadline *deadline, const struct failure *failure);
/* What ended a pass: of one that the time stopped, what the pass before failed with, or that the time was over. `room`
 * lives as long as the answer is used. */
const struct failure *deadline_failure(const struct deadline *deadline, const struct failure *failure,
                                       struct failure *room);

#endif
