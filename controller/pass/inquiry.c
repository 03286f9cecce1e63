/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/pass/inquiry.h"

void inquiry_begin(struct inquiry *inquiry, enum kind kind, uint32_t get_max, inquiry_rows next, const void *context)
{
    inquiry->running = true;
    inquiry->kind = kind;
    inquiry->rows_at_once = get_max < INQUIRY_ROWS_MAX ? get_max : INQUIRY_ROWS_MAX;
    inquiry->next = next;
    inquiry->context = context;
    inquiry->cursor = 0;
    inquiry->exhausted = false;
    inquiry->gave_up = false;
    for (int i = 0; i < INQUIRY_GETS_AT_ONCE; i++)
        inquiry->gets[i].state = GET_FREE;
}

static void ask(const struct inquiry *inquiry, struct get *get, struct emitter *emitter)
{
    struct effect *effect = emit(emitter, EFFECT_GET);
    effect->side = SIDE_DESTINATION;
    effect->resource_kind = inquiry->kind;
    effect->rows = get->rows;
    effect->row_count = get->count;
    get->op = effect->op;
    get->state = GET_ASKED;
}

static void ask_about_more(struct inquiry *inquiry, struct get *get, struct emitter *emitter)
{
    get->count = 0;
    get->retry = (struct retry){0};
    while (get->count < inquiry->rows_at_once && !inquiry->exhausted) {
        if (inquiry->next(inquiry->context, inquiry->kind, &inquiry->cursor, &get->rows[get->count]))
            get->count++;
        else
            inquiry->exhausted = true;
    }
    if (get->count > 0)
        ask(inquiry, get, emitter);
}

void inquiry_pump(struct inquiry *inquiry, struct emitter *emitter)
{
    bool busy = false;
    if (!inquiry->running)
        return;
    for (int i = 0; i < INQUIRY_GETS_AT_ONCE; i++) {
        struct get *get = &inquiry->gets[i];
        if (get->state == GET_WAITING && get->not_before_ms <= emitter->now_ms)
            ask(inquiry, get, emitter);
        if (get->state == GET_FREE && !inquiry->exhausted)
            ask_about_more(inquiry, get, emitter);
        busy |= get->state != GET_FREE;
    }
    inquiry->running = busy;
}

static struct get *get_of(struct inquiry *inquiry, uint32_t op)
{
    for (int i = 0; i < INQUIRY_GETS_AT_ONCE; i++) {
        if (inquiry->gets[i].state == GET_ASKED && inquiry->gets[i].op == op)
            return &inquiry->gets[i];
    }
    return NULL;
}

bool inquiry_answer(struct inquiry *inquiry, struct emitter *emitter, const struct event *event)
{
    struct get *get = get_of(inquiry, event->op);
    if (get == NULL)
        return false;
    emitter_answered(emitter);
    get->state = GET_FREE;
    if (event->failure == NULL || !inquiry->running)
        return true;
    if (retry_allowed(&get->retry, emitter, event->failure->cause, &get->not_before_ms))
        get->state = GET_WAITING;
    else
        inquiry->gave_up = true;
    return true;
}

uint64_t inquiry_wake_ms(const struct inquiry *inquiry)
{
    uint64_t wake_ms = UINT64_MAX;
    for (int i = 0; i < INQUIRY_GETS_AT_ONCE && inquiry->running; i++) {
        const struct get *get = &inquiry->gets[i];
        if (get->state == GET_WAITING && get->not_before_ms < wake_ms)
            wake_ms = get->not_before_ms;
    }
    return wake_ms;
}

void inquiry_cancel(struct inquiry *inquiry, struct emitter *emitter)
{
    for (int i = 0; i < INQUIRY_GETS_AT_ONCE; i++) {
        if (inquiry->gets[i].state == GET_ASKED)
            emit_cancel(emitter, inquiry->gets[i].op);
    }
    inquiry->running = false;
}
