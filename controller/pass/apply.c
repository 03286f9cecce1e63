/* SPDX-License-Identifier: Apache-2.0
 *
 * Sends the creates of the lanes.
 *
 * Happy path: rows are gathered into parcels, journalled (INTEND), and sent (CREATE) when their intent is durable and a
 * slot is free; the answer empties the parcel.
 * What can go wrong: the journal cannot be written: the pass fails. What answers say is answer.c's matter.
 * On halt: what was not sent is taken back and noted so; what was sent is awaited.
 */
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "controller/pass/state.h"

enum { UNKNOWNS_AT_LEAST = 3, PARCELS_A_SLOT = 3, FIELD_OVERHEAD_BYTES = 8, NUMBER_BYTES = 20 };

int apply_begin(struct pass *pass)
{
    uint32_t count = pass->options.concurrency * PARCELS_A_SLOT;
    pass->parcels = calloc(count, sizeof *pass->parcels);
    if (pass->parcels == NULL)
        return -1;
    pass->parcel_count = count;
    return 0;
}

void apply_release(struct pass *pass)
{
    for (uint32_t i = 0; i < pass->parcel_count; i++)
        free(pass->parcels[i].rows);
    free(pass->parcels);
}

static uint32_t count_parcels(const struct pass *pass, enum parcel_state state)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < pass->parcel_count; i++)
        count += pass->parcels[i].state == state;
    return count;
}

bool apply_is_idle(const struct pass *pass)
{
    return count_parcels(pass, PARCEL_FREE) == pass->parcel_count;
}

bool apply_must_settle(const struct pass *pass)
{
    return pass->unknowns >= UNKNOWNS_AT_LEAST && pass->unknowns >= pass->options.concurrency;
}

/* ---- gathering ------------------------------------------------------------------------------------------------- */

static size_t value_bytes(enum field field, const struct settings *settings)
{
    enum field_type type = field_info(field)->type;
    if (type == TYPE_BOOL || type == TYPE_INTEGER)
        return NUMBER_BYTES;
    return settings_text(settings, field).bytes;
}

/* About what the resource takes in a request: doors count a batch so. */
static size_t row_bytes(const struct pass *pass, uint32_t row)
{
    const struct catalog *declared = pass->plan->declared;
    const struct settings *settings = catalog_settings_of(declared, &catalog_rows(declared)[row]);
    size_t bytes = pass_row_name(pass, row).bytes + FIELD_OVERHEAD_BYTES;
    for (uint64_t rest = settings->set; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        bytes += strlen(field_info(field)->name) + value_bytes(field, settings) + FIELD_OVERHEAD_BYTES;
    }
    return bytes;
}

static uint32_t attempt_of(const struct job *job)
{
    return (job->entry != NULL ? job->entry->attempts : 0) + 1;
}

static int parcel_reserve(struct parcel *parcel, uint32_t count)
{
    if (count <= parcel->capacity)
        return 0;
    uint32_t capacity = parcel->capacity == 0 ? 1 : parcel->capacity * 2;
    uint32_t *rows = realloc(parcel->rows, capacity * sizeof *rows);
    if (rows == NULL)
        return -1;
    parcel->rows = rows;
    parcel->capacity = capacity;
    return 0;
}

/* From now on the create may leave: the ledger doubts it until a read settles it. */
static int put_in_doubt(struct pass *pass, struct job *job, enum kind kind)
{
    const struct catalog *declared = pass->plan->declared;
    uint64_t fingerprint = catalog_fingerprint(declared, &catalog_rows(declared)[job->row]);
    struct ledger_entry *entry = ledger_put(pass->options.ledger, kind, pass_row_name(pass, job->row), fingerprint);
    if (entry == NULL)
        return -1;
    entry->sent_ms = pass->emitter.now_ms;
    entry->absent_ms = 0;
    entry->said_to_exist = false;
    job->entry = entry;
    return 0;
}

/* 0 or -1: no memory; what is in the parcel stays good. */
static int put_into_parcel(struct pass *pass, struct parcel *parcel, struct lane *lane, struct job *job)
{
    if (parcel_reserve(parcel, parcel->count + 1) != 0 || put_in_doubt(pass, job, lane->kind) != 0)
        return -1;
    if (pass->destination.capabilities.batch_bytes != 0)
        parcel->bytes += row_bytes(pass, job->row);
    if (job->tries == 0)
        job->first_ms = pass->emitter.now_ms;
    lane_take(lane, job);
    parcel->rows[parcel->count++] = job->row;
    return 0;
}

/* Does the job go into a parcel that holds some already? */
static bool fits(const struct pass *pass, const struct parcel *parcel, const struct lane *lane, const struct job *job)
{
    uint32_t limit = pass->destination.capabilities.batch_bytes;
    return parcel->count < lane->batch_max && !parcel->alone && !job->alone && attempt_of(job) == parcel->attempt &&
           (limit == 0 || parcel->bytes + row_bytes(pass, job->row) <= limit);
}

/* Begins a parcel for the job that goes next. */
static void open_parcel(struct parcel *parcel, const struct lane *lane, const struct job *job)
{
    parcel->state = PARCEL_FILLING;
    parcel->kind = lane->kind;
    parcel->attempt = attempt_of(job);
    parcel->alone = job->alone;
    parcel->count = 0;
    parcel->bytes = 0;
}

/* Fills a parcel from its lane. false: it is not full yet, and this step has worked long enough. */
static bool fill(struct pass *pass, struct parcel *parcel)
{
    struct lane *lane = &pass->lanes[parcel->kind];
    struct job *job = lane_next(lane, pass->emitter.now_ms);
    while (job != NULL && (parcel->count == 0 || fits(pass, parcel, lane, job))) {
        if (!pass_spends(pass))
            return false;
        if (put_into_parcel(pass, parcel, lane, job) != 0) {
            pass_fail_no_memory(pass, "what is about to be created");
            return false;
        }
        job = lane_next(lane, pass->emitter.now_ms);
    }
    return true;
}

static void emit_rows(struct pass *pass, struct parcel *parcel, enum effect_kind kind)
{
    struct effect *effect = emit(&pass->emitter, kind);
    effect->resource_kind = parcel->kind;
    effect->rows = parcel->rows;
    effect->row_count = parcel->count;
    effect->attempt = parcel->attempt;
    parcel->op = effect->op;
}

static struct parcel *parcel_in(struct pass *pass, enum parcel_state state)
{
    for (uint32_t i = 0; i < pass->parcel_count; i++) {
        if (pass->parcels[i].state == state)
            return &pass->parcels[i];
    }
    return NULL;
}

/* The lane whose job goes next: topics before groups. */
static struct lane *next_lane(struct pass *pass, struct job **out_job)
{
    for (int kind = 0; kind < KINDS; kind++) {
        *out_job = lane_next(&pass->lanes[kind], pass->emitter.now_ms);
        if (*out_job != NULL)
            return &pass->lanes[kind];
    }
    return NULL;
}

/* The parcel that is being filled, or another one when intents are not far enough ahead. Intents run ahead of the slots
 * by twice the concurrency, or by one batch; they are topped up in one go when half is used, so that one sync of the
 * journal serves many. */
static struct parcel *parcel_to_fill(struct pass *pass)
{
    struct parcel *parcel = parcel_in(pass, PARCEL_FILLING);
    uint32_t ahead = count_parcels(pass, PARCEL_INTENDING) + count_parcels(pass, PARCEL_READY);
    struct job *job;
    if (parcel != NULL)
        return parcel;
    struct lane *lane = next_lane(pass, &job);
    if (lane == NULL)
        return NULL;
    bool batches = lane->batch_max > 1;
    if (ahead <= (batches ? 0 : pass->options.concurrency))
        pass->topping_up = true;
    if (ahead >= (batches ? 1 : 2 * pass->options.concurrency))
        pass->topping_up = false;
    parcel = pass->topping_up ? parcel_in(pass, PARCEL_FREE) : NULL;
    if (parcel != NULL)
        open_parcel(parcel, lane, job);
    return parcel;
}

static void intend(struct pass *pass)
{
    for (struct parcel *parcel = parcel_to_fill(pass); parcel != NULL; parcel = parcel_to_fill(pass)) {
        if (!fill(pass, parcel))
            return;
        parcel->state = PARCEL_INTENDING;
        emit_rows(pass, parcel, EFFECT_INTEND);
    }
}

static struct parcel *first_ready(struct pass *pass)
{
    struct parcel *first = NULL;
    for (uint32_t i = 0; i < pass->parcel_count; i++) {
        struct parcel *parcel = &pass->parcels[i];
        if (parcel->state == PARCEL_READY && (first == NULL || parcel->serial < first->serial))
            first = parcel;
    }
    return first;
}

static void send_what_is_ready(struct pass *pass)
{
    uint32_t under_way = count_parcels(pass, PARCEL_SENT);
    for (; under_way < pass->options.concurrency; under_way++) {
        struct parcel *parcel = first_ready(pass);
        if (parcel == NULL)
            return;
        parcel->state = PARCEL_SENT;
        parcel->unanswered = parcel->count;
        emit_rows(pass, parcel, EFFECT_CREATE);
    }
}

void apply_pump(struct pass *pass)
{
    if (apply_must_settle(pass))
        apply_halt(pass);
    else {
        send_what_is_ready(pass);
        intend(pass);
    }
    apply_return_some(pass);
}

/* ---- intents --------------------------------------------------------------------------------------------------- */

/* Its rows were never sent: they are to wait again. `noted`: the journal knows an intent, and must learn that it came
 * to nothing. */
static void take_back(struct parcel *parcel, bool noted)
{
    parcel->state = PARCEL_RETURNING;
    parcel->noted = noted;
}

/* Takes rows out of a parcel from its end. false: this step has worked long enough. */
static bool return_rows(struct pass *pass, struct parcel *parcel)
{
    struct lane *lane = &pass->lanes[parcel->kind];
    while (parcel->count > 0) {
        if (!pass_spends(pass))
            return false;
        struct job *job = lane_find(lane, parcel->rows[--parcel->count]);
        job_clear_doubt(job);
        if (parcel->noted)
            pass_note(pass, NOTE_FAILED, job->row, parcel->attempt, &pass->not_sent);
        lane_queue(lane, job, pass->emitter.now_ms);
    }
    parcel->state = PARCEL_FREE;
    return true;
}

void apply_return_some(struct pass *pass)
{
    struct parcel *parcel;
    while ((parcel = parcel_in(pass, PARCEL_RETURNING)) != NULL) {
        if (!return_rows(pass, parcel))
            return;
    }
}

void apply_halt_kind(struct pass *pass, enum kind kind)
{
    for (uint32_t i = 0; i < pass->parcel_count; i++) {
        struct parcel *parcel = &pass->parcels[i];
        if (parcel->kind == kind && (parcel->state == PARCEL_READY || parcel->state == PARCEL_FILLING))
            take_back(parcel, parcel->state == PARCEL_READY);
    }
}

void apply_halt(struct pass *pass)
{
    for (int kind = 0; kind < KINDS; kind++)
        apply_halt_kind(pass, kind);
}

void apply_doubt_everything(struct pass *pass)
{
    for (uint32_t i = 0; i < pass->parcel_count; i++) {
        const struct parcel *parcel = &pass->parcels[i];
        if (parcel->state == PARCEL_SENT)
            pass->report.created_any = true;
        for (uint32_t j = 0; parcel->state != PARCEL_FREE && j < parcel->count; j++) {
            struct job *job = lane_find(&pass->lanes[parcel->kind], parcel->rows[j]);
            if (job->state == JOB_SENDING)
                job->entry->sent_ms = pass->emitter.now_ms;
        }
    }
}

struct parcel *apply_parcel(struct pass *pass, enum parcel_state state, uint32_t op)
{
    for (uint32_t i = 0; i < pass->parcel_count; i++) {
        if (pass->parcels[i].state == state && pass->parcels[i].op == op)
            return &pass->parcels[i];
    }
    return NULL;
}

void apply_intended(struct pass *pass, const struct event *event)
{
    struct parcel *parcel = apply_parcel(pass, PARCEL_INTENDING, event->op);
    if (parcel == NULL)
        return;
    emitter_answered(&pass->emitter);
    if (event->failure != NULL) {
        take_back(parcel, false);
        pass_fail(pass, event->failure);
    } else if (pass->phase != PHASE_APPLYING || pass->lanes[parcel->kind].blocked != CAUSE_NONE) {
        take_back(parcel, true);
    } else {
        parcel->state = PARCEL_READY;
        parcel->serial = ++pass->parcel_serial;
    }
}
