/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: is the cluster still what it was? → topics: which order entries are there? → our turn: look at all
 *             masters → place composes steps (a worker) → they are sent, our turn ends → look again → … until place has
 *             no step → outcomes.
 * what can go wrong: before anything was sent: nothing is, and each item hears why. A master that cannot be read: what
 *             belongs there is sent nowhere. Later, what was not answered is looked for; what no look shows is unknown.
 * cancelling: what is open is cancelled; then place is told that no table can be read, and says what that means.
 */
#include "api/cluster/creating.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/base/log.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cluster/codes.h"
#include "api/cluster/order_conf.h"
#include "api/cluster/reading.h"
#include "api/cluster/sending.h"

enum {
    REQUEST_CLUSTER_INFO = 106,
    LOOK_AGAIN_MS = 3000, /* of the time that is left, kept for the last look, at most a quarter of it */
};

struct creating {
    struct creating_options options;
    struct capabilities capabilities;
    void (*done)(void *context);
    void *context;
    struct question *question; /* NULL: not under way */
    struct order_conf *orders;
    struct text *order_values;
    struct place *place;
    struct reading *readings; /* per master */
    uint32_t readings_open;   /* and one more while they are begun */
    struct job job;
    const struct place_step *steps;
    uint32_t step_count;
    struct buffer *bodies; /* per step, of batches */
    int composed;
    struct sending *sending; /* NULL: not under way */
    uint64_t looked_ms;      /* the oldest look of this round */
    int64_t *counters;       /* per master: of its table's dataVersion at the latest look; -1: not known */
    struct gate_wait turn;
    bool inside; /* holds the gate */
    bool cancelled;
    struct failure failure; /* before there is a place; or no memory in between */
};

static void look(struct creating *creating);

/* --- the end ---------------------------------------------------------------------------------------------------------
 */

static void release_bodies(struct creating *creating)
{
    for (uint32_t i = 0; creating->bodies && i < creating->step_count; i++)
        buffer_release(&creating->bodies[i]);
    free(creating->bodies);
    creating->bodies = NULL;
}

static void fill_outcomes(struct creating *creating)
{
    bool broken = creating->failure.cause != CAUSE_NONE;

    for (uint32_t i = 0; i < creating->options.count; i++) {
        struct create_item *item = &creating->options.items[i];
        item->failure = &creating->failure;
        if (!creating->place)
            item->outcome = OUTCOME_NOT_SENT;
        else if (broken)
            item->outcome = OUTCOME_UNKNOWN;
        else
            item->outcome = place_outcome(creating->place, i, &item->failure);
    }
}

static void creating_free(struct creating *creating)
{
    release_bodies(creating);
    place_free(creating->place);
    order_conf_free(creating->orders);
    roster_unref(creating->options.roster);
    free(creating->order_values);
    free(creating->readings);
    free(creating->counters);
    free(creating);
}

static void end_turn(struct creating *creating)
{
    if (creating->inside)
        gate_leave(creating->options.gate);
    creating->inside = false;
}

static void finish(struct creating *creating)
{
    end_turn(creating);
    fill_outcomes(creating);
    creating->done(creating->context);
    creating_free(creating);
}

static bool given_up(struct creating *creating)
{
    if (creating->cancelled)
        failure_set(&creating->failure, CAUSE_CANCELLED, "the create was given up");
    return creating->cancelled;
}

/* --- sending ---------------------------------------------------------------------------------------------------------
 */

static void log_window(const struct creating *creating)
{
    char items[16], window[24];

    if (!log_wants(creating->options.log, LOG_LEVEL_DEBUG))
        return;
    snprintf(items, sizeof items, "%" PRIu32, creating->options.count);
    snprintf(window, sizeof window, "%" PRIu64, monotime_ms() - creating->looked_ms);
    log_event(creating->options.log, LOG_LEVEL_DEBUG, "create-window",
              "from the oldest look at a master to the last create's answer", "kind", kind_name(creating->options.kind),
              "items", items, "window_ms", window, (const char *)NULL);
}

static void on_sent(void *context)
{
    struct creating *creating = context;

    creating->sending = NULL;
    release_bodies(creating);
    log_window(creating);
    end_turn(creating);
    look(creating);
}

static uint64_t sending_deadline(const struct creating *creating)
{
    uint64_t now_ms = monotime_ms(), end_ms = creating->options.deadline_ms;
    uint64_t left_ms = end_ms > now_ms ? end_ms - now_ms : 0;
    return end_ms - (left_ms / 4 < LOOK_AGAIN_MS ? left_ms / 4 : LOOK_AGAIN_MS);
}

static void send_steps(struct creating *creating)
{
    const struct sending_options options = {
        .loop = creating->options.loop,
        .window = creating->options.window,
        .pace = creating->options.pace,
        .names = creating->options.names,
        .peers = creating->options.peers,
        .roster = creating->options.roster,
        .place = creating->place,
        .items = creating->options.items,
        .kind = creating->options.kind,
        .deadline_ms = sending_deadline(creating),
        .steps = creating->steps,
        .step_count = creating->step_count,
        .bodies = creating->bodies,
    };
    int status;

    status = sending_start(&options, on_sent, creating, &creating->sending, &creating->failure);
    if (status < 0)
        finish(creating);
    else if (status > 0)
        on_sent(creating);
}

/* --- composing -------------------------------------------------------------------------------------------------------
 */

static int write_batches(struct creating *creating)
{
    creating->bodies = calloc(creating->step_count > 0 ? creating->step_count : 1, sizeof *creating->bodies);
    if (!creating->bodies || sending_write_batches(creating->place, creating->options.items, creating->options.kind,
                                                   creating->steps, creating->step_count, creating->bodies) != 0)
        return failure_no_memory(&creating->failure, "a batch");
    return 0;
}

static void compose(struct job *job)
{
    struct creating *creating = job->data;

    creating->composed = place_next(creating->place, &creating->steps, &creating->step_count, &creating->failure);
    if (creating->composed == 0)
        creating->composed = write_batches(creating);
}

static void on_composed(struct job *job)
{
    struct creating *creating = job->data;

    if (creating->composed != 0 || creating->step_count == 0)
        finish(creating);
    else if (creating->cancelled) /* these steps are never answered: look at nothing, and conclude */
        look(creating);
    else
        send_steps(creating);
}

/* Never cancelled: what place thinks is what the outcomes are. */
static void start_composing(struct creating *creating)
{
    release_bodies(creating);
    creating->job = (struct job){.work = compose, .done = on_composed, .data = creating};
    creating->step_count = 0;
    worker_submit(creating->options.workers, &creating->job);
}

/* --- looking ---------------------------------------------------------------------------------------------------------
 */

/* Where nothing guards a create, what another client made in the window is overwritten. Who and what cannot be known;
 * that somebody wrote can. */
static void warn_of_others(const struct creating *creating, uint32_t master, int64_t counter)
{
    const struct roster *roster = creating->options.roster;
    int64_t before = creating->counters[master], ours = place_moved(creating->place, (uint16_t)master);
    bool guarded = creating->options.kind == KIND_TOPIC && place_guards(&roster->places[master]);
    char others[24];

    if (guarded || ours == 0 || before < 0 || counter - before <= ours)
        return;
    snprintf(others, sizeof others, "%" PRId64, counter - before - ours);
    log_event(creating->options.log, LOG_LEVEL_WARN, "another-writer",
              "another client wrote there while this create was under way: what it made under a name that was created "
              "just now has lost its settings to ours, or ours to it",
              "broker", roster->places[master].name, "kind", kind_name(creating->options.kind), "writes", others,
              (const char *)NULL);
}

static void note_counter(struct creating *creating, uint32_t master)
{
    const struct table_kept *kept = &creating->options.roster->masters[master].tables[creating->options.kind];
    int64_t counter = creating->readings[master].catalog && kept->catalog ? kept->version.counter : -1;

    warn_of_others(creating, master, counter);
    creating->counters[master] = counter;
}

static void on_all_read(struct creating *creating)
{
    uint32_t count = creating->options.roster->topology->broker_count;

    for (uint32_t i = 0; i < count; i++) {
        struct reading *reading = &creating->readings[i];
        note_counter(creating, i);
        place_look(creating->place, (uint16_t)i, reading->catalog, &reading->failure);
        catalog_unref(reading->catalog);
        reading->catalog = NULL;
        if (reading->asked_ms != 0 && reading->asked_ms < creating->looked_ms)
            creating->looked_ms = reading->asked_ms;
    }
    start_composing(creating);
}

static void on_read(struct reading *reading)
{
    struct creating *creating = reading->data;

    if (--creating->readings_open == 0)
        on_all_read(creating);
}

static void begin_reading(struct creating *creating, uint32_t master)
{
    struct reading *reading = &creating->readings[master];

    *reading = (struct reading){
        .peers = creating->options.peers,
        .workers = creating->options.workers,
        .roster = creating->options.roster,
        .master = master,
        .kind = creating->options.kind,
        .deadline_ms = creating->options.deadline_ms,
        .done = on_read,
        .data = creating,
    };
    if (creating->cancelled)
        failure_set(&reading->failure, CAUSE_CANCELLED, "the create was given up");
    else if (reading_start(reading, &reading->failure) == 0)
        creating->readings_open++;
}

static void look(struct creating *creating)
{
    creating->looked_ms = UINT64_MAX;
    creating->readings_open = 1;
    for (uint32_t i = 0; i < creating->options.roster->topology->broker_count; i++)
        begin_reading(creating, i);
    if (--creating->readings_open == 0)
        on_all_read(creating);
}

/* --- before ----------------------------------------------------------------------------------------------------------
 */

static int make_place(struct creating *creating, struct failure *why)
{
    const struct creating_options *options = &creating->options;
    uint32_t masters = options->roster->topology->broker_count;
    const struct place_request request = {
        .kind = options->kind,
        .masters = options->roster->places,
        .master_count = (uint16_t)masters,
        .items = options->items,
        .count = options->count,
        .capabilities = &creating->capabilities,
        .order_values = creating->order_values,
    };

    creating->readings = calloc(masters, sizeof *creating->readings);
    creating->counters = calloc(masters, sizeof *creating->counters);
    if (!creating->readings || !creating->counters)
        return failure_no_memory(why, "a create");
    for (uint32_t i = 0; i < masters; i++)
        creating->counters[i] = -1;
    return place_new(&request, &creating->place, why);
}

static void on_turn(struct gate_wait *wait, bool entered)
{
    struct creating *creating = wait->data;

    creating->inside = entered;
    if (!entered && !given_up(creating))
        failure_set(&creating->failure, CAUSE_THROTTLED, "the brokers took too long over the creates in front of it");
    if (!entered || given_up(creating) || make_place(creating, &creating->failure) != 0)
        finish(creating);
    else
        look(creating);
}

static void await_turn(struct creating *creating)
{
    creating->turn =
        (struct gate_wait){.deadline_ms = creating->options.deadline_ms, .done = on_turn, .data = creating};
    if (given_up(creating))
        finish(creating);
    else if (gate_enter(creating->options.gate, &creating->turn))
        on_turn(&creating->turn, true);
}

/* What entries there are; a store that does not tell is one of which nothing is known. */
static int take_entries(struct creating *creating, const struct question_result *result, struct failure *why)
{
    struct text body = result->code == ANSWER_SUCCESS ? result->body : (struct text){0};

    if (result->failure.cause != CAUSE_NONE)
        return 0;
    if (order_conf_read(body, &creating->orders, why) != 0)
        return -1;
    creating->order_values = calloc(creating->options.count, sizeof *creating->order_values);
    if (!creating->order_values)
        return failure_no_memory(why, "order entries");
    for (uint32_t i = 0; i < creating->options.count; i++)
        creating->order_values[i] = order_conf_find(creating->orders, creating->options.items[i].name);
    return 0;
}

static void on_entries(void *context, struct question_result *result)
{
    struct creating *creating = context;

    creating->question = NULL;
    if (take_entries(creating, result, &creating->failure) != 0)
        finish(creating);
    else
        await_turn(creating);
}

static int ask(struct creating *creating, const struct frame *request,
               void (*done)(void *context, struct question_result *result), struct failure *why)
{
    return name_servers_ask(creating->options.names, request, creating->options.deadline_ms, done, creating,
                            &creating->question, why);
}

static void ask_for_entries(struct creating *creating)
{
    struct frame request = {0};

    order_conf_list(&request);
    if (given_up(creating) || ask(creating, &request, on_entries, &creating->failure) != 0)
        finish(creating);
}

/* A master that is none any more must not be written to: since 5.1.4 a slave takes creates and loses them (5.2). */
static int check_topology(const struct creating *creating, const struct question_result *result, struct failure *why)
{
    struct topology *now;

    if (result->failure.cause != CAUSE_NONE) {
        *why = result->failure;
        return -1;
    }
    if (topology_read(result->body, text_of(creating->options.cluster), &now, why) != 0)
        return failure_wrap(why, "the name server %s", result->who);
    bool same = topology_equal(now, creating->options.roster->topology);
    topology_free(now);
    return same ? 0
                : failure_set(why, CAUSE_INSTANCE_NOT_IN_SERVICE,
                              "the brokers of %s have changed since they were described",
                              creating->options.roster->topology->cluster);
}

static void on_topology(void *context, struct question_result *result)
{
    struct creating *creating = context;

    creating->question = NULL;
    if (check_topology(creating, result, &creating->failure) != 0)
        finish(creating);
    else if (creating->options.kind == KIND_TOPIC)
        ask_for_entries(creating);
    else
        await_turn(creating);
}

/* --- life ------------------------------------------------------------------------------------------------------------
 */

void creating_cancel(struct creating *creating)
{
    if (creating->cancelled)
        return;
    creating->cancelled = true;
    if (creating->question)
        question_cancel(creating->question);
    if (creating->sending)
        sending_cancel(creating->sending);
    gate_give_up(creating->options.gate, &creating->turn);
    for (uint32_t i = 0; creating->readings && i < creating->options.roster->topology->broker_count; i++)
        reading_cancel(&creating->readings[i]);
}

int creating_start(const struct creating_options *options, void (*done)(void *context), void *context,
                   struct creating **out, struct failure *why)
{
    const struct frame request = {.code = REQUEST_CLUSTER_INFO};
    struct creating *creating = calloc(1, sizeof *creating);

    if (!creating)
        return failure_no_memory(why, "a create");
    creating->options = *options;
    creating->options.roster = roster_ref(options->roster);
    creating->capabilities = *options->capabilities;
    creating->done = done;
    creating->context = context;
    if (ask(creating, &request, on_topology, why) != 0) {
        creating_free(creating);
        return -1;
    }
    *out = creating;
    return 0;
}
