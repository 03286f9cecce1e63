/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of consumer groups with their details, for instances that are a source: all that is there is declared then, so
 * each group whose details are not known is read, before the list's part is answered. (A destination's details are
 * asked for by the pass, where they are declared.)
 */
#ifndef MQFERRY_API_CLOUD_DETAILS_H
#define MQFERRY_API_CLOUD_DETAILS_H

#include "api/cloud/door.h"

/* From now on this door lists groups so. */
void details_attach(struct door *door);

#endif
