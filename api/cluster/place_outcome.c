/* SPDX-License-Identifier: Apache-2.0
 *
 * What became of each item, from the last look and the answers. Only an accepted create that the look shows as declared
 * is told as ours; where another may have been it, reading again decides (design section 2, promise 4).
 */
#include <stdio.h>

#include "api/cause.h"
#include "api/cluster/place_inside.h"

/* What one master says for the item as a whole; of several, the largest counts. */
enum verdict {
    VERDICT_THERE,   /* it was, or another made it */
    VERDICT_CREATED, /* by us, as declared */
    VERDICT_NOT_SENT,
    VERDICT_REFUSED,
    VERDICT_UNKNOWN,
    VERDICT_DIFFERENT,
};

static enum verdict of_answer(const struct cell *cell)
{
    if (cell->sent == SENT_NOT || !cell->answered || cell->answer == PLACE_NOT_SENT)
        return VERDICT_NOT_SENT;
    return cell->answer == PLACE_REFUSED ? VERDICT_REFUSED : VERDICT_UNKNOWN;
}

/* It is there, as declared: by whom? */
static enum verdict of_present(const struct cell *cell)
{
    if (cell->sent == SENT_NOT || !cell->answered)
        return VERDICT_THERE;
    switch ((enum place_answer)cell->answer) {
    case PLACE_ACCEPTED:
        return VERDICT_CREATED;
    case PLACE_NOT_SENT:
        return VERDICT_THERE;
    case PLACE_EXISTS:
        return cell->sent == SENT_BATCH ? VERDICT_UNKNOWN : VERDICT_THERE; /* a batch: which of them was meant? */
    case PLACE_REFUSED:
    case PLACE_LOST:
        break;
    }
    return VERDICT_UNKNOWN;
}

static enum verdict judge(const struct cell *cell)
{
    if (!cell->wanted)
        return cell->seen == SEEN_DIFFERENT ? VERDICT_DIFFERENT : VERDICT_THERE;
    switch ((enum seen)cell->seen) {
    case SEEN_DIFFERENT:
        return VERDICT_DIFFERENT;
    case SEEN_EQUAL:
        return of_present(cell);
    case SEEN_NOTHING:
    case SEEN_ABSENT:
        break;
    }
    return of_answer(cell);
}

/* Why nothing left for a master that can be seen: another cannot. NO_REASON: not that. */
static uint32_t unread_elsewhere(const struct place *place, uint32_t item)
{
    for (uint16_t master = 0; master < place->request.master_count; master++)
        if (place_cell(place, item, master)->wanted && place->unread[master] != NO_REASON)
            return place->unread[master];
    return NO_REASON;
}

/* A sentence for what no answer explains. */
static uint32_t explain(struct place *place, uint32_t item, uint16_t master, enum verdict verdict)
{
    const struct cell *cell = place_cell(place, item, master);
    const char *broker = place->request.masters[master].name;
    uint32_t unread = cell->sent == SENT_NOT ? unread_elsewhere(place, item) : place->unread[master];

    if (cell->reason != NO_REASON)
        return cell->reason;
    if (unread != NO_REASON)
        return unread;
    if (cell->seen == SEEN_NOTHING)
        return place_reason_text(place, CAUSE_UNREACHABLE, "what broker %s holds could not be read", broker);
    if (verdict == VERDICT_NOT_SENT)
        return place_reason_text(place, CAUSE_SYSTEM_ERROR, "it is not on broker %s, and was not sent there", broker);
    if (cell->seen == SEEN_ABSENT)
        return place_reason_text(place, CAUSE_OUTCOME_UNKNOWN, "broker %s took it, and does not show it", broker);
    return place_reason_text(place, CAUSE_OUTCOME_UNKNOWN, "broker %s shows it; whether this create made it is open",
                             broker);
}

static enum outcome outcome_of(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_CREATED:
        return OUTCOME_CREATED;
    case VERDICT_NOT_SENT:
        return OUTCOME_NOT_SENT;
    case VERDICT_REFUSED:
        return OUTCOME_REFUSED;
    case VERDICT_UNKNOWN:
        return OUTCOME_UNKNOWN;
    case VERDICT_THERE:
    case VERDICT_DIFFERENT:
        break;
    }
    return OUTCOME_EXISTED;
}

/* "it is on broker-a; ": what a refusal elsewhere leaves half done. */
static uint32_t tell_half(struct place *place, uint32_t item, uint32_t reason)
{
    char where[256] = "";
    size_t used = 0;

    for (uint16_t master = 0; master < place->request.master_count && used < sizeof where; master++) {
        const struct cell *cell = place_cell(place, item, master);
        if (cell->wanted && cell->seen == SEEN_EQUAL)
            used += (size_t)snprintf(where + used, sizeof where - used, "%s%s", used > 0 ? ", " : "",
                                     place->request.masters[master].name);
    }
    if (used == 0 || reason == NO_REASON)
        return reason;
    struct failure why = place->reasons[reason];
    failure_wrap(&why, "it is on %s, and not everywhere", where);
    return place_reason(place, &why);
}

static void conclude_item(struct place *place, uint32_t number)
{
    struct item *item = &place->entries[number];
    enum verdict worst = VERDICT_THERE;

    if (item->reason != NO_REASON) {
        item->outcome = item->refused ? OUTCOME_REFUSED : OUTCOME_NOT_SENT;
        item->outcome_reason = item->reason;
        return;
    }
    for (uint16_t master = 0; master < place->request.master_count; master++) {
        const struct cell *cell = place_cell(place, number, master);
        enum verdict verdict = judge(cell);
        if (verdict <= worst)
            continue;
        worst = verdict;
        item->outcome_reason = verdict == VERDICT_CREATED || verdict == VERDICT_DIFFERENT
                                   ? NO_REASON
                                   : explain(place, number, master, verdict);
    }
    item->outcome = (uint8_t)outcome_of(worst);
    if (worst == VERDICT_REFUSED || worst == VERDICT_NOT_SENT)
        item->outcome_reason = tell_half(place, number, item->outcome_reason);
}

void place_conclude(struct place *place)
{
    for (uint32_t i = 0; i < place->request.count; i++)
        conclude_item(place, i);
}
