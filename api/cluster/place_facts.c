/* SPDX-License-Identifier: Apache-2.0
 *
 * What a master can, by its release and its store (rocketmq-remoting 1.5-1.7, 2.3, 3.3, 10.2-10.5).
 */
#include "api/cluster/place.h"

enum {
    /* Look, send, look again: where nothing guards a create this many leave between two looks. */
    UNGUARDED_ITEMS = 64,
    GUARDED_ITEMS = 512,
    /* A broker that waits for a hanging name server registers each topic for so long (section 7). */
    SETTLE_4_MS = 10000,
    SETTLE_5_MS = 30000,
    GROUP_NAME_OLD = 255, /* Java clients before 5.3.4 */
};

bool place_attributes_unsafe(const struct place_master *master)
{
    /* Snapshots before 5.3.2 and 5.3.4 count: nobody looked at them. */
    return master->slaves && master->version >= BROKER_VERSION(5, 3, 2) - 1 &&
           master->version < BROKER_VERSION(5, 3, 4);
}

bool place_guards(const struct place_master *master)
{
    return master->version >= BROKER_VERSION(5, 0, 0) && !place_attributes_unsafe(master);
}

bool place_batches(const struct place_master *master, enum kind kind)
{
    unsigned since = kind == KIND_TOPIC ? BROKER_VERSION(5, 3, 0) : BROKER_VERSION(5, 3, 1);
    return master->version >= since && !master->store_v2;
}

/* The release since which brokers keep a field. */
static unsigned field_since(enum field field)
{
    if (field_info(field)->held & HELD_R)
        return 0;
    switch (field) {
    case FIELD_GROUP_SUBSCRIPTION_DATA_SET:
        return BROKER_VERSION(5, 1, 1);
    case FIELD_GROUP_ATTRIBUTES:
        return BROKER_VERSION(5, 1, 3);
    default:
        return BROKER_VERSION(5, 0, 0);
    }
}

static uint64_t fields_since(enum kind kind, unsigned version)
{
    uint64_t kept = 0;

    for (uint64_t rest = fields_held(INSTANCE_ROCKETMQ, kind); rest != 0; rest &= rest - 1)
        if (field_since(field_first(rest)) <= version)
            kept |= FIELD_BIT(field_first(rest));
    return kept;
}

static uint32_t items_of(const struct place_master *masters, uint16_t count, enum kind kind)
{
    bool guarded = kind == KIND_TOPIC, batches = true;

    for (uint16_t i = 0; i < count; i++) {
        guarded = guarded && place_guards(&masters[i]);
        batches = batches && place_batches(&masters[i], kind);
    }
    /* A batch of any size is one call, so look and write are as near as can be. */
    return batches ? PLACE_BATCH_ITEMS : guarded ? GUARDED_ITEMS : UNGUARDED_ITEMS;
}

static struct rules rules_of_masters(const struct place_master *masters, uint16_t count, bool unsafe_attributes)
{
    struct rules rules = rules_of(INSTANCE_ROCKETMQ);
    unsigned oldest = count > 0 ? masters[0].version : 0, newest = oldest;

    for (uint16_t i = 0; i < count; i++) {
        oldest = masters[i].version < oldest ? masters[i].version : oldest;
        newest = masters[i].version > newest ? masters[i].version : newest;
        rules.mixed_refused |= masters[i].version >= BROKER_VERSION(5, 1, 4) && !masters[i].mixed_message_type;
        rules.attributes_unsafe |= place_attributes_unsafe(&masters[i]) && !unsafe_attributes;
    }
    rules.broker_version = (uint16_t)oldest;
    if (newest < BROKER_VERSION(5, 3, 4))
        rules.name_bytes_max[KIND_GROUP] = GROUP_NAME_OLD;
    return rules;
}

void place_capabilities(const struct place_master *masters, uint16_t count, bool unsafe_attributes,
                        struct capabilities *out)
{
    *out = (struct capabilities){.kind = INSTANCE_ROCKETMQ,
                                 .absent_is_default = true,
                                 .masters_fixed = true,
                                 .batch_bytes = PLACE_BATCH_BYTES,
                                 .rules = rules_of_masters(masters, count, unsafe_attributes)};
    for (enum kind kind = 0; kind < KINDS; kind++) {
        out->holds[kind] = fields_since(kind, out->rules.broker_version);
        out->listed[kind] = out->holds[kind];
        out->batch_max[kind] = items_of(masters, count, kind);
    }
    out->settle_ms = out->rules.broker_version < BROKER_VERSION(5, 0, 0) ? SETTLE_4_MS : SETTLE_5_MS;
}
