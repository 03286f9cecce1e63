/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: the master is asked → unchanged: the table that is kept; else a worker reads the body → it is kept.
 * what can go wrong: there is no master; the call fails; it refuses; the body is not what brokers write.
 * cancelling: the call, or the job; done comes in any case.
 */
#include "api/cluster/reading.h"

#include <stdlib.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cluster/codes.h"
#include "api/cluster/survey.h"

enum { REQUEST_TOPICS = 21, REQUEST_GROUPS = 201 };

static struct master *master_of(const struct reading *reading)
{
    return &reading->roster->masters[reading->master];
}

static const struct topology_broker *broker_of(const struct reading *reading)
{
    return &reading->roster->topology->brokers[reading->master];
}

static void finish(struct reading *reading)
{
    free(reading->bytes);
    reading->bytes = NULL;
    reading->busy = false;
    reading->done(reading);
}

/* --- the body --------------------------------------------------------------------------------------------------------
 */

static void keep(struct reading *reading)
{
    struct table_kept *kept = &master_of(reading)->tables[reading->kind];

    catalog_unref(kept->catalog);
    *kept = (struct table_kept){.catalog = reading->facts.has_version ? catalog_ref(reading->catalog) : NULL,
                                .version = reading->facts.version,
                                .body_bytes = reading->body.bytes};
}

static bool take_unchanged(struct reading *reading)
{
    const struct table_kept *kept = &master_of(reading)->tables[reading->kind];
    struct table_version version;

    if (!kept->catalog || kept->body_bytes != reading->body.bytes || !table_version_peek(reading->body, &version) ||
        !table_version_equal(&version, &kept->version))
        return false;
    reading->catalog = catalog_ref(kept->catalog);
    return true;
}

static void work(struct job *job)
{
    struct reading *reading = job->data;
    const struct table_request request = {
        .kind = reading->kind,
        .body = reading->body,
        .broker = broker_of(reading)->name,
        .own = reading->roster->own,
        .cancelled = &job->cancelled,
    };
    table_read(&request, &reading->catalog, &reading->facts, &reading->failure);
}

static void on_worked(struct job *job)
{
    struct reading *reading = job->data;

    if (!job->began)
        failure_set(&reading->failure, CAUSE_CANCELLED, "reading the table of %s was given up",
                    master_of(reading)->who);
    if (reading->catalog)
        keep(reading);
    finish(reading);
}

/* --- the call --------------------------------------------------------------------------------------------------------
 */

static int32_t request_of(const struct reading *reading)
{
    return reading->kind == KIND_TOPIC ? REQUEST_TOPICS : REQUEST_GROUPS;
}

static void on_call(struct remote_call *call)
{
    struct reading *reading = call->data;

    if (call->failure.cause != CAUSE_NONE) {
        reading->failure = call->failure;
        survey_explain_master(broker_of(reading), call, &reading->failure);
        finish(reading);
    } else if (call->answer.code != ANSWER_SUCCESS) {
        remote_refusal(master_of(reading)->who, request_of(reading), &call->answer, REMOTE_READ, reading->kind,
                       &reading->failure);
        finish(reading);
    } else {
        reading->body = call->answer.body;
        reading->bytes = remote_call_take_bytes(call);
        if (take_unchanged(reading)) {
            finish(reading);
            return;
        }
        reading->job = (struct job){.work = work, .done = on_worked, .data = reading};
        worker_submit(reading->workers, &reading->job);
    }
}

int reading_start(struct reading *reading, struct failure *why)
{
    const struct frame request = {.code = request_of(reading)};
    const struct master *master = master_of(reading);

    if (!master->connection)
        return failure_set(why, CAUSE_INSTANCE_NOT_IN_SERVICE, "%s has no master now (no broker id 0)",
                           broker_of(reading)->name);
    reading->call =
        (struct remote_call){.deadline_ms = reading->deadline_ms, .reads = true, .done = on_call, .data = reading};
    reading->asked_ms = monotime_ms();
    if (peers_call(reading->peers, master->connection, &reading->call, &request, why) != 0)
        return -1;
    reading->busy = true;
    return 0;
}

void reading_cancel(struct reading *reading)
{
    if (!reading->busy)
        return;
    remote_call_cancel(&reading->call);
    job_cancel(&reading->job);
}
