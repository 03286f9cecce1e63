/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/daemon/telling.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/base/hash.h"
#include "api/cause.h"

enum { NUMBER_BYTES = 24, PLACE_BYTES = 32, DIGEST_ROWS_MAX = 50000 };

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void tell_more(struct log *log, enum log_level level, const char *event, const char *sync, uint64_t more)
{
    char count[NUMBER_BYTES];

    if (more == 0)
        return;
    snprintf(count, sizeof count, "%" PRIu64, more);
    log_event(log, level, event, "and more of them, which are not listed", "sync", sync, "count", count, NULL);
}

/* --- complaints
 * ---------------------------------------------------------------------------------------------------------------- */

void tell_complaints(struct log *log, enum log_level level, const char *event, const char *sync,
                     const struct complaints *complaints)
{
    uint32_t count = complaints == NULL ? 0 : complaints->count;
    uint32_t shown = count < TELLING_LINES_MAX ? count : TELLING_LINES_MAX;

    for (uint32_t i = 0; i < shown; i++) {
        const struct complaint *complaint = &complaints->items[i];
        char place[PLACE_BYTES];
        snprintf(place, sizeof place, "%" PRIu32 ":%" PRIu32, complaint->line, complaint->column);
        log_event(log, level, event, complaint->text, "sync", sync, "path", complaint->path, "place",
                  complaint->line > 0 ? place : NULL, NULL);
    }
    tell_more(log, level, event, sync, count - shown + (complaints == NULL ? 0 : complaints->dropped));
}

/* --- rows
 * --------------------------------------------------------------------------------------------------------------------
 */

/* Why it was not created: what the destination said, or what the plan found. */
static void explain_row(const struct runner_result *result, uint32_t row, struct failure *out)
{
    enum field field;
    char sentence[256] = "";

    pass_failure(result->pass, row, out);
    if (out->text[0] != '\0')
        return;
    plan_explain(result->plan, row, &field, sentence);
    snprintf(out->text, sizeof out->text, "%s", sentence);
}

static void tell_row(struct log *log, const char *sync, const struct runner_result *result, uint32_t row,
                     const struct row_result *one)
{
    const struct resource *resource = &catalog_rows(result->plan->declared)[row];
    struct text name = catalog_name(result->plan->declared, resource);
    struct failure failure = FAILURE_INIT;
    bool created = one->result == RESULT_CREATED;
    char quoted[NAME_BYTES_MAX + 1];

    snprintf(quoted, sizeof quoted, "%.*s", (int)name.bytes, name.data);
    if (one->cause != CAUSE_NONE)
        explain_row(result, row, &failure);
    log_event(log, created ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, created ? "created" : "not-created",
              created ? "created" : failure.text, "sync", sync, "kind", kind_name(resource->kind), "name", quoted,
              "result", result_name(one->result), "cause", one->cause != CAUSE_NONE ? cause_name(one->cause) : NULL,
              "code", or_null(failure.provider_code), "request_id", or_null(failure.request_id), NULL);
}

static uint64_t both(const uint64_t counts[static KINDS])
{
    return counts[KIND_TOPIC] + counts[KIND_GROUP];
}

static bool is_trouble(const struct row_result *one)
{
    return one->result == RESULT_FAILED || one->result == RESULT_PENDING;
}

/* The first rows that are in trouble, and how many there are, as a number. Request ids and attempts do not count: they
 * are others in every pass. */
static uint64_t digest_trouble(const struct runner_result *result, uint64_t wanted)
{
    const struct catalog *declared = result->plan->declared;
    uint64_t digest = hash_word(0, wanted);

    for (uint32_t row = 0, seen = 0; seen < wanted && seen < DIGEST_ROWS_MAX && row < result->plan->row_count; row++) {
        struct row_result one = pass_result(result->pass, row);
        if (!is_trouble(&one))
            continue;
        digest = hash_word(digest, ((uint64_t)one.result << 32) + (uint64_t)one.cause);
        digest = hash_text(digest, catalog_name(declared, &catalog_rows(declared)[row]));
        seen++;
    }
    return digest;
}

/* What was created, always; what was not, when it is not what the pass before said. */
static void tell_rows(struct log *log, const char *sync, const struct runner_result *result, uint64_t *trouble)
{
    const struct pass_report *report = result->report;
    uint64_t created = both(report->created), troubled = both(report->failed) + both(report->pending);

    if (result->plan == NULL)
        return;
    uint64_t digest = digest_trouble(result, troubled), wanted = created + (digest != *trouble ? troubled : 0),
             told = 0;
    for (uint32_t row = 0; told < wanted && told < TELLING_LINES_MAX && row < result->plan->row_count; row++) {
        struct row_result one = pass_result(result->pass, row);
        if (one.result != RESULT_CREATED && (digest == *trouble || !is_trouble(&one)))
            continue;
        tell_row(log, sync, result, row, &one);
        told++;
    }
    if (told == TELLING_LINES_MAX)
        tell_more(log, LOG_LEVEL_WARN, "rows-not-listed", sync, wanted - told);
    *trouble = digest;
}

/* What the source has no more: all of it, whenever there is more of it than before. */
static void tell_vanished(struct log *log, const char *sync, const struct plan *plan)
{
    uint32_t position = 0, row, told = 0;

    for (; told < TELLING_LINES_MAX && plan_next_vanished(plan, &position, &row); told++) {
        const struct resource *resource = &catalog_rows(plan->vanished)[row];
        struct text name = catalog_name(plan->vanished, resource);
        char quoted[NAME_BYTES_MAX + 1];

        snprintf(quoted, sizeof quoted, "%.*s", (int)name.bytes, name.data);
        log_event(log, LOG_LEVEL_WARN, "vanished",
                  "the source does not have it any more; on the destination it stays as it is", "sync", sync, "kind",
                  kind_name(resource->kind), "name", quoted, NULL);
    }
    if (told == TELLING_LINES_MAX && catalog_count(plan->vanished) > told)
        tell_more(log, LOG_LEVEL_WARN, "vanished-not-listed", sync, catalog_count(plan->vanished) - told);
}

/* --- the end
 * ---------------------------------------------------------------------------------------------------------------- */

static void tell_failure(struct log *log, const char *sync, const struct failure *failure)
{
    log_event(log, LOG_LEVEL_WARN, "pass-failed", failure->text, "sync", sync, "cause", cause_name(failure->cause),
              "code", or_null(failure->provider_code), "request_id", or_null(failure->request_id), "hint",
              cause_hint(failure->cause), NULL);
}

static void tell_end(struct log *log, const char *sync, const struct runner_result *result)
{
    const struct pass_report *report = result->report;
    char created[NUMBER_BYTES], failed[NUMBER_BYTES], pending[NUMBER_BYTES], took[NUMBER_BYTES];

    snprintf(created, sizeof created, "%" PRIu64, both(report->created));
    snprintf(failed, sizeof failed, "%" PRIu64, both(report->failed));
    snprintf(pending, sizeof pending, "%" PRIu64, both(report->pending));
    snprintf(took, sizeof took, "%" PRIu64, report->ended_ms - report->started_ms);
    log_event(log, LOG_LEVEL_INFO, "pass-end", result->parity ? "at parity" : "not at parity", "sync", sync, "created",
              created, "failed", failed, "pending", pending, "took_ms", took, "digest",
              or_null(result->declared_digest), NULL);
}

void tell_pass(struct log *log, const char *sync, const struct runner_result *result, uint64_t *trouble)
{
    tell_complaints(log, LOG_LEVEL_ERROR, "manifest-wrong", sync, result->mistakes);
    if (result->loaded)
        tell_complaints(log, LOG_LEVEL_INFO, "manifest-notice", sync, result->notices);
    tell_rows(log, sync, result, trouble);
    if (result->more_vanished && result->plan != NULL)
        tell_vanished(log, sync, result->plan);
    if (result->failure.cause != CAUSE_NONE)
        tell_failure(log, sync, &result->failure);
    if (result->report->shrunk)
        log_event(log, LOG_LEVEL_WARN, "source-shrunk",
                  "the source lost more than maxShrinkPercent allows since the last good pass: no parity is claimed "
                  "until guard.acceptShrink names this digest",
                  "sync", sync, "digest", result->declared_digest, NULL);
    tell_end(log, sync, result);
}
