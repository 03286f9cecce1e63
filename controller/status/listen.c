/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/status/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/status/request.h"

enum { BACKLOG = 1024 }; /* a flood waits here, and does not make the kernel drop others */

bool listen_parse(const char *listen, char host[static LISTEN_HOST_BYTES], uint16_t *out_port)
{
    const char *colon = strrchr(listen, ':');
    struct text name = host_without_port(text_of(listen));
    int64_t port;

    if (colon == NULL || name.bytes == 0 || name.bytes >= LISTEN_HOST_BYTES ||
        !number_parse(text_of(colon + 1), &port) || port < 0 || port > UINT16_MAX)
        return false;
    /* Nothing may stand between the host and the port: "[::1]x:80". */
    if (name.data + name.bytes != colon && !(name.data + name.bytes + 1 == colon && colon[-1] == ']'))
        return false;
    memcpy(host, name.data, name.bytes);
    host[name.bytes] = '\0';
    *out_port = (uint16_t)port;
    return true;
}

bool status_listen_is_valid(const char *text)
{
    char host[LISTEN_HOST_BYTES];
    uint16_t port;

    return strcmp(text, STATUS_LISTEN_NONE) == 0 || listen_parse(text, host, &port);
}

static void share_port(int fd, int on)
{
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
}

static int listen_at(const struct addrinfo *at, int beside)
{
    int on = 1;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    share_port(beside >= 0 ? fd : -1, 1);
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
        share_port(fd, 0);
        return fd;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void describe(int fd, char out[static LISTEN_ADDRESS_BYTES])
{
    struct sockaddr_storage name = {0};
    socklen_t bytes = sizeof name;
    char host[INET6_ADDRSTRLEN] = "?", port[8] = "?";

    if (getsockname(fd, (struct sockaddr *)&name, &bytes) == 0)
        getnameinfo((struct sockaddr *)&name, bytes, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(out, LISTEN_ADDRESS_BYTES, name.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

int listen_find(const char *listen, struct addrinfo **out, struct failure *why)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    char host[LISTEN_HOST_BYTES], port[8];
    uint16_t number;

    if (!listen_parse(listen, host, &number))
        return failure_set(why, CAUSE_CONFIGURATION_WRONG,
                           "'%s' is no place to listen: it is ADDRESS:PORT, [IPV6]:PORT, NAME:PORT or none", listen);
    snprintf(port, sizeof port, "%u", number);
    int status = getaddrinfo(host, port, &hints, out);
    if (status != 0)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "cannot listen at %s: %s", listen, gai_strerror(status));
    return 0;
}

void listen_forget(struct addrinfo *places)
{
    if (places != NULL)
        freeaddrinfo(places);
}

/* Two listeners of one user share a port when both want it: ours do for this moment. */
int listen_open(const char *listen, const struct addrinfo *places, int beside,
                char out_address[static LISTEN_ADDRESS_BYTES], struct failure *why)
{
    int fd = -1;

    errno = EADDRNOTAVAIL;
    share_port(beside, 1);
    for (const struct addrinfo *at = places; at != NULL && fd < 0; at = at->ai_next)
        fd = listen_at(at, beside);
    int error = errno;
    share_port(beside, 0);
    if (fd < 0)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG,
                           "cannot listen at %s: %s; 'listen' of the Daemon document or --listen says another place",
                           listen, strerror(error));
    describe(fd, out_address);
    return fd;
}
