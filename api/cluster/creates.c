/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/creates.h"

#include <inttypes.h>

#include "api/config_json.h"

static bool is_set(const struct draft *draft, enum field field)
{
    return (draft->set & FIELD_BIT(field)) != 0;
}

/* --- one topic: everything is in the header --- */

static struct text number_text(struct arena *memory, int64_t number)
{
    return text_of(arena_format(memory, "%" PRId64, number));
}

/* What is not set goes with its default: brokers want these fields (3.7). */
static void add_number(struct frame *frame, const struct draft *draft, enum field field, struct arena *memory)
{
    const struct field_info *info = field_info(field);

    frame_add(frame, info->name,
              is_set(draft, field) ? number_text(memory, draft->values[field].number) : text_of(info->default_text));
}

static void append_attribute(struct buffer *out, struct text key, struct text value)
{
    buffer_append_string(out, out->length > 0 ? ",+" : "+");
    buffer_append_text(out, key);
    buffer_append_char(out, '=');
    buffer_append_text(out, value);
}

/* "+key=value,+key2=value2", in `memory`; the empty text: none. NULL data: no memory. */
static struct text attributes_text(const struct draft *draft, struct arena *memory)
{
    const enum field type = FIELD_TOPIC_MESSAGE_TYPE, map = FIELD_TOPIC_ATTRIBUTES;
    struct buffer text;
    struct map_pair pair;

    buffer_init(&text, SIZE_MAX - 1);
    for (size_t at = 0; is_set(draft, map) && map_next(draft->values[map].text, &at, &pair);)
        append_attribute(&text, pair.key, pair.value);
    if (is_set(draft, type))
        append_attribute(&text, TEXT("message.type"), draft->values[type].text);
    struct text all = buffer_text(&text);
    const char *copy = text.failed ? NULL : arena_string(memory, all);
    all = (struct text){copy, copy ? all.bytes : 0};
    buffer_release(&text);
    return all;
}

int create_topic_request(struct text name, const struct draft *draft, bool v5, struct arena *memory, struct frame *out,
                         struct failure *why)
{
    struct text attributes = v5 ? attributes_text(draft, memory) : TEXT("");

    *out = (struct frame){.code = REQUEST_CREATE_TOPIC};
    frame_add(out, "topic", name);
    frame_add(out, "defaultTopic", TEXT("TBW102")); /* as the Java client does; brokers ignore it */
    add_number(out, draft, FIELD_TOPIC_READ_QUEUE_NUMS, memory);
    add_number(out, draft, FIELD_TOPIC_WRITE_QUEUE_NUMS, memory);
    add_number(out, draft, FIELD_TOPIC_PERM, memory);
    frame_add(out, "topicFilterType",
              is_set(draft, FIELD_TOPIC_FILTER_TYPE) ? draft->values[FIELD_TOPIC_FILTER_TYPE].text
                                                     : TEXT("SINGLE_TAG"));
    add_number(out, draft, FIELD_TOPIC_SYS_FLAG, memory);
    frame_add(out, "order",
              is_set(draft, FIELD_TOPIC_ORDER) && draft->values[FIELD_TOPIC_ORDER].number ? TEXT("true")
                                                                                          : TEXT("false"));
    if (attributes.bytes > 0)
        frame_add(out, "attributes", attributes);
    return memory->failed || !attributes.data ? failure_no_memory(why, "the request") : 0;
}

/* --- bodies --- */

static const struct config_json_style *style_of(bool v5)
{
    static const struct config_json_style styles[] = {{.v5 = false}, {.v5 = true, .plus_attributes = true}};
    return &styles[v5];
}

int create_group_request(struct text name, const struct draft *draft, bool v5, struct buffer *body, struct frame *out,
                         struct failure *why)
{
    struct json_writer writer;

    json_writer_init(&writer, body, 0);
    config_json_write_draft(&writer, KIND_GROUP, name, draft, style_of(v5));
    *out = (struct frame){.code = REQUEST_CREATE_GROUP, .body = buffer_text(body)};
    return body->failed ? failure_no_memory(why, "the request") : 0;
}

void create_batch_init(struct create_batch *batch, enum kind kind, struct buffer *body)
{
    batch->kind = kind;
    batch->body = body;
    json_writer_init(&batch->writer, body, 0);
    json_write_begin_object(&batch->writer);
    json_write_key(&batch->writer, kind == KIND_TOPIC ? "topicConfigList" : "groupConfigList");
    json_write_begin_array(&batch->writer);
}

void create_batch_add(struct create_batch *batch, struct text name, const struct draft *draft)
{
    config_json_write_draft(&batch->writer, batch->kind, name, draft, style_of(true));
}

int create_batch_request(struct create_batch *batch, struct frame *out, struct failure *why)
{
    json_write_end_array(&batch->writer);
    json_write_end_object(&batch->writer);
    *out = (struct frame){.code = batch->kind == KIND_TOPIC ? REQUEST_CREATE_TOPICS : REQUEST_CREATE_GROUPS,
                          .body = buffer_text(batch->body)};
    return batch->body->failed ? failure_no_memory(why, "the request") : 0;
}
