/* SPDX-License-Identifier: Apache-2.0
 *
 * config show: the effective configuration, each value with its origin. Never a secret: there are none in it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/commands/session.h"
#include "controller/config.h"
#include "controller/exit_code.h"
#include "controller/journal.h"

static const char *const origins[] = {"default", "configuration", "environment", "flag"};

/* One line of the listing, or one object. */
struct listing {
    struct json_writer *json; /* NULL: table */
};

static void show(struct listing *listing, const char *name, const char *value, const char *origin)
{
    if (value == NULL)
        return;
    if (listing->json == NULL) {
        printf("%-36s %-40s %s\n", name, value, origin);
        return;
    }
    json_write_begin_object_inline(listing->json);
    json_write_key(listing->json, "name");
    json_write_string(listing->json, name);
    json_write_key(listing->json, "value");
    json_write_string(listing->json, value);
    json_write_key(listing->json, "origin");
    json_write_string(listing->json, origin);
    json_write_end_object(listing->json);
}

static void show_option(struct listing *listing, const struct options *options, enum option option,
                        const char *configured, const char *fallback)
{
    const char *name = option_info(option)->name;

    if (options_has(options, option))
        show(listing, name, options_text(options, option, NULL), origins[options->values[option].origin]);
    else if (configured != NULL)
        show(listing, name, configured, origins[ORIGIN_CONFIGURATION]);
    else
        show(listing, name, fallback, origins[ORIGIN_DEFAULT]);
}

static void show_number(struct listing *listing, const char *name, uint64_t value, uint64_t fallback,
                        const char *origin)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    show(listing, name, text, value == fallback ? origins[ORIGIN_DEFAULT] : origin);
}

static void show_sync(struct listing *listing, const struct config *config, const struct sync_config *sync)
{
    char origin[512], name[256];
    char interval[32];

#define NAME(what) (snprintf(name, sizeof name, "sync.%s.%s", sync->name, what), name)
    snprintf(origin, sizeof origin, "%s:%" PRIu32, config->path, sync->place.line);
    show(listing, NAME("mode"), sync->mode == SYNC_APPLY ? "apply" : "observe", origin);
    for (uint32_t i = 0; i < sync->path_count; i++)
        show(listing, NAME("source"), sync->paths[i], origin);
    for (uint16_t i = 0; i < sync->source_count; i++)
        show(listing, NAME("source"), sync->sources[i].address, origin);
    show(listing, NAME("destination"), sync->destination.address, origin);
    show(listing, NAME("destination.endpoint"), sync->destination.endpoint, origin);
    show(listing, NAME("destination.credentials"), sync->destination.credentials, origin);
    show(listing, NAME("mapping"), sync->mapping, origin);
    duration_format(sync->interval_ms, interval);
    show(listing, NAME("interval"), interval,
         sync->interval_ms == CONFIG_INTERVAL_MS ? origins[ORIGIN_DEFAULT] : origin);
    show_number(listing, NAME("pace.concurrency"), sync->concurrency, CONFIG_CONCURRENCY, origin);
    if (sync->destination.rate_per_s != 0)
        show_number(listing, NAME("pace.rate"), sync->destination.rate_per_s, 0, origin);
    if (sync->guard.max_creates != UINT32_MAX)
        show_number(listing, NAME("guard.maxCreates"), sync->guard.max_creates, UINT32_MAX, origin);
    show(listing, NAME("guard.allowEmptySource"), sync->guard.allow_empty_source ? "true" : "false",
         sync->guard.allow_empty_source ? origin : origins[ORIGIN_DEFAULT]);
#undef NAME
}

static void show_all(struct listing *listing, const struct options *options, const struct config *config,
                     const char *state_dir)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    static const char *const formats[] = {"text", "logfmt", "json"};

    show_option(listing, options, OPTION_CONFIG, NULL, CONFIG_PATH_DEFAULT);
    show_option(listing, options, OPTION_LOG_LEVEL, config->has_log_level ? levels[config->log_level] : NULL, "info");
    show_option(listing, options, OPTION_LOG_FORMAT, config->has_log_format ? formats[config->log_format] : NULL,
                "text");
    show_option(listing, options, OPTION_STATE_DIR, config->state_directory, state_dir);
    show(listing, "listen", config->listen, origins[ORIGIN_CONFIGURATION]);
    for (uint32_t i = 0; i < config->sync_count; i++)
        show_sync(listing, config, &config->syncs[i]);
}

static int print(struct session *session, const struct config *config, const char *state_dir)
{
    struct listing listing = {0};
    struct json_writer json;
    struct buffer text;

    if (session->output == OUTPUT_TABLE) {
        show_all(&listing, session->options, config, state_dir);
        return EXIT_DONE;
    }
    buffer_init(&text, (size_t)64 * 1024 * 1024);
    json_writer_init(&json, &text, 1);
    listing.json = &json;
    json_write_begin_object(&json);
    json_write_key(&json, "version");
    json_write_integer(&json, 1);
    json_write_key(&json, "command");
    json_write_string(&json, "config");
    json_write_key(&json, "values");
    json_write_begin_array(&json);
    show_all(&listing, session->options, config, state_dir);
    json_write_end_array(&json);
    json_write_end_object(&json);
    json_write_newline(&json);
    if (text.data != NULL)
        fwrite(text.data, 1, text.length, stdout);
    buffer_release(&text);
    return EXIT_DONE;
}

int command_config(struct session *session)
{
    const struct options *options = session->options;
    struct failure why = FAILURE_INIT;
    struct config *config = NULL;
    struct complaints mistakes;
    struct buffer state_dir;

    if (options->argument_count != 1 || strcmp(options->arguments[0], "show") != 0) {
        failure_set(&why, CAUSE_USAGE, "mqferry config knows one thing: mqferry config show");
        return session_fail(session, &why);
    }
    complaints_init(&mistakes);
    buffer_init(&state_dir, 64 * 1024);
    int status = config_load(options_text(options, OPTION_CONFIG, CONFIG_PATH_DEFAULT), &config, &mistakes, &why);
    session_mistakes(session, &mistakes);
    if (status == 0)
        status = journal_state_dir(NULL, &state_dir, &why);
    int code = status < 0 ? session_fail(session, &why) : print(session, config, state_dir.data);
    complaints_release(&mistakes);
    buffer_release(&state_dir);
    config_free(config);
    return code;
}
