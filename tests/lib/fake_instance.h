/* SPDX-License-Identifier: Apache-2.0
 *
 * An instance in memory behind a door of its own, told by a test how to behave. A test that uses it has an
 * instance_open of its own, which calls fake_open: ons://test/NAME is the fake of that name, snapshot:PATH the real
 * thing.
 */
#ifndef MQFERRY_TESTS_LIB_FAKE_INSTANCE_H
#define MQFERRY_TESTS_LIB_FAKE_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/instance.h"

enum { FAKE_NAMES_MAX = 4096, FAKE_NAME_BYTES = 32 };

struct fake_pending;

struct fake_instance {
    struct instance instance;
    const char *name; /* of the address */
    struct capabilities capabilities;
    struct identity identity;

    /* what is there; settings are not kept: everything is as declared */
    struct catalog *content; /* listed; a reference */
    char created[FAKE_NAMES_MAX][FAKE_NAME_BYTES];
    uint32_t created_count;

    /* how it behaves */
    uint32_t parts[KINDS];    /* of a list; 0: one */
    bool repeats_names;       /* part 0 comes again as the last part */
    bool keeps_parts;         /* one part, and the same catalog again until the content is another */
    int describe_fails_with;  /* causes; CAUSE_NONE: it does not */
    int create_fails_with;    /* REFUSED with this cause */
    bool loses_answers;       /* creates, and says UNKNOWN */
    bool holds_answers;       /* answers nothing until fake_release, or a cancel */
    bool holds_creates;       /* the same, of creates only */
    uint32_t throttled_calls; /* so many calls are throttled first */

    /* what happened */
    uint32_t describes, lists, gets, creates, cancels;

    struct uv_loop_s *loop;
    struct fake_pending *pending;
    void *timer;
    void (*closed)(void *context);
    void *closed_context;
};

int fake_open(const struct instance_options *options, struct instance **out, struct failure *why);

/* Stands for ons: creates one by one, no single reads. Known by name until fake_end; content empty. */
void fake_begin(struct fake_instance *fake, const char *name);
void fake_end(struct fake_instance *fake);
void fake_release(struct fake_instance *fake);
bool fake_has_created(const struct fake_instance *fake, const char *name);

#endif
