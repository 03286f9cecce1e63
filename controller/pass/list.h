/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading one list whole or not at all: the parts of one kind of one side. Pure.
 *
 *   IDLE ──► READING ──► READ ──► READING (again) …
 *               │  ▲
 *               ▼  │ nothing open
 *             BROKEN      parts disagree, or do not add up: what is under way is awaited, then all is read again
 *
 * Part 0 tells how many parts there are and how many resources are announced; the others are asked side by side. All
 * parts must tell the same and add up. A part that fails for a cause that passes is asked again; any other failure
 * fails the list.
 */
#ifndef MQFERRY_CONTROLLER_PASS_LIST_H
#define MQFERRY_CONTROLLER_PASS_LIST_H

#include "controller/pass/effects.h"

enum {
    READING_PARTS_AT_ONCE = 16,
    READING_PARTS_MAX = 1000000, /* a list that announces more is nonsense */
};

enum list_phase { LIST_IDLE, LIST_READING, LIST_BROKEN, LIST_READ };

enum part_state { PART_FREE, PART_ASKED, PART_WAITING };

struct part_read {
    enum part_state state;
    uint32_t op, part;
    struct retry retry;
    uint64_t not_before_ms; /* WAITING */
};

struct list {
    enum list_phase phase;
    uint16_t side;
    bool alone; /* there is no other side */
    enum kind kind;
    uint64_t begun_ms; /* when the first part of this reading was asked for */
    uint32_t parts, next, answered;
    uint64_t total, seen; /* announced (UINT64_MAX: not), and summed up */
    uint32_t rereads;     /* for contradictions, in this reading */
    struct part_read window[READING_PARTS_AT_ONCE];
};

void list_init(struct list *list, uint16_t side, bool alone, enum kind kind);
/* Reads the list; again if it was read before. */
void list_begin(struct list *list, struct emitter *emitter);
/* Is this answer awaited here? Then it is taken in. *out_failure is set (cause not 0) when the list cannot be read. */
bool list_answer(struct list *list, struct emitter *emitter, const struct event *event, struct failure *out_failure);
/* A name stands in two parts of what was read: once more. 0, or -1 when that happened too often. */
int list_contradicted(struct list *list, struct emitter *emitter, const struct failure *what, struct failure *why);
/* Asks for what is due. */
void list_pump(struct list *list, struct emitter *emitter);
/* The earliest moment a part waits for; UINT64_MAX: none. */
uint64_t list_wake_ms(const struct list *list);
/* Nothing is asked any more; what is under way is awaited, and forgotten. */
void list_cancel(struct list *list, struct emitter *emitter);

/* "the destination", "source 2"; `alone`, an export, "the instance": for sentences. */
void side_format(uint16_t side, bool alone, char out[static 32]);

#endif
