/* SPDX-License-Identifier: Apache-2.0
 *
 * What follows from the answers to creates: the cause table at work.
 *
 * Happy path: created, SAID until a list shows it.
 * What can go wrong: it existed (SAID, a read compares); the outcome is unknown (DOUBT, a read decides); it was refused
 * (again, left to the ledger, or the kind or the pass is blocked); throttled (again, uncounted).
 */
#include "api/cause.h"
#include "controller/pass/state.h"

static const struct backoff throttled_again = {.first_ms = 250, .cap_ms = 8000};

static void said(struct pass *pass, struct lane *lane, struct job *job, enum note note)
{
    job->entry->attempts++;
    job->entry->sent_ms = pass->emitter.now_ms;
    job->entry->said_to_exist = true;
    job->created = note == NOTE_CREATED;
    pass_note(pass, note, job->row, job->entry->attempts, NULL);
    lane_move(lane, job, JOB_SAID);
    job_release_waiters(pass, job);
}

static void created(struct pass *pass, struct lane *lane, struct job *job)
{
    ledger_explain(job->entry, NULL);
    if (lane->blocked == CAUSE_NONE)
        lane_unblock(pass, lane->kind);
    said(pass, lane, job, NOTE_CREATED);
}

/* `told`: the provider's words, if it has any; people need them when no list ever shows it. */
static void existed(struct pass *pass, struct lane *lane, struct job *job, const struct failure *told)
{
    int cause = lane->kind == KIND_TOPIC ? CAUSE_TOPIC_EXISTS : CAUSE_GROUP_EXISTS;
    struct failure exists;

    failure_set(&exists, cause, "the destination says that this %s exists", kind_word(lane->kind));
    ledger_explain(job->entry, told->cause == cause ? told : &exists);
    said(pass, lane, job, NOTE_EXISTED);
}

static void unknown(struct pass *pass, struct lane *lane, struct job *job, const struct failure *failure)
{
    job->tries++;
    job->entry->attempts++;
    job->entry->sent_ms = pass->emitter.now_ms;
    ledger_explain(job->entry, failure);
    job->entry->cause = CAUSE_OUTCOME_UNKNOWN;
    lane_move(lane, job, JOB_DOUBT);
}

/* The account's budget is used up: again, uncounted; when nothing else came for long, the pass gives up. */
static void throttled(struct pass *pass, struct lane *lane, struct job *job, const struct failure *failure)
{
    uint64_t now_ms = pass->emitter.now_ms;
    if (pass->throttled++ == 0)
        pass->throttled_since_ms = now_ms;
    ledger_explain(job->entry, failure);
    job->entry->not_before_ms = now_ms + backoff_ms(&throttled_again, pass->throttled, &pass->emitter.random);
    lane_queue(lane, job, job->entry->not_before_ms);
    if (now_ms - pass->throttled_since_ms >= PASS_TRY_WINDOW_MS)
        pass_fail(pass, failure);
}

static void refused_for_long(struct pass *pass, struct lane *lane, struct job *job, const struct failure *failure)
{
    bool slowly = cause_remedy(failure->cause) == REMEDY_SLOWLY;
    uint64_t now_ms = pass->emitter.now_ms;
    job->entry->attempts++;
    ledger_explain(job->entry, failure);
    job->entry->not_before_ms =
        slowly ? now_ms + backoff_ms(&slow_look, job->entry->attempts, &pass->emitter.random) : UINT64_MAX;
    job_end(pass, lane, job, RESULT_FAILED, failure->cause);
}

static void refused_kind(struct pass *pass, struct lane *lane, struct job *job, const struct failure *failure)
{
    job->attempts = job->entry->attempts + 1;
    job->entry = NULL;
    ledger_forget(pass->options.ledger, lane->kind, pass_row_name(pass, job->row));
    job_end(pass, lane, job, RESULT_FAILED, failure->cause);
    lane_block(pass, lane, failure);
    apply_halt_kind(pass, lane->kind);
}

/* A refusal for long that many got together is not believed before each was tried alone. */
static void refused_in_company(struct lane *lane, struct job *job, int cause, uint64_t now_ms)
{
    if (cause == CAUSE_UNSUPPORTED)
        lane->batch_max = 1;
    job->alone = true;
    lane_queue(lane, job, now_ms);
}

static void refused_resource(struct pass *pass, struct lane *lane, struct job *job, const struct failure *failure,
                             bool in_company)
{
    switch (cause_remedy(failure->cause)) {
    case REMEDY_SETTLE:
        existed(pass, lane, job, failure);
        return;
    case REMEDY_READ:
        unknown(pass, lane, job, failure);
        return;
    case REMEDY_PACE:
        throttled(pass, lane, job, failure);
        return;
    case REMEDY_RETRY:
        job->entry->attempts++;
        job->tries++;
        job_retry(pass, lane, job, failure);
        return;
    case REMEDY_STUCK:
    case REMEDY_DECIDE:
    case REMEDY_SLOWLY:
        if (in_company)
            refused_in_company(lane, job, failure->cause, pass->emitter.now_ms);
        else
            refused_for_long(pass, lane, job, failure);
        return;
    }
}

/* Permission refused to one create speaks of that resource only (design section 6). */
static enum cause_scope scope_of_refusal(const struct created_item *item)
{
    bool one_only = item->outcome == OUTCOME_REFUSED && item->failure->cause == CAUSE_INSTANCE_PERMISSION_MISSING;
    return one_only ? SCOPE_RESOURCE : cause_scope(item->failure->cause);
}

static void refused(struct pass *pass, struct lane *lane, struct job *job, const struct created_item *item,
                    bool in_company)
{
    job_clear_doubt(job);
    switch (scope_of_refusal(item)) {
    case SCOPE_SYNC:
        lane_queue(lane, job, pass->emitter.now_ms);
        pass_fail(pass, item->failure);
        return;
    case SCOPE_KIND:
        refused_kind(pass, lane, job, item->failure);
        return;
    case SCOPE_RESOURCE:
    case SCOPE_ACCOUNT:
        refused_resource(pass, lane, job, item->failure, in_company);
        return;
    }
}

/* Does the failure say what a refusal may say? Otherwise the journal hears "failed" of something that may be there. */
static bool surely_not_there(const struct created_item *item)
{
    enum cause_remedy remedy = cause_remedy(item->failure->cause);
    return remedy != REMEDY_SETTLE && remedy != REMEDY_READ;
}

static void take_item(struct pass *pass, struct lane *lane, struct job *job, const struct created_item *item,
                      bool in_company)
{
    switch (item->outcome) {
    case OUTCOME_CREATED:
        created(pass, lane, job);
        return;
    case OUTCOME_EXISTED:
        existed(pass, lane, job, item->failure);
        return;
    case OUTCOME_UNKNOWN:
        unknown(pass, lane, job, item->failure);
        return;
    case OUTCOME_REFUSED:
    case OUTCOME_NOT_SENT:
        if (surely_not_there(item))
            pass_note(pass, NOTE_FAILED, job->row, job->entry->attempts + 1, item->failure);
        refused(pass, lane, job, item, in_company);
        return;
    }
}

/* Answers of a kind that comes in rows: unknown ones stop the sending, throttled ones stop the pass in the end. */
static void count_streaks(struct pass *pass, const struct created_item *items, uint32_t count)
{
    bool all_unknown = true, all_throttled = true;
    for (uint32_t i = 0; i < count; i++) {
        all_unknown &= items[i].outcome == OUTCOME_UNKNOWN;
        all_throttled &= items[i].failure != NULL && items[i].failure->cause == CAUSE_THROTTLED;
    }
    pass->unknowns = all_unknown ? pass->unknowns + 1 : 0;
    if (!all_throttled)
        pass->throttled = 0;
}

static void take_items(struct pass *pass, struct parcel *parcel, const struct created_item *items, uint32_t count)
{
    struct lane *lane = &pass->lanes[parcel->kind];
    for (uint32_t i = 0; i < count; i++) {
        struct created_item item = items[i];
        struct job *job = lane_find(lane, item.row);
        if (job == NULL || job->state != JOB_SENDING)
            continue;
        parcel->unanswered--;
        pass->report.created_any |= item.outcome != OUTCOME_NOT_SENT;
        if (item.failure == NULL || item.failure->cause == CAUSE_NONE)
            item.failure = &pass->unexplained;
        take_item(pass, lane, job, &item, parcel->count > 1);
    }
}

/* Rows that the answer says nothing of may have been created. */
static void doubt_the_rest(struct pass *pass, const struct parcel *parcel)
{
    struct lane *lane = &pass->lanes[parcel->kind];
    for (uint32_t i = 0; i < parcel->count && parcel->unanswered > 0; i++) {
        struct job *job = lane_find(lane, parcel->rows[i]);
        if (job->state == JOB_SENDING)
            unknown(pass, lane, job, &pass->unexplained);
    }
}

void apply_created(struct pass *pass, const struct event *event)
{
    struct parcel *parcel = apply_parcel(pass, PARCEL_SENT, event->op);
    if (parcel == NULL)
        return;
    count_streaks(pass, event->items, event->item_count);
    take_items(pass, parcel, event->items, event->item_count);
    if (event->more)
        return;
    emitter_answered(&pass->emitter);
    doubt_the_rest(pass, parcel);
    parcel->state = PARCEL_FREE;
}
