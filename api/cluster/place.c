/* SPDX-License-Identifier: Apache-2.0
 *
 * Rounds: looks go in, cells say what is where, steps come out, answers go in.
 */
#include "api/cluster/place.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/cause.h"
#include "api/cluster/place_inside.h"

/* --- reasons --- */

uint32_t place_reason(struct place *place, const struct failure *why)
{
    if (place->reason_count == place->reason_capacity) {
        uint32_t capacity = place->reason_capacity == 0 ? 8 : 2 * place->reason_capacity;
        struct failure *reasons = realloc(place->reasons, capacity * sizeof *reasons);
        if (!reasons) {
            place->no_memory = true;
            return NO_REASON;
        }
        place->reasons = reasons;
        place->reason_capacity = capacity;
    }
    place->reasons[place->reason_count] = *why;
    return place->reason_count++;
}

uint32_t place_reason_text(struct place *place, int cause, const char *format, ...)
{
    struct failure why = {.cause = cause};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(why.text, sizeof why.text, format, arguments);
    va_end(arguments);
    return place_reason(place, &why);
}

/* --- life --- */

static bool allocate(struct place *place)
{
    size_t masters = place->request.master_count, count = place->request.count;

    place->cells = calloc(masters * count + 1, sizeof *place->cells);
    place->entries = calloc(count + 1, sizeof *place->entries);
    place->numbers = calloc(masters + 1, sizeof *place->numbers);
    place->tables = calloc(masters + 1, sizeof(struct catalog *));
    place->unread = calloc(masters + 1, sizeof *place->unread);
    if (!place->cells || !place->entries || !place->numbers || !place->tables || !place->unread)
        return false;
    for (size_t i = 0; i < masters * count; i++)
        place->cells[i].reason = NO_REASON;
    for (size_t i = 0; i < count; i++)
        place->entries[i].reason = place->entries[i].outcome_reason = NO_REASON;
    for (size_t i = 0; i < masters; i++)
        place->unread[i] = NO_REASON;
    return true;
}

int place_new(const struct place_request *request, struct place **out, struct failure *why)
{
    struct place *place = calloc(1, sizeof *place);

    if (!place)
        return failure_no_memory(why, "a create");
    place->request = *request;
    place->request.batch_items = request->batch_items ? request->batch_items : PLACE_BATCH_ITEMS;
    place->request.batch_bytes = request->batch_bytes ? request->batch_bytes : PLACE_BATCH_BYTES;
    if (allocate(place))
        place_judge(place);
    else
        place->no_memory = true;
    if (place->no_memory) {
        place_free(place);
        return failure_no_memory(why, "a create");
    }
    *out = place;
    return 0;
}

void place_free(struct place *place)
{
    if (!place)
        return;
    for (uint16_t i = 0; place->tables && i < place->request.master_count; i++)
        catalog_unref(place->tables[i]);
    free(place->cells);
    free(place->entries);
    free(place->numbers);
    free(place->tables);
    free(place->unread);
    free(place->reasons);
    free(place->steps);
    free(place->sequence);
    arena_release(&place->values);
    free(place);
}

/* --- looking --- */

void place_look(struct place *place, uint16_t master, struct catalog *table, const struct failure *why)
{
    catalog_unref(place->tables[master]);
    place->tables[master] = table ? catalog_ref(table) : NULL;
    place->unread[master] = table || !why ? NO_REASON : place_reason(place, why);
}

static enum seen see(const struct place *place, uint32_t item, uint16_t master)
{
    const struct place_request *request = &place->request;
    const struct catalog *table = place->tables[master];
    const struct capabilities *capabilities = request->capabilities;

    if (!table)
        return SEEN_NOTHING;
    uint32_t row = catalog_find(table, request->kind, request->items[item].name);
    if (row == CATALOG_ABSENT)
        return SEEN_ABSENT;
    const struct resource *resource = &catalog_rows(table)[row];
    if (resource->status != STATUS_ORDINARY)
        return SEEN_DIFFERENT;
    uint64_t compared = capabilities->holds[request->kind] & ~request->items[item].accepted;
    uint64_t different = settings_difference(place_declared(place, item, master), catalog_settings_of(table, resource),
                                             compared, capabilities->absent_is_default);
    return different == 0 ? SEEN_EQUAL : SEEN_DIFFERENT;
}

/* A static topic reaches over masters: an ordinary one of its name is wrong on all of them (5.5). */
static enum seen see_elsewhere(const struct place *place, uint32_t item, uint16_t master)
{
    const struct catalog *table = place->tables[master];
    uint32_t row = table ? catalog_find(table, place->request.kind, place->request.items[item].name) : CATALOG_ABSENT;

    return row != CATALOG_ABSENT && catalog_rows(table)[row].status == STATUS_STATIC ? SEEN_DIFFERENT : SEEN_ABSENT;
}

static void look_at_all(struct place *place)
{
    for (uint32_t item = 0; item < place->request.count; item++) {
        for (uint16_t master = 0; master < place->request.master_count; master++) {
            struct cell *cell = place_cell(place, item, master);
            if (place->entries[item].reason == NO_REASON)
                cell->seen = (uint8_t)(cell->wanted ? see(place, item, master) : see_elsewhere(place, item, master));
        }
    }
}

/* --- rounds --- */

/* Is one of the step's cells seen so? */
static bool shows(const struct place *place, const struct place_step *step, enum seen seen)
{
    for (uint32_t i = step->first; i < step->first + step->count; i++)
        if (place_cell(place, place->sequence[i], step->master)->seen == seen)
            return true;
    return false;
}

/* An accepted batch of which not everything is as sent: what is there of it may be another's. If topics are missing it
 * did nothing at all, because another had made one of them just so (10.3): then what is there is surely theirs. */
static void doubt_batch(const struct place *place, const struct place_step *step)
{
    bool idle = place->request.kind == KIND_TOPIC && shows(place, step, SEEN_ABSENT);

    if (!idle && !shows(place, step, SEEN_DIFFERENT) && !shows(place, step, SEEN_ABSENT) &&
        !shows(place, step, SEEN_NOTHING))
        return;
    for (uint32_t i = step->first; i < step->first + step->count; i++) {
        struct cell *cell = place_cell(place, place->sequence[i], step->master);
        if (cell->answered && cell->answer == PLACE_ACCEPTED)
            cell->answer = idle && cell->seen == SEEN_EQUAL ? PLACE_NOT_SENT : PLACE_EXISTS;
    }
}

static void doubt_batches(const struct place *place)
{
    for (uint32_t number = 0; number < place->step_count; number++)
        if (place->steps[number].batch)
            doubt_batch(place, &place->steps[number]);
}

static int next_round(struct place *place)
{
    look_at_all(place);
    doubt_batches(place);
    place->step_count = place->sequence_count = 0;
    if (place->round < ROUNDS && place_compose(place) != 0)
        return -1;
    place->round++;
    if (place->step_count == 0)
        place_conclude(place);
    return place->no_memory ? -1 : 0;
}

int place_next(struct place *place, const struct place_step **out_steps, uint32_t *out_count, struct failure *why)
{
    if (place->no_memory || next_round(place) != 0)
        return failure_no_memory(why, "a create");
    *out_steps = place->steps;
    *out_count = place->step_count;
    return 0;
}

const uint32_t *place_items(const struct place *place)
{
    return place->sequence;
}

/* Without its entry an ordered topic would not be ordered on an old master (5.4). */
bool place_is_due(const struct place *place, uint32_t number)
{
    const struct place_step *step = &place->steps[number];

    if (step->master == PLACE_NAME_SERVERS || step->batch)
        return true;
    return !place->entries[place->sequence[step->first]].order_due ||
           place->request.masters[step->master].version >= BROKER_VERSION(5, 1, 0);
}

/* --- answers --- */

static void note(struct place *place, const struct place_step *step, uint32_t item, enum place_answer answer,
                 uint32_t reason)
{
    struct cell *cell = place_cell(place, item, step->master);

    cell->answered = true;
    cell->answer = (uint8_t)answer;
    cell->reason = reason;
}

/* The cells of the item that wait for this entry fail with its reason, unless they are sent after all. */
static void note_order(struct place *place, uint32_t item, enum place_answer answer, uint32_t reason)
{
    place->entries[item].order_due = answer != PLACE_ACCEPTED;
    for (uint16_t master = 0; master < place->request.master_count; master++) {
        struct cell *cell = place_cell(place, item, master);
        if (cell->sent != SENT_NOT && !cell->answered)
            cell->reason = reason;
    }
}

void place_answered(struct place *place, uint32_t number, enum place_answer answer, const struct failure *why)
{
    const struct place_step *step = &place->steps[number];
    bool telling = answer != PLACE_ACCEPTED && answer != PLACE_EXISTS;
    uint32_t reason = telling && why ? place_reason(place, why) : NO_REASON;

    for (uint32_t i = step->first; i < step->first + step->count; i++) {
        if (step->master == PLACE_NAME_SERVERS)
            note_order(place, place->sequence[i], answer, reason);
        else
            note(place, step, place->sequence[i], answer, reason);
    }
}

static bool may_have_written(const struct cell *cell)
{
    return cell->answered && cell->answer != PLACE_NOT_SENT &&
           (cell->sent == SENT_BATCH || cell->answer != PLACE_EXISTS);
}

/* An entry moves it by one, a single one with the v2 store by two (seen on 5.5.0). Order entries move it once more, at
 * a time of the broker's own: with them nothing can be told. */
uint32_t place_moved(const struct place *place, uint16_t master)
{
    uint32_t each = place->request.masters[master].store_v2 ? 2 : 1, moved = 0;

    if (place->step_count > 0 && place->steps[0].master == PLACE_NAME_SERVERS)
        return UINT32_MAX;
    for (uint32_t number = 0; number < place->step_count; number++) {
        const struct place_step *step = &place->steps[number];
        for (uint32_t i = step->first; step->master == master && i < step->first + step->count; i++)
            if (may_have_written(place_cell(place, place->sequence[i], master)))
                moved += each;
    }
    return moved;
}

enum outcome place_outcome(const struct place *place, uint32_t item, const struct failure **out_why)
{
    const struct item *entry = &place->entries[item];

    *out_why = entry->outcome_reason == NO_REASON ? NULL : &place->reasons[entry->outcome_reason];
    return entry->outcome;
}
