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
#include "controller/config/config.h"
#include "controller/exit_code.h"
#include "controller/journal/journal.h"
#include "controller/status/listen.h"

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

/* One Sync while it is listed. */
struct sync_listing {
    struct listing *listing;
    const struct sync_config *sync;
    char origin[512]; /* where its document stands */
};

static void show_sync_value(const struct sync_listing *of, const char *what, const char *value, bool is_default)
{
    char name[256];
    snprintf(name, sizeof name, "sync.%s.%s", of->sync->name, what);
    show(of->listing, name, value, is_default ? origins[ORIGIN_DEFAULT] : of->origin);
}

static void show_said(const struct sync_listing *of, const char *what, const char *value)
{
    show_sync_value(of, what, value, false);
}

static void show_number(const struct sync_listing *of, const char *what, uint64_t value, uint64_t fallback)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    show_sync_value(of, what, text, value == fallback);
}

/* As it is written in the file; 0: it is not there. */
static void show_with_unit(const struct sync_listing *of, const char *what, uint64_t value, const char *unit)
{
    char text[32];

    if (value == 0)
        return;
    snprintf(text, sizeof text, "%" PRIu64 "%s", value, unit);
    show_said(of, what, text);
}

static void show_duration(const struct sync_listing *of, const char *what, uint64_t value_ms, uint64_t fallback_ms)
{
    char text[32];
    duration_format(value_ms, text);
    show_sync_value(of, what, text, value_ms == fallback_ms);
}

static void show_side(const struct sync_listing *of, const char *what, const struct side_options *side)
{
    const struct {
        const char *name, *value;
    } members[] = {
        {"", side->address},
        {".for", side->stands_for == INSTANCE_KINDS ? NULL : instance_kind_name(side->stands_for)},
        {".endpoint", side->endpoint},
        {".credentials", side->credentials},
        {".caFile", side->ca_file},
        {".certFile", side->cert_file},
        {".keyFile", side->key_file},
        {".addressMap", side->address_map},
        {".unsafeAttributes", side->unsafe_attributes ? "true" : NULL},
    };
    char name[128];

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        snprintf(name, sizeof name, "%s%s", what, members[i].name);
        show_said(of, name, members[i].value);
    }
    for (uint32_t i = 0; i < side->expect_count; i++) {
        snprintf(name, sizeof name, "%s.expect.%s", what, side->expect[i].key);
        show_said(of, name, side->expect[i].value);
    }
}

static void show_guard(const struct sync_listing *of, const struct guard *guard)
{
    if (guard->max_creates != UINT32_MAX)
        show_number(of, "guard.maxCreates", guard->max_creates, UINT32_MAX);
    if (guard->max_shrink_percent < 100)
        show_number(of, "guard.maxShrinkPercent", guard->max_shrink_percent, 100);
    show_said(of, "guard.acceptShrink", guard->accept_shrink[0] != '\0' ? guard->accept_shrink : NULL);
    if (guard->max_source_age_ms != 0)
        show_duration(of, "guard.maxSourceAge", guard->max_source_age_ms, 0);
    show_sync_value(of, "guard.allowEmptySource", guard->allow_empty_source ? "true" : "false",
                    !guard->allow_empty_source);
}

static void show_sync(struct listing *listing, const struct config *config, const struct sync_config *sync)
{
    struct sync_listing of = {.listing = listing, .sync = sync};

    snprintf(of.origin, sizeof of.origin, "%s:%" PRIu32, config->path, sync->place.line);
    show_said(&of, "mode", sync->mode == SYNC_APPLY ? "apply" : "observe");
    for (uint32_t i = 0; i < sync->path_count; i++)
        show_said(&of, "source", sync->paths[i]);
    for (const char **file = sync->exclude_files; file != NULL && *file != NULL; file++)
        show_said(&of, "source.excludeFiles", *file);
    for (uint16_t i = 0; i < sync->source_count; i++)
        show_side(&of, "source", &sync->sources[i]);
    show_side(&of, "destination", &sync->destination);
    show_said(&of, "mapping", sync->mapping);
    show_duration(&of, "interval", sync->interval_ms, CONFIG_INTERVAL_MS);
    show_number(&of, "pace.concurrency", sync->concurrency, CONFIG_CONCURRENCY);
    show_with_unit(&of, "pace.rate", sync->destination.rate_per_s, "/s");
    show_with_unit(&of, "pace.share", sync->destination.share_percent, "%");
    show_guard(&of, &sync->guard);
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
    show_option(listing, options, OPTION_LISTEN, config->listen, STATUS_LISTEN_DEFAULT);
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
    config_unref(config);
    return code;
}
