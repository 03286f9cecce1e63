/* SPDX-License-Identifier: Apache-2.0
 *
 * The Prometheus text format, version 0.0.4, written from one table (contract section 8).
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "controller/status/state.h"

/* A sync's name is outside text: backslash, quote and newline are escaped (text format 0.0.4). */
static void write_value(struct buffer *out, const char *value)
{
    for (;;) {
        size_t plain = strcspn(value, "\\\"\n");
        buffer_append(out, value, plain);
        value += plain;
        if (*value == '\0')
            return;
        buffer_append_string(out, *value == '\n' ? "\\n" : *value == '"' ? "\\\"" : "\\\\");
        value++;
    }
}

static void write_sync_label(struct buffer *out, const struct board_sync *sync)
{
    buffer_append_string(out, "sync=\"");
    write_value(out, sync->facts.name);
    buffer_append_char(out, '"');
}

/* name{sync="…" */
static void begin(struct buffer *out, const char *name, const struct board_sync *sync)
{
    buffer_append_string(out, name);
    buffer_append_char(out, '{');
    write_sync_label(out, sync);
}

static void label(struct buffer *out, const char *name, const char *value)
{
    buffer_append_char(out, ',');
    buffer_append_string(out, name);
    buffer_append(out, "=\"", 2);
    buffer_append_string(out, value);
    buffer_append_char(out, '"');
}

/* Without printf: a thousand syncs are thirty thousand lines, on the loop. */
static void end_count(struct buffer *out, uint64_t value)
{
    char text[24], *digit = text + sizeof text;

    *--digit = '\n';
    do
        *--digit = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    *--digit = ' ';
    *--digit = '}';
    buffer_append(out, digit, (size_t)(text + sizeof text - digit));
}

static void end_seconds(struct buffer *out, int64_t unix_ms)
{
    buffer_append_format(out, "} %" PRId64 ".%03d\n", unix_ms / 1000, (int)(unix_ms % 1000));
}

/* --- one writer a metric */

static void write_resources(struct buffer *out, const char *name, struct board_sync *sync)
{
    const struct plan *plan = sync->record != NULL ? runner_record_result(sync->record)->plan : NULL;

    for (enum kind kind = 0; plan != NULL && kind < KINDS; kind++) {
        for (enum state state = 0; state < STATES; state++) {
            if (state == STATE_SYSTEM || state == STATE_EXCLUDED || state == STATE_EXTRA)
                continue;
            begin(out, name, sync);
            label(out, "kind", kind_name(kind));
            label(out, "state", state_name(state));
            end_count(out, plan->counts[kind].states[state]);
        }
    }
}

static void write_parity(struct buffer *out, const char *name, struct board_sync *sync)
{
    begin(out, name, sync);
    end_count(out, sync->last.any && sync->last.parity);
}

static void write_creates(struct buffer *out, const char *name, struct board_sync *sync)
{
    static const char *const results[] = {
        [NOTE_CREATED] = "created", [NOTE_EXISTED] = "existed", [NOTE_FAILED] = "failed", [NOTE_SETTLED] = "settled"};

    for (enum kind kind = 0; kind < KINDS; kind++) {
        for (int note = 0; note < NOTES; note++) {
            begin(out, name, sync);
            label(out, "kind", kind_name(kind));
            label(out, "result", results[note]);
            end_count(out, sync->noted[note][kind]);
        }
    }
}

static void write_failures(struct buffer *out, const char *name, struct board_sync *sync)
{
    for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
        if (sync->failures[cause] == 0)
            continue;
        begin(out, name, sync);
        label(out, "cause", cause_name(cause));
        end_count(out, sync->failures[cause]);
    }
}

static void write_requests(struct buffer *out, const char *name, struct board_sync *sync)
{
    for (uint32_t i = 0; i < sync->series_count; i++) {
        const struct series *series = &sync->series[i];
        begin(out, name, sync);
        label(out, "operation", series->operation);
        label(out, "result", series->cause == CAUSE_NONE ? "ok" : cause_name(series->cause));
        end_count(out, series->count);
    }
}

/* Milliseconds as seconds, without zeros at the end: 2500 is "2.5". */
static void bound_text(uint64_t ms, char out[static 32])
{
    int length = snprintf(out, 32, "%" PRIu64 ".%03d", ms / 1000, (int)(ms % 1000));

    while (out[length - 1] == '0')
        out[--length] = '\0';
    if (out[length - 1] == '.')
        out[length - 1] = '\0';
}

/* One line a bound, then sum and count. */
static void write_histogram(struct buffer *out, const char *name, const struct board_sync *sync, const char *operation,
                            const struct histogram *histogram, const uint64_t bounds_ms[])
{
    char line[128];
    uint64_t count = 0;

    for (uint32_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        count += histogram->counts[i];
        buffer_append_string(out, name);
        begin(out, "_bucket", sync);
        if (operation != NULL)
            label(out, "operation", operation);
        bound_text(i < HISTOGRAM_BOUNDS ? bounds_ms[i] : 0, line);
        label(out, "le", i < HISTOGRAM_BOUNDS ? line : "+Inf");
        end_count(out, count);
    }
    snprintf(line, sizeof line, "%s_sum", name);
    begin(out, line, sync);
    if (operation != NULL)
        label(out, "operation", operation);
    end_seconds(out, (int64_t)histogram->sum_ms);
    snprintf(line, sizeof line, "%s_count", name);
    begin(out, line, sync);
    if (operation != NULL)
        label(out, "operation", operation);
    end_count(out, count);
}

static void write_request_durations(struct buffer *out, const char *name, struct board_sync *sync)
{
    for (uint32_t i = 0; i < sync->operation_count; i++)
        write_histogram(out, name, sync, sync->operations[i].name, &sync->operations[i].durations, request_bounds_ms);
}

static void write_pass_durations(struct buffer *out, const char *name, struct board_sync *sync)
{
    write_histogram(out, name, sync, NULL, &sync->passes, pass_bounds_ms);
}

static void write_time(struct buffer *out, const char *name, const struct board_sync *sync, int64_t unix_ms)
{
    if (unix_ms == 0)
        return;
    begin(out, name, sync);
    end_seconds(out, unix_ms);
}

static void write_last_pass(struct buffer *out, const char *name, struct board_sync *sync)
{
    write_time(out, name, sync, sync->last.ended_unix_ms);
}

static void write_last_parity(struct buffer *out, const char *name, struct board_sync *sync)
{
    write_time(out, name, sync, sync->parity_unix_ms);
}

static void write_source_changed(struct buffer *out, const char *name, struct board_sync *sync)
{
    write_time(out, name, sync, sync->source_changed_unix_ms);
}

static void write_pace(struct buffer *out, const char *name, struct board_sync *sync)
{
    board_look_at_pace(sync);
    if (sync->pace_limit < 0)
        return;
    begin(out, name, sync);
    if (isinf(sync->pace_limit))
        buffer_append_string(out, "} +Inf\n");
    else
        buffer_append_format(out, "} %.3f\n", sync->pace_limit);
}

/* --- the table */

static const struct {
    const char *name, *type, *help;
    void (*write)(struct buffer *out, const char *name, struct board_sync *sync);
} metrics[] = {
    {"mqferry_resources", "gauge",
     "Declared resources by state (and those that a source declares no more), as of the newest plan.", write_resources},
    {"mqferry_parity", "gauge", "1 if the latest pass found everything declared there as declared, else 0.",
     write_parity},
    {"mqferry_creates_total", "counter",
     "What became of creates: created, existed (was there already), failed (refused), settled (there now, perhaps by "
     "another).",
     write_creates},
    {"mqferry_failures_total", "counter", "Passes that failed and creates that were refused, by cause.",
     write_failures},
    {"mqferry_requests_total", "counter", "Requests on the network that have ended, by operation and result.",
     write_requests},
    {"mqferry_request_duration_seconds", "histogram", "How long requests on the network took.",
     write_request_durations},
    {"mqferry_pass_duration_seconds", "histogram", "How long passes took.", write_pass_durations},
    {"mqferry_last_pass_timestamp_seconds", "gauge", "When the latest pass ended.", write_last_pass},
    {"mqferry_last_parity_timestamp_seconds", "gauge", "When the latest pass at parity ended.", write_last_parity},
    {"mqferry_pace_limit", "gauge",
     "Creates a second that may leave now, as learnt from the destination's answers; +Inf: not limited.", write_pace},
    {"mqferry_source_changed_timestamp_seconds", "gauge", "When the declared set changed last.", write_source_changed},
};

static void write_head(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_write_head(struct buffer *out, const struct board *board)
{
    write_head(out, "mqferry_build_info", "gauge", "Always 1; the version is a label.");
    buffer_append_string(out, "mqferry_build_info{version=\"" MQFERRY_VERSION "\"} 1\n");
    write_head(out, "mqferry_configuration_good", "gauge",
               "1 if the configuration on disk is in force, 0 if the latest reload was refused.");
    buffer_append_format(out, "mqferry_configuration_good %d\n", board->configuration.cause == CAUSE_NONE);
}

uint32_t metrics_count(void)
{
    return sizeof metrics / sizeof metrics[0];
}

void metrics_write_metric(struct buffer *out, uint32_t metric)
{
    write_head(out, metrics[metric].name, metrics[metric].type, metrics[metric].help);
}

void metrics_write_sync(struct buffer *out, uint32_t metric, struct board_sync *sync)
{
    metrics[metric].write(out, metrics[metric].name, sync);
}
