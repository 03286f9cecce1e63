/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/commands/status_print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"
#include "api/base/monotime.h"
#include "api/base/strings.h"
#include "api/cause.h"

/* --- documents as they are */

static void copy_scalar(struct json_writer *json, const struct json_token *token)
{
    switch (token->type) {
    case JSON_STRING:
        json_write_text(json, token->text);
        break;
    case JSON_INTEGER:
    case JSON_NUMBER:
        json_write_raw(json, token->text);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        json_write_bool(json, token->type == JSON_TRUE);
        break;
    case JSON_NULL:
        json_write_null(json);
        break;
    case JSON_BROKEN:
    case JSON_END:
    case JSON_BEGIN_OBJECT:
    case JSON_END_OBJECT:
    case JSON_BEGIN_ARRAY:
    case JSON_END_ARRAY:
        break;
    }
}

static void copy_token(struct json_writer *json, const struct json_token *token)
{
    if (token->key.data != NULL && token->type != JSON_END_OBJECT && token->type != JSON_END_ARRAY)
        json_write_key_text(json, token->key);
    if (token->type == JSON_BEGIN_OBJECT)
        json_write_begin_object(json);
    else if (token->type == JSON_END_OBJECT)
        json_write_end_object(json);
    else if (token->type == JSON_BEGIN_ARRAY)
        json_write_begin_array(json);
    else if (token->type == JSON_END_ARRAY)
        json_write_end_array(json);
    else
        copy_scalar(json, token);
}

/* The value that `first` begins. 0, or -1: broken. */
static int copy_value(struct json_reader *reader, const struct json_token *first, struct json_writer *json)
{
    struct json_token token = *first;

    for (;;) {
        copy_token(json, &token);
        bool begins = token.type == JSON_BEGIN_OBJECT || token.type == JSON_BEGIN_ARRAY;
        if (!begins && token.depth <= first->depth)
            return 0;
        if (json_next(reader, &token) == JSON_BROKEN || token.type == JSON_END)
            return -1;
    }
}

static bool is_list(const struct json_token *token)
{
    return token->depth == 1 && token->type == JSON_BEGIN_ARRAY &&
           (text_is(token->key, "syncs") || text_is(token->key, "resources"));
}

struct page { /* 0: the document has none */
    int64_t page, size, total;
};

static void take_page(struct page *page, const struct json_token *token)
{
    if (token->depth != 1 || token->type != JSON_INTEGER)
        return;
    if (text_is(token->key, "page"))
        page->page = token->integer;
    else if (text_is(token->key, "size"))
        page->size = token->integer;
    else if (text_is(token->key, "total"))
        page->total = token->integer;
}

static bool is_of_pages(const struct json_token *token)
{
    return token->depth == 1 && (text_is(token->key, "page") || text_is(token->key, "size"));
}

/* Do more pages follow? -1: broken. */
static int look_for_more(struct text document, bool *out_more, struct failure *why)
{
    struct json_reader *reader = json_reader_new(document, why);
    struct page page = {0};
    struct json_token token;

    if (reader == NULL)
        return -1;
    while (json_next(reader, &token) > JSON_END)
        take_page(&page, &token);
    json_reader_free(reader);
    *out_more = page.page > 0 && page.size > 0 && page.page < (page.total + page.size - 1) / page.size;
    return token.type == JSON_END ? 0 : -1;
}

/* What a list holds that has begun: to a writer, or a line each. */
static int copy_items(struct json_reader *reader, struct json_writer *json, bool lines)
{
    struct json_token token;

    while (json_next(reader, &token) != JSON_END_ARRAY) {
        if (token.type <= JSON_END || copy_value(reader, &token, json) != 0)
            return -1;
        if (!lines)
            continue;
        json_write_newline(json);
        json_writer_init(json, json->out, 0);
    }
    return 0;
}

/* An object a line; what remains of the document is the summary, unless more pages follow. */
static int print_lines(struct json_reader *reader, bool more, struct buffer *out)
{
    struct buffer rest;
    struct json_writer lines, summary;
    struct json_token token;
    int status = 0;

    buffer_init(&rest, out->ceiling);
    json_writer_init(&lines, out, 0);
    json_writer_init(&summary, &rest, 0);
    json_write_begin_object(&summary);
    json_write_key(&summary, "kind");
    json_write_string(&summary, "Summary");
    if (json_next(reader, &token) != JSON_BEGIN_OBJECT)
        status = -1;
    while (status == 0 && json_next(reader, &token) != JSON_END_OBJECT) {
        if (is_list(&token))
            status = copy_items(reader, &lines, true);
        else
            status = token.type <= JSON_END ? -1 : copy_value(reader, &token, &summary);
    }
    json_write_end_object(&summary);
    json_write_newline(&summary);
    if (!more)
        buffer_append_text(out, buffer_text(&rest));
    buffer_release(&rest);
    return status;
}

/* One document of all pages: what stands before the list comes from the first, what stands behind it from the last. */
static int print_document(struct json_reader *reader, struct status_pages *pages, bool more, struct buffer *out)
{
    struct json_writer *json = &pages->json;
    bool first = !pages->more, listed = false;
    struct json_token token;
    int status = 0;

    if (first)
        json_writer_init(json, out, 1);
    json->out = out;
    if (json_next(reader, &token) != JSON_BEGIN_OBJECT)
        return -1;
    if (first)
        json_write_begin_object(json);
    while (status == 0 && json_next(reader, &token) != JSON_END_OBJECT) {
        if (token.type <= JSON_END)
            return -1;
        if (is_list(&token)) {
            if (first)
                copy_token(json, &token);
            status = copy_items(reader, json, false);
            if (!more)
                json_write_end_array(json);
            listed = true;
        } else if (!is_of_pages(&token) && (listed ? !more : first)) {
            status = copy_value(reader, &token, json);
        } else {
            status = json_skip(reader, &token);
        }
    }
    if (!more) {
        json_write_end_object(json);
        json_write_newline(json);
    }
    return status;
}

/* --- what people want to see of it */

struct line { /* a sync; texts are the reader's */
    struct text name, cause, message, hint, request_id, ended, phase;
    bool parity, any;
    int64_t declared, present, missing, differs, failed, refused, to_create, done, seconds_left;
    double per_second;
};

struct thing { /* a resource */
    struct text kind, name, state, cause, message, field;
    uint32_t differences;
};

struct walk {
    struct json_reader *reader;
    struct text keys[JSON_DEPTH_MAX + 2]; /* by depth */
    struct line *lines;
    struct thing *things;
    uint32_t line_count, thing_count;
    int64_t total; /* resources that match */
    bool color;
    struct buffer *out;
};

/* Does "a/(star)/b" name the member `keys`, of which there are so many? */
static bool at(const struct text *keys, int count, const char *pattern)
{
    for (int i = 0; i < count; i++) {
        size_t bytes = strcspn(pattern, "/");
        bool any = bytes == 1 && pattern[0] == '*';
        if (!any && !text_equal(keys[i], (struct text){pattern, bytes}))
            return false;
        pattern += bytes;
        if (*pattern == '/')
            pattern++;
        else
            return i == count - 1;
    }
    return false;
}

static void take_number(struct line *line, const struct text *keys, int count, int64_t value)
{
    const struct {
        const char *pattern;
        int64_t *sum;
    } numbers[] = {
        {"summary/*/declared", &line->declared},
        {"summary/*/states/inSync", &line->present},
        {"summary/*/states/accepted", &line->present},
        {"summary/*/states/missing", &line->missing},
        {"summary/*/states/creating", &line->missing},
        {"summary/*/states/differs", &line->differs},
        {"summary/*/states/conflict", &line->refused},
        {"summary/*/states/invalid", &line->refused},
        {"summary/*/results/failed", &line->failed},
        {"progress/toCreate", &line->to_create},
        {"progress/answered", &line->done},
        {"progress/secondsLeft", &line->seconds_left},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (at(keys, count, numbers[i].pattern))
            *numbers[i].sum += value;
    line->any = line->any || at(keys, count, "summary/*/declared");
}

static void take_of_sync(struct line *line, const struct text *keys, int count, const struct json_token *token)
{
    const struct {
        const char *pattern;
        struct text *text;
    } texts[] = {
        {"name", &line->name},
        {"error/cause", &line->cause},
        {"error/message", &line->message},
        {"error/hint", &line->hint},
        {"error/requestId", &line->request_id},
        {"lastPass/endedAt", &line->ended},
        {"progress/phase", &line->phase},
    };

    for (size_t i = 0; token->type == JSON_STRING && i < sizeof texts / sizeof texts[0]; i++)
        if (at(keys, count, texts[i].pattern))
            *texts[i].text = token->text;
    if (at(keys, count, "parity"))
        line->parity = token->type == JSON_TRUE;
    if (token->type == JSON_INTEGER)
        take_number(line, keys, count, token->integer);
    if ((token->type == JSON_NUMBER || token->type == JSON_INTEGER) && at(keys, count, "progress/perSecond"))
        line->per_second = strtod(token->text.data, NULL); /* ends before what follows the number */
}

static void take_of_thing(struct thing *thing, const struct text *keys, int count, const struct json_token *token)
{
    if (token->type != JSON_STRING)
        return;
    if (at(keys, count, "kind"))
        thing->kind = token->text;
    else if (at(keys, count, "name"))
        thing->name = token->text;
    else if (at(keys, count, "state"))
        thing->state = token->text;
    else if (at(keys, count, "cause"))
        thing->cause = token->text;
    else if (at(keys, count, "message"))
        thing->message = token->text;
    else if (at(keys, count, "differences/*/field") && thing->differences++ == 0)
        thing->field = token->text;
}

static bool add_line(struct walk *walk)
{
    struct line *lines = realloc(walk->lines, (walk->line_count + 1) * sizeof *lines);

    if (lines == NULL)
        return false;
    walk->lines = lines;
    lines[walk->line_count++] = (struct line){0};
    return true;
}

static bool add_thing(struct walk *walk)
{
    struct thing *things = realloc(walk->things, (walk->thing_count + 1) * sizeof *things);

    if (things == NULL)
        return false;
    walk->things = things;
    things[walk->thing_count++] = (struct thing){0};
    return true;
}

static int take_token(struct walk *walk, const struct json_token *token)
{
    const struct text *keys = walk->keys;
    int depth = token->depth;

    if (depth > JSON_DEPTH_MAX)
        return -1;
    walk->keys[depth] = token->key;
    bool of_syncs = depth >= 2 && text_is(keys[1], "syncs"), of_sync = depth >= 1 && text_is(keys[1], "sync");
    bool of_things = depth >= 2 && text_is(keys[1], "resources");
    if (token->type == JSON_BEGIN_OBJECT && ((of_syncs && depth == 2) || (of_sync && depth == 1)))
        return add_line(walk) ? 0 : -1;
    if (token->type == JSON_BEGIN_OBJECT && of_things && depth == 2)
        return add_thing(walk) ? 0 : -1;
    if (of_syncs && depth > 2 && walk->line_count > 0)
        take_of_sync(&walk->lines[walk->line_count - 1], keys + 3, depth - 2, token);
    else if (of_sync && depth > 1 && walk->line_count > 0)
        take_of_sync(&walk->lines[walk->line_count - 1], keys + 2, depth - 1, token);
    else if (of_things && depth > 2 && walk->thing_count > 0)
        take_of_thing(&walk->things[walk->thing_count - 1], keys + 3, depth - 2, token);
    else if (depth == 1 && text_is(token->key, "total") && token->type == JSON_INTEGER)
        walk->total = token->integer;
    return 0;
}

static int read_all(struct walk *walk)
{
    struct json_token token;

    for (;;) {
        enum json_type type = json_next(walk->reader, &token);
        if (type == JSON_END)
            return 0;
        if (type == JSON_BROKEN)
            return -1;
        if (type == JSON_END_OBJECT || type == JSON_END_ARRAY)
            continue;
        if (take_token(walk, &token) != 0)
            return -1;
    }
}

/* --- for a terminal */

static void paint(struct walk *walk, const char *color, const char *text)
{
    if (walk->color)
        buffer_append_format(walk->out, "\033[%sm%s\033[0m", color, text);
    else
        buffer_append_string(walk->out, text);
}

static size_t append_cell(struct walk *walk, struct text text, size_t columns)
{
    size_t width = utf8_width(text);

    escape_append(walk->out, text);
    for (size_t i = width; i < columns; i++)
        buffer_append_char(walk->out, ' ');
    return width;
}

static void append_number(struct walk *walk, const struct line *line, int64_t value, const char *color)
{
    char text[32], cell[40];

    count_format((uint64_t)value, text);
    snprintf(cell, sizeof cell, "  %9s", line->any ? text : "-");
    paint(walk, value > 0 ? color : "2", cell);
}

static void append_moment(struct walk *walk, const struct line *line)
{
    int64_t ended;
    char text[32];

    if (!time_parse(line->ended, &ended)) {
        buffer_append_string(walk->out, "  none yet");
        return;
    }
    int64_t ago_ms = walltime_unix_ms() - ended;
    duration_format((uint64_t)(ago_ms > 0 ? ago_ms / 1000 * 1000 : 0), text);
    buffer_append_format(walk->out, "  %s ago", text);
}

static void append_progress(struct walk *walk, const struct line *line)
{
    char done[32], all[32], left[32];

    if (line->to_create == 0)
        return;
    count_format((uint64_t)line->done, done);
    count_format((uint64_t)line->to_create, all);
    buffer_append_format(walk->out, "    %s of %s created, %.1f a second", done, all, line->per_second);
    if (line->seconds_left > 0) {
        duration_format((uint64_t)line->seconds_left * 1000, left);
        buffer_append_format(walk->out, ", about %s left", left);
    }
    buffer_append_char(walk->out, '\n');
}

static void append_error(struct walk *walk, const struct line *line)
{
    if (line->cause.bytes == 0)
        return;
    buffer_append_string(walk->out, "    ");
    escape_append(walk->out, line->cause);
    buffer_append_string(walk->out, ": ");
    escape_append(walk->out, line->message);
    if (line->hint.bytes > 0) {
        buffer_append_string(walk->out, "\n    what to do: ");
        escape_append(walk->out, line->hint);
    }
    if (line->request_id.bytes > 0) {
        buffer_append_string(walk->out, "\n    request id: ");
        escape_append(walk->out, line->request_id);
    }
    buffer_append_char(walk->out, '\n');
}

static void print_line(struct walk *walk, const struct line *line, size_t columns)
{
    const char *word = line->cause.bytes > 0 ? "failing" : line->parity ? "yes" : "no";
    char cell[16];

    append_cell(walk, line->name, columns);
    snprintf(cell, sizeof cell, "  %-7s", word);
    paint(walk, line->cause.bytes > 0 ? "31" : line->parity ? "32" : "33", cell);
    append_number(walk, line, line->declared, "0");
    append_number(walk, line, line->present, "32");
    append_number(walk, line, line->missing, "33");
    append_number(walk, line, line->differs, "35");
    append_number(walk, line, line->failed > line->refused ? line->failed : line->refused, "31");
    append_moment(walk, line);
    if (line->phase.bytes > 0) {
        buffer_append_string(walk->out, ", ");
        escape_append(walk->out, line->phase);
    }
    buffer_append_char(walk->out, '\n');
    append_progress(walk, line);
    append_error(walk, line);
}

static void print_thing(struct walk *walk, const struct thing *thing, size_t columns)
{
    append_cell(walk, thing->kind, 13);
    buffer_append_string(walk->out, "  ");
    append_cell(walk, thing->name, columns);
    buffer_append_string(walk->out, "  ");
    append_cell(walk, thing->state, 8);
    buffer_append_string(walk->out, "  ");
    if (thing->cause.bytes > 0) {
        escape_append(walk->out, thing->cause);
        buffer_append_string(walk->out, thing->message.bytes > 0 ? ": " : "");
        escape_append(walk->out, thing->message);
    } else if (thing->differences > 0) {
        escape_append(walk->out, thing->field);
        if (thing->differences > 1)
            buffer_append_format(walk->out, " and %" PRIu32 " more", thing->differences - 1);
    }
    buffer_append_char(walk->out, '\n');
}

static size_t widest(size_t so_far, struct text text)
{
    enum { COLUMNS_MAX = 48 };
    size_t width = utf8_width(text);

    if (width > COLUMNS_MAX)
        width = COLUMNS_MAX;
    return width > so_far ? width : so_far;
}

static void print_table(struct walk *walk)
{
    size_t columns = strlen("SYNC"), name_columns = 4;
    char shown[32], all[32];

    for (uint32_t i = 0; i < walk->line_count; i++)
        columns = widest(columns, walk->lines[i].name);
    for (uint32_t i = 0; i < walk->thing_count; i++)
        name_columns = widest(name_columns, walk->things[i].name);
    append_cell(walk, TEXT("SYNC"), columns);
    buffer_append_format(walk->out, "  %-7s  %9s  %9s  %9s  %9s  %9s  %s\n", "PARITY", "DECLARED", "IN SYNC", "MISSING",
                         "DIFFERS", "FAILED", "LAST PASS");
    for (uint32_t i = 0; i < walk->line_count; i++)
        print_line(walk, &walk->lines[i], columns);
    if (walk->thing_count > 0)
        buffer_append_char(walk->out, '\n');
    for (uint32_t i = 0; i < walk->thing_count; i++)
        print_thing(walk, &walk->things[i], name_columns);
    if (walk->total > walk->thing_count) {
        count_format(walk->thing_count, shown);
        count_format((uint64_t)walk->total, all);
        buffer_append_format(walk->out, "… %s of %s\n", shown, all);
    }
}

/* --- what callers ask */

int status_print(struct text document, enum output output, bool color, struct status_pages *pages, struct buffer *out,
                 struct failure *why)
{
    struct walk walk = {.color = color, .out = out};
    struct status_pages before = *pages;
    bool more = false;
    int status = 0;

    if (output != OUTPUT_TABLE)
        status = look_for_more(document, &more, why);
    walk.reader = status == 0 ? json_reader_new(document, why) : NULL;
    if (walk.reader == NULL)
        status = -1;
    else if (output == OUTPUT_JSON)
        status = print_document(walk.reader, pages, more, out);
    else if (output == OUTPUT_JSONL)
        status = print_lines(walk.reader, more, out);
    else if ((status = read_all(&walk)) == 0)
        print_table(&walk);
    json_reader_free(walk.reader);
    free(walk.lines);
    free(walk.things);
    if (status != 0 && why->cause == CAUSE_NONE)
        failure_set(why, CAUSE_BAD_ANSWER, "the answer is no status of a daemon");
    if (status != 0) {
        *pages = before;
        return -1;
    }
    pages->more = more;
    return out->failed ? failure_no_memory(why, "the status") : 0;
}

bool status_error(struct text document, struct failure *out)
{
    struct failure ignored = FAILURE_INIT;
    struct json_reader *reader = json_reader_new(document, &ignored);
    struct json_token token;
    struct text parent = {"", 0};
    bool found = false;

    while (reader != NULL && json_next(reader, &token) > JSON_END) {
        if (token.type == JSON_BEGIN_OBJECT)
            parent = token.key;
        if (token.type != JSON_STRING || !text_is(parent, "error") || !text_is(token.key, "message"))
            continue;
        failure_set(out, CAUSE_CONFIGURATION_WRONG, "the daemon says: %.*s", (int)token.text.bytes, token.text.data);
        found = true;
    }
    json_reader_free(reader);
    return found;
}
