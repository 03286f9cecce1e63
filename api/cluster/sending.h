/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps of one round of a place, brought to the masters and name servers: pipelined, in order where order counts,
 * so many at once per master; what each came to is told to the place.
 */
#ifndef MQFERRY_API_CLUSTER_SENDING_H
#define MQFERRY_API_CLUSTER_SENDING_H

#include "api/base/pace.h"
#include "api/cluster/names.h"
#include "api/cluster/peers.h"
#include "api/cluster/place.h"
#include "api/cluster/roster.h"

struct sending;

struct sending_options {
    struct uv_loop_s *loop;
    struct name_servers *names;
    struct peers *peers;
    struct roster *roster;
    struct place *place;
    const struct create_item *items; /* of the place's request */
    enum kind kind;
    uint64_t deadline_ms;
    uint32_t window;                /* creates under way per master; 0: the usual */
    struct pace *pace;              /* of creates, batches as one; NULL: none */
    const struct place_step *steps; /* live until done */
    uint32_t step_count;            /* at least 1 */
    const struct buffer *bodies;    /* per step: of sending_write_batches; live until done */
};

/* Writes the bodies of those steps that are batches, which takes time: workers. `bodies`: one per step, zeroed; they
 * are released by the caller in any case. 0, or -1: no memory. */
int sending_write_batches(const struct place *place, const struct create_item *items, enum kind kind,
                          const struct place_step *steps, uint32_t step_count, struct buffer *bodies);

/* 0: `done` comes once, later, never inside: every step that was sent is answered, and the sending is gone. 1: nothing
 * could leave, all is answered, `done` does not come. -1: OUT_OF_MEMORY. */
int sending_start(const struct sending_options *options, void (*done)(void *context), void *context,
                  struct sending **out, struct failure *why);
/* Nothing more leaves; what is under way is lost. */
void sending_cancel(struct sending *sending);

#endif
