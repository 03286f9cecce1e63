/* SPDX-License-Identifier: Apache-2.0
 *
 * Single reads of the destination: some rows of one kind, by get. Pure.
 *
 * Rows come one by one from the caller and go out as many at once as the door takes. A get that fails for a cause that
 * passes is asked again; any other failure gives its rows up: the inquiry ends all the same and tells.
 */
#ifndef MQFERRY_CONTROLLER_PASS_INQUIRY_H
#define MQFERRY_CONTROLLER_PASS_INQUIRY_H

#include "controller/pass/effects.h"

enum {
    INQUIRY_GETS_AT_ONCE = 16,
    INQUIRY_ROWS_MAX = 8, /* of one get, whatever a door takes: today's doors that have a get take one name */
};

enum get_state { GET_FREE, GET_ASKED, GET_WAITING };

struct get {
    enum get_state state;
    uint32_t op;
    struct retry retry;
    uint64_t not_before_ms; /* WAITING */
    uint32_t count;
    uint32_t rows[INQUIRY_ROWS_MAX];
};

/* The next row to ask about from *cursor on, which it moves; false: no more. */
typedef bool (*inquiry_rows)(const void *context, enum kind kind, uint32_t *cursor, uint32_t *out_row);

struct inquiry {
    bool running;
    enum kind kind;
    uint32_t rows_at_once;
    inquiry_rows next;
    const void *context;
    uint32_t cursor;
    bool exhausted;
    bool gave_up; /* at least one row could not be read */
    struct get gets[INQUIRY_GETS_AT_ONCE];
};

/* `get_max` > 0: what the door takes in one call; at most INQUIRY_ROWS_MAX go. */
void inquiry_begin(struct inquiry *inquiry, enum kind kind, uint32_t get_max, inquiry_rows next, const void *context);
/* Asks for what is due; the inquiry ends (running is false) when there is nothing left to ask or to wait for. */
void inquiry_pump(struct inquiry *inquiry, struct emitter *emitter);
/* Is this answer awaited here? Then it is taken in. */
bool inquiry_answer(struct inquiry *inquiry, struct emitter *emitter, const struct event *event);
uint64_t inquiry_wake_ms(const struct inquiry *inquiry);
/* Nothing is asked any more; what is under way is awaited, and forgotten. */
void inquiry_cancel(struct inquiry *inquiry, struct emitter *emitter);

#endif
