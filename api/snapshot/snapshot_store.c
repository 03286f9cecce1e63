/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path of a create: lock, read the file again if it changed, tell new names from those that are there, merge,
 *                         write beside it, rename, remember what was written.
 * what can go wrong: somebody else holds the lock; the file is damaged (it stays as it is); any step of writing
 *                    fails (the old bytes stay, nothing was created).
 */
#include "api/snapshot/snapshot_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/base/file.h"
#include "api/base/monotime.h"
#include "api/base/path.h"
#include "api/cause.h"

enum { NEW_FILE_MODE = 0644, MERGE_TRIES = 3 };

int snapshot_store_init(struct snapshot_store *store, const struct instance_options *options, struct failure *why)
{
    *store = (struct snapshot_store){
        .given = strdup(options->address->path),
        .stands_for = options->stands_for,
        .writable = options->writable,
        .imagined = options->imagined,
    };
    return store->given ? 0 : failure_no_memory(why, "the snapshot");
}

void snapshot_store_release(struct snapshot_store *store)
{
    catalog_unref(store->catalog);
    free(store->given);
    free(store->path);
}

/* ---- reading */

static int look_up_path(struct snapshot_store *store, struct failure *why)
{
    if (!store->path)
        store->path = path_real(store->given);
    store->mark.path = store->path;
    return store->path ? 0 : failure_no_memory(why, "the snapshot");
}

static bool is_missing(const struct snapshot_store *store)
{
    struct stat what;
    return store->imagined || (stat(store->path, &what) != 0 && errno == ENOENT);
}

static bool is_current(const struct snapshot_store *store)
{
    if (!store->catalog)
        return false;
    if (store->absent)
        return is_missing(store);
    return store->written ? file_mark_same(&store->mark) : file_marks_current(&store->mark, 1, store->read_unix_ms);
}

/* Takes a reference over. */
static void keep(struct snapshot_store *store, struct catalog *catalog, const struct snapshot_head *head)
{
    catalog_unref(store->catalog);
    store->catalog = catalog;
    store->head = *head;
}

static int take_as_empty(struct snapshot_store *store, struct failure *why)
{
    bool said = store->stands_for != INSTANCE_KINDS;
    struct snapshot_head head = {.stands_for = said ? store->stands_for : INSTANCE_ANY};
    struct catalog_builder *builder = catalog_builder_new();
    struct catalog *empty = NULL;

    if (!store->writable) {
        catalog_builder_free(builder);
        return failure_set(why, CAUSE_INPUT_WRONG, "could not read %s: it does not exist", store->given);
    }
    int status = builder ? catalog_seal(builder, NULL, NULL, &empty, why) : failure_no_memory(why, "the snapshot");
    catalog_builder_free(builder);
    if (status != 0)
        return -1;
    keep(store, empty, &head);
    store->absent = true;
    return 0;
}

/* What it is asked to stand for must be what it stands for: another kind has other rules. */
static int check_kind(const struct snapshot_store *store, const struct snapshot_head *head, struct failure *why)
{
    if (store->stands_for == INSTANCE_KINDS || store->stands_for == head->stands_for)
        return 0;
    return failure_set(why, CAUSE_CONFIGURATION_WRONG, "the snapshot %s stands for %s, not for %s", store->given,
                       instance_kind_name(head->stands_for), instance_kind_name(store->stands_for));
}

static int read_file(struct snapshot_store *store, struct failure *why)
{
    struct file_text file = {0};
    struct snapshot_head head;
    struct catalog *catalog = NULL;
    int64_t now = walltime_unix_ms();

    if (file_mark_take(store->path, &store->mark) != 0)
        return failure_set(why, CAUSE_INPUT_WRONG, "could not read %s: %s", store->given, file_error_text(errno));
    if (file_read(store->path, &file, why) != 0)
        return -1;
    int status = snapshot_json_read((struct text){file.data, file.bytes}, store->given, &catalog, &head, why);
    file_text_release(&file);
    if (status == 0 && check_kind(store, &head, why) != 0) {
        catalog_unref(catalog);
        return -1;
    }
    if (status != 0)
        return -1;
    keep(store, catalog, &head);
    store->absent = store->written = false;
    store->read_unix_ms = now;
    return 0;
}

int snapshot_store_refresh(struct snapshot_store *store, struct failure *why)
{
    if (look_up_path(store, why) != 0)
        return -1;
    if (is_current(store))
        return 0;
    return is_missing(store) ? take_as_empty(store, why) : read_file(store, why);
}

/* ---- describing */

static struct capabilities capabilities_of(enum instance_kind stands_for)
{
    struct capabilities capabilities = {.kind = stands_for, .rules = rules_of(stands_for)};

    for (int kind = 0; kind < KINDS; kind++) {
        capabilities.holds[kind] = capabilities.listed[kind] = fields_held(stands_for, (enum kind)kind);
        capabilities.batch_max[kind] = UINT32_MAX;
    }
    return capabilities;
}

void snapshot_store_describe(const struct snapshot_store *store, struct description *out)
{
    *out = (struct description){
        .identity = store->head.identity,
        .capabilities = capabilities_of(store->head.stands_for),
        .in_service = true,
        .quota_free = {-1, -1},
    };
    snprintf(out->status, sizeof out->status, "%s", store->absent ? "a new file" : "a file");
}

/* ---- creating */

static int take_lock(struct snapshot_store *store, struct lock *lock, struct failure *why)
{
    char *path = NULL;

    if (look_up_path(store, why) != 0 || asprintf(&path, "%s.lock", store->path) < 0)
        return failure_no_memory(why, "the snapshot");
    int status = lock_take(lock, path, why);
    free(path);
    return status;
}

/* Tells names that are there from new ones; the number of new ones, which stay NOT_SENT for now. */
static uint32_t sort_out(const struct snapshot_store *store, const struct capabilities *capabilities,
                         struct snapshot_create *create)
{
    uint32_t fresh = 0;

    for (uint32_t i = 0; i < create->count; i++) {
        struct create_item *item = &create->items[i];
        enum kind other = item->kind == KIND_TOPIC ? KIND_GROUP : KIND_TOPIC;
        item->outcome = OUTCOME_NOT_SENT;
        if (catalog_find(store->catalog, item->kind, item->name) != CATALOG_ABSENT) {
            item->outcome = OUTCOME_EXISTED;
            item->failure = NULL;
        } else if (capabilities->rules.names_shared &&
                   catalog_find(store->catalog, other, item->name) != CATALOG_ABSENT) {
            failure_set(&create->taken,
                        item->kind == KIND_TOPIC ? CAUSE_TOPIC_NAMED_LIKE_GROUP : CAUSE_GROUP_NAMED_LIKE_TOPIC,
                        "the snapshot has a %s of this name", kind_word(other));
            item->outcome = OUTCOME_REFUSED;
            item->failure = &create->taken;
        } else {
            fresh++;
        }
    }
    return fresh;
}

/* Masters are open-source clusters'; elsewhere a resource is in one place. */
static bool holds_masters(const struct capabilities *capabilities)
{
    return capabilities->kind == INSTANCE_ROCKETMQ || capabilities->kind == INSTANCE_ANY;
}

static int intern(struct catalog_builder *builder, const struct capabilities *capabilities, enum kind kind,
                  const struct settings *settings, uint32_t *out, struct failure *why)
{
    struct draft draft;

    create_settings(capabilities, kind, settings, &draft);
    return catalog_intern(builder, &draft, out, why);
}

/* The same spread over the builder's masters. */
static int intern_spread(struct catalog_builder *builder, const struct capabilities *capabilities,
                         const struct create_item *item, uint32_t *out, struct failure *why)
{
    const struct spread *spread = catalog_spread(item->catalog, item->resource->settings);
    uint32_t settings[CATALOG_MASTERS_MAX];
    uint16_t masters = 0, place;

    for (uint16_t i = 0; i < spread->masters; i++) {
        if (spread->settings[i] == CATALOG_ABSENT)
            continue;
        if (catalog_builder_master(builder, text_of(catalog_master(item->catalog, i)), &place, why) != 0)
            return -1;
        while (masters <= place)
            settings[masters++] = CATALOG_ABSENT;
        if (intern(builder, capabilities, item->kind, catalog_settings(item->catalog, spread->settings[i]),
                   &settings[place], why) != 0)
            return -1;
    }
    return catalog_intern_spread(builder, settings, masters, out, why);
}

static int add_item(struct catalog_builder *builder, const struct capabilities *capabilities,
                    const struct create_item *item, struct failure *why)
{
    struct entry entry = {.kind = item->kind, .name = item->name};

    entry.spread = item->resource->spread && holds_masters(capabilities);
    int status = entry.spread ? intern_spread(builder, capabilities, item, &entry.settings, why)
                              : intern(builder, capabilities, item->kind,
                                       catalog_settings_of(item->catalog, item->resource), &entry.settings, why);
    return status == 0 ? catalog_add(builder, &entry, why) : -1;
}

static int merge(const struct snapshot_store *store, const struct capabilities *capabilities,
                 struct snapshot_create *create, struct catalog **out)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct failure *why = &create->failure;
    int status =
        builder ? catalog_add_all(builder, store->catalog, NULL, NULL, why) : failure_no_memory(why, "the snapshot");

    for (uint32_t i = 0; status == 0 && i < create->count; i++)
        if (create->items[i].outcome == OUTCOME_NOT_SENT)
            status = add_item(builder, capabilities, &create->items[i], why);
    if (status == 0)
        status = catalog_seal(builder, NULL, NULL, out, why);
    catalog_builder_free(builder);
    return status;
}

static int write_file(struct snapshot_store *store, const struct catalog *catalog, struct failure *why)
{
    struct buffer text;
    int status;

    buffer_init(&text, FILE_BYTES_MAX);
    if (snapshot_json_write(&text, catalog, &store->head) != 0)
        status = failure_set(why, CAUSE_OUT_OF_MEMORY, "could not get memory for %s, or it would be larger than 1 GiB",
                             store->given);
    else
        status = file_replace(store->path, buffer_text(&text), NEW_FILE_MODE, why);
    buffer_release(&text);
    return status;
}

static void conclude(struct snapshot_create *create, enum outcome outcome)
{
    for (uint32_t i = 0; i < create->count; i++) {
        if (create->items[i].outcome != OUTCOME_NOT_SENT)
            continue;
        create->items[i].outcome = outcome;
        create->items[i].failure = outcome == OUTCOME_CREATED ? NULL : &create->failure;
    }
}

/* Is there another file than the one that was read? */
static bool was_replaced(const struct snapshot_store *store)
{
    return store->absent ? !is_missing(store) : !file_mark_same(&store->mark);
}

static void write_merged(struct snapshot_store *store, struct catalog *merged, struct snapshot_create *create)
{
    if (write_file(store, merged, &create->failure) != 0) {
        catalog_unref(merged);
        conclude(create, was_replaced(store) ? OUTCOME_UNKNOWN : OUTCOME_NOT_SENT);
        return;
    }
    keep(store, merged, &store->head);
    store->absent = false;
    store->written = file_mark_take(store->path, &store->mark) == 0;
    store->read_unix_ms = 0;
    conclude(create, OUTCOME_CREATED);
}

static bool stopped(const struct snapshot_create *create, struct failure *why)
{
    return create->stop(create->stop_context, why);
}

/* Reads and merges: 1 with the new catalog, 0 when every item has its outcome, -1. */
static int prepare(struct snapshot_store *store, struct snapshot_create *create, struct catalog **out)
{
    struct failure *why = &create->failure;

    if (stopped(create, why) || snapshot_store_refresh(store, why) != 0 || stopped(create, why))
        return -1;
    struct capabilities capabilities = capabilities_of(store->head.stands_for);
    if (sort_out(store, &capabilities, create) == 0)
        return 0;
    if (merge(store, &capabilities, create, out) != 0)
        return -1;
    if (!stopped(create, why))
        return 1;
    catalog_unref(*out);
    return -1;
}

/* Editors know nothing of the lock: what changed while we merged is read again instead of overwritten. */
static void create_locked(struct snapshot_store *store, struct snapshot_create *create)
{
    for (int tries = 0; tries < MERGE_TRIES; tries++) {
        struct catalog *merged = NULL;
        int status = prepare(store, create, &merged);
        if (status <= 0) {
            conclude(create, OUTCOME_NOT_SENT);
            return;
        }
        if (!was_replaced(store)) {
            write_merged(store, merged, create);
            return;
        }
        catalog_unref(merged);
    }
    failure_set(&create->failure, CAUSE_STATE_LOCKED, "%s keeps changing under another hand", store->given);
    conclude(create, OUTCOME_NOT_SENT);
}

void snapshot_store_create(struct snapshot_store *store, struct snapshot_create *create)
{
    struct lock lock = LOCK_INIT;

    create->failure.cause = create->taken.cause = CAUSE_NONE;
    for (uint32_t i = 0; i < create->count; i++)
        create->items[i].outcome = OUTCOME_NOT_SENT;
    if (take_lock(store, &lock, &create->failure) == 0)
        create_locked(store, create);
    else
        conclude(create, OUTCOME_NOT_SENT);
    lock_release(&lock);
}
