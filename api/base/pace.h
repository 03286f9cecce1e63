/* SPDX-License-Identifier: Apache-2.0
 *
 * How fast requests may leave: a token bucket whose rate is learnt from the answers. One pace stands for one budget of
 * the server (endpoint, access key, class of operations); everything in the process that uses this budget shares it.
 *
 * A limit of which nothing at all is known may be no limit: so the pace opens. Eight requests may leave, and each
 * success allows one and a half more, up to PACE_OPENING_MAX under way, and no rate holds them back (a server that
 * takes all has its full load after a few round trips). The first refusal ends this for good: it begins again at the
 * start rate, which doubles every second until the next refusal. From then on it is CUBIC: a refusal for throttling
 * takes it down by a factor, it comes back to the last known limit within seconds, stays near it for a while, then
 * climbs ever faster until the next refusal. It climbs only while it is what holds the caller back, and only on
 * successes. With a start rate, a ceiling, a published limit or a share to keep it does not open: it starts there.
 *
 * A refusal of a request that had left before the last decrease belongs to the same episode and changes nothing more.
 *
 * share: less than 100 % of a published limit is a ceiling. A limit that nobody published is found out first, at full
 * speed until the second refusal; then the share of it is kept for ten minutes, and it is found out again.
 *
 * Pure: time is an argument, milliseconds on a clock that does not go back.
 */
#ifndef MQFERRY_API_BASE_PACE_H
#define MQFERRY_API_BASE_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace_options {
    bool unlimited;         /* nothing is ever held back or learnt; the rest is not looked at */
    double start_rate;      /* requests a second before anything is known; 0: PACE_START_RATE */
    double ceiling_rate;    /* never faster than this; 0: no ceiling */
    double published_rate;  /* the server's documented limit; 0: none. Starts there and never goes beyond */
    uint32_t burst;         /* requests that may leave at once after a pause; 0: PACE_BURST */
    uint32_t share_percent; /* of the server's limit, 1 to 100; 0: 100 */
};

enum { PACE_START_RATE = 10, PACE_BURST = 2, PACE_OPENING_START = 8, PACE_OPENING_MAX = 64 };

/* The caller's storage; its fields belong to pace.c. */
struct pace {
    struct pace_options options;
    double rate; /* requests a second, learnt */

    double tokens; /* below zero after a batch larger than the bucket: a debt */
    uint64_t filled_ms;
    uint64_t hold_until_ms;    /* the server's Retry-After */
    uint64_t limited_until_ms; /* somebody was told to wait not long ago: the rate is what limits */

    bool opening;            /* nothing is known, nothing was refused yet */
    bool refused_once;       /* refused at least once: the curve below is in force */
    bool accepted;           /* something was accepted since the last decrease */
    double limit;            /* rate at the last refusal: the curve's plateau */
    double lowest;           /* rate right after it: the curve's start */
    double climbed_s;        /* position on the curve */
    uint64_t decreased_ms;   /* when the current episode began */
    uint64_t succeeded_ms;   /* the last success, or decrease */
    uint64_t accepted_count; /* since the last decrease */

    double share_rate;        /* ceiling from a share of a learnt limit; 0: not known */
    uint64_t share_learnt_ms; /* when */
    bool share_probing;       /* one refusal seen; the next one tells the limit */
};

void pace_init(struct pace *pace, const struct pace_options *options, uint64_t now_ms);

/* Takes the tokens of n requests: 0, and they leave now; else nothing is taken, and the answer is how many milliseconds
 * to wait before asking again. One waiter asks for all: if each of many callers waits, they all come back for one
 * token. */
uint64_t pace_take(struct pace *pace, uint64_t now_ms, uint32_t n);

/* A request that left at sent_ms was refused for throttling; retry_after_ms 0 when the server named no time (at most
 * ten minutes are obeyed). */
void pace_throttled(struct pace *pace, uint64_t now_ms, uint64_t sent_ms, uint64_t retry_after_ms);

/* A request was accepted, whatever it answered. Other failures are not told: they say nothing about the budget. */
void pace_succeeded(struct pace *pace, uint64_t now_ms);

/* Requests a second that may leave now, for the metric; INFINITY when unlimited, or opening. */
double pace_limit(const struct pace *pace);

#endif
