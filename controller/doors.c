/* SPDX-License-Identifier: Apache-2.0
 *
 * The only place that knows every door.
 */
#include "api/cause.h"
#include "api/cloud/apsaramq.h"
#include "api/cloud/ons.h"
#include "api/cluster/cluster.h"
#include "api/instance.h"
#include "api/snapshot/snapshot.h"

int instance_open(const struct instance_options *options, struct instance **out, struct failure *why)
{
    switch (options->address->scheme) {
    case SCHEME_SNAPSHOT:
        return snapshot_open(options, out, why);
    case SCHEME_APSARAMQ:
        return apsaramq_open(options, out, why);
    case SCHEME_ONS:
        return ons_open(options, out, why);
    case SCHEME_ROCKETMQ:
    case SCHEME_ROCKETMQS:
        return cluster_open(options, out, why);
    }
    return failure_set(why, CAUSE_UNSUPPORTED, "this build does not know what kind of instance this is");
}
