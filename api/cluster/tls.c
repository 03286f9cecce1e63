/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/tls.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "api/cause.h"

struct tls {
    SSL_CTX *context;
};

struct tls_session {
    SSL *ssl;
    BIO *incoming, *outgoing; /* the SSL's */
};

/* What the library says last, without its numbers. */
static const char *reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    return text ? text : "no reason was given";
}

/* --- the files -------------------------------------------------------------------------------------------------------
 */

static int fail_file(const char *what, const char *path, struct failure *why)
{
    return failure_set(why, CAUSE_CONFIGURATION_WRONG, "cannot use %s %s: %s", what, path, reason());
}

/* Nobody is there to type one. */
static int no_password(char *room, int bytes, int writing, void *context)
{
    (void)room, (void)bytes, (void)writing, (void)context;
    return -1;
}

static int trust(SSL_CTX *context, const char *ca_file, struct failure *why)
{
    if (!ca_file)
        return SSL_CTX_set_default_verify_paths(context) == 1
                   ? 0
                   : failure_set(why, CAUSE_CONFIGURATION_WRONG, "cannot use the system's CA certificates: %s",
                                 reason());
    return SSL_CTX_load_verify_file(context, ca_file) == 1 ? 0 : fail_file("the CA file", ca_file, why);
}

static int present(SSL_CTX *context, const struct tls_files *files, struct failure *why)
{
    const char *key_file = files->key_file ? files->key_file : files->cert_file;

    if (!files->cert_file)
        return files->key_file ? failure_set(why, CAUSE_CONFIGURATION_WRONG,
                                             "there is a key file %s, but no certificate file", files->key_file)
                               : 0;
    if (SSL_CTX_use_certificate_chain_file(context, files->cert_file) != 1)
        return fail_file("the certificate file", files->cert_file, why);
    if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        return fail_file("the key file", key_file, why);
    return 0;
}

int tls_new(const struct tls_files *files, struct tls **out, struct failure *why)
{
    struct tls *tls = calloc(1, sizeof *tls);

    ERR_clear_error();
    if (!tls || !(tls->context = SSL_CTX_new(TLS_client_method()))) {
        free(tls);
        return failure_no_memory(why, "TLS");
    }
    SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_default_passwd_cb(tls->context, no_password);
    if (trust(tls->context, files->ca_file, why) != 0 || present(tls->context, files, why) != 0) {
        tls_free(tls);
        return -1;
    }
    *out = tls;
    return 0;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

/* --- sessions --------------------------------------------------------------------------------------------------------
 */

static bool is_address(const char *host)
{
    unsigned char room[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, room) == 1 || inet_pton(AF_INET6, host, room) == 1;
}

static int expect_host(SSL *ssl, const char *host)
{
    if (is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1 ? 0 : -1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1 ? 0 : -1;
}

int tls_session_new(struct tls *tls, const char *host, struct tls_session **out, struct failure *why)
{
    struct tls_session *session = calloc(1, sizeof *session);

    if (!session || !(session->ssl = SSL_new(tls->context)) || expect_host(session->ssl, host) != 0)
        goto fail;
    session->incoming = BIO_new(BIO_s_mem());
    session->outgoing = BIO_new(BIO_s_mem());
    if (!session->incoming || !session->outgoing) {
        BIO_free(session->incoming);
        BIO_free(session->outgoing);
        goto fail;
    }
    BIO_set_mem_eof_return(session->incoming, -1); /* empty means: later */
    SSL_set_bio(session->ssl, session->incoming, session->outgoing);
    SSL_set_connect_state(session->ssl);
    *out = session;
    return 0;
fail:
    tls_session_free(session);
    return failure_no_memory(why, "a TLS session");
}

void tls_session_free(struct tls_session *session)
{
    if (!session)
        return;
    SSL_free(session->ssl);
    free(session);
}

int tls_take(struct tls_session *session, const char *bytes, size_t count, struct failure *why)
{
    size_t taken;
    return count == 0 || (BIO_write_ex(session->incoming, bytes, count, &taken) == 1 && taken == count)
               ? 0
               : failure_no_memory(why, "what came over TLS");
}

static bool lacks_authority(long verdict)
{
    return verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
           verdict == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN || verdict == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
           verdict == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

static int fail_handshake(const struct tls_session *session, struct failure *why)
{
    long verdict = SSL_get_verify_result(session->ssl);

    if (verdict != X509_V_OK)
        return failure_set(why, CAUSE_UNREACHABLE, "the TLS handshake failed: its certificate is not accepted: %s%s",
                           X509_verify_cert_error_string(verdict),
                           lacks_authority(verdict) ? " (caFile names the authorities to trust)" : "");
    return failure_set(why, CAUSE_UNREACHABLE, "the TLS handshake failed: %s", reason());
}

int tls_shake(struct tls_session *session, struct failure *why)
{
    ERR_clear_error();
    int done = SSL_do_handshake(session->ssl);
    if (done == 1)
        return 1;
    int error = SSL_get_error(session->ssl, done);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : fail_handshake(session, why);
}

int tls_read(struct tls_session *session, char *room, size_t bytes, size_t *out_bytes, struct failure *why)
{
    ERR_clear_error();
    if (SSL_read_ex(session->ssl, room, bytes, out_bytes) == 1)
        return 1;
    int error = SSL_get_error(session->ssl, 0);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return 0;
    if (error == SSL_ERROR_ZERO_RETURN)
        return failure_set(why, CAUSE_UNREACHABLE, "the peer closed the connection");
    return failure_set(why, CAUSE_UNREACHABLE, "TLS broke: %s", reason());
}

int tls_write(struct tls_session *session, struct text text, struct failure *why)
{
    size_t written;

    ERR_clear_error();
    if (text.bytes == 0 || SSL_write_ex(session->ssl, text.data, text.bytes, &written) == 1)
        return 0;
    return failure_set(why, CAUSE_UNREACHABLE, "could not encrypt: %s", reason());
}

struct text tls_outgoing(struct tls_session *session)
{
    char *data = NULL;
    long bytes = BIO_get_mem_data(session->outgoing, &data);
    return bytes > 0 ? (struct text){data, (size_t)bytes} : (struct text){0};
}

void tls_sent(struct tls_session *session)
{
    BIO_reset(session->outgoing);
}
