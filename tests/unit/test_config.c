/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/cause.h"
#include "controller/config/config.h"

struct loaded {
    char folder[64], path[128];
    struct config *config;
    struct complaints mistakes;
    struct failure why;
    int status;
};

static void load(struct loaded *loaded, const char *text)
{
    memset(loaded, 0, sizeof *loaded);
    snprintf(loaded->folder, sizeof loaded->folder, "/tmp/mqferry-config-XXXXXX");
    assert_non_null(mkdtemp(loaded->folder));
    snprintf(loaded->path, sizeof loaded->path, "%s/mqferry.yaml", loaded->folder);
    FILE *file = fopen(loaded->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    complaints_init(&loaded->mistakes);
    loaded->status = config_load(loaded->path, &loaded->config, &loaded->mistakes, &loaded->why);
}

static void release(struct loaded *loaded)
{
    config_unref(loaded->config);
    complaints_release(&loaded->mistakes);
    unlink(loaded->path);
    rmdir(loaded->folder);
}

static void expect_mistake(const struct loaded *loaded, uint32_t line, const char *part)
{
    assert_int_equal(loaded->status, -1);
    assert_int_equal(loaded->why.cause, CAUSE_CONFIGURATION_WRONG);
    for (uint32_t i = 0; i < loaded->mistakes.count; i++) {
        if (loaded->mistakes.items[i].line == line && strstr(loaded->mistakes.items[i].text, part) != NULL)
            return;
        print_message("%u: %s\n", loaded->mistakes.items[i].line, loaded->mistakes.items[i].text);
    }
    fail_msg("no mistake in line %u says \"%s\"", line, part);
}

static const char whole[] =
    "apiVersion: mqferry/v1\n"
    "kind: Daemon\n"
    "metadata: {name: here}\n"
    "spec: {listen: \"127.0.0.1:9480\", stateDirectory: state, log: {level: debug, format: logfmt}}\n"
    "---\n"
    "metadata: {name: cutover}\n"
    "kind: Sync\n"
    "apiVersion: mqferry/v1\n"
    "spec:\n"
    "  mode: apply\n"
    "  source:\n"
    "    - {path: manifests/, excludeFiles: [\"*.tmpl.yaml\"]}\n"
    "    - address: rocketmq://10.0.0.1:9876/DefaultCluster\n"
    "      credentials: credential:old-cluster\n"
    "      expect: {clusterName: DefaultCluster, brokers: 2}\n"
    "    - rocketmq://10.0.0.2:9876\n"
    "    - /srv/more.yaml\n"
    "  destination:\n"
    "    address: snapshot:there.json\n"
    "    for: apsaramq\n"
    "    expect: {instanceName: prod-orders}\n"
    "  mapping: cutover.yaml\n"
    "  guard: {maxCreates: 500, allowEmptySource: true, maxShrinkPercent: 30, maxSourceAge: 24h}\n"
    "  pace: {rate: 10/s, concurrency: 4, share: 50%}\n"
    "  interval: 90s\n";

static void a_whole_configuration_becomes_one_struct(void **state)
{
    /* Every field of the contract arrives, paths relative to the file. */
    struct loaded loaded;
    char expected[256];
    (void)state;
    load(&loaded, whole);
    assert_int_equal(loaded.status, 0);
    assert_string_equal(loaded.config->listen, "127.0.0.1:9480");
    assert_int_equal(loaded.config->log_level, LOG_LEVEL_DEBUG);
    snprintf(expected, sizeof expected, "%s/state", loaded.folder);
    assert_string_equal(loaded.config->state_directory, expected);
    const struct sync_config *sync = config_sync(loaded.config, "cutover");
    assert_non_null(sync);
    assert_int_equal(sync->mode, SYNC_APPLY);
    assert_int_equal(sync->path_count, 2);
    snprintf(expected, sizeof expected, "%s/manifests/", loaded.folder);
    assert_string_equal(sync->paths[0], expected);
    assert_string_equal(sync->paths[1], "/srv/more.yaml");
    assert_string_equal(sync->exclude_files[0], "*.tmpl.yaml");
    assert_null(sync->exclude_files[1]);
    assert_int_equal(sync->source_count, 2);
    assert_string_equal(sync->sources[0].credentials, "credential:old-cluster");
    assert_int_equal(sync->sources[0].expect_count, 2);
    assert_string_equal(sync->sources[0].expect[1].key, "brokers");
    assert_string_equal(sync->sources[0].expect[1].value, "2");
    assert_string_equal(sync->sources[1].address, "rocketmq://10.0.0.2:9876");
    snprintf(expected, sizeof expected, "snapshot:%s/there.json", loaded.folder);
    assert_string_equal(sync->destination.address, expected);
    assert_int_equal(sync->destination.stands_for, INSTANCE_APSARAMQ);
    assert_int_equal(sync->destination.rate_per_s, 10);
    assert_int_equal(sync->destination.share_percent, 50);
    assert_string_equal(sync->guard.expect[0].value, "prod-orders");
    assert_int_equal(sync->guard.max_creates, 500);
    assert_true(sync->guard.allow_empty_source);
    assert_int_equal(sync->guard.max_shrink_percent, 30);
    assert_int_equal(sync->guard.max_source_age_ms, 24 * 3600 * 1000);
    assert_int_equal(sync->concurrency, 4);
    assert_int_equal(sync->interval_ms, 90000);
    release(&loaded);
}

static void defaults_stand_where_nothing_is_said(void **state)
{
    /* The shortest Sync: the rest has the documented defaults. */
    struct loaded loaded;
    (void)state;
    load(&loaded, "apiVersion: mqferry/v1\nkind: Sync\nmetadata: {name: s}\n"
                  "spec: {mode: observe, source: a.yaml, destination: {address: \"snapshot:/d.json\"}}\n");
    assert_int_equal(loaded.status, 0);
    const struct sync_config *sync = config_sync(loaded.config, "s");
    assert_int_equal(sync->interval_ms, CONFIG_INTERVAL_MS);
    assert_int_equal(sync->concurrency, CONFIG_CONCURRENCY);
    assert_int_equal(sync->guard.max_creates, UINT32_MAX);
    assert_int_equal(sync->destination.stands_for, INSTANCE_KINDS);
    assert_null(sync->mapping);
    assert_null(config_sync(loaded.config, "other"));
    release(&loaded);
}

static void every_mistake_is_found_in_one_run(void **state)
{
    /* Each wrong line is told with its place and the rule that it breaks. */
    struct loaded loaded;
    (void)state;
    load(&loaded,
         "apiVersion: mqferry/v1\n"
         "kind: Sync\n"
         "metadata: {name: s}\n"
         "spec:\n"
         "  mode: aply\n"
         "  source: [{path: a, address: \"snapshot:b\"}, {address: \"snapshot:c\", expect: {clustername: x}}]\n"
         "  destination: {address: \"ftp://x\"}\n"
         "  guard: {maxCreates: 0, maxShrink: 3, maxSourceAge: 0s}\n"
         "  pace: {rate: 10, share: 120%}\n"
         "  interval: 10ms\n"
         "---\n"
         "kind: Synk\n");
    expect_mistake(&loaded, 5, "did you mean apply");
    expect_mistake(&loaded, 6, "either a path or an address");
    expect_mistake(&loaded, 6, "did you mean clusterName");
    expect_mistake(&loaded, 7, "begins with rocketmq://");
    expect_mistake(&loaded, 8, "whole number from 1");
    expect_mistake(&loaded, 8, "unknown field \"maxShrink\"");
    expect_mistake(&loaded, 8, "more than 0s");
    expect_mistake(&loaded, 9, "10/s");
    expect_mistake(&loaded, 9, "1 to 100");
    expect_mistake(&loaded, 10, "at least 1s");
    expect_mistake(&loaded, 12, "did you mean Sync");
    release(&loaded);
}

static void what_is_required_and_what_stands_once(void **state)
{
    /* A Sync without mode, source or destination, two of one name, two Daemons. */
    struct loaded loaded;
    (void)state;
    load(&loaded, "apiVersion: mqferry/v1\nkind: Sync\nmetadata: {name: s}\nspec: {}\n");
    expect_mistake(&loaded, 1, "spec.mode is missing");
    expect_mistake(&loaded, 1, "spec.source is missing");
    expect_mistake(&loaded, 1, "spec.destination.address is missing");
    release(&loaded);
    char text[2 * sizeof whole + 8];
    snprintf(text, sizeof text, "%s---\n%s", whole, whole);
    load(&loaded, text);
    expect_mistake(&loaded, 27, "at most one Daemon");
    expect_mistake(&loaded, 32, "cutover stands here twice");
    release(&loaded);
}

static void a_file_that_is_not_there_is_configuration(void **state)
{
    /* Exit 78, not 65: it is the configuration that is wrong. */
    struct config *config = NULL;
    struct complaints mistakes;
    struct failure why = FAILURE_INIT;
    (void)state;
    complaints_init(&mistakes);
    assert_int_equal(config_load("/not/there.yaml", &config, &mistakes, &why), -1);
    assert_int_equal(why.cause, CAUSE_CONFIGURATION_WRONG);
    assert_non_null(strstr(why.text, "/not/there.yaml"));
    complaints_release(&mistakes);
}

/* A Sync that says everything there is; each line that a variant replaces changes what it says. */
static const char complete[] =
    "apiVersion: mqferry/v1\nkind: Sync\nmetadata: {name: one}\nspec:\n"
    "  mode: apply\n"
    "  source:\n"
    "    - path: a/\n"
    "    - {path: b/, excludeFiles: [x]}\n"
    "    - address: rocketmq://10.0.0.1:9876/c\n"
    "      endpoint: https://e\n"
    "  destination:\n"
    "    address: rocketmq://10.0.0.2:9876/c\n"
    "    endpoint: https://f\n"
    "    caFile: ca\n"
    "    certFile: cert\n"
    "    keyFile: key\n"
    "    credentials: profile:a\n"
    "    expect: {clusterName: c}\n"
    "    addressMap: {\"10.0.0.3:10911\": \"10.0.0.4:10911\"}\n"
    "    unsafeAttributes: true\n"
    "    for: any\n"
    "  mapping: m.yaml\n"
    "  guard:\n"
    "    maxCreates: 5\n"
    "    allowEmptySource: true\n"
    "    maxShrinkPercent: 30\n"
    "    acceptShrink: sha256:0000000000000000000000000000000000000000000000000000000000000000\n"
    "    maxSourceAge: 24h\n"
    "  pace:\n"
    "    rate: 10/s\n"
    "    concurrency: 8\n"
    "    share: 50%\n"
    "  interval: 60s\n";

static void expect_same(const char *from, const char *to, bool same)
{
    struct loaded loaded;
    struct config *before;
    char text[sizeof complete + 256];
    const char *at = strstr(complete, from);

    assert_non_null(at);
    snprintf(text, sizeof text, "%s# elsewhere\n%.*s%s%s", to[0] == '\0' ? "# a comment\n" : "", (int)(at - complete),
             complete, to[0] == '\0' ? from : to, at + strlen(from));
    load(&loaded, complete);
    assert_int_equal(loaded.status, 0);
    before = loaded.config;
    FILE *file = fopen(loaded.path, "w");
    fputs(text, file);
    fclose(file);
    if (config_load(loaded.path, &loaded.config, &loaded.mistakes, &loaded.why) != 0)
        fail_msg("'%s' does not load: %s", to, loaded.mistakes.count > 0 ? loaded.mistakes.items[0].text : "");
    if (sync_config_same(&before->syncs[0], &loaded.config->syncs[0]) != same)
        fail_msg("'%s' to '%s' should %s", from, to, same ? "be the same" : "differ");
    config_unref(before);
    release(&loaded);
}

/* A reload leaves alone what says the same, and nothing else: each setting alone makes a Sync another one. */
static void every_setting_makes_another_sync(void **state)
{
    static const char *const variants[][2] = {
        {"name: one", "name: two"},
        {"mode: apply", "mode: observe"},
        {"path: a/", "path: c/"},
        {"    - path: a/\n", "    - path: a/\n    - path: d/\n"},
        {"[x]", "[y]"},
        {"[x]", "[x, y]"},
        {"10.0.0.1", "10.0.0.9"},
        {"endpoint: https://e", "endpoint: https://g"},
        {"    - address: rocketmq://10.0.0.1:9876/c\n      endpoint: https://e\n", "    - e.yaml\n"},
        {"10.0.0.2", "10.0.0.9"},
        {"https://f", "https://g"},
        {"caFile: ca", "caFile: cb"},
        {"certFile: cert", "certFile: other"},
        {"keyFile: key", "keyFile: other"},
        {"profile:a", "profile:b"},
        {"clusterName: c", "clusterName: d"},
        {"clusterName: c", "region: c"},
        {"{clusterName: c}", "{clusterName: c, brokers: 2}"},
        {"10.0.0.4", "10.0.0.5"},
        {"unsafeAttributes: true", "unsafeAttributes: false"},
        {"for: any", "for: ons"},
        {"m.yaml", "n.yaml"},
        {"  mapping: m.yaml\n", "\n"},
        {"maxCreates: 5", "maxCreates: 6"},
        {"allowEmptySource: true", "allowEmptySource: false"},
        {"maxShrinkPercent: 30", "maxShrinkPercent: 31"},
        {"sha256:00", "sha256:10"},
        {"24h", "23h"},
        {"rate: 10/s", "rate: 11/s"},
        {"concurrency: 8", "concurrency: 9"},
        {"50%", "51%"},
        {"60s", "61s"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        expect_same(variants[i][0], variants[i][1], false);
    expect_same("60s", "", true);
    expect_same("60s", "1m", true);
    expect_same("path: a/", "path: \"a/\"", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_configuration_becomes_one_struct),
        cmocka_unit_test(defaults_stand_where_nothing_is_said),
        cmocka_unit_test(every_mistake_is_found_in_one_run),
        cmocka_unit_test(what_is_required_and_what_stands_once),
        cmocka_unit_test(a_file_that_is_not_there_is_configuration),
        cmocka_unit_test(every_setting_makes_another_sync),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
