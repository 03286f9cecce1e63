/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/static_topics.h"

#include <stdlib.h>

#include "api/base/file.h"
#include "api/base/json_keys.h"
#include "api/cause.h"

int static_topics_note(struct catalog_builder *names, struct text name, struct failure *why)
{
    struct draft nothing;
    const struct entry entry = {.kind = KIND_TOPIC, .name = name, .draft = &nothing, .problem_field = FIELD_COUNT};

    draft_clear(&nothing);
    return name.bytes <= NAME_BYTES_MAX ? catalog_add(names, &entry, why) : 0;
}

/* 0, or -1: the reader is broken (*why untouched), or memory. */
static int read_map(struct json_reader *json, const struct json_token *map, struct catalog_builder *names,
                    struct failure *why)
{
    struct json_token token;

    if (map->type != JSON_BEGIN_OBJECT)
        return json_skip(json, map);
    while (json_next(json, &token) != JSON_END_OBJECT)
        if (token.type == JSON_BROKEN || json_skip(json, &token) != 0 || static_topics_note(names, token.key, why) != 0)
            return -1;
    return 0;
}

static int read_root(struct json_reader *json, struct catalog_builder *names, struct failure *why)
{
    struct json_token token;

    if (json_next(json, &token) != JSON_BEGIN_OBJECT)
        return json_skip(json, &token);
    while (json_next(json, &token) != JSON_END_OBJECT) {
        bool map = token.key.data &&
                   (text_is(token.key, "topicQueueMappingInfoMap") || text_is(token.key, "topicQueueMappingDetailMap"));
        if (token.type == JSON_BROKEN || (map ? read_map(json, &token, names, why) : json_skip(json, &token)) != 0)
            return -1;
    }
    return json_next(json, &token) == JSON_END ? 0 : -1;
}

/* Columns of the text with quoted keys are not those of the file; its lines are. */
static void tell_place(struct text text, size_t offset, const char *path, const char *sentence,
                       struct complaints *mistakes)
{
    uint32_t line, column;

    text_position(text, offset, &line, &column);
    complain(mistakes, &(struct place){.path = path}, "line %u: %s", line, sentence);
}

/* Most brokers have the file with nothing in it. */
static void notice(struct complaints *notices, const char *path, uint32_t count)
{
    const struct place place = {.path = path};

    if (count == 0)
        complain(notices, &place, "skipped: it tells of no static topics");
    else
        complain(notices, &place, "it tells of %u static topic%s not moved", count,
                 count == 1 ? ", which is" : "s, which are");
}

static int read_quoted(struct text text, const char *path, struct catalog_builder *names, struct complaints *notices,
                       struct complaints *mistakes, struct failure *why)
{
    uint32_t before = catalog_builder_count(names);
    struct failure inner = FAILURE_INIT;
    struct json_reader *json = json_reader_new(text, why);
    struct json_keys keys = {.count = 0};
    size_t offset;

    if (!json)
        return -1;
    int result = read_root(json, names, &inner);
    int twice = result == 0 ? json_keys_check(&keys, text, &offset, &inner) : 0;
    if (inner.cause != 0) {
        *why = inner;
        result = -1;
    } else if (result != 0) {
        tell_place(text, json_reader_error_offset(json), path, json_reader_error(json), mistakes);
        result = 0;
    } else if (twice > 0) {
        tell_place(text, offset, path, "this member stands twice in one object", mistakes);
    } else {
        notice(notices, path, catalog_builder_count(names) - before);
    }
    json_keys_release(&keys);
    json_reader_free(json);
    return result;
}

int static_topics_read(struct text text, const char *path, struct catalog_builder *names, struct complaints *notices,
                       struct complaints *mistakes, struct failure *why)
{
    struct buffer quoted;
    int result = -1;

    buffer_init(&quoted, 2 * text.bytes + JSON_PADDING);
    if (json_quote_bare_keys(text, &quoted) != 0) {
        failure_no_memory(why, path);
    } else {
        char *padded = json_pad(buffer_text(&quoted));
        struct text strict = {padded, quoted.length};
        result = padded ? read_quoted(strict, path, names, notices, mistakes, why) : failure_no_memory(why, path);
        free(padded);
    }
    buffer_release(&quoted);
    return result;
}

/* --- marking --- */

static enum duplicate drop_duplicate(void *context, struct duplicate_pair *pair, struct failure *why)
{
    (void)context;
    (void)pair;
    (void)why;
    return DUPLICATE_DROP;
}

static bool is_static(const struct catalog *names, const struct catalog *catalog, const struct resource *row)
{
    return row->kind == KIND_TOPIC && !row->hand && row->status == STATUS_ORDINARY &&
           catalog_find(names, KIND_TOPIC, catalog_name(catalog, row)) != CATALOG_ABSENT;
}

static bool any_static(const struct catalog *names, const struct catalog *catalog)
{
    uint32_t first, count;

    catalog_range(catalog, KIND_TOPIC, &first, &count);
    for (uint32_t row = first; row < first + count; row++)
        if (is_static(names, catalog, &catalog_rows(catalog)[row]))
            return true;
    return false;
}

static bool mark(void *context, const struct catalog *from, uint32_t row, struct entry *entry)
{
    if (is_static(context, from, &catalog_rows(from)[row]))
        entry->status = STATUS_STATIC;
    return true;
}

static int mark_all(struct catalog **catalog, struct catalog *names, struct failure *why)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct catalog *marked;
    int result = -1;

    if (!builder)
        return failure_no_memory(why, "static topics");
    if (catalog_add_all(builder, *catalog, mark, names, why) == 0 &&
        catalog_seal(builder, NULL, NULL, &marked, why) == 0) {
        catalog_unref(*catalog);
        *catalog = marked;
        result = 0;
    }
    catalog_builder_free(builder);
    return result;
}

int static_topics_mark(struct catalog **catalog, struct catalog_builder *names, struct failure *why)
{
    struct catalog *sealed;
    int result = 0;

    if (catalog_builder_count(names) == 0)
        return 0;
    if (catalog_seal(names, drop_duplicate, NULL, &sealed, why) != 0)
        return -1;
    if (any_static(sealed, *catalog))
        result = mark_all(catalog, sealed, why);
    catalog_unref(sealed);
    return result;
}
