/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: order entries go to every name server → when all are written, the masters' steps leave, each master's in
 *             their order → each answer goes to the place → all answered: done.
 * what can go wrong: a request cannot be written, or is refused, or has no answer: that is the step's answer. What has
 *             not left at the deadline is not sent.
 * cancelling: open calls are cancelled, which says LOST of what was sent; done comes when all have ended.
 */
#include "api/cluster/sending.h"

#include <stdlib.h>

#include <uv.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cluster/codes.h"
#include "api/cluster/creates.h"
#include "api/cluster/order_conf.h"

enum {
    WINDOW = 16, /* of one master: it creates topics one by one (3.1), and what is under way at the deadline is lost */
    ROOM_BYTES_MAX = 1 << 20,
};

enum step_state { STEP_WAITING, STEP_SENT, STEP_ANSWERED };

struct step_calls;

struct lane_state {
    uint32_t open; /* steps under way */
    bool blocked;  /* while pumping: a step could not leave, so none behind it may */
};

struct sending {
    struct sending_options options;
    void (*done)(void *context);
    void *context;
    uint8_t *states;          /* enum step_state, per step */
    struct lane_state *lanes; /* per master */
    uint32_t open, entries_open;
    struct step_calls *calls;
    struct buffer room, body; /* of the request that is being written */
    uv_timer_t timer;         /* of the pace */
    bool timer_open, cancelled;
};

/* One step under way: a call to its master, or one to each name server. */
struct step_calls {
    struct sending *sending;
    uint32_t step;
    struct step_calls *previous, *next;
    uint32_t open;
    enum place_answer answer; /* the worst */
    struct failure why;
    uint32_t count;
    struct remote_call calls[];
};

static void pump(struct sending *sending);

static const struct place_step *step_of(const struct sending *sending, uint32_t step)
{
    return &sending->options.steps[step];
}

static bool is_entry(const struct sending *sending, uint32_t step)
{
    return step_of(sending, step)->master == PLACE_NAME_SERVERS;
}

/* --- answers ---------------------------------------------------------------------------------------------------------
 */

static void end_calls(struct step_calls *calls)
{
    struct sending *sending = calls->sending;

    if (calls->previous)
        calls->previous->next = calls->next;
    else
        sending->calls = calls->next;
    if (calls->next)
        calls->next->previous = calls->previous;
    free(calls);
}

static void set_answered(struct sending *sending, uint32_t step, enum place_answer answer, const struct failure *why)
{
    sending->states[step] = STEP_ANSWERED;
    place_answered(sending->options.place, step, answer, why);
}

static void sending_free(struct sending *sending)
{
    buffer_release(&sending->room);
    buffer_release(&sending->body);
    free(sending->states);
    free(sending->lanes);
    free(sending);
}

/* What has not left is not sent, and may be tried again. */
static void answer_rest(struct sending *sending)
{
    struct failure why;

    if (sending->cancelled)
        failure_set(&why, CAUSE_CANCELLED, "the create was given up");
    else
        failure_set(&why, CAUSE_THROTTLED, "the brokers took too long over what was in front of it");
    for (uint32_t step = 0; step < sending->options.step_count; step++)
        if (sending->states[step] == STEP_WAITING)
            set_answered(sending, step, PLACE_NOT_SENT, &why);
}

static void finish(struct sending *sending)
{
    void (*done)(void *context) = sending->done;
    void *context = sending->context;

    answer_rest(sending);
    sending_free(sending);
    done(context);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct sending *sending = handle->data;
    finish(sending);
}

/* Nothing is under way, and nothing waits for the pace. */
static void finish_if_over(struct sending *sending)
{
    if (sending->open > 0 || (sending->timer_open && uv_is_active((const uv_handle_t *)&sending->timer)))
        return;
    if (!sending->timer_open)
        finish(sending);
    else if (!uv_is_closing((const uv_handle_t *)&sending->timer))
        uv_close((uv_handle_t *)&sending->timer, on_timer_closed);
}

static void on_step(struct step_calls *calls)
{
    struct sending *sending = calls->sending;
    uint32_t step = calls->step;

    set_answered(sending, step, calls->answer, calls->answer <= PLACE_EXISTS ? NULL : &calls->why);
    sending->open--;
    if (is_entry(sending, step))
        sending->entries_open--;
    else
        sending->lanes[step_of(sending, step)->master].open--;
    end_calls(calls);
    pump(sending);
    finish_if_over(sending);
}

static const char *who_of(const struct step_calls *calls, const struct remote_call *call)
{
    const struct sending_options *options = &calls->sending->options;
    uint16_t master = options->steps[calls->step].master;

    if (master == PLACE_NAME_SERVERS)
        return connection_peer(name_servers_connection(options->names, (uint32_t)(call - calls->calls)));
    return options->roster->masters[master].who;
}

static int32_t request_code(const struct sending *sending, uint32_t step)
{
    const struct place_step *place_step = step_of(sending, step);

    if (place_step->master == PLACE_NAME_SERVERS)
        return REQUEST_PUT_KV;
    if (sending->options.kind == KIND_TOPIC)
        return place_step->batch ? REQUEST_CREATE_TOPICS : REQUEST_CREATE_TOPIC;
    return place_step->batch ? REQUEST_CREATE_GROUPS : REQUEST_CREATE_GROUP;
}

static enum place_answer judge(const struct step_calls *calls, const struct remote_call *call, struct failure *why)
{
    const struct sending *sending = calls->sending;
    enum kind kind = sending->options.kind;

    if (call->failure.cause != CAUSE_NONE) {
        *why = call->failure;
        failure_wrap(why, "%s", who_of(calls, call));
        return call->sent ? PLACE_LOST : PLACE_NOT_SENT;
    }
    if (call->answer.code == ANSWER_SUCCESS)
        return PLACE_ACCEPTED;
    remote_refusal(who_of(calls, call), request_code(sending, calls->step), &call->answer, REMOTE_CREATE, kind, why);
    if (kind == KIND_TOPIC && why->cause == CAUSE_TOPIC_EXISTS)
        return PLACE_EXISTS;
    return remote_turned_away(call->answer.code) ? PLACE_NOT_SENT : PLACE_REFUSED;
}

static void on_call(struct remote_call *call)
{
    struct step_calls *calls = call->data;
    struct failure why = FAILURE_INIT;
    enum place_answer answer = judge(calls, call, &why);

    if (answer > calls->answer) {
        calls->answer = answer;
        calls->why = why;
    }
    if (--calls->open == 0)
        on_step(calls);
}

/* --- requests --------------------------------------------------------------------------------------------------------
 */

static int write_single(struct sending *sending, const struct place_step *step, struct arena *memory, struct frame *out,
                        struct failure *why)
{
    uint32_t item = place_items(sending->options.place)[step->first];
    struct text name = sending->options.items[item].name;
    bool v5 = sending->options.roster->places[step->master].version >= BROKER_VERSION(5, 0, 0);
    struct draft draft;

    if (place_settings(sending->options.place, step, item, &draft, &sending->room) != 0)
        return failure_no_memory(why, "a create");
    return sending->options.kind == KIND_TOPIC ? create_topic_request(name, &draft, v5, memory, out, why)
                                               : create_group_request(name, &draft, v5, &sending->body, out, why);
}

static int write_batch(const struct place *place, const struct create_item *items, enum kind kind,
                       const struct place_step *step, struct buffer *room, struct buffer *body)
{
    const uint32_t *order = place_items(place);
    struct create_batch batch;
    struct draft draft;
    struct frame unused = {0};
    struct failure why;

    buffer_init(body, REQUEST_BYTES_MAX);
    create_batch_init(&batch, kind, body);
    for (uint32_t i = step->first; i < step->first + step->count; i++) {
        if (place_settings(place, step, order[i], &draft, room) != 0)
            return -1;
        create_batch_add(&batch, items[order[i]].name, &draft);
    }
    return create_batch_request(&batch, &unused, &why);
}

int sending_write_batches(const struct place *place, const struct create_item *items, enum kind kind,
                          const struct place_step *steps, uint32_t step_count, struct buffer *bodies)
{
    struct buffer room;
    int status = 0;

    buffer_init(&room, ROOM_BYTES_MAX);
    for (uint32_t i = 0; status == 0 && i < step_count; i++)
        if (steps[i].batch)
            status = write_batch(place, items, kind, &steps[i], &room, &bodies[i]);
    buffer_release(&room);
    return status;
}

static int write_request(struct sending *sending, uint32_t index, struct arena *memory, struct frame *out,
                         struct failure *why)
{
    const struct place_step *step = step_of(sending, index);

    *out = (struct frame){0};
    buffer_reset(&sending->body);
    if (step->master == PLACE_NAME_SERVERS) {
        uint32_t item = place_items(sending->options.place)[step->first];
        order_conf_put(out, sending->options.items[item].name, step->value);
        return 0;
    }
    if (!step->batch)
        return write_single(sending, step, memory, out, why);
    out->code = request_code(sending, index);
    out->body = buffer_text(&sending->options.bodies[index]);
    return 0;
}

/* --- calls -----------------------------------------------------------------------------------------------------------
 */

static int call_one(struct step_calls *calls, uint32_t which, const struct frame *request, struct failure *why)
{
    const struct sending_options *options = &calls->sending->options;
    uint16_t master = options->steps[calls->step].master;
    struct remote_call *call = &calls->calls[which];

    *call = (struct remote_call){.deadline_ms = options->deadline_ms, .done = on_call, .data = calls};
    if (master == PLACE_NAME_SERVERS)
        return connection_call(name_servers_connection(options->names, which), call, request, why);
    if (!options->roster->masters[master].connection)
        return failure_set(why, CAUSE_INSTANCE_NOT_IN_SERVICE, "%s: no master", options->roster->masters[master].who);
    return peers_call(options->peers, options->roster->masters[master].connection, call, request, why);
}

static struct step_calls *calls_new(struct sending *sending, uint32_t step)
{
    uint32_t count = is_entry(sending, step) ? name_servers_count(sending->options.names) : 1;
    struct step_calls *calls = calloc(1, sizeof *calls + count * sizeof calls->calls[0]);

    if (!calls)
        return NULL;
    calls->sending = sending;
    calls->step = step;
    calls->count = count;
    calls->answer = PLACE_ACCEPTED;
    calls->next = sending->calls;
    if (calls->next)
        calls->next->previous = calls;
    sending->calls = calls;
    return calls;
}

/* An entry that one name server has not been told is not written: brokers may ask that one (5.4). */
static void begin_calls(struct step_calls *calls, const struct frame *request)
{
    struct failure why = FAILURE_INIT;

    for (uint32_t i = 0; i < calls->count; i++) {
        if (call_one(calls, i, request, &why) == 0) {
            calls->open++;
        } else if (calls->answer < PLACE_NOT_SENT) {
            calls->answer = PLACE_NOT_SENT;
            calls->why = why;
        }
    }
}

static void count_sent(struct sending *sending, uint32_t step)
{
    sending->states[step] = STEP_SENT;
    sending->open++;
    if (is_entry(sending, step))
        sending->entries_open++;
    else
        sending->lanes[step_of(sending, step)->master].open++;
}

static void send_step(struct sending *sending, uint32_t step)
{
    struct failure why = FAILURE_INIT;
    struct arena memory = ARENA_INIT;
    struct step_calls *calls = NULL;
    struct frame request;

    if (write_request(sending, step, &memory, &request, &why) == 0) {
        calls = calls_new(sending, step);
        if (!calls)
            failure_no_memory(&why, "a create");
    }
    if (calls)
        begin_calls(calls, &request);
    arena_release(&memory);
    if (calls && calls->open > 0) {
        count_sent(sending, step);
        return;
    }
    set_answered(sending, step, PLACE_NOT_SENT, calls ? &calls->why : &why);
    if (calls)
        end_calls(calls);
}

/* May the step leave now? */
static bool may_leave(const struct sending *sending, uint32_t step)
{
    const struct place_step *place_step = step_of(sending, step);
    uint32_t window =
        sending->options.window > 0 && sending->options.window < WINDOW ? sending->options.window : WINDOW;

    if (is_entry(sending, step))
        return sending->entries_open < window;
    const struct lane_state *lane = &sending->lanes[place_step->master];
    return sending->entries_open == 0 && !lane->blocked && lane->open < (place_step->waits ? 1 : window);
}

static void on_pace(uv_timer_t *timer)
{
    struct sending *sending = timer->data;

    pump(sending);
    finish_if_over(sending);
}

/* false: the pace says later, and the timer comes back then. */
static bool take_token(struct sending *sending)
{
    uint64_t wait_ms = sending->options.pace ? pace_take(sending->options.pace, monotime_ms(), 1) : 0;

    if (wait_ms == 0)
        return true;
    if (!sending->timer_open) {
        uv_timer_init(sending->options.loop, &sending->timer);
        sending->timer.data = sending;
        sending->timer_open = true;
    }
    uv_timer_start(&sending->timer, on_pace, wait_ms, 0);
    return false;
}

/* Sends the step, or holds back what must not overtake it: those of its master behind it, and an entry all masters'.
 * false: nothing more leaves now. */
static bool try_step(struct sending *sending, uint32_t step, bool *entries_wait)
{
    bool entry = is_entry(sending, step);

    if ((!entry && *entries_wait) || !may_leave(sending, step)) {
        *entries_wait |= entry;
        if (!entry)
            sending->lanes[step_of(sending, step)->master].blocked = true;
        return true;
    }
    if (!place_is_due(sending->options.place, step)) {
        sending->states[step] = STEP_ANSWERED;
        return true;
    }
    if (!take_token(sending))
        return false;
    send_step(sending, step);
    return true;
}

static void pump(struct sending *sending)
{
    bool entries_wait = false;

    if (sending->cancelled || monotime_ms() >= sending->options.deadline_ms)
        return;
    for (uint32_t i = 0; i < sending->options.roster->topology->broker_count; i++)
        sending->lanes[i].blocked = false;
    for (uint32_t step = 0; step < sending->options.step_count; step++)
        if (sending->states[step] == STEP_WAITING && !try_step(sending, step, &entries_wait))
            return;
}

/* --- life ------------------------------------------------------------------------------------------------------------
 */

void sending_cancel(struct sending *sending)
{
    struct step_calls *calls = sending->calls;

    sending->cancelled = true;
    if (sending->timer_open)
        uv_timer_start(&sending->timer, on_pace, 0, 0);
    for (; calls; calls = calls->next)
        for (uint32_t i = 0; i < calls->count; i++)
            remote_call_cancel(&calls->calls[i]);
}

int sending_start(const struct sending_options *options, void (*done)(void *context), void *context,
                  struct sending **out, struct failure *why)
{
    struct sending *sending = calloc(1, sizeof *sending);

    if (!sending)
        return failure_no_memory(why, "creates");
    sending->options = *options;
    sending->done = done;
    sending->context = context;
    buffer_init(&sending->room, ROOM_BYTES_MAX);
    buffer_init(&sending->body, REQUEST_BYTES_MAX);
    sending->states = calloc(options->step_count, sizeof *sending->states);
    sending->lanes = calloc(options->roster->topology->broker_count, sizeof *sending->lanes);
    if (!sending->states || !sending->lanes) {
        sending_free(sending);
        return failure_no_memory(why, "creates");
    }
    pump(sending);
    if (sending->open == 0 && !sending->timer_open) {
        answer_rest(sending);
        sending_free(sending);
        return 1;
    }
    *out = sending;
    return 0;
}
