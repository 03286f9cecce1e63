/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as JSON that RocketMQ tools wrote. What is taken adds up: as many resources as were counted, each with a
 * name, a place inside the text and settings that are marked consistently; what is not taken says why.
 */
#include <stdlib.h>
#include <string.h>

#include "api/base/file.h"
#include "api/base/json.h"
#include "manifests/exported.h"
#include "tests/fuzz/fuzz.h"

static enum duplicate drop(void *context, struct duplicate_pair *pair, struct failure *why)
{
    (void)pair;
    (void)why;
    ++*(uint64_t *)context;
    return DUPLICATE_DROP;
}

static void look_at(const struct catalog *catalog, struct text text)
{
    uint32_t lines, columns;
    struct draft draft;

    text_position(text, text.bytes, &lines, &columns);
    for (uint32_t row = 0; row < catalog_count(catalog); row++) {
        const struct resource *resource = &catalog_rows(catalog)[row];
        demand(resource->line > 0 && resource->line <= lines && resource->column > 0);
        demand(resource->status == STATUS_ORDINARY || resource->status == STATUS_SYSTEM);
        demand(catalog_find(catalog, resource->kind, catalog_name(catalog, resource)) == row);
        demand((catalog_problem(catalog, resource) != NULL) == (resource->problem != 0));
        draft_from_settings(&draft, catalog_settings_of(catalog, resource));
        demand((draft.create_only & ~draft.set) == 0 && (draft.estimated & ~draft.create_only) == 0);
    }
}

static void read_with(struct text text, uint32_t masters)
{
    struct catalog_builder *builder = catalog_builder_new(), *statics = catalog_builder_new();
    struct complaints notices = {0}, mistakes = {0};
    struct failure why = FAILURE_INIT;
    struct exported_outcome outcome = {0};
    struct catalog *catalog = NULL;
    uint64_t dropped = 0;
    const struct exported_request request = {
        .text = text,
        .path = "f.json",
        .source_masters = masters,
        .static_topics = statics,
        .notices = &notices,
        .mistakes = &mistakes,
    };

    demand(builder && statics);
    int status = exported_read(&request, builder, &outcome, &why);
    demand(status == 0 || why.text[0] != '\0');
    demand(catalog_seal(builder, drop, &dropped, &catalog, &why) == 0);
    if (status == 0 && mistakes.count == 0)
        demand(outcome.read[KIND_TOPIC] + outcome.read[KIND_GROUP] == catalog_count(catalog) + dropped);
    look_at(catalog, text);
    catalog_unref(catalog);
    catalog_builder_free(builder);
    catalog_builder_free(statics);
    complaints_release(&notices);
    complaints_release(&mistakes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *padded = json_pad((struct text){(const char *)data, bytes});
    struct text text = {padded, bytes};

    demand(padded != NULL);
    exported_likely(text);
    read_with(text, 0);
    read_with(text, 2);
    free(padded);
    return 0;
}
