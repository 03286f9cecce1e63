/* SPDX-License-Identifier: Apache-2.0
 *
 * CONTRACT of a door: the code that reads and creates in one kind of instance (design section 7).
 *
 * Every call is one unit of work. It fails at once (-1, *why filled in, the callback is never called) or is accepted
 * (0) and answers exactly once, later, on the loop thread, never inside the call. Cancelling answers too: reads with
 * CAUSE_CANCELLED, a create that was already sent with UNKNOWN for each name. A request's own failure outranks a
 * cancellation. The request struct belongs to the caller and must live until its answer; one struct, one call at a
 * time. Fan-out, pacing of whole calls, retries and settling belong to the pass; a door paces its own inner requests.
 *
 * Nothing is ever updated or deleted. create is sent only for names the last read showed absent; where the provider's
 * create overwrites, the door guards it as the reference says.
 */
#ifndef MQFERRY_API_INSTANCE_H
#define MQFERRY_API_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/address.h"
#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/catalog.h"
#include "api/fields.h"
#include "api/rules.h"

struct uv_loop_s;
struct worker_pool;
struct log;
struct instance;
struct request;
struct cloud;

/* One fact of an instance's identity ("instanceName" = "prod-orders"): compared with `expect`, kept in plans and
 * journals. */
enum { IDENTITY_MAX = 16 };
struct identity {
    uint16_t count;
    struct {
        char key[48];
        char value[208];
    } facts[IDENTITY_MAX];
};
/* Every key that doors tell; NULL ends them. What `expect` may ask for. */
extern const char *const identity_keys[];
bool identity_key_known(struct text key);
const char *identity_value(const struct identity *identity, const char *key); /* NULL: absent */
int identity_set(struct identity *identity, const char *key,
                 const char *value); /* sorted by key; -1: full or too long */
bool identity_equal(const struct identity *a, const struct identity *b);

struct capabilities {
    enum instance_kind kind;   /* what it is; for a snapshot: what it stands for */
    uint64_t holds[KINDS];     /* fields it keeps */
    uint64_t listed[KINDS];    /* of these: what a list tells; the rest needs get */
    bool absent_is_default;    /* a field missing from a complete answer has its default (false: snapshot, unknown) */
    bool masters_fixed;        /* the observed catalog names every master there is (clusters): no place elsewhere */
    uint32_t batch_max[KINDS]; /* resources a create may carry; UINT32_MAX: any number */
    uint32_t get_max[KINDS];   /* names a get may ask; 0: no true single read, list the parts again */
    uint32_t batch_bytes;      /* of a batch's settings, names included; 0: no limit */
    uint32_t settle_ms;        /* absence sooner than this after sending means nothing */
    struct rules rules;
};

bool capabilities_equal(const struct capabilities *a, const struct capabilities *b);

/* What a create of declared settings carries: completed by the rules, and of that what the instance holds. Borrows the
 * texts of `declared`. */
void create_settings(const struct capabilities *capabilities, enum kind kind, const struct settings *declared,
                     struct draft *out);

struct description {
    struct identity identity;
    struct capabilities capabilities;
    bool in_service;           /* false: reads may work, creates must wait */
    char status[64];           /* the provider's own word */
    int64_t quota_free[KINDS]; /* creates that still fit; -1 unknown */
};

/* What a create says of each resource. */
enum outcome {
    OUTCOME_CREATED,  /* there now, by us, as declared */
    OUTCOME_EXISTED,  /* the provider says that it is there already */
    OUTCOME_REFUSED,  /* it said no: failure tells the cause */
    OUTCOME_NOT_SENT, /* surely never reached it: failure tells why */
    OUTCOME_UNKNOWN,  /* sent, no usable answer: read back */
};

struct create_item {
    /* in; borrowed until the answer */
    enum kind kind;
    struct text name;
    const struct catalog *catalog; /* the declared one: settings and spreads are looked up in it */
    const struct resource *resource;
    uint64_t accepted; /* fields in which people accept another value where it is there already (clusters) */
    /* out */
    enum outcome outcome;
    /* REFUSED, NOT_SENT, UNKNOWN; EXISTED: what the provider said, or NULL; CREATED: NULL. The door's, until the
     * callback returns. */
    const struct failure *failure;
};

/* An answer; which member counts is told by the call. On failure (failure.cause != 0) only `failure` counts, except for
 * create, whose items say everything. */
struct answer {
    struct failure failure;
    struct description description; /* describe */
    struct catalog *part;           /* list, get: a reference that the receiver owns */
    uint32_t parts;                 /* list: how many parts this list has */
    uint64_t total; /* list: resources that the provider announces over all parts; UINT64_MAX: it does not */
};

typedef void (*request_cb)(struct request *request, struct answer *answer);

struct request {
    request_cb done;
    void *data;           /* the caller's */
    uint64_t deadline_ms; /* monotonic; the door answers by then */
    void *door;           /* the door's, between call and answer */
};

struct instance_ops {
    int (*describe)(struct instance *instance, struct request *request, struct failure *why);
    /* Part 0 tells how many parts there are; the others may be asked side by side then. Only the rows of `kind` count
     * in the answer's catalog: a door that reads both kinds at once gives the same one for both. */
    int (*list)(struct instance *instance, struct request *request, enum kind kind, uint32_t part, struct failure *why);
    /* A true single read of up to get_max names; names not there are absent from the part. `names` borrowed until the
     * answer. */
    int (*get)(struct instance *instance, struct request *request, enum kind kind, const struct text *names,
               uint32_t count, struct failure *why);
    /* One kind a call; at most batch_max items, borrowed until the answer. */
    int (*create)(struct instance *instance, struct request *request, struct create_item *items, uint32_t count,
                  struct failure *why);
    void (*cancel)(struct instance *instance, struct request *request);
    /* Creates a second that may leave now, as learnt; INFINITY: not limited. NULL: the door does not pace. */
    double (*pace_limit)(const struct instance *instance);
    /* Cancels what is under way, answers it, then calls back once and is gone. */
    void (*close)(struct instance *instance, void (*closed)(void *context), void *context);
};

struct instance {
    const struct instance_ops *ops;
};

/* How to reach an instance; borrowed during instance_open. Empty texts and NULLs: not given. */
struct instance_options {
    struct uv_loop_s *loop;
    struct worker_pool *workers;
    struct log *log;
    const struct address *address;
    enum instance_kind stands_for; /* a new snapshot; INSTANCE_KINDS: not said */
    const char *endpoint, *ca_file, *cert_file, *key_file;
    const char *credentials; /* SPEC of contract section 3 */
    const char *address_map; /* rocketmq: "advertised=reachable,…" */
    struct cloud **cloud;    /* where the clouds' doors of a loop find what they share (api/cloud/client.h): NULL in it
                                while nobody has any; it outlives them. NULL: nothing is shared */
    bool imagined;           /* snapshot: an empty instance that stands for a kind, in no file */
    bool unsafe_attributes;
    bool writable;                                   /* false: a source; create is refused by the door itself */
    uint32_t rate_per_s, concurrency, share_percent; /* 0: not limited by configuration */
    /* Told of every request on the network that has ended: the provider's name of the operation (lives as long as the
     * program), CAUSE_NONE or why there is no good answer, and how long it took. NULL: nobody wants to know. */
    void (*request_ended)(void *context, const char *operation, int cause, uint64_t took_ms);
    void *request_context;
};

/* Opens nothing yet but checks the options. CAUSE_UNSUPPORTED for a kind of instance this build cannot reach.
 * Defined in controller/doors.c, the only place that knows every door. */
int instance_open(const struct instance_options *options, struct instance **out, struct failure *why);

#endif
