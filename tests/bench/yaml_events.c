/* SPDX-License-Identifier: Apache-2.0
 *
 * The yardstick for reading YAML: libyaml's events of every file, counted and thrown away.
 */
#include <stdio.h>

#include <yaml.h>

/* Adds the file's events to *count. 0 or -1. */
static int count_events(FILE *file, unsigned long *count)
{
    yaml_parser_t parser;
    yaml_event_t event;
    int ended = 0;

    if (!yaml_parser_initialize(&parser))
        return -1;
    yaml_parser_set_input_file(&parser, file);
    while (!ended && yaml_parser_parse(&parser, &event)) {
        ended = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        ++*count;
    }
    yaml_parser_delete(&parser);
    return ended ? 0 : -1;
}

int main(int argc, char **argv)
{
    unsigned long count = 0;

    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        int result = file ? count_events(file, &count) : -1;
        if (file)
            fclose(file);
        if (result != 0) {
            fprintf(stderr, "%s: cannot be parsed\n", argv[i]);
            return 1;
        }
    }
    printf("%lu events\n", count);
    return 0;
}
