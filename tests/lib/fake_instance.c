/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/fake_instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "api/cause.h"
#include "api/snapshot/snapshot.h"
#include "tests/lib/catalog_text.h"

enum { FAKES_MAX = 8 };

static struct fake_instance *fakes[FAKES_MAX];

enum call { CALL_DESCRIBE, CALL_LIST, CALL_CREATE };

struct fake_pending {
    enum call call;
    struct request *request;
    enum kind kind;
    uint32_t part;
    struct create_item *items;
    uint32_t count;
    bool cancelled;
    struct fake_pending *next;
};

static struct fake_instance *fake_of(struct instance *instance)
{
    return (struct fake_instance *)instance;
}

/* ---- what is there */

bool fake_has_created(const struct fake_instance *fake, const char *name)
{
    for (uint32_t i = 0; i < fake->created_count; i++)
        if (strcmp(fake->created[i], name) == 0)
            return true;
    return false;
}

static bool add_resource(void *context, const struct catalog *from, uint32_t row, struct entry *entry)
{
    (void)context, (void)from, (void)row, (void)entry;
    return true;
}

static void add_created(struct fake_instance *fake, const struct create_item *item)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct failure why;
    struct entry entry = {.kind = item->kind, .name = item->name};
    struct draft draft;
    struct catalog *more = NULL;

    assert_non_null(builder);
    assert_int_equal(catalog_add_all(builder, fake->content, add_resource, NULL, &why), 0);
    create_settings(&fake->capabilities, item->kind, catalog_settings_of(item->catalog, item->resource), &draft);
    entry.draft = &draft;
    assert_int_equal(catalog_add(builder, &entry, &why), 0);
    assert_int_equal(catalog_seal(builder, NULL, NULL, &more, &why), 0);
    catalog_builder_free(builder);
    catalog_unref(fake->content);
    fake->content = more;
    assert_true(fake->created_count < FAKE_NAMES_MAX);
    snprintf(fake->created[fake->created_count++], FAKE_NAME_BYTES, "%.*s", (int)item->name.bytes, item->name.data);
}

/* ---- answers */

static void answer_describe(struct fake_instance *fake, struct answer *answer)
{
    answer->description = (struct description){
        .identity = fake->identity,
        .capabilities = fake->capabilities,
        .in_service = true,
        .status = "running",
        .quota_free = {-1, -1},
    };
    if (fake->describe_fails_with != CAUSE_NONE)
        failure_set(&answer->failure, fake->describe_fails_with, "the fake does not describe itself");
}

struct slice {
    enum kind kind;
    uint32_t part, parts, index;
};

static bool take_slice(void *context, const struct catalog *from, uint32_t row, struct entry *entry)
{
    struct slice *slice = context;

    (void)from, (void)row;
    return entry->kind == slice->kind && slice->index++ % slice->parts == slice->part;
}

static void answer_kept(struct fake_instance *fake, const struct fake_pending *pending, struct answer *answer)
{
    uint32_t first, count;

    catalog_range(fake->content, pending->kind, &first, &count);
    answer->part = catalog_ref(fake->content);
    answer->parts = 1;
    answer->total = count;
}

static void answer_list(struct fake_instance *fake, const struct fake_pending *pending, struct answer *answer)
{
    uint32_t parts = fake->parts[pending->kind] > 0 ? fake->parts[pending->kind] : 1;
    bool repeated = fake->repeats_names && parts > 1 && pending->part == parts - 1;
    struct slice slice = {.kind = pending->kind, .part = repeated ? 0 : pending->part, .parts = parts};
    struct catalog_builder *builder = catalog_builder_new();
    uint32_t first;

    assert_non_null(builder);
    assert_int_equal(catalog_add_all(builder, fake->content, take_slice, &slice, &answer->failure), 0);
    assert_int_equal(catalog_seal(builder, NULL, NULL, &answer->part, &answer->failure), 0);
    catalog_builder_free(builder);
    answer->parts = parts;
    answer->total = UINT64_MAX;
    if (!fake->repeats_names) {
        uint32_t count;
        catalog_range(fake->content, pending->kind, &first, &count);
        answer->total = count;
    }
}

static void answer_item(struct fake_instance *fake, struct create_item *item, struct failure *failure)
{
    item->failure = failure;
    if (fake->create_fails_with != CAUSE_NONE) {
        failure_set(failure, fake->create_fails_with, "the fake refuses");
        snprintf(failure->request_id, sizeof failure->request_id, "REQ-%u", fake->creates);
        item->outcome = OUTCOME_REFUSED;
        return;
    }
    if (catalog_find(fake->content, item->kind, item->name) != CATALOG_ABSENT) {
        item->outcome = OUTCOME_EXISTED;
        item->failure = NULL;
        return;
    }
    add_created(fake, item);
    item->outcome = fake->loses_answers ? OUTCOME_UNKNOWN : OUTCOME_CREATED;
    if (fake->loses_answers)
        failure_set(failure, CAUSE_OUTCOME_UNKNOWN, "the answer was lost");
    else
        item->failure = NULL;
}

static void refuse(struct fake_pending *pending, struct failure *failure, enum outcome outcome)
{
    for (uint32_t i = 0; i < pending->count; i++) {
        pending->items[i].outcome = outcome;
        pending->items[i].failure = failure;
    }
}

static void answer(struct fake_instance *fake, struct fake_pending *pending)
{
    struct request *request = pending->request;
    struct answer answer = {.failure = FAILURE_INIT};
    struct failure failure = FAILURE_INIT;

    if (pending->cancelled) {
        failure_set(&answer.failure, CAUSE_CANCELLED, "cancelled");
        refuse(pending, &answer.failure, OUTCOME_UNKNOWN);
    } else if (fake->throttled_calls > 0) {
        fake->throttled_calls--;
        failure_set(&answer.failure, CAUSE_THROTTLED, "slower");
        refuse(pending, &answer.failure, OUTCOME_NOT_SENT);
    } else if (pending->call == CALL_DESCRIBE) {
        answer_describe(fake, &answer);
    } else if (pending->call == CALL_LIST && fake->keeps_parts) {
        answer_kept(fake, pending, &answer);
    } else if (pending->call == CALL_LIST) {
        answer_list(fake, pending, &answer);
    } else {
        for (uint32_t i = 0; i < pending->count; i++)
            answer_item(fake, &pending->items[i], &failure);
    }
    request->door = NULL;
    free(pending);
    request->done(request, &answer);
}

/* ---- the loop */

static void on_timer_closed(uv_handle_t *handle)
{
    struct fake_instance *fake = handle->data;
    void (*closed)(void *context) = fake->closed;

    free(handle);
    fake->timer = NULL;
    fake->closed = NULL;
    closed(fake->closed_context);
}

static void on_timer(uv_timer_t *timer)
{
    struct fake_instance *fake = timer->data;
    struct fake_pending **link = &fake->pending;

    while (*link) {
        struct fake_pending *pending = *link;
        bool held = fake->holds_answers || (fake->holds_creates && pending->call == CALL_CREATE);
        if (held && !pending->cancelled) {
            link = &pending->next;
            continue;
        }
        *link = pending->next;
        answer(fake, pending);
        link = &fake->pending; /* anything may have happened meanwhile */
    }
    if (fake->closed && !fake->pending && !uv_is_closing((uv_handle_t *)timer))
        uv_close((uv_handle_t *)timer, on_timer_closed);
}

void fake_release(struct fake_instance *fake)
{
    fake->holds_answers = fake->holds_creates = false;
    uv_timer_start(fake->timer, on_timer, 0, 0);
}

static int submit(struct instance *instance, struct request *request, struct fake_pending draft)
{
    struct fake_instance *fake = fake_of(instance);
    struct fake_pending *pending = malloc(sizeof *pending), **last = &fake->pending;

    assert_non_null(pending);
    *pending = draft;
    pending->request = request;
    pending->next = NULL;
    request->door = pending;
    while (*last)
        last = &(*last)->next;
    *last = pending;
    uv_timer_start(fake->timer, on_timer, 0, 0);
    return 0;
}

static int fake_describe(struct instance *instance, struct request *request, struct failure *why)
{
    (void)why;
    fake_of(instance)->describes++;
    return submit(instance, request, (struct fake_pending){.call = CALL_DESCRIBE});
}

static int fake_list(struct instance *instance, struct request *request, enum kind kind, uint32_t part,
                     struct failure *why)
{
    (void)why;
    fake_of(instance)->lists++;
    return submit(instance, request, (struct fake_pending){.call = CALL_LIST, .kind = kind, .part = part});
}

static int fake_get(struct instance *instance, struct request *request, enum kind kind, const struct text *names,
                    uint32_t count, struct failure *why)
{
    (void)request, (void)kind, (void)names, (void)count;
    fake_of(instance)->gets++;
    return failure_set(why, CAUSE_UNSUPPORTED, "the fake has no single reads");
}

static int fake_create(struct instance *instance, struct request *request, struct create_item *items, uint32_t count,
                       struct failure *why)
{
    (void)why;
    fake_of(instance)->creates++;
    return submit(instance, request, (struct fake_pending){.call = CALL_CREATE, .items = items, .count = count});
}

static void fake_cancel(struct instance *instance, struct request *request)
{
    struct fake_instance *fake = fake_of(instance);
    struct fake_pending *pending = request->door;

    fake->cancels++;
    if (!pending)
        return;
    pending->cancelled = true;
    uv_timer_start(fake->timer, on_timer, 0, 0);
}

static void fake_close(struct instance *instance, void (*closed)(void *context), void *context)
{
    struct fake_instance *fake = fake_of(instance);

    fake->closed = closed;
    fake->closed_context = context;
    for (struct fake_pending *pending = fake->pending; pending; pending = pending->next)
        pending->cancelled = true;
    uv_timer_start(fake->timer, on_timer, 0, 0);
}

/* ---- being known */

void fake_begin(struct fake_instance *fake, const char *name)
{
    static const struct instance_ops ops = {.describe = fake_describe,
                                            .list = fake_list,
                                            .get = fake_get,
                                            .create = fake_create,
                                            .cancel = fake_cancel,
                                            .close = fake_close};
    size_t place = 0;

    *fake = (struct fake_instance){.instance = {&ops}, .name = name, .content = catalog_text("")};
    fake->capabilities = (struct capabilities){
        .kind = INSTANCE_ONS,
        .absent_is_default = true,
        .batch_max = {1, 1},
        .rules = rules_of(INSTANCE_ONS),
    };
    for (int kind = 0; kind < KINDS; kind++)
        fake->capabilities.holds[kind] = fake->capabilities.listed[kind] = fields_held(INSTANCE_ONS, (enum kind)kind);
    while (place < FAKES_MAX && fakes[place])
        place++;
    assert_true(place < FAKES_MAX);
    fakes[place] = fake;
}

void fake_end(struct fake_instance *fake)
{
    assert_null(fake->timer);
    catalog_unref(fake->content);
    for (size_t i = 0; i < FAKES_MAX; i++)
        if (fakes[i] == fake)
            fakes[i] = NULL;
}

int fake_open(const struct instance_options *options, struct instance **out, struct failure *why)
{
    if (options->address->scheme == SCHEME_SNAPSHOT)
        return snapshot_open(options, out, why);
    const char *name =
        options->address->scheme == SCHEME_ROCKETMQ ? options->address->cluster : options->address->instance_id;
    for (size_t i = 0; i < FAKES_MAX; i++) {
        struct fake_instance *fake = fakes[i];
        if (!fake || strcmp(fake->name, name) != 0)
            continue;
        uv_timer_t *timer = malloc(sizeof *timer);
        assert_non_null(timer);
        uv_timer_init(options->loop, timer);
        timer->data = fake;
        fake->timer = timer;
        fake->loop = options->loop;
        *out = &fake->instance;
        return 0;
    }
    return failure_set(why, CAUSE_UNSUPPORTED, "nobody knows the fake %s", name);
}
