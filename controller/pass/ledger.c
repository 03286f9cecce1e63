/* SPDX-License-Identifier: Apache-2.0
 *
 * A hash table of nodes that never move. Where it cannot grow it gets slower, not wrong.
 */
#include "controller/pass/ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BUCKETS = 64 };

struct node {
    struct ledger_entry entry; /* first: an entry is found again as its node */
    struct node *next;
    uint64_t hash;
    enum kind kind;
    size_t name_bytes;
    char name[];
};

struct ledger {
    struct node **buckets;
    size_t bucket_count; /* a power of two */
    uint32_t count;
    struct ledger_entry kinds[KINDS];
};

struct ledger *ledger_new(void)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL)
        return NULL;
    ledger->buckets = calloc(FIRST_BUCKETS, sizeof(struct node *));
    ledger->bucket_count = FIRST_BUCKETS;
    if (ledger->buckets == NULL) {
        free(ledger);
        return NULL;
    }
    return ledger;
}

static void node_free(struct node *node)
{
    free(node->entry.detail);
    free(node);
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    for (size_t i = 0; i < ledger->bucket_count; i++) {
        for (struct node *node = ledger->buckets[i], *next; node != NULL; node = next) {
            next = node->next;
            node_free(node);
        }
    }
    for (int kind = 0; kind < KINDS; kind++)
        free(ledger->kinds[kind].detail);
    free(ledger->buckets);
    free(ledger);
}

/* FNV-1a over kind and name. */
static uint64_t hash_of(enum kind kind, struct text name)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ (uint64_t)kind;
    for (size_t i = 0; i < name.bytes; i++)
        hash = (hash ^ (unsigned char)name.data[i]) * UINT64_C(0x100000001B3);
    return hash ^ (hash >> 32);
}

/* Where the pointer to the node of that name stands, or would stand. */
static struct node **place_of(const struct ledger *ledger, enum kind kind, struct text name)
{
    uint64_t hash = hash_of(kind, name);
    struct node **place = &ledger->buckets[hash & (ledger->bucket_count - 1)];
    while (*place != NULL) {
        const struct node *node = *place;
        if (node->hash == hash && node->kind == kind && text_equal((struct text){node->name, node->name_bytes}, name))
            break;
        place = &(*place)->next;
    }
    return place;
}

struct ledger_entry *ledger_find(const struct ledger *ledger, enum kind kind, struct text name)
{
    if (ledger->count == 0)
        return NULL;
    struct node *node = *place_of(ledger, kind, name);
    return node != NULL ? &node->entry : NULL;
}

/* Room for so many buckets; where memory is short, chains just grow longer. */
static void grow(struct ledger *ledger, size_t wanted)
{
    struct node **buckets = calloc(wanted, sizeof(struct node *));
    if (buckets == NULL)
        return;
    for (size_t i = 0; i < ledger->bucket_count; i++) {
        for (struct node *node = ledger->buckets[i], *next; node != NULL; node = next) {
            next = node->next;
            struct node **head = &buckets[node->hash & (wanted - 1)];
            node->next = *head;
            *head = node;
        }
    }
    free(ledger->buckets);
    ledger->buckets = buckets;
    ledger->bucket_count = wanted;
}

void ledger_reserve(struct ledger *ledger, uint32_t more)
{
    size_t wanted = ledger->bucket_count;
    while (wanted < (size_t)ledger->count + more)
        wanted *= 2;
    if (wanted > ledger->bucket_count)
        grow(ledger, wanted);
}

static struct ledger_entry *add(struct ledger *ledger, enum kind kind, struct text name)
{
    ledger_reserve(ledger, 1);
    struct node *node = calloc(1, sizeof *node + name.bytes);
    if (node == NULL)
        return NULL;
    node->hash = hash_of(kind, name);
    node->kind = kind;
    node->name_bytes = name.bytes;
    memcpy(node->name, name.data, name.bytes);
    *place_of(ledger, kind, name) = node;
    ledger->count++;
    return &node->entry;
}

static void forget_cause(struct ledger_entry *entry)
{
    free(entry->detail);
    *entry = (struct ledger_entry){.sent_ms = entry->sent_ms, .absent_ms = entry->absent_ms};
}

struct ledger_entry *ledger_put(struct ledger *ledger, enum kind kind, struct text name, uint64_t fingerprint)
{
    struct ledger_entry *entry = ledger_find(ledger, kind, name);
    if (entry == NULL)
        entry = add(ledger, kind, name);
    else if (entry->fingerprint != fingerprint)
        forget_cause(entry);
    if (entry != NULL)
        entry->fingerprint = fingerprint;
    return entry;
}

int ledger_doubt(struct ledger *ledger, enum kind kind, struct text name, uint64_t sent_ms)
{
    struct ledger_entry *entry = ledger_find(ledger, kind, name);
    if (entry == NULL)
        entry = add(ledger, kind, name);
    if (entry == NULL)
        return -1;
    entry->sent_ms = sent_ms;
    entry->absent_ms = 0;
    return 0;
}

static void drop(struct ledger *ledger, struct node **place)
{
    struct node *node = *place;
    *place = node->next;
    ledger->count--;
    node_free(node);
}

void ledger_forget(struct ledger *ledger, enum kind kind, struct text name)
{
    struct node **place = place_of(ledger, kind, name);
    if (*place != NULL)
        drop(ledger, place);
}

void ledger_sweep(struct ledger *ledger,
                  bool (*keep)(void *context, enum kind kind, struct text name, const struct ledger_entry *entry),
                  void *context)
{
    if (ledger->count == 0)
        return;
    for (size_t i = 0; i < ledger->bucket_count; i++) {
        struct node **place = &ledger->buckets[i];
        while (*place != NULL) {
            const struct node *node = *place;
            if (keep(context, node->kind, (struct text){node->name, node->name_bytes}, &node->entry))
                place = &(*place)->next;
            else
                drop(ledger, place);
        }
    }
}

uint32_t ledger_count(const struct ledger *ledger)
{
    return ledger->count;
}

struct ledger_entry *ledger_of_kind(struct ledger *ledger, enum kind kind)
{
    return &ledger->kinds[kind];
}

static uint64_t sooner(uint64_t known_ms, const struct ledger_entry *entry, uint64_t now_ms)
{
    bool released_by_time = entry->cause != 0 && entry->not_before_ms > now_ms;
    return released_by_time && entry->not_before_ms < known_ms ? entry->not_before_ms : known_ms;
}

uint64_t ledger_next_ms(const struct ledger *ledger, uint64_t now_ms)
{
    uint64_t next_ms = UINT64_MAX;
    for (size_t i = 0; ledger->count > 0 && i < ledger->bucket_count; i++) {
        for (const struct node *node = ledger->buckets[i]; node != NULL; node = node->next)
            next_ms = sooner(next_ms, &node->entry, now_ms);
    }
    return next_ms;
}

bool ledger_absent(struct ledger_entry *entry, uint64_t read_ms, uint32_t settle_ms)
{
    if (read_ms < entry->sent_ms)
        return false;
    if (entry->absent_ms != 0)
        return read_ms >= ledger_proof_ms(entry, settle_ms);
    entry->absent_ms = read_ms;
    return false;
}

uint64_t ledger_proof_ms(const struct ledger_entry *entry, uint32_t settle_ms)
{
    uint64_t settled_ms = entry->sent_ms + settle_ms;
    if (entry->absent_ms == 0)
        return entry->sent_ms;
    return settled_ms > entry->absent_ms ? settled_ms : entry->absent_ms + 1;
}

/* Four texts, one after the other, each with its '\0'. NULL: no memory. */
static char *keep_texts(const struct failure *failure)
{
    const char *const texts[] = {failure->text, failure->provider_code, failure->provider_message, failure->request_id};
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        bytes += strlen(texts[i]) + 1;
    char *kept = malloc(bytes), *at = kept;
    for (size_t i = 0; at != NULL && i < sizeof texts / sizeof *texts; i++)
        at = stpcpy(at, texts[i]) + 1;
    return kept;
}

void ledger_explain(struct ledger_entry *entry, const struct failure *failure)
{
    free(entry->detail);
    entry->cause = failure != NULL ? (uint16_t)failure->cause : 0;
    entry->detail = failure != NULL ? keep_texts(failure) : NULL;
}

void ledger_failure(const struct ledger_entry *entry, struct failure *out)
{
    memset(out, 0, sizeof *out);
    out->cause = entry->cause;
    if (entry->detail == NULL)
        return;
    char *const texts[] = {out->text, out->provider_code, out->provider_message, out->request_id};
    const char *from = entry->detail;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t bytes = strlen(from) + 1; /* it came out of a field of the same size */
        memcpy(texts[i], from, bytes);
        from += bytes;
    }
}
