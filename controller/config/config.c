/* SPDX-License-Identifier: Apache-2.0
 *
 * Sync and Daemon documents: which table reads which, and what no table can say.
 */
#include "controller/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "api/base/file.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/config/loading.h"
#include "controller/status/listen.h"
#include "manifests/manifests.h"

/* --- Daemon
 * --------------------------------------------------------------------------------------------------------------------
 */

static void read_listen(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                        void *target)
{
    struct loading *loading = target;
    (void)field;
    loading->config->listen = config_keep(loading, value->text);
    if (loading->config->listen != NULL && !status_listen_is_valid(loading->config->listen))
        yaml_complain(reader, value->mark, "spec.listen is ADDRESS:PORT, [IPV6]:PORT, NAME:PORT or none");
}

static void read_host_names(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                            void *target)
{
    struct loading *loading = target;
    struct yaml_value item;
    uint32_t count = 0;
    const char **names = arena_alloc(&loading->config->memory, CONFIG_LIST_MAX * sizeof *names);

    (void)field;
    (void)value;
    while (yaml_next_item(reader, &item)) {
        if (yaml_expect(reader, "hostNames", YAML_SCALAR, &item) && names != NULL && count < CONFIG_LIST_MAX - 1)
            names[count++] = config_keep(loading, item.text);
    }
    loading->config->host_names = names;
}

static void read_state_directory(struct yaml_reader *reader, const struct yaml_field *field,
                                 const struct yaml_value *value, void *target)
{
    struct loading *loading = target;
    (void)reader;
    (void)field;
    loading->config->state_directory = config_keep_path(loading, value->text);
}

static void read_log_level(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                           void *target)
{
    struct loading *loading = target;
    const char *name = config_keep(loading, value->text);
    (void)field;
    loading->config->has_log_level = name != NULL && log_level_parse(name, &loading->config->log_level);
    if (!loading->config->has_log_level)
        yaml_complain(reader, value->mark, "spec.log.level is error, warn, info or debug");
}

static void read_log_format(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                            void *target)
{
    struct loading *loading = target;
    const char *name = config_keep(loading, value->text);
    (void)field;
    loading->config->has_log_format = name != NULL && log_format_parse(name, &loading->config->log_format);
    if (!loading->config->has_log_format)
        yaml_complain(reader, value->mark, "spec.log.format is text, logfmt or json");
}

static const struct yaml_field daemon_fields[] = {
    DOCUMENT_HEADER,
    {.name = YAML_FIELD_NAME("metadata.name"), .shapes = YAML_SCALAR, .any_text = true, .read = config_read_name},
    {.name = YAML_FIELD_NAME("spec.listen"), .shapes = YAML_SCALAR, .read = read_listen},
    {.name = YAML_FIELD_NAME("spec.hostNames"), .shapes = YAML_LIST, .read = read_host_names},
    {.name = YAML_FIELD_NAME("spec.stateDirectory"), .shapes = YAML_SCALAR, .read = read_state_directory},
    {.name = YAML_FIELD_NAME("spec.log.level"), .shapes = YAML_SCALAR, .read = read_log_level},
    {.name = YAML_FIELD_NAME("spec.log.format"), .shapes = YAML_SCALAR, .read = read_log_format},
};
static const struct yaml_table daemon_table = {daemon_fields, sizeof daemon_fields / sizeof daemon_fields[0],
                                               "a Daemon"};

/* --- documents
 * ------------------------------------------------------------------------------------------------------------------ */

static void begin_sync(struct loading *loading, struct yaml_mark mark)
{
    loading->sync = (struct sync_config){
        .destination = {.stands_for = INSTANCE_KINDS},
        .guard = {.max_creates = UINT32_MAX, .max_shrink_percent = 100},
        .interval_ms = CONFIG_INTERVAL_MS,
        .concurrency = CONFIG_CONCURRENCY,
        .place = {.path = loading->config->path, .line = mark.line, .column = mark.column},
    };
    loading->path_count = loading->exclude_count = 0;
    loading->side = &loading->sync.destination;
}

/* Moves what was gathered into memory of the config. */
static int end_sync(struct yaml_reader *reader, struct loading *loading, struct yaml_mark mark, struct failure *why)
{
    struct config *config = loading->config;
    struct sync_config *sync = &loading->sync;

    if (sync->name != NULL && config_sync(config, sync->name) != NULL)
        yaml_complain(reader, mark, "a Sync named %s stands here twice", sync->name);
    if (config->sync_count == CONFIG_SYNCS_MAX)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "more than %d Syncs", CONFIG_SYNCS_MAX);
    sync->paths = arena_alloc(&config->memory, (loading->path_count + 1) * sizeof *sync->paths);
    sync->sources = arena_alloc(&config->memory, (sync->source_count + 1) * sizeof *sync->sources);
    sync->exclude_files = arena_alloc(&config->memory, (loading->exclude_count + 1) * sizeof *sync->exclude_files);
    struct sync_config *grown = realloc(config->syncs, (config->sync_count + 1) * sizeof *grown);
    if (grown != NULL)
        config->syncs = grown;
    if (grown == NULL || config->memory.failed)
        return failure_no_memory(why, "the configuration");
    memcpy(sync->paths, loading->sources, loading->path_count * sizeof *sync->paths);
    memcpy(sync->sources, loading->sides, sync->source_count * sizeof *sync->sources);
    memcpy(sync->exclude_files, loading->exclude, loading->exclude_count * sizeof *sync->exclude_files);
    sync->path_count = loading->path_count;
    sync->destination.concurrency = sync->concurrency;
    for (uint16_t i = 0; i < sync->source_count; i++)
        sync->sources[i].concurrency = sync->concurrency;
    sync->guard.expect = sync->destination.expect;
    sync->guard.expect_count = sync->destination.expect_count;
    if (loading->exclude_count == 0)
        sync->exclude_files = NULL;
    config->syncs[config->sync_count++] = *sync;
    return 0;
}

static int read_document(struct yaml_reader *reader, struct loading *loading, const struct document *document,
                         struct failure *why)
{
    switch (document->kind) {
    case DOCUMENT_SYNC:
        begin_sync(loading, document->mark);
        document_read(reader, document, &config_sync_table, loading);
        return end_sync(reader, loading, document->mark, why);
    case DOCUMENT_DAEMON:
        if (loading->daemon_seen)
            yaml_complain(reader, document->mark, "there is at most one Daemon");
        loading->daemon_seen = true;
        document_read(reader, document, &daemon_table, loading);
        return 0;
    case DOCUMENT_TOPIC:
    case DOCUMENT_GROUP:
    case DOCUMENT_TOPIC_LIST:
    case DOCUMENT_GROUP_LIST:
    case DOCUMENT_MAPPING:
    case DOCUMENT_KINDS:
        break;
    }
    yaml_complain(reader, document->mark, "the configuration holds documents of kind Sync and Daemon, not %s",
                  document_kind_name(document->kind));
    return 0;
}

static int read_documents(struct yaml_reader *reader, struct loading *loading, struct failure *why)
{
    struct document document;

    while (document_next(reader, &document)) {
        if (read_document(reader, loading, &document, why) < 0)
            return -1;
    }
    return yaml_status(reader, why);
}

/* --- the whole
 * ------------------------------------------------------------------------------------------------------------------ */

static const char *folder_of(struct config *config, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return "";
    return arena_string(&config->memory, (struct text){path, (size_t)(slash - path) + 1});
}

static int read_file(struct config *config, const char *path, struct complaints *mistakes, struct failure *why)
{
    struct loading *loading = calloc(1, sizeof *loading);
    struct file_text file = {0};
    struct yaml_reader *reader = NULL;
    int status = -1;

    if (loading == NULL)
        return failure_no_memory(why, "the configuration");
    if (file_read(path, &file, why) < 0) {
        why->cause = CAUSE_CONFIGURATION_WRONG;
        goto out;
    }
    loading->config = config;
    loading->folder = folder_of(config, path);
    reader = yaml_reader_new((struct text){file.data, file.bytes}, path, mistakes, why);
    if (reader != NULL && loading->folder != NULL)
        status = read_documents(reader, loading, why);
    if (status == 0 && mistakes->count > 0)
        status = failure_set(why, CAUSE_CONFIGURATION_WRONG, "%s cannot be used: %u mistakes", path, mistakes->count);
out:
    yaml_reader_free(reader);
    file_text_release(&file);
    free(loading);
    return status;
}

int config_load(const char *path, struct config **out, struct complaints *mistakes, struct failure *why)
{
    struct config *config = calloc(1, sizeof *config);

    if (config == NULL)
        return failure_no_memory(why, "the configuration");
    config->references = 1;
    config->path = arena_string(&config->memory, text_of(path));
    if (config->path == NULL || read_file(config, config->path, mistakes, why) < 0) {
        if (config->path == NULL)
            failure_no_memory(why, "the configuration");
        config_unref(config);
        return -1;
    }
    *out = config;
    return 0;
}

struct config *config_ref(struct config *config)
{
    config->references++;
    return config;
}

void config_unref(struct config *config)
{
    if (config == NULL || --config->references > 0)
        return;
    free(config->syncs);
    arena_release(&config->memory);
    free(config);
}

const struct sync_config *config_sync(const struct config *config, const char *name)
{
    for (uint32_t i = 0; i < config->sync_count; i++) {
        if (config->syncs[i].name != NULL && strcmp(config->syncs[i].name, name) == 0)
            return &config->syncs[i];
    }
    return NULL;
}
