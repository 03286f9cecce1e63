/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/log_journal.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/base/buffer.h"

enum { ENTRY_BYTES_MAX = 128 * 1024 }; /* below the kernel's default for a datagram */

static const char key_prefix[] = "MQFERRY_";

bool log_journal_owns(int fd, const char *journal_stream)
{
    struct stat status;
    char ours[64];

    if (journal_stream == NULL || fstat(fd, &status) < 0)
        return false;
    snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return strcmp(ours, journal_stream) == 0;
}

int log_journal_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = -1;

    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* "=value" on the line, or, where the value has lines of its own, its length (64 bits, little endian) and its bytes. */
static void append_value(struct buffer *entry, const char *value)
{
    size_t bytes = strlen(value);

    if (memchr(value, '\n', bytes) == NULL) {
        buffer_append_char(entry, '=');
    } else {
        buffer_append_char(entry, '\n');
        for (int byte = 0; byte < 8; byte++)
            buffer_append_char(entry, (char)((uint64_t)bytes >> (8 * byte) & 0xFF));
    }
    buffer_append(entry, value, bytes);
    buffer_append_char(entry, '\n');
}

static void append_field(struct buffer *entry, const struct log_field *field)
{
    buffer_append_string(entry, key_prefix);
    for (const char *c = field->key; *c != '\0'; c++)
        buffer_append_char(entry, (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
    append_value(entry, field->value);
}

bool log_journal_send(int socket, char priority, const char *event, const char *message, const struct log_field *fields,
                      size_t count)
{
    struct buffer entry;
    bool sent = false;

    buffer_init(&entry, ENTRY_BYTES_MAX);
    buffer_append_string(&entry, "MESSAGE");
    append_value(&entry, message);
    buffer_append_format(&entry, "PRIORITY=%c\nSYSLOG_IDENTIFIER=mqferry\n", priority);
    append_field(&entry, &(struct log_field){"event", event});
    for (size_t i = 0; i < count; i++)
        append_field(&entry, &fields[i]);
    while (!entry.failed && !sent) {
        sent = send(socket, entry.data, entry.length, MSG_NOSIGNAL) == (ssize_t)entry.length;
        if (!sent && errno != EINTR)
            break;
    }
    buffer_release(&entry);
    return sent;
}
