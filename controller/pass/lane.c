/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/pass/lane.h"

#include <assert.h>
#include <stdlib.h>

#define MAY(state) (1u << JOB_##state)

/* The picture in lane.h, row by row. Anything unsettled may end: a pass ends when it must. */
static const unsigned moves[JOB_STATES] = {
    [JOB_QUEUED] = MAY(QUEUED) | MAY(PARKED) | MAY(SENDING) | MAY(DONE),
    [JOB_PARKED] = MAY(QUEUED) | MAY(DONE),
    [JOB_SENDING] = MAY(QUEUED) | MAY(SAID) | MAY(DOUBT) | MAY(DONE),
    [JOB_SAID] = MAY(CREATING) | MAY(DONE),
    [JOB_DOUBT] = MAY(QUEUED) | MAY(PARKED) | MAY(CREATING) | MAY(DONE),
    [JOB_CREATING] = MAY(DONE),
    [JOB_DONE] = 0,
};

int lane_init(struct lane *lane, enum kind kind, uint32_t capacity, uint32_t batch_max)
{
    *lane = (struct lane){.kind = kind, .capacity = capacity, .batch_max = batch_max > 0 ? batch_max : 1};
    if (capacity == 0)
        return 0;
    lane->jobs = calloc(capacity, sizeof *lane->jobs);
    lane->heap = calloc(capacity, sizeof *lane->heap);
    if (lane->jobs != NULL && lane->heap != NULL)
        return 0;
    lane_release(lane);
    return -1;
}

void lane_release(struct lane *lane)
{
    free(lane->jobs);
    free(lane->heap);
    *lane = (struct lane){.kind = lane->kind};
}

struct job *lane_add(struct lane *lane, uint32_t row, enum job_state state)
{
    assert(lane->count < lane->capacity);
    assert(lane->count == 0 || lane->jobs[lane->count - 1].row < row);
    struct job *job = &lane->jobs[lane->count++];
    *job = (struct job){.row = row, .state = (uint8_t)state, .first_waiter = JOB_NONE, .next_waiter = JOB_NONE};
    lane->counts[state]++;
    return job;
}

struct job *lane_find(const struct lane *lane, uint32_t row)
{
    uint32_t low = 0, high = lane->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lane->jobs[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < lane->count && lane->jobs[low].row == row ? &lane->jobs[low] : NULL;
}

uint32_t lane_index(const struct lane *lane, const struct job *job)
{
    return (uint32_t)(job - lane->jobs);
}

void lane_move(struct lane *lane, struct job *job, enum job_state state)
{
    assert((moves[job->state] & (1u << state)) != 0);
    lane->counts[job->state]--;
    lane->counts[state]++;
    job->state = (uint8_t)state;
}

/* ---- the heap of those that wait ------------------------------------------------------------------------------- */

/* Earlier first; of equal moments the smaller row, so that runs repeat. */
static bool goes_before(const struct lane *lane, uint32_t one, uint32_t other)
{
    uint64_t one_ms = lane->jobs[one].not_before_ms, other_ms = lane->jobs[other].not_before_ms;
    return one_ms != other_ms ? one_ms < other_ms : one < other;
}

static void swap(uint32_t *one, uint32_t *other)
{
    uint32_t kept = *one;
    *one = *other;
    *other = kept;
}

static void sift_up(struct lane *lane, uint32_t at)
{
    while (at > 0) {
        uint32_t parent = (at - 1) / 2;
        if (!goes_before(lane, lane->heap[at], lane->heap[parent]))
            return;
        swap(&lane->heap[at], &lane->heap[parent]);
        at = parent;
    }
}

static void sift_down(struct lane *lane)
{
    uint32_t at = 0;
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < lane->heap_count; child++) {
            if (goes_before(lane, lane->heap[child], lane->heap[least]))
                least = child;
        }
        if (least == at)
            return;
        swap(&lane->heap[at], &lane->heap[least]);
        at = least;
    }
}

static void leave_heap(struct lane *lane)
{
    lane->jobs[lane->heap[0]].waiting = false;
    lane->heap[0] = lane->heap[--lane->heap_count];
    sift_down(lane);
}

/* Jobs that were settled while they waited leave the heap when they come to its top. */
static struct job *first_waiting(struct lane *lane)
{
    while (lane->heap_count > 0) {
        struct job *job = &lane->jobs[lane->heap[0]];
        if (job->state == JOB_QUEUED)
            return job;
        leave_heap(lane);
    }
    return NULL;
}

void lane_queue(struct lane *lane, struct job *job, uint64_t not_before_ms)
{
    assert(!job->waiting);
    lane_move(lane, job, JOB_QUEUED);
    job->not_before_ms = not_before_ms;
    job->waiting = true;
    lane->heap[lane->heap_count++] = lane_index(lane, job);
    sift_up(lane, lane->heap_count - 1);
}

/* ---- who goes next --------------------------------------------------------------------------------------------- */

static struct job *first_fresh(struct lane *lane)
{
    for (; lane->fresh < lane->count; lane->fresh++) {
        struct job *job = &lane->jobs[lane->fresh];
        if (job->state == JOB_QUEUED && !job->waiting)
            return job;
    }
    return NULL;
}

struct job *lane_next(struct lane *lane, uint64_t now_ms)
{
    if (lane->blocked != 0)
        return NULL;
    struct job *job = first_waiting(lane);
    return job != NULL && job->not_before_ms <= now_ms ? job : first_fresh(lane);
}

void lane_take(struct lane *lane, struct job *job)
{
    if (job->waiting) {
        assert(&lane->jobs[lane->heap[0]] == job);
        leave_heap(lane);
    }
    lane_move(lane, job, JOB_SENDING);
}

uint64_t lane_wake_ms(struct lane *lane)
{
    const struct job *job = lane->blocked == 0 ? first_waiting(lane) : NULL;
    return job != NULL ? job->not_before_ms : UINT64_MAX;
}
