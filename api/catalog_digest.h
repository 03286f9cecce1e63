/* SPDX-License-Identifier: Apache-2.0
 *
 * The declared digest: SHA-256 over what a catalog declares, in its order: of each ordinary resource kind, policy, name
 * and settings, or the settings per master with the masters' names. It depends on neither files and lines nor on how
 * settings are interned, and is the same in every process, so that a person can accept a declared set by its digest and
 * a journal can say what was declared.
 */
#ifndef MQFERRY_API_CATALOG_DIGEST_H
#define MQFERRY_API_CATALOG_DIGEST_H

#include "api/base/digest.h"
#include "api/base/failure.h"
#include "api/catalog.h"

/* Takes time: worker threads only for more than a few thousand resources. 0 or -1. */
int catalog_digest(const struct catalog *catalog, char out[static DIGEST_TEXT_BYTES], struct failure *why);

#endif
