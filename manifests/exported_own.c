/* SPDX-License-Identifier: Apache-2.0
 *
 * A broker's table holds a topic named like the broker, one named like the cluster, and <cluster>_REPLY_TOPIC
 * (rocketmq-remoting 1.10, 2.1). No name is reserved for them: permission and queue numbers give them away, or other
 * system topics that have the name in theirs.
 */
#include <stdlib.h>

#include "api/base/sort.h"
#include "api/cause.h"
#include "api/system.h"
#include "manifests/exported_inside.h"

enum { PERM_INHERIT = 1, PERM_DEFAULT = 6, QUEUES_DEFAULT = 16 };

struct own_candidate {
    struct text owner; /* whose topic it is, if that is a broker or cluster */
    struct entry entry;
};

static const char what[] = "the topics of a broker";

void exported_own_release(struct own_topics *own)
{
    free(own->names);
    free(own->candidates);
}

static void *room_for_one(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    size_t larger = *capacity == 0 ? 16 : *capacity * 2;
    items = realloc(items, larger * size);
    if (items)
        *capacity = larger;
    return items;
}

static int add_name(struct exported *file, struct text name)
{
    struct own_topics *own = &file->own;
    struct text *names = room_for_one(own->names, own->name_count, &own->name_capacity, sizeof *names);

    if (!names)
        return failure_no_memory(file->why, what);
    own->names = names;
    names[own->name_count++] = name;
    return 0;
}

static int64_t number_or(const struct draft *draft, enum field field, int64_t absent)
{
    return draft->set & FIELD_BIT(field) ? draft->values[field].number : absent;
}

int exported_own_judge(struct exported *file, struct text name, const struct draft *draft, enum own *out)
{
    struct text broker = system_broker_hint(name);
    struct text cluster = system_cluster_hint(name);
    int64_t perm = number_or(draft, FIELD_TOPIC_PERM, PERM_DEFAULT);

    *out = OWN_NO;
    if (broker.bytes > 0)
        return add_name(file, broker);
    if (cluster.bytes > 0 && system_name(KIND_TOPIC, name))
        return add_name(file, cluster);
    if (cluster.bytes > 0)
        *out = OWN_PERHAPS;
    if ((perm & PERM_INHERIT) == 0)
        return 0;
    *out = OWN_PERHAPS;
    if (!file->facts.store || !system_broker_topic(perm, number_or(draft, FIELD_TOPIC_READ_QUEUE_NUMS, QUEUES_DEFAULT),
                                                   number_or(draft, FIELD_TOPIC_WRITE_QUEUE_NUMS, QUEUES_DEFAULT)))
        return 0;
    *out = OWN_YES;
    return add_name(file, name);
}

void exported_own_notice(struct exported *file, const struct entry *entry)
{
    exported_notice(
        file, entry->line, entry->column,
        "the topic \"%.*s\" is left out: it is the broker's or the cluster's own, by its permission and queue "
        "numbers or by other topics; declare it in YAML if it is yours",
        (int)entry->name.bytes, entry->name.data);
}

int exported_own_postpone(struct exported *file, const struct entry *entry)
{
    struct own_topics *own = &file->own;
    struct own_candidate *candidates =
        room_for_one(own->candidates, own->candidate_count, &own->candidate_capacity, sizeof *candidates);

    if (!candidates)
        return failure_no_memory(file->why, what);
    own->candidates = candidates;
    struct own_candidate *candidate = &candidates[own->candidate_count];
    struct text cluster = system_cluster_hint(entry->name);
    candidate->owner = cluster.bytes > 0 ? cluster : entry->name;
    candidate->entry = *entry;
    candidate->entry.draft = NULL;
    if (catalog_intern(file->builder, entry->draft, &candidate->entry.settings, file->why) != 0)
        return -1;
    own->candidate_count++;
    return 0;
}

static int compare_texts(const void *left, const void *right)
{
    return text_compare(*(const struct text *)left, *(const struct text *)right);
}

int exported_own_decide(struct exported *file)
{
    struct own_topics *own = &file->own;

    if (own->name_count > 0)
        sort_in_place(own->names, own->name_count, sizeof *own->names, compare_texts);
    for (size_t i = 0; i < own->candidate_count; i++) {
        struct own_candidate *candidate = &own->candidates[i];
        if (own->name_count > 0 &&
            bsearch(&candidate->owner, own->names, own->name_count, sizeof *own->names, compare_texts)) {
            candidate->entry.status = STATUS_SYSTEM;
            exported_own_notice(file, &candidate->entry);
        }
        if (catalog_add(file->builder, &candidate->entry, file->why) != 0)
            return -1;
    }
    return 0;
}
