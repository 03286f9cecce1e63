/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps systemd informed about a daemon: READY, RELOADING, STATUS with counts, STOPPING; and feeds its watchdog, from a
 * timer of the loop, only while no pass is stuck: a loop that hangs, and a pass that gets nowhere, both end in a
 * restart. Loop thread only.
 */
#ifndef MQFERRY_CONTROLLER_SERVICE_SERVICE_H
#define MQFERRY_CONTROLLER_SERVICE_SERVICE_H

#include <uv.h>

#include "controller/daemon/daemon.h"
#include "controller/service/notify.h"

struct service;

/* `notify` is given away; NULL: no memory. Nothing is said before the first call below. */
struct service *service_new(uv_loop_t *loop, struct notify *notify);
/* From now on this daemon is told about; it is borrowed until NULL is given. */
void service_watch(struct service *service, struct daemon *daemon);
void service_say(struct service *service, enum notify_state state); /* now, and with every look from now on */
void service_look(struct service *service);                         /* something may have changed: says so soon */
void service_close(struct service *service);                        /* the loop frees it later; NULL is fine */

/* One line: how many syncs are at parity, what fails, which configuration is in force. */
void service_status(const struct daemon *daemon, char out[static NOTIFY_STATUS_BYTES]);

#endif
