/* SPDX-License-Identifier: Apache-2.0
 *
 * What the doors to both products of Alibaba Cloud share: a request becomes a call (or two, one after the other), the
 * call's answer is judged, and the request is answered. What a product's calls look like and what its answers hold is
 * told by its face.
 */
#ifndef MQFERRY_API_CLOUD_DOOR_H
#define MQFERRY_API_CLOUD_DOOR_H

#include "api/base/worker.h"
#include "api/cloud/client.h"
#include "api/cloud/codes.h"
#include "api/cloud/reply.h"

enum { DOOR_STEPS_MAX = 2 };

struct door;

/* One request on its way. */
struct operation {
    struct door *door;
    struct request *request;
    enum asking asking;
    enum kind kind;           /* not of DESCRIBE */
    uint32_t part;            /* LIST */
    struct text name;         /* GET, CREATE */
    struct create_item *item; /* CREATE */
    uint32_t step;            /* which call is under way */
    struct call calls[DOOR_STEPS_MAX];
    struct buffer path, body;        /* of the call */
    char room[24];                   /* the face's: a text that the operation keeps */
    struct catalog_builder *builder; /* LIST, GET: what was read so far */
    struct answer answer;
    struct reply reply;
    struct job job; /* reads a long answer, of which this is a copy */
    char *copy;
    size_t copy_bytes;
    struct operation *next, **link;
};

struct face {
    enum product product;
    enum api_style style;
    const char *version;
    uint32_t published_rate[CALL_CLASSES];
    bool long_lists; /* lists have no pages: long ones are read off the loop */
    /* Fills in what is asked in operation->calls[step]: method, path, query, body, class. 0 or -1. */
    int (*prepare)(struct operation *operation, struct call *call, struct failure *why);
    /* The member of the answer that holds what was asked for; without a name: none. `context` is the operation. Runs
     * off the loop for long lists: it sees the operation only. */
    struct payload (*payload)(const struct operation *operation);
    /* GET: how many calls, one after the other until one finds it. */
    uint32_t (*steps)(const struct operation *operation);
    /* The answer was taken, operation->answer is complete: what the door remembers of it. May be NULL. */
    void (*learn)(struct operation *operation);
    void (*release)(struct door *door); /* what the face keeps in the door; may be NULL */
};

struct door {
    struct instance instance; /* first: a door is an instance */
    struct instance_ops ops;  /* where they are not door_ops (details.h) */
    struct detailed *detailed;
    const struct face *face;
    struct cloud *cloud;
    struct client *client;
    struct worker_pool *workers;
    struct capabilities capabilities; /* at best; after a description, those of the instance */
    char region[64];
    char instance_id[128];
    bool writable;
    void *memory; /* the face's */
    struct operation *open;
    uint32_t answering; /* callbacks that are running */
    bool closing;       /* the client is being closed */
    void (*closed)(void *context);
    void *closed_context;
};

extern const struct instance_ops door_ops;

/* `door` is zeroed and from malloc; its capabilities are set. It is freed when it is closed, or here on failure.
 * `host` is the product's ("rocketmq", endpoints.h). */
int door_open(struct door *door, const struct face *face, const char *host, const struct instance_options *options,
              struct instance **out, struct failure *why);

/* For faces. */
struct text door_instance(const struct operation *operation); /* the instance id */
void door_query(struct call *call, const char *name, struct text value);
/* An item of an answer goes into the part that is read: BAD_ANSWER when it has no name or is another instance's. A GET
 * takes what has exactly the name that was asked for. */
int door_add(struct operation *operation, struct text name, struct text instance, enum status status,
             const struct draft *draft, struct failure *why);
/* Sets what was given; an empty text was not. */
void door_fact(struct operation *operation, const char *key, struct text value);
void door_setting(struct draft *draft, enum field field, struct text value);
/* What a create carries. */
void door_create_settings(const struct operation *operation, struct draft *out);

#endif
