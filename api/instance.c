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
