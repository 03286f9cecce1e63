/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/http_transfer.h"

#include <ctype.h>
#include <string.h>

#include "api/base/json.h"
#include "api/base/monotime.h"
#include "api/cause.h"

/* --- callbacks from libcurl ------------------------------------------------------------------------------------------
 */

/* Called when a connection is there, right before the request leaves, and again when libcurl wants to send it anew. */
static int on_leaving(void *context, char *remote, char *local, int remote_port, int local_port)
{
    struct transfer *transfer = context;
    struct http_request *request = transfer->request;

    (void)remote, (void)local, (void)remote_port, (void)local_port;
    transfer->leaving(transfer);
    if (request->sent && request->writes) {
        transfer->repeated = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (!request->sent)
        request->sent_ms = monotime_ms();
    request->sent = true;
    return CURL_PREREQFUNC_OK;
}

/* Without a function to go back, libcurl cannot send a body twice. */
static size_t on_body_wanted(char *out, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct text rest = text_after(transfer->request->body, transfer->body_given);
    size_t bytes = rest.bytes < size * count ? rest.bytes : size * count;

    if (bytes > 0)
        memcpy(out, rest.data, bytes);
    transfer->body_given += bytes;
    return bytes;
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;

    transfer->too_large = size * count > transfer->request->answer_bytes_max - transfer->answer.length;
    if (transfer->too_large || buffer_append(&transfer->answer, bytes, size * count) < 0)
        return CURL_WRITEFUNC_ERROR;
    return size * count;
}

/* --- beginning -------------------------------------------------------------------------------------------------------
 */

static void set_callbacks(CURL *easy, struct transfer *transfer)
{
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_leaving);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_body_wanted);
    curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

static int set_up(struct transfer *transfer, const struct http_request *request, struct trusts *trusts)
{
    CURL *easy = transfer->easy;

    transfer->trust = NULL;
    if (strncmp(request->url, "https:", 6) == 0) {
        struct failure why = FAILURE_INIT;
        transfer->trust = trust_of(trusts, request->ca_file, &why);
        if (transfer->trust == NULL)
            return -1;
    }
    set_callbacks(easy, transfer);
    return options_set(easy, request, &transfer->headers);
}

static void attach(struct transfer *transfer, struct http_request *request)
{
    request->failure = (struct failure)FAILURE_INIT;
    request->sent = false;
    request->sent_ms = 0;
    request->status = 0;
    request->answer = TEXT("");
    request->transfer = transfer;
    transfer->request = request;
    transfer->body_given = 0;
    transfer->too_large = transfer->repeated = false;
    transfer->secret = request->secret;
    transfer->error[0] = '\0';
    options_note_host(transfer->host, request->url);
    (request->secret ? buffer_init_secret : buffer_init)(&transfer->answer, request->answer_bytes_max + JSON_PADDING);
}

int transfer_prepare(struct transfer *transfer, struct http_request *request, struct trusts *trusts)
{
    attach(transfer, request);
    return set_up(transfer, request, trusts);
}

/* --- ending ----------------------------------------------------------------------------------------------------------
 */

/* libcurl begins its messages with a capital. */
static int fail(struct transfer *transfer, int cause, CURLcode result)
{
    struct http_request *request = transfer->request;
    char *reason = transfer->error;

    if (reason[0] == '\0') {
        const char *general = curl_easy_strerror(result);
        size_t bytes = strnlen(general, CURL_ERROR_SIZE - 1);
        memcpy(reason, general, bytes);
        reason[bytes] = '\0';
    }
    if (isupper((unsigned char)reason[0]) && islower((unsigned char)reason[1]))
        reason[0] = (char)tolower((unsigned char)reason[0]);
    return failure_set(&request->failure, cause, "%s %s: %s", request->sent ? "no answer from" : "cannot reach",
                       transfer->host, reason);
}

static void explain(struct transfer *transfer, CURLcode result)
{
    struct http_request *request = transfer->request;

    if (transfer->repeated || result == CURLE_SEND_FAIL_REWIND) {
        request->sent = true;
        failure_set(&request->failure, CAUSE_UNREACHABLE, "no answer from %s: the connection was closed",
                    transfer->host);
    } else if (transfer->too_large) {
        failure_set(&request->failure, CAUSE_BAD_ANSWER, "the answer of %s has more than %zu bytes", transfer->host,
                    request->answer_bytes_max);
    } else if (result == CURLE_WRITE_ERROR) {
        failure_no_memory(&request->failure, "receiving an answer");
    } else {
        fail(transfer, CAUSE_UNREACHABLE, result);
    }
    if (request->writes && request->sent)
        request->failure.cause = CAUSE_OUTCOME_UNKNOWN;
}

static void take_answer(struct transfer *transfer)
{
    static const char padding[JSON_PADDING];
    struct http_request *request = transfer->request;
    size_t bytes = transfer->answer.length;
    long status = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (buffer_append(&transfer->answer, padding, sizeof padding) < 0) {
        explain(transfer, CURLE_WRITE_ERROR);
        return;
    }
    request->status = (uint16_t)status;
    request->answer = (struct text){transfer->answer.data, bytes};
}

void transfer_conclude(struct transfer *transfer, CURLcode result)
{
    if (result == CURLE_OK)
        take_answer(transfer);
    else if (transfer->request->failure.cause == 0)
        explain(transfer, result);
}
