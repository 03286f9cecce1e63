/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/pass/list.h"

#include <stdio.h>
#include <string.h>

#include "api/cause.h"

void side_format(uint16_t side, bool alone, char out[static 32])
{
    if (side == SIDE_DESTINATION)
        snprintf(out, 32, "%s", alone ? "the instance" : "the destination");
    else
        snprintf(out, 32, "source %u", side);
}

void list_init(struct list *list, uint16_t side, bool alone, enum kind kind)
{
    *list = (struct list){.side = side, .alone = alone, .kind = kind, .phase = LIST_IDLE};
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static void ask(const struct list *list, struct part_read *part, struct emitter *emitter)
{
    struct effect *effect = emit(emitter, EFFECT_LIST);
    effect->side = list->side;
    effect->resource_kind = list->kind;
    effect->part = part->part;
    part->op = effect->op;
    part->state = PART_ASKED;
}

static void start(struct list *list, struct emitter *emitter)
{
    list->phase = LIST_READING;
    list->begun_ms = emitter->now_ms;
    list->parts = 1;
    list->next = 0;
    list->answered = 0;
    list->seen = 0;
    memset(list->window, 0, sizeof list->window);
    list_pump(list, emitter);
}

static void start_again(struct list *list, struct emitter *emitter)
{
    struct effect *effect = emit(emitter, EFFECT_FORGET_LIST);
    effect->side = list->side;
    effect->resource_kind = list->kind;
    start(list, emitter);
}

void list_begin(struct list *list, struct emitter *emitter)
{
    bool first = list->phase == LIST_IDLE;
    list->rereads = 0;
    if (first)
        start(list, emitter);
    else
        start_again(list, emitter);
}

void list_pump(struct list *list, struct emitter *emitter)
{
    if (list->phase != LIST_READING)
        return;
    for (int i = 0; i < READING_PARTS_AT_ONCE; i++) {
        struct part_read *part = &list->window[i];
        if (part->state == PART_WAITING && part->not_before_ms <= emitter->now_ms)
            ask(list, part, emitter);
        if (part->state == PART_FREE && list->next < list->parts) {
            *part = (struct part_read){.part = list->next++};
            ask(list, part, emitter);
        }
    }
}

uint64_t list_wake_ms(const struct list *list)
{
    uint64_t wake_ms = UINT64_MAX;
    for (int i = 0; i < READING_PARTS_AT_ONCE && list->phase == LIST_READING; i++) {
        if (list->window[i].state == PART_WAITING && list->window[i].not_before_ms < wake_ms)
            wake_ms = list->window[i].not_before_ms;
    }
    return wake_ms;
}

void list_cancel(struct list *list, struct emitter *emitter)
{
    for (int i = 0; i < READING_PARTS_AT_ONCE; i++) {
        if (list->window[i].state == PART_ASKED)
            emit_cancel(emitter, list->window[i].op);
    }
    list->phase = LIST_IDLE;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static int fail_list(const struct list *list, const struct failure *what, struct failure *why)
{
    char side[32];
    side_format(list->side, list->alone, side);
    *why = *what;
    return failure_wrap(why, "could not list the %ss of %s", kind_word(list->kind), side);
}

static bool anything_asked(const struct list *list)
{
    for (int i = 0; i < READING_PARTS_AT_ONCE; i++) {
        if (list->window[i].state == PART_ASKED)
            return true;
    }
    return false;
}

/* Part 0 sets what the others must repeat. false: they contradict each other. */
static bool take_in(struct list *list, uint32_t part, const struct event *event)
{
    if (part == 0) {
        list->parts = event->parts;
        list->total = event->total;
        list->next = 1;
    }
    list->seen += event->count;
    list->answered++;
    return event->parts == list->parts && event->total == list->total && event->parts > 0 &&
           event->parts <= READING_PARTS_MAX;
}

static bool adds_up(const struct list *list)
{
    return list->total == UINT64_MAX || list->seen == list->total;
}

int list_contradicted(struct list *list, struct emitter *emitter, const struct failure *what, struct failure *why)
{
    if (list->rereads >= PASS_READ_TRIES_MAX)
        return fail_list(list, what, why);
    list->rereads++;
    start_again(list, emitter);
    return 0;
}

/* Older parts must not come in between newer ones: everything under way is awaited first. */
static int read_again_when_quiet(struct list *list, struct emitter *emitter, struct failure *why)
{
    struct failure what;
    list->phase = LIST_BROKEN;
    if (anything_asked(list))
        return 0;
    failure_set(&what, CAUSE_BAD_ANSWER, "its parts contradict each other, read after read");
    return list_contradicted(list, emitter, &what, why);
}

static int part_came(struct list *list, uint32_t part, struct emitter *emitter, const struct event *event,
                     struct failure *why)
{
    if (!take_in(list, part, event))
        return read_again_when_quiet(list, emitter, why);
    if (list->answered < list->parts)
        return 0;
    if (!adds_up(list))
        return read_again_when_quiet(list, emitter, why);
    list->phase = LIST_READ;
    return 0;
}

static struct part_read *part_of(struct list *list, uint32_t op)
{
    for (int i = 0; i < READING_PARTS_AT_ONCE; i++) {
        if (list->window[i].state == PART_ASKED && list->window[i].op == op)
            return &list->window[i];
    }
    return NULL;
}

bool list_answer(struct list *list, struct emitter *emitter, const struct event *event, struct failure *out_failure)
{
    struct part_read *part = part_of(list, event->op);
    if (part == NULL)
        return false;
    emitter_answered(emitter);
    part->state = PART_FREE;
    if (list->phase == LIST_IDLE)
        return true;
    if (list->phase == LIST_BROKEN)
        read_again_when_quiet(list, emitter, out_failure);
    else if (event->failure == NULL)
        part_came(list, part->part, emitter, event, out_failure);
    else if (retry_allowed(&part->retry, emitter, event->failure->cause, &part->not_before_ms))
        part->state = PART_WAITING;
    else
        fail_list(list, event->failure, out_failure);
    return true;
}
