/* SPDX-License-Identifier: Apache-2.0
 *
 * Catalogs from a few lines of text, so that a test shows what it speaks of.
 *
 *     masters broker-a broker-b
 *     Topic orders messageType=FIFO perm=4 at=topics.yaml:3:1
 *     Topic split readQueueNums=8 @broker-a @broker-b readQueueNums=4
 *     ConsumerGroup GID_x policy=observe ~maxReceiveTps=5
 *
 * One resource a line: kind, name, settings by their dotted names (a MAP: attributes={a:b,c:d}). "~" before a setting:
 * only for creation; "^": estimated as well. "@master" begins what is on that master: the settings before the first
 * one, and its own. Besides: policy=, status= (creating, unread, system, static, excluded), problem=CAUSE[/FIELD],
 * source=, at=FILE:LINE:COLUMN. A mistake in the text fails the test.
 */
#ifndef MQFERRY_TESTS_LIB_CATALOG_TEXT_H
#define MQFERRY_TESTS_LIB_CATALOG_TEXT_H

#include "api/catalog.h"

struct catalog *catalog_text(const char *lines);
/* With the decision about names that stand twice. */
struct catalog *catalog_text_with(const char *lines, catalog_duplicate_cb on_duplicate);

/* The row of that kind and name; fails the test when there is none. */
uint32_t catalog_row_of(const struct catalog *catalog, enum kind kind, const char *name);
/* "messageType=FIFO perm=4": the settings in order of fields.def, with the marks above. Until the next call. */
const char *settings_text_of(const struct settings *settings);
/* Settings of a whole resource as above, a spread as "@broker-a … @broker-b …". Until the next call. */
const char *resource_text_of(const struct catalog *catalog, uint32_t row);

#endif
