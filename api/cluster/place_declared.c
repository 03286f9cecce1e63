/* SPDX-License-Identifier: Apache-2.0
 *
 * What is asked for: where an item belongs, with which settings, and whether it may be sent at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/sort.h"
#include "api/cause.h"
#include "api/cluster/place_inside.h"
#include "api/system.h"

static const char guard_attribute[] = "queue.type\0SimpleCQ"; /* a pair of a MAP, with its closing NUL */

/* --- where --- */

static uint16_t number_in(const struct catalog *catalog, const char *master)
{
    uint16_t count = catalog_master_count(catalog);

    for (uint16_t i = 0; i < count; i++)
        if (strcmp(catalog_master(catalog, i), master) == 0)
            return i;
    return count;
}

/* Items of one create have one catalog: its masters are looked up once. */
static void number_masters(struct place *place)
{
    if (place->request.count == 0)
        return;
    const struct catalog *catalog = place->request.items[0].catalog;
    for (uint16_t i = 0; i < place->request.master_count; i++)
        place->numbers[i] = number_in(catalog, place->request.masters[i].name);
    place->numbered = catalog;
}

static uint16_t number_of(const struct place *place, const struct catalog *catalog, uint16_t master)
{
    return catalog == place->numbered ? place->numbers[master]
                                      : number_in(catalog, place->request.masters[master].name);
}

const struct settings *place_declared(const struct place *place, uint32_t number, uint16_t master)
{
    const struct create_item *item = &place->request.items[number];

    if (!item->resource->spread)
        return catalog_settings_of(item->catalog, item->resource);
    const struct spread *spread = catalog_spread(item->catalog, item->resource->settings);
    uint16_t there = number_of(place, item->catalog, master);
    if (there >= spread->masters || spread->settings[there] == CATALOG_ABSENT)
        return NULL;
    return catalog_settings(item->catalog, spread->settings[there]);
}

/* A broker that is declared and that the cluster lacks; NULL: none. */
static const char *unknown_broker(const struct place *place, const struct create_item *item)
{
    if (!item->resource->spread)
        return NULL;
    const struct spread *spread = catalog_spread(item->catalog, item->resource->settings);
    for (uint16_t i = 0; i < spread->masters; i++) {
        const char *name = catalog_master(item->catalog, i);
        bool known = spread->settings[i] == CATALOG_ABSENT;
        for (uint16_t master = 0; !known && master < place->request.master_count; master++)
            known = strcmp(place->request.masters[master].name, name) == 0;
        if (!known)
            return name;
    }
    return NULL;
}

/* --- whether --- */

static void refuse(struct place *place, uint32_t number, int cause, const char *sentence)
{
    const struct create_item *item = &place->request.items[number];

    place->entries[number].refused = true;
    place->entries[number].reason =
        place_reason_text(place, cause, "%s '%.*s' cannot be created: %s", kind_word(place->request.kind),
                          (int)(item->name.bytes < 200 ? item->name.bytes : 200), item->name.data, sentence);
}

static bool declares_no_order(const struct settings *settings)
{
    return settings_has(settings, FIELD_TOPIC_ORDER) && settings_number(settings, FIELD_TOPIC_ORDER) == 0;
}

/* Whatever is created under a name with an order entry becomes ordered, on every release (10.8). */
static bool is_ordered_anyway(const struct place *place, uint32_t number, const struct settings *settings)
{
    return place->request.kind == KIND_TOPIC && place->request.order_values &&
           place->request.order_values[number].bytes > 0 && declares_no_order(settings);
}

static int check_settings(const struct place *place, const struct settings *settings, char sentence[static 256])
{
    const struct capabilities *capabilities = place->request.capabilities;
    enum field field;

    return rules_check_settings(&capabilities->rules, place->request.kind, settings,
                                capabilities->holds[place->request.kind], UINT64_MAX, &field, sentence);
}

static void judge_masters(struct place *place, uint32_t number)
{
    char sentence[256];
    bool anywhere = false;

    for (uint16_t master = 0; master < place->request.master_count; master++) {
        const struct settings *settings = place_declared(place, number, master);
        if (!settings)
            continue;
        anywhere = true;
        place_cell(place, number, master)->wanted = true;
        int cause = check_settings(place, settings, sentence);
        if (cause != CAUSE_NONE) {
            refuse(place, number, cause, sentence);
            return;
        }
        if (is_ordered_anyway(place, number, settings)) {
            refuse(place, number, CAUSE_SETTING_NOT_REPRESENTABLE,
                   "the name servers hold an order entry of this name (ORDER_TOPIC_CONFIG), which makes every topic "
                   "created under it ordered, and order false is declared");
            return;
        }
    }
    if (!anywhere)
        refuse(place, number, CAUSE_INVALID_PARAMETER, "it is declared on no master of the cluster");
}

static void judge_item(struct place *place, uint32_t number)
{
    const struct place_request *request = &place->request;
    const struct create_item *item = &request->items[number];
    char sentence[256];
    const char *broker = unknown_broker(place, item);

    if (system_name(request->kind, item->name))
        refuse(place, number, CAUSE_INVALID_PARAMETER, "it is RocketMQ's own");
    else if (rules_check_name(&request->capabilities->rules, request->kind, item->name, sentence))
        refuse(place, number, CAUSE_INVALID_PARAMETER, sentence);
    else if (broker) {
        snprintf(sentence, sizeof sentence, "it is declared on broker %s, which the cluster does not have", broker);
        refuse(place, number, CAUSE_INVALID_PARAMETER, sentence);
    } else {
        judge_masters(place, number);
    }
}

/* --- twice --- */

struct named {
    struct text name;
    uint32_t number;
};

static int compare_named(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    int order = text_compare(a->name, b->name);

    if (order != 0)
        return order;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Of two of one name the first is sent. */
static void judge_twins(struct place *place)
{
    uint32_t count = place->request.count;
    struct named *named = malloc((count + 1) * sizeof *named);

    if (!named) {
        place->no_memory = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        named[i] = (struct named){place->request.items[i].name, i};
    sort_in_place(named, count, sizeof *named, compare_named);
    for (uint32_t i = 1; i < count; i++)
        if (text_equal(named[i - 1].name, named[i].name))
            refuse(place, named[i].number, CAUSE_DECLARED_TWICE, "its name stands twice in one request");
    free(named);
}

void place_judge(struct place *place)
{
    number_masters(place);
    for (uint32_t i = 0; i < place->request.count; i++)
        judge_item(place, i);
    judge_twins(place);
}

/* --- with what --- */

/* Attributes that go without saying stay away from brokers that attributes harm. */
static void leave_out_attributes(struct draft *draft)
{
    const enum field fields[] = {FIELD_TOPIC_MESSAGE_TYPE, FIELD_TOPIC_ATTRIBUTES};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (draft->set & FIELD_BIT(fields[i]) && value_is_default(fields[i], &draft->values[fields[i]]))
            draft_unset(draft, fields[i]);
}

static int add_guard(struct draft *draft, struct buffer *room)
{
    const struct text guard = {guard_attribute, sizeof guard_attribute};
    bool has = (draft->set & FIELD_BIT(FIELD_TOPIC_ATTRIBUTES)) != 0;

    if (map_merge(guard, has ? draft->values[FIELD_TOPIC_ATTRIBUTES].text : TEXT(""), room) != 0)
        return -1;
    draft_set_text(draft, FIELD_TOPIC_ATTRIBUTES, buffer_text(room));
    return 0;
}

int place_settings(const struct place *place, const struct place_step *step, uint32_t item, struct draft *out,
                   struct buffer *room)
{
    const struct settings *declared = place_declared(place, item, step->master);

    create_settings(place->request.capabilities, place->request.kind, declared, out);
    if (place->request.kind == KIND_TOPIC && place_attributes_unsafe(&place->request.masters[step->master]))
        leave_out_attributes(out);
    return step->guarded ? add_guard(out, room) : 0;
}
