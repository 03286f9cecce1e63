/* SPDX-License-Identifier: Apache-2.0
 *
 * What a process keeps from pass to pass: parts that doors give again, the plan that stands as long as all parts are
 * the same, what the source has lost. As the runner does it.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/run.h"

/* ---- parts ----------------------------------------------------------------------------------------------------- */

static bool same_page(const struct page *a, const struct page *b)
{
    return a->count == b->count && a->parts == b->parts && a->total == b->total &&
           memcmp(a->seen, b->seen, a->count * sizeof *a->seen) == 0;
}

/* A catalog like no other: only which one it is counts. */
static struct catalog *new_token(void)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct catalog *catalog = NULL;
    struct failure why;
    if (catalog_seal(builder, NULL, NULL, &catalog, &why) != 0)
        abort();
    catalog_builder_free(builder);
    return catalog;
}

void kept_part(struct run *run, const struct happening *happening)
{
    struct kept_part *kept = &run->kept.parts[happening->side][happening->kind][happening->part];
    if (kept->catalog != NULL && same_page(&kept->page, &happening->page))
        return;
    catalog_unref(kept->catalog);
    kept->catalog = new_token();
    kept->page = happening->page;
}

/* ---- origins --------------------------------------------------------------------------------------------------- */

static void add_list(struct run *run, struct origin *origin, int side, int kind)
{
    struct catalog *parts[PARTS_MAX];
    uint32_t count = 0;
    for (uint32_t part = 0; part < PARTS_MAX; part++) {
        if (run->lists[side][kind].here[part])
            parts[count++] = run->kept.parts[side][kind][part].catalog;
    }
    if (origin_add_list(origin, side != SIDE_DESTINATION, parts, count) != 0)
        abort();
}

static bool knows_details(const struct run *run)
{
    for (uint32_t thing = 0; thing < THINGS_MAX; thing++) {
        if (run->details[thing].known)
            return true;
    }
    return false;
}

static void note_inputs(struct run *run)
{
    struct kept *kept = &run->kept;
    if (memcmp(kept->inputs, run->declared_now, sizeof kept->inputs) == 0)
        return;
    memcpy(kept->inputs, run->declared_now, sizeof kept->inputs);
    kept->inputs_version++;
}

void kept_origin(struct run *run, const struct capabilities *capabilities, struct origin *out)
{
    if (!run->world->live_source)
        note_inputs(run);
    if (!run->world->keeps_parts || knows_details(run))
        return;
    for (int side = SIDES - 1; side >= 0; side--) {
        for (int kind = 0; kind < KINDS && (side == SIDE_DESTINATION || run->world->live_source); kind++)
            add_list(run, out, side, kind);
    }
    out->inputs = (const void *)run->kept.inputs_version;
    out->capabilities = *capabilities;
}

struct catalog *kept_declared(const struct run *run, const struct origin *origin)
{
    bool same = run->kept.plan != NULL && origin_same_declared(origin, &run->kept.origin);
    return same ? catalog_ref(run->kept.declared) : NULL;
}

/* ---- plans ----------------------------------------------------------------------------------------------------- */

static void note_vanished(struct run *run, const struct catalog *observed)
{
    struct kept *kept = &run->kept;
    struct catalog *until_now = kept->vanished;
    const struct vanished_input input = {
        .vanished = until_now, .before = kept->declared, .declared = run->declared, .observed = observed};
    struct failure why;
    if (!run->world->live_source)
        return;
    if (plan_vanished(&input, &kept->vanished, &why) != 0)
        abort();
    catalog_unref(until_now);
}

static void forget_plan(struct kept *kept)
{
    plan_free(kept->plan);
    kept->plan = NULL;
    origin_release(&kept->origin);
}

static struct plan *new_plan(struct run *run, const struct capabilities *capabilities, struct catalog *observed)
{
    struct plan_input input = {.declared = run->declared,
                               .observed = observed,
                               .vanished = run->kept.vanished,
                               .capabilities = capabilities,
                               .mapping = run->mapping};
    struct plan *plan;
    struct failure why;
    if (plan_build(&input, &plan, &why) != 0)
        abort();
    return plan;
}

struct plan *kept_plan(struct run *run, struct origin *origin, const struct capabilities *capabilities,
                       struct catalog *observed)
{
    struct kept *kept = &run->kept;
    if (kept->plan != NULL && run->declared == kept->declared && origin_same(origin, &kept->origin))
        return plan_ref(kept->plan);
    forget_plan(kept);
    note_vanished(run, observed);
    struct plan *plan = new_plan(run, capabilities, observed);
    if (kept->declared != run->declared) {
        catalog_unref(kept->declared);
        kept->declared = catalog_ref(run->declared);
    }
    if (origin->count > 0) {
        kept->plan = plan_ref(plan);
        kept->origin = *origin;
        memset(origin, 0, sizeof *origin);
    }
    return plan;
}

void kept_release(struct run *run)
{
    struct kept *kept = &run->kept;
    struct kept_part *parts = &kept->parts[0][0][0];
    for (uint32_t i = 0; i < sizeof kept->parts / sizeof *parts; i++)
        catalog_unref(parts[i].catalog);
    forget_plan(kept);
    catalog_unref(kept->declared);
    catalog_unref(kept->vanished);
    memset(kept, 0, sizeof *kept);
}
