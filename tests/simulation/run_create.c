/* SPDX-License-Identifier: Apache-2.0
 *
 * Creates on their way, and the journal that knows of them.
 */
#include <string.h>

#include "api/cause.h"
#include "tests/simulation/run.h"

static uint32_t thing_of_row(const struct run *run, uint32_t row)
{
    const struct catalog *declared = pass_plan(run->pass)->declared;
    struct text name = catalog_name(declared, &catalog_rows(declared)[row]);
    return world_thing(name);
}

/* ---- the journal ----------------------------------------------------------------------------------------------- */

/* Lines reach the disk in their order. */
static uint64_t journal_delay_ms(struct run *run)
{
    uint64_t now_ms = run->clockwork.now_ms, at_ms = now_ms + world_dice(run->world, 30);
    if (at_ms <= run->journal_ms)
        at_ms = run->journal_ms + 1;
    run->journal_ms = at_ms;
    return at_ms - now_ms;
}

void create_intend(struct run *run, const struct effect *effect)
{
    struct happening *later = run_later(run, journal_delay_ms(run), WHAT_DURABLE, effect->op);
    if (later == NULL)
        return;
    run->journal_broken = run->journal_broken || world_strikes(run->world, FAULT_JOURNAL);
    later->cause = run->journal_broken ? CAUSE_STATE_UNWRITABLE : CAUSE_NONE;
    for (uint32_t i = 0; i < effect->row_count; i++)
        later->things |= 1u << thing_of_row(run, effect->rows[i]);
}

void create_note(struct run *run, const struct effect *effect)
{
    struct happening *later = run_later(run, journal_delay_ms(run), WHAT_RESULT, 0);
    if (later == NULL)
        return;
    later->cause = run->journal_broken ? CAUSE_STATE_UNWRITABLE : CAUSE_NONE;
    later->things = 1u << thing_of_row(run, effect->row);
}

static void on_disk(struct run *run, const struct happening *happening)
{
    bool intent = happening->what == WHAT_DURABLE;
    for (uint32_t thing = 0; thing < run->world->count && happening->cause == CAUSE_NONE; thing++) {
        if ((happening->things & (1u << thing)) == 0)
            continue;
        run->noted[thing] = intent;
        run_log(run, (struct log_entry){.kind = intent ? LOG_INTENT : LOG_RESULT, .thing = (int8_t)thing});
    }
}

static void durable(struct run *run, const struct happening *happening)
{
    on_disk(run, happening);
    struct happening *later = run_later(run, world_dice(run->world, 3), WHAT_INTENDED, happening->op);
    if (later == NULL)
        return;
    later->pass = happening->pass;
    later->cause = happening->cause;
}

static void intended(struct run *run, const struct happening *happening)
{
    struct event event = {.kind = EVENT_INTENDED, .op = happening->op};
    event.failure = run_failure(run, happening->cause);
    run_post(run, &event);
}

/* ---- leaving --------------------------------------------------------------------------------------------------- */

static struct call *free_call(struct run *run)
{
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        if (run->calls[i].pending == 0)
            return &run->calls[i];
    }
    return NULL;
}

/* The masters that lack it: what a door's placing would say. */
static uint32_t lacking_masters(const struct run *run, uint32_t row)
{
    uint32_t masters = 0;
    uint16_t position = 0;
    const char *name;
    if (run->world->shape != SHAPE_CLUSTER)
        return 1;
    while (plan_next_missing_master(pass_plan(run->pass), row, &position, &name))
        masters |= 1u << (name[7] - 'a');
    return masters;
}

void create_send(struct run *run, const struct effect *effect)
{
    struct call *call = free_call(run);
    uint64_t delay_ms = pace_take(&run->pace, run->clockwork.now_ms, 1);
    struct happening *later = run_later(run, delay_ms, WHAT_LEAVES, effect->op);
    if (call == NULL || later == NULL)
        return;
    *call = (struct call){.pending = 1, .op = effect->op, .pass = effect->pass, .kind = effect->resource_kind};
    for (uint32_t i = 0; i < effect->row_count && i < THINGS_MAX; i++) {
        call->rows[call->count] = effect->rows[i];
        call->things[call->count] = (int8_t)thing_of_row(run, effect->rows[i]);
        call->values[call->count] = run->declared_now[call->things[call->count]];
        call->masters[call->count] = lacking_masters(run, effect->rows[i]);
        run_log(run, (struct log_entry){.kind = LOG_ASKED, .thing = call->things[call->count++]});
    }
    later->call = (uint32_t)(call - run->calls);
    oracle_look(&run->oracle);
    if (++run->under_way > run->world->concurrency)
        oracle_break(&run->oracle, "protocol", "%u creates are under way at once", run->under_way);
    if (effect->row_count > run->world->batch_max)
        oracle_break(&run->oracle, "protocol", "a batch of %u leaves", effect->row_count);
}

static struct happening *call_later(struct run *run, struct call *call, uint64_t delay_ms, enum what what)
{
    struct happening *later = run_later(run, delay_ms, what, call->op);
    if (later == NULL)
        return NULL;
    later->call = (uint32_t)(call - run->calls);
    call->pending++;
    return later;
}

static void same_for_all(struct call *call, enum outcome outcome, int cause)
{
    for (uint32_t i = 0; i < call->count; i++) {
        call->outcomes[i] = (uint8_t)outcome;
        call->causes[i] = cause;
    }
}

static void log_sent(struct run *run, const struct call *call)
{
    for (uint32_t i = 0; i < call->count; i++) {
        for (uint32_t master = 0; master < MASTERS_MAX; master++) {
            if ((call->masters[i] & (1u << master)) != 0)
                run_log(run, (struct log_entry){.kind = LOG_SENT,
                                                .thing = call->things[i],
                                                .master = master,
                                                .call = (uint32_t)(call - run->calls)});
        }
    }
}

static int cause_for_all(struct run *run)
{
    static const int causes[] = {CAUSE_INSTANCE_NOT_FOUND,
                                 CAUSE_INSTANCE_NOT_IN_SERVICE,
                                 CAUSE_CREDENTIALS_EXPIRED,
                                 CAUSE_CREDENTIALS_REJECTED,
                                 CAUSE_INSTANCE_PERMISSION_UNVERIFIED,
                                 CAUSE_CLOCK_SKEWED,
                                 CAUSE_UNREACHABLE,
                                 CAUSE_BAD_ANSWER};
    return causes[world_dice(run->world, sizeof causes / sizeof *causes)];
}

/* The answer never comes: the caller gives up after a while, and the create may arrive before, after, or never. */
static void leave_in_silence(struct run *run, struct call *call)
{
    uint64_t patience_ms = 500 + world_dice(run->world, 3000);
    uint64_t settle_ms = run->world->settle_ms;
    uint64_t in_time_ms = settle_ms < patience_ms && run->world->shape != SHAPE_FILE ? settle_ms : patience_ms;
    call_later(run, call, patience_ms, WHAT_ANSWERED);
    if (world_strikes(run->world, FAULT_ARRIVES_LATE) && settle_ms > patience_ms)
        call_later(run, call, patience_ms + 1 + world_dice(run->world, (uint32_t)(settle_ms - patience_ms)),
                   WHAT_ARRIVES);
    else if (!world_strikes(run->world, FAULT_REQUEST_LOST))
        call_later(run, call, world_dice(run->world, (uint32_t)in_time_ms), WHAT_ARRIVES);
}

static void leaves(struct run *run, struct call *call)
{
    struct world *world = run->world;
    uint64_t there_ms = world_dice(world, 200), back_ms = world_dice(world, 200);
    if (call->abandoned)
        return;
    call->left_ms = run->clockwork.now_ms;
    if (world_strikes(world, FAULT_NOT_SENT)) {
        same_for_all(call, OUTCOME_NOT_SENT, world_chance(world, 50) ? CAUSE_UNREACHABLE : CAUSE_THROTTLED);
        call_later(run, call, there_ms, WHAT_ANSWERED);
        return;
    }
    log_sent(run, call);
    same_for_all(call, OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN);
    if (world_strikes(world, FAULT_REPLY_LOST) || world_strikes(world, FAULT_REQUEST_LOST) ||
        world_strikes(world, FAULT_ARRIVES_LATE)) {
        leave_in_silence(run, call);
        return;
    }
    if (world_strikes(world, FAULT_CREATE_THROTTLED))
        same_for_all(call, OUTCOME_REFUSED, CAUSE_THROTTLED);
    else if (world_strikes(world, FAULT_REFUSED_ALL))
        same_for_all(call, OUTCOME_REFUSED, cause_for_all(run));
    else
        call_later(run, call, there_ms, WHAT_ARRIVES);
    struct happening *answer = call_later(run, call, there_ms + back_ms + 1, WHAT_ANSWERED);
    if (answer != NULL)
        answer->flag = true; /* the answer tells what happened */
}

/* ---- arriving -------------------------------------------------------------------------------------------------- */

static uint32_t count_kind(const struct run *run, enum kind kind)
{
    uint32_t count = 0;
    for (uint32_t thing = 0; thing < run->world->count; thing++)
        count += run->world->things[thing].kind == kind && store_has(&run->store, run->world, thing);
    return count;
}

static int refused_by(struct run *run, const struct call *call, uint32_t index)
{
    const struct thing *thing = &run->world->things[call->things[index]];
    int32_t quota = run->world->quota[thing->kind];
    if (thing->refusal.cause != CAUSE_NONE)
        return thing->refusal.cause;
    if (quota >= 0 && count_kind(run, thing->kind) >= (uint32_t)quota &&
        !store_has(&run->store, run->world, (uint32_t)call->things[index]))
        return thing->kind == KIND_TOPIC ? CAUSE_TOPIC_QUOTA_REACHED : CAUSE_GROUP_QUOTA_REACHED;
    return CAUSE_NONE;
}

static void write(struct run *run, const struct call *call, uint32_t thing, uint32_t master, int8_t value)
{
    struct world *world = run->world;
    uint64_t now_ms = run->clockwork.now_ms, latest_ms = call->left_ms + world->settle_ms;
    bool first = !store_has(&run->store, world, thing);
    uint64_t serving_ms = run->store.serving_ms[thing];
    if (first && world->shape == SHAPE_CLOUD && world_strikes(world, FAULT_CREATING))
        serving_ms = now_ms + world_dice(world, 100000);
    if (first)
        run->store.seen_ms[thing] = now_ms;
    if (first && latest_ms > now_ms && world_strikes(world, FAULT_SEEN_LATE))
        run->store.seen_ms[thing] = now_ms + world_dice(world, (uint32_t)(latest_ms - now_ms) + 1);
    store_write(&run->store, &run->log, now_ms, WRITER_US, thing, master, value, serving_ms);
}

/* One row reaches its masters. */
static void put(struct run *run, struct call *call, uint32_t index)
{
    uint32_t thing = (uint32_t)call->things[index];
    bool kept = false, half = false;
    for (uint32_t master = 0; master < MASTERS_MAX; master++) {
        if ((call->masters[index] & (1u << master)) == 0)
            continue;
        if (call->masters[index] != (1u << master) && world_strikes(run->world, FAULT_HALF)) {
            half = true;
            continue;
        }
        if (run->store.values[thing][master] == ABSENT || run->world->overwrites) {
            write(run, call, thing, master, call->values[index]);
            continue;
        }
        kept = true;
        run_log(run, (struct log_entry){.kind = LOG_KEPT,
                                        .thing = (int8_t)thing,
                                        .master = master,
                                        .before = run->store.values[thing][master]});
    }
    call->outcomes[index] = (uint8_t)(half ? OUTCOME_UNKNOWN : kept ? OUTCOME_EXISTED : OUTCOME_CREATED);
    call->causes[index] = half ? CAUSE_OUTCOME_UNKNOWN : CAUSE_NONE;
}

/* A batch in which one is refused for good may come back as a whole, without a word about which. */
static bool refuse_together(struct run *run, struct call *call)
{
    for (uint32_t i = 0; i < call->count && call->count > 1; i++) {
        int cause = refused_by(run, call, i);
        if (cause == CAUSE_NONE || cause_remedy(cause) != REMEDY_STUCK || !world_chance(run->world, 50))
            continue;
        same_for_all(call, OUTCOME_REFUSED, cause);
        return true;
    }
    return false;
}

static void arrives(struct run *run, struct call *call)
{
    if (run->world->shape == SHAPE_FILE && call->abandoned)
        return; /* a file is written by the process itself, or not at all */
    if (refuse_together(run, call))
        return;
    for (uint32_t i = 0; i < call->count; i++) {
        int cause = refused_by(run, call, i);
        call->outcomes[i] = OUTCOME_REFUSED;
        call->causes[i] = cause;
        if (cause == CAUSE_NONE)
            put(run, call, i);
    }
}

/* ---- answering ------------------------------------------------------------------------------------------------- */

static void log_answer(struct run *run, const struct call *call, uint32_t index)
{
    run_log(run, (struct log_entry){.kind = LOG_ANSWER,
                                    .thing = call->things[index],
                                    .outcome = call->outcomes[index],
                                    .cause = call->causes[index],
                                    .flag = call->count == 1,
                                    .call = (uint32_t)(call - run->calls)});
}

/* The answers come in one event, or in slices. */
static void post_items(struct run *run, const struct call *call, struct created_item *items, uint32_t count)
{
    uint32_t slice = run->world->rows_a_step > 0 ? run->world->rows_a_step : count;
    uint32_t pass = run->pass_id;
    for (uint32_t at = 0; at < count && !run->ended && run->pass_id == pass; at += slice) {
        struct event event = {.kind = EVENT_CREATED, .op = call->op, .items = &items[at]};
        event.more = at + slice < count;
        event.item_count = event.more ? slice : count - at;
        for (uint32_t i = at; i < at + event.item_count; i++)
            log_answer(run, call, i);
        run_post(run, &event);
    }
}

static void answered(struct run *run, const struct happening *happening, struct call *call)
{
    struct created_item items[THINGS_MAX];
    struct failure failures[THINGS_MAX];
    if (!happening->flag && call->outcomes[0] != OUTCOME_NOT_SENT)
        same_for_all(call, OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN);
    if (call->abandoned)
        return;
    run->under_way--;
    for (uint32_t i = 0; i < call->count; i++) {
        failures[i].cause = call->causes[i];
        failures[i].text[0] = failures[i].provider_code[0] = failures[i].provider_message[0] = '\0';
        failures[i].request_id[0] = '\0';
        items[i] = (struct created_item){.row = call->rows[i],
                                         .outcome = call->outcomes[i],
                                         .failure = call->causes[i] == CAUSE_NONE ? NULL : &failures[i]};
        if (call->causes[i] == CAUSE_THROTTLED)
            pace_throttled(&run->pace, run->clockwork.now_ms, call->left_ms, 0);
    }
    post_items(run, call, items, call->count);
}

void create_happens(struct run *run, struct happening *happening)
{
    struct call *call = &run->calls[happening->call];
    switch (happening->what) {
    case WHAT_DURABLE:
        durable(run, happening);
        return;
    case WHAT_RESULT:
        on_disk(run, happening);
        return;
    case WHAT_INTENDED:
        intended(run, happening);
        return;
    case WHAT_LEAVES:
        call->pending--;
        leaves(run, call);
        return;
    case WHAT_ARRIVES:
        call->pending--;
        arrives(run, call);
        return;
    case WHAT_ANSWERED:
        call->pending--;
        answered(run, happening, call);
        return;
    default:
        return;
    }
}

void create_abandon(struct run *run)
{
    for (uint32_t i = 0; i < CALLS_MAX; i++)
        run->calls[i].abandoned = true;
    run->under_way = 0;
}
