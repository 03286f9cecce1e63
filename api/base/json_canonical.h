/* SPDX-License-Identifier: Apache-2.0
 *
 * One spelling for equal JSON values: compact, members sorted by the bytes of their keys, numbers as they are spelt.
 * For settings that are JSON themselves (TYPE_JSON of fields.def), so that equality is equality of texts.
 */
#ifndef MQFERRY_API_BASE_JSON_CANONICAL_H
#define MQFERRY_API_BASE_JSON_CANONICAL_H

#include <stddef.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/base/json.h"

/* Reads the value that `token` begins, to its end, and appends it to `out`. 0; or -1 with CAUSE_INPUT_WRONG and
 * *out_offset (it is no JSON, a key stands twice, it is longer than the ceiling of `out`), or OUT_OF_MEMORY. */
int json_canonical_read(struct json_reader *reader, const struct json_token *token, struct buffer *out,
                        size_t *out_offset, struct failure *why);

#endif
