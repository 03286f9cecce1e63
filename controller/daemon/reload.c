/* SPDX-License-Identifier: Apache-2.0
 *
 * Another configuration while everything runs.
 *
 * Happy path: a worker loads the file → what a new or changed Sync needs is opened → all of it takes effect: syncs that
 * say the same stay as they are, new ones begin, changed and removed ones drain and close; a changed one's successor
 * begins when it is gone, for both want the same lock.
 * What can go wrong: the file has mistakes, or a door cannot be opened: what was opened is closed again, the old
 * configuration stays in force, and daemon_configuration says why.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/daemon/state.h"
#include "controller/daemon/telling.h"

struct reload {
    struct job job;
    struct daemon *daemon;
    char *path;
    struct config *config; /* out */
    struct complaints mistakes;
    struct failure why;
};

/* How many syncs … */
struct changes {
    uint32_t added, changed, removed, kept;
};

/* --- leaving
 * ---------------------------------------------------------------------------------------------------------------- */

static const char *name_of(const struct sync *sync)
{
    return sync_config_of(sync)->name;
}

static void on_gone(void *context)
{
    struct leaving *leaving = context;
    struct daemon *daemon = leaving->daemon;
    struct sync *successor = leaving->successor;

    if (daemon->closing) {
        free(leaving);
        daemon_part_closed(daemon);
        return;
    }
    for (struct leaving **link = &daemon->leaving; *link != NULL; link = &(*link)->next) {
        if (*link == leaving) {
            *link = leaving->next;
            break;
        }
    }
    free(leaving);
    if (successor != NULL && !daemon->stopping)
        sync_begin(successor);
    daemon_check_end(daemon);
}

void daemon_send_away(struct leaving *leaving)
{
    if (leaving->closing)
        return;
    leaving->closing = true;
    if (leaving->successor != NULL && !leaving->daemon->closing)
        sync_inherit(leaving->successor, leaving->sync);
    sync_close(leaving->sync, on_gone, leaving);
}

void daemon_see_off(struct daemon *daemon, struct sync *sync)
{
    for (struct leaving *leaving = daemon->leaving; leaving != NULL; leaving = leaving->next) {
        if (leaving->sync == sync) {
            daemon_send_away(leaving);
            return;
        }
    }
}

/* --- taking effect
 * ------------------------------------------------------------------------------------------------------------ */

struct turnover {
    struct daemon *daemon;
    struct config *config;
    struct sync **syncs; /* of the new configuration, in its order */
    bool *fresh;         /* opened for it; else the old one stays */
    struct leaving *leaving;
};

static struct sync *sync_named(const struct daemon *daemon, const char *name)
{
    for (uint32_t i = 0; i < daemon->count; i++) {
        if (strcmp(name_of(daemon->syncs[i]), name) == 0)
            return daemon->syncs[i];
    }
    return NULL;
}

static bool stays(const struct turnover *turnover, const struct sync *sync)
{
    for (uint32_t i = 0; i < turnover->config->sync_count; i++) {
        if (turnover->syncs[i] == sync)
            return true;
    }
    return false;
}

/* The new configuration's syncs: old ones where they say the same. */
static int open_syncs(struct turnover *turnover, struct failure *why)
{
    for (uint32_t i = 0; i < turnover->config->sync_count; i++) {
        const struct sync_config *wanted = &turnover->config->syncs[i];
        struct sync *old = sync_named(turnover->daemon, wanted->name);
        if (old != NULL && sync_config_same(sync_config_of(old), wanted)) {
            turnover->syncs[i] = old;
            continue;
        }
        if (daemon_open_sync(turnover->daemon, turnover->config, i, &turnover->syncs[i], why) < 0)
            return -1;
        turnover->fresh[i] = true;
    }
    return 0;
}

/* One entry for each old sync that does not stay. */
static int list_leaving(struct turnover *turnover, struct failure *why)
{
    struct daemon *daemon = turnover->daemon;

    for (uint32_t i = 0; i < daemon->count; i++) {
        if (stays(turnover, daemon->syncs[i]))
            continue;
        struct leaving *leaving = calloc(1, sizeof *leaving);
        if (leaving == NULL)
            return failure_no_memory(why, "the syncs");
        *leaving = (struct leaving){.daemon = daemon, .sync = daemon->syncs[i], .next = turnover->leaving};
        turnover->leaving = leaving;
    }
    return 0;
}

static void give_up(struct turnover *turnover)
{
    for (uint32_t i = 0; turnover->fresh != NULL && i < turnover->config->sync_count; i++) {
        if (turnover->fresh[i])
            sync_close(turnover->syncs[i], NULL, NULL);
    }
    while (turnover->leaving != NULL) {
        struct leaving *next = turnover->leaving->next;
        free(turnover->leaving);
        turnover->leaving = next;
    }
}

/* The one that must be gone before a sync of this name may begin; NULL: none. */
static struct leaving *predecessor(const struct daemon *daemon, const char *name)
{
    for (struct leaving *leaving = daemon->leaving; leaving != NULL; leaving = leaving->next) {
        if (!sync_is_new(leaving->sync) && strcmp(name_of(leaving->sync), name) == 0)
            return leaving;
    }
    return NULL;
}

/* Old syncs that do not stay join those that are leaving already; who was to follow one of them and does not stay
 * itself will not. */
static void join_leaving(struct turnover *turnover)
{
    struct leaving **last = &turnover->daemon->leaving;

    for (; *last != NULL; last = &(*last)->next) {
        if ((*last)->successor != NULL && !stays(turnover, (*last)->successor))
            (*last)->successor = NULL;
    }
    *last = turnover->leaving;
    turnover->leaving = NULL;
}

static void settle_in(struct turnover *turnover, uint32_t number, struct changes *changes)
{
    struct sync *sync = turnover->syncs[number];

    if (!turnover->fresh[number]) {
        changes->kept++;
        sync_look_again(sync);
        return;
    }
    struct leaving *before = predecessor(turnover->daemon, name_of(sync));
    if (before != NULL) {
        changes->changed++;
        before->successor = sync;
    } else {
        changes->added++;
        sync_begin(sync);
    }
}

/* Nothing can fail any more. */
static void take_effect(struct turnover *turnover, struct changes *changes)
{
    struct daemon *daemon = turnover->daemon;
    struct sync **old = daemon->syncs;
    uint32_t old_count = daemon->count;

    join_leaving(turnover);
    daemon->syncs = turnover->syncs;
    daemon->count = turnover->config->sync_count;
    config_unref(daemon->config);
    daemon->config = config_ref(turnover->config);
    for (uint32_t i = 0; i < daemon->count; i++)
        settle_in(turnover, i, changes);
    for (uint32_t i = 0; i < old_count; i++) {
        if (stays(turnover, old[i]))
            continue;
        changes->removed++;
        sync_stop(old[i]);
    }
    changes->removed -= changes->changed;
    turnover->syncs = old; /* the list, not what was in it */
}

static int admit(const struct daemon *daemon, struct config *config, struct failure *why)
{
    return daemon->options.admit == NULL ? 0 : daemon->options.admit(daemon->options.context, config, why);
}

static int turn_over(struct daemon *daemon, struct config *config, struct changes *changes, struct failure *why)
{
    struct turnover turnover = {.daemon = daemon, .config = config};
    int status = -1;

    turnover.syncs = calloc(config->sync_count + 1, sizeof *turnover.syncs);
    turnover.fresh = calloc(config->sync_count + 1, sizeof *turnover.fresh);
    if (turnover.syncs == NULL || turnover.fresh == NULL)
        failure_no_memory(why, "the syncs");
    else if (open_syncs(&turnover, why) == 0 && list_leaving(&turnover, why) == 0 && admit(daemon, config, why) == 0)
        status = 0;
    if (status == 0)
        take_effect(&turnover, changes);
    else
        give_up(&turnover);
    free(turnover.syncs);
    free(turnover.fresh);
    return status;
}

/* --- loading
 * ---------------------------------------------------------------------------------------------------------------- */

static void work(struct job *job)
{
    struct reload *reload = job->data;
    const struct daemon_options *options = &reload->daemon->options;

    if (config_load(reload->path, &reload->config, &reload->mistakes, &reload->why) < 0)
        return;
    if (reload->config->sync_count == 0)
        failure_set(&reload->why, CAUSE_CONFIGURATION_WRONG, "%s holds no Sync: there would be nothing to do",
                    reload->path);
    else if (options->prepare != NULL)
        (void)options->prepare(options->context, reload->config, &reload->why);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What a running process cannot change. */
static void tell_what_waits(struct daemon *daemon, const struct config *before, const struct config *after)
{
    if (!same_text(before->state_directory, after->state_directory))
        log_event(
            daemon->options.log, LOG_LEVEL_WARN, "restart-needed",
            "spec.stateDirectory has changed: that takes effect at the next start; journals stay where they are until "
            "then",
            NULL);
}

static void tell_changes(struct daemon *daemon, const struct changes *changes)
{
    char added[16], changed[16], removed[16], kept[16];

    snprintf(added, sizeof added, "%" PRIu32, changes->added);
    snprintf(changed, sizeof changed, "%" PRIu32, changes->changed);
    snprintf(removed, sizeof removed, "%" PRIu32, changes->removed);
    snprintf(kept, sizeof kept, "%" PRIu32, changes->kept);
    log_event(daemon->options.log, LOG_LEVEL_INFO, "configuration-loaded", "the configuration was read anew", "path",
              daemon->config->path, "added", added, "changed", changed, "removed", removed, "kept", kept, NULL);
}

static void tell_refused(struct daemon *daemon)
{
    const struct daemon_configuration *configuration = &daemon->configuration;

    tell_complaints(daemon->options.log, LOG_LEVEL_ERROR, "configuration-wrong", NULL, &configuration->mistakes);
    log_event(daemon->options.log, LOG_LEVEL_ERROR, "configuration-refused", configuration->failure.text, "cause",
              cause_name(configuration->failure.cause), "in_force", "the configuration that was loaded before", NULL);
}

/* Whether it takes effect or not, files are looked at again: that is what people send SIGHUP for. */
static void take(struct daemon *daemon, struct reload *reload)
{
    struct daemon_configuration *configuration = &daemon->configuration;
    struct config *before = config_ref(daemon->config);
    struct changes changes = {0};

    if (reload->why.cause == CAUSE_NONE && turn_over(daemon, reload->config, &changes, &reload->why) == 0) {
        configuration->config = daemon->config;
        configuration->loaded_unix_ms = walltime_unix_ms();
        configuration->generation++;
        tell_what_waits(daemon, before, daemon->config);
        tell_changes(daemon, &changes);
    } else {
        for (uint32_t i = 0; i < daemon->count; i++)
            sync_look_again(daemon->syncs[i]);
    }
    complaints_release(&configuration->mistakes);
    configuration->mistakes = reload->mistakes;
    complaints_init(&reload->mistakes);
    configuration->failure = reload->why;
    if (reload->why.cause != CAUSE_NONE)
        tell_refused(daemon);
    config_unref(before);
}

static void free_reload(struct reload *reload)
{
    config_unref(reload->config);
    complaints_release(&reload->mistakes);
    free(reload->path);
    free(reload);
}

static void on_loaded(struct job *job)
{
    struct reload *reload = job->data;
    struct daemon *daemon = reload->daemon;
    bool again = daemon->reload_again;

    daemon->reload = NULL;
    daemon->reload_again = daemon->configuration.reloading = false;
    if (!daemon->stopping)
        take(daemon, reload);
    free_reload(reload);
    if (daemon->closing) {
        daemon_part_closed(daemon);
        return;
    }
    if (again)
        daemon_reload(daemon);
    else if (daemon->options.reloaded != NULL)
        daemon->options.reloaded(daemon->options.context);
}

void daemon_reload(struct daemon *daemon)
{
    struct reload *reload;

    if (daemon->stopping || daemon->reload != NULL) {
        daemon->reload_again = true;
        return;
    }
    reload = calloc(1, sizeof *reload);
    if (reload == NULL || (reload->path = strdup(daemon->config->path)) == NULL) {
        free(reload);
        failure_no_memory(&daemon->configuration.failure, "the configuration");
        tell_refused(daemon);
        return;
    }
    reload->daemon = daemon;
    reload->job = (struct job){.work = work, .done = on_loaded, .data = reload};
    complaints_init(&reload->mistakes);
    daemon->reload = reload;
    daemon->configuration.reloading = true;
    worker_submit(daemon->options.workers, &reload->job);
}

void daemon_cancel_reload(struct daemon *daemon)
{
    job_cancel(&daemon->reload->job);
}
