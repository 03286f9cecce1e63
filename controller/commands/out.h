/* SPDX-License-Identifier: Apache-2.0
 *
 * --out PATH must not be what the command reads: a plan in place of a manifest, or manifests in place of the
 * snapshot that they were made of, would be the end of what exists.
 */
#ifndef MQFERRY_CONTROLLER_COMMANDS_OUT_H
#define MQFERRY_CONTROLLER_COMMANDS_OUT_H

#include "controller/commands/setup.h"

/* cause USAGE when --out names a source, a destination or a mapping, by whatever path. 0 or -1. */
int out_spares_input(const struct setup *setup, struct failure *why);

#endif
