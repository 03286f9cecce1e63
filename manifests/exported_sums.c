/* SPDX-License-Identifier: Apache-2.0
 *
 * Cluster-mode exports add up the queue numbers of all masters and do not say how many there were
 * (rocketmq-remoting 1.3).
 */
#include <inttypes.h>
#include <stdio.h>

#include "api/cause.h"
#include "manifests/exported_inside.h"

static const uint64_t summed_fields = FIELD_BIT(FIELD_TOPIC_READ_QUEUE_NUMS) | FIELD_BIT(FIELD_TOPIC_WRITE_QUEUE_NUMS) |
                                      FIELD_BIT(FIELD_GROUP_RETRY_QUEUE_NUMS);

/* Groups have a default that does no harm; topics do not. */
static int leave_undeclared(struct draft *draft, enum kind kind, uint64_t summed, char room[static 160])
{
    for (uint64_t rest = summed; rest != 0; rest &= rest - 1)
        draft_unset(draft, field_first(rest));
    if (kind != KIND_TOPIC)
        return CAUSE_NONE;
    snprintf(room, 160, "the export adds up queue numbers over an unknown number of masters");
    return CAUSE_QUEUE_NUMBERS_UNKNOWN;
}

static void divide(struct draft *draft, enum field field, int64_t masters)
{
    draft_set_number(draft, field, draft->values[field].number / masters);
    draft->estimated |= FIELD_BIT(field);
    draft->create_only |= FIELD_BIT(field);
}

int exported_sums_settle(struct draft *draft, enum kind kind, int64_t masters, enum field *out_field,
                         char room[static 160])
{
    uint64_t summed = draft->set & summed_fields;
    int cause = CAUSE_NONE;

    if (summed == 0 || masters == 1)
        return CAUSE_NONE;
    if (masters == 0)
        return leave_undeclared(draft, kind, summed, room);
    for (uint64_t rest = summed; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        int64_t sum = draft->values[field].number;
        if (sum % masters == 0) {
            divide(draft, field, masters);
            continue;
        }
        draft_unset(draft, field);
        if (cause == CAUSE_NONE) {
            *out_field = field;
            snprintf(room, 160, "%s %" PRId64 " is a sum over %" PRId64 " masters, which does not divide evenly",
                     field_info(field)->name, sum, masters);
        }
        cause = CAUSE_QUEUE_NUMBERS_UNKNOWN;
    }
    return cause;
}
