/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/spec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/strings.h"
#include "api/catalog.h"
#include "api/cause.h"
#include "api/config_json_members.h"
#include "api/system.h"

enum {
    ROOM_BYTES_MAX = 64 * 1024 * 1024, /* more than maps and lists come to within the reader's own limits */
    NUMBERS_MAX = 1000,
    SHOWN_BYTES = 64, /* of a value in a sentence */
};

/* ---- life ---- */

void spec_init(struct spec *spec)
{
    memset(spec, 0, sizeof *spec);
    buffer_init(&spec->room, ROOM_BYTES_MAX);
}

void spec_release(struct spec *spec)
{
    free(spec->brokers);
    free(spec->pairs);
    buffer_release(&spec->room);
    spec_init(spec);
}

void spec_reset(struct spec *spec)
{
    spec->name = (struct text){NULL, 0};
    spec->has_policy = false;
    spec->policy = POLICY_CREATE;
    spec->broker_count = 0;
    draft_clear(&spec->draft);
}

void spec_stop_without_memory(struct yaml_reader *reader)
{
    struct failure failure = FAILURE_INIT;

    failure_no_memory(&failure, "the settings of a resource");
    yaml_stop(reader, &failure);
}

/* Room for one more of a growing array, or NULL and reading has ended. */
static void *one_more(struct yaml_reader *reader, void *items, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    void *grown = realloc(items, wanted * item_bytes);
    if (grown == NULL) {
        spec_stop_without_memory(reader);
        return NULL;
    }
    *capacity = wanted;
    return grown;
}

/* ---- name and policy ---- */

static int shown(struct text text)
{
    return (int)(text.bytes < SHOWN_BYTES ? text.bytes : SHOWN_BYTES);
}

static bool has_control_character(struct text text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7F)
            return true;
    }
    return false;
}

bool spec_is_name(struct yaml_reader *reader, struct text name, const char *whose, struct yaml_mark mark)
{
    if (name.bytes == 0)
        yaml_complain(reader, mark, "the name of %s is empty", whose);
    else if (name.bytes > NAME_BYTES_MAX)
        yaml_complain(reader, mark, "the name of %s has %zu bytes, at most %d are read", whose, name.bytes,
                      NAME_BYTES_MAX);
    else if (has_control_character(name))
        yaml_complain(reader, mark, "the name of %s holds a control character", whose);
    else
        return true;
    return false;
}

static const char *whose_name(enum kind kind)
{
    return kind == KIND_TOPIC ? "a topic" : "a consumer group";
}

void spec_read_name(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                    void *target)
{
    enum kind kind = field->argument;
    struct spec *spec = target;

    if (!spec_is_name(reader, value->text, whose_name(kind), value->mark))
        return;
    if (system_name(kind, value->text)) {
        yaml_complain(reader, value->mark, "\"%.*s\" is a %s of RocketMQ itself: it is never migrated",
                      shown(value->text), value->text.data, kind_word(kind));
        return;
    }
    spec->name = yaml_keep(reader, value->text);
    spec->name_mark = value->mark;
}

void spec_read_policy(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                      void *target)
{
    static const char *const names[] = {"create", "observe", "ignore"};
    struct spec *spec = target;

    for (enum policy policy = POLICY_CREATE; policy <= POLICY_IGNORE; policy++) {
        if (!text_is(value->text, names[policy]))
            continue;
        spec->policy = policy;
        spec->has_policy = true;
        return;
    }
    yaml_complain(reader, value->mark, "%.*s is create, observe or ignore, this is \"%.*s\"", (int)field->name.bytes,
                  field->name.data, shown(value->text), value->text.data);
}

/* ---- settings ---- */

void spec_set(struct yaml_reader *reader, struct spec *spec, enum field field, const union value *value,
              struct yaml_mark mark)
{
    if ((spec->draft.set & FIELD_BIT(field)) != 0) {
        /* By another spelling: the same one twice is found by its row. */
        if (!value_equal(field, &spec->draft.values[field], value))
            yaml_complain(reader, mark, "%s is given twice with different values, in line %" PRIu32 " by another name",
                          field_info(field)->name, spec->marks[field].line);
        return;
    }
    enum field_type type = field_info(field)->type;
    if (type == TYPE_BOOL || type == TYPE_INTEGER)
        draft_set_number(&spec->draft, field, value->number);
    else
        draft_set_text(&spec->draft, field, yaml_keep(reader, value->text));
    spec->marks[field] = mark;
}

/* YAML 1.2 and templates know more spellings of booleans than the table does. */
static struct text spelling_of(enum field field, struct text text)
{
    if (field_info(field)->type != TYPE_BOOL)
        return text;
    if (text_is(text, "True") || text_is(text, "TRUE"))
        return TEXT("true");
    if (text_is(text, "False") || text_is(text, "FALSE"))
        return TEXT("false");
    return text;
}

/* Numbers and booleans between quotes are texts; perm has names, too. */
static bool is_quoted(enum field field, const struct yaml_value *value)
{
    enum field_type type = field_info(field)->type;
    bool is_word = field == FIELD_TOPIC_PERM && value->text.bytes > 0 && value->text.data[0] >= 'A';

    return !value->plain && (type == TYPE_BOOL || type == TYPE_INTEGER) && !is_word;
}

static void read_setting(struct yaml_reader *reader, enum field field, const struct yaml_value *value,
                         struct spec *spec)
{
    union value parsed;
    char room[160];
    const char *rule = value_parse(field, spelling_of(field, value->text), true, &parsed, room);

    if (rule != NULL && field_info(field)->type == TYPE_TEXT)
        yaml_complain(reader, value->mark, "%s", rule);
    else if (rule != NULL)
        yaml_complain(reader, value->mark, "%s, this is \"%.*s\"", rule, shown(value->text), value->text.data);
    else if (is_quoted(field, value))
        yaml_complain(reader, value->mark, "%s stands without quotes, between them it is a text",
                      field_info(field)->name);
    else
        spec_set(reader, spec, field, &parsed, value->mark);
}

static void read_scalar(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                        void *target)
{
    read_setting(reader, field->argument, value, target);
}

/* Open source: consumeMessageOrderly is deliveryOrderType. */
static void read_orderly(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                         void *target)
{
    struct text spelling = spelling_of(FIELD_TOPIC_ORDER, value->text);
    bool is_true = text_is(spelling, "true");
    union value type = {.text = is_true ? TEXT("Orderly") : TEXT("Concurrently")};

    if (value->plain && (is_true || text_is(spelling, "false")))
        spec_set(reader, target, field->argument, &type, value->mark);
    else
        yaml_complain(reader, value->mark, "consumeMessageOrderly is true or false, without quotes");
}

/* ---- maps ---- */

static void keep_pair(struct yaml_reader *reader, struct spec *spec, const struct yaml_entry *entry)
{
    struct map_pair *pairs = one_more(reader, spec->pairs, spec->pair_count, &spec->pair_capacity, sizeof *spec->pairs);

    if (pairs == NULL)
        return;
    spec->pairs = pairs;
    struct text value = yaml_keep(reader, entry->value.text);
    pairs[spec->pair_count++] = (struct map_pair){yaml_keep(reader, entry->key), value};
}

static void read_message_type(struct yaml_reader *reader, const struct yaml_entry *entry, struct spec *spec,
                              bool *type_seen)
{
    if (*type_seen)
        yaml_complain(reader, entry->mark, "attributes names " MESSAGE_TYPE_ATTRIBUTE " twice");
    *type_seen = true;
    read_setting(reader, FIELD_TOPIC_MESSAGE_TYPE, &entry->value, spec);
}

static void read_pair(struct yaml_reader *reader, enum field field, const struct yaml_entry *entry, struct spec *spec,
                      bool *type_seen)
{
    if (!yaml_expect_entry(reader, "attributes", YAML_SCALAR, entry))
        return;
    if (entry->key.bytes == 0)
        yaml_complain(reader, entry->mark, "the name of an attribute is empty");
    else if (entry->key.data[0] == '+' || entry->key.data[0] == '-')
        yaml_complain(reader, entry->mark, "attributes are declared without signs: %.*s", shown(entry->key) - 1,
                      entry->key.data + 1);
    else if (field == FIELD_TOPIC_ATTRIBUTES && text_is(entry->key, MESSAGE_TYPE_ATTRIBUTE))
        read_message_type(reader, entry, spec, type_seen);
    else
        keep_pair(reader, spec, entry);
}

static void read_map(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                     void *target)
{
    struct spec *spec = target;
    struct yaml_mark mark = value->mark;
    struct yaml_entry entry;
    struct text repeated;
    bool type_seen = false;

    spec->pair_count = 0;
    while (yaml_next_entry(reader, &entry))
        read_pair(reader, field->argument, &entry, spec, &type_seen);
    if (map_finish(spec->pairs, spec->pair_count, &spec->room, &repeated) == 0) {
        /* A map without keys says nothing. */
        if (spec->room.length > 0)
            spec_set(reader, spec, field->argument, &(union value){.text = buffer_text(&spec->room)}, mark);
    } else if (repeated.bytes > 0) {
        yaml_complain(reader, mark, "%.*s names %.*s twice", (int)field->name.bytes, field->name.data, shown(repeated),
                      repeated.data);
    } else {
        spec_stop_without_memory(reader);
    }
}

/* ---- lists ---- */

static void read_numbers(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                         void *target)
{
    const struct field_info *info = field_info(field->argument);
    struct spec *spec = target;
    struct yaml_mark mark = value->mark;
    struct yaml_value item;
    uint32_t count = 0;
    int64_t number;

    buffer_reset(&spec->room);
    while (yaml_next_item(reader, &item)) {
        if (!yaml_expect(reader, info->name, YAML_SCALAR, &item))
            continue;
        if (++count == NUMBERS_MAX + 1)
            yaml_complain(reader, item.mark, "%s holds at most %d numbers", info->name, NUMBERS_MAX);
        else if (!item.plain || !number_parse(item.text, &number) || number < info->min || number > info->max)
            yaml_complain(reader, item.mark, "%s holds whole numbers, %" PRId64 " or more, this is \"%.*s\"",
                          info->name, info->min, shown(item.text), item.text.data);
        else if (count <= NUMBERS_MAX)
            buffer_append_format(&spec->room, "%s%" PRId64, spec->room.length > 0 ? "," : "", number);
    }
    if (spec->room.failed)
        spec_stop_without_memory(reader);
    else
        spec_set(reader, spec, field->argument, &(union value){.text = buffer_text(&spec->room)}, mark);
}

/* ---- brokers ---- */

static bool names_broker(const struct spec *spec, struct text broker)
{
    for (uint32_t i = 0; i < spec->broker_count; i++) {
        if (text_equal(spec->brokers[i].broker, broker))
            return true;
    }
    return false;
}

static struct broker_spec *new_broker(struct yaml_reader *reader, struct spec *spec, const struct yaml_entry *entry)
{
    size_t capacity = spec->broker_capacity;

    if (!spec_is_name(reader, entry->key, "a broker", entry->mark))
        return NULL;
    if (names_broker(spec, entry->key)) {
        yaml_complain(reader, entry->mark, "brokers names %.*s twice", shown(entry->key), entry->key.data);
        return NULL;
    }
    if (spec->broker_count == CATALOG_MASTERS_MAX) {
        yaml_complain(reader, entry->mark, "more than %d brokers", CATALOG_MASTERS_MAX);
        return NULL;
    }
    struct broker_spec *brokers = one_more(reader, spec->brokers, spec->broker_count, &capacity, sizeof *brokers);
    if (brokers == NULL)
        return NULL;
    spec->brokers = brokers;
    spec->broker_capacity = (uint32_t)capacity;
    struct broker_spec *broker = &brokers[spec->broker_count++];
    broker->broker = yaml_keep(reader, entry->key);
    broker->mark = entry->mark;
    draft_clear(&broker->own);
    return broker;
}

static void read_brokers(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                         void *target)
{
    struct yaml_mark mark = value->mark;
    struct spec *spec = target;
    struct yaml_entry entry;
    struct spec own;

    spec_init(&own);
    spec->broker_count = 0;
    while (yaml_next_entry(reader, &entry)) {
        struct broker_spec *broker = new_broker(reader, spec, &entry);
        if (!yaml_expect_entry(reader, "brokers", YAML_MAP, &entry))
            continue;
        spec_reset(&own);
        spec_read(reader, field->argument, SPEC_SETTINGS, entry.value.mark, &own);
        if (broker != NULL)
            broker->own = own.draft;
    }
    spec_release(&own);
    if (spec->broker_count == 0)
        yaml_complain(reader, mark, "brokers names at least one broker; left out, it means every master");
}

/* ---- tables ---- */

#define READ_BOOL    read_scalar
#define READ_INTEGER read_scalar
#define READ_CHOICE  read_scalar
#define READ_TEXT    read_scalar
#define READ_MAP     read_map
#define READ_NUMBERS read_numbers
#define READ_JSON    spec_read_subscriptions

#define SHAPES_BOOL    YAML_SCALAR
#define SHAPES_INTEGER YAML_SCALAR
#define SHAPES_CHOICE  YAML_SCALAR
#define SHAPES_TEXT    YAML_SCALAR
#define SHAPES_MAP     YAML_MAP
#define SHAPES_NUMBERS YAML_LIST
#define SHAPES_JSON    YAML_LIST

#define ROW(id, name_, type)                                                                                           \
    {.name = YAML_FIELD_NAME(name_), .shapes = SHAPES_##type, .argument = FIELD_##id, .read = READ_##type},
#define NO_ROW(id, name_, type)

/* What stands around settings; the views of spec.h begin with one row after the other. */
#define ROWS_AROUND(kind)                                                                                              \
    {.name = YAML_FIELD_NAME("name"),                                                                                  \
     .shapes = YAML_SCALAR,                                                                                            \
     .required = true,                                                                                                 \
     .any_text = true,                                                                                                 \
     .argument = (kind),                                                                                               \
     .read = spec_read_name},                                                                                          \
        {.name = YAML_FIELD_NAME("policy"), .shapes = YAML_SCALAR, .read = spec_read_policy},                          \
        {.name = YAML_FIELD_NAME("brokers"), .shapes = YAML_MAP, .argument = (kind), .read = read_brokers},

static const struct yaml_field topic_rows[] = {ROWS_AROUND(KIND_TOPIC)
#define ROW_TOPIC                                                      ROW
#define ROW_GROUP                                                      NO_ROW
#define FIELD(id, kind, name, type, min, max, def, held, choices, doc) ROW_##kind(id, name, type)
#include "api/fields.def"
#undef ROW_TOPIC
#undef ROW_GROUP
};

static const struct yaml_field group_rows[] = {
    ROWS_AROUND(KIND_GROUP)
#define ROW_TOPIC NO_ROW
#define ROW_GROUP ROW
#include "api/fields.def"
#undef FIELD
    /* As open-source RocketMQ spells two of them. */
    {.name = YAML_FIELD_NAME("retryMaxTimes"),
     .shapes = YAML_SCALAR,
     .argument = FIELD_GROUP_MAX_RETRY_TIMES,
     .read = read_scalar},
    {.name = YAML_FIELD_NAME("consumeMessageOrderly"),
     .shapes = YAML_SCALAR,
     .argument = FIELD_GROUP_DELIVERY_ORDER_TYPE,
     .read = read_orderly},
};

void spec_read_value(struct yaml_reader *reader, enum field field, const struct yaml_value *value, struct spec *spec)
{
    enum kind kind = field_info(field)->kind;
    const struct yaml_field *rows = kind == KIND_TOPIC ? topic_rows : group_rows;
    const struct yaml_field *row = rows + SPEC_SETTINGS;

    while (row->argument != field)
        row++;
    if (yaml_expect(reader, field_info(field)->name, row->shapes, value))
        row->read(reader, row, value, spec);
}

void spec_read(struct yaml_reader *reader, enum kind kind, enum spec_view view, struct yaml_mark mark,
               struct spec *spec)
{
    const struct yaml_field *rows = kind == KIND_TOPIC ? topic_rows : group_rows;
    size_t count = kind == KIND_TOPIC ? sizeof topic_rows / sizeof *rows : sizeof group_rows / sizeof *rows;
    struct yaml_table table = {rows + view, (uint32_t)(count - view), whose_name(kind)};

    yaml_read_fields(reader, &table, mark, 0, spec);
}

void spec_read_placed(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                      void *target)
{
    spec_read(reader, field->argument, SPEC_PLACED, value->mark, target);
}
