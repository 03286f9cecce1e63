/* SPDX-License-Identifier: Apache-2.0
 *
 * What is digested, in this order, numbers big endian, texts after their length in four bytes:
 *
 *   resource   kind, policy (a byte each), name, the count of its parts (four bytes; 0: one part, for every master)
 *   part       name of the master (only where parts are counted; in order of those names), settings
 *   settings   their number, from 1 in order of first use (four bytes); at that first use 0 and their content instead:
 *              the count of fields, and for each its name, whether it is only for creation, whether it is estimated,
 *              its value (eight bytes, or a text)
 *
 * Names of fields instead of their numbers: a new row in fields.def changes no digest.
 */
#include "api/catalog_digest.h"

#include <stdlib.h>
#include <string.h>

#include "api/cause.h"

enum { PENDING_BYTES = 65536 };

struct digester {
    const struct catalog *catalog;
    struct digest *digest;
    bool failed;
    uint16_t *masters;  /* numbers of the masters, in order of their names */
    uint32_t *settings; /* per settings of the catalog: the number given, 0: not met yet */
    uint32_t met;
    size_t pending;
    unsigned char bytes[PENDING_BYTES];
};

/* ---- bytes ---- */

static void flush(struct digester *digester)
{
    if (digest_add(digester->digest, digester->bytes, digester->pending) != 0)
        digester->failed = true;
    digester->pending = 0;
}

static void put(struct digester *digester, const void *bytes, size_t count)
{
    if (count > PENDING_BYTES - digester->pending) {
        flush(digester);
        if (count > PENDING_BYTES) {
            digester->failed = digest_add(digester->digest, bytes, count) != 0 || digester->failed;
            return;
        }
    }
    if (count > 0)
        memcpy(digester->bytes + digester->pending, bytes, count);
    digester->pending += count;
}

static void put_number(struct digester *digester, uint64_t number, unsigned bytes)
{
    unsigned char big_endian[8];

    for (unsigned i = 0; i < bytes; i++)
        big_endian[i] = (unsigned char)(number >> 8 * (bytes - 1 - i));
    put(digester, big_endian, bytes);
}

static void put_text(struct digester *digester, struct text text)
{
    put_number(digester, text.bytes, 4);
    put(digester, text.data, text.bytes);
}

/* ---- content ---- */

static void put_field(struct digester *digester, const struct settings *settings, enum field field)
{
    const struct field_info *info = field_info(field);

    put_text(digester, text_of(info->name));
    put_number(digester, (settings->create_only & FIELD_BIT(field)) != 0, 1);
    put_number(digester, (settings->estimated & FIELD_BIT(field)) != 0, 1);
    if (info->type == TYPE_BOOL || info->type == TYPE_INTEGER)
        put_number(digester, (uint64_t)settings_number(settings, field), 8);
    else
        put_text(digester, settings_text(settings, field));
}

static void put_settings(struct digester *digester, uint32_t index)
{
    const struct settings *settings = catalog_settings(digester->catalog, index);

    put_number(digester, digester->settings[index], 4);
    if (digester->settings[index] != 0)
        return;
    digester->settings[index] = ++digester->met;
    put_number(digester, (uint64_t)__builtin_popcountll(settings->set), 4);
    for (uint64_t rest = settings->set; rest != 0; rest &= rest - 1)
        put_field(digester, settings, field_first(rest));
}

static void put_spread(struct digester *digester, const struct spread *spread)
{
    uint32_t parts = 0;

    for (uint16_t i = 0; i < spread->masters; i++)
        parts += spread->settings[i] != CATALOG_ABSENT;
    put_number(digester, parts, 4);
    for (uint16_t i = 0; i < catalog_master_count(digester->catalog); i++) {
        uint16_t master = digester->masters[i];
        if (master >= spread->masters || spread->settings[master] == CATALOG_ABSENT)
            continue;
        put_text(digester, text_of(catalog_master(digester->catalog, master)));
        put_settings(digester, spread->settings[master]);
    }
}

static void put_resource(struct digester *digester, const struct resource *resource)
{
    put_number(digester, resource->kind, 1);
    put_number(digester, resource->policy, 1);
    put_text(digester, catalog_name(digester->catalog, resource));
    if (resource->spread) {
        put_spread(digester, catalog_spread(digester->catalog, resource->settings));
        return;
    }
    put_number(digester, 0, 4);
    put_settings(digester, resource->settings);
}

/* ---- the whole ---- */

/* Insertion sort: a cluster has a handful of masters. */
static void order_masters(struct digester *digester)
{
    const struct catalog *catalog = digester->catalog;

    for (uint16_t i = 0; i < catalog_master_count(catalog); i++) {
        uint16_t at = i;
        for (; at > 0 && strcmp(catalog_master(catalog, i), catalog_master(catalog, digester->masters[at - 1])) < 0;
             at--)
            digester->masters[at] = digester->masters[at - 1];
        digester->masters[at] = i;
    }
}

static void digester_free(struct digester *digester)
{
    if (!digester)
        return;
    digest_free(digester->digest);
    free(digester->masters);
    free(digester->settings);
    free(digester);
}

static struct digester *digester_new(const struct catalog *catalog, struct failure *why)
{
    struct digester *digester = calloc(1, sizeof *digester);

    if (digester) {
        digester->catalog = catalog;
        digester->masters = calloc(catalog_master_count(catalog) + (size_t)1, sizeof *digester->masters);
        digester->settings = calloc(catalog_settings_count(catalog) + (size_t)1, sizeof *digester->settings);
    }
    if (!digester || !digester->masters || !digester->settings) {
        failure_no_memory(why, "the digest of what is declared");
    } else {
        digester->digest = digest_new(why);
        if (digester->digest)
            return digester;
    }
    digester_free(digester);
    return NULL;
}

int catalog_digest(const struct catalog *catalog, char out[static DIGEST_TEXT_BYTES], struct failure *why)
{
    struct digester *digester = digester_new(catalog, why);
    if (!digester)
        return -1;
    order_masters(digester);
    for (uint32_t row = 0; row < catalog_count(catalog); row++) {
        if (catalog_rows(catalog)[row].status == STATUS_ORDINARY)
            put_resource(digester, &catalog_rows(catalog)[row]);
    }
    flush(digester);
    int status = digester->failed ? -1 : digest_end(digester->digest, out);
    digester_free(digester);
    return status == 0 ? 0 : failure_set(why, CAUSE_UNSUPPORTED, "cannot compute SHA-256 of what is declared");
}
