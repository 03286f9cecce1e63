/* SPDX-License-Identifier: Apache-2.0
 *
 * What systemd wants to know of a Type=notify service (sd_notify(3), whose protocol is promised to be stable: one
 * datagram of VARIABLE=value lines to $NOTIFY_SOCKET). libsystemd would say the same and brings five libraries into
 * memory.
 *
 * Level, not edge: every message says the whole state, so that one that is lost is made up for by the next. Nothing
 * here waits or fails: without $NOTIFY_SOCKET nothing is said. Loop thread only.
 */
#ifndef MQFERRY_CONTROLLER_SERVICE_NOTIFY_H
#define MQFERRY_CONTROLLER_SERVICE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

enum notify_state { NOTIFY_STARTING = 0, NOTIFY_READY, NOTIFY_RELOADING, NOTIFY_STOPPING };

enum { NOTIFY_STATUS_BYTES = 512 };

struct notify;

/* From $NOTIFY_SOCKET, $WATCHDOG_USEC, $WATCHDOG_PID, as getenv gives them (NULL is fine); `pid` is ours. NULL: no
 * memory, which is fine below: nothing is said then. */
struct notify *notify_new(const char *socket_path, const char *watchdog_usec, const char *watchdog_pid, int64_t pid);
void notify_free(struct notify *notify);

/* How long systemd waits for a sign of life before it ends us; 0: it does not watch. */
uint64_t notify_watchdog_ms(const struct notify *notify);
/* RELOADING=1 carries MONOTONIC_USEC, as systemd 253 and later want it. `status` is one line for people, cut at
 * NOTIFY_STATUS_BYTES. `alive` feeds the watchdog. */
void notify_say(struct notify *notify, enum notify_state state, const char *status, bool alive);

#endif
