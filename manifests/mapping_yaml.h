/* SPDX-License-Identifier: Apache-2.0
 *
 * A Mapping document (contract section 5) and the name lists that it refers to, from files.
 */
#ifndef MQFERRY_MANIFESTS_MAPPING_YAML_H
#define MQFERRY_MANIFESTS_MAPPING_YAML_H

#include <stdint.h>

#include "api/base/failure.h"
#include "api/base/file_mark.h"
#include "manifests/complaints.h"
#include "manifests/mapping.h"

/* Fills a mapping that mapping_init made. `path` holds exactly one document, of kind Mapping; name lists are relative
 * to its folder. *out_marks: every file that was read, taken before it was (malloc'd; each path, too): file_marks_free.
 * 0; or -1 with INPUT_WRONG and `mistakes` filled, or OUT_OF_MEMORY: then there are no marks, and the mapping is only
 * to be released. Blocks: worker threads only. */
int mapping_load(const char *path, struct mapping *mapping, struct file_mark **out_marks, uint32_t *out_mark_count,
                 struct complaints *mistakes, struct failure *why);

#endif
