/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text as the address of a status request, as a Host header, as a listen text. What is taken stays within its
 * bounds; what is refused says why; what is asked for has one spelling that asks for the same.
 */
#include <stdio.h>
#include <string.h>

#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/status/listen.h"
#include "controller/status/request.h"
#include "controller/status/rows.h"
#include "controller/web/files.h"
#include "tests/fuzz/fuzz.h"

static void demand_bounds(const struct status_request *request)
{
    const struct row_query *rows = &request->rows;

    if (request->route == ROUTE_FILE)
        demand(request->file < WEB_FILES);
    if (request->route != ROUTE_SYNC && request->route != ROUTE_CHANGES)
        return;
    size_t bytes = strlen(request->sync);
    demand(bytes > 0 && bytes <= REQUEST_SYNC_BYTES_MAX && utf8_check(text_of(request->sync)) == bytes);
    demand(rows->page >= 1 && rows->page <= REQUEST_PAGE_MAX && rows->size >= 1 && rows->size <= REQUEST_SIZE_MAX);
    demand(rows->kinds > 0 && rows->kinds < 1U << KINDS && rows->states > 0 && rows->states < 1U << STATES);
    demand(utf8_check(text_of(rows->search)) == strlen(rows->search));
}

/* Every byte of the name percent-encoded means the same. */
static void ask_again(const struct status_request *request)
{
    struct status_request again;
    struct failure why = FAILURE_INIT;
    char target[REQUEST_TARGET_BYTES_MAX];
    int length = snprintf(target, sizeof target, "/v1/syncs/");

    for (const char *c = request->sync; *c != '\0'; c++)
        length += snprintf(target + length, sizeof target - (size_t)length, "%%%02x", (unsigned char)*c);
    demand(status_request_parse((struct text){target, (size_t)length}, &again, &why) == 200);
    demand(strcmp(again.sync, request->sync) == 0);
}

static void request_target(struct text text)
{
    struct status_request request;
    struct failure why = FAILURE_INIT;
    unsigned status = status_request_parse(text, &request, &why);

    demand(status == 200 || status == 400 || status == 404 || status == 414);
    if (status != 200) {
        demand(why.cause == CAUSE_USAGE && why.text[0] != '\0');
        return;
    }
    demand(text.bytes <= REQUEST_TARGET_BYTES_MAX);
    demand_bounds(&request);
    if (request.route == ROUTE_SYNC || request.route == ROUTE_CHANGES) {
        ask_again(&request);
        demand(rows_name_matches(text_of(request.rows.search), request.rows.search));
    }
}

static void host(struct text text)
{
    struct text name = host_without_port(text);

    demand(name.bytes <= text.bytes);
    if (host_is_ours(text, "127.0.0.1:9480", NULL))
        demand(name.bytes > 0);
}

static void listen_text(struct text text)
{
    char copy[512], name[LISTEN_HOST_BYTES];
    uint16_t port;

    if (text.bytes >= sizeof copy || memchr(text.data, '\0', text.bytes) != NULL)
        return;
    memcpy(copy, text.data, text.bytes);
    copy[text.bytes] = '\0';
    if (listen_parse(copy, name, &port))
        demand(name[0] != '\0' && strlen(name) < text.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct text text = {bytes > 0 ? (const char *)data : "", bytes};

    request_target(text);
    host(text);
    listen_text(text);
    return 0;
}
