/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/refusal.h"

#include <string.h>

#include "api/base/strings.h"

bool refusal_names(const struct http_request *request, const char *code)
{
    size_t bytes = strlen(code);
    const char *at = request->failure.cause == 0 && request->status >= 400
                         ? memmem(request->answer.data, request->answer.bytes, code, bytes)
                         : NULL;
    return at != NULL && at > request->answer.data && strchr("\">", at[-1]) != NULL && strchr("\"<", at[bytes]) != NULL;
}

/* --- the signature that is wanted ------------------------------------------------------------------------------------
 */

/* The first word behind "parameter", with whatever quotes: "Version", \"Version\", &quot;Version&quot;. */
static struct text missing_parameter(const struct http_request *request)
{
    static const char before[] = "input parameter ", entity[] = "&quot;";
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const char *at = memmem(request->answer.data, request->answer.bytes, before, sizeof before - 1);

    if (at == NULL)
        return TEXT("");
    at += sizeof before - 1;
    at += strspn(at, "\\\"'");
    if (strncmp(at, entity, sizeof entity - 1) == 0)
        at += sizeof entity - 1;
    return (struct text){at, strspn(at, letters)};
}

bool refusal_wants_rpc_v1(const struct http_request *request)
{
    static const struct {
        const char *code, *parameter;
    } missing[] = {
        {"MissingAction", "Action"},
        {"MissingVersion", "Version"},
        {"MissingAccessKeyId", "AccessKeyId"},
        {"MissingSignature", "Signature"},
        {"MissingSignatureMethod", "SignatureMethod"},
        {"MissingSignatureVersion", "SignatureVersion"},
        {"MissingSignatureNonce", "SignatureNonce"},
        {"MissingTimestamp", "Timestamp"},
    };
    struct text parameter = refusal_names(request, "MissingParameter") ? missing_parameter(request) : TEXT("");

    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++)
        if (refusal_names(request, missing[i].code) || text_is(parameter, missing[i].parameter))
            return true;
    return false;
}

/* --- when to come again ----------------------------------------------------------------------------------------------
 */

/* Milliseconds behind "TimeLeft:" in "Limit:10,Remain:0,TimeLeft:800". */
static uint64_t time_left_ms(const struct http_request *request, const char *header)
{
    char value[256];
    http_answer_header(request, header, value, sizeof value);
    const char *at = strstr(value, "TimeLeft:");
    if (at == NULL)
        return 0;
    struct text digits = {at + 9, strspn(at + 9, "0123456789")};
    int64_t left_ms = 0;
    return number_parse(digits, &left_ms) ? (uint64_t)left_ms : 0;
}

uint64_t refusal_retry_after_ms(const struct http_request *request)
{
    char value[32];
    int64_t told_ms = 0;
    http_answer_header(request, "x-acs-retry-after", value, sizeof value);
    if (number_parse(text_of(value), &told_ms) && told_ms > 0)
        return (uint64_t)told_ms;
    uint64_t of_api = time_left_ms(request, "x-ratelimit-user-api"),
             of_user = time_left_ms(request, "x-ratelimit-user");
    return of_api > of_user ? of_api : of_user;
}
