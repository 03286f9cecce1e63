/* SPDX-License-Identifier: Apache-2.0
 *
 * What an instance holds, written down: manifests (yaml), a snapshot, or the shape of mqadmin exportMetadata -b.
 *
 * Ordinary resources only, sorted; the same catalog gives the same bytes.
 */
#ifndef MQFERRY_CONTROLLER_EXPORT_H
#define MQFERRY_CONTROLLER_EXPORT_H

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/catalog.h"
#include "api/instance.h"

enum export_format { EXPORT_YAML = 0, EXPORT_SNAPSHOT, EXPORT_METADATA };

#define EXPORT_BYTES_MAX ((size_t)1 << 30) /* what can be read back: 1 GiB */

/* 0, or -1 with OUT_OF_MEMORY, or UNSUPPORTED (metadata of a resource whose settings differ between masters). */
int export_write(struct buffer *out, enum export_format format, const struct catalog *catalog,
                 const struct description *from, struct failure *why);

#endif
