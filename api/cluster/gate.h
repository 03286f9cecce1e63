/* SPDX-License-Identifier: Apache-2.0
 *
 * One at a time, in order: from the look at the masters to the last create that follows it nobody else of this door
 * sends, so that what was looked at is not yet old when its creates arrive.
 */
#ifndef MQFERRY_API_CLUSTER_GATE_H
#define MQFERRY_API_CLUSTER_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

struct gate_wait {
    uint64_t deadline_ms;
    /* Once, later: it is entered, or the deadline has passed (or it was given up). */
    void (*done)(struct gate_wait *wait, bool entered);
    void *data;
    struct gate_wait *next; /* gate.c's */
};

struct gate {
    bool held;
    struct gate_wait *first, **end;
    uv_timer_t timer;
};

void gate_init(struct gate *gate, uv_loop_t *loop);
/* true: entered at once, done does not come. The waiting one lives until done. */
bool gate_enter(struct gate *gate, struct gate_wait *wait);
void gate_give_up(struct gate *gate, struct gate_wait *wait); /* nothing happens to one that does not wait */
void gate_leave(struct gate *gate);
/* Nobody is inside or waits. */
void gate_close(struct gate *gate, uv_close_cb closed, void *data);

#endif
