/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/status/routes.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/hash.h"

#include "controller/status/changes.h"
#include "controller/status/rows.h"
#include "controller/status/state.h"

static const char as_json[] = "application/json", as_text[] = "text/plain; charset=utf-8",
                  as_metrics[] = "text/plain; version=0.0.4; charset=utf-8";

static void begin(struct http_answer *out, unsigned status, const char *type)
{
    *out = (struct http_answer){.status = status, .type = type};
    buffer_init(&out->body, ANSWER_BYTES_MAX);
}

/* Equal bodies have equal tags: who has it already need not get it again. */
static void tag(struct http_answer *answer)
{
    if (answer->status == 200 && !answer->body.failed)
        snprintf(answer->etag, sizeof answer->etag, "\"%016" PRIx64 "\"", hash_text(0, buffer_text(&answer->body)));
}

void routes_refuse(unsigned status, const struct failure *why, struct http_answer *out)
{
    begin(out, status, as_json);
    status_write_error(&out->body, why);
}

static void no_memory(struct http_answer *out)
{
    struct failure why = FAILURE_INIT;

    failure_no_memory(&why, "the answer");
    answer_release(out);
    routes_refuse(503, &why, out);
}

/* --- a sync: its head now, its rows by a worker */

static void begin_sync(const struct routes *routes, const struct status_request *request, struct http_answer *out)
{
    struct board_sync *sync = board_find(routes->board, request->sync);
    struct failure why = FAILURE_INIT;

    if (sync == NULL) {
        failure_set(&why, CAUSE_CONFIGURATION_WRONG, "there is no Sync named %s", request->sync);
        routes_refuse(404, &why, out);
        return;
    }
    begin(out, 200, as_json);
    json_writer_init(&out->json, &out->body, 0);
    json_write_begin_object(&out->json);
    json_write_key(&out->json, "version");
    json_write_integer(&out->json, 1);
    json_write_key(&out->json, "sync");
    json_write_begin_object(&out->json);
    status_write_sync(&out->json, sync);
    json_write_end_object(&out->json);
    out->unfinished = true;
    if (request->route == ROUTE_CHANGES) {
        out->state_dir = routes->state_dir;
        out->address = strdup(sync->facts.destination);
        if (out->address == NULL)
            no_memory(out);
        return;
    }
    out->query = request->rows;
    out->record = sync->record != NULL ? runner_record_ref(sync->record) : NULL;
}

void answer_finish(struct http_answer *answer)
{
    if (answer->address != NULL)
        changes_write(&answer->json, answer->state_dir, answer->address);
    else
        rows_write(&answer->json, answer->record, &answer->query);
    json_write_end_object(&answer->json);
    json_write_newline(&answer->json);
    tag(answer);
}

void answer_release(struct http_answer *answer)
{
    runner_record_unref(answer->record);
    free(answer->address);
    buffer_release(&answer->body);
    *answer = (struct http_answer){0};
}

/* --- the others */

static void answer_file(const struct web_file *file, struct http_answer *out)
{
    begin(out, 200, file->type);
    out->file = file;
    snprintf(out->etag, sizeof out->etag, "%s", file->etag);
}

static void answer_ready(const struct routes *routes, struct http_answer *out)
{
    begin(out, board_is_ready(routes->board) ? 200 : 503, as_text);
    status_write_ready(&out->body, routes->board);
}

static void answer_health(struct http_answer *out)
{
    begin(out, 200, as_text);
    buffer_append_string(&out->body, "ok\n");
}

void routes_answer_sheet(struct sheet *sheet, struct http_answer *out)
{
    begin(out, 200, sheet->kind == SHEET_METRICS ? as_metrics : as_json);
    out->body = sheet->body;
    buffer_init(&sheet->body, ANSWER_BYTES_MAX);
    if (out->body.failed)
        no_memory(out);
    else
        tag(out);
}

void routes_answer(const struct routes *routes, const struct status_request *request, struct http_answer *out)
{
    switch (request->route) {
    case ROUTE_FILE:
        answer_file(&web_files[request->file], out);
        break;
    case ROUTE_HEALTH:
        answer_health(out);
        break;
    case ROUTE_READY:
        answer_ready(routes, out);
        break;
    case ROUTE_METRICS:
    case ROUTE_STATUS:
        assert(false);
        break;
    case ROUTE_SYNC:
    case ROUTE_CHANGES:
        begin_sync(routes, request, out);
        break;
    }
    if (out->body.failed)
        no_memory(out);
    else if (out->file == NULL && !out->unfinished)
        tag(out);
}
