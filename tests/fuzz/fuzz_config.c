/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as the configuration of the daemon. What is taken is whole and within its limits, every Sync found by its
 * name; what is not taken says why, at places of the file.
 */
#include <string.h>

#include "api/address.h"
#include "api/cause.h"
#include "controller/config/config.h"
#include "tests/fuzz/fuzz.h"

static void look_at_side(const struct side_options *side)
{
    struct failure why = FAILURE_INIT;
    struct address address;

    demand(side->address != NULL && address_parse(text_of(side->address), &address, &why) == 0);
    for (uint32_t i = 0; i < side->expect_count; i++)
        demand(side->expect[i].key[0] != '\0');
}

static void look_at_sync(const struct config *config, const struct sync_config *sync)
{
    demand(sync->name != NULL && config_sync(config, sync->name) == sync);
    demand(sync->mode == SYNC_APPLY || sync->mode == SYNC_OBSERVE);
    demand(sync->interval_ms >= CONFIG_INTERVAL_MS_MIN && sync->concurrency >= 1);
    demand(sync->path_count + sync->source_count >= 1 && sync->source_count < PASS_SIDES_MAX);
    demand(sync->guard.max_shrink_percent <= 100);
    look_at_side(&sync->destination);
    for (uint16_t i = 0; i < sync->source_count; i++)
        look_at_side(&sync->sources[i]);
    for (uint32_t i = 0; i < sync->path_count; i++)
        demand(strlen(sync->paths[i]) > 0);
    for (uint32_t i = 0; sync->exclude_files != NULL && sync->exclude_files[i] != NULL; i++)
        demand(strlen(sync->exclude_files[i]) < UINT32_MAX);
}

static void look_at(const struct config *config)
{
    demand(config->sync_count <= CONFIG_SYNCS_MAX);
    for (uint32_t i = 0; config->host_names != NULL && config->host_names[i] != NULL; i++)
        demand(strlen(config->host_names[i]) < UINT32_MAX);
    for (uint32_t i = 0; i < config->sync_count; i++)
        look_at_sync(config, &config->syncs[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const struct memory_file file = memory_file_open(data, bytes);
    struct complaints mistakes = {0};
    struct failure why = FAILURE_INIT;
    struct config *config = NULL;

    if (config_load(file.path, &config, &mistakes, &why) == 0) {
        demand(mistakes.count == 0);
        look_at(config);
    } else {
        demand(why.cause == CAUSE_CONFIGURATION_WRONG && (mistakes.count > 0 || why.text[0] != '\0'));
        for (uint32_t i = 0; i < mistakes.count; i++)
            demand(strcmp(mistakes.items[i].path, file.path) == 0 && mistakes.items[i].line <= bytes + 1);
    }
    config_unref(config);
    complaints_release(&mistakes);
    memory_file_close(&file);
    return 0;
}
