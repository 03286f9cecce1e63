/* SPDX-License-Identifier: Apache-2.0
 *
 * Will it fit? A verdict for every row of a plan, and a forecast of time and cost. Pure.
 *
 * A verdict says more than a state does: what would be created and lose settings there, and what would find no room
 * because the quota ends before it (in the order of creation: topics by name, then groups by name).
 */
#ifndef MQFERRY_CONTROLLER_PLAN_EVALUATE_H
#define MQFERRY_CONTROLLER_PLAN_EVALUATE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"
#include "api/instance.h"
#include "controller/plan/plan.h"

enum verdict {
    VERDICT_PRESENT,     /* there as declared, or with accepted differences; being created counts */
    VERDICT_FITS,        /* can be created as declared */
    VERDICT_FITS_PARTLY, /* can be created, but loses settings (evaluate_lost) */
    VERDICT_IGNORED,     /* policy ignore */
    VERDICT_DIFFERS,     /* there with other settings: it would be left alone */
    VERDICT_UNREAD,      /* there, but its settings could not be read */
    VERDICT_DECIDE,      /* the mapping has to decide first; the cause says what */
    VERDICT_REFUSED,     /* cannot be created as it stands; the cause says why */
    VERDICT_NO_ROOM,     /* the quota ends before it */
    VERDICTS
};
const char *verdict_name(enum verdict verdict); /* "present", "fits", "fitsPartly", … */
bool verdict_is_fit(enum verdict verdict);      /* present, fits, fitsPartly, ignored */

/* Where the number of calls per second comes from. */
enum forecast_basis {
    FORECAST_NOTHING,   /* there is nothing to create */
    FORECAST_AT_ONCE,   /* one write holds all: a snapshot that stands for any instance */
    FORECAST_CEILING,   /* the ceiling that was asked for */
    FORECAST_PUBLISHED, /* the provider's published limit */
    FORECAST_LEARNT,    /* none is published: the pace begins here and learns */
    FORECAST_UNKNOWN,   /* nothing limits but the brokers themselves */
};

struct forecast {
    uint32_t creates[KINDS]; /* that would be made */
    enum forecast_basis basis;
    double calls_per_s; /* 0: none is known */
    uint64_t seconds;   /* of the creates, rounded up; only with calls_per_s */
    bool topics_cost;   /* the provider bills topics */
};

struct evaluation {
    uint8_t *verdicts; /* one a row of the plan */
    uint32_t counts[KINDS][VERDICTS];
    struct forecast forecast;
    bool fits; /* every row does */
};

struct evaluate_options {
    double rate_per_s;      /* ceiling of the configuration; 0: none */
    uint32_t share_percent; /* of a published limit; 0: all of it */
};

/* 0, or -1 with OUT_OF_MEMORY. */
int evaluate(const struct plan *plan, const struct description *destination, const struct evaluate_options *options,
             struct evaluation *out, struct failure *why);
void evaluation_release(struct evaluation *evaluation);

/* Of what the destination cannot hold: the declared settings that say something, other than their defaults. */
uint64_t evaluate_lost(const struct plan *plan, uint32_t row);

/* Sentences for people. */
const char *forecast_basis_text(enum forecast_basis basis);
const char *forecast_cost_text(const struct forecast *forecast, enum instance_kind kind);

#endif
