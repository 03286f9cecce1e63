/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/catalog_digest.h"
#include "tests/lib/catalog_text.h"

static void digest_lines(const char *lines, char out[static DIGEST_TEXT_BYTES])
{
    struct catalog *catalog = catalog_text(lines);
    struct failure why = FAILURE_INIT;

    assert_int_equal(catalog_digest(catalog, out, &why), 0);
    catalog_unref(catalog);
}

static bool same(const char *lines, const char *others)
{
    char left[DIGEST_TEXT_BYTES], right[DIGEST_TEXT_BYTES];

    digest_lines(lines, left);
    digest_lines(others, right);
    return strcmp(left, right) == 0;
}

static const char base[] = "Topic a messageType=FIFO perm=6\nTopic b attributes={x:1}\nConsumerGroup g";

/* The digest is a fact that people copy into configurations: it may not change with a release. */
static void the_digest_stays_the_same(void **state)
{
    char digest[DIGEST_TEXT_BYTES];

    (void)state;
    digest_lines(base, digest);
    assert_string_equal(digest, "sha256:4ff981f074ee32a74c79bc4676510d5e7b286624b867d7af80d1d31cf78cf675");
    digest_lines("", digest);
    assert_string_equal(digest, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* Where a resource was declared, in which order, and what else the source held, is no matter. */
static void it_is_about_what_is_declared(void **state)
{
    (void)state;
    assert_true(same(base, "ConsumerGroup g at=x.yaml:3:4\nTopic b attributes={x:1} at=y.yaml:1:1\n"
                           "Topic a perm=6 messageType=FIFO"));
    assert_true(same(base, "Topic 0 status=system\nTopic 1 perm=4 status=excluded\n"
                           "Topic a messageType=FIFO perm=6\nTopic b attributes={x:1}\nConsumerGroup g"));
    assert_true(same("Topic a source=x", "Topic a source=y"));
}

/* Every part of a declaration counts. */
static void every_part_counts(void **state)
{
    static const char *const others[] = {
        "Topic a messageType=FIFO perm=6\nTopic b attributes={x:1}",
        "Topic a messageType=FIFO perm=6\nTopic b attributes={x:1}\nConsumerGroup g2",
        "Topic a messageType=FIFO perm=6\nTopic b attributes={x:1}\nTopic g",
        "Topic a messageType=FIFO perm=6\nTopic b attributes={x:2}\nConsumerGroup g",
        "Topic a messageType=FIFO perm=4\nTopic b attributes={x:1}\nConsumerGroup g",
        "Topic a messageType=FIFO ~perm=6\nTopic b attributes={x:1}\nConsumerGroup g",
        "Topic a messageType=FIFO ^perm=6\nTopic b attributes={x:1}\nConsumerGroup g",
        "Topic a messageType=FIFO perm=6 policy=observe\nTopic b attributes={x:1}\nConsumerGroup g",
        "Topic a attributes={x:1}\nTopic b messageType=FIFO perm=6\nConsumerGroup g",
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (same(base, others[i]))
            fail_msg("the same digest for %s", others[i]);
    }
}

/* Settings per master count with the masters' names, whatever their numbers. */
static void masters_count_by_name(void **state)
{
    (void)state;
    assert_true(same("masters a b\nTopic t @a perm=6 @b perm=4", "masters c b a\nTopic t @b perm=4 @a perm=6"));
    assert_false(same("Topic t @a perm=6 @b perm=4", "Topic t @a perm=4 @b perm=6"));
    assert_false(same("Topic t @a perm=6 @b perm=4", "Topic t @a perm=6 @c perm=4"));
    assert_false(same("masters a\nTopic t @a perm=6", "masters a\nTopic t perm=6"));
}

/* Texts larger than what is gathered before hashing give what they are. */
static void long_texts_count_whole(void **state)
{
    enum { NAMES = 3000 };
    struct catalog_builder *builder = catalog_builder_new();
    char name[64], remark[1000];
    struct draft draft;
    struct catalog *catalog;
    char left[DIGEST_TEXT_BYTES], right[DIGEST_TEXT_BYTES];
    struct failure why = FAILURE_INIT;

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < NAMES; i++) {
            snprintf(name, sizeof name, "topic_%05d", i);
            memset(remark, 'x', sizeof remark);
            remark[i % 1000] = (char)('a' + (round == 1 && i == NAMES - 1));
            draft_clear(&draft);
            draft_set_text(&draft, FIELD_TOPIC_REMARK, (struct text){remark, sizeof remark});
            struct entry entry = {.kind = KIND_TOPIC, .name = text_of(name), .draft = &draft};
            assert_int_equal(catalog_add(builder, &entry, &why), 0);
        }
        assert_int_equal(catalog_seal(builder, NULL, NULL, &catalog, &why), 0);
        catalog_builder_free(builder);
        assert_int_equal(catalog_digest(catalog, round == 0 ? left : right, &why), 0);
        catalog_unref(catalog);
        builder = catalog_builder_new();
    }
    catalog_builder_free(builder);
    assert_string_not_equal(left, right);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digest_stays_the_same), cmocka_unit_test(it_is_about_what_is_declared),
        cmocka_unit_test(every_part_counts),         cmocka_unit_test(masters_count_by_name),
        cmocka_unit_test(long_texts_count_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
