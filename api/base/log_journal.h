/* SPDX-License-Identifier: Apache-2.0
 *
 * The native protocol of systemd's journal (systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram an event, each field a
 * field of the entry, so that `journalctl MQFERRY_EVENT=pass-failed MQFERRY_SYNC=cutover` finds it. The protocol is
 * promised to be stable and is a few lines; libsystemd, which speaks it too, brings five further libraries into memory.
 */
#ifndef MQFERRY_API_BASE_LOG_JOURNAL_H
#define MQFERRY_API_BASE_LOG_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_JOURNAL_SOCKET "/run/systemd/journal/socket"

struct log_field {
    const char *key, *value; /* key: lower case with underscores */
};

/* Is `fd` the stream that systemd connected to the journal, as $JOURNAL_STREAM ("DEVICE:INODE"; NULL is fine) says? */
bool log_journal_owns(int fd, const char *journal_stream);
/* A datagram socket to `path`, or -1 with nothing left open. */
int log_journal_open(const char *path);
/* MESSAGE, PRIORITY, MQFERRY_EVENT, and MQFERRY_KEY for each field. Never waits; false when the journal did not take
 * it. */
bool log_journal_send(int socket, char priority, const char *event, const char *message, const struct log_field *fields,
                      size_t count);

#endif
