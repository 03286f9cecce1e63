/* SPDX-License-Identifier: Apache-2.0
 *
 * The embedded door: an instance in a JSON file (snapshot_json.h), created by the first create.
 *
 * It stands for a kind of instance, with that kind's rules, holds and shared names; `any` holds everything. A file that
 * does not exist yet is an empty instance for a destination, and INPUT_WRONG for a source. A damaged file is
 * INPUT_WRONG and is never touched. A file that stands for another kind than stands_for says: CONFIGURATION_WRONG.
 *
 * Creates rewrite the whole file: read again under the lock, merged (a name that another process added meanwhile is
 * EXISTED), written beside it, synced, renamed into place. The lock on PATH.lock is held while that takes place; a
 * second writer tries until the request's deadline, then is NOT_SENT with STATE_LOCKED. Reads need no lock. A write
 * that fails leaves the old bytes: NOT_SENT with STATE_UNWRITABLE; only when the directory cannot be synced after the
 * rename, UNKNOWN.
 *
 * One list is one part. Deadlines and cancelling are looked at between steps of the file's work; a step itself
 * (reading, syncing) is not interrupted.
 */
#ifndef MQFERRY_API_SNAPSHOT_SNAPSHOT_H
#define MQFERRY_API_SNAPSHOT_SNAPSHOT_H

#include "api/instance.h"

/* options->address is a snapshot's; what else it needs is copied. Opens no file. 0 or -1. */
int snapshot_open(const struct instance_options *options, struct instance **out, struct failure *why);

#endif
