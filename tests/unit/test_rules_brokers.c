/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "api/rules.h"
#include "tests/lib/catalog_text.h"

/* What a cluster of that release says of the first resource of a catalog text. */
static int judge(struct rules rules, const char *line, enum field *field, char sentence[static 256])
{
    struct catalog *catalog = catalog_text(line);
    const struct resource *resource = catalog_rows(catalog);
    enum kind kind = resource->kind;

    *field = FIELD_COUNT;
    sentence[0] = '\0';
    int cause = rules_check_settings(&rules, kind, catalog_settings_of(catalog, resource),
                                     fields_held(INSTANCE_ROCKETMQ, kind), 0, field, sentence);
    catalog_unref(catalog);
    return cause;
}

static struct rules brokers_of(uint16_t version)
{
    struct rules rules = rules_of(INSTANCE_ROCKETMQ);

    rules.broker_version = version;
    return rules;
}

static void assert_fine(struct rules rules, const char *line)
{
    char sentence[256];
    enum field field;
    int cause = judge(rules, line, &field, sentence);

    assert_string_equal(sentence, "");
    assert_int_equal(cause, CAUSE_NONE);
}

static void assert_refused(struct rules rules, const char *line, enum field expected, const char *said)
{
    char sentence[256];
    enum field field;
    int cause = judge(rules, line, &field, sentence);

    assert_string_equal(sentence, said);
    assert_int_equal(cause, CAUSE_INVALID_PARAMETER);
    assert_int_equal(field, expected);
}

#define V(major, minor, patch) BROKER_VERSION(major, minor, patch)

static void releases_have_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(V(4, 2, 0), 253);
    assert_int_equal(V(4, 9, 8), 409);
    assert_int_equal(V(5, 0, 0), 413);
    assert_int_equal(V(5, 3, 3), 479);
    assert_int_equal(V(5, 5, 0), 513);
}

static void message_types_have_their_release(void **state)
{
    const enum field field = FIELD_TOPIC_MESSAGE_TYPE;

    (void)state;
    assert_fine(brokers_of(V(5, 0, 0)), "Topic t messageType=TRANSACTION");
    assert_fine(brokers_of(V(5, 4, 0)), "Topic t messageType=PRIORITY");
    assert_fine(brokers_of(V(5, 5, 0)), "Topic t messageType=LITE");
    assert_fine(brokers_of(0), "Topic t messageType=LITE");
    assert_refused(brokers_of(V(5, 3, 3)), "Topic t messageType=PRIORITY", field,
                   "brokers know messageType PRIORITY from 5.4.0 on");
    assert_refused(brokers_of(V(5, 4, 0)), "Topic t messageType=LITE", field,
                   "brokers know messageType LITE from 5.5.0 on");
}

static void mixed_must_be_switched_on(void **state)
{
    struct rules rules = brokers_of(V(5, 5, 0));

    (void)state;
    assert_fine(rules, "Topic t messageType=MIXED");
    rules.mixed_refused = true;
    assert_refused(rules, "Topic t messageType=MIXED", FIELD_TOPIC_MESSAGE_TYPE,
                   "brokers take messageType MIXED only with enableMixedMessageType=true");
    assert_fine(rules, "Topic t messageType=FIFO");
}

static void attributes_have_their_release(void **state)
{
    const enum field topic = FIELD_TOPIC_ATTRIBUTES, group = FIELD_GROUP_ATTRIBUTES;

    (void)state;
    assert_fine(brokers_of(V(5, 0, 0)), "Topic t attributes={queue.type:BatchCQ}");
    assert_refused(brokers_of(V(5, 0, 0)), "Topic t attributes={cleanup.policy:DELETE}", topic,
                   "brokers know attribute cleanup.policy from 5.1.0 on");
    assert_refused(brokers_of(V(5, 2, 0)), "Topic t attributes={reserve.time:5}", topic,
                   "brokers know attribute reserve.time from 5.3.0 on");
    assert_refused(brokers_of(V(5, 4, 0)), "Topic t attributes={lite.topic.expiration:5}", topic,
                   "brokers know attribute lite.topic.expiration from 5.5.0 on");
    assert_refused(brokers_of(V(5, 3, 3)), "ConsumerGroup g attributes={priority.factor:5}", group,
                   "brokers know attribute priority.factor from 5.4.0 on");
    assert_fine(brokers_of(V(5, 5, 0)), "ConsumerGroup g attributes={priority.factor:5,lite.sub.model:Exclusive}");
    assert_refused(brokers_of(V(5, 5, 0)), "Topic t attributes={novel:1}", topic,
                   "brokers of release 5.5.0 know no topic attribute 'novel'");
    assert_fine(brokers_of(V(5, 6, 0)), "Topic t attributes={novel:1}");
    assert_fine(brokers_of(0), "Topic t attributes={novel:1}");
}

static void attributes_have_their_values(void **state)
{
    const enum field topic = FIELD_TOPIC_ATTRIBUTES, group = FIELD_GROUP_ATTRIBUTES;
    struct rules rules = brokers_of(V(5, 5, 0));

    (void)state;
    assert_fine(rules, "Topic t attributes={reserve.time:-1,lite.topic.expiration:43200,cleanup.policy:COMPACTION}");
    assert_refused(rules, "Topic t attributes={queue.type:Simple}", topic,
                   "attribute queue.type is BatchCQ or SimpleCQ, not 'Simple'");
    assert_refused(rules, "Topic t attributes={lite.topic.expiration:43201}", topic,
                   "attribute lite.topic.expiration is from -1 to 43200, not '43201'");
    assert_refused(rules, "Topic t attributes={reserve.time:soon}", topic,
                   "attribute reserve.time is from -1 to 9223372036854775807, not 'soon'");
    assert_refused(rules, "ConsumerGroup g attributes={priority.factor:101}", group,
                   "attribute priority.factor is from 0 to 100, not '101'");
    assert_fine(rules, "ConsumerGroup g attributes={lite.bind.topic:parent}");
}

/* A request would read them as something else. */
static void signs_have_no_place_in_attributes(void **state)
{
    struct rules rules = brokers_of(V(5, 6, 0));

    (void)state;
    assert_refused(rules, "Topic t attributes={+a:b}", FIELD_TOPIC_ATTRIBUTES,
                   "keys of attributes hold none of + - = and comma; '+a' does");
    assert_refused(rules, "Topic t attributes={a:b=c}", FIELD_TOPIC_ATTRIBUTES,
                   "values of attributes hold neither = nor comma; that of a does");
}

static void attributes_that_harm_slaves_are_not_representable(void **state)
{
    struct rules rules = brokers_of(V(5, 3, 3));
    char sentence[256];
    enum field field;

    (void)state;
    rules.attributes_unsafe = true;
    assert_fine(rules, "Topic t perm=6");
    assert_fine(rules, "Topic t messageType=NORMAL attributes={queue.type:SimpleCQ}");
    assert_int_equal(judge(rules, "Topic t messageType=FIFO", &field, sentence), CAUSE_SETTING_NOT_REPRESENTABLE);
    assert_int_equal(field, FIELD_TOPIC_MESSAGE_TYPE);
    assert_non_null(strstr(sentence, "slaves of brokers 5.3.2 and 5.3.3 lose all their topics"));
    assert_int_equal(judge(rules, "Topic t attributes={reserve.time:9}", &field, sentence),
                     CAUSE_SETTING_NOT_REPRESENTABLE);
    assert_int_equal(field, FIELD_TOPIC_ATTRIBUTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(releases_have_their_numbers),
        cmocka_unit_test(message_types_have_their_release),
        cmocka_unit_test(mixed_must_be_switched_on),
        cmocka_unit_test(attributes_have_their_release),
        cmocka_unit_test(attributes_have_their_values),
        cmocka_unit_test(signs_have_no_place_in_attributes),
        cmocka_unit_test(attributes_that_harm_slaves_are_not_representable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
