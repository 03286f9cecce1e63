/* SPDX-License-Identifier: Apache-2.0
 *
 * Names. Where sources disagree the stricter rule is taken: a name that it lets pass is accepted everywhere.
 */
#include "api/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/base/strings.h"

enum { ROOM = 256, SERVERLESS_BYTES_MAX = 128 };

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What the names of one kind of resource must be like; NULL: no such rule. */
struct name_rules {
    const char *const *reserved;
    const char *const *reserved_prefixes;
    const char *const *reserved_suffixes;
    const char *const *prefixes; /* one of them is needed */
};

struct instance_rules {
    const char *label;
    const char *alphabet; /* besides letters and digits; NULL: whatever is no control character */
    const char *alphabet_words;
    struct rules rules;
    struct name_rules names[KINDS];
};

static const struct instance_rules table[INSTANCE_KINDS] = {
    /* Nothing is known of what the snapshot stands for: only what no program could handle is refused. */
    [INSTANCE_ANY] = {.label = NULL, .rules = {.name_bytes_max = {255, 255}, .name_bytes_min = {1, 1}}},

    /* openapi 1.7 (P-limits5). Some texts allow '%'; the limits page does not. CID_ prefixes: open-source limits page,
     * inferred for the product. Whether topics and groups share names is unknown: it is tried (design section 6). */
    [INSTANCE_APSARAMQ] =
        {.label = "ApsaraMQ 5.x",
         .alphabet = "_-",
         .alphabet_words = "letters, digits, _ and -",
         .rules = {.name_bytes_max = {60, 60},
                   .name_bytes_min = {1, 1},
                   .needs = {FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE), 0}},
         .names = {{.reserved =
                        NAMES("TBW102", "BenchmarkTest", "SELF_TEST_TOPIC", "OFFSET_MOVED_EVENT", "SCHEDULE_TOPIC_XXXX",
                              "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRACE_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC"),
                    .reserved_prefixes = NAMES("rmq_sys_", "%RETRY%", "%DLQ%", "rocketmq-broker-", "rocketmq-proxy-"),
                    .reserved_suffixes = NAMES("_REPLY_TOPIC")},
                   {.reserved = NAMES("DEFAULT_CONSUMER", "DEFAULT_PRODUCER", "TOOLS_CONSUMER", "FILTERSRV_CONSUMER",
                                      "__MONITOR_CONSUMER", "CLIENT_INNER_PRODUCER", "SELF_TEST_P_GROUP",
                                      "SELF_TEST_C_GROUP", "CID_ONS-HTTP-PROXY", "CID_ONSAPI_PERMISSION",
                                      "CID_ONSAPI_OWNER", "CID_ONSAPI_PULL", "CID_RMQ_SYS_TRANS"),
                    .reserved_prefixes = NAMES("CID_RMQ_SYS_", "CID_HOUSEKEEPING")}}},

    /* openapi 2.3: lengths G-sdk; the prefix of groups older pages and G-tf. Topics and groups share one name space. */
    [INSTANCE_ONS] = {.label = "ApsaraMQ 4.x",
                      .alphabet = "-_",
                      .alphabet_words = "letters, digits, - and _",
                      .rules = {.name_bytes_max = {64, 64},
                                .name_bytes_min = {3, 2},
                                .names_shared = true,
                                .needs = {FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE), 0}},
                      .names = {{.reserved_prefixes = NAMES("CID", "GID")}, {.prefixes = NAMES("GID_", "GID-")}}},

    /* rocketmq-remoting 2.3: the alphabet of topics since 4.6.1, of groups since 5.3.4; 120 for groups since 5.3.4. */
    [INSTANCE_ROCKETMQ] = {.label = "open-source RocketMQ",
                           .alphabet = "%|_-",
                           .alphabet_words = "letters, digits, %, |, _ and -",
                           .rules = {.name_bytes_max = {127, 120}, .name_bytes_min = {1, 1}}},
};

struct rules rules_of(enum instance_kind kind)
{
    struct rules rules = table[kind].rules;

    rules.kind = kind;
    return rules;
}

/* --- sentences --- */

struct checking {
    const struct rules *rules;
    enum kind kind;
    struct text name;
    char *room;
};

/* "topic names of ApsaraMQ 5.x …" */
__attribute__((format(printf, 2, 3))) static const char *say(const struct checking *checking, const char *format, ...)
{
    const char *label = table[checking->rules->kind].label;
    va_list arguments;

    int used = snprintf(checking->room, ROOM, "%s names%s%s ", kind_word(checking->kind), label ? " of " : "",
                        label ? label : "");
    va_start(arguments, format);
    vsnprintf(checking->room + used, ROOM - (size_t)used, format, arguments);
    va_end(arguments);
    return checking->room;
}

/* The character at the offset as a person can read it. */
static const char *shown(struct text name, size_t offset, char room[static 16])
{
    uint32_t code_point = 0;
    size_t bytes = utf8_decode(name, offset, &code_point);

    if (bytes == 0 || code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0))
        snprintf(room, 16, "byte 0x%02X", (unsigned)(unsigned char)name.data[offset]);
    else
        snprintf(room, 16, "'%.*s'", (int)bytes, name.data + offset);
    return room;
}

/* --- rules --- */

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static const char *check_alphabet(const struct checking *checking, const struct instance_rules *of)
{
    struct text name = checking->name;
    char character[16];

    for (size_t i = 0; i < name.bytes; i++) {
        if (!is_alphanumeric(name.data[i]) && (name.data[i] == '\0' || !strchr(of->alphabet, name.data[i])))
            return say(checking, "have %s; this has %s at byte %zu", of->alphabet_words, shown(name, i, character),
                       i + 1);
    }
    return NULL;
}

static const char *check_printable(const struct checking *checking)
{
    struct text name = checking->name;
    size_t good = utf8_check(name);
    char character[16];

    for (size_t i = 0; i < good; i++) {
        bool c1 = name.data[i] == '\xC2' && (unsigned char)name.data[i + 1] < 0xA0;
        if ((unsigned char)name.data[i] < 0x20 || name.data[i] == 0x7F || c1)
            return say(checking, "have no control characters; this has %s at byte %zu", shown(name, i, character),
                       i + 1);
    }
    if (good < name.bytes)
        return say(checking, "are UTF-8; this has %s at byte %zu", shown(name, good, character), good + 1);
    return NULL;
}

static const char *check_length(const struct checking *checking)
{
    const struct rules *rules = checking->rules;
    bool longer = rules->kind == INSTANCE_APSARAMQ && rules->serverless;
    size_t max = longer ? SERVERLESS_BYTES_MAX : rules->name_bytes_max[checking->kind];
    size_t min = rules->name_bytes_min[checking->kind];

    if (checking->name.bytes >= min && checking->name.bytes <= max)
        return NULL;
    return say(checking, "have %zu to %zu %s, this has %zu", min, max,
               table[rules->kind].alphabet ? "characters" : "bytes", checking->name.bytes);
}

/* The first of the words that fits the name, or NULL. */
static const char *first_that(bool (*fits)(struct text, const char *), struct text name, const char *const *words)
{
    while (words && *words && !fits(name, *words))
        words++;
    return words ? *words : NULL;
}

static const char *check_reserved(const struct checking *checking, const struct name_rules *names)
{
    const char *word = first_that(text_is, checking->name, names->reserved);

    if (word)
        return say(checking, "must not be '%s': it is reserved", word);
    word = first_that(text_begins, checking->name, names->reserved_prefixes);
    if (word)
        return say(checking, "must not begin with '%s'", word);
    word = first_that(text_ends, checking->name, names->reserved_suffixes);
    if (word)
        return say(checking, "must not end with '%s'", word);
    if (names->prefixes && !first_that(text_begins, checking->name, names->prefixes))
        return say(checking, "begin with '%s' or '%s'", names->prefixes[0], names->prefixes[1]);
    return NULL;
}

const char *rules_check_name(const struct rules *rules, enum kind kind, struct text name, char room[static 256])
{
    const struct instance_rules *of = &table[rules->kind];
    struct checking checking = {rules, kind, name, room};
    const char *broken = of->alphabet ? check_alphabet(&checking, of) : check_printable(&checking);

    if (!broken)
        broken = check_length(&checking);
    return broken ? broken : check_reserved(&checking, &of->names[kind]);
}
