/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/store.h"

#include <string.h>

#include "api/cause.h"

struct log_entry *log_append(struct log_book *log, const struct log_entry *entry)
{
    if (log->count == LOG_MAX)
        return NULL;
    struct log_entry *kept = &log->entries[log->count++];
    *kept = *entry;
    if (log->trace != NULL)
        log_entry_print(log->trace, kept);
    return kept;
}

void store_init(struct store *store, const struct world *world)
{
    memset(store, 0, sizeof *store);
    for (uint32_t i = 0; i < THINGS_MAX; i++) {
        for (uint32_t master = 0; master < MASTERS_MAX; master++)
            store->values[i][master] = i < world->count ? world->things[i].first[master] : ABSENT;
    }
}

void store_write(struct store *store, struct log_book *log, uint64_t now_ms, enum writer writer, uint32_t thing,
                 uint32_t master, int8_t value, uint64_t serving_ms)
{
    struct log_entry entry = {.kind = LOG_WRITE,
                              .ms = now_ms,
                              .since_ms = serving_ms,
                              .writer = writer,
                              .thing = (int8_t)thing,
                              .master = master,
                              .before = store->values[thing][master],
                              .after = value};
    store->values[thing][master] = value;
    store->serving_ms[thing] = serving_ms;
    log_append(log, &entry);
}

bool store_has(const struct store *store, const struct world *world, uint32_t thing)
{
    for (uint32_t master = 0; master < world->masters; master++) {
        if (store->values[thing][master] != ABSENT)
            return true;
    }
    return false;
}

/* ---- for people ------------------------------------------------------------------------------------------------ */

static const char *const outcome_words[] = {"created", "existed", "refused", "not sent", "unknown"};

static void print_values(FILE *out, const int8_t values[THINGS_MAX])
{
    for (int i = 0; i < THINGS_MAX; i++) {
        if (values[i] != ABSENT)
            fprintf(out, " n%02d=%d", i, values[i]);
    }
}

static void print_shown(FILE *out, const struct log_entry *entry)
{
    fprintf(out, "a read begun at %lu covered %04x and showed", (unsigned long)entry->since_ms, entry->covers);
    for (uint32_t master = 0; master < MASTERS_MAX; master++)
        fprintf(out, " %04x", entry->shown[master]);
}

static void print_what(FILE *out, const struct log_entry *entry)
{
    switch (entry->kind) {
    case LOG_BEGIN:
        fprintf(out, "a pass begins; declared:");
        print_values(out, entry->values);
        return;
    case LOG_LOADED:
        fprintf(out, "%s", entry->flag ? "loaded" : "the last good set stands in");
        return;
    case LOG_DESCRIBED:
        fprintf(out, "the destination is %s service, %s one", entry->flag ? "in" : "not in",
                entry->after ? "the expected" : "another");
        return;
    case LOG_FORGET:
        fprintf(out, "%ss of side %u: forgotten", kind_word(entry->of_kind), entry->side);
        return;
    case LOG_PART:
        fprintf(out, "%ss of side %u: part %u of %u with %u, total %ld", kind_word(entry->of_kind), entry->side,
                entry->part, entry->parts, entry->count, (long)entry->total);
        return;
    case LOG_PLAN:
        fprintf(out, "a plan is made");
        return;
    case LOG_DECLARED:
        fprintf(out, "the plan declares:");
        print_values(out, entry->values);
        return;
    case LOG_READ:
        print_shown(out, entry);
        return;
    case LOG_UNREADABLE:
        fprintf(out, "a read of side %u fails (%s)", entry->side, cause_name(entry->cause));
        return;
    case LOG_DECLINED:
        fprintf(out, "nobody wants it");
        return;
    case LOG_INTENT:
        fprintf(out, "n%02d: intent durable", entry->thing);
        return;
    case LOG_RESULT:
        fprintf(out, "n%02d: result durable", entry->thing);
        return;
    case LOG_ASKED:
        fprintf(out, "n%02d: the pass asks to create it", entry->thing);
        return;
    case LOG_SENT:
        fprintf(out, "n%02d: sent to master %u (call %u)", entry->thing, entry->master, entry->call);
        return;
    case LOG_WRITE:
        fprintf(out, "n%02d: %s write on master %u, %d becomes %d", entry->thing,
                entry->writer == WRITER_US ? "we" : "others", entry->master, entry->before, entry->after);
        return;
    case LOG_KEPT:
        fprintf(out, "n%02d: arrived on master %u, %d stays", entry->thing, entry->master, entry->before);
        return;
    case LOG_ANSWER:
        fprintf(out, "n%02d: the pass hears %s (%s), call %u", entry->thing, outcome_words[entry->outcome],
                cause_name(entry->cause), entry->call);
        return;
    case LOG_STOP:
        fprintf(out, "stop");
        return;
    case LOG_CHANGED:
        fprintf(out, "the source changed");
        return;
    case LOG_DEATH:
        fprintf(out, "the process dies; the next one starts at %lu", (unsigned long)entry->since_ms);
        return;
    case LOG_END:
        fprintf(out, "the pass ends");
        return;
    }
}

void log_entry_print(FILE *out, const struct log_entry *entry)
{
    fprintf(out, "%9lu  ", (unsigned long)entry->ms);
    print_what(out, entry);
    fputc('\n', out);
}
