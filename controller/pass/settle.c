/* SPDX-License-Identifier: Apache-2.0
 *
 * Judges jobs by what was read: what is there is done, what is absent twice is not there, the rest is read again.
 */
#include "api/cause.h"
#include "controller/pass/state.h"

static const struct backoff next_try = {.first_ms = 1000, .cap_ms = 8000};
const struct backoff slow_look = {.first_ms = 60000, .cap_ms = 1800000};
static const struct backoff next_pass = {.first_ms = 30000, .cap_ms = 1800000};

/* ---- what a job comes to --------------------------------------------------------------------------------------- */

void job_release_waiters(struct pass *pass, struct job *topic)
{
    struct lane *groups = &pass->lanes[KIND_GROUP];
    uint32_t waiter = topic->first_waiter;
    topic->first_waiter = JOB_NONE;
    while (waiter != JOB_NONE) {
        struct job *group = &groups->jobs[waiter];
        waiter = group->next_waiter;
        if (group->state == JOB_PARKED)
            lane_queue(groups, group, pass->emitter.now_ms);
    }
}

/* A group is not tried without its dead-letter topic. */
static void end_without_topic(struct pass *pass, struct job *group, enum result topic, int cause)
{
    enum result result = topic == RESULT_PENDING ? RESULT_PENDING : RESULT_SKIPPED;
    if (group->state == JOB_PARKED || group->state == JOB_QUEUED)
        job_end(pass, &pass->lanes[KIND_GROUP], group, result, cause);
}

static void end_waiters(struct pass *pass, struct job *topic)
{
    uint32_t waiter = topic->first_waiter;
    topic->first_waiter = JOB_NONE;
    while (waiter != JOB_NONE) {
        struct job *group = &pass->lanes[KIND_GROUP].jobs[waiter];
        waiter = group->next_waiter;
        end_without_topic(pass, group, topic->result, topic->cause);
    }
}

void job_end(struct pass *pass, struct lane *lane, struct job *job, enum result result, int cause)
{
    lane_move(lane, job, JOB_DONE);
    job->result = (uint8_t)result;
    job->cause = (uint16_t)cause;
    if (job->entry != NULL)
        job->attempts = job->entry->attempts;
    if (lane->kind != KIND_TOPIC)
        return;
    if (result == RESULT_CREATED || result == RESULT_EXISTED)
        job_release_waiters(pass, job);
    else
        end_waiters(pass, job);
}

void job_clear_doubt(struct job *job)
{
    job->entry->sent_ms = 0;
    job->entry->absent_ms = 0;
}

void job_retry(struct pass *pass, struct lane *lane, struct job *job, const struct failure *failure)
{
    uint64_t now_ms = pass->emitter.now_ms;
    uint64_t again_ms = now_ms + backoff_ms(&next_try, job->tries, &pass->emitter.random);
    ledger_explain(job->entry, failure);
    if (job->tries < PASS_TRIES_MAX && again_ms - job->first_ms < PASS_TRY_WINDOW_MS && pass_may_wait(pass, again_ms)) {
        job->entry->not_before_ms = again_ms;
        lane_queue(lane, job, again_ms);
        return;
    }
    job->entry->not_before_ms = now_ms + backoff_ms(&next_pass, job->entry->attempts, &pass->emitter.random);
    job_end(pass, lane, job, RESULT_PENDING, failure->cause);
}

void lane_block(struct pass *pass, struct lane *lane, const struct failure *failure)
{
    struct ledger_entry *block = ledger_of_kind(pass->options.ledger, lane->kind);
    if (lane->blocked != CAUSE_NONE)
        return;
    lane->blocked = (uint16_t)failure->cause;
    ledger_explain(block, failure);
    block->attempts++;
    block->not_before_ms = pass->emitter.now_ms + backoff_ms(&slow_look, block->attempts, &pass->emitter.random);
}

void lane_unblock(struct pass *pass, enum kind kind)
{
    struct ledger_entry *block = ledger_of_kind(pass->options.ledger, kind);
    block->cause = CAUSE_NONE;
    block->attempts = 0;
}

/* ---- judging one job by its row -------------------------------------------------------------------------------- */

static void forget(struct pass *pass, struct lane *lane, struct job *job)
{
    if (job->entry == NULL)
        return;
    job->attempts = job->entry->attempts;
    job->entry = NULL;
    ledger_forget(pass->options.ledger, lane->kind, pass_row_name(pass, job->row));
}

/* Sent, outcome unknown, and there as declared: ours, as far as anybody can tell. */
static void settled(struct pass *pass, struct job *job, const struct row *row)
{
    if (job->state != JOB_DOUBT)
        return;
    job->created = job->tries > 0 && (state_is_parity(row->state) || row->state == STATE_CREATING);
    pass_note(pass, NOTE_SETTLED, job->row, job->entry->attempts, NULL);
}

static void found(struct pass *pass, struct lane *lane, struct job *job, const struct row *row)
{
    settled(pass, job, row);
    forget(pass, lane, job);
    job_end(pass, lane, job, job->created ? RESULT_CREATED : RESULT_EXISTED, CAUSE_NONE);
}

static void found_creating(struct pass *pass, struct lane *lane, struct job *job, const struct row *row)
{
    settled(pass, job, row);
    forget(pass, lane, job);
    if (job->state == JOB_SAID || job->state == JOB_DOUBT) {
        lane_move(lane, job, JOB_CREATING);
        job_release_waiters(pass, job);
    } else if (job->state != JOB_CREATING) {
        job_end(pass, lane, job, RESULT_PENDING, CAUSE_NONE);
    }
}

/* The provider says that it is there, and no list shows it. Not tried again for a while. */
static void never_listed(struct pass *pass, struct lane *lane, struct job *job)
{
    struct failure unseen;
    if (job->entry->cause == CAUSE_NONE) {
        failure_set(&unseen, CAUSE_OUTCOME_UNKNOWN, "the destination said that it was created, but does not list it");
        ledger_explain(job->entry, &unseen);
    }
    bool existed = cause_remedy(job->entry->cause) == REMEDY_SETTLE;
    job->entry->not_before_ms =
        pass->emitter.now_ms + backoff_ms(&next_pass, job->entry->attempts, &pass->emitter.random);
    job_end(pass, lane, job, existed ? RESULT_FAILED : RESULT_PENDING, job->entry->cause);
}

static void proven_absent(struct pass *pass, struct lane *lane, struct job *job, const struct row *row)
{
    job_clear_doubt(job);
    if (job->state == JOB_SAID) {
        never_listed(pass, lane, job);
        return;
    }
    pass_note(pass, NOTE_FAILED, job->row, job->entry->attempts, &pass->not_there);
    if (row->action != ACTION_CREATE)
        job_end(pass, lane, job, RESULT_FAILED, row->cause);
    else if (job->tries > 0)
        job_retry(pass, lane, job, &pass->not_there);
    else if (!job_waits_for_topic(pass, lane, job))
        lane_queue(lane, job, pass->emitter.now_ms);
}

static void absent(struct pass *pass, struct lane *lane, struct job *job, const struct row *row)
{
    switch ((enum job_state)job->state) {
    case JOB_SAID:
    case JOB_DOUBT:
        if (ledger_absent(job->entry, pass->read_ms[lane->kind], pass->destination.capabilities.settle_ms))
            proven_absent(pass, lane, job, row);
        return;
    case JOB_CREATING: /* it vanished while it was being made */
        job_end(pass, lane, job, RESULT_PENDING, CAUSE_NONE);
        return;
    case JOB_QUEUED:
    case JOB_PARKED:
        if (row->action != ACTION_CREATE)
            job_end(pass, lane, job, RESULT_FAILED, row->cause);
        return;
    case JOB_SENDING:
    case JOB_DONE:
    case JOB_STATES:
        return;
    }
}

void settle_judge(struct pass *pass, struct lane *lane, struct job *job)
{
    const struct row *row = &pass->plan->rows[job->row];
    if (job->state == JOB_DONE)
        return;
    if (row_is_there(row))
        found(pass, lane, job, row);
    else if (row->state == STATE_CREATING)
        found_creating(pass, lane, job, row);
    else
        absent(pass, lane, job, row);
}
