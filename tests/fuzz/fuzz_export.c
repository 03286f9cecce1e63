/* SPDX-License-Identifier: Apache-2.0
 *
 * What people may declare, as an instance would hold it: exported as YAML it is read again without a mistake, and
 * declares the same.
 */
#include "api/snapshot_json.h"
#include "controller/export.h"
#include "manifests/declare.h"
#include "tests/fuzz/fuzz.h"

enum { WRITTEN_BYTES_MAX = 1 << 26 };

static enum duplicate on_duplicate(void *context, struct duplicate_pair *pair, struct failure *why)
{
    (void)why;
    return declare_twice(pair, context);
}

/* What the text declares; NULL: it holds mistakes, or nothing. */
static struct catalog *declared(struct text text)
{
    struct complaints mistakes = {0}, notices = {0};
    const struct declare_request request = {.path = "f", .notices = &notices, .mistakes = &mistakes};
    struct catalog_builder *builder = catalog_builder_new();
    struct failure why = FAILURE_INIT;
    struct catalog *catalog = NULL;
    uint64_t read[KINDS] = {0};

    demand(builder != NULL && declare_read(text, &request, builder, read, &why) == 0);
    demand(catalog_seal(builder, on_duplicate, &mistakes, &catalog, &why) == 0);
    if (mistakes.count > 0 || catalog_count(catalog) == 0) {
        catalog_unref(catalog);
        catalog = NULL;
    }
    catalog_builder_free(builder);
    complaints_release(&mistakes);
    complaints_release(&notices);
    return catalog;
}

static void demand_same(const struct catalog *one, const struct catalog *other)
{
    const struct snapshot_head head = {.stands_for = INSTANCE_ANY};
    struct buffer texts[2];

    for (int i = 0; i < 2; i++) {
        buffer_init(&texts[i], WRITTEN_BYTES_MAX);
        demand(snapshot_json_write(&texts[i], i == 0 ? one : other, &head) == 0);
    }
    demand(text_equal(buffer_text(&texts[0]), buffer_text(&texts[1])));
    buffer_release(&texts[0]);
    buffer_release(&texts[1]);
}

static void come_back(const struct catalog *catalog)
{
    const struct description description = {.capabilities.kind = INSTANCE_ANY};
    struct failure why = FAILURE_INIT;
    struct buffer yaml;

    buffer_init(&yaml, WRITTEN_BYTES_MAX);
    demand(export_write(&yaml, EXPORT_YAML, catalog, &description, &why) == 0);
    struct catalog *again = declared(buffer_text(&yaml));
    demand(again != NULL);
    demand_same(catalog, again);
    catalog_unref(again);
    buffer_release(&yaml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct catalog *catalog = declared((struct text){(const char *)data, bytes});

    if (catalog)
        come_back(catalog);
    catalog_unref(catalog);
    return 0;
}
