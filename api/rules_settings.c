/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings: what cannot be created with them, and what a create says where nothing is declared.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "api/cause.h"
#include "api/rules.h"
#include "api/rules_brokers.h"

enum { ROOM = 256 };

struct judging {
    const struct rules *rules;
    enum kind kind;
    const struct settings *settings;
    uint64_t holds;
    enum field *out_field;
    char *room;
};

__attribute__((format(printf, 4, 5))) static int refuse(const struct judging *judging, int cause, enum field field,
                                                        const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(judging->room, ROOM, format, arguments);
    va_end(arguments);
    *judging->out_field = field;
    return cause;
}

static bool number_is(const struct settings *settings, enum field field, int64_t number)
{
    return settings_has(settings, field) && settings_number(settings, field) == number;
}

static bool text_said(const struct settings *settings, enum field field, const char *text)
{
    return settings_has(settings, field) && text_is(settings_text(settings, field), text);
}

/* --- what the destination cannot hold, and changes what clients may do (contract section 4) --- */

static uint64_t behaviour_of(enum kind kind, const struct settings *settings)
{
    uint64_t fields = 0;

    if (kind == KIND_GROUP)
        return number_is(settings, FIELD_GROUP_CONSUME_ENABLE, 0) ? FIELD_BIT(FIELD_GROUP_CONSUME_ENABLE) : 0;
    if (settings_has(settings, FIELD_TOPIC_PERM) && settings_number(settings, FIELD_TOPIC_PERM) != 6)
        fields |= FIELD_BIT(FIELD_TOPIC_PERM);
    if (number_is(settings, FIELD_TOPIC_ORDER, 1) && !text_said(settings, FIELD_TOPIC_MESSAGE_TYPE, "FIFO"))
        fields |= FIELD_BIT(FIELD_TOPIC_ORDER);
    return fields;
}

uint64_t rules_behaviour_not_held(enum kind kind, const struct settings *settings, uint64_t holds)
{
    return behaviour_of(kind, settings) & ~holds & ~settings->create_only;
}

static int check_behaviour(const struct judging *judging, uint64_t accepted)
{
    uint64_t lost = behaviour_of(judging->kind, judging->settings) & ~judging->holds & ~accepted;

    if (lost == 0)
        return CAUSE_NONE;
    enum field field = field_first(lost);
    const char *why = field == FIELD_TOPIC_PERM    ? "here every topic can be read and written (6)"
                      : field == FIELD_TOPIC_ORDER ? "here only messageType FIFO keeps an order"
                                                   : "here consuming cannot be switched off";
    int64_t number = settings_number(judging->settings, field);
    if (field == FIELD_TOPIC_PERM)
        return refuse(judging, CAUSE_SETTING_NOT_REPRESENTABLE, field, "perm %" PRId64 " is declared; %s", number, why);
    return refuse(judging, CAUSE_SETTING_NOT_REPRESENTABLE, field, "%s %s is declared; %s", field_info(field)->name,
                  number != 0 ? "true" : "false", why);
}

/* --- what is needed --- */

static bool is_unsaid(const struct settings *settings, enum field field)
{
    return !settings_has(settings, field) ||
           (field == FIELD_TOPIC_MESSAGE_TYPE && text_said(settings, field, "UNSPECIFIED"));
}

static int missing(const struct judging *judging, enum field field)
{
    switch (field) {
    case FIELD_TOPIC_MESSAGE_TYPE:
        return refuse(judging, CAUSE_MESSAGE_TYPE_UNKNOWN, field, "no message type is declared%s",
                      number_is(judging->settings, FIELD_TOPIC_ORDER, 1) ? "; order true speaks for FIFO" : "");
    case FIELD_TOPIC_READ_QUEUE_NUMS:
    case FIELD_TOPIC_WRITE_QUEUE_NUMS:
        return refuse(judging, CAUSE_QUEUE_NUMBERS_UNKNOWN, field, "no %s are declared", field_info(field)->name);
    default:
        return refuse(judging, CAUSE_INVALID_PARAMETER, field, "no %s is declared", field_info(field)->name);
    }
}

static int check_needs(const struct judging *judging)
{
    for (uint64_t rest = judging->rules->needs[judging->kind]; rest != 0; rest &= rest - 1) {
        if (is_unsaid(judging->settings, field_first(rest)))
            return missing(judging, field_first(rest));
    }
    return CAUSE_NONE;
}

/* --- ranges --- */

/* Code points, which is what providers count as characters. */
static size_t characters(struct text text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.bytes; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

/* Most characters of a remark; 0: no rule of its own. openapi 1.4 (import template page), 2.3 (G-tf). */
static size_t remark_max(enum instance_kind instance, enum field field)
{
    if (instance == INSTANCE_APSARAMQ)
        return field == FIELD_GROUP_REMARK ? 60 : 0;
    if (instance == INSTANCE_ONS)
        return field == FIELD_GROUP_REMARK ? 256 : 128;
    return 0;
}

static int check_text(const struct judging *judging, enum field field)
{
    const struct field_info *info = field_info(field);
    struct text text = settings_text(judging->settings, field);
    bool is_remark = field == FIELD_TOPIC_REMARK || field == FIELD_GROUP_REMARK;
    size_t most = is_remark ? remark_max(judging->rules->kind, field) : 0;

    if (most > 0 && characters(text) > most)
        return refuse(judging, CAUSE_INVALID_PARAMETER, field, "%s has at most %zu characters, this has %zu",
                      info->name, most, characters(text));
    if (text.bytes < (uint64_t)info->min || text.bytes > (uint64_t)info->max)
        return refuse(judging, CAUSE_INVALID_PARAMETER, field, "%s has %" PRId64 " to %" PRId64 " bytes, this has %zu",
                      info->name, info->min, info->max, text.bytes);
    return CAUSE_NONE;
}

/* Known choices only: what a newer broker calls its types cannot be promised to another instance. */
static int check_choice(const struct judging *judging, enum field field)
{
    union value value;
    char rule[160];
    const char *broken = value_parse(field, settings_text(judging->settings, field), true, &value, rule);

    return broken ? refuse(judging, CAUSE_INVALID_PARAMETER, field, "%s", broken) : CAUSE_NONE;
}

static int check_integer(const struct judging *judging, enum field field)
{
    const struct field_info *info = field_info(field);
    int64_t number = settings_number(judging->settings, field);

    if (number >= info->min && number <= info->max)
        return CAUSE_NONE;
    return refuse(judging, CAUSE_INVALID_PARAMETER, field, "%s is from %" PRId64 " to %" PRId64 ", not %" PRId64,
                  info->name, info->min, info->max, number);
}

static int check_field(const struct judging *judging, enum field field)
{
    switch (field_info(field)->type) {
    case TYPE_INTEGER:
        return check_integer(judging, field);
    case TYPE_CHOICE:
        return check_choice(judging, field);
    case TYPE_TEXT:
        return check_text(judging, field);
    case TYPE_BOOL:
    case TYPE_MAP:
    case TYPE_NUMBERS:
    case TYPE_JSON:
        break;
    }
    return CAUSE_NONE;
}

static int check_ranges(const struct judging *judging)
{
    for (uint64_t rest = judging->settings->set & judging->holds; rest != 0; rest &= rest - 1) {
        int cause = check_field(judging, field_first(rest));
        if (cause != CAUSE_NONE)
            return cause;
    }
    return CAUSE_NONE;
}

/* --- what belongs together --- */

/* openapi 1.3 (5.x; Lite by the limits page and GetTopic), 2.2 (4.x). */
static int check_message_type(const struct judging *judging)
{
    static const char *const common[] = {"NORMAL", "FIFO", "DELAY", "TRANSACTION", NULL};
    enum instance_kind instance = judging->rules->kind;
    enum field field = FIELD_TOPIC_MESSAGE_TYPE;
    const char *const *known = common;

    if ((instance != INSTANCE_APSARAMQ && instance != INSTANCE_ONS) || !settings_has(judging->settings, field))
        return CAUSE_NONE;
    while (*known && !text_said(judging->settings, field, *known))
        known++;
    if (*known || (instance == INSTANCE_APSARAMQ && text_said(judging->settings, field, "LITE")))
        return CAUSE_NONE;
    struct text type = settings_text(judging->settings, field);
    return refuse(judging, CAUSE_INVALID_PARAMETER, field,
                  "message types here are NORMAL, FIFO, DELAY, TRANSACTION%s, not %.*s",
                  instance == INSTANCE_APSARAMQ ? ", LITE" : "", (int)type.bytes, type.data);
}

/* openapi 1.4: ordered delivery wants FixedRetryPolicy with an interval; ranges of the interval in seconds. */
static int check_retry(const struct judging *judging)
{
    const struct settings *settings = judging->settings;
    enum field interval = FIELD_GROUP_FIXED_INTERVAL_RETRY_TIME;
    bool orderly = text_said(settings, FIELD_GROUP_DELIVERY_ORDER_TYPE, "Orderly");
    int64_t least = orderly ? 1 : 10, most = orderly ? 600 : 1800;

    if (orderly && !text_said(settings, FIELD_GROUP_RETRY_POLICY, "FixedRetryPolicy"))
        return refuse(judging, CAUSE_INVALID_PARAMETER, FIELD_GROUP_RETRY_POLICY,
                      "deliveryOrderType Orderly needs consumeRetryPolicy.retryPolicy FixedRetryPolicy");
    if (orderly && !settings_has(settings, interval))
        return refuse(judging, CAUSE_INVALID_PARAMETER, interval,
                      "deliveryOrderType Orderly needs consumeRetryPolicy.fixedIntervalRetryTime (1 to 600 seconds)");
    if (!settings_has(settings, interval))
        return CAUSE_NONE;
    int64_t seconds = settings_number(settings, interval);
    if (seconds >= least && seconds <= most)
        return CAUSE_NONE;
    return refuse(judging, CAUSE_INVALID_PARAMETER, interval,
                  "%s is from %" PRId64 " to %" PRId64 " seconds where delivery is %s, not %" PRId64,
                  field_info(interval)->name, least, most, orderly ? "Orderly" : "Concurrently", seconds);
}

/* openapi 1.4; clusters take any number (rocketmq-remoting 1.7). */
static int check_retry_times(const struct judging *judging)
{
    enum field field = FIELD_GROUP_MAX_RETRY_TIMES;

    if (!settings_has(judging->settings, field) || settings_number(judging->settings, field) <= 1000)
        return CAUSE_NONE;
    return refuse(judging, CAUSE_INVALID_PARAMETER, field, "%s is from 0 to 1000, not %" PRId64,
                  field_info(field)->name, settings_number(judging->settings, field));
}

static int check_together(const struct judging *judging)
{
    int cause = CAUSE_NONE;

    if (judging->rules->kind == INSTANCE_ROCKETMQ)
        return rules_check_attributes(judging->rules, judging->kind, judging->settings, judging->holds,
                                      judging->out_field, judging->room);
    if (judging->kind == KIND_TOPIC)
        return check_message_type(judging);
    if (judging->rules->kind == INSTANCE_APSARAMQ)
        cause = check_retry_times(judging);
    if (cause == CAUSE_NONE && judging->rules->kind == INSTANCE_APSARAMQ)
        cause = check_retry(judging);
    return cause;
}

int rules_check_settings(const struct rules *rules, enum kind kind, const struct settings *settings, uint64_t holds,
                         uint64_t accepted, enum field *out_field, char room[static 256])
{
    const struct judging judging = {rules, kind, settings, holds, out_field, room};
    int cause = check_behaviour(&judging, accepted);

    if (cause == CAUSE_NONE)
        cause = check_needs(&judging);
    if (cause == CAUSE_NONE)
        cause = check_ranges(&judging);
    return cause == CAUSE_NONE ? check_together(&judging) : cause;
}

/* --- completion (contract section 4) --- */

static void complete_number(struct draft *draft, uint64_t holds, enum field field, int64_t number)
{
    if ((holds & ~draft->set & FIELD_BIT(field)) != 0)
        draft_set_number(draft, field, number);
}

static void complete_text(struct draft *draft, uint64_t holds, enum field field, struct text text)
{
    if ((holds & ~draft->set & FIELD_BIT(field)) != 0)
        draft_set_text(draft, field, text);
}

void rules_complete(const struct rules *rules, enum kind kind, struct draft *draft, uint64_t holds)
{
    if (rules->kind == INSTANCE_APSARAMQ && kind == KIND_GROUP) {
        complete_text(draft, holds, FIELD_GROUP_DELIVERY_ORDER_TYPE, TEXT("Concurrently"));
        complete_text(draft, holds, FIELD_GROUP_RETRY_POLICY, TEXT("DefaultRetryPolicy"));
    } else if (rules->kind == INSTANCE_ONS && kind == KIND_GROUP) {
        complete_text(draft, holds, FIELD_GROUP_TYPE, TEXT("tcp"));
    } else if (rules->kind == INSTANCE_ROCKETMQ && kind == KIND_TOPIC) {
        complete_number(draft, holds, FIELD_TOPIC_READ_QUEUE_NUMS, 8);
        complete_number(draft, holds, FIELD_TOPIC_WRITE_QUEUE_NUMS, 8);
        complete_number(draft, holds, FIELD_TOPIC_PERM, 6);
    }
}
