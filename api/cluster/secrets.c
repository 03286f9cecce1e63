/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/secrets.h"

#include "api/cause.h"

static void work(struct job *job)
{
    struct secrets *secrets = job->data;

    if (keys_read(secrets->spec, &secrets->read, &secrets->failure) == 0 && secrets->with_tls && !secrets->tls)
        tls_new(&secrets->files, &secrets->read_tls, &secrets->failure);
}

static void take(struct secrets *secrets)
{
    keys_wipe(&secrets->owned);
    secrets->owned = secrets->read;
    secrets->read = (struct keys_owned){NULL, NULL, NULL};
    secrets->keys =
        (struct acl_keys){secrets->owned.access_key, secrets->owned.secret_key, secrets->owned.security_token};
    if (secrets->read_tls)
        secrets->tls = secrets->read_tls;
    secrets->read_tls = NULL;
}

static void on_worked(struct job *job)
{
    struct secrets *secrets = job->data;

    if (!job->began)
        failure_set(&secrets->failure, CAUSE_CANCELLED, "reading the credentials was given up");
    if (secrets->failure.cause == CAUSE_NONE)
        take(secrets);
    else
        keys_wipe(&secrets->read);
    secrets->done(secrets->context, &secrets->failure);
}

void secrets_read(struct secrets *secrets, struct worker_pool *workers,
                  void (*done)(void *context, const struct failure *why), void *context)
{
    secrets->done = done;
    secrets->context = context;
    secrets->failure = (struct failure)FAILURE_INIT;
    secrets->job = (struct job){.work = work, .done = on_worked, .data = secrets};
    worker_submit(workers, &secrets->job);
}

void secrets_release(struct secrets *secrets)
{
    keys_wipe(&secrets->owned);
    tls_free(secrets->tls);
}
