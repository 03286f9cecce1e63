/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of order entries: a part of the core, for place.
 */
#include "api/cluster/order_value.h"

#include <inttypes.h>

/* The next "broker:queues" of *rest. */
static bool next_broker(struct text *rest, struct text *out_broker)
{
    if (rest->bytes == 0)
        return false;
    const char *end = memchr(rest->data, ';', rest->bytes);
    struct text piece = {rest->data, end ? (size_t)(end - rest->data) : rest->bytes};
    const char *colon = piece.bytes > 0 ? memchr(piece.data, ':', piece.bytes) : NULL;
    *out_broker = (struct text){piece.data, colon ? (size_t)(colon - piece.data) : piece.bytes};
    *rest = text_after(*rest, piece.bytes + 1);
    return true;
}

bool order_value_names(struct text value, const char *broker)
{
    struct text name;

    while (next_broker(&value, &name))
        if (text_is(name, broker))
            return true;
    return false;
}

int order_value_join(struct text old, const char *broker, int64_t queues, struct buffer *out)
{
    buffer_append_text(out, old);
    if (!order_value_names(old, broker))
        buffer_append_format(out, "%s%s:%" PRId64, old.bytes > 0 ? ";" : "", broker, queues);
    return out->failed ? -1 : 0;
}
