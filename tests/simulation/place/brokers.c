/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/place/brokers.h"

#include <string.h>

#include "api/cause.h"

/* --- the log --- */

static void print_value(FILE *out, const struct held *value)
{
    if (!value->there)
        fputs(" -", out);
    else
        fprintf(out, " %u%s%s%s%s", value->queues, value->ordered ? "o" : "",
                value->type == 0   ? ""
                : value->type == 1 ? "F"
                                   : "D",
                value->attributes ? "+" : "", value->is_static ? "S" : "");
}

static void print_entry(FILE *out, const struct world *world, const struct log_entry *entry)
{
    static const char *const words[] = {"create", "look", "entry",  "sent",    "write", "kept",
                                        "answer", "told", "memory", "restart", "death", "end"};
    static const char *const answers[] = {"accepted", "exists", "refused", "not-sent", "lost"};
    static const char *const outcomes[] = {"created", "existed", "refused", "not-sent", "unknown"};

    fprintf(out, "%-8s %s", words[entry->kind],
            entry->master < world->master_count ? world->masters[entry->master].name : "");
    switch (entry->kind) {
    case LOG_LOOK:
        for (uint32_t i = 0; entry->flag && i < world->count; i++)
            print_value(out, &entry->values[i]);
        fputs(entry->flag ? "" : " cannot be read", out);
        break;
    case LOG_SENT:
        fprintf(out, " %s%s #%u", world->things[entry->thing].name, entry->flag ? " (batch)" : "", entry->request);
        print_value(out, &entry->after);
        break;
    case LOG_WRITE:
        fprintf(out, " %s by %s", world->things[entry->thing].name, entry->writer == WRITER_US ? "us" : "another");
        print_value(out, &entry->before);
        print_value(out, &entry->after);
        break;
    case LOG_ANSWER:
        fprintf(out, " #%u %s", entry->request, answers[entry->answer]);
        break;
    case LOG_TOLD:
        fprintf(out, " %s %s", world->things[entry->thing].name, outcomes[entry->outcome]);
        break;
    case LOG_ENTRY:
    case LOG_KEPT:
        fprintf(out, " %s %x%s", world->things[entry->thing].name, entry->masters, entry->flag ? "" : " not heard");
        break;
    case LOG_MEMORY:
    case LOG_RESTART:
        fprintf(out, " things %x", entry->things);
        break;
    case LOG_CREATE:
    case LOG_DEATH:
    case LOG_END:
        break;
    }
    fputc('\n', out);
}

void cluster_log(struct cluster *cluster, const struct log_entry *entry)
{
    if (cluster->trace)
        print_entry(cluster->trace, cluster->world, entry);
    cluster->hear(cluster->context, entry);
}

/* --- tables --- */

void cluster_init(struct cluster *cluster, struct world *world)
{
    cluster->world = world;
    for (uint32_t thing = 0; thing < world->count; thing++) {
        for (uint16_t master = 0; master < world->master_count; master++) {
            cluster->values[master][thing] = world->things[thing].first[master];
            cluster->saved[master][thing] = cluster->values[master][thing];
        }
        cluster->entry[thing] = world->things[thing].stale_entry;
        cluster->entries[thing] = cluster->entry[thing] ? 1 : 0;
    }
}

static void persist(struct cluster *cluster, uint16_t master, const struct message *request)
{
    if (!cluster->world->masters[master].store_v2) {
        for (uint32_t thing = 0; thing < cluster->world->count; thing++)
            cluster->saved[master][thing] = cluster->values[master][thing];
    } else if (request && !request->batch) {
        cluster->saved[master][request->things[0]] = cluster->values[master][request->things[0]];
    }
}

static void put(struct cluster *cluster, enum writer writer, uint32_t thing, uint16_t master, struct held value)
{
    struct held *here = &cluster->values[master][thing];

    cluster_log(
        cluster,
        &(struct log_entry){
            .kind = LOG_WRITE, .writer = writer, .thing = thing, .master = master, .before = *here, .after = value});
    *here = value;
}

static bool same(const struct held *a, const struct held *b)
{
    return a->there == b->there && a->queues == b->queues && a->ordered == b->ordered && a->type == b->type;
}

/* What a sent value becomes on that master. */
static struct held received(const struct cluster *cluster, uint32_t thing, uint16_t master, const struct held *sent)
{
    const struct held *here = &cluster->values[master][thing];
    struct held value = *sent;

    if (!world_is_5(cluster->world, master)) {
        value.type = 0;
        value.attributes = false;
    }
    if (cluster->world->masters[master].version < 433)
        value.ordered = false;
    value.ordered |= cluster->world->kind == KIND_TOPIC && cluster->entry[thing];
    if (here->there && value.type == 0)
        value.type = here->type; /* attributes are merged */
    value.attributes |= here->there && here->attributes;
    value.is_static = here->there && here->is_static;
    return value;
}

/* One entry of a request; false: it stops the rest. */
static bool take(struct cluster *cluster, const struct message *request, uint32_t index, enum place_answer *answer,
                 int *cause)
{
    uint32_t thing = request->things[index];
    struct held *here = &cluster->values[request->master][thing];
    struct held value = received(cluster, thing, request->master, &request->values[index]);

    if (cluster->world->things[thing].refused) {
        *answer = PLACE_REFUSED;
        *cause = CAUSE_INVALID_PARAMETER;
        return false;
    }
    if (here->there && request->guarded && world_is_5(cluster->world, request->master)) {
        *answer = PLACE_EXISTS;
        return false;
    }
    if (here->there && same(here, &value)) /* written again, to no effect */
        cluster_log(cluster,
                    &(struct log_entry){.kind = LOG_KEPT, .thing = thing, .master = request->master, .flag = true});
    put(cluster, WRITER_US, thing, request->master, value);
    return true;
}

/* 18 does nothing at all when one entry is there as it is, and none of the two has attributes (10.3). */
static bool returns_early(const struct cluster *cluster, const struct message *request)
{
    for (uint32_t i = 0; request->batch && cluster->world->kind == KIND_TOPIC && i < request->count; i++) {
        const struct held *here = &cluster->values[request->master][request->things[i]];
        struct held value = received(cluster, request->things[i], request->master, &request->values[i]);
        if (here->there && same(here, &value) && !here->attributes && !request->values[i].attributes)
            return true;
    }
    return false;
}

static enum place_answer arrive(struct cluster *cluster, const struct message *request, int *cause)
{
    enum place_answer answer = PLACE_ACCEPTED;

    if (request->batch && !world_has_batches(cluster->world, request->master)) {
        *cause = CAUSE_UNSUPPORTED;
        return PLACE_REFUSED;
    }
    if (returns_early(cluster, request))
        return PLACE_ACCEPTED;
    for (uint32_t i = 0; i < request->count; i++)
        if (!take(cluster, request, i, &answer, cause))
            return answer;
    persist(cluster, request->master, request);
    return answer;
}

/* --- faults --- */

/* Another client writes: a name that is absent for it, or any. */
static void race(struct cluster *cluster)
{
    struct world *world = cluster->world;
    uint32_t thing = world_dice(world, world->count);
    uint16_t master = (uint16_t)world_dice(world, world->master_count);
    const struct held *here = &cluster->values[master][thing];

    if (cluster->dead[master] || here->is_static || (here->there && world_chance(world, 70)))
        return;
    struct held value = {.there = true, .queues = world->things[thing].queues[master]};
    if (world_chance(world, 40))
        value.queues = (uint8_t)(value.queues % 3 + 1);
    value.ordered = world->things[thing].order == ORDER_TRUE;
    value.type = world->things[thing].type;
    value.attributes = value.type != 0;
    put(cluster, WRITER_OTHER, thing, master, received(cluster, thing, master, &value));
    persist(cluster, master, NULL);
    cluster->saved[master][thing] = cluster->values[master][thing];
}

static void die(struct cluster *cluster, uint16_t master)
{
    cluster->dead[master] = true;
    cluster_log(cluster, &(struct log_entry){.kind = LOG_DEATH, .master = master});
}

static enum place_answer deliver(struct cluster *cluster, const struct message *request, int *cause)
{
    struct world *world = cluster->world;

    *cause = CAUSE_UNREACHABLE;
    if (cluster->dead[request->master])
        return PLACE_NOT_SENT;
    if (world_strikes(world, FAULT_BUSY)) {
        *cause = CAUSE_THROTTLED;
        return PLACE_NOT_SENT;
    }
    *cause = CAUSE_OUTCOME_UNKNOWN;
    if (world_strikes(world, FAULT_REQUEST_LOST))
        return PLACE_LOST;
    bool dies = world_strikes(world, FAULT_DEATH);
    if (dies && world_chance(world, 50)) {
        die(cluster, request->master);
        return PLACE_LOST;
    }
    enum place_answer answer = arrive(cluster, request, cause);
    if (dies)
        die(cluster, request->master);
    return dies || world_strikes(world, FAULT_REPLY_LOST) ? PLACE_LOST : answer;
}

enum place_answer cluster_send(struct cluster *cluster, struct message *request, int *out_cause)
{
    request->number = ++cluster->requests;
    while (world_strikes(cluster->world, FAULT_RACE))
        race(cluster);
    for (uint32_t i = 0; i < request->count; i++)
        cluster_log(cluster, &(struct log_entry){.kind = LOG_SENT,
                                                 .master = request->master,
                                                 .thing = request->things[i],
                                                 .request = request->number,
                                                 .after = request->values[i],
                                                 .flag = request->batch});
    enum place_answer answer = deliver(cluster, request, out_cause);
    cluster_log(cluster, &(struct log_entry){.kind = LOG_ANSWER,
                                             .master = request->master,
                                             .request = request->number,
                                             .answer = answer,
                                             .flag = request->batch});
    return answer;
}

bool cluster_put_entry(struct cluster *cluster, uint32_t thing, uint32_t masters)
{
    bool heard = !world_strikes(cluster->world, FAULT_ENTRY);

    if (heard || world_chance(cluster->world, 50)) {
        cluster->entry[thing] = true;
        cluster->entries[thing] = masters;
    }
    cluster_log(cluster,
                &(struct log_entry){
                    .kind = LOG_ENTRY, .master = MASTERS_MAX, .thing = thing, .masters = masters, .flag = heard});
    return heard;
}

/* --- between creates --- */

void cluster_restart(struct cluster *cluster, uint16_t master)
{
    struct log_entry entry = {.kind = LOG_RESTART, .master = master};

    for (uint32_t thing = 0; thing < cluster->world->count; thing++) {
        bool gone = cluster->values[master][thing].there && !cluster->saved[master][thing].there;
        entry.things |= gone ? 1U << thing : 0;
        cluster->values[master][thing] = cluster->saved[master][thing];
    }
    cluster->dead[master] = false;
    cluster_log(cluster, &entry);
}

void cluster_idle(struct cluster *cluster)
{
    struct world *world = cluster->world;

    while (world_strikes(world, FAULT_RACE))
        race(cluster);
    for (uint16_t master = 0; master < world->master_count; master++) {
        bool back = cluster->dead[master] && (world->faults_over || world_chance(world, 60));
        if (back || world_strikes(world, FAULT_RESTART))
            cluster_restart(cluster, master);
    }
}

void cluster_tell_memory(struct cluster *cluster)
{
    for (uint16_t master = 0; master < cluster->world->master_count; master++) {
        struct log_entry entry = {.kind = LOG_MEMORY, .master = master};
        for (uint32_t thing = 0; thing < cluster->world->count; thing++)
            if (cluster->values[master][thing].there && !cluster->saved[master][thing].there)
                entry.things |= 1U << thing;
        cluster_log(cluster, &entry);
    }
}
