/* SPDX-License-Identifier: Apache-2.0
 *
 * Completions of shells from the option table.
 */
#ifndef MQFERRY_CONTROLLER_SERVICE_MAN_COMPLETIONS_H
#define MQFERRY_CONTROLLER_SERVICE_MAN_COMPLETIONS_H

/* To standard output. 0, or -1: we know no such shell. */
int write_completions(const char *shell);

#endif
