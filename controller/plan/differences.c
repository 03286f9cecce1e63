/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/plan/parts.h"

/* ---- which fields ---- */

/* UNSPECIFIED declares nothing. */
static uint64_t compared_fields(const struct plan *plan, enum kind kind, const struct settings *declared)
{
    uint64_t fields = declared->set & ~declared->create_only & plan->capabilities.holds[kind];

    if ((fields & FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE)) != 0 &&
        text_is(settings_text(declared, FIELD_TOPIC_MESSAGE_TYPE), "UNSPECIFIED"))
        fields &= ~FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE);
    return fields;
}

struct comparison plan_compare(const struct plan *plan, enum kind kind, const struct place_pair *place, bool read)
{
    const struct capabilities *capabilities = &plan->capabilities;
    uint64_t compared = compared_fields(plan, kind, place->declared);
    uint64_t details = capabilities->holds[kind] & ~capabilities->listed[kind];
    struct comparison result = {.not_held = rules_behaviour_not_held(kind, place->declared, capabilities->holds[kind])};

    if (!read) {
        result.unread = compared != 0;
        return result;
    }
    /* A list tells none of the details; an answer that tells one of them was a complete one. */
    result.unread = (compared & details) != 0 && (place->observed->set & details) == 0;
    if (!result.unread)
        result.different =
            settings_difference(place->declared, place->observed, compared, capabilities->absent_is_default);
    return result;
}

/* ---- one by one ---- */

struct visit {
    const struct plan *plan;
    enum kind kind;
    struct text name;
    bool (*each)(void *context, const struct difference *difference);
    void *context;
    struct place_pair place;
    struct comparison comparison;
};

/* Is it accepted? Then the visitor hears why. */
static bool report(const struct visit *visit, struct difference *difference)
{
    const struct plan *plan = visit->plan;
    struct accept_question question = {.kind = visit->kind,
                                       .name = visit->name,
                                       .field = difference->field,
                                       .attribute = difference->attribute,
                                       .declared = difference->declared,
                                       .observed = difference->observed};
    int64_t accept = mapping_accepts(plan->mapping, plan->accepts, &question);

    if (accept >= 0) {
        difference->accepted = true;
        difference->reason = plan->mapping->accepts[accept].reason;
        if (!plan->accepts_used[accept])
            plan->accepts_used[accept] = true;
    }
    return visit->each(visit->context, difference);
}

/* What an absent field means at a provider whose answer was complete. */
static const union value *meant(const struct visit *visit, enum field field, union value *room)
{
    const char *spelling = field_info(field)->default_text;
    char rule[160];

    if (!visit->plan->capabilities.absent_is_default || spelling == NULL ||
        value_parse(field, text_of(spelling), false, room, rule) != NULL)
        return NULL;
    return room;
}

/* The value of a key: as observed, or what its absence means; NULL: absent, or unknown. */
static const union value *observed_key(const struct visit *visit, enum field field, struct text key, union value *room)
{
    bool known = settings_has(visit->place.observed, field);

    if (known && map_find(settings_text(visit->place.observed, field), key, &room->text))
        return room;
    if (!known && !visit->plan->capabilities.absent_is_default)
        return NULL;
    const char *meant_by_absence = attribute_default(visit->kind, key);
    room->text = text_of(meant_by_absence);
    return meant_by_absence == NULL ? NULL : room;
}

/* Each declared key of a MAP that differs; of a MAP without keys the field itself. */
static bool visit_map(const struct visit *visit, enum field field)
{
    struct text declared = settings_text(visit->place.declared, field);
    struct difference whole = {
        .field = field, .declared = settings_value(visit->place.declared, field), .master = visit->place.master};
    struct map_pair pair;
    size_t position = 0;

    if (!map_next(declared, &position, &pair))
        return report(visit, &whole);
    do {
        union value wanted = {.text = pair.value}, room;
        struct difference difference = {.field = field,
                                        .attribute = pair.key,
                                        .declared = &wanted,
                                        .observed = observed_key(visit, field, pair.key, &room),
                                        .master = visit->place.master};
        bool equal = difference.observed != NULL && text_equal(pair.value, difference.observed->text);
        if (!equal && !report(visit, &difference))
            return false;
    } while (map_next(declared, &position, &pair));
    return true;
}

static bool visit_field(const struct visit *visit, enum field field)
{
    union value room;
    struct difference difference = {.field = field,
                                    .declared = settings_value(visit->place.declared, field),
                                    .not_held = (visit->comparison.not_held & FIELD_BIT(field)) != 0,
                                    .master = visit->place.master};

    if (difference.not_held)
        return report(visit, &difference);
    if (field_info(field)->type == TYPE_MAP)
        return visit_map(visit, field);
    difference.observed = settings_has(visit->place.observed, field) ? settings_value(visit->place.observed, field)
                                                                     : meant(visit, field, &room);
    return report(visit, &difference);
}

static bool next_comparison(struct visit *visit, uint32_t row, uint32_t *position, bool read)
{
    while (plan_next_place(visit->plan, row, position, &visit->place)) {
        if (visit->place.observed == NULL)
            continue;
        visit->comparison = plan_compare(visit->plan, visit->kind, &visit->place, read);
        return true;
    }
    return false;
}

void plan_visit_differences(const struct plan *plan, uint32_t row,
                            bool (*each)(void *context, const struct difference *difference), void *context)
{
    const struct resource *declared = &catalog_rows(plan->declared)[row];
    const struct resource *observed = &catalog_rows(plan->observed)[plan->rows[row].observed];
    struct visit visit = {.plan = plan,
                          .kind = declared->kind,
                          .name = catalog_name(plan->declared, declared),
                          .each = each,
                          .context = context};
    bool read = observed->status != STATUS_UNREAD;
    uint64_t all = 0;

    for (uint32_t position = 0; next_comparison(&visit, row, &position, read);)
        all |= visit.comparison.different | visit.comparison.not_held;
    for (; all != 0; all &= all - 1) {
        enum field field = field_first(all);
        for (uint32_t position = 0; next_comparison(&visit, row, &position, read);) {
            if (((visit.comparison.different | visit.comparison.not_held) & FIELD_BIT(field)) != 0 &&
                !visit_field(&visit, field))
                return;
        }
    }
}

struct relay {
    void (*each)(void *context, const struct difference *difference);
    void *context;
};

static bool pass_on(void *context, const struct difference *difference)
{
    struct relay *relay = context;
    relay->each(relay->context, difference);
    return true;
}

void plan_differences(const struct plan *plan, uint32_t row,
                      void (*each)(void *context, const struct difference *difference), void *context)
{
    struct relay relay = {each, context};

    if (plan->rows[row].state == STATE_DIFFERS || plan->rows[row].state == STATE_ACCEPTED)
        plan_visit_differences(plan, row, pass_on, &relay);
}

static bool note_accepted(void *context, const struct difference *difference)
{
    uint64_t *fields = context;

    if (difference->accepted)
        *fields |= FIELD_BIT(difference->field);
    return true;
}

uint64_t plan_accepted_fields(const struct plan *plan, uint32_t row)
{
    uint64_t fields = 0;

    if (plan->accepts != NULL && plan->rows[row].observed != CATALOG_ABSENT)
        plan_visit_differences(plan, row, note_accepted, &fields);
    return fields;
}
