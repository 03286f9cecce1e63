/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls of doors.
 *
 * happy path: the pace lets the call leave → the door answers → a copy of the answer is delivered, for it may have to
 *             wait for a worker that thinks; parts of lists and single reads stay here until the plan wants them.
 * held: a call that must wait for the pace stands in line; one timer per side lets the next ones go.
 * on cancel: a held call is answered at once, for it was surely not sent; the door answers the others.
 */
#include <stdlib.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/runner/state.h"

static struct side *side_of(const struct op *op)
{
    return &op->runner->sides[op->effect.side];
}

/* ---- opening */

static int open_door(struct runner *runner, uint16_t number, const struct side_options *given, struct failure *why)
{
    struct side *side = &runner->sides[number];
    struct address address;
    struct instance_options options = {
        .loop = runner->options.loop,
        .workers = runner->options.workers,
        .log = runner->options.log,
        .address = &address,
        .stands_for = given->stands_for,
        .endpoint = given->endpoint,
        .ca_file = given->ca_file,
        .cert_file = given->cert_file,
        .key_file = given->key_file,
        .credentials = given->credentials,
        .address_map = given->address_map,
        .cloud = runner->options.cloud ? runner->options.cloud : &runner->cloud,
        .imagined = given->imagined,
        .unsafe_attributes = given->unsafe_attributes,
        .writable = number == SIDE_DESTINATION && !runner->options.must_exist,
        .rate_per_s = given->rate_per_s,
        .concurrency = given->concurrency,
        .share_percent = given->share_percent,
        .request_ended = runner->options.watcher ? runner->options.watcher->request_ended : NULL,
        .request_context = runner->options.watcher ? runner->options.watcher->context : NULL,
    };

    if (address_parse(text_of(given->address), &address, why) != 0 || instance_open(&options, &side->door, why) != 0)
        return -1;
    if (number == SIDE_DESTINATION)
        runner->destination = address;
    /* A file has no budget; the clouds' doors pace each call themselves; the others' budget is learnt. */
    bool is_cloud = address.scheme == SCHEME_APSARAMQ || address.scheme == SCHEME_ONS;
    const struct pace_options pace = {
        .unlimited = is_cloud || (address.scheme == SCHEME_SNAPSHOT && given->rate_per_s == 0),
        .ceiling_rate = given->rate_per_s,
        .share_percent = given->share_percent,
    };
    pace_init(&side->pace, &pace, monotime_ms());
    return 0;
}

int runner_open_doors(struct runner *runner, struct failure *why)
{
    if (open_door(runner, SIDE_DESTINATION, runner->options.destination, why) != 0)
        return -1;
    for (uint16_t i = 1; i < runner->side_count; i++)
        if (open_door(runner, i, &runner->options.sources[i - 1], why) != 0)
            return -1;
    return 0;
}

double runner_pace_limit(const struct runner *runner)
{
    const struct side *side = &runner->sides[SIDE_DESTINATION];

    return side->door->ops->pace_limit ? side->door->ops->pace_limit(side->door) : pace_limit(&side->pace);
}

/* ---- answers */

/* A batch is one call: its first item tells. */
static int cause_of(const struct op *op, const struct answer *answer)
{
    const struct failure *first = op->effect.kind == EFFECT_CREATE ? op->room.items[0].failure : NULL;
    return first ? first->cause : answer->failure.cause;
}

static const struct failure *keep(struct op *op, const struct failure *failure)
{
    for (struct kept *kept = op->kept; kept; kept = kept->next)
        if (kept->from == failure)
            return &kept->failure;
    struct kept *kept = malloc(sizeof *kept);
    if (!kept) {
        failure_no_memory(&op->answer.failure, "what a create was answered");
        return &op->answer.failure;
    }
    *kept = (struct kept){.failure = *failure, .from = failure, .next = op->kept};
    op->kept = kept;
    return &kept->failure;
}

/* What items failed with is the door's, and gone after its callback: a batch shares few failures. */
static void keep_failures(struct op *op)
{
    for (uint32_t i = 0; i < op->effect.row_count; i++)
        if (op->room.items[i].failure)
            op->room.items[i].failure = keep(op, op->room.items[i].failure);
}

static void on_answer(struct request *request, struct answer *answer)
{
    struct op *op = request->data;
    struct side *side = side_of(op);
    uint64_t now_ms = monotime_ms();
    int cause = cause_of(op, answer);

    if (cause == CAUSE_THROTTLED)
        pace_throttled(&side->pace, now_ms, op->sent_ms, 0);
    else if (cause == CAUSE_NONE)
        pace_succeeded(&side->pace, now_ms);
    op->answer = *answer;
    op->called = true;
    if (op->effect.kind != EFFECT_CREATE)
        op->failure = answer->failure;
    else if (op->runner->thinking || op->effect.row_count > RUNNER_LARGE_ROWS)
        keep_failures(op); /* it will not be delivered inside this callback */
    op_answer(op);
    runner_pump(op->runner);
}

/* ---- calls */

static uint64_t deadline_of(const struct runner *runner, uint64_t now_ms)
{
    uint64_t deadline_ms = now_ms + RUNNER_REQUEST_MS;
    uint64_t soonest_ms = now_ms + RUNNER_PATIENCE_MS;

    if (runner->give_up_ms != 0 && runner->give_up_ms < deadline_ms)
        deadline_ms = runner->give_up_ms > soonest_ms ? runner->give_up_ms : soonest_ms;
    return deadline_ms;
}

static struct text name_of(const struct catalog *catalog, uint32_t row)
{
    return catalog_name(catalog, &catalog_rows(catalog)[row]);
}

static int call_get(struct op *op, struct failure *why)
{
    const struct effect *effect = &op->effect;
    struct instance *door = side_of(op)->door;
    const struct catalog *declared = op->runner->shown->catalog;

    op->names = malloc(effect->row_count * sizeof *op->names);
    if (!op->names)
        return failure_no_memory(why, "the names to read");
    for (uint32_t i = 0; i < effect->row_count; i++)
        op->names[i] = name_of(declared, effect->rows[i]);
    return door->ops->get(door, &op->request, effect->resource_kind, op->names, effect->row_count, why);
}

static int call_create(struct op *op, struct failure *why)
{
    struct instance *door = side_of(op)->door;

    return door->ops->create(door, &op->request, op->room.items, op->effect.row_count, why);
}

static int call_door(struct op *op, struct failure *why)
{
    struct instance *door = side_of(op)->door;

    op->request = (struct request){.done = on_answer, .data = op, .deadline_ms = deadline_of(op->runner, op->sent_ms)};
    switch (op->effect.kind) {
    case EFFECT_DESCRIBE:
        return door->ops->describe(door, &op->request, why);
    case EFFECT_LIST:
        return door->ops->list(door, &op->request, op->effect.resource_kind, op->effect.part, why);
    case EFFECT_GET:
        return call_get(op, why);
    default:
        return call_create(op, why);
    }
}

static void leave(struct op *op)
{
    struct failure why = FAILURE_INIT;

    op->sent_ms = monotime_ms();
    op->sent = true;
    if (call_door(op, &why) != 0)
        op_fail(op, &why);
}

/* ---- the pace */

static void on_pace(uv_timer_t *timer);

/* Lets those in front of the line go that may; the first that may not sets the timer. */
static void release_held(struct side *side)
{
    while (side->held.first) {
        uint64_t wait_ms = pace_take(&side->pace, monotime_ms(), 1);
        if (wait_ms > 0) {
            uv_update_time(side->timer.loop);
            uv_timer_start(&side->timer, on_pace, wait_ms, 0);
            return;
        }
        leave(op_line_take(&side->held));
    }
}

static void on_pace(uv_timer_t *timer)
{
    struct side *side = timer->data;

    release_held(side);
    runner_pump(side->runner);
}

/* ---- beginning */

int door_make_room(const struct effect *effect, struct catalog *declared, const struct plan *plan,
                   struct create_room *out)
{
    uint32_t count = effect->row_count;

    out->op = effect->op;
    out->items = malloc(count * sizeof *out->items);
    out->created = malloc(count * sizeof *out->created);
    if (!out->items || !out->created) {
        free(out->items);
        free(out->created);
        *out = (struct create_room){0};
        return -1;
    }
    for (uint32_t i = 0; i < count; i++)
        out->items[i] = (struct create_item){
            .kind = effect->resource_kind,
            .name = name_of(declared, effect->rows[i]),
            .catalog = declared,
            .resource = &catalog_rows(declared)[effect->rows[i]],
            .accepted = plan_accepted_fields(plan, effect->rows[i]),
        };
    return 0;
}

static bool take_room(struct op *op)
{
    struct create_room **link = &op->runner->rooms;

    while (*link && (*link)->op != op->effect.op)
        link = &(*link)->next;
    struct create_room *room = *link;
    if (!room)
        return false;
    *link = room->next;
    op->room = *room;
    free(room);
    return true;
}

/* A create gets its room before it may leave: afterwards there must be no lack of memory. */
static int find_room(struct op *op)
{
    if (op->effect.kind != EFFECT_CREATE || take_room(op))
        return 0;
    return door_make_room(&op->effect, op->runner->shown->catalog, pass_plan(op->runner->pass), &op->room);
}

void door_start(struct op *op)
{
    struct side *side = side_of(op);

    if (find_room(op) != 0) {
        runner_lose_pass(op->runner);
        return;
    }
    op_line_append(&side->held, op);
    if (!uv_is_active((uv_handle_t *)&side->timer))
        release_held(side);
}

void door_cancel(struct op *op)
{
    struct side *side = side_of(op);
    struct failure why = FAILURE_INIT;

    if (op->sent) {
        side->door->ops->cancel(side->door, &op->request);
        return;
    }
    op->cancelled = true;
    op_line_remove(&side->held, op);
    failure_set(&why, CAUSE_CANCELLED, "it was given up before it was sent");
    op_fail(op, &why);
}

void door_give_up_held(struct runner *runner)
{
    for (uint16_t i = 0; i < runner->side_count; i++) {
        struct op *op;
        while ((op = runner->sides[i].held.first) != NULL)
            door_cancel(op);
    }
}

/* ---- delivering */

static void drop_part(struct runner *runner, struct part_list *list, uint32_t part)
{
    runner_reap_catalog(runner, list->parts[part]);
    list->parts[part] = NULL;
}

/* Room for so many parts; what was beyond them is void. */
static int resize(struct runner *runner, struct part_list *list, uint32_t count)
{
    while (list->count > count)
        drop_part(runner, list, --list->count);
    if (list->count == count)
        return 0;
    struct catalog **parts = realloc(list->parts, count * sizeof(struct catalog *));
    if (!parts)
        return -1;
    list->parts = parts;
    while (list->count < count)
        parts[list->count++] = NULL;
    return 0;
}

static void deliver_list(struct op *op, struct event *event)
{
    struct runner *runner = op->runner;
    enum kind kind = op->effect.resource_kind;
    struct part_list *list = &side_of(op)->lists[kind];
    struct answer *answer = &op->answer;
    uint32_t first, count;

    event->kind = EVENT_LISTED;
    if (event->failure)
        return;
    if (op->effect.part == 0) {
        list->round++;
        list->kept = true;
    }
    list->kept = list->kept && catalog_is_shared(answer->part);
    if ((op->effect.part == 0 && resize(runner, list, answer->parts) != 0) || op->effect.part >= list->count) {
        failure_no_memory(&op->failure, "the parts of a list");
        event->failure = &op->failure;
        runner_reap_catalog(runner, answer->part);
        return;
    }
    drop_part(runner, list, op->effect.part);
    list->parts[op->effect.part] = answer->part;
    catalog_range(answer->part, kind, &first, &count);
    event->parts = answer->parts;
    event->total = answer->total;
    event->count = count;
}

static struct got *keep_got(struct op *op)
{
    const struct effect *effect = &op->effect;
    struct got *got = calloc(1, sizeof *got);

    if (!got)
        return NULL;
    got->rows = malloc(effect->row_count * sizeof *got->rows);
    if (!got->rows) {
        free(got);
        return NULL;
    }
    for (uint32_t i = 0; i < effect->row_count; i++)
        got->rows[i] = effect->rows[i];
    got->row_count = effect->row_count;
    got->kind = effect->resource_kind;
    got->round = side_of(op)->lists[got->kind].round;
    got->declared = catalog_ref(op->runner->shown->catalog);
    got->catalog = op->answer.part;
    return got;
}

static void deliver_get(struct op *op, struct event *event)
{
    struct runner *runner = op->runner;

    event->kind = EVENT_GOT;
    if (event->failure)
        return;
    struct got *got = keep_got(op);
    if (!got) {
        failure_no_memory(&op->failure, "what was read");
        event->failure = &op->failure;
        runner_reap_catalog(runner, op->answer.part);
        return;
    }
    got->next = runner->gots;
    runner->gots = got;
    event->count = catalog_count(got->catalog);
}

/* A call that never reached the door has sent nothing of what it carries. */
void door_fill_created(struct op *op)
{
    const struct effect *effect = &op->effect;

    for (uint32_t i = 0; op->room.created && i < effect->row_count; i++)
        op->room.created[i] = (struct created_item){
            .row = effect->rows[i],
            .outcome = op->called ? op->room.items[i].outcome : OUTCOME_NOT_SENT,
            .failure = op->called ? op->room.items[i].failure : &op->failure,
        };
}

static void deliver_create(struct op *op, struct event *event)
{
    event->kind = EVENT_CREATED;
    event->items = op->room.created;
    event->item_count = op->room.created ? op->effect.row_count : 0;
}

static void deliver_description(struct op *op, struct event *event)
{
    struct side *side = side_of(op);

    event->kind = EVENT_DESCRIBED;
    if (event->failure)
        return;
    side->description = op->answer.description;
    side->described = true;
    event->description = &side->description;
}

void door_deliver(struct op *op, struct event *event)
{
    switch (op->effect.kind) {
    case EFFECT_DESCRIBE:
        deliver_description(op, event);
        break;
    case EFFECT_LIST:
        deliver_list(op, event);
        break;
    case EFFECT_GET:
        deliver_get(op, event);
        break;
    default:
        deliver_create(op, event);
        break;
    }
}

/* ---- forgetting */

void door_forget(struct runner *runner, uint16_t side, enum kind kind)
{
    resize(runner, &runner->sides[side].lists[kind], 0);
}

static void release_gots(void *thing)
{
    for (struct got *got = thing, *next; got; got = next) {
        next = got->next;
        got_free(got);
    }
}

void runner_forget_parts(struct runner *runner)
{
    for (uint16_t side = 0; side < runner->side_count; side++) {
        for (int kind = 0; kind < KINDS; kind++) {
            door_forget(runner, side, (enum kind)kind);
            free(runner->sides[side].lists[kind].parts);
            runner->sides[side].lists[kind].parts = NULL;
        }
    }
    runner_reap(runner, release_gots, runner->gots);
    runner->gots = NULL;
}
