/* SPDX-License-Identifier: Apache-2.0
 *
 * Sync and Daemon documents (contract section 6) as one validated struct, each value with its origin.
 *
 * Everything belongs to the config and lives as long as it; paths are made relative to the file's folder. Mistakes are
 * found all in one run, with file:line:column.
 */
#ifndef MQFERRY_CONTROLLER_CONFIG_CONFIG_H
#define MQFERRY_CONTROLLER_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/arena.h"
#include "api/base/failure.h"
#include "api/base/log.h"
#include "controller/plan/guard.h"
#include "controller/runner/runner.h"
#include "manifests/complaints.h"

#define CONFIG_PATH_DEFAULT "/etc/mqferry/mqferry.yaml"

enum {
    CONFIG_SYNCS_MAX = 1000,
    CONFIG_INTERVAL_MS = 60 * 1000, /* default */
    CONFIG_INTERVAL_MS_MIN = 1000,
    CONFIG_CONCURRENCY = 8,
};

enum sync_mode { SYNC_APPLY = 1, SYNC_OBSERVE };

struct sync_config {
    const char *name;
    enum sync_mode mode;
    struct side_options destination;
    struct side_options *sources; /* live ones */
    uint16_t source_count;
    const char **paths; /* manifests; path_count */
    uint32_t path_count;
    const char **exclude_files; /* NULL-terminated; NULL: none */
    const char *mapping;        /* NULL: none */
    struct guard guard;
    uint64_t interval_ms;
    uint32_t concurrency;
    struct place place; /* of the document */
};

struct config {
    const char *path;
    struct sync_config *syncs;
    uint32_t sync_count;
    const char *listen;      /* NULL: not said */
    const char **host_names; /* NULL-terminated; NULL: none */
    const char *state_directory;
    enum log_level log_level;
    enum log_format log_format;
    bool has_log_level, has_log_format;
    unsigned references; /* counted on the loop */
    struct arena memory; /* owner of everything above */
};

/* CONFIGURATION_WRONG with `mistakes` filled when the documents are wrong or the file cannot be read. 0 or -1. Blocks.
 */
int config_load(const char *path, struct config **out, struct complaints *mistakes, struct failure *why);
struct config *config_ref(struct config *config);
void config_unref(struct config *config); /* the last one frees it; NULL is fine */
const struct sync_config *config_sync(const struct config *config, const char *name); /* NULL: there is none */
/* Do both say the same, wherever they stand? */
bool sync_config_same(const struct sync_config *a, const struct sync_config *b);

#endif
