/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/gate.h"

#include <assert.h>

#include "api/base/monotime.h"

void gate_init(struct gate *gate, uv_loop_t *loop)
{
    gate->held = false;
    gate->first = NULL;
    gate->end = &gate->first;
    uv_timer_init(loop, &gate->timer);
    gate->timer.data = gate;
}

static struct gate_wait *take(struct gate *gate, struct gate_wait **at)
{
    struct gate_wait *wait = *at;

    *at = wait->next;
    if (!wait->next)
        gate->end = at;
    return wait;
}

static void on_timer(uv_timer_t *timer);

static void arm(struct gate *gate)
{
    uint64_t now_ms = monotime_ms(), first_ms = UINT64_MAX;

    for (const struct gate_wait *wait = gate->first; wait; wait = wait->next)
        first_ms = wait->deadline_ms < first_ms ? wait->deadline_ms : first_ms;
    if (first_ms == UINT64_MAX)
        uv_timer_stop(&gate->timer);
    else
        uv_timer_start(&gate->timer, on_timer, first_ms > now_ms ? first_ms - now_ms : 0, 0);
}

static struct gate_wait *take_expired(struct gate *gate)
{
    struct gate_wait **at = &gate->first;
    uint64_t now_ms = monotime_ms();

    while (*at && (*at)->deadline_ms > now_ms)
        at = &(*at)->next;
    return *at ? take(gate, at) : NULL;
}

static void on_timer(uv_timer_t *timer)
{
    struct gate *gate = timer->data;
    struct gate_wait *wait;

    while ((wait = take_expired(gate)) != NULL)
        wait->done(wait, false);
    arm(gate);
}

bool gate_enter(struct gate *gate, struct gate_wait *wait)
{
    if (!gate->held) {
        gate->held = true;
        return true;
    }
    wait->next = NULL;
    *gate->end = wait;
    gate->end = &wait->next;
    arm(gate);
    return false;
}

void gate_give_up(struct gate *gate, struct gate_wait *wait)
{
    struct gate_wait *one = gate->first;

    while (one && one != wait)
        one = one->next;
    if (!one)
        return;
    wait->deadline_ms = 0;
    arm(gate);
}

void gate_leave(struct gate *gate)
{
    assert(gate->held);
    gate->held = gate->first != NULL;
    if (!gate->first)
        return;
    struct gate_wait *wait = take(gate, &gate->first);
    wait->done(wait, true);
}

void gate_close(struct gate *gate, uv_close_cb closed, void *data)
{
    assert(!gate->held && !gate->first);
    gate->timer.data = data;
    uv_close((uv_handle_t *)&gate->timer, closed);
}
