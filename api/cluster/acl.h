/* SPDX-License-Identifier: Apache-2.0
 *
 * The signature of a request, the same for ACL 1.0 and 2.0: AccessKey, SecurityToken, Signature among the extFields
 * (rocketmq-remoting 4.1, 4.2). Pure.
 */
#ifndef MQFERRY_API_CLUSTER_ACL_H
#define MQFERRY_API_CLUSTER_ACL_H

#include "api/cluster/frame.h"

enum { ACL_SIGNATURE_BYTES = 29 };

struct acl_keys {
    const char *access_key, *secret_key;
    const char *security_token; /* NULL: none */
};

/* Adds the fields to a request that has its other fields and its body, and writes the signature to `room`, which the
 * frame then borrows, as it does the keys. Fields with empty values are for the caller to leave out (4.1). 0, or -1
 * when the library refuses. */
int acl_sign(struct frame *request, const struct acl_keys *keys, char room[static ACL_SIGNATURE_BYTES],
             struct failure *why);

#endif
