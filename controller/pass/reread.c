/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the destination once more: for jobs that a read must settle, and for details that a list leaves open.
 */
#include "api/cause.h"
#include "controller/pass/state.h"

static const struct backoff next_poll = {.first_ms = PASS_CREATING_POLL_MS, .cap_ms = 8 * PASS_CREATING_POLL_MS};

static bool needs_reading(const struct job *job)
{
    return job->state == JOB_SAID || job->state == JOB_DOUBT || job->state == JOB_CREATING;
}

static uint32_t count_open(const struct lane *lane)
{
    return lane->counts[JOB_SAID] + lane->counts[JOB_DOUBT] + lane->counts[JOB_CREATING];
}

/* ---- when ------------------------------------------------------------------------------------------------------ */

/* When one read settles all doubts of a lane: the latest of their moments; what no read has looked for yet is looked
 * for at once. UINT64_MAX: there are none, or they cannot be waited for. */
static uint64_t doubts_at_ms(const struct pass *pass, const struct lane *lane)
{
    uint32_t settle_ms = pass->destination.capabilities.settle_ms;
    uint64_t at_ms = UINT64_MAX;
    for (uint32_t i = 0; i < lane->count && count_open(lane) > 0; i++) {
        const struct job *job = &lane->jobs[i];
        if (job->state != JOB_SAID && job->state != JOB_DOUBT)
            continue;
        uint64_t proof_ms = ledger_proof_ms(job->entry, settle_ms);
        if (job->entry->absent_ms == 0)
            return proof_ms;
        if (pass_may_wait(pass, proof_ms) && (at_ms == UINT64_MAX || proof_ms > at_ms))
            at_ms = proof_ms;
    }
    return at_ms;
}

uint64_t reread_at_ms(const struct pass *pass)
{
    uint64_t at_ms = UINT64_MAX;
    bool polls = pass->options.give_up_ms != 0 && pass_may_wait(pass, pass->poll_at_ms);
    for (int kind = 0; kind < KINDS; kind++) {
        uint64_t doubts_ms = doubts_at_ms(pass, &pass->lanes[kind]);
        if (doubts_ms < at_ms)
            at_ms = doubts_ms;
        if (polls && pass->lanes[kind].counts[JOB_CREATING] > 0 && pass->poll_at_ms < at_ms)
            at_ms = pass->poll_at_ms;
    }
    return at_ms;
}

/* ---- lists and gets -------------------------------------------------------------------------------------------- */

void reread_list(struct pass *pass, enum kind kind)
{
    pass->read_ms[kind] = pass->emitter.now_ms;
    pass->details_known[kind] = false;
    list_begin(&pass->sides[SIDE_DESTINATION].lists[kind], &pass->emitter);
}

static bool next_open_row(const void *context, enum kind kind, uint32_t *cursor, uint32_t *out_row)
{
    const struct pass *pass = context;
    const struct lane *lane = &pass->lanes[kind];
    while (*cursor < lane->count) {
        const struct job *job = &lane->jobs[(*cursor)++];
        if (needs_reading(job)) {
            *out_row = job->row;
            return true;
        }
    }
    return false;
}

/* get only pays when it takes fewer calls than the list. */
static void reread_kind(struct pass *pass, enum kind kind)
{
    uint32_t open = count_open(&pass->lanes[kind]);
    uint32_t get_max = pass->destination.capabilities.get_max[kind];
    if (open == 0)
        return;
    if (get_max == 0 || open >= pass->sides[SIDE_DESTINATION].lists[kind].parts) {
        reread_list(pass, kind);
        return;
    }
    pass->read_ms[kind] = pass->emitter.now_ms;
    pass->settling[kind] = true;
    inquiry_begin(&pass->inquiries[kind], kind, get_max, next_open_row, pass);
}

void reread_begin(struct pass *pass)
{
    pass->poll_at_ms = pass->emitter.now_ms + backoff_ms(&next_poll, ++pass->polls, &pass->emitter.random);
    pass->report.rounds++;
    for (int kind = 0; kind < KINDS; kind++)
        reread_kind(pass, kind);
}

/* ---- details --------------------------------------------------------------------------------------------------- */

static bool next_unread_row(const void *context, enum kind kind, uint32_t *cursor, uint32_t *out_row)
{
    const struct plan *plan = ((const struct pass *)context)->plan;
    uint32_t first, count;
    catalog_range(plan->declared, kind, &first, &count);
    while (*cursor < count) {
        uint32_t row = first + (*cursor)++;
        if (plan->rows[row].state == STATE_UNREAD) {
            *out_row = row;
            return true;
        }
    }
    return false;
}

bool reread_details(struct pass *pass)
{
    bool asked = false;
    for (int kind = 0; kind < KINDS; kind++) {
        uint32_t get_max = pass->destination.capabilities.get_max[kind];
        if (pass->details_known[kind] || get_max == 0 || pass->plan->counts[kind].states[STATE_UNREAD] == 0)
            continue;
        pass->details_known[kind] = true;
        pass->settling[kind] = false;
        inquiry_begin(&pass->inquiries[kind], kind, get_max, next_unread_row, pass);
        asked = true;
    }
    return asked;
}
