/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/declare.h"

#include <inttypes.h>

#include "api/cause.h"
#include "manifests/document.h"
#include "manifests/spec.h"

enum { MERGED_BYTES_MAX = 2 * 1024 * 1024 /* of one map laid over another */ };

/* One file under way. */
struct declaration {
    const struct declare_request *request;
    struct yaml_reader *reader;
    struct catalog_builder *builder;
    uint64_t *read;
    uint16_t file;
    struct spec resource, defaults;
    bool items_seen;
    /* Maps of defaults and resource, and of these and one broker: each is read while the next is written. */
    struct buffer merged, merged_broker;
    struct failure failure; /* of the call that failed last; here, since it is large */
};

/* ---- into the catalog ---- */

/* Ends reading for declaration->failure; returns false, so that it is one statement. */
static bool stop(struct declaration *declaration)
{
    yaml_stop(declaration->reader, &declaration->failure);
    return false;
}

static bool lay_over(struct declaration *declaration, struct draft *draft, const struct draft *over,
                     struct buffer *room)
{

    if (draft_lay_over(draft, over, room) == 0)
        return true;
    failure_no_memory(&declaration->failure, "the attributes of a resource");
    return stop(declaration);
}

/* Where it belongs, with what each broker adds to `base`. */
static bool intern_spread(struct declaration *declaration, const struct spec *placed, const struct draft *base,
                          uint32_t *out)
{
    uint32_t settings[CATALOG_MASTERS_MAX];
    uint16_t count = 0, master;

    for (uint32_t i = 0; i < placed->broker_count; i++) {
        const struct broker_spec *broker = &placed->brokers[i];
        struct draft draft = *base;
        if (!lay_over(declaration, &draft, &broker->own, &declaration->merged_broker))
            return false;
        if (catalog_builder_master(declaration->builder, broker->broker, &master, &declaration->failure) != 0)
            return stop(declaration);
        for (; count <= master; count++)
            settings[count] = CATALOG_ABSENT;
        if (catalog_intern(declaration->builder, &draft, &settings[master], &declaration->failure) != 0)
            return stop(declaration);
    }
    if (catalog_intern_spread(declaration->builder, settings, count, out, &declaration->failure) != 0)
        return stop(declaration);
    return true;
}

/* `defaults` may be empty. A resource without a usable name was reported. */
static void add_resource(struct declaration *declaration, enum kind kind, const struct spec *resource,
                         const struct spec *defaults)
{
    const struct spec *placed = resource->broker_count > 0 ? resource : defaults;
    struct draft merged;
    struct entry entry = {
        .kind = kind,
        .name = resource->name,
        .draft = &resource->draft,
        .hand = true,
        .policy = resource->has_policy ? resource->policy : defaults->policy,
        .file = declaration->file,
        .line = resource->name_mark.line,
        .column = resource->name_mark.column,
    };

    if (resource->name.data == NULL)
        return;
    if (defaults->draft.set != 0) {
        merged = defaults->draft;
        if (!lay_over(declaration, &merged, &resource->draft, &declaration->merged))
            return;
        entry.draft = &merged;
    }
    if (placed->broker_count > 0) {
        if (!intern_spread(declaration, placed, entry.draft, &entry.settings))
            return;
        entry.draft = NULL;
        entry.spread = true;
    }
    if (catalog_add(declaration->builder, &entry, &declaration->failure) != 0)
        stop(declaration);
    else
        declaration->read[kind]++;
}

static bool is_cancelled(struct declaration *declaration)
{
    const atomic_bool *cancelled = declaration->request->cancelled;

    if (cancelled == NULL || !atomic_load_explicit(cancelled, memory_order_relaxed))
        return false;
    failure_set(&declaration->failure, CAUSE_CANCELLED, "reading %s was cancelled", declaration->request->path);
    stop(declaration);
    return true;
}

/* ---- one at a time ---- */

#define RESOURCE_ROWS(kind)                                                                                            \
    DOCUMENT_HEADER,                                                                                                   \
        {.name = YAML_FIELD_NAME("metadata.name"),                                                                     \
         .shapes = YAML_SCALAR,                                                                                        \
         .required = true,                                                                                             \
         .any_text = true,                                                                                             \
         .argument = (kind),                                                                                           \
         .read = spec_read_name},                                                                                      \
        {.name = YAML_FIELD_NAME("metadata.policy"), .shapes = YAML_SCALAR, .read = spec_read_policy},                 \
        {.name = YAML_FIELD_NAME("spec"), .shapes = YAML_MAP, .argument = (kind), .read = spec_read_placed},

static const struct yaml_field topic_rows[] = {RESOURCE_ROWS(KIND_TOPIC)};
static const struct yaml_field group_rows[] = {RESOURCE_ROWS(KIND_GROUP)};

static const struct yaml_table resource_tables[KINDS] = {
    {topic_rows, sizeof topic_rows / sizeof *topic_rows, "a Topic"},
    {group_rows, sizeof group_rows / sizeof *group_rows, "a ConsumerGroup"},
};

static void read_resource(struct declaration *declaration, enum kind kind, const struct document *document)
{
    spec_reset(&declaration->resource);
    spec_reset(&declaration->defaults);
    document_read(declaration->reader, document, &resource_tables[kind], &declaration->resource);
    add_resource(declaration, kind, &declaration->resource, &declaration->defaults);
}

/* ---- lists ---- */

static void read_defaults(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                          void *target)
{
    struct declaration *declaration = target;

    if (declaration->items_seen)
        yaml_complain(reader, value->mark, "defaults stand before the items that they complete");
    spec_read(reader, field->argument, SPEC_DEFAULTS, value->mark, &declaration->defaults);
}

static void read_items(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                       void *target)
{
    struct declaration *declaration = target;
    struct spec *resource = &declaration->resource;
    struct yaml_kept kept = yaml_kept(reader);
    struct yaml_value item;

    (void)value;
    declaration->items_seen = true;
    while (yaml_next_item(reader, &item) && !is_cancelled(declaration)) {
        if (!yaml_expect(reader, "an item", YAML_MAP, &item))
            continue;
        spec_reset(resource);
        spec_read(reader, field->argument, SPEC_ITEM, item.mark, resource);
        add_resource(declaration, field->argument, resource, &declaration->defaults);
        yaml_forget(reader, kept);
    }
}

#define LIST_ROWS(kind)                                                                                                \
    DOCUMENT_HEADER,                                                                                                   \
        {.name = YAML_FIELD_NAME("defaults"), .shapes = YAML_MAP, .argument = (kind), .read = read_defaults},          \
        {.name = YAML_FIELD_NAME("items"),                                                                             \
         .shapes = YAML_LIST,                                                                                          \
         .required = true,                                                                                             \
         .argument = (kind),                                                                                           \
         .read = read_items},

static const struct yaml_field topic_list_rows[] = {LIST_ROWS(KIND_TOPIC)};
static const struct yaml_field group_list_rows[] = {LIST_ROWS(KIND_GROUP)};

static const struct yaml_table list_tables[KINDS] = {
    {topic_list_rows, sizeof topic_list_rows / sizeof *topic_list_rows, "a TopicList"},
    {group_list_rows, sizeof group_list_rows / sizeof *group_list_rows, "a ConsumerGroupList"},
};

static void read_list(struct declaration *declaration, enum kind kind, const struct document *document)
{
    spec_reset(&declaration->defaults);
    declaration->items_seen = false;
    document_read(declaration->reader, document, &list_tables[kind], declaration);
}

/* ---- documents that declare nothing ---- */

static const char *where_it_belongs(enum document_kind kind)
{
    return kind == DOCUMENT_MAPPING ? "a mapping is given by --mapping, or named by a Sync"
                                    : "it belongs into the configuration, given by --config";
}

static void pass_over(struct declaration *declaration, const struct document *document)
{
    const struct declare_request *request = declaration->request;
    struct place place = {request->path, document->mark.line, document->mark.column};

    if (request->in_directory)
        complain(request->notices, &place, "skipped: a document of kind %s declares no topics or groups",
                 document_kind_name(document->kind));
    else
        yaml_complain(declaration->reader, document->mark, "a document of kind %s declares no topics or groups: %s",
                      document_kind_name(document->kind), where_it_belongs(document->kind));
}

/* ---- files ---- */

static void read_document(struct declaration *declaration, const struct document *document)
{
    switch (document->kind) {
    case DOCUMENT_TOPIC:
        read_resource(declaration, KIND_TOPIC, document);
        break;
    case DOCUMENT_GROUP:
        read_resource(declaration, KIND_GROUP, document);
        break;
    case DOCUMENT_TOPIC_LIST:
        read_list(declaration, KIND_TOPIC, document);
        break;
    case DOCUMENT_GROUP_LIST:
        read_list(declaration, KIND_GROUP, document);
        break;
    case DOCUMENT_MAPPING:
    case DOCUMENT_SYNC:
    case DOCUMENT_DAEMON:
    case DOCUMENT_KINDS:
        pass_over(declaration, document);
        break;
    }
}

static uint64_t complaint_count(const struct complaints *complaints)
{
    return complaints->count + complaints->dropped;
}

/* Was there any document to read? */
static bool read_documents(struct declaration *declaration)
{
    struct yaml_kept kept = yaml_kept(declaration->reader);
    struct document document;
    bool found = false;

    while (!is_cancelled(declaration) && document_next(declaration->reader, &document)) {
        found = true;
        read_document(declaration, &document);
        yaml_forget(declaration->reader, kept);
    }
    return found;
}

static int read_file(struct declaration *declaration, struct failure *why)
{
    const struct declare_request *request = declaration->request;
    uint64_t mistakes = complaint_count(request->mistakes);
    bool found = read_documents(declaration);

    if (yaml_status(declaration->reader, why) != 0)
        return -1;
    if (!found && complaint_count(request->mistakes) == mistakes)
        complain(request->mistakes, &(struct place){request->path, 0, 0},
                 "declares nothing: there is no document in it%s",
                 request->in_directory ? " (--exclude-file leaves it out)" : "");
    return 0;
}

int declare_read(struct text text, const struct declare_request *request, struct catalog_builder *builder,
                 uint64_t read[static KINDS], struct failure *why)
{
    struct declaration declaration = {.request = request, .builder = builder, .read = read};

    if (catalog_builder_file(builder, text_of(request->path), &declaration.file, why) != 0)
        return -1;
    declaration.reader = yaml_reader_new(text, request->path, request->mistakes, why);
    if (declaration.reader == NULL)
        return -1;
    spec_init(&declaration.resource);
    spec_init(&declaration.defaults);
    buffer_init(&declaration.merged, MERGED_BYTES_MAX);
    buffer_init(&declaration.merged_broker, MERGED_BYTES_MAX);
    int status = read_file(&declaration, why);
    spec_release(&declaration.resource);
    spec_release(&declaration.defaults);
    buffer_release(&declaration.merged);
    buffer_release(&declaration.merged_broker);
    yaml_reader_free(declaration.reader);
    return status;
}

/* ---- twice ---- */

enum duplicate declare_twice(const struct duplicate_pair *pair, struct complaints *mistakes)
{
    const struct resource *first = pair->first, *second = pair->second;
    struct place place = {catalog_file(pair->catalog, second->file), second->line, second->column};

    complain(mistakes, &place, "%s \"%.*s\" is declared twice, first at %s:%" PRIu32 ":%u", kind_word(second->kind),
             (int)pair->name.bytes, pair->name.data, catalog_file(pair->catalog, first->file), first->line,
             (unsigned)first->column);
    return DUPLICATE_DROP;
}
