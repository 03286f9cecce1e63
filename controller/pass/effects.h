/* SPDX-License-Identifier: Apache-2.0
 *
 * How the parts of a pass say what is to be done: effects of the running step, numbered, and the time it runs at. Pure.
 */
#ifndef MQFERRY_CONTROLLER_PASS_EFFECTS_H
#define MQFERRY_CONTROLLER_PASS_EFFECTS_H

#include "api/base/backoff.h"
#include "controller/pass/pass.h"

struct emitter {
    struct effects *effects; /* of the step that runs */
    uint32_t pass;
    uint32_t last_op;
    uint32_t open;   /* effects that wait for their answer; EFFECT_WAIT does not count */
    uint64_t now_ms; /* of the event */
    uint64_t random;
    bool failed; /* an effect was lost because memory ran out: the pass cannot go on */
    struct effect spare;
};

/* A new effect with pass and, where it is answered, op filled in; never NULL. Valid until the next one. */
struct effect *emit(struct emitter *emitter, enum effect_kind kind);
void emit_cancel(struct emitter *emitter, uint32_t op);
/* An answer came. */
void emitter_answered(struct emitter *emitter);

/* What is asked again when it fails for a cause that passes: so many tries, with back-off; being throttled is no try,
 * but ends after PASS_TRY_WINDOW_MS without an answer. */
struct retry {
    uint32_t tries, throttled;
    uint64_t throttled_since_ms; /* while throttled > 0 */
};

/* May it be asked again? Then *out_not_before_ms says when. */
bool retry_allowed(struct retry *retry, struct emitter *emitter, int cause, uint64_t *out_not_before_ms);

#endif
