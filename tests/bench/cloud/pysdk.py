# SPDX-License-Identifier: Apache-2.0
"""Creates topics through the vendor's Python client, with so many threads: pysdk.py HOST:PORT COUNT CONCURRENCY PREFIX."""
import concurrent.futures
import sys

from alibabacloud_rocketmq20220801 import models
from alibabacloud_rocketmq20220801.client import Client
from alibabacloud_tea_openapi.utils_models import Config


def main():
    endpoint, count, concurrency, prefix = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    client = Client(Config(access_key_id="LTAI-test", access_key_secret="secret-of-test", endpoint=endpoint, protocol="http",
                           region_id="cn-hangzhou", max_idle_conns=concurrency))
    request = models.CreateTopicRequest(message_type="NORMAL")
    with concurrent.futures.ThreadPoolExecutor(concurrency) as pool:
        for done in [pool.submit(client.create_topic, "rmq-cn-abc123", f"{prefix}{number:06}", request) for number in range(count)]:
            if not done.result().body.data:
                sys.exit("a topic was not created")
    print("created", count)


main()
