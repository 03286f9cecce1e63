/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/signed.h"

#include <string.h>
#include <sys/random.h>

#include "api/base/strings.h"
#include "api/cause.h"

enum { URL_BYTES_MAX = 1 << 16, AUTHORIZATION_BYTES_MAX = 4096, NONCE_BYTES = 16 };

void openapi_time(int64_t unix_ms, char out[static 32])
{
    time_format(unix_ms, out);
    memcpy(out + strlen("yyyy-MM-ddTHH:mm:ss"), "Z", 2);
}

static int set_nonce(char out[static 2 * NONCE_BYTES + 1], struct failure *why)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[NONCE_BYTES];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return failure_set(why, CAUSE_SYSTEM_ERROR, "could not sign: the system gives no random numbers");
    for (size_t i = 0; i < NONCE_BYTES; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * (size_t)NONCE_BYTES] = '\0';
    return 0;
}

static void add(struct signed_request *request, const char *name, struct text value)
{
    request->headers[request->header_count++] = (struct pair){text_of(name), value};
}

static void add_signed_headers(struct signed_request *request, const struct signed_call *call)
{
    const char *host = strstr(call->endpoint, "://");

    add(request, "host", text_of(host != NULL ? host + 3 : call->endpoint));
    add(request, "x-acs-action", text_of(call->action));
    add(request, "x-acs-version", text_of(call->version));
    add(request, "x-acs-date", text_of(request->date));
    add(request, "x-acs-signature-nonce", text_of(request->nonce));
    add(request, "x-acs-content-sha256", text_of(request->hash));
    if (call->keys->token != NULL) {
        add(request, "x-acs-accesskey-id", text_of(call->keys->id));
        add(request, "x-acs-security-token", text_of(call->keys->token));
    }
    if (call->body.bytes > 0)
        add(request, "content-type", text_of(call->content_type));
}

static int build_url(struct signed_request *request, const struct signed_call *call, struct failure *why)
{
    buffer_append_string(&request->url, call->endpoint);
    buffer_append_text(&request->url, call->path);
    if (call->query_count > 0)
        buffer_append_char(&request->url, '?');
    return canonical_query(&request->url, call->query, call->query_count, why);
}

static int sign(struct signed_request *request, const struct signed_call *call, struct failure *why)
{
    struct signing signing = {.method = call->method,
                              .path = call->path,
                              .query = call->query,
                              .query_count = call->query_count,
                              .headers = request->headers,
                              .header_count = request->header_count,
                              .payload_hash = request->hash,
                              .access_key_id = text_of(call->keys->id),
                              .secret = text_of(call->keys->secret)};
    return signature_v3(&signing, &request->authorization, NULL, why);
}

int signed_request_init(struct signed_request *request, const struct signed_call *call, struct failure *why)
{
    request->header_count = 0;
    buffer_init(&request->url, URL_BYTES_MAX);
    buffer_init_secret(&request->authorization, AUTHORIZATION_BYTES_MAX);
    openapi_time(call->unix_ms, request->date);
    if (set_nonce(request->nonce, why) < 0 || payload_hash(call->body, request->hash, why) < 0 ||
        build_url(request, call, why) < 0)
        goto fail;
    add_signed_headers(request, call);
    if (sign(request, call, why) < 0)
        goto fail;
    add(request, "accept", TEXT("application/json"));
    add(request, "authorization", buffer_text(&request->authorization));
    return 0;
fail:
    signed_request_release(request);
    return -1;
}

void signed_request_release(struct signed_request *request)
{
    buffer_release(&request->authorization);
    buffer_release(&request->url);
}
