/* SPDX-License-Identifier: Apache-2.0
 *
 * What brokers of a release accept of message types and attributes (rocketmq-remoting 1.6, 3.7, 5.2, 10.5). For
 * rules_settings.c. Pure.
 */
#ifndef MQFERRY_API_RULES_BROKERS_H
#define MQFERRY_API_RULES_BROKERS_H

#include "api/rules.h"

/* As rules_check_settings; only of what `holds` has. A release that is not known (broker_version 0), or newer than the
 * newest read, is not held to a list of attributes. */
int rules_check_attributes(const struct rules *rules, enum kind kind, const struct settings *settings, uint64_t holds,
                           enum field *out_field, char room[static 256]);

#endif
