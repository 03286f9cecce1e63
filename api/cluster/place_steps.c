/* SPDX-License-Identifier: Apache-2.0
 *
 * What is sent in a round: order entries, then per master its batches, then its singles.
 */
#include <stdlib.h>

#include "api/cause.h"
#include "api/cluster/order_value.h"
#include "api/cluster/place_inside.h"

enum { ENTRY_BYTES = 1024 }; /* all members of a TopicConfig or SubscriptionGroupConfig, with numbers and punctuation */

/* --- growing --- */

static void *grown(struct place *place, void *items, uint32_t *capacity, uint32_t count, size_t size)
{
    if (count < *capacity)
        return items;
    uint32_t wanted = *capacity == 0 ? 64 : 2 * *capacity;
    void *more = realloc(items, wanted * size);
    if (!more) {
        place->no_memory = true;
        return items;
    }
    *capacity = wanted;
    return more;
}

static void add_step(struct place *place, struct place_step step)
{
    place->steps = grown(place, place->steps, &place->step_capacity, place->step_count, sizeof step);
    if (!place->no_memory)
        place->steps[place->step_count++] = step;
}

static void add_to_sequence(struct place *place, uint32_t item)
{
    place->sequence =
        grown(place, place->sequence, &place->sequence_capacity, place->sequence_count, sizeof *place->sequence);
    if (!place->no_memory)
        place->sequence[place->sequence_count++] = item;
}

/* --- which cells --- */

/* A no that speaks of the entry, not of us or of the broker: another entry of the batch may have brought it about. */
static bool blames_an_entry(const struct place *place, const struct cell *cell)
{
    return cell->reason == NO_REASON || cause_scope(place->reasons[cell->reason].cause) == SCOPE_RESOURCE;
}

/* What a batch left out, though it was heard: another entry stopped it, or made it do nothing (10.3). */
static bool was_left_out(const struct place *place, const struct cell *cell)
{
    if (cell->sent != SENT_BATCH || !cell->answered)
        return false;
    return cell->answer == PLACE_ACCEPTED || cell->answer == PLACE_EXISTS ||
           (cell->answer == PLACE_REFUSED && blames_an_entry(place, cell));
}

static bool is_due(const struct place *place, const struct cell *cell)
{
    if (!cell->wanted || cell->seen != SEEN_ABSENT)
        return false;
    return place->round == 0 || was_left_out(place, cell);
}

/* Nothing of an item leaves while it is different somewhere, or cannot be seen everywhere. */
static bool is_clear(const struct place *place, uint32_t item)
{
    if (place->entries[item].reason != NO_REASON)
        return false;
    for (uint16_t master = 0; master < place->request.master_count; master++) {
        const struct cell *cell = place_cell(place, item, master);
        if (cell->seen != SEEN_ABSENT && cell->seen != SEEN_EQUAL)
            return false;
    }
    return true;
}

/* --- order entries --- */

static bool declares_order(const struct settings *settings)
{
    return settings && settings_has(settings, FIELD_TOPIC_ORDER) && settings_number(settings, FIELD_TOPIC_ORDER) != 0;
}

static int64_t write_queues(const struct place *place, const struct settings *settings)
{
    struct draft draft;

    create_settings(place->request.capabilities, KIND_TOPIC, settings, &draft);
    return draft.values[FIELD_TOPIC_WRITE_QUEUE_NUMS].number;
}

/* The entry with all masters on which the topic belongs; *out_old: it says so already. */
static struct text order_value(struct place *place, uint32_t item, bool *out_old)
{
    const struct text *known = place->request.order_values;
    struct text old = known ? known[item] : TEXT("");
    struct buffer value, longer;

    buffer_init(&value, ORDER_VALUE_BYTES_MAX);
    buffer_append_text(&value, old);
    for (uint16_t master = 0; master < place->request.master_count; master++) {
        const struct settings *settings = place_declared(place, item, master);
        if (!declares_order(settings))
            continue;
        buffer_init(&longer, ORDER_VALUE_BYTES_MAX);
        order_value_join(buffer_text(&value), place->request.masters[master].name, write_queues(place, settings),
                         &longer);
        longer.failed |= value.failed;
        buffer_release(&value);
        value = longer;
    }
    const char *kept = value.failed ? NULL : arena_string(&place->values, buffer_text(&value));
    *out_old = value.length == old.bytes;
    place->no_memory |= kept == NULL;
    buffer_release(&value);
    return text_of(kept);
}

static bool needs_entry(const struct place *place, uint32_t item)
{
    for (uint16_t master = 0; master < place->request.master_count; master++) {
        if (place->request.masters[master].version < BROKER_VERSION(5, 1, 0) &&
            is_due(place, place_cell(place, item, master)) && declares_order(place_declared(place, item, master)))
            return true;
    }
    return false;
}

static void compose_entry(struct place *place, uint32_t item)
{
    bool old;

    if (!place->entries[item].may_leave || !needs_entry(place, item))
        return;
    struct place_step step = {.master = PLACE_NAME_SERVERS, .first = place->sequence_count, .count = 1};
    step.value = order_value(place, item, &old);
    place->entries[item].order_due = !old;
    if (old)
        return;
    add_to_sequence(place, item);
    add_step(place, step);
}

/* --- creates of one master --- */

/* An upper bound of what an entry takes in a batch's body. */
static uint64_t entry_bytes(const struct place *place, uint32_t item, uint16_t master)
{
    const struct settings *settings = place_declared(place, item, master);
    uint64_t bytes = ENTRY_BYTES + 6 * place->request.items[item].name.bytes;

    for (uint64_t rest = settings->set; rest != 0; rest &= rest - 1) {
        enum field_type type = field_info(field_first(rest))->type;
        if (type != TYPE_BOOL && type != TYPE_INTEGER)
            bytes += 6 * settings_text(settings, field_first(rest)).bytes; /* escaped at worst */
    }
    return bytes;
}

struct composing {
    struct place *place;
    uint16_t master;
    bool guarded;
    uint32_t first, last; /* of the sequence: cells due on this master */
};

static void note_sent(const struct composing *composing, const struct place_step *step)
{
    struct place *place = composing->place;

    for (uint32_t i = step->first; i < step->first + step->count; i++) {
        struct cell *cell = place_cell(place, place->sequence[i], composing->master);
        cell->sent = step->batch ? SENT_BATCH : SENT_SINGLE;
        cell->answered = false;
        cell->reason = NO_REASON;
    }
}

static void compose_step(const struct composing *composing, uint32_t first, uint32_t count, bool batch, bool waits)
{
    struct place_step step = {.master = composing->master,
                              .batch = batch,
                              .guarded = composing->guarded,
                              .waits = waits,
                              .first = first,
                              .count = count};

    add_step(composing->place, step);
    if (!composing->place->no_memory)
        note_sent(composing, &step);
}

static void collect(struct composing *composing)
{
    struct place *place = composing->place;

    composing->first = place->sequence_count;
    for (uint32_t item = 0; item < place->request.count && !place->no_memory; item++) {
        if (!place->entries[item].may_leave || !is_due(place, place_cell(place, item, composing->master)))
            continue;
        add_to_sequence(place, item);
    }
    composing->last = place->sequence_count;
}

/* How many of the sequence from `first` on fit into one batch. */
static uint32_t batch_length(const struct composing *composing, uint32_t first, uint32_t last)
{
    const struct place *place = composing->place;
    uint64_t bytes = 0;
    uint32_t count = 0;

    while (first + count < last && count < place->request.batch_items) {
        bytes += entry_bytes(place, place->sequence[first + count], composing->master);
        if (count > 0 && bytes > place->request.batch_bytes)
            break;
        count++;
    }
    return count;
}

/* Where the singles of the sequence begin: the last item goes alone, behind the batches; its write takes what one of
 * them left in memory, because it stopped half way, to the disk. */
static uint32_t first_alone(const struct composing *composing)
{
    bool batches = composing->place->round == 0 &&
                   place_batches(&composing->place->request.masters[composing->master], composing->place->request.kind);

    return batches && composing->last - composing->first > 2 ? composing->last - 1 : composing->first;
}

static void compose_master(struct place *place, uint16_t master)
{
    struct composing composing = {
        .place = place,
        .master = master,
        .guarded = place->request.kind == KIND_TOPIC && place_guards(&place->request.masters[master]),
    };

    collect(&composing);
    if (place->no_memory)
        return;
    uint32_t alone = first_alone(&composing);
    for (uint32_t first = composing.first, count; first < alone; first += count) {
        count = batch_length(&composing, first, alone);
        compose_step(&composing, first, count, count > 1, first > composing.first);
    }
    for (uint32_t i = alone; i < composing.last; i++)
        compose_step(&composing, i, 1, false, i == alone && alone > composing.first);
}

int place_compose(struct place *place)
{
    for (uint32_t item = 0; item < place->request.count; item++)
        place->entries[item].may_leave = is_clear(place, item);
    for (uint32_t item = 0; place->request.kind == KIND_TOPIC && item < place->request.count; item++)
        compose_entry(place, item);
    for (uint16_t master = 0; master < place->request.master_count && !place->no_memory; master++)
        compose_master(place, master);
    return place->no_memory ? -1 : 0;
}
