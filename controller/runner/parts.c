/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/runner/parts.h"

#include <stdlib.h>

#include "api/base/sort.h"
#include "api/cause.h"

/* ---- lists */

void part_list_release(struct part_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        catalog_unref(list->parts[i]);
    free(list->parts);
    list->parts = NULL;
    list->count = 0;
}

int part_list_copy(const struct part_list *from, struct part_list *out)
{
    *out = (struct part_list){.round = from->round};
    if (from->count == 0)
        return 0;
    out->parts = malloc(from->count * sizeof(struct catalog *));
    if (!out->parts)
        return -1;
    for (uint32_t i = 0; i < from->count; i++)
        out->parts[i] = from->parts[i] ? catalog_ref(from->parts[i]) : NULL;
    out->count = from->count;
    return 0;
}

void got_free(struct got *got)
{
    if (!got)
        return;
    catalog_unref(got->declared);
    catalog_unref(got->catalog);
    free(got->rows);
    free(got);
}

/* ---- single reads: the newest word about each name */

struct single {
    const struct got *got;
    uint32_t row;  /* of got->declared: the name */
    uint32_t age;  /* 0: the newest */
    bool replaces; /* newer than the list */
    bool fills_in; /* older, and the list left the settings unread */
};

struct singles {
    struct single *items; /* sorted by name, each once */
    uint32_t count;
};

static int compare_singles(const void *left, const void *right)
{
    const struct single *a = left, *b = right;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return a->age < b->age ? -1 : 1;
}

static uint32_t count_rows(const struct got *gots, enum kind kind)
{
    uint32_t count = 0;
    for (const struct got *got = gots; got; got = got->next)
        if (got->kind == kind)
            count += got->row_count;
    return count;
}

static void keep_newest(struct singles *singles)
{
    uint32_t kept = 0;

    sort_in_place(singles->items, singles->count, sizeof *singles->items, compare_singles);
    for (uint32_t i = 0; i < singles->count; i++)
        if (kept == 0 || singles->items[kept - 1].row != singles->items[i].row)
            singles->items[kept++] = singles->items[i];
    singles->count = kept;
}

static int collect_singles(const struct parts_input *input, enum kind kind, struct singles *out)
{
    uint32_t age = 0, count = count_rows(input->gots, kind);

    *out = (struct singles){0};
    if (count == 0)
        return 0;
    out->items = malloc(count * sizeof *out->items);
    if (!out->items)
        return -1;
    for (const struct got *got = input->gots; got; got = got->next, age++)
        for (uint32_t i = 0; got->kind == kind && i < got->row_count; i++)
            out->items[out->count++] = (struct single){
                .got = got, .row = got->rows[i], .age = age, .replaces = got->round == input->lists[kind].round};
    keep_newest(out);
    return 0;
}

/* All single reads of a pass are of one declared catalog, whose rows are in the order of names. */
static struct single *find_single(const struct singles *singles, struct text name)
{
    uint32_t low = 0, high = singles->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct single *single = &singles->items[middle];
        const struct catalog *declared = single->got->declared;
        int order = text_compare(catalog_name(declared, &catalog_rows(declared)[single->row]), name);
        if (order == 0)
            return single;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- adding */

struct combining {
    const struct parts_input *input;
    struct catalog_builder *builder;
    enum kind kind;
    struct singles singles;
    const struct got *got; /* whose rows are being added */
    enum kind *out_kind;
};

static bool take_listed(void *context, const struct catalog *from, uint32_t row, struct entry *entry)
{
    struct combining *combining = context;

    if (entry->kind != combining->kind)
        return false;
    struct single *single = find_single(&combining->singles, entry->name);
    if (!single)
        return true;
    if (!single->replaces && entry->status == STATUS_UNREAD &&
        catalog_find(single->got->catalog, entry->kind, entry->name) != CATALOG_ABSENT)
        single->fills_in = true;
    (void)from, (void)row;
    return !single->replaces && !single->fills_in;
}

static bool take_single(void *context, const struct catalog *from, uint32_t row, struct entry *entry)
{
    struct combining *combining = context;
    struct single *single = find_single(&combining->singles, entry->name);

    (void)from, (void)row;
    return entry->kind == combining->kind && single && single->got == combining->got &&
           (single->replaces || single->fills_in);
}

static int add_kind(struct combining *combining, struct failure *why)
{
    const struct part_list *list = &combining->input->lists[combining->kind];

    if (collect_singles(combining->input, combining->kind, &combining->singles) != 0)
        return failure_no_memory(why, "what was read");
    for (uint32_t i = 0; i < list->count; i++)
        if (list->parts[i] && catalog_add_all(combining->builder, list->parts[i], take_listed, combining, why) != 0)
            return -1;
    for (const struct got *got = combining->input->gots; got; got = got->next) {
        combining->got = got;
        if (got->kind == combining->kind &&
            catalog_add_all(combining->builder, got->catalog, take_single, combining, why) != 0)
            return -1;
    }
    return 0;
}

/* ---- sealing */

static int refuse_pair(struct combining *combining, const struct duplicate_pair *pair, struct failure *why)
{
    *combining->out_kind = pair->first->kind;
    return failure_set(why, CAUSE_BAD_ANSWER, "the list names the %s '%.*s' twice", kind_word(pair->first->kind),
                       (int)pair->name.bytes, pair->name.data);
}

static uint32_t on_master(const struct spread *spread, uint16_t master)
{
    return master < spread->masters ? spread->settings[master] : CATALOG_ABSENT;
}

/* Two masters' words about one resource are one resource; two words of one master are a bad answer. */
static enum duplicate join_masters(void *context, struct duplicate_pair *pair, struct failure *why)
{
    struct combining *combining = context;
    uint32_t joined[CATALOG_MASTERS_MAX];

    if (!pair->first->spread || !pair->second->spread) {
        refuse_pair(combining, pair, why);
        return DUPLICATE_FAIL;
    }
    const struct spread *first = catalog_spread(pair->catalog, pair->first->settings);
    const struct spread *second = catalog_spread(pair->catalog, pair->second->settings);
    uint16_t masters = first->masters > second->masters ? first->masters : second->masters;
    for (uint16_t i = 0; i < masters; i++) {
        uint32_t left = on_master(first, i), right = on_master(second, i);
        if (left != CATALOG_ABSENT && right != CATALOG_ABSENT) {
            refuse_pair(combining, pair, why);
            return DUPLICATE_FAIL;
        }
        joined[i] = left != CATALOG_ABSENT ? left : right;
    }
    pair->spread = true;
    return catalog_intern_spread(combining->builder, joined, masters, &pair->settings, why) == 0 ? DUPLICATE_REPLACE
                                                                                                 : DUPLICATE_FAIL;
}

/* Both lists from one reading, nothing over it: nothing to copy. */
static struct catalog *one_catalog(const struct parts_input *input)
{
    const struct part_list *topics = &input->lists[KIND_TOPIC], *groups = &input->lists[KIND_GROUP];

    if (input->gots || topics->count != 1 || groups->count != 1 || topics->parts[0] != groups->parts[0])
        return NULL;
    return topics->parts[0];
}

int parts_combine(const struct parts_input *input, struct catalog **out, enum kind *out_kind, struct failure *why)
{
    struct combining combining = {.input = input, .out_kind = out_kind};
    struct catalog *one = one_catalog(input);
    int status = 0;

    if (one) {
        *out = catalog_ref(one);
        return 0;
    }
    combining.builder = catalog_builder_new();
    if (!combining.builder)
        return failure_no_memory(why, "what was read");
    for (int kind = 0; status == 0 && kind < KINDS; kind++) {
        combining.kind = (enum kind)kind;
        status = add_kind(&combining, why);
        free(combining.singles.items);
    }
    if (status == 0)
        status = catalog_seal(combining.builder, join_masters, &combining, out, why);
    catalog_builder_free(combining.builder);
    return status;
}
