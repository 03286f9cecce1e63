/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may send now: one budget of the server for each (endpoint, account, class of calls), with the pace that was
 * learnt for it (api/base/pace.h), shared by every client of the process.
 *
 * A client has a lane for each class. The budget waits for a token once for all its lanes and serves them in turn.
 */
#ifndef MQFERRY_API_CLOUD_BUDGET_H
#define MQFERRY_API_CLOUD_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"
#include "api/base/pace.h"

struct uv_loop_s;
struct budget;

struct budgets { /* the caller's storage; zeroed but for the loop */
    struct uv_loop_s *loop;
    struct budget *first;
    uint32_t open; /* timers of libuv */
    void (*closed)(void *context);
    void *closed_context;
};

struct lane {                         /* the client's storage */
    bool (*ready)(struct lane *lane); /* something waits, and may be sent but for the token */
    void (*send)(struct lane *lane);  /* one of it; the token is taken */
    void *data;
    struct budget *budget; /* NULL: not joined */
    struct lane *next;     /* in the budget */
};

/* Options count when the budget is new. `number` tells the class. */
int budget_join(struct budgets *budgets, const char *endpoint, const char *account, uint32_t number,
                const struct pace_options *options, struct lane *lane, struct failure *why);
void budget_leave(struct lane *lane);

/* Something changed for the lane: something waits in it, or a connection is free. Sends what may leave now. */
void budget_serve(struct lane *lane);

/* pace_limit of its budget; INFINITY when it has not joined one. */
double budget_limit(const struct lane *lane);

void budget_throttled(struct lane *lane, uint64_t sent_ms, uint64_t retry_after_ms);
void budget_accepted(struct lane *lane);

/* All lanes have left. `closed` comes later, or at once when there are no budgets. */
void budgets_close(struct budgets *budgets, void (*closed)(void *context), void *context);

#endif
