/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/budget.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "api/base/monotime.h"

struct budget {
    struct budgets *budgets;
    struct budget *next;
    char *endpoint, *account;
    uint32_t number;
    struct pace pace;
    uv_timer_t timer;   /* until the next token */
    struct lane *lanes; /* the next one to be served is the first */
    bool serving;
};

static void free_budget(struct budget *budget)
{
    free(budget->endpoint);
    free(budget->account);
    free(budget);
}

/* --- serving ---------------------------------------------------------------------------------------------------------
 */

static void unlink_lane(struct budget *budget, struct lane *lane)
{
    struct lane **at = &budget->lanes;
    while (*at != NULL && *at != lane)
        at = &(*at)->next;
    if (*at != NULL)
        *at = lane->next;
    lane->next = NULL;
}

static void link_last(struct budget *budget, struct lane *lane)
{
    struct lane **at = &budget->lanes;
    while (*at != NULL)
        at = &(*at)->next;
    *at = lane;
}

static struct lane *next_ready(const struct budget *budget)
{
    struct lane *lane = budget->lanes;
    while (lane != NULL && !lane->ready(lane))
        lane = lane->next;
    return lane;
}

static void serve(struct budget *budget);

static void on_token(uv_timer_t *timer)
{
    serve(timer->data);
}

/* A lane that cannot send ends its call later, never in here: so nothing changes under the loop. */
static void serve(struct budget *budget)
{
    struct lane *lane;

    if (budget->serving)
        return;
    budget->serving = true;
    while ((lane = next_ready(budget)) != NULL) {
        uint64_t wait_ms = pace_take(&budget->pace, monotime_ms(), 1);
        if (wait_ms > 0) {
            uv_update_time(budget->budgets->loop);
            uv_timer_start(&budget->timer, on_token, wait_ms, 0);
            break;
        }
        unlink_lane(budget, lane);
        link_last(budget, lane);
        lane->send(lane);
    }
    budget->serving = false;
}

void budget_serve(struct lane *lane)
{
    if (lane->budget != NULL)
        serve(lane->budget);
}

double budget_limit(const struct lane *lane)
{
    return lane->budget != NULL ? pace_limit(&lane->budget->pace) : INFINITY;
}

void budget_throttled(struct lane *lane, uint64_t sent_ms, uint64_t retry_after_ms)
{
    if (lane->budget != NULL)
        pace_throttled(&lane->budget->pace, monotime_ms(), sent_ms, retry_after_ms);
}

void budget_accepted(struct lane *lane)
{
    if (lane->budget == NULL)
        return;
    pace_succeeded(&lane->budget->pace, monotime_ms());
    serve(lane->budget); /* while the pace opens, a success is what gives tokens */
}

/* --- life ------------------------------------------------------------------------------------------------------------
 */

static struct budget *find_budget(const struct budgets *budgets, const char *endpoint, const char *account,
                                  uint32_t number)
{
    struct budget *budget = budgets->first;
    while (budget != NULL && (budget->number != number || strcmp(budget->endpoint, endpoint) != 0 ||
                              strcmp(budget->account, account) != 0))
        budget = budget->next;
    return budget;
}

static struct budget *budget_new(struct budgets *budgets, const char *endpoint, const char *account, uint32_t number,
                                 const struct pace_options *options)
{
    struct budget *budget = calloc(1, sizeof *budget);

    if (budget == NULL)
        return NULL;
    *budget =
        (struct budget){.budgets = budgets, .endpoint = strdup(endpoint), .account = strdup(account), .number = number};
    if (budget->endpoint == NULL || budget->account == NULL || uv_timer_init(budgets->loop, &budget->timer) != 0) {
        free_budget(budget);
        return NULL;
    }
    budget->timer.data = budget;
    pace_init(&budget->pace, options, monotime_ms());
    budgets->open++;
    budget->next = budgets->first;
    budgets->first = budget;
    return budget;
}

int budget_join(struct budgets *budgets, const char *endpoint, const char *account, uint32_t number,
                const struct pace_options *options, struct lane *lane, struct failure *why)
{
    struct budget *budget = find_budget(budgets, endpoint, account, number);

    if (budget == NULL)
        budget = budget_new(budgets, endpoint, account, number, options);
    if (budget == NULL)
        return failure_no_memory(why, "pacing calls");
    lane->budget = budget;
    lane->next = NULL;
    link_last(budget, lane);
    return 0;
}

void budget_leave(struct lane *lane)
{
    if (lane->budget == NULL)
        return;
    unlink_lane(lane->budget, lane);
    lane->budget = NULL;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct budget *budget = handle->data;
    struct budgets *budgets = budget->budgets;
    free_budget(budget);
    if (--budgets->open == 0)
        budgets->closed(budgets->closed_context);
}

void budgets_close(struct budgets *budgets, void (*closed)(void *context), void *context)
{
    budgets->closed = closed;
    budgets->closed_context = context;
    if (budgets->open == 0) {
        closed(context);
        return;
    }
    for (struct budget *budget = budgets->first; budget != NULL; budget = budget->next) {
        assert(budget->lanes == NULL);
        uv_close((uv_handle_t *)&budget->timer, on_timer_closed);
    }
    budgets->first = NULL;
}
