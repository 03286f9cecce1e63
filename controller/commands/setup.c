/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/commands/setup.h"

#include <stdlib.h>
#include <string.h>

#include "api/address.h"
#include "api/base/monotime.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "controller/commands/out.h"
#include "controller/journal/good.h"
#include "controller/journal/journal.h"

enum { DESTINATION_TEXT_MAX = 2 * ADDRESS_BYTES_MAX };

/* --- sources
 * ----------------------------------------------------------------------------------------------------------- */

static enum instance_kind stands_for(const struct options *options)
{
    const char *name = options_text(options, OPTION_FOR, NULL);
    return name == NULL ? INSTANCE_KINDS : instance_kind_by_name(text_of(name));
}

/* Sorts --from into files and live instances. */
static int take_sources(struct setup *setup, struct failure *why)
{
    const struct options *options = setup->session->options;
    const struct option_value *from = &options->values[OPTION_FROM];

    setup->paths = calloc(from->count + 1, sizeof *setup->paths);
    if (setup->paths == NULL)
        return failure_no_memory(why, "the sources");
    for (uint32_t i = 0; i < from->count; i++) {
        if (!address_looks_like(text_of(from->texts[i]))) {
            setup->paths[setup->runner.path_count++] = from->texts[i];
            continue;
        }
        if (setup->runner.source_count >= PASS_SIDES_MAX - 1)
            return failure_set(why, CAUSE_USAGE, "at most %d live sources can be followed at once", PASS_SIDES_MAX - 1);
        struct side_options *side = &setup->sources[setup->runner.source_count++];
        side->address = from->texts[i];
        side->endpoint = options_text(options, OPTION_FROM_ENDPOINT, NULL);
        side->credentials = options_text(options, OPTION_FROM_CREDENTIALS, NULL);
        side->ca_file = options_text(options, OPTION_CA_FILE, NULL);
        side->stands_for = INSTANCE_KINDS;
    }
    setup->runner.paths = setup->paths;
    setup->runner.sources = setup->sources;
    setup->shown_sources = from->texts;
    setup->shown_source_count = from->count;
    return 0;
}

/* --- the destination
 * --------------------------------------------------------------------------------------------------- */

static int unknown_fact(struct text key, struct failure *why)
{
    const char *near = nearest_spelling(key, identity_keys);
    return failure_set(why, CAUSE_USAGE,
                       "--expect: no instance tells its '%.*s'%s%s (known: account, brokers, "
                       "clusterName, instanceId, instanceName, region)",
                       (int)key.bytes, key.data, near != NULL ? ", did you mean " : "", near != NULL ? near : "");
}

static int take_expectations(struct setup *setup, struct failure *why)
{
    const struct option_value *given = &setup->session->options->values[OPTION_EXPECT];
    if (given->count == 0)
        return 0;
    struct expectation *expect = mapping_alloc(&setup->flags, given->count * sizeof *expect);
    if (expect == NULL)
        return failure_no_memory(why, "--expect");
    for (uint32_t i = 0; i < given->count; i++) {
        const char *equals = strchr(given->texts[i], '=');
        size_t key_bytes = equals == NULL ? 0 : (size_t)(equals - given->texts[i]);
        if (key_bytes == 0 || key_bytes >= sizeof expect->key || strlen(equals + 1) >= sizeof expect->value)
            return failure_set(why, CAUSE_USAGE, "--expect takes KEY=VALUE, like instanceName=prod-orders, not '%s'",
                               given->texts[i]);
        if (!identity_key_known((struct text){given->texts[i], key_bytes}))
            return unknown_fact((struct text){given->texts[i], key_bytes}, why);
        memcpy(expect[i].key, given->texts[i], key_bytes);
        memcpy(expect[i].value, equals + 1, strlen(equals + 1));
    }
    setup->destination.expect = setup->guard.expect = expect;
    setup->destination.expect_count = setup->guard.expect_count = given->count;
    return 0;
}

/* Parses the address for its canonical text, so that a wrong one is found before anything is opened. */
static int show_destination(struct setup *setup, struct failure *why)
{
    struct address address;

    if (address_parse(text_of(setup->destination.address), &address, why) < 0)
        return -1;
    if (address_append(&setup->destination_text, &address) < 0)
        return failure_no_memory(why, "the destination's address");
    return 0;
}

/* evaluate --for KIND: no instance at all, but the rules of one. */
static void imagine_destination(struct setup *setup)
{
    setup->destination.address = "snapshot:imagined";
    setup->destination.imagined = true;
}

static int show_imagined(struct setup *setup, struct failure *why)
{
    if (buffer_append_string(&setup->destination_text, "an empty instance") < 0)
        return failure_no_memory(why, "the destination's name");
    return 0;
}

static int take_destination(struct setup *setup, struct failure *why)
{
    const struct options *options = setup->session->options;

    setup->destination.endpoint = options_text(options, OPTION_ENDPOINT, setup->destination.endpoint);
    setup->destination.credentials = options_text(options, OPTION_TO_CREDENTIALS, setup->destination.credentials);
    setup->destination.ca_file = options_text(options, OPTION_CA_FILE, setup->destination.ca_file);
    setup->destination.rate_per_s = (uint32_t)options_number(options, OPTION_RATE, setup->destination.rate_per_s);
    if (options_has(options, OPTION_FOR))
        setup->destination.stands_for = stands_for(options);
    if (take_expectations(setup, why) < 0)
        return -1;
    return setup->destination.imagined ? show_imagined(setup, why) : show_destination(setup, why);
}

/* --- mapping by flags
 * --------------------------------------------------------------------------------------------------- */

static int take_globs(struct setup *setup, enum option option, struct name_list *list, struct failure *why)
{
    const struct option_value *given = &setup->session->options->values[option];
    if (given->count == 0)
        return 0;
    list->rules = mapping_alloc(&setup->flags, given->count * sizeof *list->rules);
    if (list->rules == NULL)
        return failure_no_memory(why, "include and exclude");
    for (uint32_t i = 0; i < given->count; i++)
        list->rules[i] = (struct name_rule){.glob = text_of(given->texts[i]), .kinds = MATCH_BOTH};
    list->count = given->count;
    return 0;
}

static int take_message_type(struct setup *setup, struct failure *why)
{
    const char *type = options_text(setup->session->options, OPTION_DEFAULT_MESSAGE_TYPE, NULL);
    union value value;
    char room[160];

    if (type == NULL)
        return 0;
    const char *rule = value_parse(FIELD_TOPIC_MESSAGE_TYPE, text_of(type), true, &value, room);
    if (rule != NULL)
        return failure_set(why, CAUSE_USAGE, "--default-message-type: %s", rule);
    struct draft *defaults = mapping_alloc(&setup->flags, sizeof *defaults);
    if (defaults == NULL)
        return failure_no_memory(why, "--default-message-type");
    draft_set_text(defaults, FIELD_TOPIC_MESSAGE_TYPE, value.text);
    setup->flags.create_defaults[KIND_TOPIC] = defaults;
    return 0;
}

static int take_mapping(struct setup *setup, struct failure *why)
{
    const struct options *options = setup->session->options;
    const char *kind = options_text(options, OPTION_KIND, NULL);

    if (kind != NULL)
        setup->flags.kinds = strcmp(kind, "topic") == 0 ? MATCH_TOPICS : MATCH_GROUPS;
    setup->flags.source_masters = (uint32_t)options_number(options, OPTION_SOURCE_MASTERS, 0);
    setup->runner.mapping_path = options_text(options, OPTION_MAPPING, setup->runner.mapping_path);
    if (take_globs(setup, OPTION_INCLUDE, &setup->flags.include[FROM_FLAGS], why) < 0 ||
        take_globs(setup, OPTION_EXCLUDE, &setup->flags.exclude[FROM_FLAGS], why) < 0)
        return -1;
    return take_message_type(setup, why);
}

/* --- a Sync of the configuration
 * ----------------------------------------------------------------------------------------- */

/* Files and live instances, for the report. */
static int show_sources(struct setup *setup, const struct sync_config *sync, struct failure *why)
{
    const char **shown = mapping_alloc(&setup->flags, (sync->path_count + sync->source_count) * sizeof *shown);

    if (shown == NULL)
        return failure_no_memory(why, "the sources");
    setup->shown_sources = shown;
    for (uint32_t i = 0; i < sync->path_count; i++)
        shown[setup->shown_source_count++] = sync->paths[i];
    for (uint32_t i = 0; i < sync->source_count; i++)
        shown[setup->shown_source_count++] = sync->sources[i].address;
    return 0;
}

static int take_sync(struct setup *setup, const char *name, struct failure *why)
{
    const struct options *options = setup->session->options;
    struct complaints mistakes;

    if (options_has(options, OPTION_FROM) || options_has(options, OPTION_TO))
        return failure_set(why, CAUSE_USAGE, "--sync stands for --from and --to; give the one or the other");
    complaints_init(&mistakes);
    int status = config_load(options_text(options, OPTION_CONFIG, CONFIG_PATH_DEFAULT), &setup->config, &mistakes, why);
    session_mistakes(setup->session, &mistakes);
    complaints_release(&mistakes);
    if (status < 0)
        return -1;
    const struct sync_config *sync = config_sync(setup->config, name);
    if (sync == NULL)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "there is no Sync named '%s' in %s", name,
                           setup->config->path);
    if (options->command == COMMAND_APPLY && sync->mode == SYNC_OBSERVE)
        return failure_set(
            why, CAUSE_CONFIGURATION_WRONG,
            "the Sync '%s' has mode observe, which never creates: look with plan or verify, or change its "
            "mode to apply",
            name);
    setup->destination = sync->destination;
    setup->guard = sync->guard;
    setup->runner.sync = sync->name;
    setup->runner.sources = sync->sources;
    setup->runner.source_count = sync->source_count;
    setup->runner.paths = sync->paths;
    setup->runner.path_count = sync->path_count;
    setup->runner.exclude_files = sync->exclude_files;
    setup->runner.mapping_path = sync->mapping;
    setup->runner.concurrency = sync->concurrency;
    return show_sources(setup, sync, why);
}

/* --- a saved plan
 * -------------------------------------------------------------------------------------------------------- */

/* Its rows instead of any source, its destination, which must still be the one that was planned for. */
static int take_plan(struct setup *setup, const char *path, struct failure *why)
{
    const struct options *options = setup->session->options;
    static const enum option held[] = {
        OPTION_FROM,           OPTION_TO,           OPTION_SYNC,    OPTION_MAPPING,
        OPTION_EXPECT,         OPTION_FOR,          OPTION_INCLUDE, OPTION_KIND,
        OPTION_SOURCE_MASTERS, OPTION_EXCLUDE_FILE, OPTION_EXCLUDE, OPTION_DEFAULT_MESSAGE_TYPE,
    };

    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++) {
        if (options_has(options, held[i]))
            return failure_set(why, CAUSE_USAGE,
                               "a saved plan holds source, mapping and destination; give no --%s besides",
                               option_info(held[i])->name);
    }
    if (options_has(options, OPTION_MAX_PLAN_AGE) && options_number(options, OPTION_MAX_PLAN_AGE, 0) == 0)
        return failure_set(why, CAUSE_USAGE, "--max-plan-age takes more than no time at all: every plan is older");
    if (plan_file_read(path, &setup->plan, why) < 0 ||
        plan_file_check_age(&setup->plan, walltime_unix_ms(), options_number(options, OPTION_MAX_PLAN_AGE, 0), why) < 0)
        return -1;
    setup->destination.address = setup->plan.address;
    setup->destination.stands_for = setup->plan.kind;
    setup->destination.expect = setup->guard.expect = setup->plan.expect;
    setup->destination.expect_count = setup->guard.expect_count = setup->plan.expect_count;
    setup->guard.expect_exact = true;
    setup->runner.fixed = setup->plan.catalog;
    setup->runner.fixed_digest = setup->plan.declared_digest;
    setup->shown_sources = options->arguments;
    setup->shown_source_count = 1;
    setup->guard.allow_empty_source = true;
    return 0;
}

/* --- the whole
 * ----------------------------------------------------------------------------------------------------------- */

static void begin(struct setup *setup, struct session *session)
{
    memset(setup, 0, sizeof *setup);
    setup->session = session;
    mapping_init(&setup->flags);
    buffer_init(&setup->destination_text, DESTINATION_TEXT_MAX);
    buffer_init(&setup->state_dir, ADDRESS_BYTES_MAX);
    setup->guard = (struct guard){.max_creates = UINT32_MAX, .max_shrink_percent = 100};
    setup->destination.stands_for = INSTANCE_KINDS;
    setup->runner = (struct runner_options){
        .loop = &session->loop,
        .workers = session->workers,
        .log = session->log,
        .sync = "",
        .run = session->run_id,
        .destination = &setup->destination,
        .flags = &setup->flags,
        .guard = &setup->guard,
        .concurrency = CONFIG_CONCURRENCY,
        .read_only = session->options->command != COMMAND_APPLY,
        .source_once = session->options->command == COMMAND_APPLY,
    };
}

/* What only looks does not write the state directory, but heeds what the daemon has left there. */
static void take_good(struct setup *setup)
{
    const struct options *options = setup->session->options;
    struct failure ignored = FAILURE_INIT;
    struct address address;
    struct buffer real;

    buffer_init(&real, 2 * ADDRESS_BYTES_MAX);
    if (journal_state_dir(options_text(options, OPTION_STATE_DIR, setup->config->state_directory), &setup->state_dir,
                          &ignored) == 0 &&
        address_parse(buffer_text(&setup->destination_text), &address, &ignored) == 0 &&
        address_real(&address, &ignored) == 0 && address_append(&real, &address) == 0)
        setup->runner.declared_before = good_read(setup->state_dir.data, buffer_text(&real), setup->runner.sync);
    buffer_release(&real);
}

static int take_rest(struct setup *setup, struct failure *why)
{
    const struct options *options = setup->session->options;

    setup->guard.max_creates = (uint32_t)options_number(options, OPTION_MAX_CREATES, setup->guard.max_creates);
    if (options->command == COMMAND_EVALUATE)
        setup->guard.max_creates = UINT32_MAX; /* nothing is created: the whole is what is asked about */
    if (options_has(options, OPTION_ALLOW_EMPTY_SOURCE))
        setup->guard.allow_empty_source = true;
    setup->runner.concurrency = (uint32_t)options_number(options, OPTION_CONCURRENCY, setup->runner.concurrency);
    if (options_has(options, OPTION_EXCLUDE_FILE))
        setup->runner.exclude_files = options->values[OPTION_EXCLUDE_FILE].texts;
    if (options->command != COMMAND_APPLY && setup->config != NULL && setup->guard.max_shrink_percent < 100)
        take_good(setup);
    if (options->command != COMMAND_APPLY)
        return 0;
    const char *configured = setup->config == NULL ? NULL : setup->config->state_directory;
    if (journal_state_dir(options_text(options, OPTION_STATE_DIR, configured), &setup->state_dir, why) < 0)
        return -1;
    setup->runner.state_dir = setup->state_dir.data;
    return 0;
}

static int take_sides(struct setup *setup, struct failure *why)
{
    const struct options *options = setup->session->options;
    const char *sync = options_text(options, OPTION_SYNC, NULL);

    if (options->argument_count > 0)
        return take_plan(setup, options->arguments[0], why);
    if (sync != NULL)
        return take_sync(setup, sync, why);
    bool imagined = options->command == COMMAND_EVALUATE && !options_has(options, OPTION_TO);
    if (imagined && !options_has(options, OPTION_FOR))
        return failure_set(why, CAUSE_USAGE, "mqferry evaluate needs --to INSTANCE or --for KIND");
    if (!imagined && !options_has(options, OPTION_TO))
        return failure_set(why, CAUSE_USAGE, "mqferry %s needs --to INSTANCE", command_info(options->command)->name);
    if (!options_has(options, OPTION_FROM))
        return failure_set(why, CAUSE_USAGE, "mqferry %s needs --from SOURCE", command_info(options->command)->name);
    setup->destination.address = options_text(options, OPTION_TO, NULL);
    if (imagined)
        imagine_destination(setup);
    return take_sources(setup, why);
}

int setup_reconcile(struct setup *setup, struct session *session, struct failure *why)
{
    begin(setup, session);
    if (take_sides(setup, why) < 0 || take_destination(setup, why) < 0 || take_mapping(setup, why) < 0)
        return -1;
    return take_rest(setup, why) < 0 ? -1 : out_spares_input(setup, why);
}

static int empty_catalog(struct catalog **out, struct failure *why)
{
    struct catalog_builder *builder = catalog_builder_new();
    if (builder == NULL)
        return failure_no_memory(why, "an empty set");
    int status = catalog_seal(builder, NULL, NULL, out, why);
    catalog_builder_free(builder);
    return status;
}

int setup_export(struct setup *setup, struct session *session, struct failure *why)
{
    const struct options *options = session->options;

    begin(setup, session);
    if (options->values[OPTION_FROM].count != 1 || !address_looks_like(text_of(options->values[OPTION_FROM].texts[0])))
        return failure_set(why, CAUSE_USAGE, "mqferry export needs one --from INSTANCE, an address like snapshot:PATH");
    setup->destination.address = options->values[OPTION_FROM].texts[0];
    setup->destination.endpoint = options_text(options, OPTION_FROM_ENDPOINT, NULL);
    setup->destination.credentials = options_text(options, OPTION_FROM_CREDENTIALS, NULL);
    setup->destination.ca_file = options_text(options, OPTION_CA_FILE, NULL);
    setup->guard.allow_empty_source = true;
    if (take_expectations(setup, why) < 0 || show_destination(setup, why) < 0 ||
        empty_catalog(&setup->nothing, why) < 0)
        return -1;
    setup->runner.fixed = setup->nothing;
    setup->runner.fixed_digest = "";
    setup->runner.must_exist = true;
    return out_spares_input(setup, why);
}

void setup_release(struct setup *setup)
{
    plan_file_release(&setup->plan);
    catalog_unref(setup->nothing);
    buffer_release(&setup->state_dir);
    buffer_release(&setup->destination_text);
    mapping_release(&setup->flags);
    free(setup->paths);
    config_unref(setup->config);
}
