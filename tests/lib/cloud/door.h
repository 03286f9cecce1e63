/* SPDX-License-Identifier: Apache-2.0
 *
 * A door to the fake cloud, and what it answered last.
 */
#ifndef MQFERRY_TESTS_LIB_CLOUD_DOOR_H
#define MQFERRY_TESTS_LIB_CLOUD_DOOR_H

#include "api/instance.h"
#include "tests/lib/cloud/fake_client.h"
#include "tests/lib/loop.h"

struct cloud_door {
    struct test_loop loop;
    struct fake_cloud cloud;
    struct address address;
    struct instance_options options;
    struct instance *door;
    struct request request;
    struct failure why; /* of a call that fails at once; of a create: what its item said */
    bool answered, closed;
    struct answer answer;
    struct create_item item;
};

typedef int (*open_door)(const struct instance_options *options, struct instance **out, struct failure *why);

void door_begin(struct cloud_door *test, open_door open, enum api_style style);
void door_end(struct cloud_door *test);
/* Each returns the cause of the answer's failure. */
int door_describe(struct cloud_door *test);
int door_list(struct cloud_door *test, enum kind kind, uint32_t part);
int door_get(struct cloud_door *test, enum kind kind, const char *name);
/* The one resource of the line of catalog_text. Returns the outcome. */
enum outcome door_create(struct cloud_door *test, const char *line);
/* The settings of a resource in the last answer's part, as text; NULL: it is not there. */
const char *door_settings(struct cloud_door *test, enum kind kind, const char *name);
uint32_t door_count(struct cloud_door *test, enum kind kind);
/* Starts a request without waiting for its answer, for tests that cancel or close. */
void door_prepare(struct cloud_door *test);
void door_await(struct cloud_door *test);

#endif
