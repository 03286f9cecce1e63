/* SPDX-License-Identifier: Apache-2.0
 *
 * validate: every mistake of every file in one run. Nothing is sent, nothing is written.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/base/file.h"
#include "api/base/json.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/commands/session.h"
#include "controller/config/config.h"
#include "controller/exit_code.h"
#include "manifests/document.h"
#include "manifests/manifests.h"
#include "manifests/mapping_yaml.h"

static uint64_t declared(const struct source_counts *counts, enum kind kind)
{
    return counts->read[kind] - counts->system[kind] - counts->merged[kind];
}

static void print_table(const struct manifests *manifests)
{
    for (enum kind kind = 0; kind < KINDS; kind++) {
        char count[32], system[32];
        count_format(declared(&manifests->counts, kind), count);
        count_format(manifests->counts.system[kind], system);
        printf("%-16s %11s declared %11s system\n", kind == KIND_TOPIC ? "Topics" : "Consumer groups", count, system);
    }
}

static void print_system(const struct catalog *catalog)
{
    const struct resource *rows = catalog_rows(catalog);
    struct buffer name;

    buffer_init(&name, 8 * NAME_BYTES_MAX);
    for (uint32_t row = 0; row < catalog_count(catalog); row++) {
        if (rows[row].status != STATUS_SYSTEM && rows[row].status != STATUS_STATIC)
            continue;
        buffer_reset(&name);
        escape_append(&name, catalog_name(catalog, &rows[row]));
        printf("  - %-14s %s%s\n", kind_name(rows[row].kind), name.data == NULL ? "" : name.data,
               rows[row].status == STATUS_STATIC ? " (static topic)" : "");
    }
    buffer_release(&name);
}

static void write_mistakes(struct json_writer *json, const struct complaints *mistakes)
{
    json_write_key(json, "mistakes");
    json_write_begin_array(json);
    for (uint32_t i = 0; i < mistakes->count; i++) {
        json_write_begin_object_inline(json);
        json_write_key(json, "path");
        json_write_string(json, mistakes->items[i].path);
        json_write_key(json, "line");
        json_write_unsigned(json, mistakes->items[i].line);
        json_write_key(json, "column");
        json_write_unsigned(json, mistakes->items[i].column);
        json_write_key(json, "message");
        json_write_string(json, mistakes->items[i].text);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void print_json(const struct manifests *manifests, const struct complaints *mistakes)
{
    struct buffer text;
    struct json_writer json;

    buffer_init(&text, (size_t)256 * 1024 * 1024);
    json_writer_init(&json, &text, 1);
    json_write_begin_object(&json);
    json_write_key(&json, "version");
    json_write_integer(&json, 1);
    json_write_key(&json, "command");
    json_write_string(&json, "validate");
    write_mistakes(&json, mistakes);
    json_write_key(&json, "summary");
    json_write_begin_object(&json);
    for (enum kind kind = 0; manifests != NULL && kind < KINDS; kind++) {
        json_write_key(&json, kind_name(kind));
        json_write_begin_object_inline(&json);
        json_write_key(&json, "read");
        json_write_unsigned(&json, manifests->counts.read[kind]);
        json_write_key(&json, "system");
        json_write_unsigned(&json, manifests->counts.system[kind]);
        json_write_key(&json, "merged");
        json_write_unsigned(&json, manifests->counts.merged[kind]);
        json_write_key(&json, "declared");
        json_write_unsigned(&json, declared(&manifests->counts, kind));
        json_write_end_object(&json);
    }
    json_write_end_object(&json);
    json_write_end_object(&json);
    json_write_newline(&json);
    if (!text.failed)
        fwrite(text.data, 1, text.length, stdout);
    buffer_release(&text);
}

static int conclude(struct session *session, int status, const struct manifests *manifests, struct complaints *mistakes,
                    const struct failure *why)
{
    bool shown = session->output == OUTPUT_TABLE && !session->quiet && status == 0;

    session_mistakes(session, mistakes);
    if (manifests != NULL)
        session_notices(session, &manifests->notices);
    if (status < 0 && mistakes->count == 0)
        return session_fail(session, why);
    if (session->output != OUTPUT_TABLE)
        print_json(manifests, mistakes);
    if (shown && manifests != NULL && options_has(session->options, OPTION_SHOW_SYSTEM))
        print_system(manifests->catalog);
    if (shown && manifests != NULL)
        print_table(manifests);
    if (status == 0) {
        fputs(shown ? "no mistakes\n" : "", stdout);
        return EXIT_DONE;
    }
    fprintf(stderr, "mqferry: %" PRIu64 " %s found; nothing was used\n", mistakes->count + mistakes->dropped,
            mistakes->count + mistakes->dropped == 1 ? "mistake" : "mistakes");
    return cause_exit_code(why->cause);
}

/* --- mappings and configurations -------------------------------------------------------------------------------------
 */

/* Kinds of the documents of one file, as bits; 0 where it cannot be told (a directory, JSON, no file, broken YAML). */
static uint32_t kinds_in(const char *path)
{
    struct file_text file = {0};
    struct failure ignored = FAILURE_INIT;
    struct complaints unheard;
    struct document document;
    uint32_t kinds = 0;

    if (!text_ends(text_of(path), ".yaml") && !text_ends(text_of(path), ".yml"))
        return 0;
    if (file_read(path, &file, &ignored) < 0)
        return 0;
    complaints_init(&unheard);
    struct yaml_reader *reader = yaml_reader_new((struct text){file.data, file.bytes}, path, &unheard, &ignored);
    while (reader != NULL && document_next(reader, &document))
        kinds |= 1U << document.kind;
    yaml_reader_free(reader);
    complaints_release(&unheard);
    file_text_release(&file);
    return kinds;
}

static int check_mapping(const char *path, struct complaints *mistakes, struct failure *why)
{
    struct mapping mapping;
    struct file_mark *marks = NULL;
    uint32_t count = 0;

    mapping_init(&mapping);
    int status = mapping_load(path, &mapping, &marks, &count, mistakes, why);
    if (status == 0)
        file_marks_free(marks, count);
    mapping_release(&mapping);
    return status;
}

/* A file that holds a Mapping, or nothing but Syncs and a Daemon, is checked as what it is; the rest are manifests.
 * *out_handled tells. 0 or -1. */
static int check_other(const char *path, bool *out_handled, struct complaints *mistakes, struct failure *why)
{
    const uint32_t configuration = 1U << DOCUMENT_SYNC | 1U << DOCUMENT_DAEMON;
    struct config *config = NULL;
    uint32_t kinds = kinds_in(path);
    int status = 0;

    *out_handled = true;
    if (kinds == 1U << DOCUMENT_MAPPING) {
        status = check_mapping(path, mistakes, why);
    } else if (kinds != 0 && (kinds & ~configuration) == 0) {
        status = config_load(path, &config, mistakes, why);
        config_unref(config);
    } else {
        *out_handled = false;
    }
    return status;
}

/* --- the way through: the files are read by a worker, so that --timeout can end it
 * ------------------------------------------- */

struct validation {
    struct job job;
    struct session *session;
    uv_timer_t timer;
    bool over; /* the time that --timeout allows */
    struct manifests_request request;
    const char **paths; /* of the request */
    struct manifests *manifests;
    struct complaints mistakes;
    struct failure why;
    int status;
};

static void work(struct job *job)
{
    struct validation *validation = job->data;
    const struct options *options = validation->session->options;
    struct failure *why = &validation->why;

    for (uint32_t i = 0; i < options->argument_count && !job_cancelled(job); i++) {
        bool handled;
        if (check_other(options->arguments[i], &handled, &validation->mistakes, why) < 0)
            validation->status = -1;
        if (!handled)
            validation->paths[validation->request.path_count++] = options->arguments[i];
    }
    if (validation->request.path_count > 0 &&
        manifests_load(&validation->request, &validation->manifests, &validation->mistakes, why) < 0)
        validation->status = -1;
}

static void on_done(struct job *job)
{
    struct validation *validation = job->data;
    uv_close((uv_handle_t *)&validation->timer, NULL);
}

static void on_over(uv_timer_t *timer)
{
    struct validation *validation = timer->data;
    validation->over = true;
    job_cancel(&validation->job);
}

static void run(struct validation *validation)
{
    struct session *session = validation->session;

    validation->job.work = work;
    validation->job.done = on_done;
    validation->job.data = validation->timer.data = validation;
    validation->request.cancelled = &validation->job.cancelled;
    uv_timer_init(&session->loop, &validation->timer);
    if (options_has(session->options, OPTION_TIMEOUT))
        uv_timer_start(&validation->timer, on_over, options_number(session->options, OPTION_TIMEOUT, 0), 0);
    worker_submit(session->workers, &validation->job);
    uv_run(&session->loop, UV_RUN_DEFAULT);
}

int command_validate(struct session *session)
{
    const struct options *options = session->options;
    struct validation validation = {
        .session = session,
        .request = {.exclude_files = options->values[OPTION_EXCLUDE_FILE].texts,
                    .source_masters = (uint32_t)options_number(options, OPTION_SOURCE_MASTERS, 0)},
        .paths = calloc(options->argument_count + 1, sizeof *validation.paths),
    };

    if (options->argument_count == 0 || validation.paths == NULL) {
        failure_set(&validation.why, CAUSE_USAGE,
                    "mqferry validate needs a PATH: a file, a directory, or - for standard input");
        free(validation.paths);
        return session_fail(session, &validation.why);
    }
    complaints_init(&validation.mistakes);
    validation.request.paths = validation.paths;
    run(&validation);
    if (validation.over && validation.why.cause == CAUSE_CANCELLED)
        failure_set(&validation.why, CAUSE_CANCELLED, "the time that --timeout allows is over");
    int code = conclude(session, validation.status, validation.manifests, &validation.mistakes, &validation.why);
    complaints_release(&validation.mistakes);
    manifests_free(validation.manifests);
    free(validation.paths);
    return code;
}
