/* SPDX-License-Identifier: Apache-2.0 */
#include "api/instance.h"

void create_settings(const struct capabilities *capabilities, enum kind kind, const struct settings *declared,
                     struct draft *out)
{
    draft_from_settings(out, declared);
    rules_complete(&capabilities->rules, kind, out, capabilities->holds[kind]);
    out->set &= capabilities->holds[kind];
    out->create_only = 0; /* what was a default before is what is sent now */
    out->estimated = 0;
}
