/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a name that is declared twice (contract section 5), in one place for files and for whole sources.
 */
#ifndef MQFERRY_MANIFESTS_DUPLICATES_H
#define MQFERRY_MANIFESTS_DUPLICATES_H

#include "api/catalog.h"
#include "manifests/complaints.h"

/* For catalog_seal. Both hand-written: a mistake that names both places (sealing goes on, so that all are found). Equal
 * ones merge; unequal ones are a conflict, told in *why. What people wrote by hand is kept before what tools wrote; a
 * topic that one file knows as the broker's own is not taken for a conflict. */
enum duplicate duplicates_settle(const struct duplicate_pair *pair, struct complaints *mistakes, struct failure *why);
/* Both are of one file that a tool wrote: that is damage, told as a mistake. */
enum duplicate duplicates_in_one_file(const struct duplicate_pair *pair, struct complaints *mistakes);

#endif
