/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/journal/line.h"

#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "api/settings_json.h"

const char *journal_event_name(enum journal_event event)
{
    static const char *const names[JOURNAL_EVENTS] = {
        [JOURNAL_SENDING] = "sending", [JOURNAL_CREATED] = "created", [JOURNAL_EXISTED] = "existed",
        [JOURNAL_FAILED] = "failed",   [JOURNAL_SETTLED] = "settled",
    };
    return names[event];
}

struct journal_frame *journal_frame_new(const struct journal_context *context, struct text destination)
{
    struct journal_frame *frame = calloc(1, sizeof *frame);
    if (!frame)
        return NULL;
    frame->run = strdup(context->run);
    frame->sync = strdup(context->sync);
    frame->declared_digest = strdup(context->declared_digest);
    frame->destination = destination;
    frame->identity = *context->identity;
    frame->catalog = catalog_ref(context->catalog);
    frame->capabilities = *context->capabilities;
    frame->open = calloc(catalog_count(frame->catalog) / 64 + (size_t)1, sizeof *frame->open);
    if (!frame->run || !frame->sync || !frame->declared_digest || !frame->open) {
        journal_frame_free(frame);
        return NULL;
    }
    return frame;
}

void journal_frame_free(struct journal_frame *frame)
{
    if (!frame)
        return;
    free(frame->run);
    free(frame->sync);
    free(frame->declared_digest);
    free(frame->open);
    catalog_unref(frame->catalog);
    free(frame);
}

static void write_identity(struct json_writer *json, const struct identity *identity)
{
    json_write_key(json, "identity");
    json_write_begin_object(json);
    for (uint16_t i = 0; i < identity->count; i++) {
        json_write_key(json, identity->facts[i].key);
        json_write_string(json, identity->facts[i].value);
    }
    json_write_end_object(json);
}

static void write_completed(struct json_writer *json, const struct journal_frame *frame, enum kind kind,
                            const struct settings *settings)
{
    struct draft draft;

    create_settings(&frame->capabilities, kind, settings, &draft);
    settings_json_object(json, &draft);
}

/* Where the masters differ: which of them, and what each gets. */
static void write_brokers(struct json_writer *json, const struct journal_frame *frame, enum kind kind,
                          const struct spread *spread)
{
    json_write_key(json, "brokers");
    json_write_begin_object(json);
    for (uint16_t master = 0; master < spread->masters; master++) {
        if (spread->settings[master] == CATALOG_ABSENT)
            continue;
        json_write_key(json, catalog_master(frame->catalog, master));
        write_completed(json, frame, kind, catalog_settings(frame->catalog, spread->settings[master]));
    }
    json_write_end_object(json);
}

static void write_sent(struct json_writer *json, const struct journal_frame *frame, const struct resource *resource)
{
    enum kind kind = resource->kind;

    json_write_key(json, "settings");
    write_completed(json, frame, kind, catalog_settings_of(frame->catalog, resource));
    if (resource->spread)
        write_brokers(json, frame, kind, catalog_spread(frame->catalog, resource->settings));
}

static void write_frame(struct json_writer *json, const struct journal_frame *frame, const struct journal_line *line)
{
    char time[32];

    time_format(line->unix_ms, time);
    json_write_key(json, "time");
    json_write_string(json, time);
    json_write_key(json, "run");
    json_write_string(json, frame->run);
    json_write_key(json, "uid");
    json_write_unsigned(json, line->uid);
    json_write_key(json, "sync");
    json_write_string(json, frame->sync);
    json_write_key(json, "destination");
    json_write_text(json, frame->destination);
    write_identity(json, &frame->identity);
}

void journal_line_append(struct buffer *out, const struct journal_frame *frame, const struct journal_line *line)
{
    const struct resource *resource = &catalog_rows(frame->catalog)[line->row];
    struct json_writer json;

    json_writer_init(&json, out, 0);
    json_write_begin_object(&json);
    write_frame(&json, frame, line);
    json_write_key(&json, "kind");
    json_write_string(&json, kind_name(resource->kind));
    json_write_key(&json, "name");
    json_write_text(&json, catalog_name(frame->catalog, resource));
    json_write_key(&json, "event");
    json_write_string(&json, journal_event_name(line->event));
    if (line->cause != CAUSE_NONE) {
        json_write_key(&json, "cause");
        json_write_string(&json, cause_name(line->cause));
    }
    if (line->request_id) {
        json_write_key(&json, "requestId");
        json_write_string(&json, line->request_id);
    }
    json_write_key(&json, "attempt");
    json_write_unsigned(&json, line->attempt);
    json_write_key(&json, "declaredDigest");
    json_write_string(&json, frame->declared_digest);
    if (line->event == JOURNAL_SENDING)
        write_sent(&json, frame, resource);
    json_write_end_object(&json);
    json_write_newline(&json);
}
