/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text as the address of an instance. What is taken has one canonical spelling, which means the same; what is not
 * taken says why, without a password that may stand before an '@'.
 */
#include <string.h>

#include "api/address.h"
#include "api/cause.h"
#include "tests/fuzz/fuzz.h"

enum { SPELT_BYTES_MAX = 2 * ADDRESS_BYTES_MAX };

static void demand_same(const struct address *one, const struct address *other)
{
    demand(one->scheme == other->scheme && one->host_count == other->host_count);
    demand(strcmp(one->path, other->path) == 0 && strcmp(one->cluster, other->cluster) == 0);
    demand(strcmp(one->region, other->region) == 0 && strcmp(one->instance_id, other->instance_id) == 0);
    for (uint16_t i = 0; i < one->host_count; i++) {
        demand(strcmp(one->hosts[i].name, other->hosts[i].name) == 0);
        demand(one->hosts[i].port == other->hosts[i].port && one->hosts[i].port > 0);
    }
}

static void spell(const struct address *address, struct buffer *out)
{
    buffer_init(out, SPELT_BYTES_MAX);
    demand(address_append(out, address) == 0);
}

static void come_back(const struct address *address)
{
    struct failure why = FAILURE_INIT;
    struct address again;
    struct buffer once, twice;

    spell(address, &once);
    demand(address_parse(buffer_text(&once), &again, &why) == 0);
    demand_same(address, &again);
    spell(&again, &twice);
    demand(text_equal(buffer_text(&once), buffer_text(&twice)));
    buffer_release(&once);
    buffer_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct text text = {(const char *)data, bytes};
    struct failure why = FAILURE_INIT;
    struct address address;

    if (address_parse(text, &address, &why) == 0) {
        demand(address_looks_like(text) && address_kind(&address) < INSTANCE_KINDS);
        come_back(&address);
        return 0;
    }
    demand(why.cause == CAUSE_USAGE && why.text[0] != '\0');
    if (address_looks_like(text) && !text_begins(text, "snapshot:") && memchr(data, '@', bytes))
        demand(text_begins(text_of(why.text), "the address holds an '@'"));
    return 0;
}
