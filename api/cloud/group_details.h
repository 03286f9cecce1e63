/* SPDX-License-Identifier: Apache-2.0
 *
 * What single reads told of consumer groups, kept until a list shows that they were changed: lists of ApsaraMQ 5.x
 * leave out the delivery order and the retry policy (openapi 1.5). The times are the provider's texts; only their
 * equality counts.
 */
#ifndef MQFERRY_API_CLOUD_GROUP_DETAILS_H
#define MQFERRY_API_CLOUD_GROUP_DETAILS_H

#include "api/resource.h"

struct group_details;

struct group_details *group_details_new(void); /* NULL: no memory */
void group_details_free(struct group_details *details);

/* Replaces what was kept of this group. Without memory nothing is kept: it is read again. */
void group_details_keep(struct group_details *details, struct text name, struct text updated,
                        const struct draft *draft);
/* NULL: nothing is kept of the group as of this time. Valid until the next keep. */
const struct settings *group_details_find(const struct group_details *details, struct text name, struct text updated);

/* May what was read at `now_ms` (Unix) of a group updated at this time ("2022-08-01 20:05:50", UTC+8, openapi 1.5) be
 * kept? Times are whole seconds: what was changed just now may be changed once more in the same second. false too for
 * times that cannot be read. */
bool group_details_lasting(struct text updated, int64_t now_ms);

#endif
