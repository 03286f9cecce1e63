/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/pass_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/cause.h"
#include "tests/lib/catalog_text.h"

enum { FIRST_MS = 1000000, STEPS_MAX = 200000 };

void bench_init(struct bench *bench)
{
    struct capabilities *able = &bench->description.capabilities;
    memset(bench, 0, sizeof *bench);
    mapping_init(&bench->mapping);
    bench->ledger = ledger_new();
    assert_non_null(bench->ledger);
    bench->now_ms = FIRST_MS;
    bench->guard = (struct guard){.max_creates = UINT32_MAX, .max_shrink_percent = 100};
    bench->options = (struct pass_options){.id = 0,
                                           .mode = PASS_APPLY,
                                           .files = true,
                                           .concurrency = 1,
                                           .guard = &bench->guard,
                                           .ledger = bench->ledger,
                                           .random = 1};
    bench->description.in_service = true;
    able->kind = INSTANCE_ANY;
    able->rules = rules_of(INSTANCE_ANY);
    for (int kind = 0; kind < KINDS; kind++) {
        able->holds[kind] = able->listed[kind] = fields_held(INSTANCE_ANY, kind);
        able->batch_max[kind] = 1;
        bench->description.quota_free[kind] = -1;
    }
    bench_declare(bench, "");
    bench_show(bench, "");
}

void bench_release(struct bench *bench)
{
    pass_free(bench->pass);
    effects_release(&bench->effects);
    ledger_free(bench->ledger);
    mapping_release(&bench->mapping);
    catalog_unref(bench->declared);
    catalog_unref(bench->observed);
}

void bench_declare(struct bench *bench, const char *lines)
{
    catalog_unref(bench->declared);
    bench->declared = catalog_text(lines);
}

void bench_show(struct bench *bench, const char *lines)
{
    catalog_unref(bench->observed);
    bench->observed = catalog_text(lines);
}

struct bench_answer *bench_answer(struct bench *bench, const char *name, enum outcome outcome, int cause,
                                  uint32_t times)
{
    for (int i = 0; i < BENCH_ANSWERS_MAX; i++) {
        struct bench_answer *answer = &bench->answers[i];
        if (answer->used)
            continue;
        *answer = (struct bench_answer){.used = true, .name = name, .outcome = outcome, .cause = cause, .times = times};
        return answer;
    }
    fail_msg("too many answers");
    return NULL;
}

void bench_mend(struct bench *bench)
{
    memset(bench->answers, 0, sizeof bench->answers);
}

/* ---- what the destination shows -------------------------------------------------------------------------------- */

struct one_row {
    uint32_t row;
};

static bool take_one(void *context, const struct catalog *from, uint32_t row, struct entry *entry)
{
    (void)from;
    entry->policy = POLICY_CREATE;
    entry->line = 0;
    return ((const struct one_row *)context)->row == row;
}

/* Lists show one resource more: a row of `from`. */
static void appear(struct bench *bench, const struct catalog *from, uint32_t row)
{
    struct one_row one = {.row = row};
    struct failure why;
    struct catalog *merged;
    struct catalog_builder *builder = catalog_builder_new();
    assert_non_null(builder);
    assert_int_equal(catalog_add_all(builder, bench->observed, NULL, NULL, &why), 0);
    assert_int_equal(catalog_add_all(builder, from, take_one, &one, &why), 0);
    assert_int_equal(catalog_seal(builder, NULL, NULL, &merged, &why), 0);
    catalog_builder_free(builder);
    catalog_unref(bench->observed);
    bench->observed = merged;
}

static struct bench_answer *answer_of(struct bench *bench, struct text name)
{
    for (int i = 0; i < BENCH_ANSWERS_MAX; i++) {
        struct bench_answer *answer = &bench->answers[i];
        if (answer->used && (answer->name == NULL || text_is(name, answer->name)))
            return answer;
    }
    return NULL;
}

/* An answer that was given so often is gone. */
static void use_up(struct bench_answer *answer)
{
    if (answer->times > 0 && --answer->times == 0)
        *answer = (struct bench_answer){0};
}

static void answer_one(struct bench *bench, uint32_t row, struct created_item *item, struct failure *failure)
{
    struct text name = catalog_name(bench->declared, &catalog_rows(bench->declared)[row]);
    struct bench_answer *answer = answer_of(bench, name);
    *item = (struct created_item){.row = row, .outcome = answer != NULL ? answer->outcome : OUTCOME_CREATED};
    if (answer == NULL || (answer->outcome == OUTCOME_CREATED && !answer->hidden && answer->shows == NULL))
        appear(bench, bench->declared, row);
    if (answer != NULL && answer->shows != NULL) {
        struct catalog *shown = catalog_text(answer->shows);
        appear(bench, shown, 0);
        catalog_unref(shown);
    }
    if (answer != NULL && answer->cause != CAUSE_NONE) {
        failure_set(failure, answer->cause, "could not create it");
        snprintf(failure->provider_code, sizeof failure->provider_code, "Code.%s", cause_name(answer->cause));
        snprintf(failure->request_id, sizeof failure->request_id, "request-1");
        item->failure = failure;
    }
    if (answer != NULL)
        use_up(answer);
}

/* ---- answering effects ----------------------------------------------------------------------------------------- */

static void fail_event(struct bench *bench, struct event *event, struct bench_fault *fault)
{
    if (fault->cause == CAUSE_NONE)
        return;
    failure_set(&bench->failure, fault->cause, "said by the test");
    event->failure = &bench->failure;
    if (fault->times > 0 && --fault->times == 0)
        fault->cause = CAUSE_NONE;
}

static void append(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(char *text, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, BENCH_TEXT_BYTES - used, format, arguments);
    va_end(arguments);
}

static const char *row_name(const struct bench *bench, uint32_t row)
{
    static char room[256];
    struct text name = catalog_name(bench->declared, &catalog_rows(bench->declared)[row]);
    snprintf(room, sizeof room, "%.*s", (int)name.bytes, name.data);
    return room;
}

static void note_sent(struct bench *bench, const struct effect *effect)
{
    for (uint32_t i = 0; i < effect->row_count; i++)
        append(bench->sent, "%s%s", i > 0 ? "+" : bench->sent[0] != '\0' ? " " : "", row_name(bench, effect->rows[i]));
    if (bench->sent_count < sizeof bench->sent_ms / sizeof *bench->sent_ms) {
        bench->sent_ms[bench->sent_count] = bench->now_ms;
        bench->sent_lists[bench->sent_count] = bench->lists;
    }
    bench->sent_count++;
}

static void note_noted(struct bench *bench, const struct effect *effect)
{
    static const char *const words[] = {"created", "existed", "failed", "settled"};
    append(bench->attempts, "%s%u", bench->attempts[0] != '\0' ? " " : "", effect->attempt);
    append(bench->notes, "%s%s:%s", bench->notes[0] != '\0' ? " " : "", words[effect->note],
           row_name(bench, effect->row));
}

static void queue(struct bench *bench, const struct effect *effect)
{
    assert_true(bench->tail - bench->head < BENCH_QUEUE_MAX);
    bench->queued[bench->tail++ % BENCH_QUEUE_MAX] = *effect;
}

static void perform(struct bench *bench, const struct effect *effect)
{
    assert_false(bench->ended);
    switch (effect->kind) {
    case EFFECT_NOTE:
        note_noted(bench, effect);
        return;
    case EFFECT_WAIT:
        bench->timer_ms = effect->until_ms;
        bench->timer_op = effect->op;
        return;
    case EFFECT_REPORT:
        bench->ended = true;
        bench->report = pass_report(bench->pass);
        return;
    case EFFECT_FORGET_LIST:
    case EFFECT_CANCEL:
        return;
    case EFFECT_CREATE:
        note_sent(bench, effect);
        queue(bench, effect);
        return;
    case EFFECT_LOAD:
    case EFFECT_DESCRIBE:
    case EFFECT_LIST:
    case EFFECT_GET:
    case EFFECT_PLAN:
    case EFFECT_CONFIRM:
    case EFFECT_INTEND:
        queue(bench, effect);
        return;
    }
}

static int step(struct bench *bench, const struct event *event)
{
    bench->steps++;
    if (bench->around_step != NULL)
        bench->around_step(bench, true);
    int status = pass_step(bench->pass, event, &bench->effects);
    if (bench->around_step != NULL)
        bench->around_step(bench, false);
    return status;
}

void bench_post(struct bench *bench, struct event event)
{
    event.pass = bench->options.id;
    event.now_ms = bench->now_ms;
    if (step(bench, &event) != 0) { /* it ran out of memory: nobody hears the answers to what is open */
        bench->ended = true;
        bench->report = pass_report(bench->pass);
        bench->head = bench->tail;
    }
    for (uint32_t i = 0; i < bench->effects.count; i++)
        perform(bench, &bench->effects.items[i]);
}

static void answer_list(struct bench *bench, const struct effect *effect, struct event *event)
{
    uint32_t first, count, parts = bench->list_parts > 1 ? bench->list_parts : 1;
    catalog_range(bench->observed, effect->resource_kind, &first, &count);
    event->kind = EVENT_LISTED;
    event->parts = parts;
    event->total = count;
    event->count = count / parts + (effect->part == 0 ? count % parts : 0);
    bench->lists++;
    fail_event(bench, event, &bench->list);
}

static void answer_plan(struct bench *bench, struct event *event)
{
    struct failure why;
    struct plan_input input = {.declared = bench->declared,
                               .observed = bench->observed,
                               .capabilities = &bench->description.capabilities,
                               .mapping = &bench->mapping};
    event->kind = EVENT_PLANNED;
    event->declared_digest = "sha256:bench";
    event->side = UINT16_MAX;
    bench->plans++;
    fail_event(bench, event, &bench->plan);
    if (event->failure == NULL)
        assert_int_equal(plan_build(&input, &event->plan, &why), 0);
}

static void answer_create(struct bench *bench, const struct effect *effect)
{
    struct created_item *items = calloc(effect->row_count, sizeof *items);
    struct failure *failures = calloc(effect->row_count, sizeof *failures);
    assert_non_null(items);
    assert_non_null(failures);
    for (uint32_t i = 0; i < effect->row_count; i++)
        answer_one(bench, effect->rows[i], &items[i], &failures[i]);
    bench_post(bench, (struct event){
                          .kind = EVENT_CREATED, .op = effect->op, .items = items, .item_count = effect->row_count});
    free(items);
    free(failures);
}

static void answer_effect(struct bench *bench, const struct effect *effect)
{
    struct event event = {.op = effect->op, .side = effect->side, .resource_kind = effect->resource_kind};
    event.part = effect->part;
    switch (effect->kind) {
    case EFFECT_LOAD:
        event.kind = EVENT_LOADED;
        bench->loads++;
        fail_event(bench, &event, &bench->load);
        event.last_good = event.failure != NULL && bench->last_good;
        break;
    case EFFECT_DESCRIBE:
        event.kind = EVENT_DESCRIBED;
        event.description = &bench->description;
        fail_event(bench, &event, &bench->describe);
        break;
    case EFFECT_LIST:
        answer_list(bench, effect, &event);
        break;
    case EFFECT_GET:
        event.kind = EVENT_GOT;
        bench->gets++;
        fail_event(bench, &event, &bench->get);
        break;
    case EFFECT_PLAN:
        answer_plan(bench, &event);
        break;
    case EFFECT_CONFIRM:
        event.kind = EVENT_CONFIRMED;
        event.yes = !bench->says_no;
        bench->confirms++;
        break;
    case EFFECT_INTEND:
        event.kind = EVENT_INTENDED;
        fail_event(bench, &event, &bench->intend);
        break;
    case EFFECT_CREATE:
        answer_create(bench, effect);
        return;
    default:
        return;
    }
    bench_post(bench, event);
}

static void bring_news(struct bench *bench, const struct effect *effect)
{
    if (effect->kind != EFFECT_CREATE || bench->news_before == 0 || --bench->news_before > 0)
        return;
    bench_post(bench, (struct event){.kind = bench->news});
}

static void answer_next(struct bench *bench)
{
    struct effect effect = bench->queued[bench->head++ % BENCH_QUEUE_MAX];
    bring_news(bench, &effect);
    answer_effect(bench, &effect);
}

void bench_begin(struct bench *bench)
{
    pass_free(bench->pass);
    bench->head = bench->tail = 0;
    bench->timer_op = 0;
    bench->ended = false;
    bench->sent[0] = bench->notes[0] = bench->attempts[0] = '\0';
    bench->lists = bench->gets = bench->plans = bench->confirms = bench->loads = bench->sent_count = 0;
    bench->options.id++;
    bench->pass = pass_new(&bench->options);
    assert_non_null(bench->pass);
    bench_post(bench, (struct event){.kind = EVENT_START});
}

void bench_run(struct bench *bench, enum effect_kind until)
{
    for (int steps = 0; bench->head != bench->tail; steps++) {
        assert_true(steps < STEPS_MAX);
        if (bench->queued[bench->head % BENCH_QUEUE_MAX].kind == until)
            return;
        answer_next(bench);
    }
}

uint32_t bench_open(const struct bench *bench, enum effect_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = bench->head; i != bench->tail; i++)
        count += bench->queued[i % BENCH_QUEUE_MAX].kind == kind;
    return count;
}

struct effect bench_take(struct bench *bench, enum effect_kind kind)
{
    for (uint32_t i = bench->head; i != bench->tail; i++) {
        struct effect taken = bench->queued[i % BENCH_QUEUE_MAX];
        if (taken.kind != kind)
            continue;
        for (; i != bench->head; i--)
            bench->queued[i % BENCH_QUEUE_MAX] = bench->queued[(i - 1) % BENCH_QUEUE_MAX];
        bench->head++;
        return taken;
    }
    fail_msg("no effect of kind %d is open", kind);
    return (struct effect){0};
}

void bench_wait(struct bench *bench)
{
    uint32_t op = bench->timer_op;
    assert_int_not_equal(op, 0); /* else it hangs */
    bench->timer_op = 0;
    if (bench->timer_ms > bench->now_ms)
        bench->now_ms = bench->timer_ms;
    bench_post(bench, (struct event){.kind = EVENT_TIMER, .op = op});
}

void bench_pass(struct bench *bench)
{
    bench_begin(bench);
    for (int steps = 0; !bench->ended; steps++) {
        assert_true(steps < STEPS_MAX);
        if (bench->head != bench->tail)
            answer_next(bench);
        else
            bench_wait(bench);
    }
}

/* ---- looking --------------------------------------------------------------------------------------------------- */

const char *bench_result(const struct bench *bench, enum kind kind, const char *name)
{
    static char room[96];
    struct row_result result = pass_result(bench->pass, catalog_row_of(bench->declared, kind, name));
    snprintf(room, sizeof room, "%s%s%s", result_name(result.result), result.cause != CAUSE_NONE ? " " : "",
             result.cause != CAUSE_NONE ? cause_name(result.cause) : "");
    return room;
}

enum state bench_state(const struct bench *bench, enum kind kind, const char *name)
{
    return pass_plan(bench->pass)->rows[catalog_row_of(bench->declared, kind, name)].state;
}
