/* SPDX-License-Identifier: Apache-2.0
 *
 * Access keys of a cluster: from the environment, or from where a SPEC says (contract section 3). Clusters need none as
 * long as their brokers ask for none.
 */
#ifndef MQFERRY_API_CLUSTER_KEYS_H
#define MQFERRY_API_CLUSTER_KEYS_H

#include "api/base/failure.h"
#include "api/cluster/acl.h"

struct keys_owned {
    char *access_key, *secret_key, *security_token; /* NULL: none */
};

/* file:PATH, credential:NAME, env:PREFIX, or NULL. CONFIGURATION_WRONG for anything else. Reads nothing. 0 or -1. */
int keys_check_spec(const char *spec, struct failure *why);

/* NULL: MQFERRY_ACCESS_KEY, MQFERRY_SECRET_KEY, MQFERRY_SECURITY_TOKEN, where nothing set means no keys. A file holds
 * JSON ({"accessKey": …, "secretKey": …, "securityToken": …}) or lines "accessKey: …" as in tools.yml. Blocks: workers
 * only. CREDENTIALS_REJECTED tells what is missing where; no secret gets into it. 0 or -1. */
int keys_read(const char *spec, struct keys_owned *out, struct failure *why);
void keys_wipe(struct keys_owned *keys); /* zeroed or wiped ones are fine */

#endif
