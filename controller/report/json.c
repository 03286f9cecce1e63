/* SPDX-License-Identifier: Apache-2.0
 *
 * The report for scripts: one document, or one object per resource and a summary (contract section 7).
 */
#include "controller/report/report.h"

#include <string.h>

#include "api/cause.h"
#include "api/settings_json.h"

static void write_fields(struct json_writer *json, const char *key, uint64_t mask)
{
    if (mask == 0)
        return;
    json_write_key(json, key);
    json_write_begin_array_inline(json);
    for (uint64_t rest = mask; rest != 0; rest &= rest - 1)
        json_write_string(json, field_info(field_first(rest))->name);
    json_write_end_array(json);
}

/* --- differences: calls for single masters are gathered into one member
 * ------------------------------------------------- */

struct differences {
    struct json_writer *json;
    bool any;
    bool per_master; /* the open difference has an object of masters */
    enum field field;
    struct text attribute;
};

static void close_difference(struct differences *open)
{
    if (open->per_master)
        json_write_end_object(open->json);
    if (open->any)
        json_write_end_object(open->json);
    open->per_master = false;
}

static void write_attribute_or_value(struct json_writer *json, const struct difference *difference,
                                     const union value *value)
{
    if (value == NULL)
        json_write_null(json);
    else if (difference->attribute.bytes != 0)
        json_write_text(json, value->text);
    else
        settings_json_value(json, difference->field, value);
}

static void open_difference(struct differences *open, const struct difference *difference)
{
    struct json_writer *json = open->json;

    json_write_begin_object_inline(json);
    json_write_key(json, "field");
    if (difference->attribute.bytes != 0) {
        struct buffer name;
        buffer_init(&name, NAME_BYTES_MAX * 2);
        buffer_append_format(&name, "%s.", field_info(difference->field)->name);
        buffer_append_text(&name, difference->attribute);
        json_write_text(json, buffer_text(&name));
        buffer_release(&name);
    } else {
        json_write_string(json, field_info(difference->field)->name);
    }
    json_write_key(json, "declared");
    write_attribute_or_value(json, difference, difference->declared);
    if (difference->accepted) {
        json_write_key(json, "accepted");
        json_write_bool(json, true);
        if (difference->reason.bytes != 0) {
            json_write_key(json, "reason");
            json_write_text(json, difference->reason);
        }
    }
    if (difference->not_held) {
        json_write_key(json, "notHeld");
        json_write_bool(json, true);
    }
    json_write_key(json, "observed");
}

static void write_difference(void *context, const struct difference *difference)
{
    struct differences *open = context;
    bool same = open->any && open->per_master && difference->master != NULL && open->field == difference->field &&
                text_equal(open->attribute, difference->attribute);

    if (!same) {
        close_difference(open);
        open_difference(open, difference);
        open->any = true;
        open->field = difference->field;
        open->attribute = difference->attribute;
        if (difference->master != NULL) {
            json_write_begin_object_inline(open->json);
            open->per_master = true;
        }
    }
    if (difference->master != NULL)
        json_write_key(open->json, difference->master);
    write_attribute_or_value(open->json, difference, difference->observed);
}

static void write_differences(struct json_writer *json, const struct plan *plan, uint32_t row)
{
    struct differences open = {.json = json};

    json_write_key(json, "differences");
    json_write_begin_array_inline(json);
    plan_differences(plan, row, write_difference, &open);
    close_difference(&open);
    json_write_end_array(json);
}

/* --- rows
 * -------------------------------------------------------------------------------------------------------------- */

static void write_cause(struct json_writer *json, int cause, const char *message)
{
    if (cause == CAUSE_NONE)
        return;
    json_write_key(json, "cause");
    json_write_string(json, cause_name(cause));
    if (message != NULL && message[0] != '\0') {
        json_write_key(json, "message");
        json_write_string(json, message);
    }
    json_write_key(json, "hint");
    json_write_string(json, cause_hint(cause));
}

static void write_member(struct json_writer *json, const char *key, const char *value)
{
    if (value[0] == '\0')
        return;
    json_write_key(json, key);
    json_write_string(json, value);
}

void report_failure_json(struct json_writer *json, const struct failure *failure)
{
    write_cause(json, failure->cause, failure->text);
    write_member(json, "providerCode", failure->provider_code);
    write_member(json, "providerMessage", failure->provider_message);
    write_member(json, "requestId", failure->request_id);
}

static void write_result(struct json_writer *json, const struct plan *plan, uint32_t row,
                         const struct row_outcome *outcome)
{
    if (outcome->result.result == RESULT_NONE)
        return;
    json_write_key(json, "result");
    json_write_string(json, result_name(outcome->result.result));
    if (outcome->result.attempts > 0) {
        json_write_key(json, "attempts");
        json_write_unsigned(json, outcome->result.attempts);
    }
    if (outcome->failure.cause != CAUSE_NONE && plan->rows[row].cause == CAUSE_NONE)
        report_failure_json(json, &outcome->failure);
}

static void write_missing_masters(struct json_writer *json, const struct plan *plan, uint32_t row)
{
    uint16_t position = 0;
    const char *master;
    bool any = false;

    while (plan_next_missing_master(plan, row, &position, &master)) {
        if (!any) {
            json_write_key(json, "missingOn");
            json_write_begin_array_inline(json);
            any = true;
        }
        json_write_string(json, master);
    }
    if (any)
        json_write_end_array(json);
}

static void write_declared_at(struct json_writer *json, const struct catalog *catalog, const struct resource *resource)
{
    struct buffer place;

    if (resource->line == 0)
        return;
    buffer_init(&place, 16 * 1024);
    buffer_append_format(&place, "%s:%u:%u", catalog_file(catalog, resource->file), resource->line, resource->column);
    json_write_key(json, "declaredAt");
    json_write_text(json, buffer_text(&place));
    buffer_release(&place);
}

static void write_head(struct json_writer *json, enum kind kind, struct text name, struct text source_name,
                       enum state state)
{
    json_write_key(json, "kind");
    json_write_string(json, kind_name(kind));
    json_write_key(json, "name");
    json_write_text(json, name);
    if (source_name.bytes != 0) {
        json_write_key(json, "sourceName");
        json_write_text(json, source_name);
    }
    json_write_key(json, "state");
    json_write_string(json, state_name(state));
}

static void write_settings(struct json_writer *json, const struct plan *plan, uint32_t row)
{
    const struct resource *resource = &catalog_rows(plan->declared)[row];
    struct draft settings;

    draft_clear(&settings);
    plan_create_settings(plan, row, &settings);
    json_write_key(json, "settings");
    settings_json_object(json, &settings);
    write_fields(json, "estimated", settings.set & catalog_settings_of(plan->declared, resource)->estimated);
}

/* With evaluation: the row has a verdict. */
static void write_members(struct json_writer *json, const struct plan *plan, uint32_t row,
                          const struct row_outcome *outcome, const struct evaluation *evaluation)
{
    const struct resource *resource = &catalog_rows(plan->declared)[row];
    enum state state = plan->rows[row].state;
    int cause = plan->rows[row].cause;
    char sentence[256] = "";
    enum field field = FIELD_COUNT;

    write_head(json, resource->kind, catalog_name(plan->declared, resource),
               catalog_source_name(plan->declared, resource), state);
    json_write_key(json, "action");
    json_write_string(json, plan->rows[row].action == ACTION_CREATE ? "create" : "none");
    if (evaluation != NULL && state != STATE_SYSTEM && state != STATE_EXCLUDED)
        write_member(json, "verdict", verdict_name(evaluation->verdicts[row]));
    write_declared_at(json, plan->declared, resource);
    if (state == STATE_MISSING)
        write_settings(json, plan, row);
    if (state != STATE_SYSTEM && state != STATE_EXCLUDED)
        write_fields(json, "notHeld", plan_not_held(plan, row));
    if (state == STATE_DIFFERS || state == STATE_ACCEPTED)
        write_differences(json, plan, row);
    write_missing_masters(json, plan, row);
    if (cause != CAUSE_NONE) {
        plan_explain(plan, row, &field, sentence);
        write_cause(json, cause, sentence);
        if (field != FIELD_COUNT) {
            json_write_key(json, "field");
            json_write_string(json, field_info(field)->name);
        }
    }
    if (outcome != NULL && state != STATE_SYSTEM && state != STATE_EXCLUDED)
        write_result(json, plan, row, outcome);
}

void report_row_members(struct json_writer *json, const struct plan *plan, uint32_t row,
                        const struct row_outcome *outcome)
{
    write_members(json, plan, row, outcome, NULL);
}

/* --- summary
 * ----------------------------------------------------------------------------------------------------------- */

static void write_count(struct json_writer *json, const char *key, uint64_t count)
{
    json_write_key(json, key);
    json_write_unsigned(json, count);
}

static void write_kind_summary(struct json_writer *json, const struct runner_result *result, enum kind kind)
{
    const struct plan_counts *counts = &result->plan->counts[kind];
    const struct pass_report *report = result->report;

    json_write_begin_object_inline(json);
    write_count(json, "read", result->counts->read[kind]);
    write_count(json, "system", result->counts->system[kind]);
    write_count(json, "excluded", result->mapping_counts->excluded[kind]);
    write_count(json, "merged", result->counts->merged[kind]);
    write_count(json, "declared", result->mapping_counts->declared[kind]);
    write_count(json, "present", counts->present);
    write_count(json, "extra", counts->extra);
    json_write_key(json, "states");
    json_write_begin_object_inline(json);
    for (enum state state = 0; state < STATE_SYSTEM; state++) {
        if (counts->states[state] > 0)
            write_count(json, state_name(state), counts->states[state]);
    }
    if (counts->states[STATE_VANISHED] > 0)
        write_count(json, state_name(STATE_VANISHED), counts->states[STATE_VANISHED]);
    json_write_end_object(json);
    json_write_key(json, "results");
    json_write_begin_object_inline(json);
    const struct {
        enum result result;
        uint64_t count;
    } results[] = {{RESULT_CREATED, report->created[kind]},
                   {RESULT_EXISTED, report->existed[kind]},
                   {RESULT_FAILED, report->failed[kind]},
                   {RESULT_PENDING, report->pending[kind]},
                   {RESULT_SKIPPED, report->skipped[kind]}};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        if (results[i].count > 0)
            write_count(json, result_name(results[i].result), results[i].count);
    }
    json_write_end_object(json);
    json_write_end_object(json);
}

void report_summary_json(struct json_writer *json, const struct runner_result *result)
{
    json_write_begin_object(json);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        json_write_key(json, kind_name(kind));
        write_kind_summary(json, result, kind);
    }
    json_write_end_object(json);
}

/* --- evaluate
 * ---------------------------------------------------------------------------------------------------------- */

static void write_verdicts(struct json_writer *json, const struct evaluation *evaluation)
{
    json_write_key(json, "verdicts");
    json_write_begin_object(json);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        json_write_key(json, kind_name(kind));
        json_write_begin_object_inline(json);
        for (enum verdict verdict = 0; verdict < VERDICTS; verdict++) {
            if (evaluation->counts[kind][verdict] > 0)
                write_count(json, verdict_name(verdict), evaluation->counts[kind][verdict]);
        }
        json_write_end_object(json);
    }
    json_write_end_object(json);
}

static void write_forecast(struct json_writer *json, const struct forecast *forecast, enum instance_kind kind)
{
    json_write_key(json, "forecast");
    json_write_begin_object(json);
    json_write_key(json, "creates");
    json_write_begin_object_inline(json);
    for (enum kind each = 0; each < KINDS; each++)
        write_count(json, kind_name(each), forecast->creates[each]);
    json_write_end_object(json);
    json_write_key(json, "time");
    json_write_begin_object_inline(json);
    if (forecast->calls_per_s > 0) {
        write_count(json, "callsPerSecond", (uint64_t)forecast->calls_per_s);
        write_count(json, "seconds", forecast->seconds);
    }
    write_member(json, "basis", forecast_basis_text(forecast->basis));
    json_write_end_object(json);
    json_write_key(json, "cost");
    json_write_begin_object_inline(json);
    write_count(json, "topics", forecast->topics_cost ? forecast->creates[KIND_TOPIC] : 0);
    write_member(json, "basis", forecast_cost_text(forecast, kind));
    json_write_end_object(json);
    json_write_end_object(json);
}

static void write_evaluation(struct json_writer *json, const struct evaluation *evaluation, enum instance_kind kind)
{
    json_write_key(json, "fits");
    json_write_bool(json, evaluation->fits);
    write_verdicts(json, evaluation);
    write_forecast(json, &evaluation->forecast, kind);
}

static void write_identity(struct json_writer *json, const struct description *destination)
{
    json_write_begin_object_inline(json);
    for (uint16_t i = 0; destination != NULL && i < destination->identity.count; i++) {
        json_write_key(json, destination->identity.facts[i].key);
        json_write_string(json, destination->identity.facts[i].value);
    }
    json_write_end_object(json);
}

static void write_frame(struct json_writer *json, const struct report_options *options,
                        const struct runner_result *result)
{
    json_write_key(json, "version");
    json_write_integer(json, 1);
    json_write_key(json, "command");
    json_write_string(json, options->command);
    json_write_key(json, "source");
    json_write_begin_array_inline(json);
    for (uint32_t i = 0; i < options->source_count; i++)
        json_write_string(json, options->sources[i]);
    json_write_end_array(json);
    json_write_key(json, "declaredDigest");
    json_write_string(json, result->declared_digest);
    json_write_key(json, "destination");
    json_write_begin_object_inline(json);
    json_write_key(json, "address");
    json_write_string(json, options->destination);
    json_write_key(json, "identity");
    write_identity(json, result->destination);
    json_write_end_object(json);
    json_write_key(json, "parity");
    json_write_bool(json, result->parity);
    if (result->failure.cause != CAUSE_NONE) {
        json_write_key(json, "error");
        json_write_begin_object_inline(json);
        report_failure_json(json, &result->failure);
        json_write_end_object(json);
    }
    json_write_key(json, "summary");
    report_summary_json(json, result);
    if (options->evaluation != NULL)
        write_evaluation(json, options->evaluation, result->plan->capabilities.kind);
}

/* --- the whole
 * --------------------------------------------------------------------------------------------------------- */

static bool row_is_shown(const struct report_options *options, enum state state)
{
    return (state != STATE_SYSTEM || options->show_system) && (state != STATE_EXCLUDED || options->show_excluded);
}

void report_extra_json(struct json_writer *json, const struct plan *plan, uint32_t observed)
{
    const struct resource *resource = &catalog_rows(plan->observed)[observed];
    struct draft settings;

    json_write_begin_object_inline(json);
    write_head(json, resource->kind, catalog_name(plan->observed, resource), (struct text){NULL, 0}, STATE_EXTRA);
    json_write_key(json, "action");
    json_write_string(json, "none");
    draft_from_settings(&settings, catalog_settings_of(plan->observed, resource));
    json_write_key(json, "settings");
    settings_json_object(json, &settings);
    json_write_end_object(json);
}

void report_vanished_json(struct json_writer *json, const struct plan *plan, uint32_t row)
{
    const struct resource *resource = &catalog_rows(plan->vanished)[row];

    json_write_begin_object_inline(json);
    write_head(json, resource->kind, catalog_name(plan->vanished, resource),
               catalog_source_name(plan->vanished, resource), STATE_VANISHED);
    json_write_key(json, "action");
    json_write_string(json, "none");
    json_write_end_object(json);
}

static void write_reported(struct json_writer *json, const struct report_options *options,
                           const struct runner_result *result, uint32_t row)
{
    struct row_outcome outcome = {0};

    if (options->results) {
        outcome.result = pass_result(result->pass, row);
        if (outcome.result.cause != CAUSE_NONE)
            pass_failure(result->pass, row, &outcome.failure);
    }
    json_write_begin_object_inline(json);
    write_members(json, result->plan, row, options->results ? &outcome : NULL, options->evaluation);
    json_write_end_object(json);
}

/* What is shown comes from three places, each in order of kind and name: merged, so that the whole is. */
enum stream { STREAM_ROWS, STREAM_EXTRA, STREAM_VANISHED, STREAMS };

struct merge {
    const struct plan *plan;
    const struct report_options *options;
    const struct catalog *catalogs[STREAMS];
    uint32_t positions[STREAMS];
    uint32_t next[STREAMS]; /* CATALOG_ABSENT: it has ended */
};

static bool next_row(const struct merge *merge, uint32_t *position, uint32_t *out)
{
    const struct plan *plan = merge->plan;

    while (*position < plan->row_count && !row_is_shown(merge->options, plan->rows[*position].state))
        (*position)++;
    *out = (*position)++;
    return *out < plan->row_count;
}

static void advance(struct merge *merge, enum stream stream)
{
    uint32_t *position = &merge->positions[stream], *next = &merge->next[stream];
    bool more = stream == STREAM_ROWS    ? next_row(merge, position, next)
                : stream == STREAM_EXTRA ? merge->options->show_extra && plan_next_extra(merge->plan, position, next)
                                         : plan_next_vanished(merge->plan, position, next);
    if (!more)
        *next = CATALOG_ABSENT;
}

static void begin_merge(struct merge *merge, const struct report_options *options, const struct plan *plan)
{
    *merge =
        (struct merge){.plan = plan, .options = options, .catalogs = {plan->declared, plan->observed, plan->vanished}};
    for (enum stream stream = 0; stream < STREAMS; stream++)
        advance(merge, stream);
}

static bool comes_before(const struct merge *merge, enum stream left, enum stream right)
{
    const struct resource *a = &catalog_rows(merge->catalogs[left])[merge->next[left]],
                          *b = &catalog_rows(merge->catalogs[right])[merge->next[right]];
    if (a->kind != b->kind)
        return a->kind < b->kind;
    return catalog_compare(merge->catalogs[left], a, merge->catalogs[right], b) < 0;
}

/* STREAMS: all have ended. */
static enum stream first_stream(const struct merge *merge)
{
    enum stream first = STREAMS;
    for (enum stream stream = 0; stream < STREAMS; stream++)
        if (merge->next[stream] != CATALOG_ABSENT && (first == STREAMS || comes_before(merge, stream, first)))
            first = stream;
    return first;
}

static void write_rows(struct report_sink *sink, struct json_writer *json, const struct report_options *options,
                       const struct runner_result *result)
{
    struct merge merge;
    enum stream stream;

    begin_merge(&merge, options, result->plan);
    while ((stream = first_stream(&merge)) != STREAMS) {
        if (stream == STREAM_ROWS)
            write_reported(json, options, result, merge.next[stream]);
        else if (stream == STREAM_EXTRA)
            report_extra_json(json, result->plan, merge.next[stream]);
        else
            report_vanished_json(json, result->plan, merge.next[stream]);
        advance(&merge, stream);
        if (options->output == OUTPUT_JSONL)
            json_write_newline(json);
        report_sink_drain(sink, false);
    }
}

void report_json(struct report_sink *sink, const struct report_options *options, const struct runner_result *result)
{
    struct json_writer json;

    if (options->output == OUTPUT_JSONL) {
        json_writer_init(&json, &sink->buffer, 0);
        write_rows(sink, &json, options, result);
        json_write_begin_object(&json);
        json_write_key(&json, "kind");
        json_write_string(&json, "Summary");
        write_frame(&json, options, result);
    } else {
        json_writer_init(&json, &sink->buffer, 1);
        json_write_begin_object(&json);
        write_frame(&json, options, result);
        json_write_key(&json, "resources");
        json_write_begin_array(&json);
        write_rows(sink, &json, options, result);
        json_write_end_array(&json);
    }
    json_write_end_object(&json);
    json_write_newline(&json);
}
