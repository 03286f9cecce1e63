/* SPDX-License-Identifier: Apache-2.0
 *
 * The fields of a Sync, by tables (contract section 6).
 */
#include <string.h>

#include "api/address.h"
#include "api/base/strings.h"
#include "controller/config/loading.h"

enum { EXPECT_MAX = 32, MAX_CREATES_MAX = 1000000000, RATE_MAX = 100000, CONCURRENCY_MAX = 1024 };

/* --- values
 * -------------------------------------------------------------------------------------------------------------- */

const char *config_keep(struct loading *loading, struct text text)
{
    return arena_string(&loading->config->memory, text);
}

const char *config_keep_path(struct loading *loading, struct text path)
{
    if (path.bytes > 0 && (path.data[0] == '/' || text_is(path, "-")))
        return config_keep(loading, path);
    return arena_format(&loading->config->memory, "%s%.*s", loading->folder, (int)path.bytes, path.data);
}

/* snapshot:PATH is relative to the file like any other path. */
static const char *keep_address(struct loading *loading, struct text address)
{
    static const struct text scheme = {"snapshot:", 9};
    if (address.bytes <= scheme.bytes || memcmp(address.data, scheme.data, scheme.bytes) != 0)
        return config_keep(loading, address);
    struct text path = {address.data + scheme.bytes, address.bytes - scheme.bytes};
    return arena_format(&loading->config->memory, "snapshot:%s", config_keep_path(loading, path));
}

static bool read_duration(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                          uint64_t *out_ms)
{
    if (duration_parse(value->text, out_ms))
        return true;
    yaml_complain(reader, value->mark, "%.*s is a duration like 90s, 10m or 24h", (int)field->name.bytes,
                  field->name.data);
    return false;
}

static bool read_number(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                        struct text text, int64_t max, uint32_t *out)
{
    int64_t number;
    if (number_parse(text, &number) && number >= 1 && number <= max) {
        *out = (uint32_t)number;
        return true;
    }
    yaml_complain(reader, value->mark, "%.*s is a whole number from 1 to %lld", (int)field->name.bytes,
                  field->name.data, (long long)max);
    return false;
}

void config_read_name(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                      void *target)
{
    struct loading *loading = target;
    (void)field;
    if (value->text.bytes == 0 || value->text.bytes > 128)
        yaml_complain(reader, value->mark, "metadata.name has 1 to 128 bytes");
    else
        loading->sync.name = config_keep(loading, value->text);
}

static void read_mode(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                      void *target)
{
    struct loading *loading = target;
    static const char *const modes[] = {"apply", "observe", NULL};
    (void)field;
    if (text_is(value->text, "apply")) {
        loading->sync.mode = SYNC_APPLY;
    } else if (text_is(value->text, "observe")) {
        loading->sync.mode = SYNC_OBSERVE;
    } else {
        const char *near = nearest_spelling(value->text, modes);
        yaml_complain(reader, value->mark, "spec.mode is apply or observe%s%s", near != NULL ? ", did you mean " : "",
                      near != NULL ? near : "");
    }
}

/* --- sides: what goes with an address
 * --------------------------------------------------------------------------------------- */

enum side_text { SIDE_ENDPOINT, SIDE_CA_FILE, SIDE_CERT_FILE, SIDE_KEY_FILE, SIDE_CREDENTIALS };

static void read_side_text(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                           void *target)
{
    struct loading *loading = target;
    struct side_options *side = loading->side;
    (void)reader;
    switch ((enum side_text)field->argument) {
    case SIDE_ENDPOINT:
        side->endpoint = config_keep(loading, value->text);
        break;
    case SIDE_CA_FILE:
        side->ca_file = config_keep_path(loading, value->text);
        break;
    case SIDE_CERT_FILE:
        side->cert_file = config_keep_path(loading, value->text);
        break;
    case SIDE_KEY_FILE:
        side->key_file = config_keep_path(loading, value->text);
        break;
    case SIDE_CREDENTIALS:
        side->credentials = config_keep(loading, value->text);
        break;
    }
}

static void take_address(struct yaml_reader *reader, struct loading *loading, const struct yaml_value *value)
{
    struct address address;
    struct failure why = FAILURE_INIT;

    if (address_parse(value->text, &address, &why) < 0)
        yaml_complain(reader, value->mark, "%s", why.text);
    loading->side->address = keep_address(loading, value->text);
}

static void read_address(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                         void *target)
{
    (void)field;
    take_address(reader, target, value);
}

static void read_for(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                     void *target)
{
    struct loading *loading = target;
    (void)field;
    loading->side->stands_for = instance_kind_by_name(value->text);
    if (loading->side->stands_for == INSTANCE_KINDS)
        yaml_complain(reader, value->mark, "for is any, apsaramq, ons or rocketmq");
}

static void read_unsafe(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                        void *target)
{
    struct loading *loading = target;
    (void)field;
    if (!text_is(value->text, "true") && !text_is(value->text, "false"))
        yaml_complain(reader, value->mark, "unsafeAttributes is true or false");
    loading->side->unsafe_attributes = text_is(value->text, "true");
}

static bool expects(const struct expectation *list, uint32_t count, struct text key)
{
    while (count > 0 && !text_is(key, list[count - 1].key))
        count--;
    return count > 0;
}

static bool check_fact(struct yaml_reader *reader, const struct yaml_entry *entry)
{
    if (identity_key_known(entry->key))
        return true;
    const char *near = nearest_spelling(entry->key, identity_keys);
    yaml_complain(reader, entry->mark,
                  "no instance tells its \"%.*s\"%s%s: expect knows account, brokers, clusterName, "
                  "instanceId, instanceName, region",
                  (int)entry->key.bytes, entry->key.data, near != NULL ? ", did you mean " : "",
                  near != NULL ? near : "");
    return false;
}

/* {key: value, …}: each as text, in the order of the file. */
static void read_expect(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                        void *target)
{
    struct loading *loading = target;
    struct expectation *list = arena_alloc(&loading->config->memory, EXPECT_MAX * sizeof *list);
    struct yaml_entry entry;
    uint32_t count = 0;

    (void)field;
    (void)value;
    while (yaml_next_entry(reader, &entry)) {
        if (!yaml_expect(reader, "expect", YAML_SCALAR, &entry.value) || !check_fact(reader, &entry))
            continue;
        if (list == NULL || count == EXPECT_MAX || entry.key.bytes >= sizeof list->key ||
            entry.value.text.bytes >= sizeof list->value) {
            yaml_complain(reader, entry.mark, "expect takes at most %d facts of at most %zu bytes", EXPECT_MAX,
                          sizeof list->value - 1);
            continue;
        }
        if (expects(list, count, entry.key)) {
            yaml_complain(reader, entry.mark, "%.*s is given twice", (int)entry.key.bytes, entry.key.data);
            continue;
        }
        memcpy(list[count].key, entry.key.data, entry.key.bytes);
        memcpy(list[count++].value, entry.value.text.data, entry.value.text.bytes);
    }
    loading->side->expect = list;
    loading->side->expect_count = count;
}

/* Does "advertised=reachable,…" name this advertised one? */
static bool address_mapped(struct text map, struct text advertised)
{
    while (map.bytes > advertised.bytes) {
        const char *comma = memchr(map.data, ',', map.bytes);
        if (memcmp(map.data, advertised.data, advertised.bytes) == 0 && map.data[advertised.bytes] == '=')
            return true;
        map = comma == NULL ? TEXT("") : text_after(map, (size_t)(comma + 1 - map.data));
    }
    return false;
}

/* {advertised: reachable, …} → "advertised=reachable,…", which is what the door takes. */
static void read_address_map(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                             void *target)
{
    struct loading *loading = target;
    struct yaml_entry entry;
    struct buffer map;

    (void)field;
    (void)value;
    buffer_init(&map, 64 * 1024);
    while (yaml_next_entry(reader, &entry)) {
        if (!yaml_expect(reader, "addressMap", YAML_SCALAR, &entry.value))
            continue;
        if (address_mapped(buffer_text(&map), entry.key)) {
            yaml_complain(reader, entry.mark, "%.*s is given twice", (int)entry.key.bytes, entry.key.data);
            continue;
        }
        buffer_append_string(&map, map.length > 0 ? "," : "");
        buffer_append_text(&map, entry.key);
        buffer_append_char(&map, '=');
        buffer_append_text(&map, entry.value.text);
    }
    loading->side->address_map = config_keep(loading, buffer_text(&map));
    buffer_release(&map);
}

#define SIDE_FIELDS(prefix)                                                                                            \
    {.name = YAML_FIELD_NAME(prefix "endpoint"),                                                                       \
     .shapes = YAML_SCALAR,                                                                                            \
     .argument = SIDE_ENDPOINT,                                                                                        \
     .read = read_side_text},                                                                                          \
        {.name = YAML_FIELD_NAME(prefix "caFile"),                                                                     \
         .shapes = YAML_SCALAR,                                                                                        \
         .argument = SIDE_CA_FILE,                                                                                     \
         .read = read_side_text},                                                                                      \
        {.name = YAML_FIELD_NAME(prefix "certFile"),                                                                   \
         .shapes = YAML_SCALAR,                                                                                        \
         .argument = SIDE_CERT_FILE,                                                                                   \
         .read = read_side_text},                                                                                      \
        {.name = YAML_FIELD_NAME(prefix "keyFile"),                                                                    \
         .shapes = YAML_SCALAR,                                                                                        \
         .argument = SIDE_KEY_FILE,                                                                                    \
         .read = read_side_text},                                                                                      \
        {.name = YAML_FIELD_NAME(prefix "credentials"),                                                                \
         .shapes = YAML_SCALAR,                                                                                        \
         .argument = SIDE_CREDENTIALS,                                                                                 \
         .read = read_side_text},                                                                                      \
        {.name = YAML_FIELD_NAME(prefix "expect"), .shapes = YAML_MAP, .read = read_expect},                           \
    {                                                                                                                  \
        .name = YAML_FIELD_NAME(prefix "addressMap"), .shapes = YAML_MAP, .read = read_address_map                     \
    }

/* --- sources
 * ----------------------------------------------------------------------------------------------------------------- */

static void take_path(struct yaml_reader *reader, struct loading *loading, const struct yaml_value *value)
{
    if (loading->path_count == CONFIG_SOURCES_MAX) {
        yaml_complain(reader, value->mark, "at most %d sources", CONFIG_SOURCES_MAX);
        return;
    }
    loading->sources[loading->path_count++] = config_keep_path(loading, value->text);
}

static bool next_side(struct yaml_reader *reader, struct loading *loading, struct yaml_mark mark)
{
    if (loading->sync.source_count == PASS_SIDES_MAX - 1) {
        yaml_complain(reader, mark, "at most %d live sources", PASS_SIDES_MAX - 1);
        return false;
    }
    loading->side = &loading->sides[loading->sync.source_count++];
    *loading->side = (struct side_options){.stands_for = INSTANCE_KINDS};
    return true;
}

static void read_source_path(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                             void *target)
{
    (void)field;
    take_path(reader, target, value);
}

static void read_exclude_files(struct yaml_reader *reader, const struct yaml_field *field,
                               const struct yaml_value *value, void *target)
{
    struct loading *loading = target;
    struct yaml_value item;
    (void)field;
    (void)value;
    while (yaml_next_item(reader, &item)) {
        if (!yaml_expect(reader, "excludeFiles", YAML_SCALAR, &item))
            continue;
        if (loading->exclude_count < CONFIG_LIST_MAX - 1)
            loading->exclude[loading->exclude_count++] = config_keep(loading, item.text);
        else
            yaml_complain(reader, item.mark, "at most %d patterns of files", CONFIG_LIST_MAX - 1);
    }
}

static const struct yaml_field source_fields[] = {
    {.name = YAML_FIELD_NAME("path"), .shapes = YAML_SCALAR, .read = read_source_path},
    {.name = YAML_FIELD_NAME("excludeFiles"), .shapes = YAML_LIST, .read = read_exclude_files},
    {.name = YAML_FIELD_NAME("address"), .shapes = YAML_SCALAR, .read = read_address},
    SIDE_FIELDS(""),
};
static const struct yaml_table source_table = {source_fields, sizeof source_fields / sizeof source_fields[0],
                                               "a source"};

/* A map: of files (path), or of a live instance (address). Only what was read tells which. */
static void read_source_map(struct yaml_reader *reader, struct loading *loading, const struct yaml_value *value)
{
    loading->either = (struct side_options){.stands_for = INSTANCE_KINDS};
    loading->side = &loading->either;
    uint64_t given = yaml_read_fields(reader, &source_table, value->mark, 0, loading);
    bool is_path = (given & 1) != 0;
    if (is_path == (loading->either.address != NULL)) {
        yaml_complain(reader, value->mark, "a source has either a path or an address");
        return;
    }
    if (is_path && (given & ~UINT64_C(3)) != 0)
        yaml_complain(reader, value->mark, "a source with a path takes excludeFiles and nothing else");
    if (!is_path && next_side(reader, loading, value->mark))
        *loading->side = loading->either;
}

static void read_source_item(struct yaml_reader *reader, struct loading *loading, const struct yaml_value *item)
{
    if (!yaml_expect(reader, "a source", YAML_SCALAR | YAML_MAP, item))
        return;
    if (item->shape == YAML_MAP)
        read_source_map(reader, loading, item);
    else if (!address_looks_like(item->text))
        take_path(reader, loading, item);
    else if (next_side(reader, loading, item->mark))
        take_address(reader, loading, item);
}

static void read_source(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                        void *target)
{
    struct loading *loading = target;
    struct yaml_value item;

    (void)field;
    if (value->shape != YAML_LIST)
        read_source_item(reader, loading, value);
    while (value->shape == YAML_LIST && yaml_next_item(reader, &item))
        read_source_item(reader, loading, &item);
    loading->side = &loading->sync.destination; /* whose fields may follow */
}

/* --- the rest of a Sync
 * -------------------------------------------------------------------------------------------------------- */

enum number { NUMBER_MAX_CREATES, NUMBER_CONCURRENCY };

static void read_count(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                       void *target)
{
    struct loading *loading = target;
    if (field->argument == NUMBER_MAX_CREATES)
        read_number(reader, field, value, value->text, MAX_CREATES_MAX, &loading->sync.guard.max_creates);
    else
        read_number(reader, field, value, value->text, CONCURRENCY_MAX, &loading->sync.concurrency);
}

static void read_shrink(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                        void *target)
{
    struct loading *loading = target;
    read_number(reader, field, value, value->text, 100, &loading->sync.guard.max_shrink_percent);
}

static void read_accept_shrink(struct yaml_reader *reader, const struct yaml_field *field,
                               const struct yaml_value *value, void *target)
{
    struct loading *loading = target;
    (void)field;
    if (value->text.bytes != DIGEST_TEXT_BYTES - 1 || memcmp(value->text.data, "sha256:", 7) != 0)
        yaml_complain(reader, value->mark, "acceptShrink is a declared digest: sha256: and 64 hexadecimal digits");
    else
        memcpy(loading->sync.guard.accept_shrink, value->text.data, value->text.bytes);
}

static void read_allow_empty(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                             void *target)
{
    struct loading *loading = target;
    (void)field;
    if (!text_is(value->text, "true") && !text_is(value->text, "false"))
        yaml_complain(reader, value->mark, "allowEmptySource is true or false");
    loading->sync.guard.allow_empty_source = text_is(value->text, "true");
}

static void read_source_age(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                            void *target)
{
    struct loading *loading = target;
    if (read_duration(reader, field, value, &loading->sync.guard.max_source_age_ms) &&
        loading->sync.guard.max_source_age_ms == 0)
        yaml_complain(reader, value->mark, "spec.guard.maxSourceAge is more than 0s: no export is so young");
}

static void read_interval(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                          void *target)
{
    struct loading *loading = target;
    if (read_duration(reader, field, value, &loading->sync.interval_ms) &&
        loading->sync.interval_ms < CONFIG_INTERVAL_MS_MIN)
        yaml_complain(reader, value->mark, "spec.interval is at least 1s");
}

static struct text without_suffix(struct text text, const char *suffix)
{
    size_t bytes = strlen(suffix);
    if (text.bytes > bytes && memcmp(text.data + text.bytes - bytes, suffix, bytes) == 0)
        return (struct text){text.data, text.bytes - bytes};
    return (struct text){NULL, 0};
}

static void read_rate(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                      void *target)
{
    struct loading *loading = target;
    struct text number = without_suffix(value->text, "/s");
    if (number.bytes == 0)
        yaml_complain(reader, value->mark, "spec.pace.rate is a rate like 10/s");
    else
        read_number(reader, field, value, number, RATE_MAX, &loading->sync.destination.rate_per_s);
}

static void read_share(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                       void *target)
{
    struct loading *loading = target;
    struct text number = without_suffix(value->text, "%");
    if (number.bytes == 0)
        yaml_complain(reader, value->mark, "spec.pace.share is a part of the account's budget, like 50%%");
    else
        read_number(reader, field, value, number, 100, &loading->sync.destination.share_percent);
}

static void read_mapping(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                         void *target)
{
    struct loading *loading = target;
    (void)reader;
    (void)field;
    loading->sync.mapping = config_keep_path(loading, value->text);
}

static const struct yaml_field sync_fields[] = {
    DOCUMENT_HEADER,
    {.name = YAML_FIELD_NAME("metadata.name"),
     .shapes = YAML_SCALAR,
     .required = true,
     .any_text = true,
     .read = config_read_name},
    {.name = YAML_FIELD_NAME("spec.mode"), .shapes = YAML_SCALAR, .required = true, .read = read_mode},
    {.name = YAML_FIELD_NAME("spec.source"), .shapes = YAML_SCALAR | YAML_LIST, .required = true, .read = read_source},
    {.name = YAML_FIELD_NAME("spec.destination.address"),
     .shapes = YAML_SCALAR,
     .required = true,
     .read = read_address},
    SIDE_FIELDS("spec.destination."),
    {.name = YAML_FIELD_NAME("spec.destination.unsafeAttributes"), .shapes = YAML_SCALAR, .read = read_unsafe},
    {.name = YAML_FIELD_NAME("spec.destination.for"), .shapes = YAML_SCALAR, .read = read_for},
    {.name = YAML_FIELD_NAME("spec.mapping"), .shapes = YAML_SCALAR, .read = read_mapping},
    {.name = YAML_FIELD_NAME("spec.guard.maxCreates"),
     .shapes = YAML_SCALAR,
     .argument = NUMBER_MAX_CREATES,
     .read = read_count},
    {.name = YAML_FIELD_NAME("spec.guard.allowEmptySource"), .shapes = YAML_SCALAR, .read = read_allow_empty},
    {.name = YAML_FIELD_NAME("spec.guard.maxShrinkPercent"), .shapes = YAML_SCALAR, .read = read_shrink},
    {.name = YAML_FIELD_NAME("spec.guard.acceptShrink"), .shapes = YAML_SCALAR, .read = read_accept_shrink},
    {.name = YAML_FIELD_NAME("spec.guard.maxSourceAge"), .shapes = YAML_SCALAR, .read = read_source_age},
    {.name = YAML_FIELD_NAME("spec.pace.rate"), .shapes = YAML_SCALAR, .read = read_rate},
    {.name = YAML_FIELD_NAME("spec.pace.concurrency"),
     .shapes = YAML_SCALAR,
     .argument = NUMBER_CONCURRENCY,
     .read = read_count},
    {.name = YAML_FIELD_NAME("spec.pace.share"), .shapes = YAML_SCALAR, .read = read_share},
    {.name = YAML_FIELD_NAME("spec.interval"), .shapes = YAML_SCALAR, .read = read_interval},
};
const struct yaml_table config_sync_table = {sync_fields, sizeof sync_fields / sizeof sync_fields[0], "a Sync"};
