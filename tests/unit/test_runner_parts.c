/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "controller/runner/parts.h"
#include "tests/lib/catalog_text.h"

enum { PARTS_MAX = 8 };

/* Lists under way, freed by the end of the test. */
struct fixture {
    struct parts_input input;
    struct catalog *parts[KINDS][PARTS_MAX];
    struct catalog *declared, *out;
    struct got *gots;
    enum kind wrong;
    struct failure why;
};

static void begin(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    for (int kind = 0; kind < KINDS; kind++)
        fixture->input.lists[kind].parts = fixture->parts[kind];
}

static void add_part(struct fixture *fixture, enum kind kind, const char *lines)
{
    struct part_list *list = &fixture->input.lists[kind];
    assert_true(list->count < PARTS_MAX);
    list->parts[list->count++] = catalog_text(lines);
}

/* A single read of names of the declared catalog: what is there of them is said by `lines`. */
static void add_got(struct fixture *fixture, enum kind kind, uint32_t round, const char *names, const char *lines)
{
    struct got *got = calloc(1, sizeof *got);
    char *copy = strdup(names), *rest = NULL;

    assert_non_null(got);
    got->kind = kind;
    got->round = round;
    got->declared = catalog_ref(fixture->declared);
    got->catalog = catalog_text(lines);
    got->rows = calloc(PARTS_MAX, sizeof *got->rows);
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        got->rows[got->row_count++] = catalog_row_of(fixture->declared, kind, name);
    free(copy);
    got->next = fixture->gots;
    fixture->gots = got;
    fixture->input.gots = got;
}

static int combine(struct fixture *fixture)
{
    fixture->wrong = KINDS;
    return parts_combine(&fixture->input, &fixture->out, &fixture->wrong, &fixture->why);
}

/* "kind name settings" a line. */
static void assert_out(const struct fixture *fixture, const char *expected)
{
    char text[2000] = "";

    for (uint32_t row = 0; row < catalog_count(fixture->out); row++) {
        const struct resource *resource = &catalog_rows(fixture->out)[row];
        struct text name = catalog_name(fixture->out, resource);
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s %.*s %s\n", kind_name(resource->kind), (int)name.bytes, name.data,
                 resource_text_of(fixture->out, row));
    }
    assert_string_equal(text, expected);
}

static void end(struct fixture *fixture)
{
    for (int kind = 0; kind < KINDS; kind++)
        for (uint32_t i = 0; i < fixture->input.lists[kind].count; i++)
            catalog_unref(fixture->parts[kind][i]);
    for (struct got *got = fixture->gots, *next; got; got = next) {
        next = got->next;
        got_free(got);
    }
    catalog_unref(fixture->declared);
    catalog_unref(fixture->out);
}

/* Parts of both kinds become one sorted catalog; what a part holds of the other kind does not count. */
static void parts_become_one_catalog(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture);
    add_part(&fixture, KIND_TOPIC, "Topic c perm=4\nTopic a perm=6");
    add_part(&fixture, KIND_TOPIC, "Topic b perm=2\nConsumerGroup other");
    add_part(&fixture, KIND_GROUP, "ConsumerGroup g brokerId=1\nTopic z");
    assert_int_equal(combine(&fixture), 0);
    assert_out(&fixture, "Topic a perm=6\nTopic b perm=2\nTopic c perm=4\nConsumerGroup g brokerId=1\n");
    end(&fixture);
}

/* A door that reads both kinds at once: its catalog is used as it is. */
static void one_reading_is_not_copied(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture);
    add_part(&fixture, KIND_TOPIC, "Topic a\nConsumerGroup g");
    fixture.input.lists[KIND_GROUP].count = 1;
    fixture.parts[KIND_GROUP][0] = catalog_ref(fixture.parts[KIND_TOPIC][0]);
    assert_int_equal(combine(&fixture), 0);
    assert_ptr_equal(fixture.out, fixture.parts[KIND_TOPIC][0]);
    end(&fixture);
}

/* Nothing was listed: an empty catalog. */
static void nothing_is_an_empty_catalog(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture);
    assert_int_equal(combine(&fixture), 0);
    assert_int_equal(catalog_count(fixture.out), 0);
    end(&fixture);
}

/* A name in two parts is a list that shifted while it was read: it is not believed, even if both say the same. */
static void a_name_twice_is_a_bad_answer(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture);
    add_part(&fixture, KIND_TOPIC, "Topic a");
    add_part(&fixture, KIND_GROUP, "ConsumerGroup a\nConsumerGroup b");
    add_part(&fixture, KIND_GROUP, "ConsumerGroup b");
    assert_int_equal(combine(&fixture), -1);
    assert_int_equal(fixture.why.cause, CAUSE_BAD_ANSWER);
    assert_int_equal(fixture.wrong, KIND_GROUP);
    assert_string_equal(fixture.why.text, "the list names the consumer group 'b' twice");
    end(&fixture);
}

/* Each master's table is a part: what they say of one name becomes one resource on these masters. */
static void tables_of_masters_join(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture);
    add_part(&fixture, KIND_TOPIC, "masters broker-a\nTopic t @broker-a perm=6\nTopic only @broker-a perm=6");
    add_part(&fixture, KIND_TOPIC, "masters broker-b\nTopic t @broker-b perm=4");
    add_part(&fixture, KIND_TOPIC, "masters broker-c\nTopic t @broker-c perm=6");
    assert_int_equal(combine(&fixture), 0);
    assert_out(&fixture, "Topic only @broker-a perm=6\nTopic t @broker-a perm=6 @broker-b perm=4 @broker-c perm=6\n");
    end(&fixture);
}

/* One master cannot have a name twice. */
static void a_name_twice_on_one_master_is_a_bad_answer(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture);
    add_part(&fixture, KIND_TOPIC, "masters broker-a\nTopic t @broker-a perm=6");
    add_part(&fixture, KIND_TOPIC, "masters broker-a\nTopic t @broker-a perm=6");
    assert_int_equal(combine(&fixture), -1);
    assert_int_equal(fixture.why.cause, CAUSE_BAD_ANSWER);
    assert_int_equal(fixture.wrong, KIND_TOPIC);
    end(&fixture);
}

/* A single read after the list replaces what the list said, adds what it did not have yet, drops what is not there. */
static void a_newer_read_replaces(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture);
    fixture.declared = catalog_text("Topic a\nTopic b\nTopic c\nTopic d");
    add_part(&fixture, KIND_TOPIC, "Topic a perm=2\nTopic b perm=2\nTopic d perm=2");
    add_got(&fixture, KIND_TOPIC, 0, "a b c", "Topic a perm=6\nTopic c perm=6");
    assert_int_equal(combine(&fixture), 0);
    assert_out(&fixture, "Topic a perm=6\nTopic c perm=6\nTopic d perm=2\n");
    end(&fixture);
}

/* Of two single reads the later one counts. */
static void the_latest_read_counts(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture);
    fixture.declared = catalog_text("Topic a\nTopic b");
    add_part(&fixture, KIND_TOPIC, "Topic a perm=2");
    add_got(&fixture, KIND_TOPIC, 0, "a b", "Topic a perm=4");
    add_got(&fixture, KIND_TOPIC, 0, "b", "Topic b perm=6");
    assert_int_equal(combine(&fixture), 0);
    assert_out(&fixture, "Topic a perm=4\nTopic b perm=6\n");
    end(&fixture);
}

/* A single read before the list only fills in what the list left unread: whether it is there, the list knows better. */
static void an_older_read_fills_in(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture);
    fixture.declared = catalog_text("ConsumerGroup a\nConsumerGroup b\nConsumerGroup gone\nConsumerGroup none");
    fixture.input.lists[KIND_GROUP].round = 2;
    add_part(&fixture, KIND_GROUP,
             "ConsumerGroup a status=unread\nConsumerGroup b brokerId=2\nConsumerGroup none status=unread");
    add_got(&fixture, KIND_GROUP, 1, "a b gone none",
            "ConsumerGroup a brokerId=7\nConsumerGroup b brokerId=7\nConsumerGroup gone brokerId=7");
    assert_int_equal(combine(&fixture), 0);
    assert_out(&fixture, "ConsumerGroup a brokerId=7\nConsumerGroup b brokerId=2\nConsumerGroup none \n");
    assert_int_equal(catalog_rows(fixture.out)[0].status, STATUS_ORDINARY);
    assert_int_equal(catalog_rows(fixture.out)[2].status, STATUS_UNREAD);
    end(&fixture);
}

/* A copy has references of its own. */
static void a_copy_outlives_the_list(void **state)
{
    (void)state;
    struct fixture fixture;
    struct part_list copy, empty;

    begin(&fixture);
    add_part(&fixture, KIND_TOPIC, "Topic a");
    fixture.input.lists[KIND_TOPIC].parts[1] = NULL;
    fixture.input.lists[KIND_TOPIC].count = 2;
    assert_int_equal(part_list_copy(&fixture.input.lists[KIND_TOPIC], &copy), 0);
    assert_int_equal(part_list_copy(&fixture.input.lists[KIND_GROUP], &empty), 0);
    end(&fixture);
    assert_int_equal(copy.count, 2);
    assert_int_equal(catalog_count(copy.parts[0]), 1);
    assert_null(copy.parts[1]);
    part_list_release(&copy);
    part_list_release(&empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_become_one_catalog),    cmocka_unit_test(one_reading_is_not_copied),
        cmocka_unit_test(nothing_is_an_empty_catalog), cmocka_unit_test(a_name_twice_is_a_bad_answer),
        cmocka_unit_test(tables_of_masters_join),      cmocka_unit_test(a_name_twice_on_one_master_is_a_bad_answer),
        cmocka_unit_test(a_newer_read_replaces),       cmocka_unit_test(the_latest_read_counts),
        cmocka_unit_test(an_older_read_fills_in),      cmocka_unit_test(a_copy_outlives_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
