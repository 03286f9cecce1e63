/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: trust_of starts a worker → it reads the file into a store of OpenSSL → `changed`. Later connections get
 *             the store by a callback of libcurl's.
 * what can go wrong: the file is missing or holds no certificate: whoever waits is told. libcurl made with another
 *             library than OpenSSL does not take the callback: then it reads the file itself.
 * on close: what is being read is waited for.
 */
#include "api/cloud/http_trust.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "api/base/monotime.h"
#include "api/cause.h"

enum { ANEW_AFTER_MS = 24 * 60 * 60 * 1000 };

struct trust {
    struct trusts *trusts;
    struct trust *next;
    char *path; /* NULL: libcurl names none, and knows itself whom to trust */
    bool given; /* the path is a user's */
    uv_work_t work;
    X509_STORE *store; /* NULL: none yet, or failed */
    bool loading, failed;
    X509_STORE *read; /* by the worker */
    uint64_t read_ms;
};

/* ---- reading */

static void on_work(uv_work_t *work)
{
    struct trust *trust = work->data;

    trust->read = X509_STORE_new();
    if (trust->read != NULL && X509_STORE_load_file(trust->read, trust->path) == 1) {
        X509_STORE_set_flags(trust->read, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN); /* libcurl's */
    } else {
        X509_STORE_free(trust->read);
        trust->read = NULL;
    }
    ERR_clear_error();
}

static void end_closing(struct trusts *trusts)
{
    struct trust *trust = trusts->first, *next;

    for (; trust != NULL; trust = next) {
        next = trust->next;
        X509_STORE_free(trust->store);
        free(trust->path);
        free(trust);
    }
    trusts->first = NULL;
    trusts->closed(trusts->context);
}

/* What could not be read anew is used as it was. */
static void on_read(uv_work_t *work, int status)
{
    struct trust *trust = work->data;
    struct trusts *trusts = trust->trusts;

    (void)status; /* nobody cancels it */
    trust->loading = false;
    trust->read_ms = monotime_ms();
    if (trust->read != NULL) {
        X509_STORE_free(trust->store);
        trust->store = trust->read;
        trust->read = NULL;
    }
    trust->failed = trust->store == NULL;
    trusts->loading--;
    if (trusts->closed == NULL)
        trusts->changed(trusts->context);
    else if (trusts->loading == 0)
        end_closing(trusts);
}

static void load(struct trust *trust)
{
    trust->loading = true;
    trust->trusts->loading++;
    trust->work.data = trust;
    if (uv_queue_work(trust->trusts->loop, &trust->work, on_work, on_read) != 0)
        abort(); /* it only fails without a function to call */
}

/* ---- looking up */

static bool same_path(const struct trust *trust, const char *path)
{
    return path == NULL ? !trust->given : trust->given && strcmp(trust->path, path) == 0;
}

/* Debian's libcurl says /etc/ssl/certs/ca-certificates.crt. */
static char *system_path(void)
{
    char *found = NULL, *copy = NULL;
    CURL *easy = curl_easy_init();

    if (easy != NULL && curl_easy_getinfo(easy, CURLINFO_CAINFO, &found) == CURLE_OK && found != NULL)
        copy = strdup(found);
    if (easy != NULL)
        curl_easy_cleanup(easy);
    return copy;
}

static struct trust *trust_new(struct trusts *trusts, const char *path, struct failure *why)
{
    struct trust *trust = calloc(1, sizeof *trust);

    if (trust == NULL)
        goto fail;
    *trust = (struct trust){.trusts = trusts, .given = path != NULL, .next = trusts->first};
    trust->path = path != NULL ? strdup(path) : system_path();
    if (path != NULL && trust->path == NULL)
        goto fail;
    trusts->first = trust;
    if (trust->path != NULL)
        load(trust);
    return trust;
fail:
    free(trust);
    failure_no_memory(why, "reading certificates");
    return NULL;
}

struct trust *trust_of(struct trusts *trusts, const char *path, struct failure *why)
{
    struct trust *trust = trusts->first;

    while (trust != NULL && !same_path(trust, path))
        trust = trust->next;
    if (trust == NULL)
        return trust_new(trusts, path, why);
    bool old = trust->path != NULL && monotime_ms() >= trust->read_ms + ANEW_AFTER_MS;
    if (!trust->loading && (trust->failed || old)) {
        trust->failed = false;
        load(trust);
    }
    return trust;
}

int trust_state(const struct trust *trust, struct failure *why)
{
    if (trust->store != NULL || trust->path == NULL)
        return 1;
    if (trust->loading)
        return 0;
    return failure_set(why, CAUSE_UNREACHABLE, "no certificates can be read from %s", trust->path);
}

/* ---- using */

static CURLcode on_context(CURL *easy, void *context, void *data)
{
    const struct trust *trust = data;

    (void)easy;
    return SSL_CTX_set1_cert_store(context, trust->store), CURLE_OK;
}

/* The path of a user's file stands where libcurl compares connections before it uses one again: who trusts other
 * certificates gets another connection. A file is no folder: nothing is looked up there. */
void trust_apply(struct trust *trust, CURL *easy)
{
    bool taken = trust->store != NULL && curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context) == CURLE_OK;

    curl_easy_setopt(easy, CURLOPT_CAPATH, taken && trust->given ? trust->path : NULL);
    if (taken) {
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, trust);
        curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    } else if (trust->path != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, trust->path);
    }
}

void trusts_close(struct trusts *trusts, void (*closed)(void *context))
{
    trusts->closed = closed;
    if (trusts->loading == 0)
        end_closing(trusts);
}
