/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress of work over two seconds: a line that redraws itself on a terminal, a line every few seconds elsewhere.
 */
#ifndef MQFERRY_CONTROLLER_COMMANDS_PROGRESS_H
#define MQFERRY_CONTROLLER_COMMANDS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "controller/runner/runner.h"

struct progress {
    uv_timer_t timer;
    const struct runner *runner; /* borrowed */
    bool quiet, terminal, drawn;
    uint64_t creating_ms; /* since when */
};

/* Writes to standard error. Nothing for `quiet`. */
void progress_start(struct progress *progress, uv_loop_t *loop, const struct runner *runner, bool quiet);
/* Wipes the line, and draws none before progress_resume: while somebody is asked, before the report. */
void progress_pause(struct progress *progress);
void progress_resume(struct progress *progress);
/* Pauses and closes the timer. */
void progress_stop(struct progress *progress);

#endif
