/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/place/oracle.h"

#include <stdarg.h>
#include <string.h>

void oracle_init(struct oracle *oracle, const struct world *world)
{
    *oracle = (struct oracle){.world = world};
    for (uint32_t thing = 0; thing < world->count; thing++)
        oracle->entry_there[thing] = world->things[thing].stale_entry;
}

void oracle_break(struct oracle *oracle, const char *name, const char *format, ...)
{
    va_list arguments;

    if (oracle->broken)
        return;
    oracle->broken = name;
    va_start(arguments, format);
    vsnprintf(oracle->sentence, sizeof oracle->sentence, format, arguments);
    va_end(arguments);
}

static const char *thing_name(const struct oracle *oracle, uint32_t thing)
{
    return oracle->world->things[thing].name;
}

static const char *master_name(const struct oracle *oracle, uint16_t master)
{
    return oracle->world->masters[master].name;
}

/* --- may it be sent? --- */

static void check_look(struct oracle *oracle, const struct log_entry *entry)
{
    const char *name = thing_name(oracle, entry->thing);

    if (oracle->looks[entry->master][entry->thing].there && oracle->readable[entry->master])
        oracle_break(oracle, "sent-to-present", "%s was there on %s", name, master_name(oracle, entry->master));
    for (uint16_t master = 0; master < oracle->world->master_count; master++) {
        const struct held *value = &oracle->looks[master][entry->thing];
        bool wanted = oracle->world->things[entry->thing].wanted[master];
        if (wanted && !oracle->readable[master])
            oracle_break(oracle, "unseen", "%s is sent, and %s could not be read", name, master_name(oracle, master));
        else if (oracle->readable[master] && value->is_static)
            oracle_break(oracle, "static", "%s is a static topic on %s", name, master_name(oracle, master));
        else if (wanted && value->there && !world_as_declared(oracle->world, entry->thing, master, value))
            oracle_break(oracle, "different", "%s is different on %s", name, master_name(oracle, master));
    }
}

static void check_settings(struct oracle *oracle, const struct log_entry *entry)
{
    const struct thing *thing = &oracle->world->things[entry->thing];
    uint8_t type = world_types_held(oracle->world) ? thing->type : 0;

    if (!thing->wanted[entry->master])
        oracle_break(oracle, "misplaced", "%s does not belong on %s", thing->name, master_name(oracle, entry->master));
    if (entry->after.queues != thing->queues[entry->master] || entry->after.type != type ||
        entry->after.ordered != (thing->order == ORDER_TRUE))
        oracle_break(oracle, "misplaced", "%s goes to %s with other settings", thing->name,
                     master_name(oracle, entry->master));
}

static void check_attributes(struct oracle *oracle, const struct log_entry *entry)
{
    const struct world *world = oracle->world;
    bool insisted = world->insists && entry->after.type != 0;

    if (entry->after.attributes && world_harms(world, entry->master) && !insisted)
        oracle_break(oracle, "attributes", "%s goes with attributes to %s, whose slaves they harm",
                     thing_name(oracle, entry->thing), master_name(oracle, entry->master));
    if (entry->after.attributes && !world_is_5(world, entry->master))
        oracle_break(oracle, "attributes", "%s goes with attributes to %s, which knows none",
                     thing_name(oracle, entry->thing), master_name(oracle, entry->master));
}

static void check_batch(struct oracle *oracle, const struct log_entry *entry)
{
    if (entry->flag && !world_has_batches(oracle->world, entry->master))
        oracle_break(oracle, "batch", "a batch goes to %s, which knows none", master_name(oracle, entry->master));
}

/* Again only what a batch left out, when its answer was heard. */
static void check_again(struct oracle *oracle, const struct log_entry *entry)
{
    struct sending *sending = &oracle->sendings[entry->thing][entry->master];
    bool heard = oracle->answered[sending->request] && oracle->answers[sending->request] != PLACE_LOST &&
                 oracle->answers[sending->request] != PLACE_NOT_SENT;

    if (sending->request != 0 && (!sending->batch || !heard || sending->request == entry->request))
        oracle_break(oracle, "twice", "%s goes to %s twice", thing_name(oracle, entry->thing),
                     master_name(oracle, entry->master));
    sending->request = entry->request;
    sending->batch = entry->flag;
}

static void hear_sent(struct oracle *oracle, const struct log_entry *entry)
{
    oracle->sent |= 1U << entry->thing;
    check_look(oracle, entry);
    check_settings(oracle, entry);
    check_attributes(oracle, entry);
    check_batch(oracle, entry);
    check_again(oracle, entry);
}

/* --- what happened to it --- */

static void hear_write(struct oracle *oracle, const struct log_entry *entry)
{
    const struct world *world = oracle->world;
    const struct thing *thing = &world->things[entry->thing];

    if (entry->writer != WRITER_US)
        return;
    oracle->sendings[entry->thing][entry->master].wrote = true;
    /* Where nothing guards, a window between look and write remains; whatever else is there stays. */
    if (entry->before.there && world_guardable(world, entry->master))
        oracle_break(oracle, "changed", "%s was there on %s, and was written again", thing->name,
                     master_name(oracle, entry->master));
    bool unforeseen = oracle->entry_there[entry->thing] && !world->knows_entries && thing->order == ORDER_FALSE;
    if (!entry->before.there && !unforeseen && !world_as_declared(world, entry->thing, entry->master, &entry->after))
        oracle_break(oracle, "as-declared", "%s became another on %s than declared", thing->name,
                     master_name(oracle, entry->master));
}

static void hear_answer(struct oracle *oracle, const struct log_entry *entry)
{
    if (entry->request < REQUESTS_MAX) {
        oracle->answers[entry->request] = entry->answer;
        oracle->answered[entry->request] = true;
    }
    oracle->excused[entry->master] |= entry->answer == PLACE_LOST || entry->answer == PLACE_NOT_SENT;
    oracle->last_refused[entry->master] =
        !entry->flag && (entry->answer == PLACE_EXISTS || entry->answer == PLACE_REFUSED);
}

/* --- what is told --- */

static bool is_everywhere(const struct oracle *oracle, uint32_t thing)
{
    for (uint16_t master = 0; master < oracle->world->master_count; master++)
        if (oracle->world->things[thing].wanted[master] &&
            (!oracle->readable[master] ||
             !world_as_declared(oracle->world, thing, master, &oracle->looks[master][thing])))
            return false;
    return true;
}

static bool is_anywhere(const struct oracle *oracle, uint32_t thing)
{
    for (uint16_t master = 0; master < oracle->world->master_count; master++)
        if (oracle->readable[master] && oracle->looks[master][thing].there)
            return true;
    return false;
}

/* A batch without guard that did nothing, while others made all of it as it was sent, looks like one of ours. */
static bool made_by_us(const struct oracle *oracle, uint32_t thing)
{
    for (uint16_t master = 0; master < oracle->world->master_count; master++) {
        const struct sending *sending = &oracle->sendings[thing][master];
        if (sending->wrote || (sending->batch && !world_guardable(oracle->world, master)))
            return true;
    }
    return false;
}

/* Refused before anything is sent: an order entry that would make it another; attributes that would harm. */
static bool refused_beforehand(const struct oracle *oracle, uint32_t number)
{
    const struct world *world = oracle->world;
    const struct thing *thing = &world->things[number];
    bool harms = false;

    for (uint16_t master = 0; master < world->master_count; master++)
        harms |= world_harms(world, master);
    if (thing->type != 0 && world_types_held(world) && harms && !world->insists)
        return true;
    return thing->order == ORDER_FALSE && thing->stale_entry;
}

static void hear_told(struct oracle *oracle, const struct log_entry *entry)
{
    const char *name = thing_name(oracle, entry->thing);
    bool sent = (oracle->sent & 1U << entry->thing) != 0;

    for (uint16_t master = 0; entry->outcome == OUTCOME_CREATED && master < oracle->world->master_count; master++)
        oracle->claimed[entry->thing][master] |= oracle->sendings[entry->thing][master].wrote;
    switch (entry->outcome) {
    case OUTCOME_CREATED:
        if (!is_everywhere(oracle, entry->thing) || !made_by_us(oracle, entry->thing))
            oracle_break(oracle, "told", "%s is called created, and is not, or not by us", name);
        break;
    case OUTCOME_EXISTED:
        if (!is_anywhere(oracle, entry->thing))
            oracle_break(oracle, "told", "%s is called there, and is nowhere", name);
        break;
    case OUTCOME_REFUSED:
    case OUTCOME_NOT_SENT:
        if (is_everywhere(oracle, entry->thing) && !refused_beforehand(oracle, entry->thing))
            oracle_break(oracle, "told", "%s is called missing, and is there", name);
        break;
    case OUTCOME_UNKNOWN:
        if (!sent)
            oracle_break(oracle, "told", "%s is called unknown, and was never sent", name);
        break;
    }
}

/* --- what lasts --- */

/* With the v2 store nothing written later helps: a restart tells. */
static void hear_memory(struct oracle *oracle, const struct log_entry *entry)
{
    uint32_t ours = 0;

    for (uint32_t thing = 0; thing < oracle->world->count; thing++)
        ours |= oracle->sendings[thing][entry->master].wrote ? 1U << thing : 0;
    if (oracle->world->masters[entry->master].store_v2)
        return;
    if ((entry->things & ours) != 0 && !oracle->excused[entry->master] && !oracle->last_refused[entry->master])
        oracle_break(oracle, "memory-only", "things %x are in the memory of %s alone", entry->things,
                     master_name(oracle, entry->master));
}

static void hear_restart(struct oracle *oracle, const struct log_entry *entry)
{
    for (uint32_t thing = 0; thing < oracle->world->count; thing++) {
        if (!(entry->things & 1U << thing))
            continue;
        if (oracle->claimed[thing][entry->master])
            oracle_break(oracle, "forgotten", "%s was called created, and %s has forgotten it",
                         thing_name(oracle, thing), master_name(oracle, entry->master));
    }
}

/* --- the end --- */

/* Something that is not ours to change keeps it from being done. */
static bool is_hindered(const struct oracle *oracle, uint32_t number)
{
    const struct world *world = oracle->world;
    const struct thing *thing = &world->things[number];

    for (uint16_t master = 0; master < world->master_count; master++) {
        const struct held *value = &oracle->looks[master][number];
        if (value->is_static ||
            (thing->wanted[master] && value->there && !world_as_declared(world, number, master, value)))
            return true;
    }
    return thing->refused || refused_beforehand(oracle, number);
}

static void hear_end(struct oracle *oracle)
{
    for (uint32_t thing = 0; thing < oracle->world->count; thing++) {
        if (!is_hindered(oracle, thing) && !is_everywhere(oracle, thing))
            oracle_break(oracle, "left-undone", "%s is not everywhere in the end", thing_name(oracle, thing));
    }
}

static void begin_create(struct oracle *oracle)
{
    memset(oracle->sendings, 0, sizeof oracle->sendings);
    memset(oracle->readable, 0, sizeof oracle->readable);
    memset(oracle->excused, 0, sizeof oracle->excused);
    memset(oracle->last_refused, 0, sizeof oracle->last_refused);
    oracle->sent = 0;
}

void oracle_hear(void *context, const struct log_entry *entry)
{
    struct oracle *oracle = context;

    switch (entry->kind) {
    case LOG_CREATE:
        begin_create(oracle);
        break;
    case LOG_LOOK:
        oracle->readable[entry->master] = entry->flag;
        memcpy(oracle->looks[entry->master], entry->values, sizeof entry->values);
        break;
    case LOG_SENT:
        hear_sent(oracle, entry);
        break;
    case LOG_WRITE:
        hear_write(oracle, entry);
        break;
    case LOG_ANSWER:
        hear_answer(oracle, entry);
        break;
    case LOG_TOLD:
        hear_told(oracle, entry);
        break;
    case LOG_MEMORY:
        hear_memory(oracle, entry);
        break;
    case LOG_RESTART:
        hear_restart(oracle, entry);
        break;
    case LOG_END:
        hear_end(oracle);
        break;
    case LOG_ENTRY:
        oracle->entry_there[entry->thing] = true;
        break;
    case LOG_KEPT:
    case LOG_DEATH:
        break;
    }
}
