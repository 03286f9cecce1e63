/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <uv.h>

#include "controller/commands/session.h"

int command_version(struct session *session)
{
    if (session->output != OUTPUT_TABLE)
        printf("{\"version\": 1, \"command\": \"version\", \"mqferry\": \"%s\", \"libuv\": \"%s\"}\n", MQFERRY_VERSION,
               uv_version_string());
    else
        printf("mqferry %s (libuv %s)\n", MQFERRY_VERSION, uv_version_string());
    return 0;
}
