/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths into a catalog: find the files, read each by what it is, settle what is declared twice, count.
 */
#include <stdlib.h>
#include <string.h>

#include "api/base/file.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "manifests/declare.h"
#include "manifests/duplicates.h"
#include "manifests/exported.h"
#include "manifests/manifests.h"
#include "manifests/source_files.h"
#include "manifests/static_topics.h"

struct loading {
    const struct manifests_request *request;
    struct manifests *out;
    struct complaints *mistakes;
    struct failure *why;
    struct source_files files;
    struct catalog_builder *builder;
    struct catalog_builder *static_topics;
    struct resource last; /* of those that stand twice: the one looked at last */
    uint32_t *merged;     /* equal resources that were dropped, per file of the catalog */
};

static const char what[] = "the declared set";

static void free_marks(struct file_mark *marks, uint32_t count)
{
    for (uint32_t i = 0; marks && i < count; i++)
        free(marks[i].path);
    free(marks);
}

void manifests_free(struct manifests *manifests)
{
    if (!manifests)
        return;
    catalog_unref(manifests->catalog);
    complaints_release(&manifests->notices);
    free_marks(manifests->files, manifests->file_count);
    free(manifests);
}

/* --- one file --- */

static int read_hand_written(struct loading *loading, const struct source_file *file, struct text text,
                             struct failure *why)
{
    const struct declare_request request = {
        .path = file->path,
        .in_directory = file->in_directory,
        .cancelled = loading->request->cancelled,
        .notices = &loading->out->notices,
        .mistakes = loading->mistakes,
    };

    return declare_read(text, &request, loading->builder, loading->out->counts.read, why);
}

static void note_export_time(struct manifests *out, int64_t export_unix_ms)
{
    if (export_unix_ms != 0 && (out->oldest_export_unix_ms == 0 || export_unix_ms < out->oldest_export_unix_ms))
        out->oldest_export_unix_ms = export_unix_ms;
}

static int read_exported(struct loading *loading, const struct source_file *file, struct text text, struct failure *why)
{
    const struct exported_request request = {
        .text = text,
        .path = file->path,
        .in_directory = file->in_directory,
        .source_masters = loading->request->source_masters,
        .cancelled = loading->request->cancelled,
        .static_topics = loading->static_topics,
        .notices = &loading->out->notices,
        .mistakes = loading->mistakes,
    };
    struct exported_outcome outcome = {0};

    if (exported_read(&request, loading->builder, &outcome, why) != 0)
        return -1;
    for (int kind = 0; kind < KINDS; kind++)
        loading->out->counts.read[kind] += outcome.read[kind];
    note_export_time(loading->out, outcome.export_unix_ms);
    return outcome.hand_written ? read_hand_written(loading, file, text, why) : 0;
}

static int read_text(struct loading *loading, const struct source_file *file, struct text text, struct failure *why)
{
    bool yaml = path_has_extension(file->path, "yaml") || path_has_extension(file->path, "yml");

    if (strcmp(file_name_of(file->path), STATIC_TOPICS_FILE) == 0)
        return static_topics_read(text, file->path, loading->static_topics, &loading->out->notices, loading->mistakes,
                                  why);
    if (path_has_extension(file->path, "json") || (!yaml && exported_likely(text)))
        return read_exported(loading, file, text, why);
    return read_hand_written(loading, file, text, why);
}

/* The message of file_read names the path, which a complaint has in front already. */
static const char *reason_of(const char *text, const char *path)
{
    static const char begin[] = "cannot read ";
    size_t bytes = strlen(path);

    if (strncmp(text, begin, sizeof begin - 1) != 0)
        return text;
    text += sizeof begin - 1;
    return strncmp(text, path, bytes) == 0 && strncmp(text + bytes, ": ", 2) == 0 ? text + bytes + 2 : text;
}

/* What is wrong with one file does not hide what is wrong with the others. 0, or -1: nothing more can be read. */
static int note_failure(struct loading *loading, const char *path, const char *doing, const struct failure *why)
{
    if (why->cause != CAUSE_INPUT_WRONG) {
        *loading->why = *why;
        return -1;
    }
    complain(loading->mistakes, &(struct place){.path = path}, "%s%s", doing, reason_of(why->text, path));
    return 0;
}

static int read_file(struct loading *loading, const struct source_file *file)
{
    struct failure why = FAILURE_INIT;
    struct file_text content;

    if (loading->request->cancelled && atomic_load(loading->request->cancelled))
        return failure_set(loading->why, CAUSE_CANCELLED, "reading %s was cancelled", what);
    if (file_read_cancellable(file->path, loading->request->cancelled, &content, &why) != 0)
        return note_failure(loading, file->path, "cannot read it: ", &why);
    int result = read_text(loading, file, (struct text){content.data, content.bytes}, &why);
    file_text_release(&content);
    return result == 0 ? 0 : note_failure(loading, file->path, "", &why);
}

/* --- all files --- */

/* The marks take the paths over. */
static int make_marks(struct loading *loading)
{
    const struct source_files *files = &loading->files;
    uint32_t count = files->count + files->directory_count;
    struct file_mark *marks = calloc(count + (size_t)1, sizeof *marks);

    if (!marks)
        return failure_no_memory(loading->why, what);
    loading->out->files = marks;
    loading->out->file_count = count;
    for (uint32_t i = 0; i < files->count; i++) {
        file_mark_take(files->items[i].path, &marks[i]); /* what is not there is told when it is read */
        marks[i].path = strdup(files->items[i].path);
        if (!marks[i].path)
            return failure_no_memory(loading->why, what);
    }
    for (uint32_t i = 0; i < files->directory_count; i++) {
        marks[files->count + i] = files->directories[i];
        files->directories[i].path = NULL;
    }
    return 0;
}

/* Resources of one name come in the order of their files. So two of one file are neighbours, also where the one of
 * another file is kept before them. */
static const struct resource *neighbour(const struct loading *loading, const struct duplicate_pair *pair)
{
    const struct resource *last = &loading->last;
    bool same_name =
        last->line > 0 && last->kind == pair->first->kind && text_equal(catalog_name(pair->catalog, last), pair->name);

    return same_name ? last : pair->first;
}

static enum duplicate settle_pair(struct loading *loading, struct duplicate_pair *pair, struct failure *why)
{
    struct duplicate_pair neighbours = *pair;

    neighbours.first = neighbour(loading, pair);
    if (!pair->second->hand && neighbours.first->file == pair->second->file)
        return duplicates_in_one_file(&neighbours, loading->mistakes);
    return duplicates_settle(pair, loading->mistakes, why);
}

static enum duplicate settle(void *context, struct duplicate_pair *pair, struct failure *why)
{
    struct loading *loading = context;
    enum duplicate answer = settle_pair(loading, pair, why);

    loading->last = *pair->second;
    if (answer == DUPLICATE_DROP)
        loading->merged[pair->second->file]++;
    else if (answer == DUPLICATE_SECOND)
        loading->merged[pair->first->file]++;
    return answer;
}

static void count(struct manifests *out)
{
    const struct resource *rows = catalog_rows(out->catalog);
    uint64_t kept[KINDS] = {0};

    for (uint32_t i = 0; i < catalog_count(out->catalog); i++) {
        kept[rows[i].kind]++;
        out->counts.system[rows[i].kind] += rows[i].status == STATUS_SYSTEM || rows[i].status == STATUS_STATIC;
    }
    for (int kind = 0; kind < KINDS; kind++)
        out->counts.merged[kind] = out->counts.read[kind] - kept[kind];
}

/* One notice a file, not one a resource: two brokers of one cluster have nearly everything in common. */
static void tell_merged(struct loading *loading)
{
    for (uint32_t file = 0; file <= CATALOG_FILES_MAX; file++)
        if (loading->merged[file] > 0)
            complain(&loading->out->notices,
                     &(struct place){.path = catalog_file(loading->out->catalog, (uint16_t)file)},
                     "%u of its topics and groups are declared alike elsewhere and were merged", loading->merged[file]);
}

static int seal(struct loading *loading)
{
    loading->merged = calloc(CATALOG_FILES_MAX + (size_t)1, sizeof *loading->merged);
    if (!loading->merged)
        return failure_no_memory(loading->why, what);
    if (catalog_seal(loading->builder, settle, loading, &loading->out->catalog, loading->why) != 0)
        return -1;
    tell_merged(loading);
    if (static_topics_mark(&loading->out->catalog, loading->static_topics, loading->why) != 0)
        return -1;
    count(loading->out);
    return 0;
}

static int read_files(struct loading *loading)
{
    for (uint32_t i = 0; i < loading->files.count; i++)
        if (read_file(loading, &loading->files.items[i]) != 0)
            return -1;
    return 0;
}

static int check_mistakes(struct loading *loading)
{
    if (loading->mistakes->memory_failed || loading->out->notices.memory_failed)
        return failure_no_memory(loading->why, what);
    complaints_sort(&loading->out->notices);
    complaints_sort(loading->mistakes);
    if (loading->mistakes->count == 0)
        return 0;
    uint64_t mistakes = loading->mistakes->count + loading->mistakes->dropped;
    return failure_set(loading->why, CAUSE_INPUT_WRONG, "%llu mistake%s in what was to be read",
                       (unsigned long long)mistakes, mistakes == 1 ? "" : "s");
}

static int load(struct loading *loading)
{
    loading->builder = catalog_builder_new();
    loading->static_topics = catalog_builder_new();
    if (!loading->builder || !loading->static_topics)
        return failure_no_memory(loading->why, what);
    if (source_files_find(loading->request, &loading->files, &loading->out->notices, loading->mistakes, loading->why) !=
            0 ||
        make_marks(loading) != 0 || read_files(loading) != 0 || seal(loading) != 0)
        return -1;
    return check_mistakes(loading);
}

int manifests_load(const struct manifests_request *request, struct manifests **out, struct complaints *mistakes,
                   struct failure *why)
{
    struct manifests *manifests = calloc(1, sizeof *manifests);
    struct loading loading = {.request = request, .out = manifests, .mistakes = mistakes, .why = why};

    if (!manifests)
        return failure_no_memory(why, what);
    complaints_init(&manifests->notices);
    manifests->started_unix_ms = walltime_unix_ms();
    int result = load(&loading);
    if (result == 0)
        *out = manifests;
    else
        manifests_free(manifests);
    catalog_builder_free(loading.builder);
    catalog_builder_free(loading.static_topics);
    source_files_release(&loading.files);
    free(loading.merged);
    return result;
}
