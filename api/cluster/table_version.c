/* SPDX-License-Identifier: Apache-2.0
 *
 * The versions at the beginning of a table's body. fastjson writes members in alphabetical order (rocketmq-remoting
 * 1.9), so they stand in front of everything large.
 */
#include <string.h>

#include "api/base/strings.h"
#include "api/cluster/tables.h"

/* Where we are in the body. */
struct peeking {
    const char *at, *end;
};

static void skip_blanks(struct peeking *peeking)
{
    while (peeking->at < peeking->end && strchr(" \t\r\n", *peeking->at) != NULL && *peeking->at != '\0')
        peeking->at++;
}

static bool take(struct peeking *peeking, const char *literal)
{
    size_t bytes = strlen(literal);

    skip_blanks(peeking);
    if ((size_t)(peeking->end - peeking->at) < bytes || memcmp(peeking->at, literal, bytes) != 0)
        return false;
    peeking->at += bytes;
    return true;
}

static bool take_number(struct peeking *peeking, int64_t *out)
{
    const char *begin;

    skip_blanks(peeking);
    begin = peeking->at;
    while (peeking->at < peeking->end && ((*peeking->at >= '0' && *peeking->at <= '9') || *peeking->at == '-'))
        peeking->at++;
    return number_parse((struct text){begin, (size_t)(peeking->at - begin)}, out);
}

/* One of the three numbers, all of which only newer brokers write. */
static bool take_member(struct peeking *peeking, int64_t *counter, int64_t *state, int64_t *timestamp)
{
    int64_t *number = take(peeking, "\"counter\"")        ? counter
                      : take(peeking, "\"stateVersion\"") ? state
                      : take(peeking, "\"timestamp\"")    ? timestamp
                                                          : NULL;

    return number && take(peeking, ":") && take_number(peeking, number);
}

static bool take_version(struct peeking *peeking, int64_t *counter, int64_t *state, int64_t *timestamp)
{
    if (!take(peeking, ":") || !take(peeking, "{"))
        return false;
    do {
        if (!take_member(peeking, counter, state, timestamp))
            return false;
    } while (take(peeking, ","));
    return take(peeking, "}");
}

bool table_version_peek(struct text body, struct table_version *out)
{
    struct peeking peeking = {body.data, body.data + body.bytes};

    *out = (struct table_version){0};
    if (!take(&peeking, "{") || !take(&peeking, "\"dataVersion\"") ||
        !take_version(&peeking, &out->counter, &out->state, &out->timestamp_ms))
        return false;
    if (!take(&peeking, ",") || !take(&peeking, "\"mappingDataVersion\""))
        return true;
    return take_version(&peeking, &out->mapping_counter, &out->mapping_state, &out->mapping_timestamp_ms);
}

bool table_version_equal(const struct table_version *a, const struct table_version *b)
{
    return a->counter == b->counter && a->state == b->state && a->timestamp_ms == b->timestamp_ms &&
           a->mapping_counter == b->mapping_counter && a->mapping_state == b->mapping_state &&
           a->mapping_timestamp_ms == b->mapping_timestamp_ms;
}
