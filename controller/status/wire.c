/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/status/wire.h"

#include <stdlib.h>
#include <string.h>

static void add_headers(struct MHD_Response *response, const char *type, const char *etag)
{
    static const char *const headers[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"Cache-Control", "no-cache"},
    };

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
    if (type != NULL)
        MHD_add_response_header(response, "Content-Type", type);
    if (etag[0] != '\0')
        MHD_add_response_header(response, "ETag", etag);
}

struct MHD_Response *wire_response(struct http_answer *answer)
{
    struct MHD_Response *response;
    size_t bytes = 0;

    if (answer->file != NULL) {
        response =
            MHD_create_response_from_buffer(answer->file->bytes, (void *)answer->file->data, MHD_RESPMEM_PERSISTENT);
    } else {
        char *body = buffer_take(&answer->body, &bytes);
        if (body == NULL)
            return NULL;
        response = MHD_create_response_from_buffer(bytes, body, MHD_RESPMEM_MUST_FREE);
        if (response == NULL)
            free(body);
    }
    if (response != NULL)
        add_headers(response, answer->type, answer->etag);
    return response;
}

static enum MHD_Result queue(struct MHD_Connection *wire, unsigned status, struct MHD_Response *response)
{
    enum MHD_Result done = response != NULL ? MHD_queue_response(wire, status, response) : MHD_NO;

    if (response != NULL)
        MHD_destroy_response(response);
    return done;
}

static bool is_known(struct MHD_Connection *wire, const char *etag)
{
    const char *known = MHD_lookup_connection_value(wire, MHD_HEADER_KIND, "If-None-Match");
    return known != NULL && etag[0] != '\0' && strstr(known, etag) != NULL;
}

static enum MHD_Result send_not_modified(struct MHD_Connection *wire, const char *etag)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);

    if (response != NULL)
        add_headers(response, NULL, etag);
    return queue(wire, MHD_HTTP_NOT_MODIFIED, response);
}

enum MHD_Result wire_send_again(struct MHD_Connection *wire, struct MHD_Response *response, const char *etag)
{
    return is_known(wire, etag) ? send_not_modified(wire, etag) : MHD_queue_response(wire, MHD_HTTP_OK, response);
}

enum MHD_Result wire_send(struct MHD_Connection *wire, struct http_answer *answer)
{
    if (answer->status == MHD_HTTP_OK && is_known(wire, answer->etag))
        return send_not_modified(wire, answer->etag);
    struct MHD_Response *response = wire_response(answer);
    if (response != NULL && answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    if (response != NULL && answer->close)
        MHD_add_response_header(response, "Connection", "close");
    return queue(wire, answer->status, response);
}
