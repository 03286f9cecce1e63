/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/group_details.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/base/hash.h"
#include "api/base/strings.h"

enum { BUCKETS_MIN = 64, LASTING_AFTER_MS = 10000, TIME_BYTES = 19 };

struct kept {
    struct kept *next;
    uint64_t hash;
    struct settings *settings; /* behind them: the texts of name and time */
    struct text name, updated;
};

struct group_details {
    struct kept **buckets;
    size_t bucket_count, count;
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

static void kept_free(struct kept *kept)
{
    free(kept->settings);
    free(kept);
}

void group_details_free(struct group_details *details)
{
    if (!details)
        return;
    for (size_t i = 0; i < details->bucket_count; i++) {
        for (struct kept *kept = details->buckets[i], *next; kept; kept = next) {
            next = kept->next;
            kept_free(kept);
        }
    }
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

static struct kept *kept_new(struct text name, struct text updated, const struct draft *draft)
{
    size_t bytes = draft_settings_bytes(draft);
    struct kept *kept = malloc(sizeof *kept);
    char *memory = malloc(bytes + name.bytes + updated.bytes);

    if (!kept || !memory) {
        free(kept);
        free(memory);
        return NULL;
    }
    memcpy(memory + bytes, name.data, name.bytes);
    memcpy(memory + bytes + name.bytes, updated.data, updated.bytes);
    draft_settle(draft, draft_hash(draft), memory);
    *kept = (struct kept){.hash = hash_text(0, name),
                          .settings = (struct settings *)(void *)memory,
                          .name = {memory + bytes, name.bytes},
                          .updated = {memory + bytes + name.bytes, updated.bytes}};
    return kept;
}

void group_details_keep(struct group_details *details, struct text name, struct text updated, const struct draft *draft)
{
    struct kept **link = find(details, name), *old = *link;
    struct kept *kept = kept_new(name, updated, draft);

    if (old) {
        *link = old->next;
        details->count--;
        kept_free(old);
    }
    if (!kept)
        return;
    if (details->count >= details->bucket_count)
        grow(details);
    link = &details->buckets[kept->hash & (details->bucket_count - 1)];
    kept->next = *link;
    *link = kept;
    details->count++;
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
