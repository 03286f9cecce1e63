/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of a Snapshot document, from tokens to entries.
 */
#include "api/snapshot_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/base/strings.h"
#include "api/cause.h"
#include "api/config_json.h"

enum {
    SEEN_API_VERSION = 1,
    SEEN_KIND = 2,
    SEEN_STANDS_FOR = 4,
    SEEN_IDENTITY = 8,
    SEEN_TOPICS = 16,
    SEEN_GROUPS = 32
};
enum { SEEN_ALWAYS = SEEN_API_VERSION | SEEN_KIND | SEEN_STANDS_FOR };

/* Texts of a draft that are put together here: one buffer a type, for no kind has two fields of one of these types. A
 * broker's own settings (level 1) stand next to the item's (level 0). */
enum level { LEVEL_ITEM = 0, LEVEL_BROKER };
enum { TEXT_MAP_SLOT = 0, TEXT_NUMBERS_SLOT, TEXT_JSON_SLOT };

enum { MAP_PAIRS_MAX = 1024, TEXT_BYTES_MAX = 1024 * 1024 };

/* One item while it is read. */
struct item {
    enum kind kind;
    struct text name;
    size_t name_offset;
    struct draft draft;
    uint32_t spread; /* with placed */
    bool named, placed;
};

/* Settings on one level of one item. */
struct target {
    enum kind kind;
    enum level level;
    struct draft *draft;
    uint64_t opened;  /* by their first field: nested objects that were there */
    enum field guess; /* what comes next if the members are in the order of the table */
};

void snapshot_reader_init(struct snapshot_reader *reader)
{
    memset(reader, 0, sizeof *reader);
    for (int level = 0; level < SNAPSHOT_LEVELS; level++)
        for (int slot = 0; slot < SNAPSHOT_TEXTS; slot++)
            buffer_init(&reader->texts[level][slot], TEXT_BYTES_MAX);
}

void snapshot_reader_release(struct snapshot_reader *reader)
{
    for (int level = 0; level < SNAPSHOT_LEVELS; level++)
        for (int slot = 0; slot < SNAPSHOT_TEXTS; slot++)
            buffer_release(&reader->texts[level][slot]);
}

/* --- refusing --- */

static int refuse(struct snapshot_reader *reader, size_t offset, struct failure *why, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int refuse(struct snapshot_reader *reader, size_t offset, struct failure *why, const char *format, ...)
{
    char text[FAILURE_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    reader->offset = offset;
    return failure_set(why, CAUSE_INPUT_WRONG, "%s", text);
}

static int broken(struct snapshot_reader *reader, struct failure *why)
{
    return refuse(reader, json_reader_error_offset(reader->json), why, "%s", json_reader_error(reader->json));
}

/* Refuses a token that is not of the wanted type; a broken text is told as such. */
static int expect(struct snapshot_reader *reader, const struct json_token *token, enum json_type type,
                  const char *wanted, struct failure *why)
{
    if (token->type == type)
        return 0;
    if (token->type == JSON_BROKEN)
        return broken(reader, why);
    if (!token->key.data)
        return refuse(reader, token->offset, why, "this must be %s", wanted);
    return refuse(reader, token->offset, why, "%.*s must be %s", (int)token->key.bytes, token->key.data, wanted);
}

static int refuse_twice(struct snapshot_reader *reader, const struct json_token *token, struct failure *why)
{
    return refuse(reader, token->offset, why, "%.*s stands twice in one object", (int)token->key.bytes,
                  token->key.data);
}

/* --- values --- */

static struct buffer *text_room(struct snapshot_reader *reader, const struct target *target, int slot)
{
    struct buffer *room = &reader->texts[target->level][slot];
    buffer_reset(room);
    return room;
}

static int too_long(struct snapshot_reader *reader, const struct json_token *member, struct failure *why)
{
    return refuse(reader, member->offset, why, "%.*s is too long, %d bytes are read at most", (int)member->key.bytes,
                  member->key.data, TEXT_BYTES_MAX);
}

static int read_map(struct snapshot_reader *reader, struct target *target, enum field field,
                    const struct json_token *member, struct failure *why)
{
    struct map_pair pairs[MAP_PAIRS_MAX];
    struct buffer *room = text_room(reader, target, TEXT_MAP_SLOT);
    struct json_token token;
    struct text repeated;
    size_t count = 0;

    while (json_next(reader->json, &token) != JSON_END_OBJECT) {
        if (expect(reader, &token, JSON_STRING, "text", why) != 0)
            return -1;
        if (text_is(token.key, "message.type"))
            return refuse(reader, token.offset, why, "message.type is the setting messageType, not an attribute");
        if (count == MAP_PAIRS_MAX)
            return refuse(reader, token.offset, why, "more than %d attributes", MAP_PAIRS_MAX);
        pairs[count++] = (struct map_pair){token.key, token.text};
    }
    if (count == 0) /* says nothing, as in all other files */
        return 0;
    if (map_finish(pairs, count, room, &repeated) == 0) {
        draft_set_text(target->draft, field, buffer_text(room));
        return 0;
    }
    if (repeated.bytes == 0)
        return too_long(reader, member, why);
    return refuse(reader, member->offset, why, "the attribute %.*s stands twice", (int)repeated.bytes, repeated.data);
}

static int read_numbers(struct snapshot_reader *reader, struct target *target, enum field field,
                        const struct json_token *member, struct failure *why)
{
    struct buffer *room = text_room(reader, target, TEXT_NUMBERS_SLOT);
    struct json_token token;

    while (json_next(reader->json, &token) != JSON_END_ARRAY) {
        if (expect(reader, &token, JSON_INTEGER, "an integer", why) != 0)
            return -1;
        if (room->length > 0)
            buffer_append_char(room, ',');
        buffer_append_text(room, token.text);
    }
    if (room->failed)
        return too_long(reader, member, why);
    draft_set_text(target->draft, field, buffer_text(room));
    return 0;
}

/* The one field of this type. */
static int read_subscriptions(struct snapshot_reader *reader, struct target *target, enum field field,
                              const struct json_token *member, struct failure *why)
{
    struct buffer *room = text_room(reader, target, TEXT_JSON_SLOT);

    if (config_json_read_subscriptions(reader->json, member, room, &reader->offset, why) != 0)
        return -1;
    draft_set_text(target->draft, field, buffer_text(room));
    return 0;
}

static int read_value(struct snapshot_reader *reader, struct target *target, enum field field,
                      const struct json_token *member, struct failure *why)
{
    switch (field_info(field)->type) {
    case TYPE_BOOL:
        if (member->type != JSON_FALSE && expect(reader, member, JSON_TRUE, "true or false", why) != 0)
            return -1;
        draft_set_number(target->draft, field, member->type == JSON_TRUE);
        return 0;
    case TYPE_INTEGER:
        if (expect(reader, member, JSON_INTEGER, "an integer", why) != 0)
            return -1;
        draft_set_number(target->draft, field, member->integer);
        return 0;
    case TYPE_CHOICE:
    case TYPE_TEXT:
        if (expect(reader, member, JSON_STRING, "text", why) != 0)
            return -1;
        draft_set_text(target->draft, field, member->text);
        return 0;
    case TYPE_MAP:
        return expect(reader, member, JSON_BEGIN_OBJECT, "an object", why) != 0
                   ? -1
                   : read_map(reader, target, field, member, why);
    case TYPE_NUMBERS:
        return expect(reader, member, JSON_BEGIN_ARRAY, "a list of integers", why) != 0
                   ? -1
                   : read_numbers(reader, target, field, member, why);
    case TYPE_JSON:
        break;
    }
    return expect(reader, member, JSON_BEGIN_ARRAY, "a list of subscriptions", why) != 0
               ? -1
               : read_subscriptions(reader, target, field, member, why);
}

/* --- settings --- */

/* Does the field's name go on with `key` behind the first `above` bytes of `path`? Its whole name, or a nested object.
 */
static bool leads(enum field field, enum kind kind, const char *path, size_t above, struct text key, bool *out_nested)
{
    const struct field_info *info = field_info(field);

    if (info->kind != kind || (above > 0 && strncmp(info->name, path, above) != 0))
        return false;
    const char *rest = info->name + above;
    if (*rest != *key.data || strncmp(rest, key.data, key.bytes) != 0)
        return false;
    *out_nested = rest[key.bytes] == '.';
    return *out_nested || rest[key.bytes] == '\0';
}

/* The field, or the first one of a nested object; FIELD_COUNT: none. */
static enum field find_field(const struct target *target, const char *path, size_t above, struct text key,
                             bool *out_nested)
{
    enum field field = target->guess;

    if (key.bytes == 0 || memchr(key.data, '.', key.bytes))
        return FIELD_COUNT;
    while (field < FIELD_COUNT && !(leads(field, target->kind, path, above, key, out_nested) && !*out_nested))
        field++;
    if (field < FIELD_COUNT)
        return field;
    for (field = 0; field < FIELD_COUNT; field++)
        if (leads(field, target->kind, path, above, key, out_nested))
            break;
    return field;
}

static int read_nested(struct snapshot_reader *reader, struct target *target, const char *path, size_t above,
                       struct failure *why);

/* One setting, or a nested object of settings, below the first `above` bytes of `path`. */
static int read_setting(struct snapshot_reader *reader, struct target *target, const char *path, size_t above,
                        const struct json_token *member, struct failure *why)
{
    bool nested = false;
    enum field field = find_field(target, path, above, member->key, &nested);

    if (field == FIELD_COUNT)
        return refuse(reader, member->offset, why, "\"%.*s%.*s\" is no setting of a %s", (int)above, path,
                      (int)member->key.bytes, member->key.data, kind_word(target->kind));
    uint64_t *there = nested ? &target->opened : &target->draft->set;
    if (*there & FIELD_BIT(field))
        return refuse_twice(reader, member, why);
    if (!nested) {
        target->guess = field + 1;
        return read_value(reader, target, field, member, why);
    }
    *there |= FIELD_BIT(field);
    target->guess = field;
    if (expect(reader, member, JSON_BEGIN_OBJECT, "an object", why) != 0)
        return -1;
    return read_nested(reader, target, field_info(field)->name, above + member->key.bytes + 1, why);
}

static int read_nested(struct snapshot_reader *reader, struct target *target, const char *path, size_t above,
                       struct failure *why)
{
    struct json_token token;

    while (json_next(reader->json, &token) != JSON_END_OBJECT) {
        if (token.type == JSON_BROKEN)
            return broken(reader, why);
        if (read_setting(reader, target, path, above, &token, why) != 0)
            return -1;
    }
    return 0;
}

/* --- brokers --- */

/* The item's settings with the broker's own on top, as a number of the catalog. */
static int read_broker(struct snapshot_reader *reader, const struct item *item, struct text broker, uint32_t *out,
                       struct failure *why)
{
    struct draft own, whole = item->draft;
    struct target target = {item->kind, LEVEL_BROKER, &own, 0, 0};

    draft_clear(&own);
    if (read_nested(reader, &target, "", 0, why) != 0)
        return -1;
    for (uint64_t rest = own.set; rest != 0; rest &= rest - 1)
        whole.values[field_first(rest)] = own.values[field_first(rest)];
    whole.set |= own.set;
    if (reader->broker)
        reader->broker(reader->context, broker, &whole);
    return catalog_intern(reader->builder, &whole, out, why);
}

static int read_brokers(struct snapshot_reader *reader, struct item *item, const struct json_token *member,
                        struct failure *why)
{
    uint32_t settings[CATALOG_MASTERS_MAX];
    struct json_token token;
    uint16_t count = 0, master;

    while (json_next(reader->json, &token) != JSON_END_OBJECT) {
        if (expect(reader, &token, JSON_BEGIN_OBJECT, "an object", why) != 0)
            return -1;
        if (token.key.bytes == 0)
            return refuse(reader, token.offset, why, "a broker has a name");
        reader->offset = token.offset;
        if (catalog_builder_master(reader->builder, token.key, &master, why) != 0)
            return -1;
        while (count <= master)
            settings[count++] = CATALOG_ABSENT;
        if (settings[master] != CATALOG_ABSENT)
            return refuse_twice(reader, &token, why);
        if (read_broker(reader, item, token.key, &settings[master], why) != 0)
            return -1;
    }
    if (count == 0)
        return refuse(reader, member->offset, why, "brokers names at least one broker");
    item->placed = true;
    return catalog_intern_spread(reader->builder, settings, count, &item->spread, why);
}

/* --- items --- */

static int read_name(struct snapshot_reader *reader, struct item *item, const struct json_token *member,
                     struct failure *why)
{
    if (item->named)
        return refuse_twice(reader, member, why);
    if (expect(reader, member, JSON_STRING, "text", why) != 0)
        return -1;
    if (member->text.bytes > NAME_BYTES_MAX)
        return refuse(reader, member->offset, why, "the name has %zu bytes, %d are read at most", member->text.bytes,
                      NAME_BYTES_MAX);
    item->named = true;
    item->name = member->text;
    item->name_offset = member->offset;
    return 0;
}

static int read_extra(struct snapshot_reader *reader, struct target *target, const struct json_token *member,
                      struct failure *why)
{
    reader->offset = member->offset;
    int taken = reader->extra ? reader->extra(reader->context, target->kind, member, why) : 0;
    return taken != 0 ? (taken < 0 ? -1 : 0) : read_setting(reader, target, "", 0, member, why);
}

static int read_item_member(struct snapshot_reader *reader, struct item *item, struct target *target,
                            const struct json_token *member, struct failure *why)
{
    if (member->type == JSON_BROKEN)
        return broken(reader, why);
    if (text_is(member->key, "name"))
        return read_name(reader, item, member, why);
    if (item->placed)
        return refuse(reader, member->offset, why, "brokers is the last member of an item, %.*s stands behind it",
                      (int)member->key.bytes, member->key.data);
    if (!text_is(member->key, "brokers"))
        return read_extra(reader, target, member, why);
    if (expect(reader, member, JSON_BEGIN_OBJECT, "an object", why) != 0)
        return -1;
    return read_brokers(reader, item, member, why);
}

static int read_item(struct snapshot_reader *reader, struct item *item, const struct json_token *begin,
                     struct failure *why)
{
    struct target target = {item->kind, LEVEL_ITEM, &item->draft, 0, 0};
    struct json_token token;

    draft_clear(&item->draft);
    item->named = item->placed = false;
    while (json_next(reader->json, &token) != JSON_END_OBJECT)
        if (read_item_member(reader, item, &target, &token, why) != 0)
            return -1;
    if (!item->named)
        return refuse(reader, begin->offset, why, "this %s has no name", kind_word(item->kind));
    struct entry entry = {.kind = item->kind, .name = item->name, .problem_field = FIELD_COUNT};
    if (item->placed) {
        entry.settings = item->spread;
        entry.spread = true;
    } else {
        entry.draft = &item->draft;
    }
    reader->offset = item->name_offset;
    return reader->item(reader->context, &entry, item->name_offset, why);
}

static int read_items(struct snapshot_reader *reader, enum kind kind, const struct json_token *list,
                      struct failure *why)
{
    struct item item = {.kind = kind};
    struct json_token token;

    if (expect(reader, list, JSON_BEGIN_ARRAY, "a list", why) != 0)
        return -1;
    while (json_next(reader->json, &token) != JSON_END_ARRAY) {
        if (expect(reader, &token, JSON_BEGIN_OBJECT, "an object", why) != 0 ||
            read_item(reader, &item, &token, why) != 0)
            return -1;
    }
    return 0;
}

/* --- members of the root --- */

static int read_constant(struct snapshot_reader *reader, const struct json_token *member, const char *wanted,
                         struct failure *why)
{
    if (expect(reader, member, JSON_STRING, "text", why) != 0)
        return -1;
    if (text_is(member->text, wanted))
        return 0;
    return refuse(reader, member->offset, why, "%.*s \"%.*s\" is not known, this program reads %s",
                  (int)member->key.bytes, member->key.data, (int)member->text.bytes, member->text.data, wanted);
}

static int read_api_version(struct snapshot_reader *reader, const struct json_token *member, struct failure *why)
{
    return read_constant(reader, member, SNAPSHOT_API_VERSION, why);
}

static int read_kind(struct snapshot_reader *reader, const struct json_token *member, struct failure *why)
{
    return read_constant(reader, member, SNAPSHOT_KIND, why);
}

static int read_stands_for(struct snapshot_reader *reader, const struct json_token *member, struct failure *why)
{
    if (expect(reader, member, JSON_STRING, "text", why) != 0)
        return -1;
    reader->head.stands_for = instance_kind_by_name(member->text);
    if (reader->head.stands_for != INSTANCE_KINDS)
        return 0;
    return refuse(reader, member->offset, why, "standsFor \"%.*s\" is not any, apsaramq, ons or rocketmq",
                  (int)member->text.bytes, member->text.data);
}

static int read_fact(struct snapshot_reader *reader, const struct json_token *member, struct failure *why)
{
    char key[sizeof reader->head.identity.facts[0].key], value[sizeof reader->head.identity.facts[0].value];

    if (expect(reader, member, JSON_STRING, "text", why) != 0)
        return -1;
    if (member->key.bytes >= sizeof key || member->text.bytes >= sizeof value)
        return refuse(reader, member->offset, why, "this part of the identity is too long");
    memcpy(key, member->key.data, member->key.bytes);
    key[member->key.bytes] = '\0';
    memcpy(value, member->text.data, member->text.bytes);
    value[member->text.bytes] = '\0';
    if (identity_value(&reader->head.identity, key))
        return refuse_twice(reader, member, why);
    if (identity_set(&reader->head.identity, key, value) != 0)
        return refuse(reader, member->offset, why, "an identity has at most %d parts", IDENTITY_MAX);
    return 0;
}

static int read_identity(struct snapshot_reader *reader, const struct json_token *member, struct failure *why)
{
    struct json_token token;

    if (expect(reader, member, JSON_BEGIN_OBJECT, "an object", why) != 0)
        return -1;
    while (json_next(reader->json, &token) != JSON_END_OBJECT)
        if (read_fact(reader, &token, why) != 0)
            return -1;
    return 0;
}

static int read_topics(struct snapshot_reader *reader, const struct json_token *member, struct failure *why)
{
    return read_items(reader, KIND_TOPIC, member, why);
}

static int read_groups(struct snapshot_reader *reader, const struct json_token *member, struct failure *why)
{
    return read_items(reader, KIND_GROUP, member, why);
}

static const struct root_member {
    const char *key;
    unsigned seen;
    int (*read)(struct snapshot_reader *, const struct json_token *, struct failure *);
} root_members[] = {
    {"apiVersion", SEEN_API_VERSION, read_api_version},
    {"kind", SEEN_KIND, read_kind},
    {"standsFor", SEEN_STANDS_FOR, read_stands_for},
    {"identity", SEEN_IDENTITY, read_identity},
    {"topics", SEEN_TOPICS, read_topics},
    {"consumerGroups", SEEN_GROUPS, read_groups},
};

static const struct root_member *find_member(struct text key)
{
    for (size_t i = 0; i < sizeof root_members / sizeof *root_members; i++)
        if (text_is(key, root_members[i].key))
            return &root_members[i];
    return NULL;
}

bool snapshot_member(struct text key)
{
    const struct root_member *found = find_member(key);
    return found && found->seen != SEEN_API_VERSION && found->seen != SEEN_KIND;
}

int snapshot_reader_member(struct snapshot_reader *reader, const struct json_token *member, struct failure *why)
{
    const struct root_member *found = find_member(member->key);

    if (!found)
        return refuse(reader, member->offset, why, "\"%.*s\" is no member of a Snapshot", (int)member->key.bytes,
                      member->key.data);
    if (reader->seen & found->seen)
        return refuse_twice(reader, member, why);
    reader->seen |= found->seen;
    return found->read(reader, member, why);
}

int snapshot_reader_finish(struct snapshot_reader *reader, struct failure *why)
{
    for (size_t i = 0; i < sizeof root_members / sizeof *root_members; i++)
        if (SEEN_ALWAYS & root_members[i].seen & ~reader->seen)
            return refuse(reader, 0, why, "this is no whole Snapshot, %s is missing", root_members[i].key);
    return 0;
}
