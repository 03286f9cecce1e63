/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/status/rows.h"

#include <string.h>

#include "api/settings_json.h"
#include "controller/report/report.h"

/* What needs a person comes first. */
static const enum state by_weight[] = {STATE_CONFLICT, STATE_INVALID, STATE_DIFFERS,  STATE_MISSING,
                                       STATE_CREATING, STATE_UNREAD,  STATE_VANISHED, STATE_IN_SYNC,
                                       STATE_ACCEPTED, STATE_IGNORED, STATE_SYSTEM,   STATE_EXCLUDED};
enum { WEIGHTS = sizeof by_weight / sizeof by_weight[0] };

struct page {
    struct json_writer *json;
    const struct runner_record *record;
    const struct plan *plan;
    const struct row_query *query;
    uint64_t first, end; /* of all that match: these are written */
    uint64_t total;
};

/* --- names */

static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool rows_name_matches(struct text name, const char *search)
{
    size_t bytes = strlen(search);

    for (size_t start = 0; start + bytes <= name.bytes; start++) {
        size_t same = 0;
        while (same < bytes && folded(name.data[start + same]) == folded(search[same]))
            same++;
        if (same == bytes)
            return true;
    }
    return false;
}

/* --- one row */

static bool name_is_wanted(const struct page *page, const struct catalog *catalog, const struct resource *resource)
{
    if ((page->query->kinds >> resource->kind & 1) == 0)
        return false;
    return page->query->search[0] == '\0' || rows_name_matches(catalog_name(catalog, resource), page->query->search);
}

static bool row_is_wanted(const struct page *page, uint32_t row)
{
    const struct row_query *query = page->query;

    if ((query->states >> page->plan->rows[row].state & 1) == 0 ||
        !name_is_wanted(page, page->plan->declared, &catalog_rows(page->plan->declared)[row]))
        return false;
    return query->results == 0 || (query->results >> runner_record_row(page->record, row).result & 1) != 0;
}

static void write_settings(struct json_writer *json, const char *key, const struct catalog *catalog, uint32_t row)
{
    struct draft settings;

    draft_from_settings(&settings, catalog_settings_of(catalog, &catalog_rows(catalog)[row]));
    json_write_key(json, key);
    settings_json_object(json, &settings);
}

/* Both sides, besides what section 7 tells. Where masters differ, as the first one has it. */
static void write_sides(struct json_writer *json, const struct plan *plan, uint32_t row)
{
    write_settings(json, "declared", plan->declared, row);
    if (plan->rows[row].observed != CATALOG_ABSENT)
        write_settings(json, "observed", plan->observed, plan->rows[row].observed);
}

static void write_row(struct page *page, uint32_t row)
{
    struct row_outcome outcome;

    runner_record_outcome(page->record, row, &outcome);
    json_write_begin_object(page->json);
    report_row_members(page->json, page->plan, row, &outcome);
    write_sides(page->json, page->plan, row);
    json_write_end_object(page->json);
}

static void take_row(struct page *page, uint32_t row)
{
    if (!row_is_wanted(page, row))
        return;
    if (page->total >= page->first && page->total < page->end)
        write_row(page, row);
    page->total++;
}

/* --- all of them */

static void take_rows(struct page *page, bool down)
{
    uint32_t count = page->plan->row_count;

    for (uint32_t i = 0; i < count; i++)
        take_row(page, down ? count - 1 - i : i);
}

static void take_rows_by_state(struct page *page, bool down)
{
    struct row_query query = *page->query;
    const struct row_query *all = page->query;

    page->query = &query;
    for (int i = 0; i < WEIGHTS; i++) {
        query.states = all->states & 1U << by_weight[down ? WEIGHTS - 1 - i : i];
        if (query.states != 0)
            take_rows(page, false);
    }
    page->query = all;
}

/* What a live source declares no more. */
static void take_vanished(struct page *page)
{
    uint32_t position = 0, row;

    if ((page->query->states >> STATE_VANISHED & 1) == 0 || page->query->results != 0)
        return;
    while (plan_next_vanished(page->plan, &position, &row)) {
        if (!name_is_wanted(page, page->plan->vanished, &catalog_rows(page->plan->vanished)[row]))
            continue;
        if (page->total >= page->first && page->total < page->end)
            report_vanished_json(page->json, page->plan, row);
        page->total++;
    }
}

/* What only the destination has comes last. */
static void take_extras(struct page *page)
{
    uint32_t position = 0, extra;

    if ((page->query->states >> STATE_EXTRA & 1) == 0 || page->query->results != 0)
        return;
    while (plan_next_extra(page->plan, &position, &extra)) {
        if (!name_is_wanted(page, page->plan->observed, &catalog_rows(page->plan->observed)[extra]))
            continue;
        if (page->total >= page->first && page->total < page->end)
            report_extra_json(page->json, page->plan, extra);
        page->total++;
    }
}

void rows_write(struct json_writer *json, const struct runner_record *record, const struct row_query *query)
{
    struct page page = {.json = json,
                        .record = record,
                        .query = query,
                        .first = (uint64_t)(query->page - 1) * query->size,
                        .end = (uint64_t)query->page * query->size};

    json_write_key(json, "page");
    json_write_unsigned(json, query->page);
    json_write_key(json, "size");
    json_write_unsigned(json, query->size);
    json_write_key(json, "resources");
    json_write_begin_array(json);
    if (record != NULL) {
        page.plan = runner_record_result(record)->plan;
        if (query->order == ORDER_STATE || query->order == ORDER_STATE_DOWN)
            take_rows_by_state(&page, query->order == ORDER_STATE_DOWN);
        else
            take_rows(&page, query->order == ORDER_NAME_DOWN);
        take_vanished(&page);
        take_extras(&page);
    }
    json_write_end_array(json);
    json_write_key(json, "total");
    json_write_unsigned(json, page.total);
}
