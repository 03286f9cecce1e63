/* SPDX-License-Identifier: Apache-2.0
 *
 * A runner with a loop, and what its last pass came to.
 */
#ifndef MQFERRY_TESTS_LIB_RUNNER_FIXTURE_H
#define MQFERRY_TESTS_LIB_RUNNER_FIXTURE_H

#include <stdbool.h>

#include "controller/journal/journal.h"
#include "controller/runner/runner.h"
#include "tests/lib/loop.h"

struct runner_fixture {
    struct test_loop loop;
    struct runner *runner;
    /* To be set between fixture_begin and fixture_open; sensible already. */
    struct runner_options options;
    struct side_options destination, sources[3];
    struct guard guard;
    struct mapping flags;
    const char *paths[4];
    struct failure why;
    /* of the last pass */
    bool done, closed;
    unsigned passes;
    struct pass_report report;
    struct failure failure;
    bool parity, last_good, planned;
    uint32_t mistakes;
    const struct runner_result *result; /* valid until the next pass */
};

/* `destination` and `source` are addresses; source NULL: none. */
void fixture_begin(struct runner_fixture *fixture, const char *destination, const char *source);
void fixture_open(struct runner_fixture *fixture); /* runner_new, which must go well */
void fixture_start(struct runner_fixture *fixture, enum pass_mode mode, uint64_t give_up_ms);
bool fixture_try(struct runner_fixture *fixture, enum pass_mode mode, uint64_t give_up_ms); /* false: not started */
void fixture_wait(struct runner_fixture *fixture);
/* start and wait, waiting in the pass for at most `patience_ms`. */
void fixture_pass(struct runner_fixture *fixture, enum pass_mode mode);
void fixture_end(struct runner_fixture *fixture);  /* closes the runner, if there is one, and the loop */
void fixture_turn(struct runner_fixture *fixture); /* one turn of the loop; fails the test when the pass ends in it */
uint32_t fixture_count(const struct runner_fixture *fixture, enum state state); /* rows in that state, both kinds */

/* A snapshot that stands for any, with these members besides. */
void fixture_put_snapshot(const char *path, const char *members);

/* Topics topic-00000 … of messageType NORMAL. */
struct catalog *fixture_many_topics(unsigned count);

/* What the journals below state/ hold. */
struct journal_tally {
    uint32_t events[JOURNAL_EVENTS];
    char lines[2000]; /* "NAME EVENT\n" each */
};
struct journal_tally fixture_journal(void);

#endif
