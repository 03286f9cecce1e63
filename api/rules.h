/* SPDX-License-Identifier: Apache-2.0
 *
 * Names and values that each kind of instance accepts. They concern missing resources only: what is there is there.
 * Pure. Sources: openapi 1.7 (5.x), 2.3 (4.x); rocketmq-remoting 2.3 (open source).
 */
#ifndef MQFERRY_API_RULES_H
#define MQFERRY_API_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/resource.h"

/* The number by which a broker's answers tell its release (rocketmq-remoting 3.1). */
#define BROKER_VERSION(major, minor, patch) (213 + 2 * (((major)-4) * 100 + (minor)*10 + (patch)))

struct rules {
    enum instance_kind kind;
    uint16_t name_bytes_max[KINDS];
    uint16_t name_bytes_min[KINDS];
    bool names_shared; /* topics and groups share one name space: a name both want is a conflict */
    bool serverless;   /* apsaramq: names up to 128 */
    /* rocketmq, as the oldest of its masters has it: */
    uint16_t broker_version; /* what message types and attributes there are; 0: not known, any */
    bool mixed_refused;      /* message type MIXED is switched off */
    bool attributes_unsafe;  /* a topic with attributes would destroy the tables of slaves (5.3.2, 5.3.3) */
    uint64_t needs[KINDS];   /* settings without which nothing can be created */
};

/* The strictest rules of a kind; a door adjusts them to what describe tells (series, version). INSTANCE_ANY: none but
 * 1 to 255 bytes, no control characters. */
struct rules rules_of(enum instance_kind kind);

/* NULL, or the rule that the name breaks, for people ("topic names of ApsaraMQ 5.x have 1 to 60 characters, this has
 * 75"), written into `room`. */
const char *rules_check_name(const struct rules *rules, enum kind kind, struct text name, char room[static 256]);

/* What makes a missing resource impossible to create with these settings (contract section 4): cause, field and
 * sentence. `holds` are the fields that the destination keeps, `accepted` those whose not being held the mapping
 * accepts. Order of checks: name rule is not among them; setting-not-representable (perm other than 6, consumeEnable
 * false, order without FIFO, where not held); message-type-unknown (needed, absent or UNSPECIFIED); queue numbers;
 * ranges of the destination; Orderly needs FixedRetryPolicy with an interval on apsaramq; ons knows four message types.
 * Returns CAUSE_NONE or the cause, with *out_field and the sentence in `room`. */
int rules_check_settings(const struct rules *rules, enum kind kind, const struct settings *settings, uint64_t holds,
                         uint64_t accepted, enum field *out_field, char room[static 256]);

/* Fields of a declared resource that the destination cannot hold and that change what clients may do: on a resource
 * that is there they are a difference (observed: not held). */
uint64_t rules_behaviour_not_held(enum kind kind, const struct settings *settings, uint64_t holds);

/* Completes a draft for creation, where nothing is said: ConsumerGroup Concurrently with DefaultRetryPolicy on
 * apsaramq, groupType tcp on ons, 8 and 8 queues, perm 6 on rocketmq. Only fields in `holds`. */
void rules_complete(const struct rules *rules, enum kind kind, struct draft *draft, uint64_t holds);

#endif
