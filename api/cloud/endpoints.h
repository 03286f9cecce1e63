/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the products' APIs are (openapi 5): HOST.REGION.aliyuncs.com, but for special regions of ONS, whose requests go
 * to one for all. The list is that of the vendor's client (ons-20190214/main.tea).
 */
#ifndef MQFERRY_API_CLOUD_ENDPOINTS_H
#define MQFERRY_API_CLOUD_ENDPOINTS_H

enum { ENDPOINT_BYTES = 256 };

/* https://…; `host` is the product's: "rocketmq", "ons". */
void endpoint_of(const char *host, const char *region, char out[static ENDPOINT_BYTES]);

#endif
