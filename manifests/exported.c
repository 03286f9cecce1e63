/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/exported.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "manifests/exported_inside.h"

/* --- saying it --- */

void exported_place(struct exported *file, size_t offset, uint32_t *out_line, uint32_t *out_column)
{
    line_counter_find(&file->lines, file->before + offset, out_line, out_column);
}

void exported_complain(struct exported *file, size_t offset, const char *format, ...)
{
    struct place place = {.path = file->request->path};
    char text[FAILURE_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    exported_place(file, offset, &place.line, &place.column);
    complain(file->request->mistakes, &place, "%s", text);
}

void exported_notice(struct exported *file, uint32_t line, uint32_t column, const char *format, ...)
{
    const struct place place = {file->request->path, line, column};
    char text[FAILURE_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    complain(file->request->notices, &place, "%s", text);
}

int exported_broken(struct exported *file)
{
    exported_complain(file, json_reader_error_offset(file->json), "%s", json_reader_error(file->json));
    return STEP_STOP;
}

void exported_twice(struct exported *file, size_t offset)
{
    exported_complain(file, offset, "this member stands twice in one object");
}

int exported_skip(struct exported *file, const struct json_token *token)
{
    size_t offset;
    int status = token->type != JSON_BROKEN ? json_keys_skip(&file->keys, file->json, token, &offset) : -1;

    if (status < 0)
        return exported_broken(file);
    if (status > 0)
        exported_twice(file, offset);
    return 0;
}

/* --- shapes --- */

static int read_array(struct exported *file, const struct json_token *token)
{
    enum kind kind;

    if (exported_facts_list_kind(file->text, &kind, file->why) != 0)
        return -1;
    file->known = kind != KINDS;
    if (file->known)
        return exported_list(file, kind, token);
    struct json_token first;
    if (json_next(file->json, &first) == JSON_END_ARRAY) {
        file->known = true;
        return 0;
    }
    return first.type == JSON_BROKEN ? exported_broken(file) : STEP_STOP;
}

static int read_shape(struct exported *file)
{
    struct json_token token;
    int step;

    json_next(file->json, &token);
    if (token.type == JSON_BEGIN_OBJECT)
        step = exported_members_read(file, false);
    else if (token.type == JSON_BEGIN_ARRAY)
        step = read_array(file, &token);
    else
        step = exported_skip(file, &token);
    if (step == 0 && json_next(file->json, &token) != JSON_END)
        step = exported_broken(file);
    return step == 0 ? exported_document_finish(file) : step;
}

/* --- at the end --- */

static void tell_sums(struct exported *file)
{
    int64_t masters = file->request->source_masters;
    bool told = masters == 0 && file->facts.masters != 0;

    if (told)
        masters = file->facts.masters;
    if (masters == 0)
        exported_notice(file, 0, 0,
                        "queue numbers are sums over an unknown number of masters and count as undeclared: give "
                        "sourceMasters in the mapping, or --source-masters");
    else if (masters > 1)
        exported_notice(file, 0, 0,
                        "queue numbers are sums over %" PRId64 " masters%s: they are divided, used to create and not "
                        "compared",
                        masters, told ? " (configs.clusterScale.masterBrokerSize)" : "");
    if (!told && file->facts.masters != 0 && file->facts.masters != masters)
        exported_notice(file, 0, 0, "the file itself tells of %" PRId64 " masters, sourceMasters says %" PRId64,
                        file->facts.masters, masters);
}

static void tell_skipped(struct exported *file)
{
    if (file->forbidden > 0)
        exported_notice(file, 0, 0, "%" PRIu64 " entries of forbiddenTable are not moved", file->forbidden);
    if (file->unknown > 0)
        exported_notice(file, 0, 0, "%" PRIu64 " members that nobody knows were skipped", file->unknown);
    if (file->stranger.data)
        exported_notice(file, 0, 0, "\"%.*s\" is not known and was skipped", (int)file->stranger.bytes,
                        file->stranger.data);
}

static void tell_nothing_known(struct exported *file)
{
    const struct place place = {.path = file->request->path};

    if (file->merged_file && file->empty_metadata)
        exported_notice(file, 0, 0, "metadata is empty: exportMetadata wrote nothing when this file was made");
    else
        complain(file->request->mistakes, &place, "it declares nothing that mqferry knows%s",
                 file->request->in_directory ? "; leave it out with --exclude-file" : "");
}

static void tell(struct exported *file)
{
    if (!file->known) {
        tell_nothing_known(file);
        return;
    }
    if (file->sums)
        tell_sums(file);
    if (file->snake)
        exported_notice(file, 0, 0, "perm is taken as RocketMQ means it: 2 write, 4 read, 6 both");
    tell_skipped(file);
}

/* Captured output of rocksDBConfigToJson begins with a line about itself (rocketmq-remoting 10.4). */
static size_t captured_line(struct text text)
{
    static const char begin[] = "Use [";
    const char *newline;

    if (text.bytes < sizeof begin || memcmp(text.data, begin, sizeof begin - 1) != 0)
        return 0;
    newline = memchr(text.data, '\n', text.bytes);
    return newline ? (size_t)(newline + 1 - text.data) : 0;
}

/* What these commands print without -j true (rocketmq-remoting 10.4). */
static bool is_text_form(struct text text)
{
    return text_begins(text, "1, Key: ") || text_begins(text, "type: ");
}

/* A null entry of a table reaches no catalog, which finds other names that stand twice: all is looked through once
 * more.
 */
static int look_through_again(struct exported *file)
{
    size_t offset;

    if (json_keys_check(&file->keys, file->text, &offset, file->why) > 0)
        exported_twice(file, offset);
    return file->why->cause != 0 ? -1 : 0;
}

static int read_file(struct exported *file)
{
    uint32_t mistakes = file->request->mistakes->count;

    if (catalog_builder_file(file->builder, text_of(file->request->path), &file->file, file->why) != 0)
        return -1;
    if (is_text_form(file->text)) {
        exported_complain(file, 0,
                          "this is the text form of rocksDBConfigToJson or exportMetadataInRocksDB: give them -j true");
        return 0;
    }
    int step = read_shape(file);
    if (step == -1 || exported_own_decide(file) != 0)
        return -1;
    if (file->keys.failed)
        return failure_no_memory(file->why, file->request->path);
    if (file->nulls && mistakes == file->request->mistakes->count && look_through_again(file) != 0)
        return -1;
    if (mistakes == file->request->mistakes->count && !file->passed_over)
        tell(file);
    return 0;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static size_t skip_blanks(struct text text, size_t at)
{
    while (at < text.bytes && is_blank(text.data[at]))
        at++;
    return at;
}

bool exported_likely(struct text text)
{
    bool marked = text.bytes >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0;
    size_t at = skip_blanks(text, marked ? 3 : 0);

    if (captured_line(text) > 0 || text_begins(text, "1, Key: "))
        return true;
    if (at == text.bytes || (text.data[at] != '{' && text.data[at] != '['))
        return false;
    char bracket = text.data[at];
    at = skip_blanks(text, at + 1);
    return bracket == '[' || at == text.bytes || text.data[at] == '"' || text.data[at] == '}';
}

int exported_read(const struct exported_request *request, struct catalog_builder *builder, struct exported_outcome *out,
                  struct failure *why)
{
    struct exported file = {.request = request, .builder = builder, .out = out, .why = why};
    int result = -1;

    file.before = captured_line(request->text);
    file.text = (struct text){request->text.data + file.before, request->text.bytes - file.before};
    config_json_init(&file.config);
    snapshot_reader_init(&file.document.snapshot);
    line_counter_init(&file.lines, request->text);
    file.json = json_reader_new(file.text, why);
    if (file.json)
        result = read_file(&file);
    exported_own_release(&file.own);
    json_reader_free(file.json);
    json_keys_release(&file.keys);
    snapshot_reader_release(&file.document.snapshot);
    config_json_release(&file.config);
    return result;
}
