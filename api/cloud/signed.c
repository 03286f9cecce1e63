/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/signed.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#include "api/base/strings.h"
#include "api/cause.h"

enum { URL_BYTES_MAX = 1 << 16, AUTHORIZATION_BYTES_MAX = 4096, NONCE_BYTES = 16, RPC_V1_PARAMETERS_MAX = 9 };

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

/* --- V3 --------------------------------------------------------------------------------------------------------------
 */

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

static int authorize(struct signed_request *request, const struct signed_call *call, struct failure *why)
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

static int sign_v3(struct signed_request *request, const struct signed_call *call, struct failure *why)
{
    if (payload_hash(call->body, request->hash, why) < 0 || build_url(request, call, why) < 0)
        return -1;
    add_signed_headers(request, call);
    if (authorize(request, call, why) < 0)
        return -1;
    add(request, "accept", TEXT("application/json"));
    add(request, "authorization", buffer_text(&request->authorization));
    return 0;
}

/* --- RPC 1.0 ---------------------------------------------------------------------------------------------------------
 */

static uint32_t rpc_v1_parameters(const struct signed_request *request, const struct signed_call *call,
                                  struct pair out[static SIGNATURE_PAIRS_MAX])
{
    const struct pair common[] = {
        {TEXT("Action"), text_of(call->action)},
        {TEXT("Version"), text_of(call->version)},
        {TEXT("Format"), TEXT("JSON")},
        {TEXT("AccessKeyId"), text_of(call->keys->id)},
        {TEXT("SignatureMethod"), TEXT("HMAC-SHA1")},
        {TEXT("SignatureVersion"), TEXT("1.0")},
        {TEXT("SignatureNonce"), text_of(request->nonce)},
        {TEXT("Timestamp"), text_of(request->date)},
    };
    uint32_t count = 0;

    for (uint32_t i = 0; i < call->query_count; i++)
        out[count++] = call->query[i];
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        out[count++] = common[i];
    if (call->keys->token != NULL)
        out[count++] = (struct pair){TEXT("SecurityToken"), text_of(call->keys->token)};
    return count;
}

static int sign_rpc_v1(struct signed_request *request, const struct signed_call *call, struct failure *why)
{
    struct pair pairs[SIGNATURE_PAIRS_MAX];

    assert(call->body.bytes == 0 && call->query_count + RPC_V1_PARAMETERS_MAX <= SIGNATURE_PAIRS_MAX);
    uint32_t count = rpc_v1_parameters(request, call, pairs);
    if (signature_rpc_v1(call->method, pairs, count, text_of(call->keys->secret), &request->authorization, why) < 0)
        return -1;
    buffer_append_format(&request->url, "%s/?", call->endpoint);
    if (canonical_query(&request->url, pairs, count, why) < 0)
        return -1;
    buffer_append_string(&request->url, "&Signature=");
    if (percent_append(&request->url, buffer_text(&request->authorization)) < 0)
        return failure_no_memory(why, "signing");
    add(request, "accept", TEXT("application/json"));
    return 0;
}

/* --- both ------------------------------------------------------------------------------------------------------------
 */

int signed_request_init(struct signed_request *request, const struct signed_call *call, struct failure *why)
{
    request->header_count = 0;
    buffer_init_secret(&request->url, URL_BYTES_MAX);
    buffer_init_secret(&request->authorization, AUTHORIZATION_BYTES_MAX);
    openapi_time(call->unix_ms, request->date);
    if (set_nonce(request->nonce, why) == 0 &&
        (call->rpc_v1 ? sign_rpc_v1(request, call, why) : sign_v3(request, call, why)) == 0)
        return 0;
    signed_request_release(request);
    return -1;
}

void signed_request_release(struct signed_request *request)
{
    buffer_release(&request->authorization);
    buffer_release(&request->url);
}
