/* SPDX-License-Identifier: Apache-2.0
 *
 * The text form of an instance (contract section 3): rocketmq://, rocketmqs://, apsaramq://, ons://, snapshot:PATH.
 * Pure.
 */
#ifndef MQFERRY_API_ADDRESS_H
#define MQFERRY_API_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/fields.h"

enum scheme { SCHEME_SNAPSHOT = 0, SCHEME_APSARAMQ, SCHEME_ONS, SCHEME_ROCKETMQ, SCHEME_ROCKETMQS };

enum { ADDRESS_BYTES_MAX = 4096, ADDRESS_HOSTS_MAX = 16 };

struct host {
    char name[256]; /* without brackets for IPv6 */
    uint16_t port;
};

struct address {
    enum scheme scheme;
    char path[ADDRESS_BYTES_MAX]; /* snapshot: as given */
    char region[64];              /* apsaramq, ons */
    char instance_id[128];
    char cluster[256]; /* rocketmq(s); empty: the only one */
    uint16_t host_count;
    struct host hosts[ADDRESS_HOSTS_MAX];
};

/* Does the text begin like an address (a known scheme)? Anything else given as SOURCE is a file or directory. */
bool address_looks_like(struct text text);
/* cause USAGE with the part that is wrong and what it should look like. 0 or -1. */
int address_parse(struct text text, struct address *out, struct failure *why);
/* The canonical text, as outputs show it. 0 or -1 (buffer). */
int address_append(struct buffer *out, const struct address *address);
/* One address for all spellings of a snapshot's path: absolute, without links. Others stay as they are. Blocks (the
 * file system). 0 or -1. */
int address_real(struct address *address, struct failure *why);
/* What kind of instance it is; INSTANCE_ANY for a snapshot, whose file tells. */
enum instance_kind address_kind(const struct address *address);

#endif
