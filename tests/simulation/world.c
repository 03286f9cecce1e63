/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/world.h"

#include <string.h>

#include "api/cause.h"

struct text world_name(const struct world *world, uint32_t thing)
{
    static const char *const topics[THINGS_MAX] = {
        "topic-00", "topic-01", "topic-02", "topic-03", "topic-04", "topic-05", "topic-06", "topic-07",
        "topic-08", "topic-09", "topic-10", "topic-11", "topic-12", "topic-13", "topic-14", "topic-15"};
    static const char *const groups[THINGS_MAX] = {"GID_00", "GID_01", "GID_02", "GID_03", "GID_04", "GID_05",
                                                   "GID_06", "GID_07", "GID_08", "GID_09", "GID_10", "GID_11",
                                                   "GID_12", "GID_13", "GID_14", "GID_15"};
    return text_of((world->things[thing].kind == KIND_TOPIC ? topics : groups)[thing]);
}

uint32_t world_thing(struct text name)
{
    const char *digits = name.data + name.bytes - 2;
    return (uint32_t)((digits[0] - '0') * 10 + digits[1] - '0');
}

uint32_t world_dice(struct world *world, uint32_t below)
{
    return (uint32_t)random_below(&world->dice, below);
}

bool world_chance(struct world *world, uint32_t percent)
{
    return world_dice(world, 100) < percent;
}

bool world_strikes(struct world *world, enum fault fault)
{
    return world->rate[fault] > 0 && !world->faults_over && world_chance(world, world->rate[fault]);
}

/* Most worlds know a few kinds of fault; those strike now and then, or nearly always. */
static void choose_faults(struct world *world)
{
    static const uint8_t rates[] = {3, 10, 25, 50, 80, 100};
    uint32_t variety = 5 + world_dice(world, 20);
    if (world_chance(world, 5))
        variety = 0;
    for (int fault = 0; fault < FAULTS; fault++)
        world->rate[fault] = world_chance(world, variety) ? rates[world_dice(world, sizeof rates)] : 0;
}

static void choose_cloud(struct world *world)
{
    static const uint32_t settle_ms[] = {1000, 5000, 20000, 40000};
    world->page = 1 + world_dice(world, 4);
    world->settle_ms = settle_ms[world_dice(world, 4)];
    for (int kind = 0; kind < KINDS; kind++) {
        world->get_max[kind] = world_chance(world, 70) ? 1 + world_dice(world, 3) : 0;
        world->terse[kind] = world_chance(world, world->get_max[kind] > 0 ? 40 : 10);
    }
}

static void choose_plain(struct world *world)
{
    world->settle_ms = 1000 + 1000 * world_dice(world, 30);
}

static void choose_cluster(struct world *world)
{
    world->masters = 1 + world_dice(world, MASTERS_MAX);
    world->settle_ms = 100 + 100 * world_dice(world, 50);
    world->batch_max = world_chance(world, 50) ? 1 + world_dice(world, 6) : 1;
    world->batch_bytes = world_chance(world, 20) ? 40 + world_dice(world, 200) : 0;
    world->overwrites = world_chance(world, 60);
}

/* Where a create overwrites, nothing but the pass itself protects what is there: so nobody else writes while a pass
 * runs, and a read shows all that is there. Elsewhere a window between read and write remains (design section 2). */
static void make_overwriting_honest(struct world *world)
{
    world->rate[FAULT_OTHER_WRITER] = 0;
    world->rate[FAULT_SEEN_LATE] = 0;
    world->rate[FAULT_EXTRAS] = 0;
    for (uint32_t i = 0; i < world->count; i++)
        world->things[i].unlisted = false;
}

static void choose_shape(struct world *world)
{
    world->shape = (enum shape)world_dice(world, SHAPES);
    world->masters = 1;
    world->batch_max = 1;
    switch (world->shape) {
    case SHAPE_CLOUD:
        choose_cloud(world);
        break;
    case SHAPE_PLAIN:
        choose_plain(world);
        break;
    case SHAPE_CLUSTER:
        choose_cluster(world);
        break;
    case SHAPE_FILE:
        world->batch_max = UINT32_MAX;
        break;
    case SHAPES:
        break;
    }
}

static int refusal_cause(struct world *world, enum kind kind)
{
    static const int for_good[] = {CAUSE_INVALID_PARAMETER, CAUSE_UNSUPPORTED, CAUSE_GROUP_IN_OTHER_INSTANCE};
    static const int of_topics[] = {CAUSE_TOPIC_CREATE_FAILED, CAUSE_SYSTEM_ERROR, CAUSE_INSTANCE_PERMISSION_MISSING,
                                    CAUSE_TOPIC_NAMED_LIKE_GROUP, CAUSE_REFUSED};
    static const int of_groups[] = {CAUSE_GROUP_CREATE_FAILED, CAUSE_SYSTEM_ERROR, CAUSE_INSTANCE_PERMISSION_MISSING,
                                    CAUSE_GROUP_NAMED_LIKE_TOPIC, CAUSE_REFUSED};
    if (world_chance(world, 40))
        return for_good[world_dice(world, 3)];
    return (kind == KIND_TOPIC ? of_topics : of_groups)[world_dice(world, 5)];
}

static void choose_first(struct world *world, struct thing *thing)
{
    int8_t value = thing->extra || world_chance(world, 30) ? (int8_t)world_dice(world, VALUES) : ABSENT;
    if (value != ABSENT && world_chance(world, 60) && thing->declared != ABSENT)
        value = thing->declared;
    for (uint32_t master = 0; master < MASTERS_MAX; master++)
        thing->first[master] = master < world->masters ? value : ABSENT;
    if (value != ABSENT && world->masters > 1 && world_chance(world, 40))
        thing->first[world_dice(world, world->masters)] =
            world_chance(world, 50) ? ABSENT : (int8_t)world_dice(world, VALUES);
}

static void choose_thing(struct world *world, struct thing *thing)
{
    *thing = (struct thing){.kind = world_chance(world, 60) ? KIND_TOPIC : KIND_GROUP, .dead_letter = NOBODY};
    thing->extra = world_chance(world, 20);
    bool declared = !thing->extra && world_chance(world, 90);
    thing->declared = declared ? (int8_t)world_dice(world, VALUES) : ABSENT;
    thing->observed_only = world_chance(world, 5);
    thing->unlisted = world_chance(world, 2);
    if (world->rate[FAULT_REFUSED_ONCE] > 0 && world_chance(world, 30)) {
        thing->refusal.cause = refusal_cause(world, thing->kind);
        thing->refusal.for_good = cause_remedy(thing->refusal.cause) == REMEDY_STUCK;
    }
    choose_first(world, thing);
}

/* Some groups need a topic that takes what they could not consume. */
static void choose_dead_letters(struct world *world)
{
    if (world->shape != SHAPE_CLOUD && world->shape != SHAPE_FILE)
        return;
    for (uint32_t i = 0; i < world->count; i++) {
        uint32_t topic = world_dice(world, world->count);
        if (world->things[i].kind == KIND_GROUP && world->things[topic].kind == KIND_TOPIC && world_chance(world, 50))
            world->things[i].dead_letter = (int8_t)topic;
    }
}

static void choose_policy(struct world *world)
{
    world->concurrency = 1 + world_dice(world, 4);
    world->rows_a_step = world_chance(world, 40) ? 1 + world_dice(world, 5) : 0;
    world->live_source = world_chance(world, 40);
    world->keeps_parts = world_chance(world, 50);
    world->asks = world_chance(world, 15);
    world->gives_up = world_chance(world, 30);
    world->max_creates = world_chance(world, 15) ? world_dice(world, 6) : UINT32_MAX;
    for (int kind = 0; kind < KINDS; kind++)
        world->quota[kind] = world_chance(world, 10) ? (int32_t)world_dice(world, 6) : -1;
    world->passes = 1 + world_dice(world, 6);
}

void world_make(struct world *world, uint64_t seed)
{
    memset(world, 0, sizeof *world);
    world->seed = seed;
    world->dice = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    choose_faults(world);
    choose_shape(world);
    choose_policy(world);
    world->count = world_dice(world, THINGS_MAX - 3);
    for (uint32_t i = 0; i < world->count; i++)
        choose_thing(world, &world->things[i]);
    choose_dead_letters(world);
    if (world->overwrites)
        make_overwriting_honest(world);
}

/* What went comes back soon: people undo. */
void world_edit(struct world *world)
{
    for (uint32_t i = 0; i < world->count; i++) {
        struct thing *thing = &world->things[i];
        if (thing->extra || !world_chance(world, thing->declared == ABSENT ? 70 : 40))
            continue;
        bool goes = thing->declared != ABSENT && world_chance(world, 50);
        thing->declared = goes ? ABSENT : (int8_t)world_dice(world, VALUES);
    }
}

void world_end_faults(struct world *world)
{
    world->faults_over = true;
    world->max_creates = UINT32_MAX;
    for (int kind = 0; kind < KINDS; kind++)
        world->quota[kind] = -1;
    for (uint32_t i = 0; i < world->count; i++) {
        world->things[i].unlisted = false;
        if (!world->things[i].refusal.for_good)
            world->things[i].refusal.cause = CAUSE_NONE;
    }
}
