/* SPDX-License-Identifier: Apache-2.0
 *
 * What /v1/status says: one object a sync, without its rows.
 */
#include <math.h>
#include <string.h>

#include "api/base/strings.h"
#include "controller/report/report.h"
#include "controller/status/state.h"

static void write_text_member(struct json_writer *json, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    json_write_key(json, key);
    json_write_string(json, value);
}

static void write_bool_member(struct json_writer *json, const char *key, bool value)
{
    json_write_key(json, key);
    json_write_bool(json, value);
}

static void write_count_member(struct json_writer *json, const char *key, uint64_t value)
{
    json_write_key(json, key);
    json_write_unsigned(json, value);
}

static void write_time_member(struct json_writer *json, const char *key, int64_t unix_ms)
{
    char text[32];

    if (unix_ms == 0)
        return;
    time_format(unix_ms, text);
    json_write_key(json, key);
    json_write_string(json, text);
}

/* --- failures */

static void write_mistakes(struct json_writer *json, const struct mistakes *mistakes)
{
    if (mistakes == NULL || mistakes->count == 0)
        return;
    write_count_member(json, "mistakeCount", mistakes->total);
    json_write_key(json, "mistakes");
    json_write_begin_array(json);
    for (uint32_t i = 0; i < mistakes->count; i++) {
        const struct mistake *one = &mistakes->items[i];
        json_write_begin_object(json);
        write_text_member(json, "path", one->path);
        write_count_member(json, "line", one->line);
        write_count_member(json, "column", one->column);
        write_text_member(json, "text", one->text);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

void status_write_failure(struct json_writer *json, const struct failure *failure, const struct mistakes *mistakes)
{
    json_write_begin_object(json);
    report_failure_json(json, failure);
    write_mistakes(json, mistakes);
    json_write_end_object(json);
}

void status_write_error(struct buffer *out, const struct failure *failure)
{
    struct json_writer json;

    json_writer_init(&json, out, 0);
    json_write_begin_object(&json);
    write_count_member(&json, "version", 1);
    json_write_key(&json, "error");
    status_write_failure(&json, failure, NULL);
    json_write_end_object(&json);
    json_write_newline(&json);
}

/* --- a sync */

static void write_destination(struct json_writer *json, const struct board_sync *sync)
{
    json_write_key(json, "destination");
    json_write_begin_object(json);
    write_text_member(json, "address", sync->facts.destination);
    if (sync->identity.count > 0) {
        json_write_key(json, "identity");
        json_write_begin_object(json);
        for (uint16_t i = 0; i < sync->identity.count; i++) {
            json_write_key(json, sync->identity.facts[i].key);
            json_write_string(json, sync->identity.facts[i].value);
        }
        json_write_end_object(json);
        write_bool_member(json, "inService", sync->in_service);
        write_text_member(json, "status", sync->status);
    }
    json_write_end_object(json);
}

static void write_facts(struct json_writer *json, const struct board_sync *sync)
{
    write_text_member(json, "name", sync->facts.name);
    write_text_member(json, "mode", sync->facts.mode);
    json_write_key(json, "source");
    json_write_begin_array(json);
    for (uint32_t i = 0; i < sync->facts.source_count; i++)
        json_write_string(json, sync->facts.sources[i]);
    json_write_end_array(json);
    write_destination(json, sync);
    write_count_member(json, "intervalSeconds", sync->facts.interval_ms / 1000);
}

static const char *outcome_word(enum pass_outcome outcome)
{
    switch (outcome) {
    case PASS_SETTLED:
        return "settled";
    case PASS_AGAIN_AT:
        return "again";
    case PASS_AGAIN_BACKOFF:
        return "backoff";
    case PASS_STUCK:
        return "stuck";
    }
    return "settled";
}

static void write_last_pass(struct json_writer *json, const struct last_pass *last)
{
    json_write_key(json, "lastPass");
    json_write_begin_object(json);
    write_time_member(json, "endedAt", last->ended_unix_ms);
    json_write_key(json, "seconds");
    json_write_real(json, (double)last->took_ms / 1000);
    write_text_member(json, "outcome", outcome_word(last->outcome));
    write_bool_member(json, "complete", last->complete);
    write_bool_member(json, "sourceShrunk", last->shrunk);
    write_bool_member(json, "lastGoodInForce", last->last_good);
    json_write_key(json, "created");
    json_write_unsigned(json, last->created[KIND_TOPIC] + last->created[KIND_GROUP]);
    json_write_end_object(json);
    if (last->failure.cause == CAUSE_NONE)
        return;
    json_write_key(json, "error");
    status_write_failure(json, &last->failure, &last->mistakes);
}

static void write_progress(struct json_writer *json, struct board_sync *sync)
{
    struct speed speed;

    if (!board_speed(sync, &speed))
        return;
    json_write_key(json, "progress");
    json_write_begin_object(json);
    write_time_member(json, "begunAt", sync->begun_unix_ms);
    write_text_member(json, "phase", speed.progress.phase);
    write_count_member(json, "toCreate", speed.progress.to_create);
    write_count_member(json, "answered", speed.answered);
    write_count_member(json, "done", speed.progress.done);
    write_count_member(json, "underWay", speed.progress.under_way);
    write_count_member(json, "inDoubt", speed.progress.in_doubt);
    json_write_key(json, "perSecond");
    json_write_real(json, (double)(uint64_t)(speed.per_second * 10 + 0.5) / 10);
    if (speed.seconds_left != UINT64_MAX)
        write_count_member(json, "secondsLeft", speed.seconds_left);
    json_write_end_object(json);
}

void status_write_sync(struct json_writer *json, struct board_sync *sync)
{
    write_facts(json, sync);
    write_bool_member(json, "parity", sync->last.any && sync->last.parity);
    write_text_member(json, "declaredDigest", sync->digest);
    if (sync->record != NULL) {
        json_write_key(json, "summary");
        report_summary_json(json, runner_record_result(sync->record));
        write_time_member(json, "asOf", runner_record_unix_ms(sync->record));
    }
    if (sync->last.any)
        write_last_pass(json, &sync->last);
    write_progress(json, sync);
    write_time_member(json, "lastParityAt", sync->parity_unix_ms);
    write_time_member(json, "lastCreatedAt", sync->created_unix_ms);
    write_time_member(json, "sourceChangedAt", sync->source_changed_unix_ms);
    write_time_member(json, "nextPassAt", sync->next_unix_ms);
    board_look_at_pace(sync);
    if (sync->pace_limit >= 0 && !isinf(sync->pace_limit)) {
        json_write_key(json, "paceLimit");
        json_write_real(json, sync->pace_limit);
    }
}

/* --- the whole */

void status_write_document(struct buffer *out, const struct board *board, bool ready, bool parity, struct text syncs)
{
    struct json_writer json;

    json_writer_init(&json, out, 0);
    json_write_begin_object(&json);
    write_count_member(&json, "version", 1);
    write_text_member(&json, "program", MQFERRY_VERSION);
    write_time_member(&json, "startedAt", board->started_unix_ms);
    write_bool_member(&json, "ready", ready);
    write_bool_member(&json, "parity", parity);
    json_write_key(&json, "configuration");
    json_write_begin_object(&json);
    write_time_member(&json, "loadedAt", board->configuration_unix_ms);
    if (board->configuration.cause != CAUSE_NONE) {
        json_write_key(&json, "error");
        status_write_failure(&json, &board->configuration, &board->mistakes);
    }
    json_write_end_object(&json);
    json_write_key(&json, "syncs");
    json_write_raw(&json, syncs);
    json_write_end_object(&json);
    json_write_newline(&json);
}

void status_write_ready(struct buffer *out, const struct board *board)
{
    for (const struct board_sync *sync = board->first; sync != NULL; sync = sync->next) {
        if (sync->last.any)
            continue;
        buffer_append_string(out, "not yet: ");
        escape_append(out, text_of(sync->facts.name));
        buffer_append_string(out, " has not finished a pass\n");
    }
    if (out->length == 0)
        buffer_append_string(out, "ready\n");
}
