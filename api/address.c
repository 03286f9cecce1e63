/* SPDX-License-Identifier: Apache-2.0 */
#include "api/address.h"

#include <string.h>

#include "api/base/strings.h"
#include "api/cause.h"

/* Alphabets: the letters and digits, and these. */
#define HOST_CHARACTERS     ".-_"
#define IPV6_CHARACTERS     ":.%-_" /* with a zone */
#define REGION_CHARACTERS   "-"
#define INSTANCE_CHARACTERS "-_"

enum { PORT_MAX = 65535, QUOTED_BYTES_MAX = 200 };

struct scheme_row {
    const char *prefix;
    const char *form;
    enum instance_kind kind;
};

static const struct scheme_row schemes[] = {
    [SCHEME_SNAPSHOT] = {"snapshot:", "snapshot:PATH", INSTANCE_ANY},
    [SCHEME_APSARAMQ] = {"apsaramq:", "apsaramq://REGION/INSTANCE_ID", INSTANCE_APSARAMQ},
    [SCHEME_ONS] = {"ons:", "ons://REGION/INSTANCE_ID", INSTANCE_ONS},
    [SCHEME_ROCKETMQ] = {"rocketmq:", "rocketmq://HOST:PORT[,HOST:PORT...]/CLUSTER", INSTANCE_ROCKETMQ},
    [SCHEME_ROCKETMQS] = {"rocketmqs:", "rocketmqs://HOST:PORT[,HOST:PORT...]/CLUSTER", INSTANCE_ROCKETMQ},
};

#define SCHEMES ((int)(sizeof schemes / sizeof *schemes))

static enum scheme scheme_of(struct text text)
{
    enum scheme scheme = SCHEME_SNAPSHOT;

    while (scheme < SCHEMES && !text_begins(text, schemes[scheme].prefix))
        scheme++;
    return scheme;
}

bool address_looks_like(struct text text)
{
    return scheme_of(text) < SCHEMES;
}

enum instance_kind address_kind(const struct address *address)
{
    return schemes[address->scheme].kind;
}

/* --- parsing --- */

/* Where the parts go, and what to say when one is wrong. */
struct parsing {
    struct text whole;
    struct address *out;
    struct failure *why;
};

/* An '@' may have a password in front of it: then nothing is quoted. */
static int wrong(const struct parsing *parsing, const char *what)
{
    const char *form = schemes[parsing->out->scheme].form;
    struct text whole = parsing->whole;

    if (parsing->out->scheme != SCHEME_SNAPSHOT && memchr(whole.data, '@', whole.bytes))
        return failure_set(parsing->why, CAUSE_USAGE,
                           "the address holds an '@': credentials have no place in it; it looks like %s", form);
    if (whole.bytes > QUOTED_BYTES_MAX)
        whole.bytes = QUOTED_BYTES_MAX;
    return failure_set(parsing->why, CAUSE_USAGE, "address '%.*s': %s; it looks like %s", (int)whole.bytes, whole.data,
                       what, form);
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool consists_of(struct text text, const char *others)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.data[i] == '\0' || (!is_alphanumeric(text.data[i]) && !strchr(others, text.data[i])))
            return false;
    }
    return true;
}

/* false: it does not fit. */
static bool copy(char *out, size_t room, struct text text)
{
    if (text.bytes >= room)
        return false;
    if (text.bytes > 0)
        memcpy(out, text.data, text.bytes);
    out[text.bytes] = '\0';
    return true;
}

/* The text before the separator; *rest is what follows it, or empty. */
static struct text cut(struct text *rest, char separator)
{
    const char *at = memchr(rest->data, separator, rest->bytes);
    struct text part = {rest->data, at ? (size_t)(at - rest->data) : rest->bytes};

    *rest = text_after(*rest, part.bytes + 1);
    return part;
}

static int parse_port(const struct parsing *parsing, struct text text, uint16_t *out)
{
    int64_t port;

    if (text.bytes == 0)
        return wrong(parsing, "a port is missing (name servers mostly listen on 9876)");
    if (!number_parse(text, &port) || port < 1 || port > PORT_MAX)
        return wrong(parsing, "a port is a number from 1 to 65535");
    *out = (uint16_t)port;
    return 0;
}

/* [fe80::1]:9876 */
static int parse_ipv6(const struct parsing *parsing, struct text text, struct host *out)
{
    struct text rest = text_after(text, 1);
    struct text name = cut(&rest, ']');

    if (!memchr(name.data, ':', name.bytes) || !consists_of(name, IPV6_CHARACTERS) ||
        !copy(out->name, sizeof out->name, name))
        return wrong(parsing, "what is in brackets is no IPv6 address");
    if (rest.bytes > 0 && rest.data[0] != ':')
        return wrong(parsing, "behind ']' comes ':' and a port");
    return parse_port(parsing, text_after(rest, 1), &out->port);
}

static int parse_host(const struct parsing *parsing, struct text text, struct host *out)
{
    if (text_begins(text, "["))
        return parse_ipv6(parsing, text, out);
    struct text rest = text;
    struct text name = cut(&rest, ':');
    if (name.bytes == 0)
        return wrong(parsing, "a host is missing");
    if (!consists_of(name, HOST_CHARACTERS) || !copy(out->name, sizeof out->name, name))
        return wrong(parsing, "a host name has letters, digits, '.', '-' and '_', hosts are joined by commas, IPv6 "
                              "addresses stand in brackets");
    return parse_port(parsing, rest, &out->port);
}

/* Case does not matter in host names: one spelling, so that one cluster has one address. */
static void lower_case(char *name)
{
    for (; *name; name++) {
        if (*name >= 'A' && *name <= 'Z')
            *name = (char)(*name - 'A' + 'a');
    }
}

static int parse_hosts(const struct parsing *parsing, struct text hosts)
{
    struct address *out = parsing->out;

    if (text_ends(hosts, ","))
        return wrong(parsing, "a host is missing");
    do {
        if (out->host_count == ADDRESS_HOSTS_MAX)
            return wrong(parsing, "more than 16 name servers");
        struct host *host = &out->hosts[out->host_count++];
        if (parse_host(parsing, cut(&hosts, ','), host) != 0)
            return -1;
        lower_case(host->name);
    } while (hosts.bytes > 0);
    return 0;
}

static int parse_cluster(const struct parsing *parsing, struct text text)
{
    struct text rest = text;
    struct text hosts = cut(&rest, '/');

    for (size_t i = 0; i < rest.bytes; i++) {
        if ((unsigned char)rest.data[i] <= ' ' || strchr("/@", rest.data[i]))
            return wrong(parsing, "a cluster name has no blanks, no '/' and no '@'");
    }
    if (!copy(parsing->out->cluster, sizeof parsing->out->cluster, rest))
        return wrong(parsing, "a cluster name has at most 255 bytes");
    return parse_hosts(parsing, hosts);
}

static int parse_cloud(const struct parsing *parsing, struct text text)
{
    struct address *out = parsing->out;
    struct text rest = text;
    struct text region = cut(&rest, '/');

    if (region.bytes == 0 || !consists_of(region, REGION_CHARACTERS) || !copy(out->region, sizeof out->region, region))
        return wrong(parsing, "the region is missing or no region id (cn-hangzhou)");
    if (rest.bytes == 0)
        return wrong(parsing, "the instance id is missing");
    if (!consists_of(rest, INSTANCE_CHARACTERS) || !copy(out->instance_id, sizeof out->instance_id, rest))
        return wrong(parsing, "an instance id has at most 127 letters, digits, '-' and '_'");
    lower_case(out->region);
    return 0;
}

static int parse_snapshot(const struct parsing *parsing, struct text path)
{
    if (path.bytes == 0)
        return wrong(parsing, "the path is missing");
    if (memchr(path.data, '\0', path.bytes) || !copy(parsing->out->path, sizeof parsing->out->path, path))
        return wrong(parsing, "the path is longer than 4095 bytes or holds a NUL");
    return 0;
}

static int no_scheme(const struct parsing *parsing)
{
    static const char begins[] = "begins with rocketmq://, rocketmqs://, apsaramq://, ons:// or snapshot:";
    struct text whole = parsing->whole;

    if (memchr(whole.data, '@', whole.bytes) || whole.bytes > QUOTED_BYTES_MAX)
        return failure_set(parsing->why, CAUSE_USAGE, "this is no address of an instance: one %s", begins);
    return failure_set(parsing->why, CAUSE_USAGE, "'%.*s' is no address of an instance: one %s", (int)whole.bytes,
                       whole.data, begins);
}

int address_parse(struct text text, struct address *out, struct failure *why)
{
    struct parsing parsing = {text, out, why};

    memset(out, 0, sizeof *out);
    out->scheme = scheme_of(text);
    if (out->scheme == SCHEMES) {
        out->scheme = SCHEME_SNAPSHOT;
        return no_scheme(&parsing);
    }
    struct text rest = text_after(text, text_of(schemes[out->scheme].prefix).bytes);
    if (out->scheme == SCHEME_SNAPSHOT)
        return parse_snapshot(&parsing, rest);
    if (!text_begins(rest, "//"))
        return wrong(&parsing, "'//' is missing");
    rest = text_after(rest, 2);
    bool cloud = out->scheme == SCHEME_APSARAMQ || out->scheme == SCHEME_ONS;
    return cloud ? parse_cloud(&parsing, rest) : parse_cluster(&parsing, rest);
}

/* --- writing --- */

static void append_hosts(struct buffer *out, const struct address *address)
{
    for (uint16_t i = 0; i < address->host_count; i++) {
        const struct host *host = &address->hosts[i];
        bool ipv6 = strchr(host->name, ':') != NULL;
        buffer_append_format(out, "%s%s%s%s:%u", i > 0 ? "," : "", ipv6 ? "[" : "", host->name, ipv6 ? "]" : "",
                             (unsigned)host->port);
    }
}

int address_append(struct buffer *out, const struct address *address)
{
    buffer_append_string(out, schemes[address->scheme].prefix);
    switch (address->scheme) {
    case SCHEME_SNAPSHOT:
        return buffer_append_string(out, address->path);
    case SCHEME_APSARAMQ:
    case SCHEME_ONS:
        return buffer_append_format(out, "//%s/%s", address->region, address->instance_id);
    case SCHEME_ROCKETMQ:
    case SCHEME_ROCKETMQS:
        break;
    }
    buffer_append_string(out, "//");
    append_hosts(out, address);
    return buffer_append_format(out, "%s%s", address->cluster[0] ? "/" : "", address->cluster);
}
