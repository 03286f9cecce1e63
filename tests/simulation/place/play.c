/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/place/play.h"

#include <stdlib.h>
#include <string.h>

#include "api/cause.h"

enum { ITEMS_MAX = 2 * THINGS_MAX, ROUNDS_MAX = 4, CALM_CREATES = 4, STEPS_MAX = 256 };

static const char *const types[] = {NULL, "FIFO", "DELAY"};

static void insist(bool holds)
{
    if (!holds)
        abort(); /* the simulator itself is wrong, or memory ran out */
}

/* --- catalogs --- */

static enum field queue_field(enum kind kind)
{
    return kind == KIND_TOPIC ? FIELD_TOPIC_READ_QUEUE_NUMS : FIELD_GROUP_RETRY_QUEUE_NUMS;
}

static struct draft draft_of(enum kind kind, uint8_t queues, enum order order, uint8_t type)
{
    struct draft draft;

    draft_clear(&draft);
    draft_set_number(&draft, queue_field(kind), queues);
    if (kind == KIND_TOPIC && order != ORDER_UNSAID)
        draft_set_number(&draft, FIELD_TOPIC_ORDER, order == ORDER_TRUE);
    if (type != 0)
        draft_set_text(&draft, FIELD_TOPIC_MESSAGE_TYPE, text_of(types[type]));
    return draft;
}

static uint32_t interned(struct catalog_builder *builder, const struct draft *draft)
{
    struct failure why;
    uint32_t index;

    insist(catalog_intern(builder, draft, &index, &why) == 0);
    return index;
}

static void name_masters(const struct world *world, struct catalog_builder *builder)
{
    struct failure why;
    uint16_t number;

    for (uint16_t i = 0; i < world->master_count; i++)
        insist(catalog_builder_master(builder, text_of(world->masters[i].name), &number, &why) == 0 && number == i);
}

static struct catalog *sealed(struct catalog_builder *builder)
{
    struct catalog *catalog;
    struct failure why;

    insist(catalog_seal(builder, NULL, NULL, &catalog, &why) == 0);
    catalog_builder_free(builder);
    return catalog;
}

static void declare(const struct world *world, struct catalog_builder *builder, const struct thing *thing)
{
    uint32_t settings[MASTERS_MAX];
    struct entry entry = {.kind = world->kind, .name = text_of(thing->name), .spread = thing->spread};
    struct draft draft = draft_of(world->kind, thing->queues[0], thing->order, thing->type);
    struct failure why;

    for (uint16_t i = 0; i < world->master_count; i++) {
        struct draft there = draft_of(world->kind, thing->queues[i], thing->order, thing->type);
        settings[i] = thing->wanted[i] ? interned(builder, &there) : CATALOG_ABSENT;
    }
    if (thing->spread)
        insist(catalog_intern_spread(builder, settings, world->master_count, &entry.settings, &why) == 0);
    else
        entry.draft = &draft;
    insist(catalog_add(builder, &entry, &why) == 0);
}

static struct catalog *declared(const struct world *world)
{
    struct catalog_builder *builder = catalog_builder_new();

    insist(builder != NULL);
    name_masters(world, builder);
    for (uint32_t i = 0; i < world->count; i++)
        declare(world, builder, &world->things[i]);
    return sealed(builder);
}

/* A master's table, as table_read gives it. */
static struct catalog *table_of(const struct world *world, const struct held values[static THINGS_MAX], uint16_t master)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct failure why;
    uint16_t number;

    insist(builder && catalog_builder_master(builder, text_of(world->masters[master].name), &number, &why) == 0);
    for (uint32_t i = 0; i < world->count; i++) {
        const struct held *value = &values[i];
        struct entry entry = {.kind = world->kind,
                              .name = text_of(world->things[i].name),
                              .spread = true,
                              .status = value->is_static ? STATUS_STATIC : STATUS_ORDINARY};
        if (!value->there)
            continue;
        struct draft draft =
            draft_of(world->kind, value->queues, value->ordered ? ORDER_TRUE : ORDER_FALSE, value->type);
        uint32_t index = interned(builder, &draft);
        insist(catalog_intern_spread(builder, &index, 1, &entry.settings, &why) == 0 &&
               catalog_add(builder, &entry, &why) == 0);
    }
    return sealed(builder);
}

/* --- one create --- */

struct create {
    struct play *play;
    struct place *place;
    struct capabilities capabilities;
    struct catalog *declared;
    struct create_item items[ITEMS_MAX];
    struct text orders[ITEMS_MAX];
    char order_texts[THINGS_MAX][64];
    uint32_t count;
    const struct place_step *steps;
    uint32_t step_count;
    bool done[STEPS_MAX];
};

static uint32_t thing_of(const struct create *create, uint32_t item)
{
    const char *digits = create->items[item].name.data + create->items[item].name.bytes - 2;
    return (uint32_t)((digits[0] - '0') * 10 + digits[1] - '0');
}

static void note_orders(struct create *create)
{
    const struct cluster *cluster = &create->play->cluster;

    for (uint32_t item = 0; item < create->count; item++) {
        uint32_t thing = thing_of(create, item);
        char *text = create->order_texts[thing];
        size_t used = 0;
        text[0] = '\0';
        for (uint16_t master = 0; cluster->entry[thing] && master < MASTERS_MAX; master++)
            if (cluster->entries[thing] & 1U << master)
                used += (size_t)snprintf(text + used, 64 - used, "%sbroker-%c:1", used > 0 ? ";" : "", 'a' + master);
        create->orders[item] = text_of(text);
    }
}

static void ask_for(struct create *create)
{
    const struct world *world = &create->play->world;
    uint32_t first, count;

    catalog_range(create->declared, world->kind, &first, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct resource *resource = &catalog_rows(create->declared)[first + i];
        struct create_item item = {.kind = world->kind,
                                   .name = catalog_name(create->declared, resource),
                                   .catalog = create->declared,
                                   .resource = resource};
        create->items[create->count++] = item;
        if (world->things[i].twice)
            create->items[create->count++] = item;
    }
}

static void begin(struct create *create)
{
    const struct world *world = &create->play->world;
    struct failure why;

    place_capabilities(world->masters, world->master_count, world->insists, &create->capabilities);
    create->declared = declared(world);
    ask_for(create);
    note_orders(create);
    struct place_request request = {.kind = world->kind,
                                    .masters = world->masters,
                                    .master_count = world->master_count,
                                    .items = create->items,
                                    .count = create->count,
                                    .capabilities = &create->capabilities,
                                    .order_values = world->knows_entries ? create->orders : NULL,
                                    .batch_items = world->batch_items,
                                    .batch_bytes = world->batch_bytes};
    insist(place_new(&request, &create->place, &why) == 0);
    cluster_log(&create->play->cluster, &(struct log_entry){.kind = LOG_CREATE, .master = MASTERS_MAX});
}

static void look(struct create *create)
{
    struct cluster *cluster = &create->play->cluster;
    const struct failure dead = {.cause = CAUSE_UNREACHABLE, .text = "it is dead"};

    for (uint16_t master = 0; master < cluster->world->master_count; master++) {
        struct log_entry entry = {.kind = LOG_LOOK, .master = master, .flag = !cluster->dead[master]};
        memcpy(entry.values, cluster->values[master], sizeof entry.values);
        cluster_log(cluster, &entry);
        struct catalog *table = entry.flag ? table_of(cluster->world, entry.values, master) : NULL;
        place_look(create->place, master, table, &dead);
        catalog_unref(table);
    }
}

/* --- steps --- */

static struct held sent_value(const struct draft *draft, enum kind kind)
{
    struct held value = {.there = true, .queues = (uint8_t)draft->values[queue_field(kind)].number};

    if (draft->set & FIELD_BIT(FIELD_TOPIC_ORDER))
        value.ordered = draft->values[FIELD_TOPIC_ORDER].number != 0;
    for (uint8_t type = 1; draft->set & FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE) && type < 3; type++)
        if (text_is(draft->values[FIELD_TOPIC_MESSAGE_TYPE].text, types[type]))
            value.type = type;
    value.attributes = (draft->set & (FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE) | FIELD_BIT(FIELD_TOPIC_ATTRIBUTES))) != 0;
    return value;
}

static void send_step(struct create *create, uint32_t number)
{
    const struct place_step *step = &create->steps[number];
    struct cluster *cluster = &create->play->cluster;
    struct message request = {.master = step->master, .batch = step->batch, .guarded = step->guarded};
    struct failure why = {.cause = CAUSE_NONE, .text = "so it goes"};
    struct draft draft;
    struct buffer room;

    buffer_init(&room, 4096);
    for (uint32_t i = step->first; i < step->first + step->count; i++) {
        uint32_t item = place_items(create->place)[i];
        insist(place_settings(create->place, step, item, &draft, &room) == 0);
        request.things[request.count] = thing_of(create, item);
        request.values[request.count++] = sent_value(&draft, cluster->world->kind);
    }
    buffer_release(&room);
    enum place_answer answer = cluster_send(cluster, &request, &why.cause);
    place_answered(create->place, number, answer, &why);
}

static void send_entry(struct create *create, uint32_t number)
{
    const struct place_step *step = &create->steps[number];
    const struct failure why = {.cause = CAUSE_UNREACHABLE, .text = "name server is silent"};
    char value[256];
    uint32_t masters = 0;

    snprintf(value, sizeof value, "%.*s", (int)step->value.bytes, step->value.data);
    for (uint16_t master = 0; master < MASTERS_MAX; master++) {
        const char name[] = {'b', 'r', 'o', 'k', 'e', 'r', '-', (char)('a' + master), ':', '\0'};
        masters |= strstr(value, name) ? 1U << master : 0;
    }
    bool heard =
        cluster_put_entry(&create->play->cluster, thing_of(create, place_items(create->place)[step->first]), masters);
    place_answered(create->place, number, heard ? PLACE_ACCEPTED : PLACE_LOST, &why);
}

/* May it leave now? Steps of one master leave in their order; one that waits, when all before it are answered: here
 * every step is answered at once, so only the order is left. */
static bool may_go(const struct create *create, uint32_t number)
{
    for (uint32_t i = 0; i < number; i++)
        if (!create->done[i] && create->steps[i].master == create->steps[number].master)
            return false;
    return !create->done[number];
}

static void send_all(struct create *create)
{
    struct world *world = &create->play->world;
    uint32_t left = create->step_count;

    insist(left <= STEPS_MAX);
    memset(create->done, 0, sizeof create->done);
    for (uint32_t i = 0; i < create->step_count && create->steps[i].master == PLACE_NAME_SERVERS; i++, left--) {
        send_entry(create, i);
        create->done[i] = true;
    }
    while (left > 0) {
        uint32_t number = world_dice(world, create->step_count);
        if (!may_go(create, number))
            continue;
        if (place_is_due(create->place, number))
            send_step(create, number);
        create->done[number] = true;
        left--;
    }
}

static void tell(struct create *create)
{
    for (uint32_t item = 0; item < create->count; item++) {
        const struct failure *why;
        bool twin = item > 0 && create->items[item].resource == create->items[item - 1].resource;
        enum outcome outcome = place_outcome(create->place, item, &why);
        if (!twin)
            cluster_log(&create->play->cluster, &(struct log_entry){.kind = LOG_TOLD,
                                                                    .master = MASTERS_MAX,
                                                                    .thing = thing_of(create, item),
                                                                    .outcome = outcome});
    }
}

static void create_once(struct play *play)
{
    struct create create = {.play = play};
    struct failure why;
    uint32_t rounds = 0;

    begin(&create);
    do {
        look(&create);
        insist(place_next(create.place, &create.steps, &create.step_count, &why) == 0);
        insist(rounds++ < ROUNDS_MAX);
        send_all(&create);
    } while (create.step_count > 0 && !play->oracle.broken);
    tell(&create);
    cluster_tell_memory(&play->cluster);
    place_free(create.place);
    catalog_unref(create.declared);
}

void play(struct play *play, uint64_t seed, FILE *trace)
{
    struct world *world = &play->world;

    memset(play, 0, sizeof *play);
    world_make(world, seed);
    play->cluster.hear = oracle_hear;
    play->cluster.context = &play->oracle;
    play->cluster.trace = trace;
    cluster_init(&play->cluster, world);
    oracle_init(&play->oracle, world);
    for (uint32_t i = 0; i < world->creates && !play->oracle.broken; i++) {
        create_once(play);
        cluster_idle(&play->cluster);
    }
    world->faults_over = true;
    cluster_idle(&play->cluster);
    for (uint32_t i = 0; i < CALM_CREATES && !play->oracle.broken; i++)
        create_once(play);
    cluster_log(&play->cluster, &(struct log_entry){.kind = LOG_END, .master = MASTERS_MAX});
    for (uint16_t master = 0; master < world->master_count; master++)
        cluster_restart(&play->cluster, master);
}
