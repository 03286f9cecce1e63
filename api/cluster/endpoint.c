/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "api/base/strings.h"
#include "api/cause.h"

enum { PORT_MAX = 65535 };

static bool copy_host(struct endpoint *out, struct text host)
{
    if (host.bytes >= 2 && host.data[0] == '[' && host.data[host.bytes - 1] == ']')
        host = (struct text){host.data + 1, host.bytes - 2};
    if (host.bytes == 0 || host.bytes >= sizeof out->host || memchr(host.data, '\0', host.bytes))
        return false;
    memcpy(out->host, host.data, host.bytes);
    out->host[host.bytes] = '\0';
    return true;
}

bool endpoint_parse(struct text text, struct endpoint *out)
{
    size_t colon = text.bytes;
    int64_t port;

    while (colon > 0 && text.data[colon - 1] != ':')
        colon--;
    if (colon == 0 || !number_parse(text_after(text, colon), &port) || port < 1 || port > PORT_MAX)
        return false;
    out->port = (uint16_t)port;
    return copy_host(out, (struct text){text.data, colon - 1});
}

/* The text before the separator; *rest is what follows it. */
static struct text cut(struct text *rest, char separator)
{
    const char *at = rest->bytes > 0 ? memchr(rest->data, separator, rest->bytes) : NULL;
    struct text part = {rest->data, at ? (size_t)(at - rest->data) : rest->bytes};

    *rest = text_after(*rest, part.bytes + 1);
    return part;
}

/* host:port, or host alone: an IPv6 address alone needs its brackets. */
static bool read_side(struct text text, struct endpoint *out)
{
    out->port = 0;
    if (endpoint_parse(text, out))
        return true;
    bool bracketed = text_begins(text, "[") && text_ends(text, "]");
    return (bracketed || !memchr(text.data, ':', text.bytes)) && copy_host(out, text);
}

/* The next pair of the map. 1, 0: no more, -1: it is wrong. */
static int next_pair(struct text *rest, struct text *out_pair, struct endpoint *from, struct endpoint *to)
{
    if (rest->bytes == 0)
        return 0;
    struct text pair = cut(rest, ',');
    *out_pair = pair;
    struct text left = cut(&pair, '=');
    if (left.bytes == 0 || pair.bytes == 0 || !read_side(left, from) || !read_side(pair, to))
        return -1;
    return (from->port == 0) == (to->port == 0) ? 1 : -1;
}

int endpoint_map_check(const char *map, struct failure *why)
{
    struct text rest = text_of(map), pair;
    struct endpoint from, to;
    int status;

    while ((status = next_pair(&rest, &pair, &from, &to)) > 0)
        ;
    return status == 0 ? 0
                       : failure_set(why, CAUSE_CONFIGURATION_WRONG,
                                     "addressMap: '%.*s' does not map host:port to host:port, or host to host",
                                     (int)pair.bytes, pair.data);
}

bool endpoint_map(const char *map, struct endpoint *endpoint)
{
    struct text rest = text_of(map), pair;
    struct endpoint from, to;

    while (next_pair(&rest, &pair, &from, &to) > 0) {
        if (strcmp(from.host, endpoint->host) != 0 || (from.port != 0 && from.port != endpoint->port))
            continue;
        snprintf(endpoint->host, sizeof endpoint->host, "%s", to.host);
        endpoint->port = to.port != 0 ? to.port : endpoint->port;
        return true;
    }
    return false;
}
