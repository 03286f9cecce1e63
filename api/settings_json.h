/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings as JSON, as manifests spell them: dotted names are nested objects, maps objects of texts. Everything on one
 * line; errors collect in the writer's buffer.
 */
#ifndef MQFERRY_API_SETTINGS_JSON_H
#define MQFERRY_API_SETTINGS_JSON_H

#include "api/base/json.h"
#include "api/resource.h"

void settings_json_value(struct json_writer *json, enum field field, const union value *value);
/* Members for an object that is open: the set fields of `mask`, in the order of fields.def. */
void settings_json_members(struct json_writer *json, const struct draft *settings, uint64_t mask);
/* The whole object. */
void settings_json_object(struct json_writer *json, const struct draft *settings);

#endif
