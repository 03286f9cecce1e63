/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads every side of a pass.
 *
 * Happy path: each side is described, then both of its lists are read; files are loaded beside.
 * What can go wrong: a side is another one than expected, or cannot be read whole: the pass fails.
 * On cancel: what is under way is awaited, and forgotten.
 */
#include "api/cause.h"
#include "controller/pass/state.h"

static void describe(struct pass *pass, uint16_t index)
{
    struct effect *effect = emit(&pass->emitter, EFFECT_DESCRIBE);
    effect->side = index;
    pass->sides[index].describe_op = effect->op;
}

void read_begin(struct pass *pass)
{
    if (pass->options.files)
        pass->load_op = emit(&pass->emitter, EFFECT_LOAD)->op;
    for (uint16_t side = 0; side < pass->side_count; side++)
        describe(pass, side);
}

static void begin_list(struct pass *pass, uint16_t index, enum kind kind)
{
    if (index == SIDE_DESTINATION)
        pass->read_ms[kind] = pass->emitter.now_ms;
    list_begin(&pass->sides[index].lists[kind], &pass->emitter);
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

void read_loaded(struct pass *pass, const struct event *event)
{
    if (!pass_closes(pass, &pass->load_op, event) || pass->phase == PHASE_ENDING)
        return;
    pass->last_good = event->last_good;
    if (event->failure != NULL && !event->last_good)
        pass_fail(pass, event->failure);
}

/* What the identity of this side must say. 0 or -1. */
static int check_identity(const struct pass *pass, uint16_t index, const struct identity *identity, struct failure *why)
{
    const struct guard *guard = pass->options.guard;
    const struct side_guard *sources = pass->options.source_guards;
    char name[32];
    side_format(index, pass->options.alone, name);
    if (index == SIDE_DESTINATION)
        return guard != NULL ? guard_destination(guard, identity, why) : 0;
    if (sources == NULL)
        return 0;
    return guard_identity(sources[index - 1].expect, sources[index - 1].expect_count, identity, name, why);
}

/* A side that cannot be reached is told at once; what passes by itself is asked again. */
static bool describe_again(struct pass *pass, struct side *side, int cause)
{
    bool passes = cause_scope(cause) != SCOPE_SYNC;
    return passes && retry_allowed(&side->describe_retry, &pass->emitter, cause, &side->describe_at_ms);
}

static int judge_description(struct pass *pass, uint16_t index, const struct event *event, struct failure *why)
{
    char name[32];
    if (event->failure == NULL)
        return check_identity(pass, index, &event->description->identity, why);
    side_format(index, pass->options.alone, name);
    *why = *event->failure;
    return failure_wrap(why, "could not describe %s", name);
}

static void described(struct pass *pass, uint16_t index, const struct event *event)
{
    struct side *side = &pass->sides[index];
    struct failure why;
    if (event->failure != NULL && describe_again(pass, side, event->failure->cause))
        return;
    if (judge_description(pass, index, event, &why) != 0) {
        pass_fail(pass, &why);
        return;
    }
    side->described = true;
    if (index == SIDE_DESTINATION)
        pass->destination = *event->description;
    for (int kind = 0; kind < KINDS; kind++)
        begin_list(pass, index, kind);
}

void read_described(struct pass *pass, const struct event *event)
{
    for (uint16_t i = 0; i < pass->side_count; i++) {
        if (!pass_closes(pass, &pass->sides[i].describe_op, event))
            continue;
        if (pass->phase != PHASE_ENDING)
            described(pass, i, event);
        return;
    }
}

void read_listed(struct pass *pass, const struct event *event)
{
    struct failure why = FAILURE_INIT;
    for (uint16_t i = 0; i < pass->side_count; i++) {
        for (int kind = 0; kind < KINDS; kind++) {
            if (!list_answer(&pass->sides[i].lists[kind], &pass->emitter, event, &why))
                continue;
            if (why.cause != CAUSE_NONE)
                pass_fail(pass, &why);
            return;
        }
    }
}

void read_got(struct pass *pass, const struct event *event)
{
    for (int kind = 0; kind < KINDS; kind++) {
        if (inquiry_answer(&pass->inquiries[kind], &pass->emitter, event))
            return;
    }
}

int read_contradicted(struct pass *pass, const struct event *event, struct failure *why)
{
    if (event->side == SIDE_DESTINATION)
        pass->read_ms[event->resource_kind] = pass->emitter.now_ms;
    return list_contradicted(&pass->sides[event->side].lists[event->resource_kind], &pass->emitter, event->failure,
                             why);
}

/* ---- going on -------------------------------------------------------------------------------------------------- */

static bool side_is_read(const struct side *side)
{
    return side->described && side->lists[KIND_TOPIC].phase == LIST_READ && side->lists[KIND_GROUP].phase == LIST_READ;
}

static bool everything_is_read(const struct pass *pass)
{
    for (uint16_t i = 0; i < pass->side_count; i++) {
        if (!side_is_read(&pass->sides[i]))
            return false;
    }
    return pass->load_op == 0 && !pass->inquiries[KIND_TOPIC].running && !pass->inquiries[KIND_GROUP].running;
}

static void pump_side(struct pass *pass, uint16_t index)
{
    struct side *side = &pass->sides[index];
    if (!side->described && side->describe_op == 0 && side->describe_at_ms <= pass->emitter.now_ms)
        describe(pass, index);
    for (int kind = 0; kind < KINDS; kind++)
        list_pump(&side->lists[kind], &pass->emitter);
}

/* Jobs that get could not read are read by the list. */
static void pump_inquiry(struct pass *pass, enum kind kind)
{
    struct inquiry *inquiry = &pass->inquiries[kind];
    if (!inquiry->running)
        return;
    inquiry_pump(inquiry, &pass->emitter);
    if (!inquiry->running && inquiry->gave_up && pass->settling[kind])
        reread_list(pass, kind);
}

bool read_pump(struct pass *pass)
{
    for (uint16_t i = 0; i < pass->side_count; i++)
        pump_side(pass, i);
    for (int kind = 0; kind < KINDS; kind++)
        pump_inquiry(pass, kind);
    return everything_is_read(pass);
}

static uint64_t sooner(uint64_t one_ms, uint64_t other_ms)
{
    return one_ms < other_ms ? one_ms : other_ms;
}

uint64_t read_wake_ms(const struct pass *pass)
{
    uint64_t wake_ms = UINT64_MAX;
    for (uint16_t i = 0; i < pass->side_count; i++) {
        const struct side *side = &pass->sides[i];
        if (!side->described && side->describe_op == 0)
            wake_ms = sooner(wake_ms, side->describe_at_ms);
        for (int kind = 0; kind < KINDS; kind++)
            wake_ms = sooner(wake_ms, list_wake_ms(&side->lists[kind]));
    }
    for (int kind = 0; kind < KINDS; kind++)
        wake_ms = sooner(wake_ms, inquiry_wake_ms(&pass->inquiries[kind]));
    return wake_ms;
}

void read_cancel(struct pass *pass)
{
    if (pass->load_op != 0)
        emit_cancel(&pass->emitter, pass->load_op);
    for (uint16_t i = 0; i < pass->side_count; i++) {
        if (pass->sides[i].describe_op != 0)
            emit_cancel(&pass->emitter, pass->sides[i].describe_op);
        for (int kind = 0; kind < KINDS; kind++)
            list_cancel(&pass->sides[i].lists[kind], &pass->emitter);
    }
    for (int kind = 0; kind < KINDS; kind++)
        inquiry_cancel(&pass->inquiries[kind], &pass->emitter);
}
