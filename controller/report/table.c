/* SPDX-License-Identifier: Apache-2.0
 *
 * The report for people: what needs attention first, row by row, then the counts, then one sentence that says it all.
 */
#include "controller/report/report.h"

#include <inttypes.h>
#include <string.h>

#include "api/base/strings.h"
#include "api/cause.h"

enum {
    ROWS_SHOWN_MAX = 1000, /* of one kind; scripts have jsonl */
    NAME_COLUMNS_MAX = 48,
};

struct table {
    struct report_sink *sink;
    struct buffer *out;
    const struct report_options *options;
    const struct runner_result *result;
    const struct plan *plan;
    size_t name_columns;
};

/* How a state looks: a mark in front, its colour. States without a mark are only counted. */
struct look {
    char mark;
    const char *color;
};

static struct look look_of(enum state state)
{
    switch (state) {
    case STATE_MISSING:
        return (struct look){'+', "32"};
    case STATE_CREATING:
        return (struct look){'.', "36"};
    case STATE_DIFFERS:
        return (struct look){'~', "33"};
    case STATE_UNREAD:
        return (struct look){'?', "33"};
    case STATE_CONFLICT:
    case STATE_INVALID:
        return (struct look){'!', "31"};
    case STATE_ACCEPTED:
        return (struct look){'=', "36"};
    case STATE_SYSTEM:
    case STATE_EXCLUDED:
    case STATE_EXTRA:
    case STATE_VANISHED:
        return (struct look){'-', "2"};
    case STATE_IN_SYNC:
    case STATE_IGNORED:
    case STATES:
        break;
    }
    return (struct look){0, ""};
}

static void paint(struct table *table, const char *color, const char *text)
{
    if (table->options->color)
        buffer_append_format(table->out, "\033[%sm%s\033[0m", color, text);
    else
        buffer_append_string(table->out, text);
}

static void pad_to(struct table *table, size_t width, size_t columns)
{
    for (size_t i = width; i < columns; i++)
        buffer_append_char(table->out, ' ');
}

/* --- rows
 * -------------------------------------------------------------------------------------------------------------- */

static void append_setting(struct table *table, enum field field, const union value *value)
{
    struct buffer text;

    buffer_init(&text, 1024 * 1024);
    buffer_append_format(table->out, " %s=", field_info(field)->name);
    if (value_append(&text, field, value) == 0)
        escape_append(table->out, buffer_text(&text));
    buffer_release(&text);
}

static void append_settings(struct table *table, uint32_t row)
{
    struct draft settings;

    draft_clear(&settings);
    plan_create_settings(table->plan, row, &settings);
    for (uint64_t rest = settings.set; rest != 0; rest &= rest - 1)
        append_setting(table, field_first(rest), &settings.values[field_first(rest)]);
}

static void append_value(struct table *table, const struct difference *difference, const union value *value)
{
    struct buffer text;

    if (value == NULL) {
        buffer_append_string(table->out, difference->not_held ? "not held" : "not set");
        return;
    }
    buffer_init(&text, 1024 * 1024);
    if (difference->attribute.bytes != 0)
        buffer_append_text(&text, value->text);
    else
        value_append(&text, difference->field, value);
    escape_append(table->out, buffer_text(&text));
    buffer_release(&text);
}

static void append_difference(void *context, const struct difference *difference)
{
    struct table *table = context;

    buffer_append_format(table->out, "\n        %s", field_info(difference->field)->name);
    if (difference->attribute.bytes != 0) {
        buffer_append_char(table->out, '.');
        escape_append(table->out, difference->attribute);
    }
    buffer_append_string(table->out, ": declared ");
    append_value(table, difference, difference->declared);
    buffer_append_string(table->out, ", there ");
    append_value(table, difference, difference->observed);
    if (difference->master != NULL) {
        buffer_append_string(table->out, " on ");
        escape_append(table->out, text_of(difference->master));
    }
    if (difference->accepted) {
        buffer_append_string(table->out, " (accepted");
        if (difference->reason.bytes != 0) {
            buffer_append_string(table->out, ": ");
            escape_append(table->out, difference->reason);
        }
        buffer_append_char(table->out, ')');
    }
}

static void append_cause(struct table *table, int cause, const char *sentence)
{
    buffer_append_format(table->out, "\n        %s", cause_name(cause));
    if (sentence[0] != '\0') {
        buffer_append_string(table->out, ": ");
        escape_append(table->out, text_of(sentence));
    }
    buffer_append_string(table->out, "\n        ");
    paint(table, "2", cause_hint(cause));
}

static void append_result(struct table *table, uint32_t row)
{
    struct row_result result = pass_result(table->result->pass, row);
    struct failure failure = FAILURE_INIT;

    if (result.cause == CAUSE_NONE)
        return;
    pass_failure(table->result->pass, row, &failure);
    append_cause(table, result.cause, failure.text);
    if (failure.provider_code[0] == '\0' && failure.request_id[0] == '\0')
        return;
    buffer_append_string(table->out, "\n        code ");
    escape_append(table->out, text_of(failure.provider_code));
    if (failure.request_id[0] == '\0') /* brokers have none */
        return;
    buffer_append_string(table->out, ", request id ");
    escape_append(table->out, text_of(failure.request_id));
}

static void append_where(struct table *table, const struct resource *resource)
{
    if (resource->line == 0)
        return;
    buffer_append_string(table->out, "  ");
    struct buffer place;
    buffer_init(&place, 16 * 1024);
    buffer_append_format(&place, "%s:%" PRIu32, catalog_file(table->plan->declared, resource->file), resource->line);
    struct buffer escaped;
    buffer_init(&escaped, 64 * 1024);
    escape_append(&escaped, buffer_text(&place));
    paint(table, "2", escaped.data == NULL ? "" : escaped.data);
    buffer_release(&escaped);
    buffer_release(&place);
}

static void append_head(struct table *table, enum state state, struct text name, const char *word)
{
    struct look look = look_of(state);
    char mark[2] = {look.mark, '\0'};

    buffer_append_string(table->out, "  ");
    paint(table, look.color, mark);
    buffer_append_char(table->out, ' ');
    escape_append(table->out, name);
    pad_to(table, utf8_width(name), table->name_columns);
    buffer_append_string(table->out, "  ");
    paint(table, look.color, word);
    pad_to(table, strlen(word), 8);
}

/* After apply the word is what came of it: "created" rather than "inSync"; for evaluate it is the verdict. */
static const char *word_of(const struct table *table, uint32_t row)
{
    enum state state = table->plan->rows[row].state;

    if (table->options->evaluation != NULL && state != STATE_SYSTEM && state != STATE_EXCLUDED)
        return verdict_name(table->options->evaluation->verdicts[row]);
    if (table->options->results && pass_result(table->result->pass, row).result == RESULT_CREATED)
        return "created";
    return state_name(table->plan->rows[row].state);
}

static bool finds_no_room(const struct table *table, uint32_t row)
{
    const struct evaluation *evaluation = table->options->evaluation;
    return evaluation != NULL && evaluation->verdicts[row] == VERDICT_NO_ROOM;
}

static void append_lost(struct table *table, uint32_t row)
{
    uint64_t lost = evaluate_lost(table->plan, row);

    if (lost == 0)
        return;
    buffer_append_string(table->out, "\n        loses:");
    for (; lost != 0; lost &= lost - 1)
        buffer_append_format(table->out, " %s", field_info(field_first(lost))->name);
}

static void append_row(struct table *table, uint32_t row)
{
    const struct row *one = &table->plan->rows[row];
    const struct resource *resource = &catalog_rows(table->plan->declared)[row];
    char sentence[256] = "";
    enum field field = FIELD_COUNT;
    const char *master;
    uint16_t position = 0;

    append_head(table, one->state == STATE_IN_SYNC ? STATE_MISSING : (enum state)one->state,
                catalog_name(table->plan->declared, resource), word_of(table, row));
    if (one->state == STATE_MISSING)
        append_settings(table, row);
    else
        append_where(table, resource);
    while (one->state == STATE_MISSING && plan_next_missing_master(table->plan, row, &position, &master))
        buffer_append_format(table->out, "%s%s", position == 1 ? " on " : ", ", master);
    if (one->state == STATE_MISSING && table->options->evaluation != NULL)
        append_lost(table, row);
    if (one->state == STATE_DIFFERS || one->state == STATE_ACCEPTED)
        plan_differences(table->plan, row, append_difference, table);
    if (one->cause != CAUSE_NONE) {
        plan_explain(table->plan, row, &field, sentence);
        append_cause(table, one->cause, sentence);
    } else if (finds_no_room(table, row)) {
        append_cause(table, resource->kind == KIND_TOPIC ? CAUSE_TOPIC_QUOTA_REACHED : CAUSE_GROUP_QUOTA_REACHED, "");
    } else if (table->options->results) {
        append_result(table, row);
    }
    buffer_append_char(table->out, '\n');
}

static bool row_is_shown(const struct table *table, uint32_t row)
{
    enum state state = table->plan->rows[row].state;
    if (state == STATE_SYSTEM)
        return table->options->show_system;
    if (state == STATE_EXCLUDED)
        return table->options->show_excluded;
    if (state == STATE_IN_SYNC)
        return strcmp(word_of(table, row), "created") == 0;
    return look_of(state).mark != 0;
}

static size_t widest_name(const struct table *table, uint32_t first, uint32_t count)
{
    size_t columns = 12;
    for (uint32_t row = first; row < first + count; row++) {
        if (!row_is_shown(table, row))
            continue;
        size_t width = utf8_width(catalog_name(table->plan->declared, &catalog_rows(table->plan->declared)[row]));
        if (width > columns && width <= NAME_COLUMNS_MAX)
            columns = width;
    }
    return columns;
}

static void append_title(struct table *table, enum kind kind, uint32_t shown)
{
    if (shown == 0)
        paint(table, "1", kind == KIND_TOPIC ? "Topics\n" : "Consumer groups\n");
}

/* What has no row: on the destination only, or declared by a source earlier. Gives how many are shown now. */
static uint32_t append_others(struct table *table, enum kind kind, enum state state, uint32_t shown)
{
    const struct catalog *catalog = state == STATE_EXTRA ? table->plan->observed : table->plan->vanished;
    bool (*next)(const struct plan *, uint32_t *, uint32_t *) =
        state == STATE_EXTRA ? plan_next_extra : plan_next_vanished;
    uint32_t position = 0, row = 0, of_state = 0;

    while (next(table->plan, &position, &row) && of_state < ROWS_SHOWN_MAX) {
        const struct resource *resource = &catalog_rows(catalog)[row];
        if ((enum kind)resource->kind != kind)
            continue;
        append_title(table, kind, shown++);
        append_head(table, state, catalog_name(catalog, resource), state_name(state));
        buffer_append_char(table->out, '\n');
        of_state++;
        report_sink_drain(table->sink, false);
    }
    return shown;
}

static void append_kind(struct table *table, enum kind kind)
{
    uint32_t first, count, shown = 0, hidden = 0;

    catalog_range(table->plan->declared, kind, &first, &count);
    table->name_columns = widest_name(table, first, count);
    for (uint32_t row = first; row < first + count; row++) {
        if (!row_is_shown(table, row))
            continue;
        if (shown >= ROWS_SHOWN_MAX) {
            hidden++;
            continue;
        }
        append_title(table, kind, shown++);
        append_row(table, row);
        report_sink_drain(table->sink, false);
    }
    if (hidden > 0)
        buffer_append_format(table->out, "    and %" PRIu32 " more (--output jsonl shows all)\n", hidden);
    shown = append_others(table, kind, STATE_VANISHED, shown);
    if (table->options->show_extra)
        shown = append_others(table, kind, STATE_EXTRA, shown);
    if (shown > 0)
        buffer_append_char(table->out, '\n');
}

/* --- counts
 * ------------------------------------------------------------------------------------------------------------ */

static void append_count(struct table *table, const char *color, uint64_t count)
{
    char text[32];
    count_format(count, text);
    pad_to(table, strlen(text), 11);
    paint(table, count > 0 ? color : "2", text);
}

static void append_counts(struct table *table)
{
    static const enum state columns[] = {STATE_IN_SYNC, STATE_ACCEPTED, STATE_MISSING, STATE_CREATING, STATE_DIFFERS,
                                         STATE_UNREAD,  STATE_CONFLICT, STATE_INVALID, STATE_IGNORED,  STATE_VANISHED};
    bool used[sizeof columns / sizeof columns[0]];

    buffer_append_format(table->out, "%-16s   declared", "");
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        used[i] = columns[i] == STATE_IN_SYNC || columns[i] == STATE_MISSING || columns[i] == STATE_DIFFERS ||
                  table->plan->counts[KIND_TOPIC].states[columns[i]] > 0 ||
                  table->plan->counts[KIND_GROUP].states[columns[i]] > 0;
        if (used[i])
            buffer_append_format(table->out, "%11s", state_name(columns[i]));
    }
    buffer_append_format(table->out, "%11s%11s%11s\n", "extra", "system", "excluded");
    for (enum kind kind = 0; kind < KINDS; kind++) {
        buffer_append_format(table->out, "%-16s", kind == KIND_TOPIC ? "Topics" : "Consumer groups");
        append_count(table, "1", table->result->mapping_counts->declared[kind]);
        for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
            if (used[i])
                append_count(table, look_of(columns[i]).mark != 0 ? look_of(columns[i]).color : "32",
                             table->plan->counts[kind].states[columns[i]]);
        }
        append_count(table, "2", table->plan->counts[kind].extra);
        append_count(table, "2", table->result->counts->system[kind]);
        append_count(table, "2", table->result->mapping_counts->excluded[kind]);
        buffer_append_char(table->out, '\n');
    }
}

/* --- the sentence
 * ------------------------------------------------------------------------------------------------------ */

static uint64_t both(const uint64_t counts[KINDS])
{
    return counts[KIND_TOPIC] + counts[KIND_GROUP];
}

static uint64_t in_state(const struct plan *plan, enum state state)
{
    return (uint64_t)plan->counts[KIND_TOPIC].states[state] + plan->counts[KIND_GROUP].states[state];
}

static void append_clause(struct table *table, uint64_t count, const char *one, const char *many)
{
    char text[32];
    if (count == 0)
        return;
    count_format(count, text);
    buffer_append_format(table->out, ", %s %s", text, count == 1 ? one : many);
}

static void append_impossible(struct table *table, uint64_t count)
{
    append_clause(table, count, "cannot be created as it stands", "cannot be created as they stand");
}

static void append_sentence(struct table *table)
{
    const struct plan *plan = table->plan;
    const struct pass_report *report = table->result->report;
    char creates[32];
    uint64_t to_create = (uint64_t)plan->counts[KIND_TOPIC].creates + plan->counts[KIND_GROUP].creates;

    if (table->options->results) {
        count_format(both(report->created), creates);
        buffer_append_format(table->out, "%s created", creates);
        append_impossible(table, both(report->failed));
        append_clause(table, both(report->pending), "to be tried again", "to be tried again");
    } else {
        count_format(to_create, creates);
        buffer_append_format(table->out, "%s to create", to_create == 0 ? "nothing" : creates);
        append_impossible(table, in_state(plan, STATE_CONFLICT) + in_state(plan, STATE_INVALID));
    }
    append_clause(table, in_state(plan, STATE_DIFFERS), "left alone because it differs",
                  "left alone because they differ");
    append_clause(table, in_state(plan, STATE_VANISHED), "gone from the source and left where it is",
                  "gone from the source and left where they are");
    buffer_append_string(table->out, "; ");
    if (table->result->parity)
        paint(table, "1;32", "at parity");
    else
        paint(table, "1;33", report->complete ? "not at parity" : "parity could not be judged");
    buffer_append_char(table->out, '\n');
}

/* --- evaluate: how much fits, how long it takes, what it costs
 * ------------------------------------------------------------------------ */

static uint64_t with_verdict(const struct evaluation *evaluation, enum verdict verdict)
{
    return (uint64_t)evaluation->counts[KIND_TOPIC][verdict] + evaluation->counts[KIND_GROUP][verdict];
}

static void append_fit(struct table *table)
{
    const struct evaluation *evaluation = table->options->evaluation;
    char present[32], fits[32];

    count_format(with_verdict(evaluation, VERDICT_PRESENT), present);
    count_format(with_verdict(evaluation, VERDICT_FITS) + with_verdict(evaluation, VERDICT_FITS_PARTLY), fits);
    buffer_append_format(table->out, "%s there as declared, %s can be created", present, fits);
    append_clause(table, with_verdict(evaluation, VERDICT_FITS_PARTLY),
                  "of them without settings that cannot be held there",
                  "of them without settings that cannot be held there");
    append_clause(table, with_verdict(evaluation, VERDICT_DECIDE), "needs a decision in the mapping",
                  "need a decision in the mapping");
    append_impossible(table, with_verdict(evaluation, VERDICT_REFUSED));
    append_clause(table, with_verdict(evaluation, VERDICT_NO_ROOM), "finds no room", "find no room");
    append_clause(table, with_verdict(evaluation, VERDICT_DIFFERS), "is there with other settings",
                  "are there with other settings");
    append_clause(table, with_verdict(evaluation, VERDICT_UNREAD), "could not be read", "could not be read");
    buffer_append_string(table->out, "; ");
    paint(table, evaluation->fits ? "1;32" : "1;33", evaluation->fits ? "it fits" : "it does not fit as it is");
    buffer_append_char(table->out, '\n');
}

static void append_evaluation(struct table *table)
{
    const struct forecast *forecast = &table->options->evaluation->forecast;
    char duration[32], topics[32];

    append_fit(table);
    buffer_append_string(table->out, "Time: ");
    if (forecast->calls_per_s > 0) {
        duration_format(forecast->seconds * 1000, duration);
        buffer_append_format(table->out, "about %s, %.0f calls per second ", duration, forecast->calls_per_s);
    }
    buffer_append_format(table->out, "%s\nCost: ", forecast_basis_text(forecast->basis));
    if (forecast->topics_cost) {
        count_format(forecast->creates[KIND_TOPIC], topics);
        buffer_append_format(table->out, "%s topics more; ", topics);
    }
    buffer_append_format(table->out, "%s\n", forecast_cost_text(forecast, table->plan->capabilities.kind));
}

void report_table(struct report_sink *sink, const struct report_options *options, const struct runner_result *result)
{
    struct table table = {.sink = sink,
                          .out = &sink->buffer,
                          .options = options,
                          .result = result,
                          .plan = result->plan,
                          .name_columns = 0};

    for (uint32_t i = 0; i < options->source_count; i++)
        buffer_append_format(table.out, "%s%s", i > 0 ? " + " : "", options->sources[i]);
    buffer_append_format(table.out, " → %s", options->destination);
    if (result->destination != NULL)
        buffer_append_format(table.out, " (%s)", instance_kind_name(result->destination->capabilities.kind));
    buffer_append_string(table.out, "\n\n");
    for (enum kind kind = 0; kind < KINDS; kind++)
        append_kind(&table, kind);
    append_counts(&table);
    buffer_append_char(table.out, '\n');
    if (options->evaluation != NULL)
        append_evaluation(&table);
    else
        append_sentence(&table);
}
