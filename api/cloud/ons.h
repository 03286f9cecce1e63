/* SPDX-License-Identifier: Apache-2.0
 *
 * The door to ApsaraMQ for RocketMQ 4.x: ONS OpenAPI 2019-02-14 (openapi 2). No list has pages, groups are asked for by
 * type (tcp, http), nothing has details; creates one by one.
 */
#ifndef MQFERRY_API_CLOUD_ONS_H
#define MQFERRY_API_CLOUD_ONS_H

#include "api/instance.h"

/* As instance_open, for addresses of scheme SCHEME_ONS. */
int ons_open(const struct instance_options *options, struct instance **out, struct failure *why);

#endif
