/* SPDX-License-Identifier: Apache-2.0
 *
 * Any lines as the arguments of a command line. What is taken can be said again in one plain way and means the same
 * then; what is not taken is wrong usage and says so.
 */
#include <string.h>

#include "api/cause.h"
#include "controller/commands/options.c" /* NOLINT(bugprone-suspicious-include) */
#include "tests/fuzz/fuzz.h"

enum { WORDS_MAX = 64, LINE_BYTES_MAX = 4096 };

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What the environment says is not what is looked at here. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    clearenv();
    return 0;
}

static int split(char *line, char **words)
{
    int count = 0;

    for (char *word = strsep(&line, "\n"); word != NULL && count < WORDS_MAX; word = strsep(&line, "\n"))
        words[count++] = word;
    return count;
}

/* "--name=value" for each value, "--" and the arguments. The words are malloc'd. */
static int say_again(const struct options *options, char **words)
{
    int count = 0;

    words[count++] = strdup(commands[options->command].name);
    for (enum option option = 0; option < OPTIONS; option++) {
        bool flag = infos[option].type == OPTION_TYPE_FLAG;
        for (uint32_t i = 0; i < options->values[option].count; i++)
            demand(asprintf(&words[count++], "--%s%s%s", infos[option].name, flag ? "" : "=",
                            flag ? "" : options->values[option].texts[i]) > 0);
    }
    words[count++] = strdup("--");
    for (uint32_t i = 0; i < options->argument_count; i++)
        words[count++] = strdup(options->arguments[i]);
    return count;
}

static void demand_same(const struct options *one, const struct options *other)
{
    demand(one->command == other->command && one->argument_count == other->argument_count);
    for (uint32_t i = 0; i < one->argument_count; i++)
        demand(strcmp(one->arguments[i], other->arguments[i]) == 0);
    for (enum option option = 0; option < OPTIONS; option++) {
        const struct option_value *first = &one->values[option], *second = &other->values[option];
        demand(first->count == second->count && first->number == second->number && first->origin == second->origin);
        for (uint32_t i = 0; i < first->count; i++)
            demand(strcmp(first->texts[i], second->texts[i]) == 0);
    }
}

static void come_back(const struct options *options)
{
    char *words[2 * WORDS_MAX];
    int count = say_again(options, words);
    struct failure why = FAILURE_INIT;
    struct options again;

    demand(options_parse(&again, count, words, &why) == 0);
    demand_same(options, &again);
    options_release(&again);
    for (int i = 0; i < count; i++)
        free(words[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char line[LINE_BYTES_MAX + 1], *words[WORDS_MAX];
    struct failure why = FAILURE_INIT;
    struct options options;

    if (bytes > LINE_BYTES_MAX)
        return 0;
    memcpy(line, data, bytes);
    line[bytes] = '\0';
    if (options_parse(&options, split(line, words), words, &why) == 0)
        come_back(&options);
    else
        demand(why.cause == CAUSE_USAGE && why.text[0] != '\0');
    options_release(&options);
    return 0;
}
