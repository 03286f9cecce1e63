/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "api/base/pace.h"
#include "api/base/random.h"

/* --- a client and an account under a virtual clock, millisecond by millisecond
 * ---------------------------------------- */

enum { CONCURRENCY = 64, DELAY_MS = 30, JITTER_MS = 8, RUN_SECONDS = 200 };

struct request {
    uint64_t sent_ms, arrives_ms, replies_ms; /* sent_ms 0: the place is free */
    bool accepted;
};

struct world {
    struct pace pace;
    uint64_t now_ms, wake_ms;
    uint64_t random;
    double limit, burst, tokens; /* the account's bucket, which the client cannot see */
    uint64_t retry_after_ms;
    unsigned in_flight;
    struct request requests[CONCURRENCY];
    unsigned accepted[RUN_SECONDS], refused[RUN_SECONDS]; /* calls per second of the run */
};

static void world_init(struct world *world, const struct pace_options *options, double burst, uint64_t seed)
{
    *world = (struct world){.limit = 40, .burst = burst, .tokens = burst, .random = seed, .now_ms = 1000};
    pace_init(&world->pace, options, world->now_ms);
}

static void arrive(struct world *world, struct request *request)
{
    request->accepted = world->tokens >= 1;
    if (request->accepted)
        world->tokens -= 1;
    (request->accepted ? world->accepted : world->refused)[world->now_ms / 1000 - 1]++;
}

static void answer(struct world *world, struct request *request)
{
    if (request->accepted) {
        pace_succeeded(&world->pace, world->now_ms);
        world->wake_ms = world->now_ms; /* who waits asks again */
    } else {
        pace_throttled(&world->pace, world->now_ms, request->sent_ms, world->retry_after_ms);
    }
    request->sent_ms = 0;
    world->in_flight--;
}

static void send_some(struct world *world)
{
    for (unsigned i = 0; i < CONCURRENCY && world->now_ms >= world->wake_ms; i++) {
        struct request *request = &world->requests[i];
        if (request->sent_ms != 0)
            continue;
        uint64_t wait_ms = pace_take(&world->pace, world->now_ms, 1);
        if (wait_ms > 0) {
            world->wake_ms = world->now_ms + wait_ms + random_below(&world->random, 3);
            continue;
        }
        uint64_t there_ms = DELAY_MS / 2 + random_below(&world->random, JITTER_MS);
        uint64_t back_ms = DELAY_MS / 2 + random_below(&world->random, JITTER_MS);
        *request = (struct request){.sent_ms = world->now_ms,
                                    .arrives_ms = world->now_ms + there_ms,
                                    .replies_ms = world->now_ms + there_ms + back_ms};
        world->in_flight++;
    }
}

/* The client always has more to send. */
static void run_until(struct world *world, unsigned second)
{
    for (; world->now_ms < (second + 1) * 1000ULL; world->now_ms++) {
        world->tokens += world->limit / 1000;
        if (world->tokens > world->burst)
            world->tokens = world->burst;
        for (unsigned i = 0; i < CONCURRENCY && world->in_flight > 0; i++) {
            struct request *request = &world->requests[i];
            if (request->sent_ms != 0 && request->arrives_ms == world->now_ms)
                arrive(world, request);
            if (request->sent_ms != 0 && request->replies_ms == world->now_ms)
                answer(world, request);
        }
        send_some(world);
    }
}

static unsigned sum(const unsigned *counts, unsigned from, unsigned to)
{
    unsigned total = 0;
    for (unsigned i = from; i < to; i++)
        total += counts[i];
    return total;
}

static void assert_used(const struct world *world, double limit, unsigned from, unsigned to)
{
    double used = sum(world->accepted, from, to) / (limit * (to - from));
    if (used < 0.95)
        fail_msg("from second %u to %u only %.1f %% of the limit were used", from, to, used * 100);
}

static void assert_rarely_refused(const struct world *world, unsigned from, unsigned to)
{
    unsigned refused = sum(world->refused, from, to);
    unsigned calls = refused + sum(world->accepted, from, to);
    if (refused > calls * 0.02)
        fail_msg("from second %u to %u %u of %u calls were refused", from, to, refused, calls);
}

/* --- an unknown limit -----------------------------------------------------------------------------------------------
 */

/* A limit that the client does not know, 40 a second: nearly all of it is used after five seconds and nearly nothing is
 * refused; when it halves, and when it doubles (twice), the client follows within ten seconds. */
static void an_unknown_limit_is_used_and_followed(void **state)
{
    (void)state;
    static const double bursts[] = {4, 40};
    for (uint64_t seed = 0; seed < 12; seed++) {
        struct world world;
        unsigned shift = (unsigned)seed % 6; /* so that the changes meet every phase of the curve */
        world_init(&world, &(struct pace_options){.burst = 0}, bursts[seed % 2], seed);

        run_until(&world, 40 + shift);
        world.limit = 20;
        run_until(&world, 80 + shift);
        world.limit = 40;
        run_until(&world, 120 + shift);
        world.limit = 80;
        run_until(&world, 160 + shift);

        assert_used(&world, 40, 5, 40 + shift);
        assert_used(&world, 20, 50 + shift, 80 + shift);
        assert_used(&world, 40, 90 + shift, 120 + shift);
        assert_used(&world, 80, 130 + shift, 160 + shift);
        assert_true(world.refused[0] <= 32); /* what the opening costs, once */
        assert_rarely_refused(&world, 1, 40 + shift);
        assert_rarely_refused(&world, 0, 160 + shift);
    }
}

/* Large limits are found as well, from the slow start on. */
static void a_large_limit_is_found(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, &(struct pace_options){.burst = 0}, 100, 3);
    world.limit = 1000;
    run_until(&world, 60);
    assert_used(&world, 1000, 10, 60);
    assert_rarely_refused(&world, 10, 60);
}

/* A server that takes everything has its full load after a few round trips, and nothing is held back from then on. */
static void no_limit_is_soon_no_limit(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, &(struct pace_options){.burst = 0}, 1e9, 3);
    world.limit = 1e9;
    run_until(&world, 1);
    /* 64 at a time, each for 38 ms on average: 1,700 a second; the first one has a few round trips to open in. */
    assert_true(world.accepted[0] > 1300);
    assert_true(isinf(pace_limit(&world.pace)));
    run_until(&world, 5);
    assert_true(sum(world.accepted, 1, 5) > 6500);
}

/* Nothing at all goes through for a minute: the client nearly stops asking, and is back soon after. */
static void a_blackout_is_survived(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, &(struct pace_options){.burst = 0}, 4, 5);
    run_until(&world, 30);
    world.limit = 0;
    run_until(&world, 90);
    world.limit = 40;
    run_until(&world, 130);

    assert_true(sum(world.refused, 35, 90) < 60);
    assert_used(&world, 40, 100, 130);
}

/* A server that says when to come back is not asked before. */
static void retry_after_is_obeyed(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, &(struct pace_options){.start_rate = 100}, 4, 5);
    world.limit = 0.0;
    world.retry_after_ms = 20000;
    run_until(&world, 19);
    assert_true(sum(world.refused, 0, 2) > 0);
    assert_int_equal(sum(world.refused, 2, 19) + world.in_flight, 0);
    world.limit = 40;
    world.retry_after_ms = 0;
    run_until(&world, 40);
    assert_used(&world, 40, 25, 40);
}

/* A share of an unknown limit: found out at full speed, then kept, and found out again after ten minutes. */
static void a_share_of_an_unknown_limit_is_kept(void **state)
{
    (void)state;
    static const double bursts[] = {4, 40};
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct world world;
        world_init(&world, &(struct pace_options){.share_percent = 50}, bursts[seed % 2], seed);
        run_until(&world, 100);

        double used = sum(world.accepted, 40, 100) / 60.0;
        assert_true(used > 16 && used < 21);
        assert_int_equal(sum(world.refused, 40, 100), 0);
        assert_true(pace_limit(&world.pace) < 21);
    }
}

/* --- single steps
 * ----------------------------------------------------------------------------------------------------- */

static void assert_near(double value, double expected, double tolerance)
{
    if (!(value >= expected - tolerance && value <= expected + tolerance))
        fail_msg("%f is not near %f", value, expected);
}

/* Takes one token after the other until told to wait; says how many there were. */
static unsigned drain(struct pace *pace, uint64_t now_ms)
{
    unsigned count = 0;
    while (pace_take(pace, now_ms, 1) == 0)
        count++;
    return count;
}

static struct pace pace_of(struct pace_options options)
{
    struct pace pace;
    pace_init(&pace, &options, 1000);
    return pace;
}

/* No limit: nothing is held back, whatever happens. */
static void unlimited_costs_nothing(void **state)
{
    (void)state;
    struct pace pace = pace_of((struct pace_options){.unlimited = true});
    for (int i = 0; i < 1000; i++)
        assert_int_equal(pace_take(&pace, 1000, 1000), 0);
    pace_throttled(&pace, 1000, 999, 5000);
    pace_succeeded(&pace, 1000);
    assert_int_equal(pace_take(&pace, 1000, 1), 0);
    assert_true(isinf(pace_limit(&pace)));
}

/* The wait that is told is enough, and not a millisecond more. */
static void the_wait_told_is_enough(void **state)
{
    (void)state;
    struct pace pace = pace_of((struct pace_options){.ceiling_rate = 4, .burst = 1});
    assert_int_equal(pace_take(&pace, 1000, 1), 0);
    uint64_t wait_ms = pace_take(&pace, 1000, 1);
    assert_in_range(wait_ms, 250, 251);
    assert_int_not_equal(pace_take(&pace, 1000 + wait_ms - 2, 1), 0);
    assert_int_equal(pace_take(&pace, 1000 + wait_ms, 1), 0);
    assert_int_equal(pace_take(&pace, 1000 + wait_ms, 0), 0);
}

/* After a pause the burst may leave at once, and no more; a clock that stands still gives nothing. */
static void a_pause_saves_no_more_than_the_burst(void **state)
{
    (void)state;
    struct pace pace = pace_of((struct pace_options){.ceiling_rate = 10, .burst = 5});
    assert_int_equal(drain(&pace, 1000), 1);
    assert_int_equal(drain(&pace, 1000), 0);
    assert_int_equal(drain(&pace, 500), 0);
    assert_int_equal(drain(&pace, 3600000), 5);
}

/* A caller whose timer comes late, again and again, still gets his full rate, small as the burst is. */
static void a_late_caller_loses_nothing(void **state)
{
    (void)state;
    struct pace pace = pace_of((struct pace_options){.start_rate = 1000, .ceiling_rate = 1000, .burst = 1});
    unsigned count = 0;
    for (uint64_t now_ms = 1000; now_ms < 11000; now_ms += 15)
        count += drain(&pace, now_ms);
    assert_in_range(count, 9980, 10001);
}

/* A batch larger than the bucket leaves in one piece and is paid for afterwards. */
static void a_batch_is_paid_afterwards(void **state)
{
    (void)state;
    struct pace pace = pace_of((struct pace_options){.ceiling_rate = 10, .burst = 2});
    assert_int_equal(pace_take(&pace, 1000, 21), 0);
    assert_in_range(pace_take(&pace, 1000, 1), 2100, 2101);
    struct pace huge = pace_of((struct pace_options){.ceiling_rate = 10});
    assert_int_equal(pace_take(&huge, 1000, UINT32_MAX), 0);
    assert_in_range(pace_take(&huge, 1000, 1), 3600000, 3600001);
}

/* Refusals of requests that left before the decrease are the same episode: one decrease. A later one is another. */
static void one_episode_is_one_decrease(void **state)
{
    (void)state;
    struct pace pace = pace_of((struct pace_options){.start_rate = 100});
    for (uint64_t i = 0; i < 20; i++)
        pace_throttled(&pace, 1030 + i, 1000 + i, 0);
    assert_near(pace_limit(&pace), 85, 0.01);
    pace_throttled(&pace, 1061, 1031, 0);
    assert_near(pace_limit(&pace), 72.25, 0.01);
}

/* The first refusal while nothing is known says that there is a limit, not which: it begins again at the start rate. A
 * batch is one request as long as there is no rate. */
static void the_first_refusal_ends_the_opening(void **state)
{
    (void)state;
    struct pace pace = pace_of((struct pace_options){.burst = 0});
    assert_int_equal(pace_take(&pace, 1000, 1000), 0);
    for (unsigned i = 0; i < 200; i++)
        pace_succeeded(&pace, 1030);
    assert_int_equal(drain(&pace, 1030), PACE_OPENING_MAX);
    for (uint64_t i = 0; i < 20; i++)
        pace_throttled(&pace, 1060 + i, 1030, 0);
    assert_near(pace_limit(&pace), PACE_START_RATE, 0.01);
    assert_int_equal(drain(&pace, 1080), 0);
    assert_int_equal(drain(&pace, 60000), PACE_BURST);
}

/* What a pause has saved up is void after a refusal: all of it would be refused too. */
static void a_refusal_voids_the_burst(void **state)
{
    (void)state;
    struct pace pace = pace_of((struct pace_options){.start_rate = 10, .burst = 50});
    assert_int_equal(pace_take(&pace, 9000, 1), 0);
    pace_throttled(&pace, 9030, 9000, 0);
    assert_int_equal(drain(&pace, 9030), 0);
}

/* Of several times to come back the latest counts, even in one episode; an absurd one is cut. */
static void the_latest_retry_after_counts(void **state)
{
    (void)state;
    struct pace pace = pace_of((struct pace_options){.start_rate = 100});
    pace_throttled(&pace, 1030, 1000, 3000);
    pace_throttled(&pace, 1031, 1001, 5000);
    pace_throttled(&pace, 1032, 1002, 1000);
    assert_int_equal(pace_take(&pace, 1032, 1), 4999);
    pace_throttled(&pace, 2000, 1003, UINT64_MAX);
    assert_int_equal(pace_take(&pace, 2000, 1), 600000);
    assert_int_equal(pace_take(&pace, 602000, 1), 0);
}

/* Successes of a caller who does not use what he has say nothing about more. */
static void an_idle_caller_does_not_climb(void **state)
{
    (void)state;
    struct pace pace = pace_of((struct pace_options){.start_rate = 10});
    for (uint64_t now_ms = 2000; now_ms < 100000; now_ms += 500) {
        assert_int_equal(pace_take(&pace, now_ms, 1), 0);
        pace_succeeded(&pace, now_ms + 30);
    }
    assert_near(pace_limit(&pace), 10, 0.01);
}

/* Asks and succeeds as fast as it may for so long. */
static uint64_t hurry(struct pace *pace, uint64_t now_ms, uint64_t duration_ms)
{
    for (uint64_t end_ms = now_ms + duration_ms; now_ms < end_ms; now_ms += 5) {
        for (unsigned left = drain(pace, now_ms); left > 0; left--)
            pace_succeeded(pace, now_ms);
    }
    return now_ms;
}

/* Ceilings hold however well it goes: the caller's own, a published limit, the share of one. */
static void ceilings_hold(void **state)
{
    (void)state;
    static const struct {
        struct pace_options options;
        double first, last;
    } cases[] = {{{.start_rate = 5, .ceiling_rate = 30}, 5, 30},
                 {{.published_rate = 10}, 10, 10},
                 {{.published_rate = 10, .share_percent = 50}, 5, 5},
                 {{.published_rate = 100, .ceiling_rate = 30, .share_percent = 50}, 30, 30},
                 {{.published_rate = 0.2, .share_percent = 500}, 0.2, 0.2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pace pace = pace_of(cases[i].options);
        assert_near(pace_limit(&pace), cases[i].first, 0.001);
        hurry(&pace, 1000, 60000);
        assert_near(pace_limit(&pace), cases[i].last, 0.001);
    }
}

/* After a refusal the rate comes back to where it was in four seconds, rests there, and goes beyond only later. */
static void the_curve_is_cubic(void **state)
{
    (void)state;
    struct pace pace = pace_of((struct pace_options){.start_rate = 100});
    pace_throttled(&pace, 1030, 1000, 0);
    hurry(&pace, 1030, 500);
    pace_throttled(&pace, 1600, 1590, 0);
    double limit = 100 * 0.85, rates[9];
    for (int i = 0; i < 9; i++) {
        hurry(&pace, 1600 + 1000U * (unsigned)i, 1000);
        rates[i] = pace_limit(&pace);
    }
    assert_true(rates[0] > 0.9 * limit && rates[0] < limit);
    assert_near(rates[3], rates[4], limit * 0.01);
    assert_true(rates[5] < 1.1 * limit);
    assert_true(rates[8] > 1.9 * limit && rates[8] < 2.5 * limit);
}

/* A share that was learnt is forgotten after ten minutes, and the rate climbs again without a jump. */
static void a_learnt_share_grows_old(void **state)
{
    (void)state;
    struct pace pace = pace_of((struct pace_options){.start_rate = 40, .share_percent = 50});
    pace_throttled(&pace, 1030, 1000, 0);
    uint64_t now_ms = hurry(&pace, 1030, 5000);
    pace_throttled(&pace, now_ms, now_ms - 30, 0);
    double share = pace_limit(&pace);
    now_ms = hurry(&pace, now_ms, 590000);
    assert_near(pace_limit(&pace), share, 0.001);
    now_ms = hurry(&pace, now_ms, 11000);
    assert_true(pace_limit(&pace) > share && pace_limit(&pace) < 3 * share);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_limit_is_used_and_followed),
        cmocka_unit_test(a_large_limit_is_found),
        cmocka_unit_test(no_limit_is_soon_no_limit),
        cmocka_unit_test(the_first_refusal_ends_the_opening),
        cmocka_unit_test(a_blackout_is_survived),
        cmocka_unit_test(retry_after_is_obeyed),
        cmocka_unit_test(a_share_of_an_unknown_limit_is_kept),
        cmocka_unit_test(unlimited_costs_nothing),
        cmocka_unit_test(the_wait_told_is_enough),
        cmocka_unit_test(a_pause_saves_no_more_than_the_burst),
        cmocka_unit_test(a_late_caller_loses_nothing),
        cmocka_unit_test(a_batch_is_paid_afterwards),
        cmocka_unit_test(one_episode_is_one_decrease),
        cmocka_unit_test(a_refusal_voids_the_burst),
        cmocka_unit_test(the_latest_retry_after_counts),
        cmocka_unit_test(an_idle_caller_does_not_climb),
        cmocka_unit_test(ceilings_hold),
        cmocka_unit_test(the_curve_is_cubic),
        cmocka_unit_test(a_learnt_share_grows_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
