/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/oracle.h"

#include <stdarg.h>
#include <string.h>

#include "api/cause.h"

enum { TRIES_AT_MOST = 3, PATIENCE_MS = 15000, LONG_PATIENCE_MS = 30000 };

#define BIT(thing) (1u << (thing))

void oracle_break(struct oracle *oracle, const char *name, const char *format, ...)
{
    va_list arguments;
    if (oracle->broken != NULL)
        return;
    oracle->broken = name;
    va_start(arguments, format);
    vsnprintf(oracle->sentence, sizeof oracle->sentence, format, arguments);
    va_end(arguments);
}

void oracle_init(struct oracle *oracle, const struct world *world, const struct log_book *log)
{
    memset(oracle, 0, sizeof *oracle);
    oracle->world = world;
    oracle->log = log;
    memset(oracle->declared, ABSENT, sizeof oracle->declared);
    memset(oracle->there, ABSENT, sizeof oracle->there);
    for (uint32_t i = 0; i < world->count; i++)
        memcpy(oracle->there[i], world->things[i].first, sizeof oracle->there[i]);
}

/* ---- reading: whole or nothing --------------------------------------------------------------------------------- */

static void look_at_part(struct oracle *oracle, const struct log_entry *entry)
{
    if (entry->part < PARTS_MAX)
        oracle->parts[entry->side][entry->of_kind][entry->part] =
            (struct held_part){.here = true, .parts = entry->parts, .count = entry->count, .total = entry->total};
}

static bool is_whole(const struct held_part parts[PARTS_MAX])
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < parts[0].parts && i < PARTS_MAX; i++) {
        if (!parts[i].here || parts[i].parts != parts[0].parts || parts[i].total != parts[0].total)
            return false;
        sum += parts[i].count;
    }
    return parts[0].here && (parts[0].total == UINT64_MAX || parts[0].total == sum);
}

static void look_at_plan(struct oracle *oracle)
{
    int sides = oracle->world->live_source ? 2 : 1;
    oracle->planned = true;
    for (int side = 0; side < sides; side++) {
        for (int kind = 0; kind < KINDS; kind++) {
            if (!is_whole(oracle->parts[side][kind]))
                oracle_break(oracle, "whole-lists", "a plan is made of half a list of %ss of side %d", kind_word(kind),
                             side);
        }
    }
}

/* ---- doubts: settled by reading -------------------------------------------------------------------------------- */

static void look_at_read_of(struct oracle *oracle, const struct log_entry *entry, uint32_t thing, uint32_t master)
{
    struct sending *sending = &oracle->sendings[thing][master];
    if ((entry->shown[master] & BIT(thing)) != 0) {
        oracle->shown[master] |= BIT(thing);
        sending->open = false;
        return;
    }
    oracle->shown[master] &= ~BIT(thing);
    if (entry->since_ms < sending->left_ms)
        return;
    sending->absent_reads++;
    if (sending->absent_reads >= 2 && entry->since_ms >= sending->left_ms + oracle->world->settle_ms)
        sending->open = false;
}

static void look_at_read(struct oracle *oracle, const struct log_entry *entry)
{
    uint32_t shown = 0;
    for (uint32_t master = 0; master < oracle->world->masters; master++)
        shown |= entry->shown[master];
    oracle->unshown |= entry->covers & ~shown;
    for (uint32_t thing = 0; thing < oracle->world->count; thing++) {
        for (uint32_t master = 0; master < oracle->world->masters && (entry->covers & BIT(thing)) != 0; master++)
            look_at_read_of(oracle, entry, thing, master);
    }
}

/* ---- sending --------------------------------------------------------------------------------------------------- */

static void check_permission(struct oracle *oracle, uint32_t thing)
{
    const char *why = NULL;
    if (oracle->declined)
        why = "it was declined";
    else if (!oracle->right_instance)
        why = "this is another instance";
    else if (!oracle->in_service)
        why = "the instance is not in service";
    else if (!oracle->planned)
        why = "nothing is planned yet";
    else if (oracle->declared[thing] == ABSENT || oracle->world->things[thing].observed_only)
        why = "nobody wants it to be created";
    else if ((uint32_t)__builtin_popcount(oracle->sent | BIT(thing)) > oracle->world->max_creates)
        why = "these are more creates than allowed";
    if (why != NULL)
        oracle_break(oracle, "guards", "n%02u is sent, but %s", thing, why);
}

static void check_patience(struct oracle *oracle, uint32_t thing, uint64_t now_ms)
{
    if (oracle->barred[thing])
        oracle_break(oracle, "patience", "n%02u is sent again though it was refused for good", thing);
    if (now_ms < oracle->not_before_ms[thing])
        oracle_break(oracle, "patience", "n%02u is sent again too soon", thing);
    if (oracle->tries[thing] >= TRIES_AT_MOST)
        oracle_break(oracle, "patience", "n%02u is sent after %d tries in one pass", thing, TRIES_AT_MOST);
}

static bool is_anywhere(const struct oracle *oracle, uint32_t thing)
{
    for (uint32_t master = 0; master < oracle->world->masters; master++) {
        if (oracle->there[thing][master] != ABSENT)
            return true;
    }
    return false;
}

/* The topic that this group needs, where it is declared to be created; NOBODY: none. */
static int needed_topic(const struct oracle *oracle, uint32_t thing)
{
    int topic = oracle->world->things[thing].dead_letter;
    if (topic == NOBODY || oracle->declared[topic] == ABSENT || oracle->world->things[topic].observed_only)
        return NOBODY;
    return topic;
}

static void look_at_asked(struct oracle *oracle, uint32_t thing)
{
    if ((oracle->asked & BIT(thing)) != 0)
        oracle_break(oracle, "never-twice", "n%02u is created twice at once", thing);
    if (oracle->stopped || oracle->changed)
        oracle_break(oracle, "stopping", "n%02u is created after a stop or a change of the source", thing);
    oracle->asked |= BIT(thing);
}

static void look_at_sent(struct oracle *oracle, const struct log_entry *entry)
{
    uint32_t thing = (uint32_t)entry->thing;
    struct sending *sending = &oracle->sendings[thing][entry->master];
    int topic = needed_topic(oracle, thing);
    if (!oracle->intent[thing])
        oracle_break(oracle, "durable-intents", "n%02u is sent and no journal knows", thing);
    if ((oracle->shown[entry->master] & BIT(thing)) != 0)
        oracle_break(oracle, "create-only", "n%02u is sent to master %u, where the last read showed it", thing,
                     entry->master);
    if (sending->open)
        oracle_break(oracle, "settled-by-reading", "n%02u is sent again, and what became of the first is not settled",
                     thing);
    if (topic != NOBODY && !is_anywhere(oracle, (uint32_t)topic))
        oracle_break(oracle, "order", "n%02u is sent before its dead-letter topic n%02d is there", thing, topic);
    check_permission(oracle, thing);
    check_patience(oracle, thing, entry->ms);
    oracle->sent |= BIT(thing);
    *sending = (struct sending){.open = true, .left_ms = entry->ms};
}

static void look_at_write(struct oracle *oracle, const struct log_entry *entry)
{
    if (entry->writer == WRITER_US && entry->before != ABSENT)
        oracle_break(oracle, "create-only", "n%02d on master %u was %d and was overwritten with %d", entry->thing,
                     entry->master, entry->before, entry->after);
    oracle->there[entry->thing][entry->master] = entry->after;
    oracle->serving_ms[entry->thing] = entry->since_ms;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static void look_at_refusal(struct oracle *oracle, const struct log_entry *entry)
{
    uint32_t thing = (uint32_t)entry->thing;
    enum cause_remedy remedy = cause_remedy(entry->cause);
    if (cause_scope(entry->cause) == SCOPE_KIND)
        oracle->kind_excused[oracle->world->things[thing].kind] = true;
    if (entry->flag && (remedy == REMEDY_STUCK || remedy == REMEDY_DECIDE) &&
        cause_scope(entry->cause) == SCOPE_RESOURCE)
        oracle->barred[thing] = true;
    if (entry->flag && (entry->cause == CAUSE_INSTANCE_PERMISSION_MISSING || entry->cause == CAUSE_REFUSED))
        oracle->not_before_ms[thing] = entry->ms + LONG_PATIENCE_MS;
    if (cause_scope(entry->cause) == SCOPE_RESOURCE && remedy == REMEDY_RETRY &&
        ++oracle->tries[thing] == TRIES_AT_MOST)
        oracle->not_before_ms[thing] = entry->ms + PATIENCE_MS;
}

static void look_at_answer(struct oracle *oracle, const struct log_entry *entry)
{
    uint32_t thing = (uint32_t)entry->thing;
    bool refused = entry->outcome == OUTCOME_REFUSED || entry->outcome == OUTCOME_NOT_SENT;
    bool said = entry->outcome == OUTCOME_CREATED || entry->outcome == OUTCOME_EXISTED;
    oracle->asked &= ~BIT(thing);
    for (uint32_t master = 0; master < oracle->world->masters; master++) {
        struct sending *sending = &oracle->sendings[thing][master];
        sending->open = sending->open && !refused;
        sending->said = said;
    }
    if (entry->outcome != OUTCOME_CREATED)
        oracle->excused |= BIT(thing);
    else
        oracle->heard_created |= BIT(thing);
    if (refused)
        look_at_refusal(oracle, entry);
    if (entry->outcome == OUTCOME_UNKNOWN) {
        oracle->heard_unknown |= BIT(thing);
        oracle->tries[thing]++;
    }
}

/* ---- lives ----------------------------------------------------------------------------------------------------- */

/* A new process knows its journal. Where a destination refuses what exists, a create that the journal knows as answered
 * may be sent again before lists show it: it changes nothing. */
static void settle_by_journal(struct oracle *oracle)
{
    for (int thing = 0; thing < THINGS_MAX; thing++) {
        for (int master = 0; master < MASTERS_MAX; master++) {
            struct sending *sending = &oracle->sendings[thing][master];
            if (sending->said && !oracle->intent[thing] && !oracle->world->overwrites)
                sending->open = false;
        }
    }
    oracle->reborn = false;
}

static void look_at_begin(struct oracle *oracle, const struct log_entry *entry)
{
    for (int thing = 0; thing < THINGS_MAX; thing++) {
        oracle->excused |= oracle->intent[thing] ? BIT(thing) : 0; /* an earlier process may have sent it */
        if (oracle->declared[thing] == entry->values[thing])
            continue;
        oracle->barred[thing] = false;
        oracle->not_before_ms[thing] = 0;
    }
    if (oracle->reborn)
        settle_by_journal(oracle);
    memcpy(oracle->declared, entry->values, sizeof oracle->declared);
    oracle->loaded = oracle->world->live_source;
    oracle->planned = oracle->stopped = oracle->changed = oracle->declined = false;
    oracle->unreadable = oracle->right_instance = oracle->in_service = false;
    oracle->sent = oracle->heard_created = oracle->heard_unknown = 0;
    oracle->declares = false;
    oracle->unshown = 0;
    memset(oracle->tries, 0, sizeof oracle->tries);
    memset(oracle->parts, 0, sizeof oracle->parts);
}

static void look_at_declared(struct oracle *oracle, const struct log_entry *entry)
{
    uint32_t now = 0;
    for (uint32_t thing = 0; thing < oracle->world->count; thing++)
        now |= entry->values[thing] != ABSENT ? BIT(thing) : 0;
    oracle->declares = true;
    oracle->lost = (oracle->lost | oracle->last) & ~now;
    oracle->last = now;
    oracle->once |= now;
}

/* Nobody waits for answers any more. */
static void look_at_end(struct oracle *oracle)
{
    oracle->excused |= oracle->asked;
    oracle->asked = 0;
}

/* What a process learnt dies with it. */
static void look_at_death(struct oracle *oracle)
{
    look_at_end(oracle);
    oracle->reborn = true;
    oracle->once = oracle->last = oracle->lost = 0;
    memset(oracle->barred, 0, sizeof oracle->barred);
    memset(oracle->not_before_ms, 0, sizeof oracle->not_before_ms);
}

static void look_at(struct oracle *oracle, const struct log_entry *entry)
{
    switch (entry->kind) {
    case LOG_BEGIN:
        look_at_begin(oracle, entry);
        return;
    case LOG_LOADED:
        oracle->loaded = entry->flag;
        return;
    case LOG_DESCRIBED:
        oracle->in_service = entry->flag;
        oracle->right_instance = entry->after != 0;
        return;
    case LOG_FORGET:
        memset(oracle->parts[entry->side][entry->of_kind], 0, sizeof oracle->parts[0][0]);
        return;
    case LOG_PART:
        look_at_part(oracle, entry);
        return;
    case LOG_PLAN:
        look_at_plan(oracle);
        return;
    case LOG_DECLARED:
        look_at_declared(oracle, entry);
        return;
    case LOG_READ:
        look_at_read(oracle, entry);
        return;
    case LOG_UNREADABLE:
        oracle->unreadable = true;
        return;
    case LOG_DECLINED:
        oracle->declined = true;
        return;
    case LOG_INTENT:
        oracle->intent[entry->thing] = true;
        return;
    case LOG_RESULT:
        oracle->intent[entry->thing] = false;
        return;
    case LOG_ASKED:
        look_at_asked(oracle, (uint32_t)entry->thing);
        return;
    case LOG_SENT:
        look_at_sent(oracle, entry);
        return;
    case LOG_WRITE:
        look_at_write(oracle, entry);
        return;
    case LOG_KEPT:
        return;
    case LOG_ANSWER:
        look_at_answer(oracle, entry);
        return;
    case LOG_STOP:
        oracle->stopped = true;
        return;
    case LOG_CHANGED:
        oracle->changed = true;
        return;
    case LOG_DEATH:
        look_at_death(oracle);
        return;
    case LOG_END:
        look_at_end(oracle);
        return;
    }
}

void oracle_look(struct oracle *oracle)
{
    while (oracle->next < oracle->log->count)
        look_at(oracle, &oracle->log->entries[oracle->next++]);
}
