/* SPDX-License-Identifier: Apache-2.0
 *
 * What came of a pass: results of rows, counts, parity, outcome.
 */
#include <string.h>

#include "api/cause.h"
#include "controller/pass/state.h"

enum { CREATING_AGAIN_MS = 15000 }; /* what is CREATING at the end is looked at again by a pass of its own */

const char *result_name(enum result result)
{
    switch (result) {
    case RESULT_NONE:
        return "none";
    case RESULT_CREATED:
        return "created";
    case RESULT_EXISTED:
        return "existed";
    case RESULT_FAILED:
        return "failed";
    case RESULT_PENDING:
        return "pending";
    case RESULT_SKIPPED:
        return "skipped";
    }
    return "none";
}

bool row_is_there(const struct row *row)
{
    return row->state == STATE_IN_SYNC || row->state == STATE_ACCEPTED || row->state == STATE_DIFFERS ||
           row->state == STATE_UNREAD;
}

/* ---- one row --------------------------------------------------------------------------------------------------- */

/* Never tried: the pass ended before. What passes is pending, what does not pass by itself is skipped. */
static struct row_result never_tried(const struct pass *pass, int cause)
{
    if (cause == CAUSE_NONE)
        cause = pass->report.failure.cause;
    bool passes = cause == CAUSE_NONE || cause_is_retried(cause);
    return (struct row_result){.result = passes ? RESULT_PENDING : RESULT_SKIPPED, .cause = cause};
}

static struct row_result result_of_job(const struct pass *pass, const struct lane *lane, const struct job *job);

static struct row_result result_of_queued(const struct pass *pass, const struct lane *lane, const struct job *job)
{
    if (lane->blocked != CAUSE_NONE)
        return (struct row_result){.result = RESULT_SKIPPED, .cause = lane->blocked};
    return never_tried(pass, job->entry != NULL ? job->entry->cause : CAUSE_NONE);
}

/* Not tried for want of its dead-letter topic. */
static struct row_result result_of_parked(const struct pass *pass, const struct job *group)
{
    struct row_result topic = result_of_job(pass, &pass->lanes[KIND_TOPIC], job_topic(pass, group));
    return (struct row_result){.result = topic.result == RESULT_PENDING ? RESULT_PENDING : RESULT_SKIPPED,
                               .cause = topic.cause};
}

/* Said in an earlier pass, or said to exist: no list shows it yet. */
static struct row_result result_of_said(const struct job *job)
{
    if (job->created)
        return (struct row_result){.result = RESULT_CREATED};
    return (struct row_result){.result = RESULT_PENDING,
                               .cause = job->entry->cause != CAUSE_NONE ? job->entry->cause : CAUSE_OUTCOME_UNKNOWN};
}

static struct row_result result_of_job(const struct pass *pass, const struct lane *lane, const struct job *job)
{
    struct row_result result = {.result = RESULT_PENDING};
    switch ((enum job_state)job->state) {
    case JOB_QUEUED:
        result = result_of_queued(pass, lane, job);
        break;
    case JOB_PARKED:
        result = result_of_parked(pass, job);
        break;
    case JOB_SAID:
        result = result_of_said(job);
        break;
    case JOB_DOUBT:
    case JOB_SENDING: /* nobody will hear of it: memory ran out */
        result.cause = CAUSE_OUTCOME_UNKNOWN;
        break;
    case JOB_CREATING:
        break;
    case JOB_DONE:
        result = (struct row_result){.result = job->result, .cause = job->cause};
        break;
    case JOB_STATES:
        break;
    }
    result.attempts = job->entry != NULL ? job->entry->attempts : job->attempts;
    return result;
}

/* Created by an earlier pass of this command. */
static bool was_made(const struct pass *pass, uint32_t row)
{
    const struct row_set *made = pass->options.made;
    return made != NULL && made->bits != NULL && (made->bits[row / 64] >> row % 64 & 1) != 0;
}

static struct row_result result_of_row(const struct pass *pass, uint32_t index)
{
    const struct row *row = &pass->plan->rows[index];
    const struct resource *declared = &catalog_rows(pass->plan->declared)[index];
    switch ((enum state)row->state) {
    case STATE_IN_SYNC:
    case STATE_ACCEPTED:
    case STATE_DIFFERS:
    case STATE_UNREAD:
        return (struct row_result){.result = was_made(pass, index) ? RESULT_CREATED : RESULT_EXISTED};
    case STATE_CREATING:
        return (struct row_result){.result = RESULT_PENDING};
    case STATE_CONFLICT:
    case STATE_INVALID:
        return (struct row_result){.result = declared->policy == POLICY_CREATE ? RESULT_FAILED : RESULT_SKIPPED,
                                   .cause = row->cause};
    case STATE_MISSING:
        if (row->action == ACTION_CREATE)
            return never_tried(pass, CAUSE_NONE);
        return (struct row_result){.result = RESULT_SKIPPED};
    case STATE_IGNORED:
        return (struct row_result){.result = RESULT_SKIPPED};
    case STATE_SYSTEM:
    case STATE_EXCLUDED:
    case STATE_EXTRA:
    case STATE_VANISHED:
    case STATES:
        return (struct row_result){.result = RESULT_NONE};
    }
    return (struct row_result){.result = RESULT_NONE};
}

static const struct lane *lane_of(const struct pass *pass, uint32_t row)
{
    return &pass->lanes[catalog_rows(pass->plan->declared)[row].kind];
}

static struct row_result result_of(const struct pass *pass, const struct job *job, uint32_t row)
{
    if (pass->options.mode == PASS_PLAN)
        return (struct row_result){.result = RESULT_NONE};
    return job != NULL ? result_of_job(pass, lane_of(pass, row), job) : result_of_row(pass, row);
}

struct row_result pass_result(const struct pass *pass, uint32_t row)
{
    return result_of(pass, lane_find(lane_of(pass, row), row), row);
}

void pass_failure(const struct pass *pass, uint32_t row, struct failure *out)
{
    const struct lane *lane = lane_of(pass, row);
    const struct job *job = lane_find(lane, row);
    const struct ledger_entry *block = ledger_of_kind(pass->options.ledger, lane->kind);
    int cause = result_of(pass, job, row).cause;
    memset(out, 0, sizeof *out);
    if (job != NULL && job->entry != NULL && job->entry->cause == cause)
        ledger_failure(job->entry, out);
    else if (block->cause == cause)
        ledger_failure(block, out);
    else if (pass->report.failure.cause == cause)
        *out = pass->report.failure;
    out->cause = cause;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

/* What rows without a job come to. Those that are in the way of themselves count as failed, unless nobody wants them to
 * be created. */
static void count_unwanted(const struct pass *pass, enum kind kind, uint64_t counts[])
{
    const struct resource *declared = catalog_rows(pass->plan->declared);
    uint32_t first, count;
    catalog_range(pass->plan->declared, kind, &first, &count);
    for (uint32_t row = first; row < first + count && counts[RESULT_FAILED] > 0; row++) {
        uint8_t state = pass->plan->rows[row].state;
        if ((state != STATE_CONFLICT && state != STATE_INVALID) || declared[row].policy == POLICY_CREATE)
            continue;
        counts[RESULT_FAILED]--;
        counts[RESULT_SKIPPED]++;
    }
}

/* Rows that an earlier pass created were counted as if somebody else had. */
static void count_made(const struct pass *pass, enum kind kind, uint64_t counts[])
{
    uint32_t first, count;
    if (pass->options.made == NULL || pass->options.made->bits == NULL)
        return;
    catalog_range(pass->plan->declared, kind, &first, &count);
    for (uint32_t row = first; row < first + count; row++) {
        if (was_made(pass, row) && row_is_there(&pass->plan->rows[row])) {
            counts[RESULT_EXISTED]--;
            counts[RESULT_CREATED]++;
        }
    }
}

static void count_rows(struct pass *pass, enum kind kind)
{
    const struct plan_counts *plan = &pass->plan->counts[kind];
    uint64_t *counts = pass->counts[kind];
    counts[RESULT_EXISTED] = plan->states[STATE_IN_SYNC] + plan->states[STATE_ACCEPTED] + plan->states[STATE_DIFFERS] +
                             plan->states[STATE_UNREAD];
    counts[RESULT_PENDING] = plan->states[STATE_CREATING];
    counts[RESULT_FAILED] = plan->states[STATE_CONFLICT] + plan->states[STATE_INVALID];
    counts[RESULT_SKIPPED] = plan->states[STATE_IGNORED] + plan->states[STATE_MISSING] - plan->creates;
    counts[never_tried(pass, CAUSE_NONE).result] += plan->creates;
    count_unwanted(pass, kind, counts);
    count_made(pass, kind, counts);
}

void report_begin(struct pass *pass)
{
    memset(pass->counts, 0, sizeof pass->counts);
    pass->cursor_kind = 0;
    pass->cursor = 0;
    for (int kind = 0; kind < KINDS && pass->plan != NULL && pass->options.mode == PASS_APPLY; kind++)
        count_rows(pass, kind);
}

static void remember_made(const struct pass *pass, uint32_t row)
{
    struct row_set *made = pass->options.made;
    if (made != NULL && made->bits != NULL)
        made->bits[row / 64] |= (uint64_t)1 << row % 64;
}

/* Rows were counted as if none had a job; those that have one are counted by what it came to. */
static bool count_jobs(struct pass *pass, const struct lane *lane)
{
    uint64_t *counts = pass->counts[lane->kind];
    for (; pass->cursor < lane->count; pass->cursor++) {
        const struct job *job = &lane->jobs[pass->cursor];
        if (!pass_spends(pass))
            return false;
        enum result result = result_of_job(pass, lane, job).result;
        counts[result_of_row(pass, job->row).result]--;
        counts[result]++;
        if (result == RESULT_CREATED)
            remember_made(pass, job->row);
    }
    return true;
}

bool report_go_on(struct pass *pass)
{
    for (; pass->cursor_kind < KINDS; pass->cursor_kind++, pass->cursor = 0) {
        if (!count_jobs(pass, &pass->lanes[pass->cursor_kind]))
            return false;
    }
    return true;
}

/* The earliest moment at which time alone brings something new; UINT64_MAX: none. */
static uint64_t next_moment_ms(const struct pass *pass)
{
    uint64_t now_ms = pass->emitter.now_ms;
    uint64_t next_ms = ledger_next_ms(pass->options.ledger, now_ms);
    uint32_t settle_ms = pass->destination.capabilities.settle_ms;
    for (int kind = 0; kind < KINDS; kind++) {
        const struct lane *lane = &pass->lanes[kind];
        uint64_t block_ms = ledger_of_kind(pass->options.ledger, kind)->not_before_ms;
        if (lane->blocked != CAUSE_NONE && block_ms < next_ms)
            next_ms = block_ms > now_ms ? block_ms : now_ms;
        if (pass->plan->counts[kind].states[STATE_CREATING] > 0 && now_ms + CREATING_AGAIN_MS < next_ms)
            next_ms = now_ms + CREATING_AGAIN_MS;
        for (uint32_t i = 0; i < lane->count && lane->counts[JOB_SAID] + lane->counts[JOB_DOUBT] > 0; i++) {
            const struct job *job = &lane->jobs[i];
            if (job->state != JOB_SAID && job->state != JOB_DOUBT)
                continue;
            uint64_t proof_ms = ledger_proof_ms(job->entry, settle_ms);
            if (proof_ms < next_ms)
                next_ms = proof_ms > now_ms ? proof_ms : now_ms;
        }
    }
    return next_ms;
}

static bool anything_counted(const uint64_t counts[KINDS])
{
    return counts[KIND_TOPIC] + counts[KIND_GROUP] > 0;
}

static enum pass_outcome outcome_of_failure(const struct pass *pass)
{
    enum cause_remedy remedy = cause_remedy(pass->report.failure.cause);
    if (remedy != REMEDY_STUCK && remedy != REMEDY_DECIDE)
        return PASS_AGAIN_BACKOFF;
    return pass->source_changed ? PASS_AGAIN_AT : PASS_STUCK;
}

static enum pass_outcome outcome_of(const struct pass *pass)
{
    const struct pass_report *report = &pass->report;
    if (report->failure.cause != CAUSE_NONE)
        return outcome_of_failure(pass);
    if (pass->source_changed || report->again_ms != UINT64_MAX)
        return PASS_AGAIN_AT;
    if (anything_counted(report->pending))
        return PASS_AGAIN_BACKOFF;
    return anything_counted(report->failed) ? PASS_STUCK : PASS_SETTLED;
}

static void tell_counts(struct pass *pass)
{
    for (int kind = 0; kind < KINDS; kind++) {
        pass->report.created[kind] = pass->counts[kind][RESULT_CREATED];
        pass->report.existed[kind] = pass->counts[kind][RESULT_EXISTED];
        pass->report.failed[kind] = pass->counts[kind][RESULT_FAILED];
        pass->report.pending[kind] = pass->counts[kind][RESULT_PENDING];
        pass->report.skipped[kind] = pass->counts[kind][RESULT_SKIPPED];
    }
}

static uint64_t again_ms(const struct pass *pass)
{
    if (pass->source_changed)
        return pass->emitter.now_ms;
    return pass->options.mode == PASS_APPLY && pass->plan != NULL ? next_moment_ms(pass) : UINT64_MAX;
}

void report_finish(struct pass *pass)
{
    struct pass_report *report = &pass->report;
    tell_counts(pass);
    report->ended_ms = pass->emitter.now_ms;
    report->complete = report->complete && !pass->last_good;
    report->parity = report->complete && report->failure.cause == CAUSE_NONE && !report->shrunk &&
                     !pass->source_changed && plan_is_parity(pass->plan);
    report->again_ms = again_ms(pass);
    report->outcome = outcome_of(pass);
}

/* ---- looking at it --------------------------------------------------------------------------------------------- */

const struct pass_report *pass_report(const struct pass *pass)
{
    return &pass->report;
}

const struct plan *pass_plan(const struct pass *pass)
{
    return pass->plan;
}

static const char *phase_word(enum phase phase)
{
    switch (phase) {
    case PHASE_PLANNING:
    case PHASE_JUDGING:
        return "planning";
    case PHASE_CONFIRMING:
    case PHASE_APPLYING:
        return "creating";
    case PHASE_SETTLING:
    case PHASE_ENDING:
    case PHASE_ENDED:
        return "settling";
    case PHASE_NEW:
    case PHASE_READING:
    case PHASES:
        return "reading";
    }
    return "reading";
}

void pass_progress(const struct pass *pass, struct pass_progress *out)
{
    *out = (struct pass_progress){.phase = phase_word(pass->phase)};
    for (int kind = 0; kind < KINDS; kind++) {
        const uint32_t *counts = pass->lanes[kind].counts;
        out->to_create += pass->lanes[kind].count;
        out->done += counts[JOB_DONE];
        out->under_way += counts[JOB_SENDING];
        out->in_doubt += counts[JOB_SAID] + counts[JOB_DOUBT] + counts[JOB_CREATING];
    }
}
