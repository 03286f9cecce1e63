/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/group_details.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/base/arena.h"
#include "api/base/hash.h"
#include "api/base/strings.h"

enum { BUCKETS_MIN = 64, SHARED_MAX = 8, LASTING_AFTER_MS = 10000, TIME_BYTES = 19 };

struct kept {
    struct kept *next;
    uint64_t hash;
    const struct settings *settings; /* often shared: groups are much alike */
    struct text name, updated;       /* their texts stand behind this */
};

/* Thousands of small pieces that live long would pin as many pages of the heap: they stand together. */
struct group_details {
    struct kept **buckets;
    size_t bucket_count, count;
    struct arena memory; /* of all that is kept, and of what was */
    size_t bytes, wasted;
    const struct settings *shared[SHARED_MAX]; /* the newest that are not alike */
    unsigned next_shared;
};

struct group_details *group_details_new(void)
{
    struct group_details *details = malloc(sizeof *details);

    if (!details)
        return NULL;
    *details =
        (struct group_details){.buckets = calloc(BUCKETS_MIN, sizeof *details->buckets), .bucket_count = BUCKETS_MIN};
    if (!details->buckets) {
        free(details);
        return NULL;
    }
    return details;
}

void group_details_free(struct group_details *details)
{
    if (!details)
        return;
    arena_release(&details->memory);
    free(details->buckets);
    free(details);
}

/* The link that leads to the group, or to the end of its bucket. */
static struct kept **find(const struct group_details *details, struct text name)
{
    uint64_t hash = hash_text(0, name);
    struct kept **link = &details->buckets[hash & (details->bucket_count - 1)];

    while (*link && ((*link)->hash != hash || !text_equal((*link)->name, name)))
        link = &(*link)->next;
    return link;
}

const struct settings *group_details_find(const struct group_details *details, struct text name, struct text updated)
{
    const struct kept *kept = *find(details, name);

    return kept && updated.bytes > 0 && text_equal(kept->updated, updated) ? kept->settings : NULL;
}

static void grow(struct group_details *details)
{
    size_t count = details->bucket_count * 2;
    struct kept **buckets = calloc(count, sizeof *buckets);

    if (!buckets)
        return; /* slower, that is all */
    for (size_t i = 0; i < details->bucket_count; i++) {
        for (struct kept *kept = details->buckets[i], *next; kept; kept = next) {
            next = kept->next;
            kept->next = buckets[kept->hash & (count - 1)];
            buckets[kept->hash & (count - 1)] = kept;
        }
    }
    free(details->buckets);
    details->buckets = buckets;
    details->bucket_count = count;
}

/* Settings that others have too, or new ones. NULL: no memory. */
static const struct settings *share(struct group_details *details, const struct draft *draft)
{
    struct arena_mark before = arena_mark(&details->memory);
    struct settings *settings = arena_alloc(&details->memory, draft_settings_bytes(draft));

    if (!settings)
        return NULL;
    draft_settle(draft, draft_hash(draft), settings);
    for (unsigned i = 0; i < SHARED_MAX; i++) {
        if (details->shared[i] && settings_equal(details->shared[i], settings)) {
            arena_rewind(&details->memory, before);
            return details->shared[i];
        }
    }
    details->shared[details->next_shared++ % SHARED_MAX] = settings;
    return settings;
}

static size_t bytes_of(struct text name, struct text updated)
{
    return sizeof(struct kept) + name.bytes + updated.bytes;
}

/* NULL: no memory. */
static struct kept *kept_new(struct group_details *details, struct text name, struct text updated,
                             const struct draft *draft)
{
    const struct settings *settings = share(details, draft);
    struct kept *kept = settings ? arena_alloc(&details->memory, bytes_of(name, updated)) : NULL;

    if (!kept)
        return NULL;
    char *texts = (char *)(kept + 1);
    memcpy(texts, name.data, name.bytes);
    memcpy(texts + name.bytes, updated.data, updated.bytes);
    *kept = (struct kept){.hash = hash_text(0, name),
                          .settings = settings,
                          .name = {texts, name.bytes},
                          .updated = {texts + name.bytes, updated.bytes}};
    details->bytes += bytes_of(name, updated);
    return kept;
}

static void put_in(struct group_details *details, struct kept *kept)
{
    struct kept **link = &details->buckets[kept->hash & (details->bucket_count - 1)];

    kept->next = *link;
    *link = kept;
    details->count++;
}

/* What is still kept moves into new memory; what finds none there is read again. */
static void tidy_up(struct group_details *details)
{
    struct arena before = details->memory;
    struct draft draft;

    details->memory = (struct arena)ARENA_INIT;
    details->bytes = details->wasted = details->count = 0;
    memset(details->shared, 0, sizeof details->shared);
    for (size_t i = 0; i < details->bucket_count; i++) {
        struct kept *old = details->buckets[i];
        details->buckets[i] = NULL;
        for (; old; old = old->next) {
            draft_from_settings(&draft, old->settings);
            struct kept *kept = kept_new(details, old->name, old->updated, &draft);
            if (kept)
                put_in(details, kept);
        }
    }
    arena_release(&before);
}

static void drop(struct group_details *details, struct text name)
{
    struct kept **link = find(details, name), *old = *link;

    if (!old)
        return;
    *link = old->next;
    details->count--;
    details->wasted += bytes_of(old->name, old->updated);
    if (details->wasted > details->bytes / 2)
        tidy_up(details);
}

void group_details_keep(struct group_details *details, struct text name, struct text updated, const struct draft *draft)
{
    drop(details, name);
    struct kept *kept = kept_new(details, name, updated, draft);
    if (!kept) {
        details->memory.failed = false; /* the next one may fit */
        return;
    }
    if (details->count >= details->bucket_count)
        grow(details);
    put_in(details, kept);
}

bool group_details_lasting(struct text updated, int64_t now_ms)
{
    char text[40];
    int64_t then_ms;

    if (updated.bytes != TIME_BYTES || updated.data[10] != ' ')
        return false;
    snprintf(text, sizeof text, "%.10sT%.8s+08:00", updated.data, updated.data + 11);
    return time_parse(text_of(text), &then_ms) && now_ms - then_ms >= LASTING_AFTER_MS;
}
