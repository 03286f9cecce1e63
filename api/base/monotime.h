/* SPDX-License-Identifier: Apache-2.0
 *
 * The two clocks. Everything inside counts monotonic milliseconds; the wall clock is for display, journals and
 * signatures.
 */
#ifndef MQFERRY_API_BASE_MONOTIME_H
#define MQFERRY_API_BASE_MONOTIME_H

#include <stdint.h>

uint64_t monotime_ms(void);
int64_t walltime_unix_ms(void);

#endif
