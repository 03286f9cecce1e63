/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/service/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "api/base/buffer.h"
#include "api/base/strings.h"

enum { MESSAGE_BYTES_MAX = 4096 };

struct notify {
    int fd; /* -1: nobody listens */
    struct sockaddr_un address;
    socklen_t address_bytes;
    uint64_t watchdog_ms;
};

/* A path, or "@NAME" for a socket without a place in the file system. */
static bool take_address(struct notify *notify, const char *path)
{
    size_t bytes = path == NULL ? 0 : strlen(path);

    if (bytes < 2 || bytes >= sizeof notify->address.sun_path || (path[0] != '/' && path[0] != '@'))
        return false;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, path, bytes);
    if (path[0] == '@')
        notify->address.sun_path[0] = '\0';
    notify->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
    return true;
}

/* 0 where the text is no number. */
static uint64_t number_of(const char *text)
{
    int64_t number = 0;
    return text != NULL && number_parse(text_of(text), &number) && number > 0 ? (uint64_t)number : 0;
}

struct notify *notify_new(const char *socket_path, const char *watchdog_usec, const char *watchdog_pid, int64_t pid)
{
    struct notify *notify = calloc(1, sizeof *notify);

    if (notify == NULL)
        return NULL;
    notify->fd = take_address(notify, socket_path) ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    if (notify->fd >= 0 && (watchdog_pid == NULL || number_of(watchdog_pid) == (uint64_t)pid))
        notify->watchdog_ms = number_of(watchdog_usec) / 1000;
    return notify;
}

void notify_free(struct notify *notify)
{
    if (notify == NULL)
        return;
    if (notify->fd >= 0)
        close(notify->fd);
    free(notify);
}

uint64_t notify_watchdog_ms(const struct notify *notify)
{
    return notify == NULL ? 0 : notify->watchdog_ms;
}

static void append_state(struct buffer *message, enum notify_state state)
{
    struct timespec now;

    switch (state) {
    case NOTIFY_STARTING:
        break;
    case NOTIFY_READY:
        buffer_append_string(message, "READY=1\n");
        break;
    case NOTIFY_RELOADING:
        clock_gettime(CLOCK_MONOTONIC, &now);
        buffer_append_format(message, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n",
                             (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
        break;
    case NOTIFY_STOPPING:
        buffer_append_string(message, "STOPPING=1\n");
        break;
    }
}

void notify_say(struct notify *notify, enum notify_state state, const char *status, bool alive)
{
    struct buffer message;
    size_t bytes = strlen(status);

    if (notify == NULL || notify->fd < 0)
        return;
    buffer_init(&message, MESSAGE_BYTES_MAX);
    append_state(&message, state);
    buffer_append_string(&message, "STATUS=");
    escape_append(&message, (struct text){status, bytes < NOTIFY_STATUS_BYTES ? bytes : NOTIFY_STATUS_BYTES});
    buffer_append_string(&message, alive ? "\nWATCHDOG=1\n" : "\n");
    while (!message.failed &&
           sendto(notify->fd, message.data, message.length, MSG_NOSIGNAL | MSG_DONTWAIT,
                  (const struct sockaddr *)&notify->address, notify->address_bytes) < 0 &&
           errno == EINTR)
        continue;
    buffer_release(&message);
}
