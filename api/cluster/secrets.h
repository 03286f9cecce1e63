/* SPDX-License-Identifier: Apache-2.0
 *
 * What a door reads from files before it speaks: access keys, and for rocketmqs:// the certificates. Read by a worker,
 * when first needed; keys again after they were rejected.
 */
#ifndef MQFERRY_API_CLUSTER_SECRETS_H
#define MQFERRY_API_CLUSTER_SECRETS_H

#include "api/base/worker.h"
#include "api/cluster/keys.h"
#include "api/cluster/tls.h"

struct secrets {
    /* in; borrowed */
    const char *spec;
    struct tls_files files;
    bool with_tls;
    /* out */
    struct acl_keys keys; /* no access key: none */
    struct tls *tls;      /* NULL: plain, or not read yet */
    /* secrets.c's */
    struct job job;
    struct keys_owned owned, read;
    struct tls *read_tls;
    struct failure failure;
    void (*done)(void *context, const struct failure *why);
    void *context;
};

/* `done` comes once, later; cause 0: all is there. What was there stays on failure. */
void secrets_read(struct secrets *secrets, struct worker_pool *workers,
                  void (*done)(void *context, const struct failure *why), void *context);
void secrets_release(struct secrets *secrets);

#endif
