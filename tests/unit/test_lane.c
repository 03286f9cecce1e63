/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "controller/pass/lane.h"

enum { JOBS = 64 };

static struct lane lane;

static int open_lane(void **state)
{
    (void)state;
    return lane_init(&lane, KIND_TOPIC, JOBS, 1);
}

static int close_lane(void **state)
{
    (void)state;
    lane_release(&lane);
    return 0;
}

static void add_rows(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        lane_add(&lane, i * 10, JOB_QUEUED);
}

static uint32_t take_next(uint64_t now_ms)
{
    struct job *job = lane_next(&lane, now_ms);
    assert_non_null(job);
    lane_take(&lane, job);
    return job->row;
}

static void jobs_go_in_the_order_of_their_rows(void **state)
{
    /* Same plan, same order: runs can be compared. */
    (void)state;
    add_rows(3);
    assert_int_equal(take_next(0), 0);
    assert_int_equal(take_next(0), 10);
    assert_int_equal(take_next(0), 20);
    assert_null(lane_next(&lane, 0));
    assert_int_equal(lane.counts[JOB_SENDING], 3);
    assert_int_equal(lane.counts[JOB_QUEUED], 0);
}

static void rows_are_found_by_number(void **state)
{
    /* Answers speak of rows; a row without a job has none. */
    (void)state;
    assert_null(lane_find(&lane, 0));
    add_rows(7);
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(lane_index(&lane, lane_find(&lane, i * 10)), i);
    assert_null(lane_find(&lane, 5));
    assert_null(lane_find(&lane, 70));
}

static void a_job_that_waits_lets_the_others_pass(void **state)
{
    /* A refused create is tried again when its moment comes, not before, and nobody waits for it. */
    (void)state;
    add_rows(2);
    struct job *first = lane_next(&lane, 100);
    lane_take(&lane, first);
    lane_queue(&lane, first, 500);
    assert_int_equal(lane_wake_ms(&lane), 500);
    assert_int_equal(take_next(100), 10);
    assert_null(lane_next(&lane, 499));
    assert_int_equal(take_next(500), 0);
    assert_int_equal(lane_wake_ms(&lane), UINT64_MAX);
}

static void waiting_jobs_come_back_by_their_moment(void **state)
{
    /* Whatever order they went to wait in; equal moments in the order of rows. */
    (void)state;
    add_rows(JOBS);
    for (uint32_t i = 0; i < JOBS; i++) {
        struct job *job = lane_next(&lane, 0);
        lane_take(&lane, job);
        lane_queue(&lane, job, 1000 + (i * 37) % JOBS / 2);
    }
    uint64_t last_ms = 0;
    uint32_t last_row = 0;
    for (uint32_t i = 0; i < JOBS; i++) {
        struct job *job = lane_next(&lane, 5000);
        assert_true(job->not_before_ms > last_ms || (job->not_before_ms == last_ms && job->row > last_row));
        last_ms = job->not_before_ms;
        last_row = job->row;
        lane_take(&lane, job);
    }
    assert_null(lane_next(&lane, 5000));
}

static void jobs_that_were_settled_while_they_waited_do_not_go(void **state)
{
    /* A read may show what waited for its next try. */
    (void)state;
    add_rows(2);
    struct job *first = lane_next(&lane, 0);
    lane_take(&lane, first);
    lane_queue(&lane, first, 10);
    lane_move(&lane, first, JOB_DONE);
    lane_move(&lane, lane_find(&lane, 10), JOB_DONE);
    assert_int_equal(lane_wake_ms(&lane), UINT64_MAX);
    assert_null(lane_next(&lane, 1000));
}

static void a_parked_group_goes_when_it_is_queued(void **state)
{
    /* Parked jobs are passed by; released ones go once. */
    (void)state;
    add_rows(2);
    struct job *parked = lane_find(&lane, 0);
    lane_move(&lane, parked, JOB_PARKED);
    lane_queue(&lane, parked, 50);
    assert_int_equal(take_next(49), 10);
    assert_null(lane_next(&lane, 49));
    assert_int_equal(take_next(50), 0);
    assert_null(lane_next(&lane, 1000));
}

static void doubts_are_no_creates_until_they_are_queued(void **state)
{
    /* What an earlier pass left in doubt stands in the lane, and goes only once its absence is proven. */
    (void)state;
    lane_add(&lane, 3, JOB_DOUBT);
    lane_add(&lane, 4, JOB_QUEUED);
    assert_int_equal(take_next(0), 4);
    assert_null(lane_next(&lane, 0));
    lane_queue(&lane, lane_find(&lane, 3), 7);
    assert_int_equal(take_next(7), 3);
}

static void an_empty_lane_needs_no_memory(void **state)
{
    /* An idle pass over a million rows keeps nothing per row. */
    (void)state;
    struct lane empty;
    assert_int_equal(lane_init(&empty, KIND_GROUP, 0, 5), 0);
    assert_null(empty.jobs);
    assert_null(lane_next(&empty, 0));
    assert_int_equal(lane_wake_ms(&empty), UINT64_MAX);
    lane_release(&empty);
    lane_release(&(struct lane){0});
}

static void a_batch_holds_at_least_one(void **state)
{
    /* A door that says nothing of batches takes one at a time. */
    (void)state;
    struct lane single;
    assert_int_equal(lane_init(&single, KIND_TOPIC, 1, 0), 0);
    assert_int_equal(single.batch_max, 1);
    lane_release(&single);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(jobs_go_in_the_order_of_their_rows, open_lane, close_lane),
        cmocka_unit_test_setup_teardown(rows_are_found_by_number, open_lane, close_lane),
        cmocka_unit_test_setup_teardown(a_job_that_waits_lets_the_others_pass, open_lane, close_lane),
        cmocka_unit_test_setup_teardown(waiting_jobs_come_back_by_their_moment, open_lane, close_lane),
        cmocka_unit_test_setup_teardown(jobs_that_were_settled_while_they_waited_do_not_go, open_lane, close_lane),
        cmocka_unit_test_setup_teardown(a_parked_group_goes_when_it_is_queued, open_lane, close_lane),
        cmocka_unit_test_setup_teardown(doubts_are_no_creates_until_they_are_queued, open_lane, close_lane),
        cmocka_unit_test(an_empty_lane_needs_no_memory),
        cmocka_unit_test(a_batch_holds_at_least_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
