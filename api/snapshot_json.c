/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole Snapshot document at once.
 */
#include "api/snapshot_json.h"

#include <string.h>

#include "api/base/line_counter.h"
#include "api/cause.h"

struct load {
    struct snapshot_reader reader;
    struct line_counter lines;
    const char *path;
    uint16_t file;
};

/* Puts the place in front of a mistake; what is no mistake of the text stays as it is. */
static int at_place(struct load *load, size_t offset, struct failure *why)
{
    uint32_t line, column;

    if (why->cause != CAUSE_INPUT_WRONG)
        return -1;
    line_counter_find(&load->lines, offset, &line, &column);
    return failure_wrap(why, "%s:%u:%u", load->path, line, column);
}

static int add_item(void *context, struct entry *entry, size_t name_offset, struct failure *why)
{
    struct load *load = context;

    entry->file = load->file;
    line_counter_find(&load->lines, name_offset, &entry->line, &entry->column);
    return catalog_add(load->reader.builder, entry, why);
}

static int read_root(struct load *load, struct failure *why)
{
    struct snapshot_reader *reader = &load->reader;
    struct json_token token;

    if (json_next(reader->json, &token) != JSON_BEGIN_OBJECT && token.type != JSON_BROKEN)
        return failure_set(why, CAUSE_INPUT_WRONG, "a Snapshot is an object");
    while (token.type != JSON_BROKEN && json_next(reader->json, &token) != JSON_END_OBJECT)
        if (token.type != JSON_BROKEN && snapshot_reader_member(reader, &token, why) != 0)
            return -1;
    if (token.type == JSON_BROKEN || json_next(reader->json, &token) != JSON_END) {
        reader->offset = json_reader_error_offset(reader->json);
        return failure_set(why, CAUSE_INPUT_WRONG, "%s", json_reader_error(reader->json));
    }
    return snapshot_reader_finish(reader, why);
}

static enum duplicate refuse_duplicate(void *context, struct duplicate_pair *pair, struct failure *why)
{
    const struct load *load = context;

    failure_set(why, CAUSE_INPUT_WRONG, "%s:%u:%u: the %s \"%.*s\" stands twice, first in line %u", load->path,
                pair->second->line, pair->second->column, kind_word((enum kind)pair->second->kind),
                (int)pair->name.bytes, pair->name.data, pair->first->line);
    return DUPLICATE_FAIL;
}

static int read_and_seal(struct load *load, struct catalog **out, struct failure *why)
{
    if (catalog_builder_file(load->reader.builder, text_of(load->path), &load->file, why) != 0)
        return -1;
    if (read_root(load, why) != 0)
        return at_place(load, load->reader.offset, why);
    return catalog_seal(load->reader.builder, refuse_duplicate, load, out, why);
}

int snapshot_json_read(struct text text, const char *path, struct catalog **out, struct snapshot_head *out_head,
                       struct failure *why)
{
    struct load load = {.path = path};
    int result = -1;

    snapshot_reader_init(&load.reader);
    line_counter_init(&load.lines, text);
    load.reader.item = add_item;
    load.reader.context = &load;
    load.reader.builder = catalog_builder_new();
    load.reader.json = json_reader_new(text, why);
    if (!load.reader.builder)
        failure_no_memory(why, "reading a snapshot");
    else if (load.reader.json)
        result = read_and_seal(&load, out, why);
    if (result == 0)
        *out_head = load.reader.head;
    json_reader_free(load.reader.json);
    catalog_builder_free(load.reader.builder);
    snapshot_reader_release(&load.reader);
    return result;
}
