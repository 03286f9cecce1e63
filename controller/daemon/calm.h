/* SPDX-License-Identifier: Apache-2.0
 *
 * Gives memory back to the system a moment after something has ended, when nothing goes on, or at the tenth such moment
 * in any case: what passes have freed lies between what lives on, and the allocator keeps it until it is told. And once
 * more later, when connections that nobody uses any more have been closed.
 */
#ifndef MQFERRY_CONTROLLER_DAEMON_CALM_H
#define MQFERRY_CONTROLLER_DAEMON_CALM_H

#include "api/base/worker.h"

enum { CALM_AFTER_MS = 1000, CALM_AGAIN_MS = 15000 };

struct calm;

/* NULL: no memory. `is_calm` is asked on the loop when the moment is over. */
struct calm *calm_new(uv_loop_t *loop, struct worker_pool *workers, bool (*is_calm)(void *context), void *context);
void calm_stir(struct calm *calm); /* something has ended */
/* Calls back once, later; then it is gone. */
void calm_close(struct calm *calm, void (*closed)(void *context), void *context);

#endif
