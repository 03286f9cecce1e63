/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "api/base/file.h"
#include "api/cause.h"
#include "controller/plan/file.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/memory.h"
#include "tests/lib/scratch.h"

static struct failure why;
static struct identity identity;

static const char digest[] = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/* Saves the plan of `declared` against `observed` on an instance of that kind. */
static int save(const char *path, enum instance_kind kind, const char *declared, const char *observed)
{
    struct capabilities capabilities = {.kind = kind, .absent_is_default = true, .rules = rules_of(kind)};
    struct mapping mapping;
    struct plan_input input = {.declared = catalog_text(declared),
                               .observed = catalog_text(observed),
                               .capabilities = &capabilities,
                               .mapping = &mapping};
    struct plan_file_head head = {.address = "snapshot:/srv/demo.json",
                                  .identity = &identity,
                                  .kind = kind,
                                  .declared_digest = digest,
                                  .time_unix_ms = 1795464062345};
    struct plan *plan;

    for (enum kind resource = 0; resource < KINDS; resource++)
        capabilities.holds[resource] = capabilities.listed[resource] = fields_held(kind, resource);
    mapping_init(&mapping);
    memset(&identity, 0, sizeof identity);
    assert_int_equal(identity_set(&identity, "instanceName", "prod"), 0);
    assert_int_equal(plan_build(&input, &plan, &why), 0);
    int status = plan_file_write(path, &head, plan, &why);
    plan_free(plan);
    catalog_unref(input.declared);
    catalog_unref(input.observed);
    return status;
}

static void assert_refused(const char *path, int cause, const char *words)
{
    struct plan_file file;

    assert_int_equal(plan_file_read(path, &file, &why), -1);
    assert_int_equal(why.cause, cause);
    if (strstr(why.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why.text, words);
}

/* What is saved is readable, one row a line, and the same plan gives the same bytes. */
static void a_saved_plan_is_readable(void **state)
{
    (void)state;
    assert_int_equal(save("p.json", INSTANCE_APSARAMQ,
                          "Topic orders messageType=FIFO readQueueNums=8 source=a|b at=topics.yaml:3:1\n"
                          "Topic there messageType=FIFO\nTopic untyped\n"
                          "ConsumerGroup g consumeRetryPolicy.maxRetryTimes=3 ~maxReceiveTps=5",
                          "Topic there messageType=FIFO"),
                     0);
    char *content = scratch_get("p.json");
    const char *tail = strstr(content, ",\n  \"digest\"");
    static const char expected[] =
        "{\n  \"version\": 1,\n  \"kind\": \"Plan\",\n  \"time\": \"2026-11-23T20:01:02.345Z\",\n"
        "  \"address\": \"snapshot:/srv/demo.json\",\n"
        "  \"declaredDigest\": \"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\n"
        "  \"standsFor\": \"apsaramq\",\n  \"identity\": {\n    \"instanceName\": \"prod\"\n  },\n  \"topics\": [\n"
        "    {\"name\": \"orders\", \"sourceName\": \"a|b\", \"declaredAt\": \"topics.yaml:3:1\", "
        "\"messageType\": \"FIFO\"}\n  ],\n  \"consumerGroups\": [\n"
        "    {\"name\": \"g\", \"createOnly\": [";
    assert_non_null(tail);
    assert_memory_equal(content, expected, sizeof expected - 1);
    assert_int_equal(strlen(tail), sizeof PLAN_FILE_BEFORE_DIGEST - 1 + 71 + sizeof PLAN_FILE_AFTER_DIGEST - 1);
    free(content);
}

/* Reading gives back the rows to create, and nothing else, as they were planned. */
static void rows_come_back_as_they_were(void **state)
{
    struct plan_file file = {0};

    (void)state;
    assert_int_equal(
        save("p.json", INSTANCE_ROCKETMQ,
             "masters b a\n"
             "Topic orders ~readQueueNums=8 ^writeQueueNums=4 perm=6 attributes={k:1} source=a|b "
             "at=dir/a:b.yaml:3:14\n"
             "Topic spread remark=x @b readQueueNums=4 ~perm=4 @a ~readQueueNums=8 ^writeQueueNums=2 perm=6\n"
             "Topic there\nTopic watched policy=observe\nTopic RMQ_X status=system\n"
             "ConsumerGroup g retryQueueNums=2",
             "masters a b\nTopic there"),
        0);
    assert_int_equal(plan_file_read("p.json", &file, &why), 0);
    assert_string_equal(file.address, "snapshot:/srv/demo.json");
    assert_int_equal(file.kind, INSTANCE_ROCKETMQ);
    assert_string_equal(file.declared_digest, digest);
    assert_int_equal(file.time_unix_ms, 1795464062345);
    assert_int_equal(file.expect_count, 1);
    assert_string_equal(file.expect[0].key, "instanceName");
    assert_string_equal(file.expect[0].value, "prod");

    assert_int_equal(catalog_count(file.catalog), 3);
    const struct resource *rows = catalog_rows(file.catalog);
    const struct settings *orders = catalog_settings_of(file.catalog, &rows[0]);
    assert_true(text_is(catalog_name(file.catalog, &rows[0]), "orders"));
    assert_true(text_is(catalog_source_name(file.catalog, &rows[0]), "a|b"));
    assert_string_equal(catalog_file(file.catalog, rows[0].file), "dir/a:b.yaml");
    assert_int_equal(rows[0].line, 3);
    assert_int_equal(rows[0].column, 14);
    assert_int_equal(rows[0].policy, POLICY_CREATE);
    assert_int_equal(settings_number(orders, FIELD_TOPIC_READ_QUEUE_NUMS), 8);
    uint64_t declared = FIELD_BIT(FIELD_TOPIC_PERM) | FIELD_BIT(FIELD_TOPIC_ATTRIBUTES);
    assert_int_equal(orders->set & ~orders->create_only, declared);
    assert_int_equal(orders->estimated, FIELD_BIT(FIELD_TOPIC_WRITE_QUEUE_NUMS));
    assert_true(rows[1].spread);
    /* What a broker is created with is compared there, or not, as it was planned. */
    assert_string_equal(resource_text_of(file.catalog, 1),
                        "@a ~readQueueNums=8 ^writeQueueNums=2 perm=6 @b readQueueNums=4 ~writeQueueNums=8 ~perm=4");
    assert_int_equal(rows[2].kind, KIND_GROUP);
    plan_file_release(&file);
}

/* An empty plan is a plan. */
static void nothing_to_create_is_saved_too(void **state)
{
    struct plan_file file;

    (void)state;
    assert_int_equal(save("p.json", INSTANCE_ANY, "Topic a", "Topic a"), 0);
    assert_int_equal(plan_file_read("p.json", &file, &why), 0);
    assert_int_equal(catalog_count(file.catalog), 0);
    plan_file_release(&file);
    plan_file_release(&file);
}

/* Wherever a byte changes, the plan is refused: as altered, or as none where it does not say any more that it is one.
 */
static void an_edited_plan_is_refused(void **state)
{
    struct plan_file file;

    (void)state;
    assert_int_equal(save("p.json", INSTANCE_APSARAMQ, "Topic orders messageType=FIFO\nConsumerGroup g", ""), 0);
    char *content = scratch_get("p.json");
    size_t length = strlen(content);
    size_t kind = (size_t)(strstr(content, "\"Plan\"") + 6 - content);
    for (size_t i = 0; i < length; i++) {
        char kept = content[i];
        content[i] = kept == 'x' ? 'y' : 'x';
        scratch_put("edited.json", content);
        assert_int_equal(plan_file_read("edited.json", &file, &why), -1);
        if (why.cause != CAUSE_GUARD_REFUSED && (i > kind || why.cause != CAUSE_INPUT_WRONG))
            fail_msg("byte %zu: %s: %s", i, cause_name(why.cause), why.text);
        content[i] = kept;
    }
    content[length - 1] = '\0';
    scratch_put("edited.json", content);
    assert_refused("edited.json", CAUSE_GUARD_REFUSED, "altered");
    free(content);
}

/* Appending, cutting and swapping in another digest are edits too. */
static void a_cut_plan_is_refused(void **state)
{
    (void)state;
    assert_int_equal(save("p.json", INSTANCE_APSARAMQ, "Topic orders messageType=FIFO", ""), 0);
    char *content = scratch_get("p.json");
    *strstr(content, ",\n  \"digest\"") = '\0';
    scratch_put("cut.json", content);
    assert_refused("cut.json", CAUSE_GUARD_REFUSED, "cannot read the plan cut.json: it was altered");
    scratch_put("short.json", "{\"kind\": \"Plan\"}");
    assert_refused("short.json", CAUSE_GUARD_REFUSED, "altered");
    free(content);
}

/* What is no plan is wrong input. */
static void what_is_no_plan_is_wrong_input(void **state)
{
    static const char *const others[] = {"",
                                         "{}",
                                         "[]",
                                         "nonsense",
                                         "{\"kind\": \"Snapshot\"}",
                                         "{\"kind\": 5}",
                                         "{\"topics\": {\"kind\": \"Plan\"}}",
                                         "{\"version\": 1, \"kind"};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        scratch_put("other.json", others[i]);
        assert_refused("other.json", CAUSE_INPUT_WRONG, "no saved plan");
    }
    assert_refused("absent.json", CAUSE_INPUT_WRONG, "absent.json");
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_refused("fifo", CAUSE_INPUT_WRONG, "fifo");
}

/* A document with a right digest. */
static void put_signed(const char *path, const char *members)
{
    char sum[DIGEST_TEXT_BYTES], content[2048];

    assert_int_equal(digest_of(text_of(members), sum), 0);
    snprintf(content, sizeof content, "%s" PLAN_FILE_BEFORE_DIGEST "%s" PLAN_FILE_AFTER_DIGEST, members, sum);
    scratch_put(path, content);
}

#define HEAD                                                                                                           \
    "{\"version\": 1, \"kind\": \"Plan\", \"time\": \"2026-11-23T20:01:02Z\", \"address\": \"x\", "                    \
    "\"declaredDigest\": \"sha256:0\", \"standsFor\": \"any\", \"identity\": {}"

/* What another version wrote, whole as it may be, is not guessed at. */
static void another_version_is_wrong_input(void **state)
{
    static const char *const wrong[] = {
        "{\"version\": 2, \"kind\": \"Plan\"",
        "{\"version\": 1, \"kind\": \"Plan\"",
        HEAD ", \"surplus\": 1",
        HEAD ", \"surplus\": \"text\"",
        HEAD ", \"time\": \"noon\"",
        HEAD ", \"declaredDigest\": \"sha256:00000000000000000000000000000000000000000000000000000000000000000000000\"",
        HEAD ", \"topics\": [{\"name\": \"a\", \"nonsense\": 1}]",
        HEAD ", \"topics\": [{\"name\": \"a\", \"sourceName\": 1}]",
        HEAD ", \"topics\": [{\"name\": \"a\", \"createOnly\": 1}]",
        HEAD ", \"topics\": [{\"name\": \"a\", \"createOnly\": [1]}]",
        HEAD ", \"topics\": [{\"name\": \"a\", \"createOnly\": [\"nonsense\"]}]",
        HEAD ", \"topics\": [{\"name\": \"a\", \"createOnly\": {\"b\": 1}, \"brokers\": {\"b\": {}}}]",
        HEAD ", \"topics\": [{\"name\": \"a\", \"estimated\": {\"b\": [\"nonsense\"]}, \"brokers\": {\"b\": {}}}]",
        HEAD ", \"topics\": [{\"name\": \"a\", \"declaredAt\": \"x\"}]",
        HEAD ", \"topics\": [{\"name\": \"a\", \"declaredAt\": \"x:1\"}]",
        HEAD ", \"topics\": [{\"name\": \"a\", \"declaredAt\": \"x:y:1\"}]",
        HEAD ", \"topics\": [{\"name\": \"a\", \"declaredAt\": \"x:1:-1\"}]",
        HEAD ", \"topics\": [nonsense]",
        HEAD ", \"topics\": [{\"name\": \"a\"}, {\"name\": \"a\"}]",
        HEAD ", nonsense",
    };
    struct plan_file file;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put_signed("signed.json", wrong[i]);
        if (plan_file_read("signed.json", &file, &why) == 0)
            fail_msg("taken: %s", wrong[i]);
        if (why.cause == CAUSE_GUARD_REFUSED)
            fail_msg("altered? %s", wrong[i]);
    }
    put_signed("signed.json", HEAD);
    assert_int_equal(plan_file_read("signed.json", &file, &why), 0);
    plan_file_release(&file);
}

/* A plan may be as old as is said, and any age where nothing is said. */
static void an_old_plan_is_refused(void **state)
{
    struct plan_file file = {.time_unix_ms = 1000000};

    (void)state;
    assert_int_equal(plan_file_check_age(&file, 99000000, 0, &why), 0);
    assert_int_equal(plan_file_check_age(&file, 1060000, 60000, &why), 0);
    assert_int_equal(plan_file_check_age(&file, 0, 60000, &why), 0);
    assert_int_equal(plan_file_check_age(&file, 1060001, 60000, &why), -1);
    assert_int_equal(why.cause, CAUSE_GUARD_REFUSED);
}

/* A plan that cannot be written leaves what was there. */
static void a_failed_save_leaves_the_old_file(void **state)
{
    (void)state;
    assert_int_equal(save("absent/p.json", INSTANCE_ANY, "Topic a", ""), -1);
    assert_int_equal(why.cause, CAUSE_STATE_UNWRITABLE);
    assert_non_null(strstr(why.text, "could not save the plan absent/p.json"));
}

static int run_save(void *context, struct failure *reason)
{
    const struct plan_file_head head = {.address = "x", .identity = &identity, .declared_digest = digest};
    return plan_file_write("swept.json", &head, context, reason);
}

static int run_read(void *context, struct failure *reason)
{
    struct plan_file file;

    (void)context;
    if (plan_file_read("swept.json", &file, reason) != 0)
        return -1;
    plan_file_release(&file);
    return 0;
}

/* Running out of memory fails a save or a read as a whole, and says so. */
static void memory_may_run_out(void **state)
{
    struct capabilities capabilities = {.rules = rules_of(INSTANCE_ANY),
                                        .holds = {fields_of(KIND_TOPIC), fields_of(KIND_GROUP)}};
    struct mapping mapping;
    struct plan_input input = {.declared = catalog_text("Topic a perm=6 source=b at=x.yaml:1:1\nTopic c @m perm=4"),
                               .observed = catalog_text(""),
                               .capabilities = &capabilities,
                               .mapping = &mapping};
    struct plan *plan;

    (void)state;
    mapping_init(&mapping);
    assert_int_equal(plan_build(&input, &plan, &why), 0);
    memory_sweep(run_save, plan);
    memory_sweep(run_read, NULL);
    plan_free(plan);
    catalog_unref(input.declared);
    catalog_unref(input.observed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_saved_plan_is_readable),
        TEST(rows_come_back_as_they_were),
        TEST(nothing_to_create_is_saved_too),
        TEST(an_edited_plan_is_refused),
        TEST(a_cut_plan_is_refused),
        TEST(what_is_no_plan_is_wrong_input),
        TEST(another_version_is_wrong_input),
        TEST(an_old_plan_is_refused),
        TEST(a_failed_save_leaves_the_old_file),
        TEST(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
