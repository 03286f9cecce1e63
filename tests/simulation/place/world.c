/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/place/world.h"

#include "api/base/random.h"

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

/* --- facts (rocketmq-remoting 2.3, 3.1, 3.3, 10.2-10.4), by the numbers of the table there --- */

bool world_is_5(const struct world *world, uint16_t master)
{
    return world->masters[master].version >= 413;
}

bool world_harms(const struct world *world, uint16_t master)
{
    uint16_t version = world->masters[master].version;
    return world->masters[master].slaves && (version == 477 || version == 479);
}

bool world_guardable(const struct world *world, uint16_t master)
{
    return world->kind == KIND_TOPIC && world_is_5(world, master) && !world_harms(world, master);
}

bool world_has_batches(const struct world *world, uint16_t master)
{
    return world->masters[master].version >= (world->kind == KIND_TOPIC ? 473 : 475);
}

bool world_types_held(const struct world *world)
{
    for (uint16_t i = 0; i < world->master_count; i++)
        if (!world_is_5(world, i))
            return false;
    return true;
}

bool world_as_declared(const struct world *world, uint32_t number, uint16_t master, const struct held *value)
{
    const struct thing *thing = &world->things[number];

    if (!value->there || value->is_static || value->queues != thing->queues[master])
        return false;
    if (thing->order != ORDER_UNSAID && value->ordered != (thing->order == ORDER_TRUE))
        return false;
    return thing->type == 0 || !world_types_held(world) || value->type == thing->type;
}

/* --- making one --- */

static void make_masters(struct world *world)
{
    static const char *const names[] = {"broker-a", "broker-b", "broker-c"};
    static const uint16_t versions[] = {335, 407, 413, 441, 473, 477, 479, 493, 513, 513};
    uint16_t common = versions[world_dice(world, 10)];
    bool mixed = world_chance(world, 20), v2 = world_chance(world, 15);

    world->master_count = (uint16_t)(1 + world_dice(world, MASTERS_MAX));
    for (uint16_t i = 0; i < world->master_count; i++)
        world->masters[i] = (struct place_master){.name = names[i],
                                                  .version = mixed ? versions[world_dice(world, 10)] : common,
                                                  .slaves = world_chance(world, 50),
                                                  .store_v2 = v2};
    for (uint16_t i = 0; i < world->master_count; i++)
        world->masters[i].store_v2 &= world->masters[i].version >= 477;
}

static void make_value(struct world *world, struct thing *thing, uint16_t master)
{
    struct held *value = &thing->first[master];

    *value = (struct held){.there = true, .queues = thing->queues[master], .ordered = thing->order == ORDER_TRUE};
    if (world_is_5(world, master) && world->kind == KIND_TOPIC) {
        value->type = thing->type;
        value->attributes = value->type != 0 || world_chance(world, 30);
        value->is_static = world_chance(world, 8);
    }
    if (world_chance(world, 30))
        value->queues = (uint8_t)(value->queues % 3 + 1);
}

static void make_thing(struct world *world, uint32_t number)
{
    struct thing *thing = &world->things[number];
    bool topics = world->kind == KIND_TOPIC;
    bool there = world_chance(world, 35);

    *thing = (struct thing){.spread = world_chance(world, 25)};
    snprintf(thing->name, sizeof thing->name, topics ? "topic-%02u" : "GID_%02u", number);
    uint8_t queues = (uint8_t)(1 + world_dice(world, 3));
    bool somewhere = false;
    for (uint16_t i = 0; i < world->master_count; i++) {
        thing->wanted[i] = !thing->spread || world_chance(world, 60);
        thing->queues[i] = thing->spread ? (uint8_t)(1 + world_dice(world, 3)) : queues;
        somewhere |= thing->wanted[i];
    }
    thing->wanted[0] |= !somewhere;
    if (topics) {
        thing->order = world_chance(world, 30) ? ORDER_TRUE : world_chance(world, 30) ? ORDER_FALSE : ORDER_UNSAID;
        thing->type = world_chance(world, 25) ? (uint8_t)(1 + world_dice(world, 2)) : 0;
        thing->stale_entry = world_chance(world, 5);
    }
    thing->refused = world_chance(world, 6);
    thing->twice = world_chance(world, 3);
    for (uint16_t i = 0; there && i < world->master_count; i++)
        if (world_chance(world, 60))
            make_value(world, thing, i);
}

static void make_faults(struct world *world)
{
    static const uint8_t rates[] = {3, 10, 25, 50};
    uint32_t variety = world_chance(world, 15) ? 0 : 10 + world_dice(world, 40);

    for (int fault = 0; fault < FAULTS; fault++)
        world->rate[fault] = world_chance(world, variety) ? rates[world_dice(world, 4)] : 0;
}

void world_make(struct world *world, uint64_t seed)
{
    *world = (struct world){.seed = seed, .dice = seed};
    world->kind = world_chance(world, 70) ? KIND_TOPIC : KIND_GROUP;
    make_masters(world);
    world->insists = world_chance(world, 10);
    world->knows_entries = world_chance(world, 80);
    world->batch_items = world_chance(world, 40) ? 2 + world_dice(world, 3) : 0;
    world->batch_bytes = world_chance(world, 20) ? 1500 + world_dice(world, 4000) : 0;
    world->count = 1 + world_dice(world, THINGS_MAX);
    for (uint32_t i = 0; i < world->count; i++)
        make_thing(world, i);
    world->creates = 1 + world_dice(world, 4);
    make_faults(world);
}
