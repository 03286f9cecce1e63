/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/endpoints.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ons.aliyuncs.com */
static const char *const central[] = {
    "cn-beijing-finance-1",
    "cn-beijing-finance-pop",
    "cn-beijing-gov-1",
    "cn-beijing-nu16-b01",
    "cn-edge-1",
    "cn-fujian",
    "cn-haidian-cm12-c01",
    "cn-hangzhou-bj-b01",
    "cn-hangzhou-internal-prod-1",
    "cn-hangzhou-internal-test-1",
    "cn-hangzhou-internal-test-2",
    "cn-hangzhou-internal-test-3",
    "cn-hangzhou-test-306",
    "cn-hongkong-finance-pop",
    "cn-qingdao-nebula",
    "cn-shanghai-et15-b01",
    "cn-shanghai-et2-b01",
    "cn-shanghai-inner",
    "cn-shanghai-internal-test-1",
    "cn-shenzhen-inner",
    "cn-shenzhen-st4-d01",
    "cn-shenzhen-su18-b01",
    "cn-wuhan",
    "cn-yushanfang",
    "cn-zhangbei-na61-b01",
    "cn-zhangjiakou-na62-a01",
    "cn-zhengzhou-nebula-1",
};

/* ons.ap-northeast-1.aliyuncs.com */
static const char *const tokyo[] = {
    "ap-northeast-2-pop",
    "eu-west-1-oxs",
    "rus-west-1-pop",
};

static bool is_among(const char *const *regions, size_t count, const char *region)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(regions[i], region) == 0)
            return true;
    }
    return false;
}

void endpoint_of(const char *host, const char *region, char out[static ENDPOINT_BYTES])
{
    bool ons = strcmp(host, "ons") == 0;

    if (ons && is_among(central, sizeof central / sizeof *central, region))
        snprintf(out, ENDPOINT_BYTES, "https://ons.aliyuncs.com");
    else if (ons && is_among(tokyo, sizeof tokyo / sizeof *tokyo, region))
        snprintf(out, ENDPOINT_BYTES, "https://ons.ap-northeast-1.aliyuncs.com");
    else
        snprintf(out, ENDPOINT_BYTES, "https://%s.%s.aliyuncs.com", host, region);
}
