/* SPDX-License-Identifier: Apache-2.0 */
#include "api/instance.h"

#include <string.h>

const char *const identity_keys[] = {
    "account", "brokers", "clusterName", "instanceId", "instanceName", "region", NULL,
};

bool identity_key_known(struct text key)
{
    const char *const *known = identity_keys;
    while (*known != NULL && !text_is(key, *known))
        known++;
    return *known != NULL;
}

const char *identity_value(const struct identity *identity, const char *key)
{
    for (uint16_t i = 0; i < identity->count; i++)
        if (strcmp(identity->facts[i].key, key) == 0)
            return identity->facts[i].value;
    return NULL;
}

/* Where the key stands, or where it belongs. */
static uint16_t place_of(const struct identity *identity, const char *key)
{
    uint16_t place = 0;

    while (place < identity->count && strcmp(identity->facts[place].key, key) < 0)
        place++;
    return place;
}

int identity_set(struct identity *identity, const char *key, const char *value)
{
    uint16_t place = place_of(identity, key);
    bool there = place < identity->count && strcmp(identity->facts[place].key, key) == 0;

    if (strlen(key) >= sizeof identity->facts[0].key || strlen(value) >= sizeof identity->facts[0].value ||
        (!there && identity->count == IDENTITY_MAX))
        return -1;
    if (!there) {
        memmove(&identity->facts[place + 1], &identity->facts[place],
                (size_t)(identity->count - place) * sizeof identity->facts[0]);
        identity->count++;
    }
    memcpy(identity->facts[place].key, key, strlen(key) + 1);
    memcpy(identity->facts[place].value, value, strlen(value) + 1);
    return 0;
}

bool identity_equal(const struct identity *a, const struct identity *b)
{
    if (a->count != b->count)
        return false;
    for (uint16_t i = 0; i < a->count; i++)
        if (strcmp(a->facts[i].key, b->facts[i].key) != 0 || strcmp(a->facts[i].value, b->facts[i].value) != 0)
            return false;
    return true;
}

_Static_assert(sizeof(struct rules) == 40 && sizeof(struct capabilities) == 112,
               "a member came or went: capabilities_equal and rules_equal compare each of them");

static bool rules_equal(const struct rules *a, const struct rules *b)
{
    for (int kind = 0; kind < KINDS; kind++) {
        if (a->name_bytes_max[kind] != b->name_bytes_max[kind] || a->name_bytes_min[kind] != b->name_bytes_min[kind] ||
            a->needs[kind] != b->needs[kind])
            return false;
    }
    return a->kind == b->kind && a->names_shared == b->names_shared && a->serverless == b->serverless &&
           a->broker_version == b->broker_version && a->mixed_refused == b->mixed_refused &&
           a->attributes_unsafe == b->attributes_unsafe;
}

bool capabilities_equal(const struct capabilities *a, const struct capabilities *b)
{
    for (int kind = 0; kind < KINDS; kind++) {
        if (a->holds[kind] != b->holds[kind] || a->listed[kind] != b->listed[kind] ||
            a->batch_max[kind] != b->batch_max[kind] || a->get_max[kind] != b->get_max[kind])
            return false;
    }
    return a->kind == b->kind && a->absent_is_default == b->absent_is_default && a->masters_fixed == b->masters_fixed &&
           a->batch_bytes == b->batch_bytes && a->settle_ms == b->settle_ms && rules_equal(&a->rules, &b->rules);
}
