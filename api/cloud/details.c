/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: the page is listed → what lacks details is read side by side → both together answer the request.
 * what can go wrong: the page, or one of the reads, fails: the part does, after all of them have answered. A group that
 *             is gone by then is left out: the page's total tells, and the list is read again.
 * on cancel, on close: what is under way is cancelled, and the part with it.
 */
#include "api/cloud/details.h"

#include <stdlib.h>

#include "api/cause.h"

struct detail {
    struct request request; /* first: a request is a detail */
    struct detailed *list;
    struct catalog *part; /* the group, or nothing */
};

/* A part under way. */
struct detailed {
    struct door *door;
    struct request *request; /* whose answer it is */
    struct request page_request;
    struct answer answer; /* the page's */
    struct detail *details;
    uint32_t count, waiting;
    bool cancelled;
    struct detailed *next; /* of the door */
};

static bool has_details(const struct catalog *page, const struct resource *resource)
{
    return settings_has(catalog_settings_of(page, resource), FIELD_GROUP_DELIVERY_ORDER_TYPE);
}

/* ---- the end */

static struct detailed **find(struct door *door, const struct request *request)
{
    struct detailed **link = &door->detailed;

    while (*link && (*link)->request != request)
        link = &(*link)->next;
    return link;
}

static bool only_complete_ones(void *context, const struct catalog *from, uint32_t row, struct entry *entry)
{
    (void)context, (void)entry;
    return has_details(from, &catalog_rows(from)[row]);
}

static int add_everything(const struct detailed *list, struct catalog_builder *builder, struct failure *why)
{
    if (catalog_add_all(builder, list->answer.part, only_complete_ones, NULL, why) != 0)
        return -1;
    for (uint32_t i = 0; i < list->count; i++) {
        if (catalog_add_all(builder, list->details[i].part, NULL, NULL, why) != 0)
            return -1;
    }
    return 0;
}

static int combine(struct detailed *list, struct failure *why)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct catalog *whole = NULL;
    int status = -1;

    if (!builder) {
        failure_no_memory(why, "a list of consumer groups");
        goto out;
    }
    if (add_everything(list, builder, why) != 0 || catalog_seal(builder, NULL, NULL, &whole, why) != 0)
        goto out;
    catalog_unref(list->answer.part);
    list->answer.part = whole;
    status = 0;
out:
    catalog_builder_free(builder);
    return status;
}

static void finish(struct detailed *list)
{
    struct request *request = list->request;
    struct failure *why = &list->answer.failure;

    if (why->cause == CAUSE_NONE && list->count > 0)
        combine(list, why);
    if (why->cause != CAUSE_NONE) {
        catalog_unref(list->answer.part);
        list->answer.part = NULL;
    }
    for (uint32_t i = 0; i < list->count; i++)
        catalog_unref(list->details[i].part);
    *find(list->door, request) = list->next;
    request->done(request, &list->answer);
    free(list->details);
    free(list);
}

/* ---- details */

static void cancel_waiting(struct detailed *list)
{
    struct instance *instance = &list->door->instance;

    for (uint32_t i = 0; i < list->count; i++)
        door_ops.cancel(instance, &list->details[i].request);
}

static void on_detail(struct request *request, struct answer *answer)
{
    struct detail *detail = (struct detail *)request;
    struct detailed *list = detail->list;

    detail->part = answer->part;
    if (answer->failure.cause != CAUSE_NONE && list->answer.failure.cause == CAUSE_NONE) {
        list->answer.failure = answer->failure;
        cancel_waiting(list);
    }
    if (--list->waiting == 0)
        finish(list);
}

static int ask(struct detailed *list, const struct resource *resource, struct failure *why)
{
    struct detail *detail = &list->details[list->count];
    struct text name = catalog_name(list->answer.part, resource);

    detail->list = list;
    detail->request = (struct request){.done = on_detail, .deadline_ms = list->request->deadline_ms};
    if (door_ops.get(&list->door->instance, &detail->request, KIND_GROUP, &name, 1, why) != 0)
        return -1;
    list->count++;
    list->waiting++;
    return 0;
}

static int ask_all(struct detailed *list, struct failure *why)
{
    const struct catalog *page = list->answer.part;
    uint32_t first, count;

    catalog_range(page, KIND_GROUP, &first, &count);
    list->details = calloc(count > 0 ? count : 1, sizeof *list->details);
    if (!list->details)
        return failure_no_memory(why, "a list of consumer groups");
    for (uint32_t row = first; row < first + count; row++) {
        const struct resource *resource = &catalog_rows(page)[row];
        if (!has_details(page, resource) && ask(list, resource, why) != 0)
            return -1;
    }
    return 0;
}

/* ---- the page */

static void on_page(struct request *request, struct answer *answer)
{
    struct detailed *list = request->data;
    struct failure *why = &list->answer.failure;

    list->answer = *answer;
    if (why->cause == CAUSE_NONE && (list->cancelled || list->door->closed))
        failure_set(why, CAUSE_CANCELLED, "the list was given up");
    if (why->cause == CAUSE_NONE && ask_all(list, why) != 0)
        cancel_waiting(list);
    if (list->waiting == 0)
        finish(list);
}

static int list(struct instance *instance, struct request *request, enum kind kind, uint32_t part, struct failure *why)
{
    struct detailed *list;

    if (kind != KIND_GROUP)
        return door_ops.list(instance, request, kind, part, why);
    list = calloc(1, sizeof *list);
    if (!list)
        return failure_no_memory(why, "a list of consumer groups");
    list->door = (struct door *)instance;
    list->request = request;
    list->page_request = (struct request){.done = on_page, .data = list, .deadline_ms = request->deadline_ms};
    if (door_ops.list(instance, &list->page_request, kind, part, why) != 0) {
        free(list);
        return -1;
    }
    list->next = list->door->detailed;
    list->door->detailed = list;
    return 0;
}

static void cancel(struct instance *instance, struct request *request)
{
    struct detailed *list = *find((struct door *)instance, request);

    if (!list) {
        door_ops.cancel(instance, request);
        return;
    }
    list->cancelled = true;
    door_ops.cancel(instance, &list->page_request);
    cancel_waiting(list);
}

void details_attach(struct door *door)
{
    door->ops = door_ops;
    door->ops.list = list;
    door->ops.cancel = cancel;
    door->instance.ops = &door->ops;
}
