/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/plan/evaluate.h"

#include <stdlib.h>

#include "api/base/pace.h"
#include "api/cause.h"

enum { ONS_CREATES_PER_S = 10 }; /* published, per account and operation: reference openapi 2.3 */

static const char *const names[VERDICTS] = {
    [VERDICT_PRESENT] = "present", [VERDICT_FITS] = "fits",       [VERDICT_FITS_PARTLY] = "fitsPartly",
    [VERDICT_IGNORED] = "ignored", [VERDICT_DIFFERS] = "differs", [VERDICT_UNREAD] = "unread",
    [VERDICT_DECIDE] = "decide",   [VERDICT_REFUSED] = "refused", [VERDICT_NO_ROOM] = "noRoom",
};

const char *verdict_name(enum verdict verdict)
{
    return names[verdict];
}

bool verdict_is_fit(enum verdict verdict)
{
    return verdict <= VERDICT_IGNORED;
}

/* ---- verdicts */

uint64_t evaluate_lost(const struct plan *plan, uint32_t row)
{
    const struct settings *declared = catalog_settings_of(plan->declared, &catalog_rows(plan->declared)[row]);
    uint64_t lost = plan_not_held(plan, row);

    for (uint64_t rest = lost; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        if (value_is_default(field, settings_value(declared, field)))
            lost &= ~(UINT64_C(1) << field);
    }
    return lost;
}

static enum verdict of_missing(const struct plan *plan, uint32_t row, int64_t *room)
{
    if (*room == 0)
        return VERDICT_NO_ROOM;
    if (*room > 0)
        (*room)--;
    return evaluate_lost(plan, row) == 0 ? VERDICT_FITS : VERDICT_FITS_PARTLY;
}

/* false: it is not a resource to be judged (system, excluded). */
static bool judge(const struct plan *plan, uint32_t row, int64_t *room, enum verdict *out)
{
    switch ((enum state)plan->rows[row].state) {
    case STATE_IN_SYNC:
    case STATE_ACCEPTED:
    case STATE_CREATING:
        *out = VERDICT_PRESENT;
        return true;
    case STATE_MISSING:
        *out = of_missing(plan, row, room);
        return true;
    case STATE_DIFFERS:
        *out = VERDICT_DIFFERS;
        return true;
    case STATE_UNREAD:
        *out = VERDICT_UNREAD;
        return true;
    case STATE_CONFLICT:
    case STATE_INVALID:
        *out = cause_remedy(plan->rows[row].cause) == REMEDY_DECIDE ? VERDICT_DECIDE : VERDICT_REFUSED;
        return true;
    case STATE_IGNORED:
        *out = VERDICT_IGNORED;
        return true;
    case STATE_SYSTEM:
    case STATE_EXCLUDED:
    case STATE_EXTRA:
    case STATE_VANISHED:
    case STATES:
        break;
    }
    return false;
}

static void judge_all(const struct plan *plan, const struct description *destination, struct evaluation *out)
{
    int64_t room[KINDS];

    for (enum kind kind = 0; kind < KINDS; kind++)
        room[kind] = destination->quota_free[kind];
    out->fits = true;
    for (uint32_t row = 0; row < plan->row_count; row++) {
        enum kind kind = catalog_rows(plan->declared)[row].kind;
        enum verdict verdict = VERDICT_IGNORED;
        bool judged = judge(plan, row, &room[kind], &verdict);

        out->verdicts[row] = (uint8_t)verdict;
        if (!judged)
            continue;
        out->counts[kind][verdict]++;
        out->fits = out->fits && verdict_is_fit(verdict);
        if (plan->rows[row].action == ACTION_CREATE && verdict_is_fit(verdict))
            out->forecast.creates[kind]++;
    }
}

/* ---- the forecast */

static void take_basis(struct forecast *forecast, enum instance_kind kind, const struct evaluate_options *options)
{
    switch (kind) {
    case INSTANCE_ONS:
        forecast->basis = FORECAST_PUBLISHED;
        forecast->calls_per_s = ONS_CREATES_PER_S * (options->share_percent > 0 ? options->share_percent / 100.0 : 1);
        break;
    case INSTANCE_APSARAMQ:
        forecast->basis = FORECAST_LEARNT;
        forecast->calls_per_s = PACE_START_RATE;
        break;
    case INSTANCE_ROCKETMQ:
        forecast->basis = FORECAST_UNKNOWN;
        break;
    case INSTANCE_ANY:
    case INSTANCE_KINDS:
        forecast->basis = FORECAST_AT_ONCE;
        break;
    }
    if (options->rate_per_s > 0 && (forecast->basis == FORECAST_LEARNT || forecast->basis == FORECAST_UNKNOWN ||
                                    options->rate_per_s < forecast->calls_per_s)) {
        forecast->basis = FORECAST_CEILING;
        forecast->calls_per_s = options->rate_per_s;
    }
}

/* A kind's creates are an operation of their own where limits are published; topics go before groups all the same. */
static void forecast_time(struct forecast *forecast, enum instance_kind kind, const struct evaluate_options *options)
{
    uint64_t creates = (uint64_t)forecast->creates[KIND_TOPIC] + forecast->creates[KIND_GROUP];

    if (creates == 0)
        return;
    take_basis(forecast, kind, options);
    if (forecast->calls_per_s <= 0)
        return;
    double seconds = (double)creates / forecast->calls_per_s;
    forecast->seconds = (uint64_t)seconds;
    if ((double)forecast->seconds < seconds)
        forecast->seconds++;
}

int evaluate(const struct plan *plan, const struct description *destination, const struct evaluate_options *options,
             struct evaluation *out, struct failure *why)
{
    enum instance_kind kind = plan->capabilities.kind;

    *out = (struct evaluation){.verdicts = calloc(plan->row_count + 1, 1)};
    if (out->verdicts == NULL)
        return failure_no_memory(why, "the evaluation");
    judge_all(plan, destination, out);
    forecast_time(&out->forecast, kind, options);
    out->forecast.topics_cost = kind == INSTANCE_ONS || kind == INSTANCE_APSARAMQ;
    return 0;
}

void evaluation_release(struct evaluation *evaluation)
{
    free(evaluation->verdicts);
    evaluation->verdicts = NULL;
}

/* ---- sentences */

const char *forecast_basis_text(enum forecast_basis basis)
{
    switch (basis) {
    case FORECAST_NOTHING:
        return "there is nothing to create";
    case FORECAST_AT_ONCE:
        return "one write of the file holds all";
    case FORECAST_CEILING:
        return "at the ceiling that was asked for";
    case FORECAST_PUBLISHED:
        return "at the published limit of the account";
    case FORECAST_LEARNT:
        return "at the pace that mqferry begins with; the account's limit is not published and is learnt on the way";
    case FORECAST_UNKNOWN:
        return "no limit of calls: the brokers write as fast as their disks do";
    }
    return "";
}

/* What is billed, as far as the reference tells (openapi 1.7); prices are in no API. */
const char *forecast_cost_text(const struct forecast *forecast, enum instance_kind kind)
{
    if (!forecast->topics_cost)
        return "nobody bills topics or groups there";
    if (forecast->creates[KIND_TOPIC] == 0)
        return "no topic is added to the bill";
    return kind == INSTANCE_ONS ? "ApsaraMQ 4.x bills every topic per day; the price depends on the region"
                                : "serverless instances of ApsaraMQ 5.x bill topics; the price depends on the region";
}
