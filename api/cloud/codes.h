/* SPDX-License-Identifier: Apache-2.0
 *
 * What a refusal of Alibaba Cloud means: one table per product from its codes to causes, one of the gateway, the
 * sentences of the documented failures, then shapes (openapi 1.8, 2.5, 3, 4.5). Some codes stand for two causes: what
 * was asked decides. What nothing knows is refused, never a success. Pure.
 */
#ifndef MQFERRY_API_CLOUD_CODES_H
#define MQFERRY_API_CLOUD_CODES_H

#include <stdint.h>

#include "api/base/buffer.h"
#include "api/fields.h"

enum product { PRODUCT_ROCKETMQ, PRODUCT_ONS, PRODUCTS }; /* 2022-08-01, 2019-02-14 */

enum asking { ASKING_DESCRIBE, ASKING_LIST, ASKING_GET, ASKING_CREATE, ASKINGS };

enum { CODE_SAYS_ABSENT = -1 }; /* of ASKING_GET: what was asked for is not there */

/* The cause, or CODE_SAYS_ABSENT. `kind` is what was asked about (any for ASKING_DESCRIBE), `status` that of HTTP. */
int codes_cause(enum product product, enum asking asking, enum kind kind, struct text code, struct text message,
                uint16_t status);

/* What a call is named by the product ("CreateTopic"), and the RAM action that it needs ("rocketmq:CreateTopic"). */
const char *codes_operation(enum product product, enum asking asking, enum kind kind);
const char *codes_ram_action(enum product product, enum asking asking, enum kind kind);

#endif
