/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs seeds: each a small world with its faults, a few passes, the end of all faults, and passes until nothing is left
 * to do. The promises of the design are asked after every event (oracle.h).
 *
 *     mqferry-simulate --seeds FROM..TO [--quiet]
 *     mqferry-simulate --seed N [--trace]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/cause.h"
#include "tests/simulation/run.h"

enum { FIRST_MS = 1000000, CALM_PASSES_MAX = 60, QUIET_MS = 60000, CALM_MS = 1900000 };

/* ---- one seed -------------------------------------------------------------------------------------------------- */

static void begin(struct run *run, struct world *world, FILE *trace)
{
    struct pace_options pace = {.unlimited = world_chance(world, 60), .start_rate = 2 + world_dice(world, 20)};
    struct log_entry *entries = run->log.entries;
    struct happening *items = run->clockwork.items;
    struct mapping *mapping = run->mapping;
    effects_release(&run->effects);
    memset(run, 0, sizeof *run);
    run->mapping = mapping;
    run->world = world;
    run->log = (struct log_book){.entries = entries, .trace = trace};
    store_init(&run->store, world);
    clockwork_init(&run->clockwork, items, FIRST_MS);
    pace_init(&run->pace, &pace, FIRST_MS);
    oracle_init(&run->oracle, world, &run->log);
    run->ledger = ledger_new();
}

/* When the next pass begins. */
static uint64_t next_pass_ms(struct run *run)
{
    uint64_t now_ms = run->clockwork.now_ms;
    if (run->died)
        return now_ms;
    switch (run->report.outcome) {
    case PASS_AGAIN_AT:
        if (run->report.again_ms < now_ms)
            oracle_break(&run->oracle, "protocol", "a pass wants to begin in the past");
        return run->report.again_ms;
    case PASS_AGAIN_BACKOFF:
        return now_ms + 5000 + world_dice(run->world, 30000);
    case PASS_SETTLED:
    case PASS_STUCK:
        return now_ms + QUIET_MS;
    }
    return now_ms;
}

static void pass(struct run *run, enum pass_mode mode)
{
    uint64_t give_up_ms = run->world->gives_up ? run->clockwork.now_ms + world_dice(run->world, 120000) : 0;
    run_pass(run, mode, give_up_ms);
}

/* An edit brings the next pass nearer. */
static void pause_for(struct run *run)
{
    if (world_strikes(run->world, FAULT_EDIT)) {
        world_edit(run->world);
        run_idle(run, run->clockwork.now_ms + world_dice(run->world, 2000));
    } else
        run_idle(run, next_pass_ms(run));
}

/* Nothing disturbs any more: passes go on until one finds everything settled. */
static void calm_down(struct run *run)
{
    world_end_faults(run->world);
    if (run->journal_broken)
        run_die(run);                               /* after a failed sync only a new process writes again */
    run_idle(run, run->clockwork.now_ms + CALM_MS); /* what was put off long ago is due */
    for (uint32_t i = 0; i < CALM_PASSES_MAX && run->oracle.broken == NULL; i++) {
        pass(run, PASS_APPLY);
        if (run->report.outcome == PASS_SETTLED || run->report.outcome == PASS_STUCK)
            break;
        run_idle(run, next_pass_ms(run));
    }
    if (run->oracle.broken == NULL)
        oracle_conclude(&run->oracle, run->report.parity);
}

static void run_seed(struct run *run, struct world *world, uint64_t seed, FILE *trace)
{
    world_make(world, seed);
    begin(run, world, trace);
    for (uint32_t i = 0; i < world->passes && run->oracle.broken == NULL; i++) {
        pass(run, world_chance(world, 10) ? PASS_PLAN : PASS_APPLY);
        if (run->oracle.broken == NULL)
            pause_for(run);
    }
    if (run->oracle.broken == NULL)
        calm_down(run);
    ledger_free(run->ledger);
    if (run->pass != NULL)
        pass_free(run->pass);
    read_release(run);
    kept_release(run);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int usage(void)
{
    fputs("usage: mqferry-simulate --seeds FROM..TO | --seed N [--trace]\n", stderr);
    return 64;
}

static int tell_failure(const struct run *run, uint64_t seed)
{
    printf("seed %lu breaks %s: %s\n", (unsigned long)seed, run->oracle.broken, run->oracle.sentence);
    printf("replay: mqferry-simulate --seed %lu --trace\n", (unsigned long)seed);
    return 1;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run_seeds(struct run *run, uint64_t from, uint64_t to, FILE *trace)
{
    struct world world;
    double begun = seconds();
    uint64_t entries = 0, passes = 0;
    for (uint64_t seed = from; seed <= to; seed++) {
        run_seed(run, &world, seed, trace);
        entries += run->log.count;
        passes += run->pass_id;
        if (run->oracle.broken != NULL)
            return tell_failure(run, seed);
    }
    printf("%lu seeds, %lu passes, %lu things that happened, all promises kept, in %.1f s\n",
           (unsigned long)(to - from + 1), (unsigned long)passes, (unsigned long)entries, seconds() - begun);
    return 0;
}

static bool parse_seeds(const char *text, uint64_t *from, uint64_t *to)
{
    char *end;
    *from = strtoull(text, &end, 10);
    if (end == text || strncmp(end, "..", 2) != 0)
        return false;
    const char *second = end + 2;
    *to = strtoull(second, &end, 10);
    return end != second && *end == '\0' && *to >= *from;
}

int main(int count, char **words)
{
    static struct run run;
    static struct mapping mapping;
    uint64_t from = 0, to = 0;
    FILE *trace = NULL;
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--trace") == 0)
            trace = stdout;
        else if (i + 1 < count && strcmp(words[i], "--seed") == 0)
            from = to = strtoull(words[++i], NULL, 10);
        else if (i + 1 == count || strcmp(words[i], "--seeds") != 0 || !parse_seeds(words[++i], &from, &to))
            return usage();
    }
    if (to == 0)
        return usage();
    mapping_init(&mapping);
    run.mapping = &mapping;
    run.log.entries = calloc(LOG_MAX, sizeof *run.log.entries);
    run.clockwork.items = calloc(HAPPENINGS_MAX, sizeof *run.clockwork.items);
    if (run.log.entries == NULL || run.clockwork.items == NULL)
        return 70;
    int status = run_seeds(&run, from, to, trace);
    effects_release(&run.effects);
    mapping_release(&mapping);
    free(run.log.entries);
    free(run.clockwork.items);
    return status;
}
