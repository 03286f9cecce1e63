/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists, gets and plans: what the destination (and a live source) shows, and catalogs made of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "tests/simulation/run.h"

/* ---- what a side shows ----------------------------------------------------------------------------------------- */

/* What the destination shows of a thing now; false: nothing. */
static bool look(struct run *run, uint32_t thing, uint32_t masters, struct seen *out)
{
    const struct world *world = run->world;
    bool any = false;
    *out = (struct seen){.thing = (int8_t)thing, .creating = run->store.serving_ms[thing] > run->clockwork.now_ms};
    for (uint32_t master = 0; master < MASTERS_MAX; master++) {
        bool asked = (masters & (1u << master)) != 0;
        out->values[master] = asked ? run->store.values[thing][master] : ABSENT;
        any |= out->values[master] != ABSENT;
    }
    out->unread = world->terse[world->things[thing].kind];
    return any && !world->things[thing].unlisted && run->store.seen_ms[thing] <= run->clockwork.now_ms;
}

static bool look_at_source(const struct run *run, uint32_t thing, struct seen *out)
{
    int8_t value = run->declared_now[thing];
    *out = (struct seen){.thing = (int8_t)thing, .values = {value, value, value}};
    return value != ABSENT;
}

/* All that a side shows of a kind, in order of names. */
static uint32_t look_at_all(struct run *run, uint8_t side, enum kind kind, uint32_t masters,
                            struct seen out[THINGS_MAX])
{
    uint32_t count = 0;
    for (uint32_t thing = 0; thing < run->world->count; thing++) {
        if (run->world->things[thing].kind != kind)
            continue;
        bool shown =
            side == SIDE_DESTINATION ? look(run, thing, masters, &out[count]) : look_at_source(run, thing, &out[count]);
        count += shown ? 1 : 0;
    }
    return count;
}

static void cut_page(struct run *run, struct happening *happening, const struct seen *all, uint32_t count)
{
    struct page *page = &happening->page;
    uint32_t size = run->world->page > 0 ? run->world->page : THINGS_MAX;
    uint32_t first = happening->part * size;
    page->total = count;
    page->parts = count == 0 ? 1 : (count + size - 1) / size;
    for (uint32_t i = first; i < first + size && i < count; i++)
        page->seen[page->count++] = all[i];
    if (page->count > 0 && world_strikes(run->world, FAULT_LISTED_SHORT))
        page->count--;
    if (page->parts > 1 && page->count > 0 && world_strikes(run->world, FAULT_LISTED_TWICE))
        page->seen[0] = all[world_dice(run->world, count)];
}

static void serve_list(struct run *run, struct happening *happening)
{
    struct seen all[THINGS_MAX];
    bool tables = happening->side == SIDE_DESTINATION && run->world->shape == SHAPE_CLUSTER;
    uint32_t masters = tables ? 1u << happening->part : UINT32_MAX;
    uint32_t count = look_at_all(run, happening->side, happening->kind, masters, all);
    if (!tables) {
        cut_page(run, happening, all, count);
        return;
    }
    happening->page.parts = run->world->masters;
    happening->page.total = UINT64_MAX;
    happening->page.count = count;
    memcpy(happening->page.seen, all, count * sizeof *all);
}

static void serve_get(struct run *run, struct happening *happening)
{
    for (uint32_t thing = 0; thing < run->world->count; thing++) {
        struct seen *seen = &happening->page.seen[happening->page.count];
        if ((happening->things & (1u << thing)) == 0 || !look(run, thing, UINT32_MAX, seen))
            continue;
        seen->unread = false;
        happening->page.count++;
    }
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static int read_fault(struct run *run, enum fault fails)
{
    if (world_strikes(run->world, FAULT_READ_THROTTLED))
        return CAUSE_THROTTLED;
    if (world_strikes(run->world, fails))
        return world_chance(run->world, 50) ? CAUSE_UNREACHABLE : CAUSE_SYSTEM_ERROR;
    if (fails == FAULT_LIST_FAILS && world_strikes(run->world, FAULT_LIST_BREAKS))
        return CAUSE_INSTANCE_PERMISSION_MISSING;
    return CAUSE_NONE;
}

void read_list(struct run *run, const struct effect *effect)
{
    uint64_t delay_ms = pace_take(&run->pace, run->clockwork.now_ms, 1) + run_latency_ms(run);
    struct happening *later = run_later(run, delay_ms, WHAT_SERVE_LIST, effect->op);
    if (later == NULL)
        return;
    later->side = (uint8_t)effect->side;
    later->kind = effect->resource_kind;
    later->part = effect->part;
    later->page.asked_ms = run->clockwork.now_ms;
    later->cause = read_fault(run, FAULT_LIST_FAILS);
}

void read_get(struct run *run, const struct effect *effect)
{
    struct happening *later = run_later(run, run_latency_ms(run), WHAT_SERVE_GET, effect->op);
    const struct catalog *declared = pass_plan(run->pass)->declared;
    if (later == NULL)
        return;
    later->page.asked_ms = run->clockwork.now_ms;
    later->cause = read_fault(run, FAULT_GET_FAILS);
    later->kind = effect->resource_kind;
    for (uint32_t i = 0; i < effect->row_count; i++) {
        struct text name = catalog_name(declared, &catalog_rows(declared)[effect->rows[i]]);
        later->things |= 1u << world_thing(name);
    }
}

void read_served(struct run *run, struct happening *happening)
{
    bool of_list = happening->what == WHAT_SERVE_LIST;
    if (of_list)
        serve_list(run, happening);
    else
        serve_get(run, happening);
    struct happening *later = run_later(run, run_latency_ms(run), of_list ? WHAT_LISTED : WHAT_GOT, happening->op);
    if (later == NULL)
        return;
    later->side = happening->side;
    later->kind = happening->kind;
    later->part = happening->part;
    later->things = happening->things;
    later->cause = happening->cause;
    later->page = happening->page;
}

void read_forget(struct run *run, const struct effect *effect)
{
    struct held_list *list = &run->lists[effect->side][effect->resource_kind];
    memset(list->here, 0, sizeof list->here);
    run_log(run,
            (struct log_entry){.kind = LOG_FORGET, .side = (uint8_t)effect->side, .of_kind = effect->resource_kind});
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static void keep_part(struct run *run, const struct happening *happening)
{
    struct held_list *list = &run->lists[happening->side][happening->kind];
    if (happening->part >= PARTS_MAX)
        return;
    list->parts[happening->part] = happening->page;
    list->here[happening->part] = true;
    list->fresh = true;
    kept_part(run, happening);
    run_log(run, (struct log_entry){.kind = LOG_PART,
                                    .side = happening->side,
                                    .of_kind = happening->kind,
                                    .part = happening->part,
                                    .parts = happening->page.parts,
                                    .count = happening->page.count,
                                    .total = happening->page.total});
}

static void show(struct log_entry *entry, const struct seen *seen)
{
    for (uint32_t master = 0; master < MASTERS_MAX; master++) {
        if (seen->values[master] != ABSENT)
            entry->shown[master] |= 1u << seen->thing;
    }
}

static void keep_details(struct run *run, const struct happening *happening)
{
    struct log_entry entry = {.kind = LOG_READ, .since_ms = happening->page.asked_ms, .covers = happening->things};
    for (uint32_t i = 0; i < happening->page.count; i++) {
        const struct seen *seen = &happening->page.seen[i];
        run->details[seen->thing] = (struct detail){.known = true, .asked_ms = happening->page.asked_ms, .seen = *seen};
        show(&entry, seen);
    }
    run_log(run, entry);
}

void read_answered(struct run *run, struct happening *happening)
{
    struct event event = {.op = happening->op,
                          .side = happening->side,
                          .resource_kind = happening->kind,
                          .part = happening->part,
                          .parts = happening->page.parts,
                          .total = happening->page.total,
                          .count = happening->page.count,
                          .failure = run_failure(run, happening->cause)};
    event.kind = happening->what == WHAT_LISTED ? EVENT_LISTED : EVENT_GOT;
    if (happening->cause != CAUSE_NONE)
        run_log(run, (struct log_entry){.kind = LOG_UNREADABLE, .side = happening->side, .cause = happening->cause});
    else if (happening->what == WHAT_LISTED)
        keep_part(run, happening);
    else
        keep_details(run, happening);
    if (happening->cause == CAUSE_THROTTLED)
        pace_throttled(&run->pace, run->clockwork.now_ms, happening->page.asked_ms, 0);
    run_post(run, &event);
}

int read_describe(const struct run *run, struct description *out)
{
    static const enum instance_kind kinds[SHAPES] = {INSTANCE_APSARAMQ, INSTANCE_ONS, INSTANCE_ROCKETMQ, INSTANCE_ANY};
    const struct world *world = run->world;
    struct capabilities *able = &out->capabilities;
    memset(out, 0, sizeof *out);
    able->kind = kinds[world->shape];
    able->rules = rules_of(able->kind);
    able->absent_is_default = world->shape != SHAPE_FILE;
    able->masters_fixed = world->shape == SHAPE_CLUSTER;
    able->settle_ms = world->settle_ms;
    able->batch_bytes = world->batch_bytes;
    for (int kind = 0; kind < KINDS; kind++) {
        able->holds[kind] = fields_held(able->kind, kind);
        able->listed[kind] = world->terse[kind] ? 0 : able->holds[kind];
        able->batch_max[kind] = world->batch_max;
        able->get_max[kind] = world->get_max[kind];
        out->quota_free[kind] = -1;
    }
    return identity_set(&out->identity, "instanceName", run->right_instance ? "right" : "wrong");
}

/* ---- catalogs -------------------------------------------------------------------------------------------------- */

/* Settings that stand for a value; the fields are such as each shape holds. */
static void settings_of(const struct world *world, uint32_t thing, int8_t value, struct draft *out)
{
    enum kind kind = world->things[thing].kind;
    int8_t topic = world->things[thing].dead_letter;
    static const char *const remarks[VALUES] = {"v0", "v1", "v2"};
    draft_clear(out);
    if (world->shape == SHAPE_CLUSTER) {
        draft_set_number(out, kind == KIND_TOPIC ? FIELD_TOPIC_READ_QUEUE_NUMS : FIELD_GROUP_RETRY_QUEUE_NUMS,
                         value + 2);
        return;
    }
    draft_set_text(out, kind == KIND_TOPIC ? FIELD_TOPIC_REMARK : FIELD_GROUP_REMARK, text_of(remarks[value]));
    if (kind == KIND_TOPIC)
        draft_set_text(out, FIELD_TOPIC_MESSAGE_TYPE, TEXT("NORMAL"));
    if (topic != NOBODY)
        draft_set_text(out, FIELD_GROUP_DEAD_LETTER_TARGET_TOPIC, world_name(world, (uint32_t)topic));
}

static bool is_uniform(const struct world *world, const struct seen *seen)
{
    for (uint32_t master = 1; master < world->masters; master++) {
        if (seen->values[master] != seen->values[0])
            return false;
    }
    return true;
}

static void add_spread(const struct run *run, struct catalog_builder *builder, const struct seen *seen,
                       struct entry *entry)
{
    struct failure why;
    uint32_t settings[MASTERS_MAX];
    for (uint32_t master = 0; master < run->world->masters; master++) {
        struct draft draft;
        settings[master] = CATALOG_ABSENT;
        if (seen->values[master] == ABSENT)
            continue;
        settings_of(run->world, (uint32_t)seen->thing, seen->values[master], &draft);
        catalog_intern(builder, &draft, &settings[master], &why);
    }
    catalog_intern_spread(builder, settings, (uint16_t)run->world->masters, &entry->settings, &why);
    entry->spread = true;
    catalog_add(builder, entry, &why);
}

static void add_thing(const struct run *run, struct catalog_builder *builder, const struct seen *seen)
{
    struct failure why;
    struct draft draft;
    struct entry entry = {.kind = run->world->things[seen->thing].kind,
                          .name = world_name(run->world, (uint32_t)seen->thing),
                          .problem_field = FIELD_COUNT};
    entry.status = seen->creating ? STATUS_CREATING : seen->unread ? STATUS_UNREAD : STATUS_ORDINARY;
    if (!is_uniform(run->world, seen)) {
        add_spread(run, builder, seen, &entry);
        return;
    }
    draft_clear(&draft);
    if (!seen->unread)
        settings_of(run->world, (uint32_t)seen->thing, seen->values[0], &draft);
    entry.draft = &draft;
    catalog_add(builder, &entry, &why);
}

static void add_declared(const struct run *run, struct catalog_builder *builder, uint32_t thing, int8_t value)
{
    const struct thing *what = &run->world->things[thing];
    struct failure why;
    struct draft draft;
    struct entry entry = {.kind = what->kind,
                          .name = world_name(run->world, thing),
                          .policy = what->observed_only ? POLICY_OBSERVE : POLICY_CREATE,
                          .draft = &draft,
                          .problem_field = FIELD_COUNT};
    settings_of(run->world, thing, value, &draft);
    catalog_add(builder, &entry, &why);
}

static struct catalog *seal(struct catalog_builder *builder)
{
    struct catalog *catalog = NULL;
    struct failure why;
    if (catalog_seal(builder, NULL, NULL, &catalog, &why) != 0)
        abort();
    catalog_builder_free(builder);
    return catalog;
}

/* ---- from parts to plans --------------------------------------------------------------------------------------- */

/* Joins the parts of a list: `out` by thing. false: a name stands in two parts of a list that is no table of masters.
 */
static bool join(const struct run *run, uint8_t side, enum kind kind, struct seen out[THINGS_MAX],
                 bool here[THINGS_MAX])
{
    const struct held_list *list = &run->lists[side][kind];
    bool tables = side == SIDE_DESTINATION && run->world->shape == SHAPE_CLUSTER;
    for (uint32_t part = 0; part < PARTS_MAX; part++) {
        for (uint32_t i = 0; list->here[part] && i < list->parts[part].count; i++) {
            const struct seen *seen = &list->parts[part].seen[i];
            if (here[seen->thing] && !tables)
                return false;
            if (!here[seen->thing])
                out[seen->thing] = *seen;
            for (uint32_t master = 0; tables && master < MASTERS_MAX; master++) {
                if (seen->values[master] != ABSENT)
                    out[seen->thing].values[master] = seen->values[master];
            }
            here[seen->thing] = true;
        }
    }
    return true;
}

static uint64_t asked_ms(const struct held_list *list)
{
    uint64_t first_ms = UINT64_MAX;
    for (uint32_t part = 0; part < PARTS_MAX; part++) {
        if (list->here[part] && list->parts[part].asked_ms < first_ms)
            first_ms = list->parts[part].asked_ms;
    }
    return first_ms;
}

/* The log learns of a list once it is used. */
static void log_read(struct run *run, enum kind kind, const struct seen *seen, const bool *here)
{
    struct held_list *list = &run->lists[SIDE_DESTINATION][kind];
    struct log_entry entry = {.kind = LOG_READ, .since_ms = asked_ms(list)};
    if (!list->fresh)
        return;
    list->fresh = false;
    for (uint32_t thing = 0; thing < run->world->count; thing++) {
        if (run->world->things[thing].kind != kind)
            continue;
        entry.covers |= 1u << thing;
        if (here[thing])
            show(&entry, &seen[thing]);
    }
    run_log(run, entry);
}

/* What get told completes what lists told; of both the later knows whether it is in service. */
static void lay_details_over(const struct run *run, uint32_t thing, uint64_t listed_ms, struct seen *seen, bool *here)
{
    const struct detail *detail = &run->details[thing];
    if (!detail->known)
        return;
    bool creating = *here && listed_ms > detail->asked_ms ? seen->creating : detail->seen.creating;
    *seen = detail->seen;
    seen->creating = creating;
    *here = true;
}

/* 0, or -1 when a name stands twice in the list of *out_kind. */
static int observe(struct run *run, struct catalog **out, enum kind *out_kind)
{
    struct seen seen[THINGS_MAX];
    bool here[THINGS_MAX] = {false};
    char master_name[] = "broker-a";
    uint16_t number;
    struct failure why;
    for (int kind = 0; kind < KINDS; kind++) {
        *out_kind = kind;
        if (!join(run, SIDE_DESTINATION, kind, seen, here))
            return -1;
        log_read(run, kind, seen, here);
    }
    struct catalog_builder *builder = catalog_builder_new();
    for (uint32_t master = 0; run->world->shape == SHAPE_CLUSTER && master < run->world->masters; master++) {
        master_name[7] = (char)('a' + master);
        catalog_builder_master(builder, text_of(master_name), &number, &why);
    }
    for (uint32_t thing = 0; thing < run->world->count; thing++) {
        enum kind kind = run->world->things[thing].kind;
        lay_details_over(run, thing, asked_ms(&run->lists[SIDE_DESTINATION][kind]), &seen[thing], &here[thing]);
        if (here[thing])
            add_thing(run, builder, &seen[thing]);
    }
    *out = seal(builder);
    return 0;
}

static int declare(struct run *run, enum kind *out_kind)
{
    struct seen seen[THINGS_MAX];
    bool here[THINGS_MAX] = {false};
    for (int kind = 0; kind < KINDS && run->world->live_source; kind++) {
        *out_kind = kind;
        if (!join(run, 1, kind, seen, here))
            return -1;
    }
    struct catalog_builder *builder = catalog_builder_new();
    for (uint32_t thing = 0; thing < run->world->count; thing++) {
        int8_t value = !run->world->live_source ? run->declared_now[thing]
                       : here[thing]            ? seen[thing].values[0]
                                                : ABSENT;
        if (value != ABSENT)
            add_declared(run, builder, thing, value);
    }
    run->declared = seal(builder);
    return 0;
}

void read_plan(struct run *run, const struct effect *effect)
{
    run_log(run, (struct log_entry){.kind = LOG_PLAN});
    run_later(run, 1 + world_dice(run->world, 20), WHAT_PLANNED, effect->op);
}

static void fail_plan(struct run *run, uint32_t op, int cause, uint16_t side, enum kind kind)
{
    struct event event = {.kind = EVENT_PLANNED, .op = op, .side = side, .resource_kind = kind};
    event.failure = run_failure(run, cause);
    run_post(run, &event);
}

/* 0, or -1 when a name stands twice in the source's list of *out_kind. */
static int take_declared(struct run *run, const struct origin *origin, enum kind *out_kind)
{
    if (run->declared == NULL)
        run->declared = kept_declared(run, origin);
    return run->declared != NULL ? 0 : declare(run, out_kind);
}

static void log_declared(struct run *run)
{
    struct log_entry entry = {.kind = LOG_DECLARED};
    memset(entry.values, ABSENT, sizeof entry.values);
    for (uint32_t row = 0; row < catalog_count(run->declared); row++)
        entry.values[world_thing(catalog_name(run->declared, &catalog_rows(run->declared)[row]))] = 0;
    run_log(run, entry);
}

void read_planned(struct run *run, struct happening *happening)
{
    struct event event = {.kind = EVENT_PLANNED, .op = happening->op, .declared_digest = "sha256:simulated"};
    struct origin origin = {.count = 0};
    struct description description;
    struct catalog *observed;
    enum kind kind;
    read_describe(run, &description);
    kept_origin(run, &description.capabilities, &origin);
    if (happening->cause != CAUSE_NONE)
        fail_plan(run, happening->op, happening->cause, UINT16_MAX, KIND_TOPIC);
    else if (observe(run, &observed, &kind) != 0)
        fail_plan(run, happening->op, CAUSE_BAD_ANSWER, SIDE_DESTINATION, kind);
    else if (take_declared(run, &origin, &kind) != 0) {
        catalog_unref(observed);
        fail_plan(run, happening->op, CAUSE_BAD_ANSWER, 1, kind);
    } else {
        event.plan = kept_plan(run, &origin, &description.capabilities, observed);
        catalog_unref(observed);
        log_declared(run);
        run_post(run, &event);
    }
    origin_release(&origin);
}

void read_release(struct run *run)
{
    catalog_unref(run->declared);
    run->declared = NULL;
    memset(run->lists, 0, sizeof run->lists);
    memset(run->details, 0, sizeof run->details);
}
