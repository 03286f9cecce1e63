/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/plan/parts.h"

#include <string.h>

/* ---- places ---- */

bool plan_keeps_masters(const struct plan *plan)
{
    enum instance_kind kind = plan->capabilities.kind;
    return kind == INSTANCE_ROCKETMQ || kind == INSTANCE_ANY;
}

uint32_t plan_find_master(const struct catalog *catalog, const char *name)
{
    for (uint16_t i = 0; i < catalog_master_count(catalog); i++) {
        if (strcmp(catalog_master(catalog, i), name) == 0)
            return i;
    }
    return CATALOG_ABSENT;
}

/* What the observed resource holds on one master of the destination; NULL: nothing. */
static const struct settings *observed_on(const struct plan *plan, const struct resource *observed, uint32_t master)
{
    if (!observed->spread)
        return catalog_settings_of(plan->observed, observed);
    const struct spread *spread = catalog_spread(plan->observed, observed->settings);
    if (master >= spread->masters || spread->settings[master] == CATALOG_ABSENT)
        return NULL;
    return catalog_settings(plan->observed, spread->settings[master]);
}

/* Declared for all masters: one place, unless the destination's masters have it differently. */
static bool next_of_all(const struct plan *plan, const struct resource *declared, const struct resource *observed,
                        uint32_t *position, struct place_pair *out)
{
    bool spread = observed != NULL && observed->spread;
    uint32_t count = spread ? catalog_master_count(plan->observed) : 1;

    if (*position >= count)
        return false;
    uint32_t master = (*position)++;
    *out = (struct place_pair){.declared = catalog_settings_of(plan->declared, declared),
                               .observed = observed == NULL ? NULL : observed_on(plan, observed, master),
                               .master = spread ? catalog_master(plan->observed, (uint16_t)master) : NULL};
    return true;
}

static void pair_up(const struct plan *plan, const struct resource *observed, uint16_t master, struct place_pair *out)
{
    uint32_t there = plan->places[master];

    out->master = catalog_master(plan->declared, master);
    out->impossible = there == CATALOG_ABSENT && plan->capabilities.masters_fixed;
    /* A snapshot that names no masters for it says that it is everywhere. */
    if (observed != NULL && !out->impossible && (there != CATALOG_ABSENT || !observed->spread))
        out->observed = observed_on(plan, observed, there);
}

/* Declared per master: those on which it belongs. */
static bool next_of_spread(const struct plan *plan, const struct resource *declared, const struct resource *observed,
                           uint32_t *position, struct place_pair *out)
{
    const struct spread *spread = catalog_spread(plan->declared, declared->settings);
    const struct settings *first = catalog_settings_of(plan->declared, declared);
    bool began = *position > 0;

    while (*position < spread->masters) {
        uint16_t master = (uint16_t)(*position)++;
        if (spread->settings[master] == CATALOG_ABSENT)
            continue;
        *out = (struct place_pair){.declared = catalog_settings(plan->declared, spread->settings[master])};
        if (plan_keeps_masters(plan)) {
            pair_up(plan, observed, master, out);
            return true;
        }
        out->observed = observed == NULL ? NULL : catalog_settings_of(plan->observed, observed);
        if (!began || out->declared != first)
            return true;
    }
    return false;
}

bool plan_next_place(const struct plan *plan, uint32_t row, uint32_t *position, struct place_pair *out)
{
    const struct resource *declared = &catalog_rows(plan->declared)[row];
    uint32_t found = plan->rows[row].observed;
    const struct resource *observed = found == CATALOG_ABSENT ? NULL : &catalog_rows(plan->observed)[found];

    return declared->spread ? next_of_spread(plan, declared, observed, position, out)
                            : next_of_all(plan, declared, observed, position, out);
}
