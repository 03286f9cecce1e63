/* SPDX-License-Identifier: Apache-2.0
 *
 * What came of a pass: results of rows, counts, parity, outcome.
 */
#include <string.h>

#include "api/cause.h"
#include "controller/pass_state.h"

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

static struct row_result result_of_job(const struct pass *pass, const struct job *job)
{
    struct row_result result = {.result = RESULT_PENDING};
    switch ((enum job_state)job->state) {
    case JOB_QUEUED:
    case JOB_PARKED:
    case JOB_SENDING:
        result = never_tried(pass, job->entry != NULL ? job->entry->cause : CAUSE_NONE);
        break;
    case JOB_SAID:
        result.result = job->created ? RESULT_CREATED : RESULT_PENDING;
        if (!job->created) /* said in an earlier pass, or to exist: no list shows it yet */
            result.cause = job->entry->cause != CAUSE_NONE ? job->entry->cause : CAUSE_OUTCOME_UNKNOWN;
        break;
    case JOB_DOUBT:
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

static struct row_result result_of_row(const struct pass *pass, uint32_t index)
{
    const struct row *row = &pass->plan->rows[index];
    const struct resource *declared = &catalog_rows(pass->plan->declared)[index];
    switch ((enum state)row->state) {
    case STATE_IN_SYNC:
    case STATE_ACCEPTED:
    case STATE_DIFFERS:
    case STATE_UNREAD:
        return (struct row_result){.result = RESULT_EXISTED};
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

static struct row_result result_of(const struct pass *pass, const struct job *job, uint32_t row)
{
    if (pass->options.mode == PASS_PLAN)
        return (struct row_result){.result = RESULT_NONE};
    return job != NULL ? result_of_job(pass, job) : result_of_row(pass, row);
}

static const struct lane *lane_of(const struct pass *pass, uint32_t row)
{
    return &pass->lanes[catalog_rows(pass->plan->declared)[row].kind];
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

/* Jobs stand in the order of rows: one walk over both. */
static void count_kind(struct pass *pass, enum kind kind)
{
    const struct lane *lane = &pass->lanes[kind];
    uint64_t counts[RESULT_SKIPPED + 1] = {0};
    uint32_t first, count, next = 0;
    catalog_range(pass->plan->declared, kind, &first, &count);
    for (uint32_t row = first; row < first + count; row++) {
        bool has_job = next < lane->count && lane->jobs[next].row == row;
        counts[result_of(pass, has_job ? &lane->jobs[next++] : NULL, row).result]++;
    }
    pass->report.created[kind] = counts[RESULT_CREATED];
    pass->report.existed[kind] = counts[RESULT_EXISTED];
    pass->report.failed[kind] = counts[RESULT_FAILED];
    pass->report.pending[kind] = counts[RESULT_PENDING];
    pass->report.skipped[kind] = counts[RESULT_SKIPPED];
}

/* The earliest moment at which time alone brings something new; UINT64_MAX: none. */
static uint64_t next_moment_ms(const struct pass *pass)
{
    uint64_t now_ms = pass->emitter.now_ms;
    uint64_t next_ms = ledger_next_ms(pass->options.ledger, now_ms);
    uint32_t settle_ms = pass->destination.capabilities.settle_ms;
    for (int kind = 0; kind < KINDS; kind++) {
        const struct lane *lane = &pass->lanes[kind];
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

void report_finish(struct pass *pass)
{
    struct pass_report *report = &pass->report;
    report->ended_ms = pass->emitter.now_ms;
    report->complete = report->complete && !pass->last_good;
    report->parity = report->complete && report->failure.cause == CAUSE_NONE && !report->shrunk &&
                     !pass->source_changed && plan_is_parity(pass->plan);
    for (int kind = 0; kind < KINDS && pass->plan != NULL; kind++)
        count_kind(pass, kind);
    report->again_ms = pass->source_changed                                     ? report->ended_ms
                       : pass->options.mode == PASS_APPLY && pass->plan != NULL ? next_moment_ms(pass)
                                                                                : UINT64_MAX;
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
