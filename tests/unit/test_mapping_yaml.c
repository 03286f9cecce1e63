/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "api/cause.h"
#include "manifests/mapping_yaml.h"
#include "tests/lib/memory.h"
#include "tests/lib/scratch.h"

#define HEAD "apiVersion: mqferry/v1\nkind: Mapping\nspec:\n"

/* ---- a mapping as text ---- */

static void show_text(struct buffer *out, const char *before, struct text text)
{
    if (text.bytes > 0)
        buffer_append_format(out, "%s%.*s", before, (int)text.bytes, text.data);
}

static void show_kinds(struct buffer *out, uint8_t kinds)
{
    buffer_append_string(out, kinds == MATCH_BOTH ? "" : kinds == MATCH_TOPICS ? "Topic " : "ConsumerGroup ");
}

static void show_draft(struct buffer *out, const char *before, const struct draft *draft)
{
    if (draft == NULL)
        return;
    buffer_append_string(out, before);
    for (uint64_t rest = draft->set; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        buffer_append_format(out, " %s=", field_info(field)->name);
        value_append(out, field, &draft->values[field]);
    }
}

static void show_names(struct buffer *out, const char *what, const struct name_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        buffer_append_string(out, what);
        show_kinds(out, list->rules[i].kinds);
        show_text(out, "", list->rules[i].glob);
        buffer_append_char(out, '\n');
    }
}

static void show_set(struct buffer *out, const struct set_rule *rule)
{
    buffer_append_string(out, "set ");
    show_kinds(out, rule->kinds);
    show_text(out, "", rule->glob);
    show_draft(out, " when", rule->when);
    show_draft(out, " spec", rule->spec);
    for (uint16_t i = 0; i < rule->broker_count; i++) {
        show_text(out, " on ", rule->brokers[i].broker);
        show_draft(out, "", rule->brokers[i].spec);
    }
    buffer_append_char(out, '\n');
}

static void show_accept(struct buffer *out, const struct accept_rule *rule)
{
    buffer_append_format(out, "accept@%s:%u:%u ", rule->place.path, rule->place.line, rule->place.column);
    show_kinds(out, rule->kinds);
    show_text(out, "", rule->glob);
    buffer_append_format(out, " %s", field_info(rule->field)->name);
    show_text(out, " key ", rule->attribute);
    if (rule->has_observed) {
        buffer_append_string(out, " observed ");
        rule->attribute.bytes > 0 ? buffer_append_text(out, rule->observed.text)
                                  : value_append(out, rule->field, &rule->observed);
    }
    if (rule->has_declared) {
        buffer_append_string(out, " declared ");
        rule->attribute.bytes > 0 ? buffer_append_text(out, rule->declared.text)
                                  : value_append(out, rule->field, &rule->declared);
    }
    show_text(out, " because ", rule->reason);
    buffer_append_char(out, '\n');
}

static void show_mapping(struct buffer *out, const struct mapping *mapping)
{
    show_names(out, "include ", &mapping->include[FROM_MAPPING]);
    show_names(out, "exclude ", &mapping->exclude[FROM_MAPPING]);
    if (mapping->strip_prefix.bytes > 0)
        buffer_append_format(out, "strip %s\n", mapping->strip_prefix.data);
    if (mapping->source_masters > 0)
        buffer_append_format(out, "masters %u\n", mapping->source_masters);
    for (uint32_t i = 0; i < mapping->broker_count; i++)
        buffer_append_format(out, "broker %s to %s\n", mapping->brokers[i].from.data, mapping->brokers[i].to.data);
    for (uint32_t i = 0; i < mapping->rename_count; i++) {
        buffer_append_string(out, "rename ");
        show_kinds(out, mapping->renames[i].kinds);
        show_text(out, "from ", mapping->renames[i].from);
        show_text(out, " to ", mapping->renames[i].to);
        show_text(out, "prefix ", mapping->renames[i].prefix);
        buffer_append_char(out, '\n');
    }
    for (uint32_t i = 0; i < mapping->type_count; i++)
        buffer_append_format(out, "type %s is %s\n", mapping->types[i].glob.data, mapping->types[i].type.data);
    for (uint32_t i = 0; i < mapping->set_count; i++)
        show_set(out, &mapping->sets[i]);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        if (mapping->create_defaults[kind] == NULL)
            continue;
        buffer_append_format(out, "defaults of %s", kind_name(kind));
        show_draft(out, "", mapping->create_defaults[kind]);
        buffer_append_char(out, '\n');
    }
    for (uint32_t i = 0; i < mapping->accept_count; i++)
        show_accept(out, &mapping->accepts[i]);
}

/* What the file m.yaml becomes: the mapping and the files that were read, or the mistakes. */
static void assert_loads_file(const char *path, const char *expected)
{
    struct failure why = FAILURE_INIT;
    struct file_mark *marks = NULL;
    struct complaints mistakes;
    uint32_t mark_count = 0;
    struct mapping mapping;
    struct buffer out;

    complaints_init(&mistakes);
    mapping_init(&mapping);
    buffer_init(&out, 1 << 20);
    buffer_append_string(&out, "");
    if (mapping_load(path, &mapping, &marks, &mark_count, &mistakes, &why) == 0) {
        assert_int_equal(mistakes.count, 0);
        show_mapping(&out, &mapping);
        for (uint32_t i = 1; i < mark_count; i++)
            buffer_append_format(&out, "read %s\n", marks[i].path);
        assert_string_equal(marks[0].path, path);
        assert_true(file_mark_same(&marks[0]));
        file_marks_free(marks, mark_count);
    } else {
        assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
        assert_in_range(mistakes.count, 1, 1000);
        complaints_append(&out, &mistakes);
    }
    assert_string_equal(out.data, expected);
    mapping_release(&mapping);
    complaints_release(&mistakes);
    buffer_release(&out);
}

static void assert_loads(const char *text, const char *expected)
{
    scratch_put("m.yaml", text);
    assert_loads_file("m.yaml", expected);
}

/* ---- what is right ---- */

/* The mapping of the contract, field by field. */
static void every_field_is_read(void **state)
{
    (void)state;
    assert_loads(HEAD
                 "  include: [\"orders*\", pay]\n  exclude: {topics: [\"*_test\"], groups: [GID_x]}\n"
                 "  stripPrefix: \"MQ_INST_1%\"\n  sourceMasters: 2\n  brokers: {old-a: broker-a, 7: 8}\n"
                 "  rename:\n  - {kind: Topic, from: \"a|b\", to: a-b}\n  - {kind: ConsumerGroup, prefix: GID_}\n"
                 "  - {from: x, to: y}\n  messageTypes: [{match: \"*_fifo\", type: FIFO}]\n"
                 "  createDefaults: {topic: {messageType: NORMAL}, group: {consumeRetryPolicy: {maxRetryTimes: 3}}}\n",
                 "include orders*\ninclude pay\nexclude Topic *_test\nexclude ConsumerGroup GID_x\n"
                 "strip MQ_INST_1%\nmasters 2\nbroker old-a to broker-a\nbroker 7 to 8\n"
                 "rename Topic from a|b to a-b\nrename ConsumerGroup prefix GID_\nrename from x to y\n"
                 "type *_fifo is FIFO\ndefaults of Topic messageType=NORMAL\n"
                 "defaults of ConsumerGroup consumeRetryPolicy.maxRetryTimes=3\n");
}

/* Settings that people decide: conditions, settings, and where a resource belongs. */
static void sets_are_read(void **state)
{
    (void)state;
    assert_loads(
        HEAD "  set:\n  - {kind: ConsumerGroup, match: \"*\", when: {deliveryOrderType: Orderly},\n"
             "     spec: {consumeRetryPolicy: {retryPolicy: FixedRetryPolicy, fixedIntervalRetryTime: 10}}}\n"
             "  - {kind: Topic, match: split_one, spec: {brokers: {broker-b: {}, broker-c: {perm: 4}}}}\n"
             "  - {kind: Topic, match: m, spec: {attributes: {cleanup.policy: COMPACTION}, remark: \"\"}}\n",
        "set ConsumerGroup * when deliveryOrderType=Orderly spec consumeRetryPolicy.retryPolicy=FixedRetryPolicy "
        "consumeRetryPolicy.fixedIntervalRetryTime=10\n"
        "set Topic split_one on broker-b on broker-c perm=4\n"
        "set Topic m spec remark= attributes={\"cleanup.policy\":\"COMPACTION\"}\n");
}

/* Accepted differences: values of every type, keys of maps; scalars may stand before the field that explains them. */
static void accepts_are_read(void **state)
{
    (void)state;
    assert_loads(
        HEAD
        "  accept:\n  - {kind: Topic, name: audit, field: perm, observed: 4, reason: read-only since the split}\n"
        "  - {declared: RW, field: perm, kind: Topic, name: \"b*\"}\n"
        "  - {kind: Topic, name: c, field: messageType, observed: NEWEST, declared: FIFO}\n"
        "  - {kind: Topic, name: d, field: attributes.cleanup.policy, observed: DELETE}\n"
        "  - {kind: Topic, name: e, field: attributes, observed: {b: 2, a: 1}}\n"
        "  - {kind: ConsumerGroup, name: f, field: groupRetryPolicy.customizedRetryPolicy.next, declared: [1, 2]}\n"
        "  - {kind: ConsumerGroup, name: g, field: consumeEnable, declared: false}\n",
        "accept@m.yaml:5:5 Topic audit perm observed 4 because read-only since the split\n"
        "accept@m.yaml:6:5 Topic b* perm declared 6\n"
        "accept@m.yaml:7:5 Topic c messageType observed NEWEST declared FIFO\n"
        "accept@m.yaml:8:5 Topic d attributes key cleanup.policy observed DELETE\n"
        "accept@m.yaml:9:5 Topic e attributes observed {\"a\":\"1\",\"b\":\"2\"}\n"
        "accept@m.yaml:10:5 ConsumerGroup f groupRetryPolicy.customizedRetryPolicy.next declared [1,2]\n"
        "accept@m.yaml:11:5 ConsumerGroup g consumeEnable declared false\n");
}

/* Files of globs are found beside the mapping; blanks, empty lines and comments do not count. */
static void names_come_from_files(void **state)
{
    (void)state;
    assert_int_equal(mkdir("folder", 0755), 0);
    scratch_put("folder/wave1.txt", "\xef\xbb\xbf# first wave\n orders* \r\n\npayments\n");
    scratch_put("folder/groups.txt", "GID_*");
    scratch_put("folder/m.yaml", HEAD "  include: {topics: [one, {file: wave1.txt}], groups: [{file: groups.txt}]}\n");
    assert_loads_file("folder/m.yaml", "include Topic one\ninclude Topic orders*\ninclude Topic payments\n"
                                       "include ConsumerGroup GID_*\nread folder/wave1.txt\nread folder/groups.txt\n");
    scratch_put("-", "dash\n");
    assert_loads(HEAD "  exclude: [{file: \"-\"}]\n", "exclude dash\nread ./-\n");
}

/* A mapping that says nothing lets everything pass; it may have a name. */
static void an_empty_mapping_is_one(void **state)
{
    (void)state;
    assert_loads("apiVersion: mqferry/v1\nkind: Mapping\nmetadata: {name: x}\n", "");
    assert_loads(HEAD "  exclude: []\n  rename: []\n", "");
}

/* ---- what is wrong ---- */

/* Each mistake is reported at its place, all in one run. */
static void every_mistake_is_reported(void **state)
{
    (void)state;
    assert_loads(HEAD
                 "  includ: [a]\n  exclude: [[a], '', {fil: x}]\n  stripPrefix:\n  sourceMasters: 0\n"
                 "  brokers: {a: b, a: c, '': d, e: ''}\n  rename:\n  - {from: a}\n  - {from: a, to: b, prefix: c}\n"
                 "  - {from: 'a*', to: b}\n  - {kind: Group, prefix: ''}\n  - x\n"
                 "  messageTypes: [{match: a}, {type: FIFO}, {match: a, type: fifo}, y]\n"
                 "  createDefaults: {topic: {perm: 9}, groups: {}}\n",
                 "m.yaml:4:3: unknown field \"includ\" in spec of a Mapping, did you mean include\n"
                 "m.yaml:5:13: an entry is a single value or a map, this is a list\n"
                 "m.yaml:5:18: a name or glob has 1 to 4096 bytes, this has 0\n"
                 "m.yaml:5:23: unknown field \"fil\" in a file of names, did you mean file\n"
                 "m.yaml:5:22: file is missing\n"
                 "m.yaml:7:18: sourceMasters is a whole number from 1 to 1024\n"
                 "m.yaml:8:19: brokers names this one twice\n"
                 "m.yaml:8:25: the name of a broker is empty\n"
                 "m.yaml:8:35: the name of a broker is empty\n"
                 "m.yaml:10:5: a rename has from and to, or a prefix\n"
                 "m.yaml:11:5: a rename has from and to, or a prefix\n"
                 "m.yaml:12:12: from is one name, not a glob\n"
                 "m.yaml:13:12: kind is Topic or ConsumerGroup\n"
                 "m.yaml:13:27: prefix is empty\n"
                 "m.yaml:13:5: a rename has from and to, or a prefix\n"
                 "m.yaml:14:5: a rename is a map, this is a single value\n"
                 "m.yaml:15:18: type is missing\n"
                 "m.yaml:15:30: match is missing\n"
                 "m.yaml:15:61: messageType is NORMAL, FIFO, DELAY, TRANSACTION, MIXED, PRIORITY, LITE or UNSPECIFIED, "
                 "this is \"fifo\"\n"
                 "m.yaml:15:68: a message type is a map, this is a single value\n"
                 "m.yaml:16:34: perm is a whole number from 0 to 7, or W, R, RW, this is \"9\"\n"
                 "m.yaml:16:38: unknown field \"groups\" in spec.createDefaults of a Mapping, did you mean group\n");
}

/* What a set and an accept need, and in which order where the order matters. */
static void sets_and_accepts_are_checked(void **state)
{
    (void)state;
    assert_loads(HEAD "  set:\n  - {match: a, spec: {perm: 4}, kind: Topic}\n  - {kind: Topic, spec: {perm: 8}}\n"
                      "  - {kind: Topic, match: a, when: {brokers: {}}, spec: {remrk: x}}\n  - y\n",
                 "m.yaml:5:22: kind stands before when and spec: it says which settings there are\n"
                 "m.yaml:6:32: perm is a whole number from 0 to 7, or W, R, RW, this is \"8\"\n"
                 "m.yaml:6:5: match is missing\n"
                 "m.yaml:7:36: unknown field \"brokers\" in a topic\n"
                 "m.yaml:7:57: unknown field \"remrk\" in a topic, did you mean remark\n"
                 "m.yaml:8:5: a set is a map, this is a single value\n");
    assert_loads(
        HEAD "  accept:\n  - {name: a, field: perm, observed: 4}\n  - {kind: Topic, name: a, field: prm, observed: 4}\n"
             "  - {kind: Topic, name: a, field: perm}\n  - {kind: Topic, name: a, field: perm, observed: x}\n"
             "  - {kind: Topic, name: a, observed: {b: c}, field: attributes}\n  - z\n"
             "  - {kind: Topic, name: a, field: perm, declared: [4]}\n"
             "  - {kind: Topic, name: a, field: attributes.k, declared: {k: v}}\n",
        "m.yaml:5:5: kind is missing\n"
        "m.yaml:6:35: a topic has no field \"prm\", did you mean perm\n"
        "m.yaml:7:5: an accept says the value that is accepted: observed or declared\n"
        "m.yaml:8:51: perm is a whole number from 0 to 7, or W, R, RW, this is \"x\"\n"
        "m.yaml:9:38: kind and field stand before a value that is a map\n"
        "m.yaml:10:5: an accept is a map, this is a single value\n"
        "m.yaml:11:51: perm is a single value, this is a list\n"
        "m.yaml:12:59: the value of one attribute is a text, this is a map\n");
}

/* An include that names nothing would mean everything: it is a mistake, in the list and in the file. */
static void an_empty_include_is_a_mistake(void **state)
{
    (void)state;
    assert_loads(HEAD "  include: []\n", "m.yaml:4:12: include names nothing; left out, it means everything\n");
    assert_loads(HEAD "  include: {}\n", "m.yaml:4:12: include names nothing; left out, it means everything\n");
    scratch_put("none.txt", "# later\n");
    assert_loads(HEAD "  include:\n  - file: none.txt\n", "m.yaml:5:11: none.txt names nothing\n");
}

/* A file of names that cannot be read, and lines of it that no name looks like. */
static void files_of_names_are_checked(void **state)
{
    (void)state;
    assert_loads(HEAD "  include: [{file: gone.txt}]\n", "m.yaml:4:20: cannot read gone.txt: it does not exist\n");
    scratch_put("names.txt", "a\nb\tc\n\xff\nd\n");
    assert_loads(HEAD "  include: [{file: names.txt}]\n", "names.txt:2:1: this line holds a control character\n"
                                                          "names.txt:3:1: this line is not UTF-8\n");
}

/* The file of a mapping holds one document of that kind and nothing else. */
static void other_documents_are_mistakes(void **state)
{
    (void)state;
    assert_loads("", "m.yaml: holds no document of kind Mapping\n");
    assert_loads("apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: x}\n---\n" HEAD "---\n" HEAD,
                 "m.yaml:1:1: the file of a mapping holds one document of kind Mapping, this is a Topic\n"
                 "m.yaml:7:6: spec has no value: give it one, or leave it out\n"
                 "m.yaml:9:1: a second Mapping: the file of a mapping holds one\n");
    assert_loads_file("gone.yaml", "gone.yaml: cannot read gone.yaml: it does not exist\n");
}

/* Memory may run out anywhere: that is said, nothing leaks, and no half a mapping passes for a whole one. */
static void memory_may_run_out_anywhere(void **state)
{
    bool failed = true;

    (void)state;
    scratch_put("names.txt", "a\nb\n");
    scratch_put("m.yaml",
                HEAD "  include: [a, {file: names.txt}]\n  brokers: {a: b}\n  rename: [{prefix: x}]\n"
                     "  messageTypes: [{match: a, type: FIFO}]\n"
                     "  set: [{kind: Topic, match: a, when: {remark: x}, spec: {perm: 4, brokers: {b: {}}}}]\n"
                     "  accept: [{kind: Topic, name: a, field: attributes, observed: {k: v}}]\n"
                     "  createDefaults: {topic: {perm: 6}}\n");
    for (unsigned n = 0; failed; n++) {
        struct failure why = FAILURE_INIT;
        struct file_mark *marks = NULL;
        struct complaints mistakes;
        uint32_t mark_count = 0;
        struct mapping mapping;

        complaints_init(&mistakes);
        mapping_init(&mapping);
        memory_fail_after(n);
        int status = mapping_load("m.yaml", &mapping, &marks, &mark_count, &mistakes, &why);
        failed = memory_restore();
        assert_int_equal(status, failed ? -1 : 0);
        if (failed)
            assert_int_equal(why.cause, CAUSE_OUT_OF_MEMORY);
        file_marks_free(marks, mark_count);
        mapping_release(&mapping);
        complaints_release(&mistakes);
    }
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_scratch(every_field_is_read),
        in_scratch(sets_are_read),
        in_scratch(accepts_are_read),
        in_scratch(names_come_from_files),
        in_scratch(an_empty_mapping_is_one),
        in_scratch(every_mistake_is_reported),
        in_scratch(sets_and_accepts_are_checked),
        in_scratch(an_empty_include_is_a_mistake),
        in_scratch(files_of_names_are_checked),
        in_scratch(other_documents_are_mistakes),
        in_scratch(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
