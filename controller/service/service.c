/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/service/service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"

enum { SAID_AT_MOST_EVERY_MS = 200 }; /* many passes that end at once become one message */

struct service {
    struct notify *notify;
    struct daemon *daemon; /* NULL: none */
    uv_timer_t tick, soon;
    enum notify_state state;
    char status[NOTIFY_STATUS_BYTES];
    unsigned open;
};

/* --- the line for people
 * -------------------------------------------------------------------------------------------------------- */

struct tally {
    uint32_t syncs, parity, failing, waiting; /* waiting: for their first pass */
    uint64_t created;
    const struct sync_config *first; /* of those that fail */
    int cause;
};

static void count_sync(struct tally *tally, const struct sync_view *view)
{
    tally->syncs++;
    tally->created += view->created;
    if (view->passes == 0)
        tally->waiting++;
    else if (view->parity)
        tally->parity++;
    if (view->failure.cause == CAUSE_NONE)
        return;
    if (tally->failing++ > 0)
        return;
    tally->first = view->config;
    tally->cause = view->failure.cause;
}

void service_status(const struct daemon *daemon, char out[static NOTIFY_STATUS_BYTES])
{
    const struct daemon_configuration *configuration = daemon_configuration(daemon);
    struct tally tally = {0};
    char failing[160] = "", waiting[40] = "", refused[80] = "";

    for (uint32_t i = 0; i < daemon_sync_count(daemon); i++) {
        struct sync_view view;
        daemon_look(daemon, i, &view);
        count_sync(&tally, &view);
    }
    if (tally.failing > 0)
        snprintf(failing, sizeof failing, "; %" PRIu32 " failing, first %.60s: %s", tally.failing, tally.first->name,
                 cause_name(tally.cause));
    if (tally.waiting > 0)
        snprintf(waiting, sizeof waiting, "; %" PRIu32 " in their first pass", tally.waiting);
    if (configuration->failure.cause != CAUSE_NONE && configuration->mistakes.count > 0)
        snprintf(refused, sizeof refused, "; the configuration file is wrong (%" PRIu32 " mistakes), the old one holds",
                 configuration->mistakes.count);
    else if (configuration->failure.cause != CAUSE_NONE)
        snprintf(refused, sizeof refused, "; the new configuration cannot take effect, the old one holds");
    snprintf(out, NOTIFY_STATUS_BYTES, "%" PRIu32 " of %" PRIu32 " syncs at parity, %" PRIu64 " created%s%s%s",
             tally.parity, tally.syncs, tally.created, waiting, failing, refused);
}

/* --- saying it
 * -------------------------------------------------------------------------------------------------------------- */

static void say(struct service *service)
{
    bool alive = service->daemon == NULL || !daemon_is_stuck(service->daemon);

    if (service->daemon != NULL)
        service_status(service->daemon, service->status);
    notify_say(service->notify, service->state, service->status, alive);
}

static void on_timer(uv_timer_t *timer)
{
    say(timer->data);
}

void service_look(struct service *service)
{
    if (uv_is_active((uv_handle_t *)&service->soon) == 0)
        uv_timer_start(&service->soon, on_timer, SAID_AT_MOST_EVERY_MS, 0);
}

void service_say(struct service *service, enum notify_state state)
{
    service->state = state;
    say(service);
}

void service_watch(struct service *service, struct daemon *daemon)
{
    service->daemon = daemon;
}

/* --- life
 * ------------------------------------------------------------------------------------------------------------------ */

static void init_timer(struct service *service, uv_loop_t *loop, uv_timer_t *timer)
{
    uv_timer_init(loop, timer);
    timer->data = service;
    service->open++;
}

struct service *service_new(uv_loop_t *loop, struct notify *notify)
{
    struct service *service = calloc(1, sizeof *service);
    uint64_t watchdog_ms = notify_watchdog_ms(notify);

    if (service == NULL) {
        notify_free(notify);
        return NULL;
    }
    service->notify = notify;
    snprintf(service->status, sizeof service->status, "starting");
    init_timer(service, loop, &service->tick);
    init_timer(service, loop, &service->soon);
    if (watchdog_ms > 0)
        uv_timer_start(&service->tick, on_timer, watchdog_ms / 2, watchdog_ms / 2);
    return service;
}

static void on_closed(uv_handle_t *handle)
{
    struct service *service = handle->data;

    if (--service->open > 0)
        return;
    notify_free(service->notify);
    free(service);
}

void service_close(struct service *service)
{
    if (service == NULL)
        return;
    uv_close((uv_handle_t *)&service->tick, on_closed);
    uv_close((uv_handle_t *)&service->soon, on_closed);
}
