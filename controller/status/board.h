/* SPDX-License-Identifier: Apache-2.0
 *
 * What the daemon knows of its syncs, for people, scripts and Prometheus: written by the daemon while things happen,
 * read by whoever answers requests. Loop thread only.
 *
 * A place on the board belongs to a name: a sync that a reload changes is put up again before or after it is taken
 * down, and its counters go on. Nothing here costs anything while nothing happens.
 */
#ifndef MQFERRY_CONTROLLER_STATUS_BOARD_H
#define MQFERRY_CONTROLLER_STATUS_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"
#include "controller/runner/runner.h"

struct board;
struct board_sync;

/* What is fixed about a sync; copied. */
struct board_facts {
    const char *name, *mode; /* "apply", "observe" */
    const char *const *sources;
    uint32_t source_count;
    const char *destination;
    uint64_t interval_ms;
};

struct board *board_new(void); /* NULL: no memory */
/* Records go back to their runners. NULL is fine. */
void board_free(struct board *board);

/* The place of facts->name; NULL: no memory. One that is there already keeps what it says until board_describe. */
struct board_sync *board_put_up(struct board *board, const struct board_facts *facts);
void board_describe(struct board_sync *sync, const struct board_facts *facts); /* keeps the old where memory is short */
/* The runner is to be closed: what is shown of it goes back. NULL is fine. */
void board_let_go(struct board_sync *sync, const struct runner *runner);
void board_take_down(struct board_sync *sync); /* and closed: gives the place back. NULL is fine */

/* The watcher that fills the place: for runner_options. Lives as long as the place. */
const struct runner_watcher *board_watcher(struct board_sync *sync);

/* A pass begins: the runner (borrowed until the pass has ended) is asked for progress. */
void board_pass_begins(struct board_sync *sync, const struct runner *runner);
void board_pass_ended(struct board_sync *sync, const struct runner_result *result);
/* It could not even be started. */
void board_pass_failed(struct board_sync *sync, const struct failure *why);
/* The next pass is due in so long. */
void board_waits(struct board_sync *sync, uint64_t wait_ms);

/* What a reload came to; cause 0: the configuration on disk is in force. `text` of mistakes is copied. */
void board_configuration(struct board *board, const struct failure *failure, const struct complaints *mistakes);

/* Every sync has finished a pass, or says why not. */
bool board_is_ready(const struct board *board);

#endif
