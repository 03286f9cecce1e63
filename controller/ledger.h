/* SPDX-License-Identifier: Apache-2.0
 *
 * What is remembered about failing resources between passes. Pure.
 *
 * One entry per resource that did not go through: cause, attempts, not-before, fingerprint of what was declared (an
 * entry whose fingerprint is not today's counts as absent, so that a changed declaration is tried at once), and what is
 * in doubt: sent, said to exist, but never listed. An entry goes when the resource is seen, or is not declared any
 * more.
 */
#ifndef MQFERRY_CONTROLLER_LEDGER_H
#define MQFERRY_CONTROLLER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/fields.h"

struct ledger;

struct ledger_entry {
    uint64_t fingerprint;   /* catalog_fingerprint of the declared resource */
    uint64_t not_before_ms; /* monotonic; UINT64_MAX: not before the input changes */
    uint64_t sent_ms;       /* last create that may have arrived; 0: none in doubt */
    uint64_t absent_ms;     /* first read after the settling time that did not show it; 0: none */
    uint32_t attempts;
    uint16_t cause;
    bool said_to_exist; /* the provider says so, no list shows it */
    /* for people; cut at these sizes */
    char provider_code[FAILURE_CODE_BYTES];
    char request_id[FAILURE_REQUEST_ID_BYTES];
    char text[256];
};

struct ledger *ledger_new(void); /* NULL: no memory */
void ledger_free(struct ledger *ledger);
/* NULL: nothing known, or known about another declaration of this name. Valid until the next change of the ledger. */
struct ledger_entry *ledger_find(struct ledger *ledger, enum kind kind, struct text name, uint64_t fingerprint);
/* Makes or resets the entry; NULL: no memory. */
struct ledger_entry *ledger_put(struct ledger *ledger, enum kind kind, struct text name, uint64_t fingerprint);
void ledger_forget(struct ledger *ledger, enum kind kind, struct text name);
/* Drops every entry that `keep` does not want. */
void ledger_sweep(struct ledger *ledger, bool (*keep)(void *context, enum kind kind, struct text name), void *context);
uint32_t ledger_count(const struct ledger *ledger);
/* The earliest not_before_ms of entries that time alone releases; UINT64_MAX: none. */
uint64_t ledger_next_ms(const struct ledger *ledger);

#endif
