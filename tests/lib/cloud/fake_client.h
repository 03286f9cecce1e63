/* SPDX-License-Identifier: Apache-2.0
 *
 * Alibaba Cloud without network: the functions of api/cloud/client.h, answered from a store of its own. A test that
 * calls fake_cloud_begin has these instead of the real client. Both products, as openapi 1 and 2 describe them: pages,
 * CREATING, quotas, name spaces, all envelopes of a refusal; faults by script. It shares no code with the doors.
 */
#ifndef MQFERRY_TESTS_LIB_CLOUD_FAKE_CLIENT_H
#define MQFERRY_TESTS_LIB_CLOUD_FAKE_CLIENT_H

#include "api/cloud/client.h"

enum { FAKE_ITEMS_MAX = 20000, FAKE_FAULTS_MAX = 8, FAKE_OPERATIONS_MAX = 16 };

enum fake_fault_kind {
    FAULT_REFUSE,       /* code and message, with the status */
    FAULT_LOST,         /* done, then the connection is cut */
    FAULT_CUT,          /* sent, cut before anything was done */
    FAULT_UNSENT,       /* never left */
    FAULT_BODY,         /* done, then `body` with `status` instead of the answer */
    FAULT_CUT_BODY,     /* done, then half of the answer */
    FAULT_HANG,         /* no answer before it is cancelled; done */
    FAULT_TOTAL,        /* the page announces one more */
    FAULT_TWICE,        /* the first item of the page stands there twice */
    FAULT_OTHERS,       /* the first item belongs to another instance */
    FAULT_IGNORE_FILTER /* ONS: everything, whatever was asked for */
};

/* How a refusal looks (openapi 1.2, 4.4). */
enum fake_envelope {
    ENVELOPE_STATUS,
    ENVELOPE_SUCCESS_FALSE,
    ENVELOPE_CODE,
    ENVELOPE_GATEWAY,
    ENVELOPE_XML,
    ENVELOPES
};

struct fake_fault {
    const char *operation; /* "CreateTopic" */
    uint32_t skip, times;  /* after so many calls, so often */
    enum fake_fault_kind kind;
    uint16_t status;
    const char *code, *message, *body;
};

struct fake_item {
    enum kind kind;
    char name[160];
    char type[16]; /* topics: message type; ONS groups: tcp, http */
    char remark[64];
    char status[16];
    char order[16], policy[24], dead_letter[64], updated[24];
    int64_t tps, retries, interval; /* -1: none */
    bool unseen;                    /* created, not listed yet */
};

struct fake_cloud {
    enum api_style style;
    const char *status, *sub_series; /* 5.x */
    int64_t instance_status, capacity;
    int64_t topic_free, group_free; /* 5.x quotas; -1: not told */
    uint32_t page_size_most;        /* 0: as asked for */
    bool created_are_creating, created_are_unseen;
    enum fake_envelope envelope;
    struct fake_item *items;
    uint32_t count;
    struct fake_fault faults[FAKE_FAULTS_MAX];
    uint32_t fault_count;
    /* what was seen */
    struct {
        const char *operation;
        uint32_t calls;
    } seen[FAKE_OPERATIONS_MAX];
    uint32_t throttled, accepted, clients;
    char last_method[8], last_path[512], last_query[1024], last_body[2048];
    struct client_options last_options; /* texts are gone */
    char last_endpoint[256];
    bool refuse_client; /* client_new fails */
};

/* One at a time. */
void fake_cloud_begin(struct fake_cloud *cloud, enum api_style style);
void fake_cloud_end(struct fake_cloud *cloud);
struct fake_item *fake_add(struct fake_cloud *cloud, enum kind kind, const char *name, const char *type);
void fake_fail(struct fake_cloud *cloud, struct fake_fault fault);
/* Refused with this code, once. */
void fake_refuse(struct fake_cloud *cloud, const char *operation, uint16_t status, const char *code);
uint32_t fake_calls(const struct fake_cloud *cloud, const char *operation);
struct fake_item *fake_find(struct fake_cloud *cloud, enum kind kind, const char *name); /* NULL: not there */

#endif
