/* SPDX-License-Identifier: Apache-2.0
 *
 * subscriptionDataSet as people write it: a list of maps. It becomes the JSON that brokers write, and that its one
 * canonical text, so that hand-written and exported ones compare.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "api/base/json.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "api/config_json.h"
#include "manifests/spec.h"

enum { TEXT_BYTES_MAX = 4 * 1024 * 1024 /* the limit of the field, and one subscription more */ };

static void write_text(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                       void *target)
{
    struct json_writer *json = target;

    (void)reader;
    json_write_key_text(json, field->name);
    json_write_text(json, value->text);
}

static void write_number(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                         void *target)
{
    struct json_writer *json = target;
    int64_t number = 0;

    if (!value->plain || !number_parse(value->text, &number))
        yaml_complain(reader, value->mark, "%.*s is a whole number, without quotes", (int)field->name.bytes,
                      field->name.data);
    json_write_key_text(json, field->name);
    json_write_integer(json, number);
}

static const struct yaml_field rows[] = {
    {.name = YAML_FIELD_NAME("topic"), .shapes = YAML_SCALAR, .required = true, .any_text = true, .read = write_text},
    {.name = YAML_FIELD_NAME("expressionType"), .shapes = YAML_SCALAR, .read = write_text},
    {.name = YAML_FIELD_NAME("expression"), .shapes = YAML_SCALAR, .any_text = true, .read = write_text},
    {.name = YAML_FIELD_NAME("version"), .shapes = YAML_SCALAR, .read = write_number},
};

static const struct yaml_table table = {rows, sizeof rows / sizeof *rows, "a subscription"};

/* The canonical text of the list in `json` into `out`. 0 or -1. */
static int make_canonical(struct text json, struct buffer *out, struct failure *why)
{
    char *padded = json_pad(json);
    struct json_reader *reader = NULL;
    struct json_token begin;
    size_t offset;
    int status = -1;

    if (padded == NULL)
        return failure_no_memory(why, "subscriptionDataSet");
    reader = json_reader_new((struct text){padded, json.bytes}, why);
    if (reader != NULL) {
        json_next(reader, &begin);
        buffer_reset(out);
        status = config_json_read_subscriptions(reader, &begin, out, &offset, why);
    }
    json_reader_free(reader);
    free(padded);
    return status;
}

/* False: more than one field may hold; what comes then is passed over. */
static bool write_items(struct yaml_reader *reader, struct json_writer *json, size_t bytes_max)
{
    struct yaml_value item;
    bool fits = true;

    json_write_begin_array(json);
    while (yaml_next_item(reader, &item)) {
        fits = fits && json->out->length <= bytes_max;
        if (!fits) {
            yaml_skip(reader, &item);
            continue;
        }
        if (!yaml_expect(reader, "a subscription", YAML_MAP, &item))
            continue;
        json_write_begin_object(json);
        yaml_read_fields(reader, &table, item.mark, 0, json);
        json_write_end_object(json);
    }
    json_write_end_array(json);
    return fits && json->out->length <= bytes_max;
}

void spec_read_subscriptions(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                             void *target)
{
    const struct field_info *info = field_info(field->argument);
    struct spec *spec = target;
    struct yaml_mark mark = value->mark;
    struct failure failure = FAILURE_INIT;
    struct json_writer json;
    struct buffer text;

    buffer_init(&text, TEXT_BYTES_MAX);
    json_writer_init(&json, &text, 0);
    bool fits = write_items(reader, &json, (size_t)info->max);
    if (!fits)
        yaml_complain(reader, mark, "%s has more than %" PRId64 " bytes", info->name, info->max);
    else if (text.failed)
        spec_stop_without_memory(reader);
    else if (make_canonical(buffer_text(&text), &spec->room, &failure) == 0)
        spec_set(reader, spec, field->argument, &(union value){.text = buffer_text(&spec->room)}, mark);
    else if (failure.cause == CAUSE_INPUT_WRONG)
        yaml_complain(reader, mark, "%s", failure.text);
    else
        yaml_stop(reader, &failure);
    buffer_release(&text);
}
