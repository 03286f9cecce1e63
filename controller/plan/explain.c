/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "api/cause.h"
#include "controller/plan/parts.h"

/* ---- what creating would meet ---- */

/* Behaviour that the destination cannot hold, and that people have accepted. */
static uint64_t accepted_fields(const struct plan *plan, const struct resource *declared,
                                const struct settings *settings)
{
    uint64_t accepted = 0;

    if (plan->accepts == NULL)
        return 0;
    for (uint64_t rest = rules_behaviour_not_held(declared->kind, settings, plan->capabilities.holds[declared->kind]);
         rest != 0; rest &= rest - 1) {
        struct accept_question question = {.kind = declared->kind,
                                           .name = catalog_name(plan->declared, declared),
                                           .field = field_first(rest),
                                           .declared = settings_value(settings, field_first(rest))};
        int64_t accept = mapping_accepts(plan->mapping, plan->accepts, &question);
        if (accept < 0)
            continue;
        accepted |= FIELD_BIT(field_first(rest));
        if (!plan->accepts_used[accept])
            plan->accepts_used[accept] = true;
    }
    return accepted;
}

static int check_place(const struct plan *plan, const struct resource *declared, const struct place_pair *place,
                       enum field *out_field, char sentence[static 256])
{
    uint64_t accepted = accepted_fields(plan, declared, place->declared);
    int cause = rules_check_settings(&plan->capabilities.rules, declared->kind, place->declared,
                                     plan->capabilities.holds[declared->kind], accepted, out_field, sentence);

    if (cause != CAUSE_NONE || !place->impossible)
        return cause;
    *out_field = FIELD_COUNT;
    snprintf(sentence, 256, "it is declared on broker %s, which the destination does not have", place->master);
    return CAUSE_INVALID_PARAMETER;
}

int plan_check_create(const struct plan *plan, uint32_t row, enum field *out_field, char sentence[static 256])
{
    const struct resource *declared = &catalog_rows(plan->declared)[row];
    struct place_pair place;
    int cause = CAUSE_NONE;

    *out_field = FIELD_COUNT;
    if (rules_check_name(&plan->capabilities.rules, declared->kind, catalog_name(plan->declared, declared), sentence))
        return CAUSE_INVALID_PARAMETER;
    for (uint32_t position = 0; cause == CAUSE_NONE && plan_next_place(plan, row, &position, &place);) {
        if (place.observed == NULL)
            cause = check_place(plan, declared, &place, out_field, sentence);
    }
    return cause;
}

/* ---- why a row stands where it stands ---- */

static void copy_sentence(const char *text, char sentence[static 256])
{
    snprintf(sentence, 256, "%s", text == NULL ? "" : text);
}

static void quote(struct text name, char sentence[static 256], int *used, const char *before)
{
    int added = snprintf(sentence + *used, 256 - (size_t)*used, "%s\"%.*s\"", before, (int)name.bytes, name.data);
    *used = added < 0 || *used + added > 255 ? 255 : *used + added;
}

/* The names that became one stand next to each other. */
static void explain_collision(const struct plan *plan, uint32_t row, char sentence[static 256])
{
    const struct resource *rows = catalog_rows(plan->declared);
    uint32_t first = row, last = row;
    int used = 0;

    while (first > 0 && rows[first - 1].kind == rows[row].kind &&
           catalog_compare(plan->declared, &rows[first - 1], plan->declared, &rows[row]) == 0)
        first--;
    while (last + 1 < plan->row_count && rows[last + 1].kind == rows[row].kind &&
           catalog_compare(plan->declared, &rows[last + 1], plan->declared, &rows[row]) == 0)
        last++;
    for (uint32_t i = first; i <= last && used < 255; i++)
        quote(catalog_source_name(plan->declared, &rows[i]), sentence, &used,
              i == first  ? "the mapping gives one name to "
              : i == last ? " and "
                          : ", ");
}

static void explain_shared_name(const struct plan *plan, uint32_t row, char sentence[static 256])
{
    const struct resource *declared = &catalog_rows(plan->declared)[row];
    enum kind other = declared->kind == KIND_TOPIC ? KIND_GROUP : KIND_TOPIC;
    struct text name = catalog_name(plan->declared, declared);
    bool there = catalog_find(plan->observed, other, name) != CATALOG_ABSENT;

    snprintf(sentence, 256, "a %s of this name is %s, and this kind of instance keeps one name space for both",
             kind_word(other), there ? "there" : "declared too");
}

static void explain_unread(const struct plan *plan, uint32_t row, char sentence[static 256])
{
    const struct resource *observed = &catalog_rows(plan->observed)[plan->rows[row].observed];
    const struct problem *problem = catalog_problem(plan->observed, observed);

    copy_sentence(problem != NULL ? problem->text : "it is there, but its settings have not been read", sentence);
}

static void explain_taken(const struct plan *plan, uint32_t row, char sentence[static 256])
{
    const struct resource *observed = &catalog_rows(plan->observed)[plan->rows[row].observed];

    if (observed->status == STATUS_STATIC)
        copy_sentence("a static topic has this name at the destination: queues of it are spread over brokers",
                      sentence);
    else
        snprintf(sentence, 256, "a %s of RocketMQ's own has this name at the destination", kind_word(observed->kind));
}

void plan_explain(const struct plan *plan, uint32_t row, enum field *out_field, char sentence[static 256])
{
    const struct problem *problem = catalog_problem(plan->declared, &catalog_rows(plan->declared)[row]);
    int cause = plan->rows[row].cause;

    *out_field = FIELD_COUNT;
    sentence[0] = '\0';
    if (plan->rows[row].state == STATE_UNREAD) {
        explain_unread(plan, row, sentence);
    } else if (cause == CAUSE_RENAME_COLLIDES) {
        explain_collision(plan, row, sentence);
    } else if (cause == CAUSE_TOPIC_NAMED_LIKE_GROUP || cause == CAUSE_GROUP_NAMED_LIKE_TOPIC) {
        explain_shared_name(plan, row, sentence);
    } else if (cause == CAUSE_TOPIC_EXISTS || cause == CAUSE_GROUP_EXISTS) {
        explain_taken(plan, row, sentence);
    } else if (problem != NULL && problem->cause == cause) {
        *out_field = problem->field;
        copy_sentence(problem->text, sentence);
    } else if (cause != CAUSE_NONE) {
        plan_check_create(plan, row, out_field, sentence);
    }
}

/* ---- what a create carries ---- */

uint64_t plan_not_held(const struct plan *plan, uint32_t row)
{
    const struct resource *declared = &catalog_rows(plan->declared)[row];
    uint64_t fields = 0;
    struct place_pair place;

    for (uint32_t position = 0; plan_next_place(plan, row, &position, &place);) {
        const struct settings *settings = place.declared;
        fields |= settings->set & ~(settings->create_only & ~settings->estimated);
    }
    return fields & ~plan->capabilities.holds[declared->kind];
}

void plan_create_settings(const struct plan *plan, uint32_t row, struct draft *out)
{
    const struct resource *declared = &catalog_rows(plan->declared)[row];

    create_settings(&plan->capabilities, declared->kind, catalog_settings_of(plan->declared, declared), out);
}

bool plan_next_missing_master(const struct plan *plan, uint32_t row, uint16_t *position, const char **out_master)
{
    const struct resource *declared = &catalog_rows(plan->declared)[row];
    struct place_pair place;

    if (!declared->spread && plan->rows[row].observed == CATALOG_ABSENT) {
        if (*position >= catalog_master_count(plan->observed))
            return false;
        *out_master = catalog_master(plan->observed, (*position)++);
        return true;
    }
    for (uint32_t at = *position; plan_next_place(plan, row, &at, &place);) {
        *position = (uint16_t)at;
        if (place.observed != NULL || place.master == NULL)
            continue;
        *out_master = place.master;
        return true;
    }
    return false;
}
