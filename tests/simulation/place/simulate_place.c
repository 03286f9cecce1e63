/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs seeds of creates in a model cluster: what place promises is asked after everything that happens (oracle.h).
 *
 *     mqferry-simulate-place --seeds FROM..TO
 *     mqferry-simulate-place --seed N [--trace]
 */
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/place/play.h"

static int usage(void)
{
    fputs("usage: mqferry-simulate-place --seeds FROM..TO | --seed N [--trace]\n", stderr);
    return 64;
}

static bool parse_seeds(const char *text, uint64_t *from, uint64_t *to)
{
    char *end;

    *from = strtoull(text, &end, 10);
    if (end == text || strncmp(end, "..", 2) != 0)
        return false;
    *to = strtoull(end + 2, &end, 10);
    return *end == '\0' && *to >= *from && *from > 0;
}

static int run_seeds(uint64_t from, uint64_t to, FILE *trace)
{
    static struct play played;
    uint64_t requests = 0;

    for (uint64_t seed = from; seed <= to; seed++) {
        play(&played, seed, trace);
        requests += played.cluster.requests;
        if (!played.oracle.broken)
            continue;
        printf("seed %lu breaks %s: %s\n", (unsigned long)seed, played.oracle.broken, played.oracle.sentence);
        printf("replay: mqferry-simulate-place --seed %lu --trace\n", (unsigned long)seed);
        return 1;
    }
    printf("%lu seeds, %lu requests sent, all promises kept\n", (unsigned long)(to - from + 1),
           (unsigned long)requests);
    return 0;
}

int main(int count, char **words)
{
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
    return to == 0 ? usage() : run_seeds(from, to, trace);
}
