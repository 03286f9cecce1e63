/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/status/request.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/web/files.h"

/* --- percent-encoding */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes into `out`, which gets a final '\0'. false: broken, too long, a NUL, or not UTF-8. */
static bool decode(struct text text, bool plus_is_blank, char *out, size_t capacity)
{
    size_t length = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.bytes ? hex_digit(text.data[i + 1]) : -1;
            int low = i + 2 < text.bytes ? hex_digit(text.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0' || length + 1 >= capacity)
            return false;
        out[length++] = c;
    }
    out[length] = '\0';
    return utf8_check((struct text){out, length}) == length;
}

/* --- query */

uint32_t row_query_default_states(void)
{
    return (1U << STATES) - 1 - (1U << STATE_SYSTEM) - (1U << STATE_EXCLUDED) - (1U << STATE_EXTRA);
}

static bool read_number(const char *value, uint32_t max, uint32_t *out)
{
    int64_t number;

    if (!number_parse(text_of(value), &number) || number < 1 || number > max)
        return false;
    *out = (uint32_t)number;
    return true;
}

static int bit_of_kind(struct text name)
{
    for (int kind = 0; kind < KINDS; kind++)
        if (text_is(name, kind_name((enum kind)kind)))
            return kind;
    return -1;
}

static int bit_of_state(struct text name)
{
    enum state state = state_by_name(name);
    return state < STATES ? (int)state : -1;
}

static int bit_of_result(struct text name)
{
    for (int result = RESULT_CREATED; result <= RESULT_SKIPPED; result++)
        if (text_is(name, result_name((enum result)result)))
            return result;
    return -1;
}

/* "a,b" → bits. The empty text is no name. */
static bool read_bits(const char *value, int (*bit_of)(struct text name), uint32_t *bits)
{
    *bits = 0;
    for (;;) {
        size_t bytes = strcspn(value, ",");
        int bit = bit_of((struct text){value, bytes});
        if (bit < 0)
            return false;
        *bits |= 1U << bit;
        if (value[bytes] == '\0')
            return true;
        value += bytes + 1;
    }
}

static bool read_order(const char *value, enum row_order *out)
{
    static const char *const names[] = {
        [ORDER_NAME] = "name", [ORDER_NAME_DOWN] = "-name", [ORDER_STATE] = "state", [ORDER_STATE_DOWN] = "-state"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value, names[i]) == 0) {
            *out = (enum row_order)i;
            return true;
        }
    }
    return false;
}

static unsigned refuse_member(const char *name, const char *wanted, struct failure *why)
{
    failure_set(why, CAUSE_USAGE, "'%s' takes %s", name, wanted);
    return 400;
}

static unsigned read_member(struct row_query *query, const char *name, const char *value, struct failure *why)
{
    if (strcmp(name, "kind") == 0)
        return read_bits(value, bit_of_kind, &query->kinds) ? 200 : refuse_member(name, "Topic or ConsumerGroup", why);
    if (strcmp(name, "state") == 0)
        return read_bits(value, bit_of_state, &query->states)
                   ? 200
                   : refuse_member(name, "states, separated by commas: inSync, missing, differs …", why);
    if (strcmp(name, "result") == 0)
        return read_bits(value, bit_of_result, &query->results)
                   ? 200
                   : refuse_member(name, "results, separated by commas: created, existed, failed, pending, skipped",
                                   why);
    if (strcmp(name, "page") == 0)
        return read_number(value, REQUEST_PAGE_MAX, &query->page) ? 200 : refuse_member(name, "a number from 1", why);
    if (strcmp(name, "size") == 0)
        return read_number(value, REQUEST_SIZE_MAX, &query->size) ? 200
                                                                  : refuse_member(name, "a number from 1 to 1000", why);
    if (strcmp(name, "sort") == 0)
        return read_order(value, &query->order) ? 200 : refuse_member(name, "name, -name, state or -state", why);
    if (strcmp(name, "q") == 0) {
        size_t bytes = strlen(value);
        if (bytes > REQUEST_SEARCH_BYTES_MAX)
            return refuse_member(name, "at most 256 bytes", why);
        memcpy(query->search, value, bytes + 1);
        return 200;
    }
    failure_set(why, CAUSE_USAGE, "there is no '%s' here: kind, state, result, q, sort, page, size", name);
    return 400;
}

static unsigned read_query(struct text text, struct row_query *query, struct failure *why)
{
    unsigned status = 200;

    *query = (struct row_query){
        .kinds = (1U << KINDS) - 1, .states = row_query_default_states(), .page = 1, .size = REQUEST_SIZE};
    while (status == 200 && text.bytes > 0) {
        const char *end = memchr(text.data, '&', text.bytes);
        struct text pair = {text.data, end != NULL ? (size_t)(end - text.data) : text.bytes};
        const char *equals = pair.bytes > 0 ? memchr(pair.data, '=', pair.bytes) : NULL;
        struct text left = {pair.data, equals != NULL ? (size_t)(equals - pair.data) : pair.bytes};
        struct text right = text_after(pair, left.bytes + 1);
        char name[32], value[REQUEST_TARGET_BYTES_MAX];
        text = text_after(text, pair.bytes + 1);
        if (pair.bytes == 0)
            continue;
        if (!decode(left, true, name, sizeof name) || !decode(right, true, value, sizeof value)) {
            failure_set(why, CAUSE_USAGE, "the query cannot be decoded");
            return 400;
        }
        if (value[0] != '\0') /* an empty field of a form says nothing */
            status = read_member(query, name, value, why);
    }
    return status;
}

/* --- path */

static const struct {
    const char *path;
    enum route route;
} routes[] = {
    {"/healthz", ROUTE_HEALTH},
    {"/readyz", ROUTE_READY},
    {"/metrics", ROUTE_METRICS},
    {"/v1/status", ROUTE_STATUS},
};

static unsigned not_found(struct failure *why)
{
    failure_set(why, CAUSE_USAGE,
                "there is nothing here: /, /healthz, /readyz, /metrics, /v1/status, /v1/syncs/NAME and "
                "/v1/syncs/NAME/changes are");
    return 404;
}

static unsigned read_sync(struct text rest, struct text query, struct status_request *out, struct failure *why)
{
    static const char changes[] = "/changes";

    out->route = ROUTE_SYNC;
    if (text_ends(rest, changes)) {
        out->route = ROUTE_CHANGES;
        rest.bytes -= sizeof changes - 1;
    }
    if (rest.bytes == 0 || memchr(rest.data, '/', rest.bytes) != NULL ||
        !decode(rest, false, out->sync, sizeof out->sync))
        return not_found(why);
    return read_query(query, &out->rows, why);
}

unsigned status_request_parse(struct text target, struct status_request *out, struct failure *why)
{
    static const char syncs[] = "/v1/syncs/";
    struct text path = target, query = {"", 0};

    *out = (struct status_request){0};
    if (target.bytes > REQUEST_TARGET_BYTES_MAX) {
        failure_set(why, CAUSE_USAGE, "the address is longer than %d bytes", REQUEST_TARGET_BYTES_MAX);
        return 414;
    }
    const char *mark = target.bytes > 0 ? memchr(target.data, '?', target.bytes) : NULL;
    if (mark != NULL) {
        path.bytes = (size_t)(mark - target.data);
        query = text_after(target, path.bytes + 1);
    }
    for (uint32_t i = 0; i < WEB_FILES; i++) {
        if (text_is(path, web_files[i].path)) {
            out->route = ROUTE_FILE;
            out->file = i;
            return 200;
        }
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (text_is(path, routes[i].path)) {
            out->route = routes[i].route;
            return 200;
        }
    }
    if (text_begins(path, syncs))
        return read_sync(text_after(path, sizeof syncs - 1), query, out, why);
    return not_found(why);
}

/* --- Host */

struct text host_without_port(struct text host)
{
    if (host.bytes > 0 && host.data[0] == '[') {
        const char *end = memchr(host.data, ']', host.bytes);
        size_t behind = end != NULL ? (size_t)(end + 1 - host.data) : 0;
        if (end == NULL || (behind < host.bytes && host.data[behind] != ':'))
            return (struct text){"", 0};
        return (struct text){host.data + 1, (size_t)(end - host.data) - 1};
    }
    const char *colon = host.bytes > 0 ? memchr(host.data, ':', host.bytes) : NULL;
    if (colon != NULL && memchr(colon + 1, ':', host.bytes - (size_t)(colon + 1 - host.data)) != NULL)
        return (struct text){"", 0}; /* an IPv6 address wants brackets */
    if (colon != NULL)
        host.bytes = (size_t)(colon - host.data);
    return host;
}

static bool same_host(struct text host, struct text other)
{
    return host.bytes > 0 && host.bytes == other.bytes && strncasecmp(host.data, other.data, host.bytes) == 0;
}

static bool is_address(struct text host)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char address[16];

    if (host.bytes == 0 || host.bytes >= sizeof text)
        return false;
    memcpy(text, host.data, host.bytes);
    text[host.bytes] = '\0';
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

bool host_is_ours(struct text host, const char *listen, const char *const *names)
{
    host = host_without_port(host);
    if (is_address(host) || same_host(host, TEXT("localhost")) || same_host(host, host_without_port(text_of(listen))))
        return true;
    for (; names != NULL && *names != NULL; names++)
        if (same_host(host, text_of(*names)))
            return true;
    return false;
}
