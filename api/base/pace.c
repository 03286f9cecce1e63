/* SPDX-License-Identifier: Apache-2.0
 *
 * The numbers were tuned under a virtual clock (tests/unit/test_pace.c) against budgets with small and large bursts
 * that halve and double meanwhile. A gentle factor and a slow return keep refusals rare; the cube afterwards finds a
 * doubled limit in time.
 */
#include "api/base/pace.h"

#include <math.h>

static const double opening_growth = 1.5;   /* requests that a success allows while nothing is known */
static const double early_growth = 0.7;     /* a second, before the first refusal: twice the rate every second */
static const double decrease_factor = 0.85; /* at a refusal */
static const double return_s = 4;           /* from there back to the limit */
static const double climb = 0.008;          /* of the limit, for a second's cube: twice the limit after five */
static const double floor_rate = 0.5;       /* slower than this nothing is learnt any more */
static const double late_s = 0.02;          /* a caller who comes so much later than told loses no token */

enum {
    STEP_MAX_MS = 1000,          /* one success proves the budget for this long at most */
    EPISODES_APART_MS = 1000,    /* refusals nearer to each other are one search for the limit */
    LIMITED_MS = 1000,           /* after a wait, the rate counts as what limits for this long */
    RETRY_AFTER_MAX_MS = 600000, /* a server that asks for more is broken */
    SHARE_KEPT_MS = 600000,      /* then the limit may be another one */
    WAIT_MAX_MS = 3600000,
};

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double share(const struct pace *pace)
{
    return pace->options.share_percent / 100.0;
}

/* What no success takes the rate beyond. */
static double ceiling(const struct pace *pace)
{
    double most = INFINITY;
    if (pace->options.ceiling_rate > 0)
        most = pace->options.ceiling_rate;
    if (pace->options.published_rate > 0)
        most = least(most, pace->options.published_rate * share(pace));
    if (pace->share_rate > 0)
        most = least(most, pace->share_rate);
    return most;
}

static void set_rate(struct pace *pace, double rate)
{
    double bounded = rate > floor_rate ? rate : floor_rate;
    pace->rate = least(bounded, ceiling(pace));
}

void pace_init(struct pace *pace, const struct pace_options *options, uint64_t now_ms)
{
    *pace = (struct pace){.options = *options, .filled_ms = now_ms, .succeeded_ms = now_ms, .tokens = 1};
    if (pace->options.burst == 0)
        pace->options.burst = PACE_BURST;
    if (pace->options.share_percent == 0 || pace->options.share_percent > 100)
        pace->options.share_percent = 100;
    pace->opening = !(pace->options.start_rate > 0) && !isfinite(ceiling(pace)) && pace->options.share_percent == 100;
    if (pace->opening)
        pace->tokens = PACE_OPENING_START;
    if (!(pace->options.start_rate > 0))
        pace->options.start_rate = PACE_START_RATE;
    set_rate(pace, pace->options.published_rate > 0 ? INFINITY : pace->options.start_rate);
}

static void fill(struct pace *pace, uint64_t now_ms)
{
    if (now_ms <= pace->filled_ms)
        return;
    double room = pace->opening ? PACE_OPENING_MAX : pace->options.burst + pace->rate * late_s;
    pace->tokens = least(room, pace->tokens + (double)(now_ms - pace->filled_ms) * pace->rate / 1000);
    pace->filled_ms = now_ms;
}

uint64_t pace_take(struct pace *pace, uint64_t now_ms, uint32_t n)
{
    if (pace->options.unlimited || n == 0)
        return 0;
    if (now_ms < pace->hold_until_ms)
        return pace->hold_until_ms - now_ms;
    fill(pace, now_ms);
    if (pace->tokens >= 1) {
        pace->tokens -= pace->opening ? 1 : n; /* without a rate there is no debt to pay */
        return 0;
    }
    uint64_t wait_ms = (uint64_t)least((1 - pace->tokens) * 1000 / pace->rate, WAIT_MAX_MS) + 1;
    pace->limited_until_ms = now_ms + wait_ms + LIMITED_MS;
    return wait_ms;
}

/* With a share to keep, two refusals some time apart tell the limit: the bucket over there was empty both times, so
 * what was accepted in between is what it was filled with. */
static void learn_share(struct pace *pace, uint64_t now_ms)
{
    if (pace->options.share_percent == 100 || pace->options.published_rate > 0 || pace->share_rate > 0)
        return;
    uint64_t apart_ms = now_ms - pace->decreased_ms;
    if (pace->share_probing && apart_ms >= EPISODES_APART_MS) {
        pace->share_rate = (double)pace->accepted_count * 1000 / (double)apart_ms * share(pace);
        pace->share_learnt_ms = now_ms;
    }
    pace->share_probing = !(pace->share_rate > 0);
}

static void forget_old_share(struct pace *pace, uint64_t now_ms)
{
    if (pace->share_rate > 0 && now_ms >= pace->share_learnt_ms + SHARE_KEPT_MS) {
        pace->share_rate = 0;
        pace->share_probing = false;
    }
}

/* Without a success in between, a further decrease says nothing new about the limit: the budget is just gone for now.
 */
static void decrease(struct pace *pace, uint64_t now_ms)
{
    double lower = pace->rate * decrease_factor;
    if (!pace->refused_once)
        pace->limit = lower;
    else if (pace->accepted)
        pace->limit = pace->rate;
    pace->refused_once = true;
    pace->accepted = false;
    pace->accepted_count = 0;
    pace->climbed_s = 0;
    pace->decreased_ms = pace->succeeded_ms = now_ms;
    set_rate(pace, lower);
    pace->lowest = pace->rate;
    pace->tokens = least(pace->tokens, 0);
}

/* What went through so far came out of a bucket that nobody knows: it says nothing about the rate. */
static void end_opening(struct pace *pace, uint64_t now_ms)
{
    pace->opening = false;
    pace->accepted_count = 0;
    pace->decreased_ms = pace->succeeded_ms = now_ms;
    pace->tokens = 0;
}

void pace_throttled(struct pace *pace, uint64_t now_ms, uint64_t sent_ms, uint64_t retry_after_ms)
{
    if (pace->options.unlimited)
        return;
    uint64_t told_ms = retry_after_ms < RETRY_AFTER_MAX_MS ? retry_after_ms : RETRY_AFTER_MAX_MS;
    if (pace->hold_until_ms < now_ms + told_ms)
        pace->hold_until_ms = now_ms + told_ms;
    if (pace->decreased_ms > 0 && sent_ms <= pace->decreased_ms)
        return;
    fill(pace, now_ms);
    if (pace->opening) {
        end_opening(pace, now_ms);
        return;
    }
    learn_share(pace, now_ms);
    decrease(pace, now_ms);
}

/* The cubic curve: from `lowest` up to `limit` in return_s, flat there, then beyond. */
static double curve(const struct pace *pace)
{
    double beyond_s = pace->climbed_s - return_s;
    if (beyond_s > 0)
        return pace->limit * (1 + climb * beyond_s * beyond_s * beyond_s);
    double left = -beyond_s / return_s;
    return pace->limit - (pace->limit - pace->lowest) * left * left * left;
}

void pace_succeeded(struct pace *pace, uint64_t now_ms)
{
    if (pace->options.unlimited || now_ms < pace->succeeded_ms)
        return;
    uint64_t step_ms = now_ms - pace->succeeded_ms;
    double step_s = (double)(step_ms < STEP_MAX_MS ? step_ms : STEP_MAX_MS) / 1000;

    pace->succeeded_ms = now_ms;
    pace->accepted = true;
    pace->accepted_count++;
    forget_old_share(pace, now_ms);
    if (pace->opening) {
        pace->tokens = least(pace->tokens + opening_growth, PACE_OPENING_MAX);
        return;
    }
    if (now_ms > pace->limited_until_ms || pace->rate >= ceiling(pace))
        return;
    fill(pace, now_ms);
    pace->climbed_s += step_s;
    set_rate(pace, pace->refused_once ? curve(pace) : pace->rate * (1 + early_growth * step_s));
}

double pace_limit(const struct pace *pace)
{
    return pace->options.unlimited || pace->opening ? INFINITY : pace->rate;
}
