/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line against its table. The parser is compiled in: it belongs to the program, not to a library.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/cause.h"
#include "controller/commands/options.c" /* NOLINT(bugprone-suspicious-include) */

#define PARSE(options, why, ...)                                                                                       \
    options_parse(options, (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)), (char *[]){__VA_ARGS__}, why)

static void expect_refused(struct options *options, int status, const struct failure *why, const char *part)
{
    assert_int_equal(status, -1);
    assert_int_equal(why->cause, CAUSE_USAGE);
    if (strstr(why->text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why->text, part);
    options_release(options);
}

static void values_come_with_a_blank_or_an_equals_sign(void **state)
{
    /* --to X and --to=X are the same. */
    struct options options;
    struct failure why = FAILURE_INIT;
    (void)state;
    assert_int_equal(PARSE(&options, &why, "plan", "--from", "a.yaml", "--from=b", "--to=snapshot:x"), 0);
    assert_int_equal(options.command, COMMAND_PLAN);
    assert_int_equal(options.values[OPTION_FROM].count, 2);
    assert_string_equal(options.values[OPTION_FROM].texts[1], "b");
    assert_string_equal(options_text(&options, OPTION_TO, ""), "snapshot:x");
    options_release(&options);
}

static void two_dashes_end_the_options(void **state)
{
    /* What follows -- is an argument, whatever it looks like; a lone - is one too. */
    struct options options;
    struct failure why = FAILURE_INIT;
    (void)state;
    assert_int_equal(PARSE(&options, &why, "validate", "-", "--", "--from"), 0);
    assert_int_equal(options.argument_count, 2);
    assert_string_equal(options.arguments[0], "-");
    assert_string_equal(options.arguments[1], "--from");
    options_release(&options);
}

static void typed_values_are_checked(void **state)
{
    /* A duration, a count, a rate, a choice: the value, or what it should look like. */
    struct options options;
    struct failure why = FAILURE_INIT;
    (void)state;
    assert_int_equal(PARSE(&options, &why, "apply", "--timeout", "90s", "--max-creates", "500", "--rate", "10/s"), 0);
    assert_int_equal(options_number(&options, OPTION_TIMEOUT, 0), 90000);
    assert_int_equal(options_number(&options, OPTION_MAX_CREATES, 0), 500);
    assert_int_equal(options_number(&options, OPTION_RATE, 0), 10);
    options_release(&options);
    expect_refused(&options, PARSE(&options, &why, "apply", "--timeout", "soon"), &why, "10m");
    expect_refused(&options, PARSE(&options, &why, "apply", "--max-creates", "0"), &why, "from 1");
    expect_refused(&options, PARSE(&options, &why, "apply", "--rate", "10"), &why, "10/s");
    expect_refused(&options, PARSE(&options, &why, "apply", "--output", "xml"), &why, "table|json|jsonl");
    expect_refused(&options, PARSE(&options, &why, "apply", "--output", "json|"), &why, "table|json|jsonl");
}

static void mistakes_name_the_nearest_spelling(void **state)
{
    /* A slip is answered with what was meant; abbreviations are not options. */
    struct options options;
    struct failure why = FAILURE_INIT;
    (void)state;
    expect_refused(&options, PARSE(&options, &why, "plan", "--form", "x"), &why, "--from");
    expect_refused(&options, PARSE(&options, &why, "plna"), &why, "plan");
    expect_refused(&options, PARSE(&options, &why, "plan", "--inc", "x"), &why, "no option --inc");
    expect_refused(&options, PARSE(&options, &why, "plan", "-f", "x"), &why, "-f");
    expect_refused(&options, PARSE(&options, &why, "--from", "x"), &why, "command comes first");
}

static void options_of_other_commands_are_refused(void **state)
{
    /* An option that a command does not take is a mistake, not noise. */
    struct options options;
    struct failure why = FAILURE_INIT;
    (void)state;
    expect_refused(&options, PARSE(&options, &why, "validate", "--to", "x"), &why, "takes no --to");
    expect_refused(&options, PARSE(&options, &why, "plan", "--to"), &why, "--to needs");
    expect_refused(&options, PARSE(&options, &why, "plan", "--to", "a", "--to", "b"), &why, "twice");
    expect_refused(&options, PARSE(&options, &why, "apply", "--yes=true"), &why, "takes no value");
    expect_refused(&options, PARSE(&options, &why, "plan", "--to="), &why, "not empty");
}

static void the_environment_stands_behind_flags(void **state)
{
    /* MQFERRY_LOG_LEVEL is --log-level, unless the flag says otherwise; a wrong value is told as the environment's. */
    struct options options;
    struct failure why = FAILURE_INIT;
    (void)state;
    assert_int_equal(setenv("MQFERRY_LOG_LEVEL", "debug", 1), 0);
    assert_int_equal(setenv("MQFERRY_YES", "1", 1), 0);
    assert_int_equal(PARSE(&options, &why, "apply"), 0);
    assert_string_equal(options_text(&options, OPTION_LOG_LEVEL, ""), "debug");
    assert_int_equal(options.values[OPTION_LOG_LEVEL].origin, ORIGIN_ENVIRONMENT);
    assert_true(options_has(&options, OPTION_YES));
    options_release(&options);
    assert_int_equal(PARSE(&options, &why, "apply", "--log-level", "error"), 0);
    assert_string_equal(options_text(&options, OPTION_LOG_LEVEL, ""), "error");
    assert_int_equal(options.values[OPTION_LOG_LEVEL].origin, ORIGIN_FLAG);
    options_release(&options);
    assert_int_equal(setenv("MQFERRY_LOG_LEVEL", "loud", 1), 0);
    expect_refused(&options, PARSE(&options, &why, "apply"), &why, "environment");
    unsetenv("MQFERRY_LOG_LEVEL");
    unsetenv("MQFERRY_YES");
}

static void every_row_of_the_table_is_whole(void **state)
{
    /* Each option has a command that takes it, a text, and an argument unless it is a flag; no name stands twice. */
    (void)state;
    for (enum option option = 0; option < OPTIONS; option++) {
        const struct option_info *info = option_info(option);
        assert_true(info->commands != 0 && info->doc[0] != '\0');
        assert_true((info->argument == NULL) == (info->type == OPTION_TYPE_FLAG));
        assert_int_equal(option_by_name(info->name, strlen(info->name)), option);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_with_a_blank_or_an_equals_sign),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(typed_values_are_checked),
        cmocka_unit_test(mistakes_name_the_nearest_spelling),
        cmocka_unit_test(options_of_other_commands_are_refused),
        cmocka_unit_test(the_environment_stands_behind_flags),
        cmocka_unit_test(every_row_of_the_table_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
