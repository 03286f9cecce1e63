/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/status/fresh.h"

#include <string.h>

#include <uv.h>

#include "api/base/monotime.h"
#include "controller/status/server.h"
#include "controller/status/wire.h"

bool fresh_is_new(const struct fresh *fresh)
{
    return fresh->response != NULL && monotime_ms() - fresh->made_ms < STATUS_FRESH_MS;
}

void fresh_begin(struct fresh *fresh, enum sheet_kind kind, struct board *board)
{
    sheet_begin(&fresh->sheet, kind, board);
    fresh->writing = true;
}

static void drop_response(struct fresh *fresh)
{
    if (fresh->response != NULL)
        MHD_destroy_response(fresh->response);
    fresh->response = NULL;
}

static void keep(struct fresh *fresh)
{
    struct http_answer answer;

    fresh->writing = false;
    routes_answer_sheet(&fresh->sheet, &answer);
    sheet_release(&fresh->sheet);
    struct MHD_Response *response = answer.status == MHD_HTTP_OK ? wire_response(&answer) : NULL;
    if (response != NULL) {
        drop_response(fresh);
        fresh->response = response;
        fresh->made_ms = monotime_ms();
        memcpy(fresh->etag, answer.etag, sizeof fresh->etag);
    }
    answer_release(&answer);
}

bool fresh_write(struct fresh *fresh)
{
    uint64_t until_ns = uv_hrtime() + STATUS_SLICE_NS;

    while (!sheet_go_on(&fresh->sheet))
        if (uv_hrtime() >= until_ns)
            return false;
    keep(fresh);
    return true;
}

enum MHD_Result fresh_send(const struct fresh *fresh, struct MHD_Connection *wire)
{
    return fresh->response != NULL ? wire_send_again(wire, fresh->response, fresh->etag) : MHD_NO;
}

void fresh_drop(struct fresh *fresh)
{
    if (fresh->writing)
        sheet_release(&fresh->sheet);
    fresh->writing = false;
    drop_response(fresh);
}
