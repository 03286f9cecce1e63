/* SPDX-License-Identifier: Apache-2.0
 *
 * Between config.c (documents) and sync.c (the fields of a Sync).
 */
#ifndef MQFERRY_CONTROLLER_CONFIG_LOADING_H
#define MQFERRY_CONTROLLER_CONFIG_LOADING_H

#include "controller/config/config.h"
#include "manifests/document.h"

enum {
    CONFIG_SOURCES_MAX = 256,
    CONFIG_LIST_MAX = 1000,
};

/* What the readers of one document fill in. */
struct loading {
    struct config *config;
    struct sync_config sync;
    const char *folder; /* of the file, with its slash; paths are relative to it */
    const char *sources[CONFIG_SOURCES_MAX];
    uint32_t path_count, exclude_count;
    const char *exclude[CONFIG_LIST_MAX];
    struct side_options sides[PASS_SIDES_MAX - 1];
    struct side_options *side;  /* the one that is being read */
    struct side_options either; /* of a source whose kind is not known yet */
    bool daemon_seen;
};

extern const struct yaml_table config_sync_table;

const char *config_keep(struct loading *loading, struct text text);      /* NULL: no memory */
const char *config_keep_path(struct loading *loading, struct text path); /* relative to the file's folder */
void config_read_name(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                      void *target);

#endif
