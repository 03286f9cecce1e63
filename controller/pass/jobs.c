/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes the jobs of a pass: the rows that its first plan wants to create, seen with what the ledger remembers of them.
 */
#include <stdlib.h>

#include "api/cause.h"
#include "controller/pass/state.h"

/* ---- what the ledger remembers for nothing --------------------------------------------------------------------- */

static bool is_in_doubt(const struct ledger_entry *entry)
{
    return entry->sent_ms != 0;
}

/* Nothing declares it. Should it be declared again soon, a doubt still counts. */
static bool keep_undeclared(const struct pass *pass, const struct ledger_entry *entry)
{
    uint32_t settle_ms = pass->destination.capabilities.settle_ms;
    return is_in_doubt(entry) && pass->emitter.now_ms < entry->sent_ms + settle_ms;
}

static bool keep_entry(void *context, enum kind kind, struct text name, const struct ledger_entry *entry)
{
    struct pass *pass = context;
    uint32_t row = catalog_find(pass->plan->declared, kind, name);
    if (row == CATALOG_ABSENT)
        return keep_undeclared(pass, entry);
    switch ((enum state)pass->plan->rows[row].state) {
    case STATE_MISSING:
    case STATE_CONFLICT:
    case STATE_INVALID:
        return true;
    case STATE_IN_SYNC:
    case STATE_ACCEPTED:
    case STATE_DIFFERS:
    case STATE_UNREAD:
    case STATE_CREATING:
        if (is_in_doubt(entry) && !entry->said_to_exist)
            pass_note(pass, NOTE_SETTLED, row, entry->attempts, NULL);
        return false;
    case STATE_IGNORED:
    case STATE_SYSTEM:
    case STATE_EXCLUDED:
    case STATE_EXTRA:
    case STATE_VANISHED:
    case STATES:
        return keep_undeclared(pass, entry);
    }
    return false;
}

/* ---- one job --------------------------------------------------------------------------------------------------- */

/* What is known about this declaration, or still in doubt whatever was declared. NULL: nothing. */
static struct ledger_entry *remembered(struct pass *pass, enum kind kind, uint32_t row)
{
    const struct catalog *declared = pass->plan->declared;
    struct text name = pass_row_name(pass, row);
    if (ledger_find(pass->options.ledger, kind, name) == NULL)
        return NULL;
    return ledger_put(pass->options.ledger, kind, name, catalog_fingerprint(declared, &catalog_rows(declared)[row]));
}

static enum job_state first_state(const struct ledger_entry *entry)
{
    if (entry == NULL || !is_in_doubt(entry))
        return JOB_QUEUED;
    return entry->said_to_exist ? JOB_SAID : JOB_DOUBT;
}

static bool is_held(const struct pass *pass, const struct ledger_entry *entry)
{
    return entry != NULL && entry->cause != CAUSE_NONE && entry->not_before_ms > pass->emitter.now_ms;
}

/* The row of the topic that takes what this group could not consume; CATALOG_ABSENT: none is declared. */
static uint32_t dead_letter_row(const struct pass *pass, uint32_t row)
{
    const struct catalog *declared = pass->plan->declared;
    const struct settings *settings = catalog_settings_of(declared, &catalog_rows(declared)[row]);
    uint64_t held = pass->destination.capabilities.holds[KIND_GROUP];
    if ((held & settings->set & FIELD_BIT(FIELD_GROUP_DEAD_LETTER_TARGET_TOPIC)) == 0)
        return CATALOG_ABSENT;
    return catalog_find(declared, KIND_TOPIC, settings_text(settings, FIELD_GROUP_DEAD_LETTER_TARGET_TOPIC));
}

static void park(struct lane *lane, struct job *group, struct job *topic)
{
    lane_move(lane, group, JOB_PARKED);
    group->next_waiter = topic->first_waiter;
    topic->first_waiter = lane_index(lane, group);
}

static bool came_to_be(const struct job *topic)
{
    return topic->state == JOB_CREATING ||
           (topic->state == JOB_DONE && (topic->result == RESULT_CREATED || topic->result == RESULT_EXISTED));
}

const struct job *job_topic(const struct pass *pass, const struct job *group)
{
    uint32_t row = dead_letter_row(pass, group->row);
    return row != CATALOG_ABSENT ? lane_find(&pass->lanes[KIND_TOPIC], row) : NULL;
}

bool job_waits_for_topic(struct pass *pass, struct lane *lane, struct job *group)
{
    uint32_t row = lane->kind == KIND_GROUP ? dead_letter_row(pass, group->row) : CATALOG_ABSENT;
    if (row == CATALOG_ABSENT)
        return false;
    const struct row *topic_row = &pass->plan->rows[row];
    struct job *topic = lane_find(&pass->lanes[KIND_TOPIC], row);
    bool impossible = topic_row->state == STATE_INVALID || topic_row->state == STATE_CONFLICT;
    if (topic != NULL ? came_to_be(topic) : !impossible)
        return false;
    if (topic == NULL)
        job_end(pass, lane, group, RESULT_SKIPPED, topic_row->cause);
    else if (topic->state == JOB_DONE)
        job_end(pass, lane, group, topic->result == RESULT_PENDING ? RESULT_PENDING : RESULT_SKIPPED, topic->cause);
    else
        park(lane, group, topic);
    return true;
}

static void make_job(struct pass *pass, struct lane *lane, uint32_t row)
{
    struct ledger_entry *entry = remembered(pass, lane->kind, row);
    struct job *job = lane_add(lane, row, first_state(entry));
    job->entry = entry;
    if (job->state != JOB_QUEUED)
        settle_judge(pass, lane, job);
    else if (is_held(pass, entry))
        job_end(pass, lane, job, cause_is_retried(entry->cause) ? RESULT_PENDING : RESULT_FAILED, entry->cause);
    else
        job_waits_for_topic(pass, lane, job);
}

/* ---- all jobs -------------------------------------------------------------------------------------------------- */

/* A quota that was reached is looked at again slowly, or as soon as the destination says that there is room. */
static void remember_block(struct pass *pass, struct lane *lane)
{
    struct ledger_entry *block = ledger_of_kind(pass->options.ledger, lane->kind);
    bool room = pass->destination.quota_free[lane->kind] > 0;
    if (block->cause == CAUSE_NONE)
        return;
    if (block->not_before_ms <= pass->emitter.now_ms || room)
        block->cause = CAUSE_NONE;
    else if (lane->capacity > 0)
        lane->blocked = block->cause;
}

/* Makes jobs from row to row. false: this step has worked long enough. */
static bool make_lane(struct pass *pass, struct lane *lane)
{
    uint32_t first, count;
    catalog_range(pass->plan->declared, lane->kind, &first, &count);
    for (; pass->cursor < count && lane->count < lane->capacity; pass->cursor++) {
        uint32_t row = first + pass->cursor;
        if (pass->plan->rows[row].action != ACTION_CREATE)
            continue;
        if (!pass_spends(pass))
            return false;
        make_job(pass, lane, row);
    }
    return true;
}

static bool judge_lane(struct pass *pass, struct lane *lane)
{
    for (; pass->cursor < lane->count; pass->cursor++) {
        if (!pass_spends(pass))
            return false;
        settle_judge(pass, lane, &lane->jobs[pass->cursor]);
    }
    return true;
}

static int open_made(struct pass *pass)
{
    struct row_set *made = pass->options.made;
    if (made == NULL || made->bits != NULL)
        return 0;
    made->bits = calloc(pass->plan->row_count / 64 + 1, sizeof *made->bits);
    return made->bits != NULL ? 0 : -1;
}

static int open_lanes(struct pass *pass)
{
    ledger_sweep(pass->options.ledger, keep_entry, pass);
    for (int kind = 0; kind < KINDS; kind++) {
        struct lane *lane = &pass->lanes[kind];
        uint32_t batch_max = pass->destination.capabilities.batch_max[kind];
        if (lane_init(lane, kind, pass->plan->counts[kind].creates, batch_max) != 0)
            return -1;
        ledger_reserve(pass->options.ledger, lane->capacity);
        remember_block(pass, lane);
    }
    return 0;
}

int jobs_begin(struct pass *pass)
{
    pass->cursor_kind = 0;
    pass->cursor = 0;
    if (pass->judged)
        return 0;
    pass->judged = true;
    return open_made(pass) == 0 && open_lanes(pass) == 0 && apply_begin(pass) == 0 ? 0 : -1;
}

bool jobs_go_on(struct pass *pass)
{
    for (; pass->cursor_kind < KINDS; pass->cursor_kind++, pass->cursor = 0) {
        struct lane *lane = &pass->lanes[pass->cursor_kind];
        if (!(pass->made ? judge_lane(pass, lane) : make_lane(pass, lane)))
            return false;
    }
    pass->made = true;
    return true;
}
