/* SPDX-License-Identifier: Apache-2.0
 *
 * The door to ApsaraMQ for RocketMQ 5.x: RocketMQ OpenAPI 2022-08-01 (openapi 1). Lists come by pages; details of
 * groups one by one, and again only when they were changed; creates one by one.
 */
#ifndef MQFERRY_API_CLOUD_APSARAMQ_H
#define MQFERRY_API_CLOUD_APSARAMQ_H

#include "api/instance.h"

/* As instance_open, for addresses of scheme SCHEME_APSARAMQ. */
int apsaramq_open(const struct instance_options *options, struct instance **out, struct failure *why);

#endif
