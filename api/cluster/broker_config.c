/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/broker_config.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

static struct text trim(struct text text)
{
    while (text.bytes > 0 && is_blank(text.data[0]))
        text = text_after(text, 1);
    while (text.bytes > 0 && is_blank(text.data[text.bytes - 1]))
        text.bytes--;
    return text;
}

/* The first line of *rest, which goes behind it. */
static struct text next_line(struct text *rest)
{
    const char *end = memchr(rest->data, '\n', rest->bytes);
    struct text line = {rest->data, end ? (size_t)(end - rest->data) : rest->bytes};

    *rest = text_after(*rest, line.bytes + 1);
    return line;
}

struct text broker_config_value(struct text properties, const char *key)
{
    struct text value = TEXT("");

    while (properties.bytes > 0) {
        struct text line = next_line(&properties);
        const char *equals = line.bytes > 0 ? memchr(line.data, '=', line.bytes) : NULL;
        size_t before = equals ? (size_t)(equals - line.data) : 0;
        if (equals && text_is(trim((struct text){line.data, before}), key))
            value = trim(text_after(line, before + 1));
    }
    return value;
}

static bool is_on(struct text properties, const char *key, bool otherwise)
{
    struct text value = broker_config_value(properties, key);
    return value.bytes == 0 ? otherwise : text_is(value, "true");
}

void broker_config_read(struct text properties, struct broker_config *out)
{
    *out = (struct broker_config){
        .store_v2 = text_is(broker_config_value(properties, "configManagerVersion"), "v2"),
        .auto_create_topic = is_on(properties, "autoCreateTopicEnable", true),
        .auto_create_group = is_on(properties, "autoCreateSubscriptionGroup", true),
        .mixed_message_type = is_on(properties, "enableMixedMessageType", false),
        .slave = text_is(broker_config_value(properties, "brokerRole"), "SLAVE"),
    };
}
