/* SPDX-License-Identifier: Apache-2.0
 *
 * What is remembered about failing resources between passes. Pure.
 *
 * One entry per resource that did not go through, or whose create nothing has settled yet: cause, attempts, not-before,
 * fingerprint of what was declared (another declaration voids these, so that a changed one is tried at once), and what
 * is in doubt: sent, but neither listed nor proven absent. A doubt outlives a changed declaration. An entry goes when
 * the resource is seen, or is not declared any more. Besides, one entry per kind: what blocks all topics or all groups.
 *
 * Entries stay where they are until they are forgotten: pointers to them may be kept.
 */
#ifndef MQFERRY_CONTROLLER_PASS_LEDGER_H
#define MQFERRY_CONTROLLER_PASS_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/fields.h"

struct ledger;

struct ledger_entry {
    uint64_t fingerprint;   /* catalog_fingerprint of the declared resource */
    uint64_t not_before_ms; /* monotonic; UINT64_MAX: not before the input changes */
    uint64_t sent_ms;       /* latest moment at which an unsettled create may have left; 0: none in doubt */
    uint64_t absent_ms;     /* begin of the first read after sent_ms that did not show it; 0: none */
    uint32_t attempts;      /* over all passes; 0 again when the declaration changes */
    uint16_t cause;
    bool said_to_exist; /* the provider says so, no list shows it */
    char *detail;       /* ledger.c's; see ledger_explain */
};

struct ledger *ledger_new(void); /* NULL: no memory */
void ledger_free(struct ledger *ledger);
/* So many entries are about to come: they will not have to move house one power of two after the other. */
void ledger_reserve(struct ledger *ledger, uint32_t more);
/* NULL: nothing is known. The caller compares the fingerprint where it matters. */
struct ledger_entry *ledger_find(const struct ledger *ledger, enum kind kind, struct text name);
/* Finds or makes the entry. Of an entry about another declaration only the doubt is kept. NULL: no memory. */
struct ledger_entry *ledger_put(struct ledger *ledger, enum kind kind, struct text name, uint64_t fingerprint);
/* A create of an earlier process may have arrived: what the journal calls unresolved. `sent_ms` is the latest moment at
 * which it may have left; a process that starts says its own start. 0, or -1: no memory. */
int ledger_doubt(struct ledger *ledger, enum kind kind, struct text name, uint64_t sent_ms);
void ledger_forget(struct ledger *ledger, enum kind kind, struct text name);
/* Drops every entry that `keep` does not want. */
void ledger_sweep(struct ledger *ledger,
                  bool (*keep)(void *context, enum kind kind, struct text name, const struct ledger_entry *entry),
                  void *context);
uint32_t ledger_count(const struct ledger *ledger);
/* Takes note of a read that began at read_ms and did not show what the entry doubts. true: the absence is proven, by
 * two reads that began after sending, the second at least a settling time after it. */
bool ledger_absent(struct ledger_entry *entry, uint64_t read_ms, uint32_t settle_ms);
/* The earliest moment at which a read may prove the absence. */
uint64_t ledger_proof_ms(const struct ledger_entry *entry, uint32_t settle_ms);
/* What blocks a whole kind (quota): never NULL; cause 0: nothing does. Valid as long as the ledger. */
struct ledger_entry *ledger_of_kind(struct ledger *ledger, enum kind kind);
/* The earliest moment after now_ms at which time alone releases an entry of a resource; UINT64_MAX: none. */
uint64_t ledger_next_ms(const struct ledger *ledger, uint64_t now_ms);

/* Keeps cause, sentence, provider code, message and request id of a failure, for people; NULL: it is none any more.
 * Where memory is short only the cause is kept. ledger_failure gives them back; `out` is always filled in. */
void ledger_explain(struct ledger_entry *entry, const struct failure *failure);
void ledger_failure(const struct ledger_entry *entry, struct failure *out);

#endif
