/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/pass/effects.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"

enum { FIRST_EFFECTS = 32 };

static const struct backoff read_again = {.first_ms = 500, .cap_ms = 8000};

void effects_release(struct effects *effects)
{
    free(effects->items);
    *effects = (struct effects){0};
}

static struct effect *room_for_one(struct emitter *emitter)
{
    struct effects *effects = emitter->effects;
    if (effects->count == effects->capacity) {
        uint32_t capacity = effects->capacity == 0 ? FIRST_EFFECTS : effects->capacity * 2;
        struct effect *items = realloc(effects->items, capacity * sizeof *items);
        if (items == NULL) {
            emitter->failed = true;
            return &emitter->spare;
        }
        effects->items = items;
        effects->capacity = capacity;
    }
    return &effects->items[effects->count++];
}

static bool is_answered(enum effect_kind kind)
{
    switch (kind) {
    case EFFECT_LOAD:
    case EFFECT_DESCRIBE:
    case EFFECT_LIST:
    case EFFECT_GET:
    case EFFECT_PLAN:
    case EFFECT_CONFIRM:
    case EFFECT_INTEND:
    case EFFECT_CREATE:
        return true;
    case EFFECT_FORGET_LIST:
    case EFFECT_NOTE:
    case EFFECT_WAIT:
    case EFFECT_CANCEL:
    case EFFECT_REPORT:
        return false;
    }
    return false;
}

struct effect *emit(struct emitter *emitter, enum effect_kind kind)
{
    struct effect *effect = room_for_one(emitter);
    *effect = (struct effect){.kind = kind, .pass = emitter->pass};
    if (is_answered(kind))
        emitter->open++;
    if (is_answered(kind) || kind == EFFECT_WAIT)
        effect->op = ++emitter->last_op;
    return effect;
}

void emit_cancel(struct emitter *emitter, uint32_t op)
{
    emit(emitter, EFFECT_CANCEL)->target = op;
}

void emitter_answered(struct emitter *emitter)
{
    assert(emitter->open > 0);
    emitter->open--;
}

static bool throttled_too_long(struct retry *retry, uint64_t now_ms)
{
    if (retry->throttled++ == 0)
        retry->throttled_since_ms = now_ms;
    return now_ms - retry->throttled_since_ms >= PASS_TRY_WINDOW_MS;
}

bool retry_allowed(struct retry *retry, struct emitter *emitter, int cause, uint64_t *out_not_before_ms)
{
    uint32_t waits;
    if (cause_remedy(cause) == REMEDY_PACE) {
        if (throttled_too_long(retry, emitter->now_ms))
            return false;
        waits = retry->throttled;
    } else if (cause_remedy(cause) == REMEDY_RETRY && cause != CAUSE_CANCELLED && cause != CAUSE_OUT_OF_MEMORY) {
        if (++retry->tries >= PASS_READ_TRIES_MAX)
            return false;
        waits = retry->tries;
    } else {
        return false;
    }
    *out_not_before_ms = emitter->now_ms + backoff_ms(&read_again, waits, &emitter->random);
    return true;
}
