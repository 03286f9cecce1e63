/* SPDX-License-Identifier: Apache-2.0
 *
 * CONTRACT: what a create sends to which master, and what became of it. Pure: no socket, no clock, no loop; the same
 * code runs in the door and in the simulator.
 *
 * Brokers overwrite what exists and say SUCCESS (rocketmq-remoting 3.8, 10.2-10.4), so every create begins and ends
 * with reading. The rules (design section 7, Masters):
 *
 *   – Nothing is sent for a name to a master whose table, just read, shows it. What is as declared on k of n masters is
 *     completed on the others; what is different on any (or static, or the broker's own) is sent nowhere.
 *   – Topics go with an unchangeable attribute where that is safe (`guarded`): then the broker itself refuses to change
 *     what came in between. Never on 5.3.2 and 5.3.3 with slaves, whose tables attributes destroy.
 *   – Batches (18, 225) where the broker has them and keeps them (not with the v2 store). They can stop half way, and
 *     do nothing at all when one entry is there already: what a batch left out is sent again, one by one, after another
 *     look. What one left in memory only is made durable by the single that follows the last batch of a master.
 *   – Ordered topics on 4.x and 5.0.0: the name servers' entry first, then the topic (5.4).
 *   – What is refused here was never sent: names and values that brokers would store without a question, duplicates.
 *
 * Life: place_new → (place_look for every master → place_next → each step is sent and place_answered) until place_next
 * gives no step → place_outcome of each item → place_free.
 */
#ifndef MQFERRY_API_CLUSTER_PLACE_H
#define MQFERRY_API_CLUSTER_PLACE_H

#include "api/instance.h"

/* One master of the cluster. Texts are borrowed as long as the place lives. */
struct place_master {
    const char *name;        /* broker name */
    uint16_t version;        /* of its answers (BROKER_VERSION of rules.h) */
    bool slaves;             /* it has some */
    bool store_v2;           /* configManagerVersion=v2 */
    bool mixed_message_type; /* enableMixedMessageType */
};

/* What they can do together: an instance holds what each of its masters holds. Everything but batch_bytes' reasons
 * stands in rocketmq-remoting 1.5-1.7, 2.3, 3.3, 10.5. batch_max: where a create cannot be guarded, so few that the
 * time between look and write stays short. */
void place_capabilities(const struct place_master *masters, uint16_t count, bool unsafe_attributes,
                        struct capabilities *out);

/* May topics be guarded there? */
bool place_guards(const struct place_master *master);
/* Does it lose its slaves' tables when a topic has attributes? */
bool place_attributes_unsafe(const struct place_master *master);
/* Does it have, and keep, batches of that kind? */
bool place_batches(const struct place_master *master, enum kind kind);

enum { PLACE_NAME_SERVERS = UINT16_MAX, PLACE_BATCH_ITEMS = 5000, PLACE_BATCH_BYTES = 8 << 20 };

struct place_request {
    enum kind kind;
    const struct place_master *masters; /* all of the cluster */
    uint16_t master_count;
    const struct create_item *items; /* `in` members only; borrowed as long as the place lives */
    uint32_t count;
    const struct capabilities *capabilities; /* of place_capabilities; borrowed */
    const struct text *order_values;         /* topics: per item the name servers' entry, or empty; NULL: not known */
    uint32_t batch_items, batch_bytes;       /* 0: PLACE_BATCH_ITEMS, PLACE_BATCH_BYTES */
};

struct place;

/* 0, or -1 with OUT_OF_MEMORY. */
int place_new(const struct place_request *request, struct place **out, struct failure *why);
void place_free(struct place *place); /* NULL is fine */

/* The master's table of this kind as it is now (a part as table_read gives it; a reference is taken); NULL with *why:
 * it cannot be read, and nothing that belongs there is sent anywhere. To be said of every master before each
 * place_next. */
void place_look(struct place *place, uint16_t master, struct catalog *table, const struct failure *why);

struct place_step {
    uint16_t master;       /* index; PLACE_NAME_SERVERS: an order entry, for every name server */
    bool batch;            /* 18 or 225; else one item */
    bool guarded;          /* the topics carry the guard: place_settings gives it */
    bool waits;            /* not before all earlier steps of this master are answered */
    uint32_t first, count; /* place_items(place)[first, first + count) */
    struct text value;     /* PLACE_NAME_SERVERS: of the entry */
};

/* What is to be sent now; order entries come first and must be answered before anything else leaves. *out_count 0:
 * nothing more; outcomes stand. At most two rounds send something. 0, or -1 with OUT_OF_MEMORY. Steps live until the
 * next call. */
int place_next(struct place *place, const struct place_step **out_steps, uint32_t *out_count, struct failure *why);
const uint32_t *place_items(const struct place *place); /* indexes of the request's items */

/* Is the step still to be sent? false: its order entry could not be written; it counts as answered. Asked just before
 * sending. */
bool place_is_due(const struct place *place, uint32_t step);

/* What the step's request carries for one of its items, guard and all: borrows from the catalog and `room` (cleared
 * first). 0 or -1: no memory. */
int place_settings(const struct place *place, const struct place_step *step, uint32_t item, struct draft *out,
                   struct buffer *room);

enum place_answer {
    PLACE_ACCEPTED, /* code 0 */
    PLACE_EXISTS,   /* the guard held: "attempt to update an unchangeable attribute" */
    PLACE_REFUSED,  /* any other no; why->cause tells which */
    PLACE_NOT_SENT, /* surely never reached it, or was turned away unseen (busy) */
    PLACE_LOST,     /* sent, no answer */
};
/* `why` may be NULL for ACCEPTED and EXISTS; copied. A step that is never answered counts as not sent. */
void place_answered(struct place *place, uint32_t step, enum place_answer answer, const struct failure *why);

/* How far the answers that came may have moved the counter of the master's dataVersion at most, between the looks
 * before and after the steps: what is above that, another client has written. UINT32_MAX: no telling. Until the next
 * place_next. */
uint32_t place_moved(const struct place *place, uint16_t master);

/* When place_next gave no step. *out_why is the place's; NULL where the outcome needs none. */
enum outcome place_outcome(const struct place *place, uint32_t item, const struct failure **out_why);

#endif
