/* SPDX-License-Identifier: Apache-2.0
 *
 * validate: every mistake of every file in one run. Nothing is sent, nothing is written.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/base/json.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/commands/session.h"
#include "controller/exit_code.h"
#include "manifests/manifests.h"

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
    fputs("no mistakes\n", stdout);
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

static int conclude(struct session *session, const struct manifests *manifests, struct complaints *mistakes,
                    const struct failure *why)
{
    session_mistakes(session, mistakes);
    if (manifests != NULL)
        session_notices(session, &manifests->notices);
    if (manifests == NULL && mistakes->count == 0)
        return session_fail(session, why);
    if (session->output != OUTPUT_TABLE) {
        print_json(manifests, mistakes);
    } else if (manifests != NULL && !session->quiet) {
        if (options_has(session->options, OPTION_SHOW_SYSTEM))
            print_system(manifests->catalog);
        print_table(manifests);
    }
    if (manifests != NULL)
        return EXIT_DONE;
    fprintf(stderr, "mqferry: %" PRIu64 " %s found; nothing was used\n", mistakes->count + mistakes->dropped,
            mistakes->count + mistakes->dropped == 1 ? "mistake" : "mistakes");
    return cause_exit_code(why->cause);
}

int command_validate(struct session *session)
{
    const struct options *options = session->options;
    struct failure why = FAILURE_INIT;
    struct complaints mistakes;
    struct manifests *manifests = NULL;

    if (options->argument_count == 0) {
        failure_set(&why, CAUSE_USAGE, "mqferry validate needs a PATH: a file, a directory, or - for standard input");
        return session_fail(session, &why);
    }
    const struct manifests_request request = {
        .paths = options->arguments,
        .path_count = options->argument_count,
        .exclude_files = options->values[OPTION_EXCLUDE_FILE].texts,
        .source_masters = (uint32_t)options_number(options, OPTION_SOURCE_MASTERS, 0),
    };
    complaints_init(&mistakes);
    manifests_load(&request, &manifests, &mistakes, &why);
    int code = conclude(session, manifests, &mistakes, &why);
    complaints_release(&mistakes);
    manifests_free(manifests);
    return code;
}
