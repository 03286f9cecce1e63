/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a body that name servers and brokers send. What is taken adds up: every resource stands on its master
 * alone, the version that a peek sees is the one that reading finds, and what a batch would carry of it is strict JSON
 * that reads as the same settings again.
 */
#include <stdlib.h>
#include <string.h>

#include "api/cluster/broker_config.h"
#include "api/cluster/creates.h"
#include "api/cluster/order_conf.h"
#include "api/cluster/tables.h"
#include "api/config_json.h"
#include "tests/fuzz/fuzz.h"

/* The body of a batch with one entry, read as the list that it is. */
static void read_again(enum kind kind, struct text body, const struct draft *sent)
{
    struct failure why = FAILURE_INIT;
    char *padded = json_pad(body);
    struct json_reader *json = json_reader_new((struct text){padded, body.bytes}, &why);
    struct config_json config;
    struct json_token token;
    size_t offset;

    demand(padded && json);
    demand(json_check(body, &offset) == NULL);
    for (int i = 0; i < 3; i++) /* {"…List":[{ */
        json_next(json, &token);
    config_json_init(&config);
    demand(config_json_read(&config, kind, json, &token, &offset, &why) == 0);
    demand(config.draft.set == sent->set);
    for (uint64_t rest = sent->set; rest != 0; rest &= rest - 1)
        demand(
            value_equal(field_first(rest), &config.draft.values[field_first(rest)], &sent->values[field_first(rest)]));
    config_json_release(&config);
    json_reader_free(json);
    free(padded);
}

static void send_again(enum kind kind, struct text name, const struct settings *settings)
{
    struct failure why = FAILURE_INIT;
    struct create_batch batch;
    struct buffer body;
    struct draft draft;
    struct frame frame;

    draft_from_settings(&draft, settings);
    buffer_init(&body, 1 << 20);
    create_batch_init(&batch, kind, &body);
    create_batch_add(&batch, name, &draft);
    if (create_batch_request(&batch, &frame, &why) == 0)
        read_again(kind, frame.body, &draft);
    buffer_release(&body);
}

static void look_at(const struct catalog *catalog)
{
    demand(catalog_master_count(catalog) == 1);
    for (uint32_t row = 0; row < catalog_count(catalog); row++) {
        const struct resource *resource = &catalog_rows(catalog)[row];
        demand(resource->spread && catalog_spread(catalog, resource->settings)->masters == 1);
        demand(catalog_find(catalog, resource->kind, catalog_name(catalog, resource)) == row);
        send_again(resource->kind, catalog_name(catalog, resource), catalog_settings_of(catalog, resource));
    }
}

static void read_table(enum kind kind, struct text body, const struct own_topics *own)
{
    struct table_request request = {.kind = kind, .body = body, .broker = "broker-a", .own = own};
    struct failure why = FAILURE_INIT;
    struct catalog *catalog = NULL;
    struct table_version peeked;
    struct table_facts facts;
    bool stands = table_version_peek(body, &peeked);

    int status = table_read(&request, &catalog, &facts, &why);
    demand((status == 0) == (catalog != NULL) && (status == 0 || why.text[0] != '\0'));
    if (status == 0) {
        demand(facts.read == catalog_count(catalog) + facts.unnameable);
        demand(!stands || (facts.has_version && table_version_equal(&peeked, &facts.version)));
        look_at(catalog);
    }
    catalog_unref(catalog);
}

static void read_topic(struct text body)
{
    struct table_request request = {.kind = KIND_TOPIC, .body = body, .broker = "broker-a"};
    struct failure why = FAILURE_INIT;
    struct catalog *catalog = NULL;

    if (table_read_topic(&request, &catalog, &why) == 0)
        look_at(catalog);
    catalog_unref(catalog);
}

static void read_topology(struct text body, struct own_topics *own)
{
    struct failure why = FAILURE_INIT;
    struct topology *topology = NULL;

    if (topology_read(body, TEXT(""), &topology, &why) == 0) {
        demand(topology->broker_count > 0 && topology_equal(topology, topology));
        for (uint32_t i = 1; i < topology->broker_count; i++)
            demand(strcmp(topology->brokers[i - 1].name, topology->brokers[i].name) < 0);
        demand(own_topics_add_topology(own, topology, &why) == 0);
    }
    topology_free(topology);
}

static void read_order(struct text body)
{
    struct failure why = FAILURE_INIT;
    struct order_conf *conf = NULL;
    struct buffer value;

    if (order_conf_read(body, &conf, &why) == 0)
        order_conf_find(conf, body);
    order_conf_free(conf);
    buffer_init(&value, 2 * body.bytes + 64);
    demand(order_value_join(body, "broker-a", 8, &value) == 0);
    demand(order_value_names(buffer_text(&value), "broker-a"));
    buffer_release(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct text body = {(const char *)data, bytes};
    struct own_topics *own = own_topics_new();
    struct broker_config config;
    struct failure why;

    demand(own != NULL);
    read_topology(body, own);
    own_topics_add_list(own, body, &why);
    own_topics_seal(own);
    read_table(KIND_TOPIC, body, own);
    read_table(KIND_GROUP, body, NULL);
    read_topic(body);
    read_order(body);
    broker_config_read(body, &config);
    own_topics_free(own);
    return 0;
}
