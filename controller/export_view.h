/* SPDX-License-Identifier: Apache-2.0
 *
 * What is exported of what an instance holds: ordinary resources, nothing that is RocketMQ's own (people declare from
 * it, and a system name would be a mistake). Pure.
 *
 * Of a cluster: what is the same on all of its masters is said once. Attributes that creates carry as a guard, with the
 * values that everything without them has (rocketmq-remoting 3.8), are left out: so an export, applied elsewhere and
 * exported again, gives the same bytes.
 */
#ifndef MQFERRY_CONTROLLER_EXPORT_VIEW_H
#define MQFERRY_CONTROLLER_EXPORT_VIEW_H

#include "api/catalog.h"
#include "api/instance.h"

/* 0 with a reference that the caller owns, or -1: no memory. */
int export_view(const struct catalog *catalog, const struct capabilities *capabilities, struct catalog **out,
                struct failure *why);

#endif
