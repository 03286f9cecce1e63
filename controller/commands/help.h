/* SPDX-License-Identifier: Apache-2.0
 *
 * Help that a person can learn from, made from the tables; to standard output.
 */
#ifndef MQFERRY_CONTROLLER_COMMANDS_HELP_H
#define MQFERRY_CONTROLLER_COMMANDS_HELP_H

#include "api/fields.h"
#include "controller/commands/options.h"

enum { HELP_TYPE_BYTES = 160 };

void help_overview(void);
void help_command(enum command command);
void help_fields(void);
/* What values a setting takes: "number 1..16", "A | B". */
const char *help_type_word(const struct field_info *info, char room[static HELP_TYPE_BYTES]);

#endif
