# SPDX-License-Identifier: Apache-2.0
"""What the product does, through the vendor's Python client, with so many threads:

    pysdk.py creates HOST:PORT CONCURRENCY COUNT PREFIX    creates so many topics
    pysdk.py passes  HOST:PORT CONCURRENCY COUNT [details] so many times: the instance, every page of topics and groups, details of groups
    pysdk.py limit   HOST:PORT CONCURRENCY SECONDS PREFIX  creates topics for so long, with the client's own retries
    pysdk.py tls     HOST:PORT CONCURRENCY CA-FILE         one call on each of so many new connections

Prints one line of JSON."""
import concurrent.futures
import itertools
import json
import sys
import time

from alibabacloud_rocketmq20220801 import models
from alibabacloud_rocketmq20220801.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.policy.retry import RetryOptions

INSTANCE, PAGE = "rmq-cn-abc123", 100
NORMAL = models.CreateTopicRequest(message_type="NORMAL")
# Off unless a user sets them; these are generous ones.
RETRIES = {"retryable": True, "retryCondition": [{"maxAttempts": 8, "errorCode": ["Throttling.User"], "backoff": {
    "policy": "ExponentialWithEqualJitter", "period": 200, "cap": 20_000}}]}


def client_of(endpoint, concurrency, **more):
    return Client(Config(access_key_id="LTAI-test", access_key_secret="secret-of-test", endpoint=endpoint, region_id="cn-hangzhou",
                         max_idle_conns=concurrency, **{"protocol": "http", **more}))


def creates(endpoint, pool, concurrency, count, prefix):
    client = client_of(endpoint, concurrency)
    for done in [pool.submit(client.create_topic, INSTANCE, f"{prefix}{number:06}", NORMAL) for number in range(int(count))]:
        if not done.result().body.data:
            sys.exit("a topic was not created")
    return {"created": int(count)}


def passes(endpoint, pool, concurrency, count, details=""):
    client = client_of(endpoint, concurrency)

    def topics(page):
        return client.list_topics(INSTANCE, models.ListTopicsRequest(page_number=page, page_size=PAGE)).body.data

    def groups(page):
        return client.list_consumer_groups(INSTANCE, models.ListConsumerGroupsRequest(page_number=page, page_size=PAGE)).body.data

    def names(call, first):
        return [pool.submit(call, page) for page in range(2, -(-first.total_count // PAGE) + 1)]

    for _ in range(int(count)):
        client.get_instance(INSTANCE)
        firsts = [pool.submit(call, 1) for call in (topics, groups)]
        rest = [names(call, first.result()) for call, first in zip((topics, groups), firsts)]
        found = [[row for page in [first, *others] for row in page.result().list] for first, others in zip(firsts, rest)]
        if details:
            list(pool.map(lambda row: client.get_consumer_group(INSTANCE, row.consumer_group_id).body.data, found[1]))
    return {"topics": len(found[0]), "groups": len(found[1])}


def limit(endpoint, pool, concurrency, seconds, prefix):
    client, numbers = client_of(endpoint, concurrency, retry_options=RetryOptions(RETRIES)), itertools.count()
    until = time.monotonic() + float(seconds)

    def work(_):
        created = failed = 0
        while time.monotonic() < until:
            try:
                client.create_topic(INSTANCE, f"{prefix}{next(numbers):06}", NORMAL)
                created += 1
            except AlibabaCloudException:
                failed += 1
        return created, failed

    counts = list(pool.map(work, range(concurrency)))
    return {"created": sum(one for one, _ in counts), "failed": sum(one for _, one in counts)}


def tls(endpoint, pool, concurrency, bundle):
    client = client_of(endpoint, concurrency, protocol="https", ca=bundle)
    list(pool.map(abs, range(concurrency)))  # its threads are there
    begin = time.monotonic()

    def ask(_):
        try:
            client.get_instance("none")
        except AlibabaCloudException as error:
            return error.code == "Instance.NotFound"
        return False

    answered = sum(pool.map(ask, range(concurrency)))
    return {"answered": answered, "took_us": int((time.monotonic() - begin) * 1e6)}


def main():
    job, endpoint, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with concurrent.futures.ThreadPoolExecutor(concurrency) as pool:
        print(json.dumps({"creates": creates, "passes": passes, "limit": limit, "tls": tls}[job](endpoint, pool, concurrency, *sys.argv[4:])))


main()
