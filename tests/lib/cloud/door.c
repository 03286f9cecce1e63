/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cloud/door.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "api/base/monotime.h"
#include "tests/lib/catalog_text.h"

enum { PATIENCE_MS = 60000 };

void door_begin(struct cloud_door *test, open_door open, enum api_style style)
{
    *test = (struct cloud_door){0};
    test_loop_begin(&test->loop);
    fake_cloud_begin(&test->cloud, style);
    test->address.scheme = style == API_ROA ? SCHEME_APSARAMQ : SCHEME_ONS;
    snprintf(test->address.region, sizeof test->address.region, "cn-hangzhou");
    snprintf(test->address.instance_id, sizeof test->address.instance_id, "inst-1");
    test->options = (struct instance_options){
        .loop = &test->loop.loop, .workers = test->loop.workers, .address = &test->address, .writable = true};
    assert_int_equal(open(&test->options, &test->door, &test->why), 0);
}

static void on_closed(void *context)
{
    *(bool *)context = true;
}

void door_end(struct cloud_door *test)
{
    if (!test->closed)
        test->door->ops->close(test->door, on_closed, &test->closed);
    test_loop_run_until(&test->loop, &test->closed);
    catalog_unref(test->answer.part);
    fake_cloud_end(&test->cloud);
    test_loop_end(&test->loop);
}

static void on_answer(struct request *request, struct answer *answer)
{
    struct cloud_door *test = request->data;

    assert_false(test->answered);
    test->answered = true;
    catalog_unref(test->answer.part);
    test->answer = *answer;
    if (test->item.failure)
        test->why = *test->item.failure;
}

void door_prepare(struct cloud_door *test)
{
    test->answered = false;
    test->why = (struct failure){0};
    test->item = (struct create_item){0};
    test->request = (struct request){.done = on_answer, .data = test, .deadline_ms = monotime_ms() + PATIENCE_MS};
}

void door_await(struct cloud_door *test)
{
    assert_false(test->answered); /* never inside the call */
    test_loop_run_until(&test->loop, &test->answered);
    assert_null(test->request.door);
}

int door_describe(struct cloud_door *test)
{
    door_prepare(test);
    assert_int_equal(test->door->ops->describe(test->door, &test->request, &test->why), 0);
    door_await(test);
    return test->answer.failure.cause;
}

int door_list(struct cloud_door *test, enum kind kind, uint32_t part)
{
    door_prepare(test);
    assert_int_equal(test->door->ops->list(test->door, &test->request, kind, part, &test->why), 0);
    door_await(test);
    return test->answer.failure.cause;
}

int door_get(struct cloud_door *test, enum kind kind, const char *name)
{
    struct text text = text_of(name);

    door_prepare(test);
    assert_int_equal(test->door->ops->get(test->door, &test->request, kind, &text, 1, &test->why), 0);
    door_await(test);
    return test->answer.failure.cause;
}

enum outcome door_create(struct cloud_door *test, const char *line)
{
    struct catalog *catalog = catalog_text(line);
    const struct resource *resource = catalog_rows(catalog);

    assert_int_equal(catalog_count(catalog), 1);
    door_prepare(test);
    test->item = (struct create_item){.kind = (enum kind)resource->kind,
                                      .name = catalog_name(catalog, resource),
                                      .catalog = catalog,
                                      .resource = resource};
    assert_int_equal(test->door->ops->create(test->door, &test->request, &test->item, 1, &test->why), 0);
    door_await(test);
    assert_true((test->item.failure == NULL) == (test->item.outcome == OUTCOME_CREATED));
    catalog_unref(catalog);
    return test->item.outcome;
}

const char *door_settings(struct cloud_door *test, enum kind kind, const char *name)
{
    uint32_t row = catalog_find(test->answer.part, kind, text_of(name));
    return row == CATALOG_ABSENT ? NULL : resource_text_of(test->answer.part, row);
}

uint32_t door_count(struct cloud_door *test, enum kind kind)
{
    uint32_t first, count;

    assert_non_null(test->answer.part);
    catalog_range(test->answer.part, kind, &first, &count);
    return count;
}
