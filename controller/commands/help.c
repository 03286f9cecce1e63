/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/commands/help.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/cause.h"

void help_overview(void)
{
    fputs("mqferry creates the RocketMQ topics and consumer groups that are declared and missing.\n"
          "It never changes and never deletes what is there: it reports it.\n\n"
          "    mqferry COMMAND [OPTION...]\n\n",
          stdout);
    for (enum command command = 0; command < COMMANDS; command++)
        printf("    %-10s %s\n", command_info(command)->name, command_info(command)->doc);
    fputs("\nA first round, with an export of an old cluster and a snapshot file as destination:\n\n"
          "    mqferry validate rocketmq-metadata-export.json\n"
          "    mqferry plan   --from rocketmq-metadata-export.json --to snapshot:new.json --for apsaramq\n"
          "    mqferry apply  --from rocketmq-metadata-export.json --to snapshot:new.json --for apsaramq --mapping "
          "mapping.yaml\n"
          "    mqferry verify --from rocketmq-metadata-export.json --to snapshot:new.json --mapping mapping.yaml\n\n"
          "mqferry help COMMAND tells the options of a command, mqferry help fields every setting.\n"
          "Exit codes: 0 done, 1 something cannot be created as it stands, 2 not at parity, 64 usage, 65 input,\n"
          "69 unreachable, 74 cannot write, 75 try again, 77 permission, 78 configuration or guard.\n",
          stdout);
}

void help_command(enum command command)
{
    const struct command_info *info = command_info(command);

    printf("mqferry %s%s%s\n\n%s\n\n", info->name, info->arguments[0] != '\0' ? " " : "", info->arguments, info->doc);
    for (enum option option = 0; option < OPTIONS; option++) {
        const struct option_info *one = option_info(option);
        char left[64];
        if ((one->commands & (1U << command)) == 0)
            continue;
        snprintf(left, sizeof left, "--%s%s%s", one->name, one->argument != NULL ? " " : "",
                 one->argument != NULL ? one->argument : "");
        if (strlen(left) > 34)
            printf("    %s\n    %-34s  %s\n", left, "", one->doc);
        else
            printf("    %-34s  %s\n", left, one->doc);
    }
    fputs("\nEach option can also stand in the environment: --log-level is MQFERRY_LOG_LEVEL.\n", stdout);
}

const char *help_type_word(const struct field_info *info, char room[static HELP_TYPE_BYTES])
{
    switch (info->type) {
    case TYPE_BOOL:
        return "true | false";
    case TYPE_INTEGER:
        if (info->max == INT64_MAX)
            snprintf(room, 160, "number from %" PRId64, info->min);
        else
            snprintf(room, 160, "number %" PRId64 "..%" PRId64, info->min, info->max);
        return room;
    case TYPE_CHOICE:
        room[0] = '\0';
        for (size_t i = 0, used = 0; info->choices[i] != NULL && used < 150; i++)
            used += (size_t)snprintf(room + used, 160 - used, "%s%s", i > 0 ? " | " : "", info->choices[i]);
        return room;
    case TYPE_TEXT:
        snprintf(room, 160, "text up to %" PRId64 " bytes", info->max);
        return room;
    case TYPE_MAP:
        return "map of texts";
    case TYPE_NUMBERS:
        return "list of numbers";
    case TYPE_JSON:
        return "list";
    }
    return "";
}

void help_fields(void)
{
    for (enum kind kind = 0; kind < KINDS; kind++) {
        printf("%s%s\n", kind == 0 ? "" : "\n", kind_name(kind));
        for (enum field field = 0; field < FIELD_COUNT; field++) {
            const struct field_info *info = field_info(field);
            char room[HELP_TYPE_BYTES];
            if (info->kind != kind)
                continue;
            printf("\n  %s\n      %s\n      %s", info->name, info->doc, help_type_word(info, room));
            if (info->default_text != NULL && info->default_text[0] != '\0')
                printf("; where nothing is said: %s", info->default_text);
            printf("\n      held by:%s%s%s%s\n", (info->held & HELD_A) != 0 ? " apsaramq" : "",
                   (info->held & HELD_O) != 0 ? " ons" : "", (info->held & HELD_R) != 0 ? " rocketmq" : "",
                   (info->held & HELD_R5) != 0 ? " rocketmq(5.x)" : "");
        }
    }
    fputs("\nSources: RocketMQ OpenAPI 2022-08-01 (apsaramq), ONS OpenAPI 2019-02-14 (ons), Apache RocketMQ "
          "TopicConfig and\n"
          "SubscriptionGroupConfig (rocketmq). A snapshot holds what the kind holds that it stands for.\n",
          stdout);
}
