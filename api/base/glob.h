/* SPDX-License-Identifier: Apache-2.0
 *
 * Globs over names: * any run of bytes, ? one code point, everything else itself. The whole name must match.
 * Linear in practice (single back-track point, O(pattern × name) at worst), no locale, no classes, no escapes.
 */
#ifndef MQFERRY_API_BASE_GLOB_H
#define MQFERRY_API_BASE_GLOB_H

#include <stdbool.h>

#include "api/base/buffer.h"

bool glob_match(struct text pattern, struct text name);
bool glob_is_literal(struct text pattern); /* holds neither * nor ? */

#endif
