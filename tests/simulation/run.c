/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass under the virtual clock: performs its effects, posts their answers, and lets the world strike.
 */
#include "tests/simulation/run.h"

#include <stdlib.h>
#include <string.h>

#include "api/cause.h"

enum { STEPS_MAX = 20000, LIFE_MS = 24 * 3600 * 1000 };

/* ---- small things ---------------------------------------------------------------------------------------------- */

void run_log(struct run *run, struct log_entry entry)
{
    entry.ms = run->clockwork.now_ms;
    if (log_append(&run->log, &entry) == NULL)
        oracle_break(&run->oracle, "every-pass-ends", "there is no end of what happens");
}

struct happening *run_later(struct run *run, uint64_t delay_ms, enum what what, uint32_t op)
{
    struct happening *later = clockwork_add(&run->clockwork, run->world, run->clockwork.now_ms + delay_ms, what);
    if (later == NULL) {
        oracle_break(&run->oracle, "every-pass-ends", "more and more is under way");
        return NULL;
    }
    later->op = op;
    later->pass = run->pass_id;
    return later;
}

const struct failure *run_failure(struct run *run, int cause)
{
    run->failure.cause = cause;
    return cause == CAUSE_NONE ? NULL : &run->failure;
}

uint64_t run_latency_ms(struct run *run)
{
    return 1 + world_dice(run->world, 40);
}

/* ---- effects --------------------------------------------------------------------------------------------------- */

static void load(struct run *run, const struct effect *effect)
{
    struct happening *later = run_later(run, run_latency_ms(run), WHAT_LOADED, effect->op);
    if (later == NULL || !world_strikes(run->world, FAULT_LOAD_FAILS))
        return;
    later->cause = CAUSE_INPUT_WRONG;
    later->flag = world_chance(run->world, 50);
}

static void describe(struct run *run, const struct effect *effect)
{
    struct happening *later = run_later(run, run_latency_ms(run), WHAT_DESCRIBED, effect->op);
    if (later == NULL)
        return;
    later->side = (uint8_t)effect->side;
    if (world_strikes(run->world, FAULT_DESCRIBE_FAILS))
        later->cause = world_chance(run->world, 50) ? CAUSE_UNREACHABLE : CAUSE_SYSTEM_ERROR;
    else if (world_strikes(run->world, FAULT_READ_THROTTLED))
        later->cause = CAUSE_THROTTLED;
}

static void confirm(struct run *run, const struct effect *effect)
{
    struct happening *later = run_later(run, 10 + world_dice(run->world, 5000), WHAT_CONFIRMED, effect->op);
    if (later != NULL)
        later->flag = !world_strikes(run->world, FAULT_DECLINED);
}

static void wait(struct run *run, const struct effect *effect)
{
    uint64_t now_ms = run->clockwork.now_ms;
    uint64_t delay_ms = effect->until_ms > now_ms ? effect->until_ms - now_ms : 0;
    run->wait_op = effect->op;
    run_later(run, delay_ms + world_dice(run->world, 5), WHAT_TIMER, effect->op);
}

/* Reads that are cancelled mostly answer so at once; creates that left never hear of it. */
static void cancel(struct run *run, const struct effect *effect)
{
    for (uint32_t i = 0; i < run->clockwork.count; i++) {
        struct happening *happening = &run->clockwork.items[run->clockwork.heap[i]];
        if (happening->op != effect->target || happening->pass != run->pass_id || world_chance(run->world, 30))
            continue;
        happening->cause = CAUSE_CANCELLED;
        happening->flag = false;
    }
}

static void report(struct run *run)
{
    run->ended = true;
    run->report = *pass_report(run->pass);
}

static void perform(struct run *run, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_LOAD:
        load(run, effect);
        return;
    case EFFECT_DESCRIBE:
        describe(run, effect);
        return;
    case EFFECT_LIST:
        read_list(run, effect);
        return;
    case EFFECT_FORGET_LIST:
        read_forget(run, effect);
        return;
    case EFFECT_GET:
        read_get(run, effect);
        return;
    case EFFECT_PLAN:
        read_plan(run, effect);
        return;
    case EFFECT_CONFIRM:
        confirm(run, effect);
        return;
    case EFFECT_INTEND:
        create_intend(run, effect);
        return;
    case EFFECT_CREATE:
        create_send(run, effect);
        return;
    case EFFECT_NOTE:
        create_note(run, effect);
        return;
    case EFFECT_WAIT:
        wait(run, effect);
        return;
    case EFFECT_CANCEL:
        cancel(run, effect);
        return;
    case EFFECT_REPORT:
        report(run);
        return;
    }
}

/* ---- the rules of effects -------------------------------------------------------------------------------------- */

static bool is_answered(enum effect_kind kind)
{
    return kind != EFFECT_FORGET_LIST && kind != EFFECT_NOTE && kind != EFFECT_WAIT && kind != EFFECT_CANCEL &&
           kind != EFFECT_REPORT;
}

static void check_effect(struct run *run, const struct effect *effect)
{
    if (run->ended)
        oracle_break(&run->oracle, "protocol", "an effect follows the report");
    if (effect->pass != run->pass_id)
        oracle_break(&run->oracle, "protocol", "an effect of pass %u in pass %u", effect->pass, run->pass_id);
    if (effect->kind == EFFECT_REPORT && run->open != 0)
        oracle_break(&run->oracle, "protocol", "the pass reports while %u effects are open", run->open);
    if (!is_answered(effect->kind) && effect->kind != EFFECT_WAIT)
        return;
    if (effect->op <= run->last_op)
        oracle_break(&run->oracle, "protocol", "op %u after op %u", effect->op, run->last_op);
    run->last_op = effect->op;
    run->open += is_answered(effect->kind) ? 1 : 0;
}

static void remember(struct run *run, const struct effect *effect)
{
    struct recent *recent = &run->recent[run->recent_count++ % RECENT_MAX];
    if (!is_answered(effect->kind)) {
        run->recent_count--;
        return;
    }
    recent->effect = *effect;
    recent->open = true;
    recent->count = effect->row_count < THINGS_MAX ? effect->row_count : THINGS_MAX;
    if (recent->count > 0)
        memcpy(recent->rows, effect->rows, recent->count * sizeof *recent->rows);
}

static void forget_op(struct run *run, uint32_t op)
{
    for (uint32_t i = 0; i < RECENT_MAX; i++) {
        if (run->recent[i].effect.op == op)
            run->recent[i].open = false;
    }
}

/* ---- one step of the pass -------------------------------------------------------------------------------------- */

/* The allocation that fails is one of the pass's. */
static int step(struct run *run, const struct event *event)
{
    uint32_t fails = run->allocation_fails;
    memory_fail_at(fails);
    int result = pass_step(run->pass, event, &run->effects);
    run->allocation_fails = memory_left();
    memory_fail_at(0);
    return result;
}

static void post_as(struct run *run, struct event *event, uint32_t pass)
{
    event->pass = pass;
    event->now_ms = run->clockwork.now_ms;
    if (step(run, event) != 0)
        report(run);
    for (uint32_t i = 0; i < run->effects.count; i++) {
        check_effect(run, &run->effects.items[i]);
        remember(run, &run->effects.items[i]);
        perform(run, &run->effects.items[i]);
    }
    if (run->allocation_fails > 0)
        effects_release(&run->effects); /* so that the next step must allocate, and may fail */
    oracle_look(&run->oracle);
    if (++run->steps > STEPS_MAX)
        oracle_break(&run->oracle, "every-pass-ends", "a pass took %u steps", run->steps);
}

/* An answer that is nobody's any more, or another pass's. It says what would be harmful to believe. */
static void post_stale(struct run *run)
{
    struct created_item items[THINGS_MAX];
    struct description description;
    const struct recent *recent = &run->recent[world_dice(run->world, RECENT_MAX)];
    static const enum event_kind kinds[] = {
        [EFFECT_LOAD] = EVENT_LOADED,     [EFFECT_DESCRIBE] = EVENT_DESCRIBED, [EFFECT_LIST] = EVENT_LISTED,
        [EFFECT_GET] = EVENT_GOT,         [EFFECT_PLAN] = EVENT_PLANNED,       [EFFECT_CONFIRM] = EVENT_CONFIRMED,
        [EFFECT_INTEND] = EVENT_INTENDED, [EFFECT_CREATE] = EVENT_CREATED,
    };
    if (recent->effect.op == 0 || run->ended)
        return;
    read_describe(run, &description);
    struct event event = {.kind = kinds[recent->effect.kind],
                          .op = recent->effect.op,
                          .side = recent->effect.side,
                          .resource_kind = recent->effect.resource_kind,
                          .part = recent->effect.part,
                          .parts = 1,
                          .description = &description,
                          .yes = true,
                          .items = items,
                          .item_count = recent->count};
    description.in_service = !run->in_service;
    for (uint32_t i = 0; i < recent->count; i++)
        items[i] = (struct created_item){.row = recent->rows[i], .outcome = OUTCOME_CREATED};
    if (event.kind == EVENT_PLANNED)
        event.failure = run_failure(run, CAUSE_SYSTEM_ERROR);
    bool of_another_pass = recent->open || world_chance(run->world, 50);
    post_as(run, &event, of_another_pass ? run->pass_id + 1 : run->pass_id);
}

void run_post(struct run *run, struct event *event)
{
    if (event->op != 0 && event->kind != EVENT_TIMER && !event->more) {
        forget_op(run, event->op);
        run->open--;
    }
    post_as(run, event, run->pass_id);
    if (world_strikes(run->world, FAULT_STALE))
        post_stale(run);
}

/* ---- what happens ---------------------------------------------------------------------------------------------- */

static void loaded(struct run *run, const struct happening *happening)
{
    struct event event = {.kind = EVENT_LOADED, .op = happening->op, .last_good = happening->flag};
    event.failure = run_failure(run, happening->cause);
    if (happening->cause == CAUSE_NONE || happening->flag)
        run_log(run, (struct log_entry){.kind = LOG_LOADED, .flag = happening->cause == CAUSE_NONE});
    run_post(run, &event);
}

static void described(struct run *run, const struct happening *happening)
{
    struct description description;
    struct event event = {.kind = EVENT_DESCRIBED, .op = happening->op, .side = happening->side};
    event.failure = run_failure(run, happening->cause);
    event.description = &description;
    read_describe(run, &description);
    description.in_service = run->in_service;
    if (happening->cause != CAUSE_NONE)
        run_log(run, (struct log_entry){.kind = LOG_UNREADABLE, .side = happening->side, .cause = happening->cause});
    else if (happening->side == SIDE_DESTINATION)
        run_log(run, (struct log_entry){.kind = LOG_DESCRIBED, .flag = run->in_service, .after = run->right_instance});
    run_post(run, &event);
}

static void confirmed(struct run *run, const struct happening *happening)
{
    struct event event = {.kind = EVENT_CONFIRMED, .op = happening->op, .yes = happening->flag};
    if (!happening->flag)
        run_log(run, (struct log_entry){.kind = LOG_DECLINED});
    run_post(run, &event);
}

static void timer(struct run *run, const struct happening *happening)
{
    struct event event = {.kind = EVENT_TIMER, .op = happening->op};
    if (happening->op == run->wait_op)
        run_post(run, &event);
}

static void told_something(struct run *run, enum log_kind what, enum event_kind kind)
{
    struct event event = {.kind = kind};
    run_log(run, (struct log_entry){.kind = what});
    oracle_look(&run->oracle);
    run_post(run, &event);
}

/* Somebody creates a declared name, or moves things that nobody declares. */
static void others_write(struct run *run, bool extras)
{
    struct world *world = run->world;
    if (world->count == 0)
        return;
    uint32_t thing = world_dice(world, world->count), master = world_dice(world, world->masters);
    bool here = store_has(&run->store, world, thing);
    int8_t value = (int8_t)world_dice(world, VALUES);
    if (world->things[thing].extra != extras || (here && !extras))
        return;
    if (!extras && world_chance(world, 60) && world->things[thing].declared != ABSENT)
        value = world->things[thing].declared;
    run->store.seen_ms[thing] = run->clockwork.now_ms;
    store_write(&run->store, &run->log, run->clockwork.now_ms, WRITER_OTHER, thing, master, here ? ABSENT : value, 0);
}

static bool belongs_to_this_pass(const struct run *run, const struct happening *happening)
{
    return run->pass != NULL && !run->ended && happening->pass == run->pass_id;
}

static void happens_in_pass(struct run *run, struct happening *happening)
{
    switch (happening->what) {
    case WHAT_SERVE_LIST:
    case WHAT_SERVE_GET:
        read_served(run, happening);
        return;
    case WHAT_LISTED:
    case WHAT_GOT:
        read_answered(run, happening);
        return;
    case WHAT_PLANNED:
        read_planned(run, happening);
        return;
    case WHAT_LOADED:
        loaded(run, happening);
        return;
    case WHAT_DESCRIBED:
        described(run, happening);
        return;
    case WHAT_CONFIRMED:
        confirmed(run, happening);
        return;
    case WHAT_TIMER:
        timer(run, happening);
        return;
    case WHAT_STOP:
        told_something(run, LOG_STOP, EVENT_STOP);
        return;
    case WHAT_SOURCE_CHANGED:
        told_something(run, LOG_CHANGED, EVENT_SOURCE_CHANGED);
        return;
    case WHAT_DEATH:
        run_die(run);
        return;
    case WHAT_INTENDED:
        create_happens(run, happening);
        return;
    case WHAT_DURABLE:
    case WHAT_RESULT:
    case WHAT_LEAVES:
    case WHAT_ARRIVES:
    case WHAT_ANSWERED:
    case WHAT_OTHER_WRITES:
    case WHAT_EXTRAS:
        return;
    }
}

void run_happens(struct run *run, struct happening *happening)
{
    switch (happening->what) {
    case WHAT_OTHER_WRITES:
        others_write(run, false);
        break;
    case WHAT_EXTRAS:
        others_write(run, true);
        break;
    case WHAT_DURABLE:
    case WHAT_RESULT:
    case WHAT_LEAVES:
    case WHAT_ARRIVES:
    case WHAT_ANSWERED:
        create_happens(run, happening);
        break;
    default:
        if (belongs_to_this_pass(run, happening))
            happens_in_pass(run, happening);
        break;
    }
    oracle_look(&run->oracle);
}

void run_idle(struct run *run, uint64_t until_ms)
{
    struct happening happening;
    while (clockwork_next(&run->clockwork, until_ms, &happening))
        run_happens(run, &happening);
    run->clockwork.now_ms = until_ms;
}

/* ---- death ----------------------------------------------------------------------------------------------------- */

/* Lines that were not synced yet may have reached the disk all the same, from the first to some later one. */
static void lose_journal(struct run *run)
{
    bool lost = false;
    struct happening *items = run->clockwork.items;
    for (uint32_t i = 0; i < run->clockwork.count; i++) {
        struct happening *happening = &items[run->clockwork.heap[i]];
        lost = lost || world_chance(run->world, 30);
        if (lost && (happening->what == WHAT_DURABLE || happening->what == WHAT_RESULT))
            happening->cause = CAUSE_STATE_UNWRITABLE;
    }
}

static void end_pass(struct run *run)
{
    pass_free(run->pass);
    run->pass = NULL;
    read_release(run);
    create_abandon(run);
}

void run_die(struct run *run)
{
    uint64_t again_ms = run->clockwork.now_ms + world_dice(run->world, 20000);
    lose_journal(run);
    run->died = true;
    end_pass(run);
    kept_release(run);
    ledger_free(run->ledger);
    run->ledger = ledger_new();
    run->journal_broken = false;
    run_log(run, (struct log_entry){.kind = LOG_DEATH, .since_ms = again_ms});
    run_idle(run, again_ms);
    for (uint32_t thing = 0; thing < run->world->count; thing++) {
        if (run->noted[thing])
            ledger_doubt(run->ledger, run->world->things[thing].kind, world_name(run->world, thing), again_ms);
    }
}

/* ---- one pass -------------------------------------------------------------------------------------------------- */

static void plan_strikes(struct run *run)
{
    static const uint32_t spans_ms[] = {60, 500, 5000, 60000};
    static const struct {
        enum fault fault;
        enum what what;
        uint32_t times;
    } strikes[] = {{FAULT_DEATH, WHAT_DEATH, 1},
                   {FAULT_STOP, WHAT_STOP, 1},
                   {FAULT_SOURCE_CHANGED, WHAT_SOURCE_CHANGED, 1},
                   {FAULT_OTHER_WRITER, WHAT_OTHER_WRITES, 4},
                   {FAULT_EXTRAS, WHAT_EXTRAS, 12}};
    for (uint32_t i = 0; i < sizeof strikes / sizeof *strikes; i++) {
        for (uint32_t j = 0; j < strikes[i].times; j++) {
            uint32_t span_ms = spans_ms[world_dice(run->world, 4)];
            if (world_strikes(run->world, strikes[i].fault))
                run_later(run, world_dice(run->world, span_ms), strikes[i].what, 0);
        }
    }
    run->allocation_fails = world_strikes(run->world, FAULT_MEMORY) ? 1 + world_dice(run->world, 60) : 0;
    run->right_instance = !world_strikes(run->world, FAULT_IDENTITY);
    run->in_service = !world_strikes(run->world, FAULT_OUT_OF_SERVICE);
}

static void log_begin(struct run *run)
{
    struct log_entry entry = {.kind = LOG_BEGIN};
    memset(run->declared_now, ABSENT, sizeof run->declared_now);
    for (uint32_t thing = 0; thing < run->world->count; thing++)
        run->declared_now[thing] = run->world->things[thing].declared;
    memcpy(entry.values, run->declared_now, sizeof entry.values);
    run_log(run, entry);
}

static void print_told(const struct run *run, const struct told told[THINGS_MAX])
{
    static const char *const outcomes[] = {"settled", "again at a known time", "again with back-off", "stuck"};
    FILE *out = run->log.trace;
    fprintf(out, "%9lu  the report: %s%s%s%s\n", (unsigned long)run->clockwork.now_ms, outcomes[run->report.outcome],
            run->report.parity ? ", parity" : "", run->report.failure.cause != CAUSE_NONE ? ", " : "",
            run->report.failure.cause != CAUSE_NONE ? cause_name(run->report.failure.cause) : "");
    for (uint32_t thing = 0; thing < run->world->count; thing++) {
        if (told[thing].state != STATES)
            fprintf(out, "             n%02u %s, %s (%s)\n", thing, state_name(told[thing].state),
                    result_name(told[thing].result), cause_name(told[thing].cause));
    }
}

static uint32_t vanished_of(const struct plan *plan)
{
    uint32_t position = 0, row, things = 0;
    while (plan != NULL && plan_next_vanished(plan, &position, &row))
        things |= 1u << world_thing(catalog_name(plan->vanished, &catalog_rows(plan->vanished)[row]));
    return things;
}

static void tell_oracle(struct run *run)
{
    struct told told[THINGS_MAX];
    const struct plan *plan = pass_plan(run->pass);
    for (uint32_t thing = 0; thing < THINGS_MAX; thing++)
        told[thing] = (struct told){.result = RESULT_NONE, .state = STATES};
    for (uint32_t row = 0; plan != NULL && row < plan->row_count; row++) {
        struct text name = catalog_name(plan->declared, &catalog_rows(plan->declared)[row]);
        struct row_result result = pass_result(run->pass, row);
        told[world_thing(name)] =
            (struct told){.result = result.result, .state = plan->rows[row].state, .cause = result.cause};
    }
    if (run->log.trace != NULL)
        print_told(run, told);
    oracle_look(&run->oracle);
    oracle_hear(&run->oracle, &run->report, told);
    oracle_hear_vanished(&run->oracle, &run->report, vanished_of(plan));
    run_log(run, (struct log_entry){.kind = LOG_END});
    oracle_look(&run->oracle);
}

static void begin_pass(struct run *run, enum pass_mode mode, uint64_t give_up_ms)
{
    static const struct expectation expect = {.key = "instanceName", .value = "right"};
    run->guard = (struct guard){
        .max_creates = run->world->max_creates, .max_shrink_percent = 100, .expect = &expect, .expect_count = 1};
    struct pass_options options = {.id = ++run->pass_id,
                                   .mode = mode,
                                   .files = !run->world->live_source,
                                   .sources = run->world->live_source ? 1 : 0,
                                   .confirm = run->world->asks,
                                   .concurrency = run->world->concurrency,
                                   .guard = &run->guard,
                                   .ledger = run->ledger,
                                   .give_up_ms = give_up_ms,
                                   .rows_a_step = run->world->rows_a_step,
                                   .random = world_dice(run->world, UINT32_MAX)};
    struct event event = {.kind = EVENT_START};
    run->ended = run->died = false;
    run->last_op = run->open = run->steps = run->wait_op = 0;
    memset(run->recent, 0, sizeof run->recent);
    run->pass = pass_new(&options);
    plan_strikes(run);
    log_begin(run);
    run_post(run, &event);
}

void run_pass(struct run *run, enum pass_mode mode, uint64_t give_up_ms)
{
    struct happening happening;
    uint64_t deadline_ms = run->clockwork.now_ms + LIFE_MS;
    begin_pass(run, mode, give_up_ms);
    while (!run->ended && !run->died && run->oracle.broken == NULL) {
        if (clockwork_next(&run->clockwork, deadline_ms, &happening))
            run_happens(run, &happening);
        else
            oracle_break(&run->oracle, "every-pass-ends", "the pass waits for something that never comes");
    }
    if (run->died)
        return;
    if (run->oracle.broken == NULL)
        tell_oracle(run);
    end_pass(run);
}
