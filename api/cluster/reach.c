/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "api/cluster/endpoint.h"

/* libuv's errors of the system are the system's, negated. */
enum reach reach_of_status(int status)
{
    switch (-status) {
    case ECONNREFUSED:
        return REACH_REFUSED;
    case ETIMEDOUT:
        return REACH_SILENT;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
        return REACH_NO_ROUTE;
    default:
        return REACH_UNKNOWN;
    }
}

enum scope { SCOPE_ANYWHERE, SCOPE_PRIVATE, SCOPE_THIS_MACHINE };

static enum scope scope_of_4(uint32_t address)
{
    if (address >> 24 == 127 || address == 0)
        return SCOPE_THIS_MACHINE;
    /* RFC 1918, 6598 and 3927. */
    bool private = address >> 24 == 10 || address >> 20 == 0xac1 || address >> 16 == 0xc0a8 || address >> 22 == 0x191 ||
                   address >> 16 == 0xa9fe;
    return private ? SCOPE_PRIVATE : SCOPE_ANYWHERE;
}

static enum scope scope_of(const char *host)
{
    static const struct in6_addr this_machine = IN6ADDR_LOOPBACK_INIT;
    struct in_addr four;
    struct in6_addr six;

    if (inet_pton(AF_INET, host, &four) == 1)
        return scope_of_4(ntohl(four.s_addr));
    if (inet_pton(AF_INET6, host, &six) != 1)
        return SCOPE_ANYWHERE;
    if (IN6_ARE_ADDR_EQUAL(&six, &this_machine))
        return SCOPE_THIS_MACHINE;
    return (six.s6_addr[0] & 0xfe) == 0xfc || IN6_IS_ADDR_LINKLOCAL(&six) ? SCOPE_PRIVATE : SCOPE_ANYWHERE;
}

static const char *whose(const char *listed)
{
    struct endpoint endpoint;
    enum scope scope = endpoint_parse(text_of(listed), &endpoint) ? scope_of(endpoint.host) : SCOPE_ANYWHERE;

    return scope == SCOPE_PRIVATE        ? " (a private network's, perhaps not ours)"
           : scope == SCOPE_THIS_MACHINE ? " (whoever asks: this very machine)"
                                         : "";
}

void reach_explain(enum reach reach, const char *listed, char *out, size_t size)
{
    static const char *const what[] = {
        [REACH_REFUSED] = "that machine is there and no broker listens: it has just gone down, or that address is not "
                          "meant for here",
        [REACH_SILENT] = "nothing comes back from there: the machine is down, something in between drops what we "
                         "send, or that address is not meant for here",
        [REACH_NO_ROUTE] = "no way leads there from here: that address is not meant for here, or the network is down",
        [REACH_NO_NAME] = "that name is not known here: it is not meant for here, or the name service is in trouble",
    };

    if (reach == REACH_UNKNOWN)
        snprintf(out, size, "%s", "");
    else
        snprintf(out, size, "at %s%s, and %s (addressMap says where a broker is reachable)", listed, whose(listed),
                 what[reach]);
}
