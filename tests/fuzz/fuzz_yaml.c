/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as YAML: as a manifest, and as a mapping. Whatever comes, each mistake is a sentence at a place of the
 * text, and what is taken can be used: names that a list of an instance can hold, settings that can be read.
 */
#include <string.h>

#include "api/base/strings.h"
#include "api/cause.h"
#include "api/system.h"
#include "manifests/declare.h"
#include "manifests/mapping_yaml.h"
#include "tests/fuzz/fuzz.h"

static uint32_t lines_of(struct text text)
{
    uint32_t lines = 1;

    /* YAML ends lines in more ways than one, none shorter than a byte. */
    for (size_t i = 0; i < text.bytes; i++)
        lines += (unsigned char)text.data[i] >= 0x80 || text.data[i] == '\n' || text.data[i] == '\r';
    return lines;
}

static void look_at_mistakes(const struct complaints *mistakes, struct text text)
{
    uint32_t lines = lines_of(text);

    demand(!mistakes->memory_failed);
    for (uint32_t i = 0; i < mistakes->count; i++)
        demand(mistakes->items[i].text[0] != '\0' && mistakes->items[i].line <= lines);
}

static void look_at_resource(const struct catalog *catalog, const struct resource *resource, uint32_t lines)
{
    struct text name = catalog_name(catalog, resource);
    struct draft draft;

    demand(resource->hand && resource->line >= 1 && resource->line <= lines && resource->column >= 1);
    demand(name.bytes > 0 && name.bytes <= NAME_BYTES_MAX && utf8_check(name) == name.bytes);
    demand(memchr(name.data, '\0', name.bytes) == NULL && !system_name(resource->kind, name));
    draft_from_settings(&draft, catalog_settings_of(catalog, resource));
    demand((draft.set & ~fields_of(resource->kind)) == 0 && draft.create_only == 0);
}

static enum duplicate on_duplicate(void *context, struct duplicate_pair *pair, struct failure *why)
{
    (void)why;
    return declare_twice(pair, context);
}

static void as_manifest(struct text text)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct complaints mistakes, notices;
    struct declare_request request = {.path = "f", .in_directory = true, .mistakes = &mistakes, .notices = &notices};
    struct failure why = FAILURE_INIT;
    struct catalog *catalog = NULL;
    uint64_t read[KINDS] = {0};

    complaints_init(&mistakes);
    complaints_init(&notices);
    if (declare_read(text, &request, builder, read, &why) == 0) {
        demand(read[KIND_TOPIC] + read[KIND_GROUP] == catalog_builder_count(builder));
        demand(catalog_seal(builder, on_duplicate, &mistakes, &catalog, &why) == 0);
        for (uint32_t row = 0; row < catalog_count(catalog); row++)
            look_at_resource(catalog, &catalog_rows(catalog)[row], lines_of(text));
        look_at_mistakes(&mistakes, text);
        look_at_mistakes(&notices, text);
    } else {
        demand(why.cause == CAUSE_INPUT_WRONG && why.text[0] != '\0');
    }
    catalog_unref(catalog);
    catalog_builder_free(builder);
    complaints_release(&mistakes);
    complaints_release(&notices);
}

static void as_mapping(struct text text)
{
    struct failure why = FAILURE_INIT;
    struct file_mark *marks = NULL;
    struct complaints mistakes;
    uint32_t mark_count = 0;
    struct mapping mapping;
    const struct memory_file file = memory_file_open(text.data, text.bytes);

    complaints_init(&mistakes);
    mapping_init(&mapping);
    int status = mapping_load(file.path, &mapping, &marks, &mark_count, &mistakes, &why);
    demand(status == 0 ? mistakes.count == 0 && mark_count >= 1 : mistakes.count > 0 || why.text[0] != '\0');
    file_marks_free(marks, mark_count);
    mapping_release(&mapping);
    complaints_release(&mistakes);
    memory_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct text text = {(const char *)data, bytes};

    as_manifest(text);
    as_mapping(text);
    return 0;
}
