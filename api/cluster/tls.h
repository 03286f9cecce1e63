/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS over bytes that somebody else moves (rocketmq-remoting 3.10: the handshake begins right after connect). The peer
 * is always verified, its name or IP address too; TLS 1.2 at least.
 */
#ifndef MQFERRY_API_CLUSTER_TLS_H
#define MQFERRY_API_CLUSTER_TLS_H

#include <stddef.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"

struct tls;
struct tls_session;

struct tls_files {
    const char *ca_file;   /* NULL: the system's */
    const char *cert_file; /* NULL: no certificate of ours */
    const char *key_file;  /* NULL: in cert_file */
};

/* Reads the files: workers only. CONFIGURATION_WRONG tells which one and why. Sessions may be made on any thread. */
int tls_new(const struct tls_files *files, struct tls **out, struct failure *why);
void tls_free(struct tls *tls); /* its sessions are gone; NULL is fine */

/* `host` is the name or address that the peer's certificate must hold. */
int tls_session_new(struct tls *tls, const char *host, struct tls_session **out, struct failure *why);
void tls_session_free(struct tls_session *session); /* NULL is fine */

/* What came from the peer. 0, or -1: no memory. */
int tls_take(struct tls_session *session, const char *bytes, size_t count, struct failure *why);
/* 1: done; 0: goes on when more has come; -1: UNREACHABLE tells why. */
int tls_shake(struct tls_session *session, struct failure *why);
/* What the peer said. 1: *out_bytes of it are in `room`; 0: more must come; -1: it ended, or is broken. */
int tls_read(struct tls_session *session, char *room, size_t bytes, size_t *out_bytes, struct failure *why);
/* What the peer shall hear. 0 or -1. */
int tls_write(struct tls_session *session, struct text text, struct failure *why);

/* Bytes for the peer, after any of the above; valid until the next call. Their sender then says tls_sent. */
struct text tls_outgoing(struct tls_session *session);
void tls_sent(struct tls_session *session);

#endif
