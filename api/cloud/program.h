/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that prints credentials (mode External, openapi 6.2). Runs without a shell, with standard input from
 * /dev/null; its standard error is ours. Blocks: workers only.
 */
#ifndef MQFERRY_API_CLOUD_PROGRAM_H
#define MQFERRY_API_CLOUD_PROGRAM_H

#include <stdatomic.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"

enum { PROGRAM_TIMEOUT_MS = 60 * 1000, PROGRAM_OUTPUT_BYTES_MAX = 1 << 16 };

/* Words of `command` are split at blanks, as the vendor's tools do. What it printed goes to `out`, which the caller
 * wipes. It is killed, with its process group, when it takes too long, prints too much or *cancelled is up. */
int program_output(const char *command, const atomic_bool *cancelled, struct buffer *out, struct failure *why);

#endif
