/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/roster.h"

#include <stdlib.h>
#include <string.h>

struct roster *roster_new(struct topology *topology)
{
    uint32_t count = topology->broker_count;
    struct roster *roster = calloc(1, sizeof *roster + count * sizeof roster->masters[0]);

    if (!roster)
        return NULL;
    roster->places = calloc(count, sizeof *roster->places);
    roster->own = own_topics_new();
    if (!roster->places || !roster->own) {
        own_topics_free(roster->own);
        free(roster->places);
        free(roster);
        return NULL;
    }
    roster->references = 1;
    roster->topology = topology;
    return roster;
}

struct roster *roster_ref(struct roster *roster)
{
    roster->references++;
    return roster;
}

void roster_unref(struct roster *roster)
{
    if (!roster || --roster->references > 0)
        return;
    for (uint32_t i = 0; i < roster->topology->broker_count; i++)
        for (int kind = 0; kind < KINDS; kind++)
            catalog_unref(roster->masters[i].tables[kind].catalog);
    own_topics_free(roster->own);
    topology_free(roster->topology);
    free(roster->places);
    free(roster);
}

static bool same_place(const struct place_master *a, const struct place_master *b)
{
    return a->version == b->version && a->slaves == b->slaves && a->store_v2 == b->store_v2 &&
           a->mixed_message_type == b->mixed_message_type;
}

bool roster_same(const struct roster *a, const struct roster *b)
{
    if (!topology_equal(a->topology, b->topology))
        return false;
    for (uint32_t i = 0; i < a->topology->broker_count; i++) {
        const struct master *left = &a->masters[i], *right = &b->masters[i];
        if (left->connection != right->connection || left->own_hash != right->own_hash ||
            !same_place(&a->places[i], &b->places[i]))
            return false;
    }
    return true;
}
