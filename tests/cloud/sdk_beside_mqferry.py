# SPDX-License-Identifier: Apache-2.0
"""mqferry beside the vendor's own clients: the same operations make the same requests, field by field; both see the same state,
whoever made it; both are told the same errors."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import signatures
from handle import KEY_ID, SECRET, plain_environment
from sdk_confirm import INSTANCE, MISSING, ONS_INSTANCE, WithFake

if not MISSING:
    from sdk_confirm import Client, OnsClient, models, ons_models

FIVE, FOUR = f"apsaramq://cn-hangzhou/{INSTANCE}", f"ons://cn-hangzhou/{ONS_INSTANCE}"
TOPIC = "order_fifo-1"
# What the Python client signs besides: it signs every header that it sets, and names the provider of its credentials (openapi 4.1).
MORE_IS_SIGNED = {"accept", "user-agent", "x-acs-credentials-provider"}
DIFFERS_EACH_TIME = {"x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256", "user-agent", "x-acs-credentials-provider"}
MANIFEST = """apiVersion: mqferry/v1
kind: Topic
metadata: {name: order_fifo-1}
spec: {messageType: FIFO, remark: "备 注+~*"}
---
apiVersion: mqferry/v1
kind: ConsumerGroup
metadata: {name: GID_a}
spec: {SPEC}
"""
FIVE_GROUP = ("{deliveryOrderType: Orderly, consumeRetryPolicy: {retryPolicy: FixedRetryPolicy, maxRetryTimes: 8, "
              "fixedIntervalRetryTime: 10}}")


def fields(request):
    """A request as the gateway understands it."""
    parsed = signatures.Request(request["method"], request["target"], request["headers"], request["body"].encode())
    signed = request["headers"]["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    headers = {name: value for name, value in request["headers"].items() if name in signed and name not in DIFFERS_EACH_TIME}
    return {"method": request["method"], "path": parsed.path, "query": sorted(parsed.query),
            "body": json.loads(request["body"]) if request["body"] else None, "signed": sorted(set(signed) - MORE_IS_SIGNED),
            "headers": {name: value for name, value in headers.items() if name not in MORE_IS_SIGNED},
            "accept": request["headers"].get("accept")}


@unittest.skipIf(MISSING, MISSING)
class Beside(WithFake):
    maxDiff = None

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="mqferry-beside-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.five, self.four = Client(self.config()), OnsClient(self.config())
        self.fake.control({"set": {"record": True}})

    # --- the two callers

    def mqferry(self, command, to, spec=None, code=0):
        """Its rows, by name."""
        path = self.folder / "d.yaml"
        path.write_text(MANIFEST.replace("{SPEC}", spec or (FIVE_GROUP if to == FIVE else "{groupType: http}")))
        environment = {**plain_environment(), "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET,
                       "MQFERRY_STATE_DIR": str(self.folder / "state"), "HOME": str(self.folder)}
        done = subprocess.run([os.environ["MQFERRY_SANITIZED"], command, "--from", str(path), "--to", to, "--endpoint", self.fake.endpoint,
                               "--output", "json", *(["--yes"] if command == "apply" else [])],
                              env=environment, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return {row["name"]: row for row in json.loads(done.stdout).get("resources", [])}

    def sdk_creates(self, to):
        if to == FOUR:
            self.four.ons_topic_create(ons_models.OnsTopicCreateRequest(instance_id=ONS_INSTANCE, topic=TOPIC, message_type=1,
                                                                        remark="备 注+~*"))
            self.four.ons_group_create(ons_models.OnsGroupCreateRequest(instance_id=ONS_INSTANCE, group_id="GID_a", group_type="http"))
            return
        self.five.create_topic(INSTANCE, TOPIC, models.CreateTopicRequest(message_type="FIFO", remark="备 注+~*"))
        policy = models.CreateConsumerGroupRequestConsumeRetryPolicy(retry_policy="FixedRetryPolicy", max_retry_times=8,
                                                                     fixed_interval_retry_time=10)
        self.five.create_consumer_group(INSTANCE, "GID_a", models.CreateConsumerGroupRequest(
            delivery_order_type="Orderly", consume_retry_policy=policy))

    def sdk_reads(self, to):
        """(topics, groups) as the client has them."""
        if to == FOUR:
            self.four.ons_instance_base_info(ons_models.OnsInstanceBaseInfoRequest(instance_id=ONS_INSTANCE))
            topics = self.four.ons_topic_list(ons_models.OnsTopicListRequest(instance_id=ONS_INSTANCE)).body.data.publish_info_do
            groups = [row for type_ in ("tcp", "http") for row in self.four.ons_group_list(
                ons_models.OnsGroupListRequest(instance_id=ONS_INSTANCE, group_type=type_)).body.data.subscribe_info_do]
            return [(row.topic, row.message_type, row.remark) for row in topics], [(row.group_id, row.group_type) for row in groups]
        self.five.get_instance(INSTANCE)
        topics = self.five.list_topics(INSTANCE, models.ListTopicsRequest(page_number=1, page_size=100)).body.data.list
        groups = self.five.list_consumer_groups(INSTANCE, models.ListConsumerGroupsRequest(page_number=1, page_size=100)).body.data.list
        details = [self.five.get_consumer_group(INSTANCE, row.consumer_group_id).body.data for row in groups]
        return ([(row.topic_name, row.message_type, row.remark) for row in topics],
                [(row.consumer_group_id, row.delivery_order_type, row.consume_retry_policy.max_retry_times) for row in details])

    def requests(self):
        """What came since the last time, by operation: the last of each (and group type)."""
        seen, found = self.fake.seen()["requests"], {}
        for request in seen:
            query = dict(signatures.Request(request["method"], request["target"], request["headers"]).query)
            found[request["headers"]["x-acs-action"], query.get("GroupType")] = fields(request)
        return found

    # --- tests

    def test_the_same_operations_make_the_same_requests(self):
        for to, operations in ((FIVE, 6), (FOUR, 6)):
            with self.subTest(to):
                self.fake.control({"forget": True})
                self.sdk_creates(to)
                self.sdk_reads(to)
                theirs = self.requests()
                for id_, product in ((INSTANCE, "rocketmq"), (ONS_INSTANCE, "ons")):
                    self.fake.control({"instance": {"id": id_, "product": product, "account": "1234567890"}})
                self.fake.control({"forget": True})
                self.mqferry("apply", to)
                self.mqferry("verify", to)
                ours = self.requests()
                self.assertEqual(len(theirs), operations)
                for operation, request in theirs.items():
                    with self.subTest(operation):
                        self.assertEqual(ours.get(operation), request)

    def test_both_look_for_the_product_at_the_same_place(self):
        """Its client's special regions are ours, and no others."""
        text = (pathlib.Path(__file__).parents[2] / "api" / "cloud" / "endpoints.c").read_text()
        ours = {}
        for host, table in re.findall(r"/\* (ons[\w.-]*) \*/\nstatic const char \*const \w+\[\] = {(.*?)};", text, re.S):
            ours.update({region: host for region in re.findall(r'"([\w-]+)"', table)})
        self.assertEqual(ours, self.four._endpoint_map)

    def test_both_see_the_same_whoever_made_it(self):
        for to in (FIVE, FOUR):
            with self.subTest(to, made_by="the SDK"):
                self.sdk_creates(to)
                rows = self.mqferry("verify", to)
                self.assertEqual({name: row["state"] for name, row in rows.items()}, {TOPIC: "inSync", "GID_a": "inSync"})
                of_theirs = self.sdk_reads(to)
            for id_, product in ((INSTANCE, "rocketmq"), (ONS_INSTANCE, "ons")):
                self.fake.control({"instance": {"id": id_, "product": product, "account": "1234567890"}})
            with self.subTest(to, made_by="mqferry"):
                self.mqferry("apply", to)
                self.assertEqual(self.sdk_reads(to), of_theirs)

    def test_both_are_told_the_same_errors(self):
        denied = {"key": {"id": KEY_ID, "secret": SECRET, "account": "1234567890", "denied": ["CreateTopic", "OnsTopicCreate"]}}
        self.fake.control(denied)
        for to in (FIVE, FOUR):
            error = self.refused(self.sdk_creates, to)
            row = self.mqferry("apply", to, code=1)[TOPIC]
            self.assertEqual(row["providerCode"], error.code)
            self.assertIn(row["providerMessage"], error.message)
            self.assertTrue(row["requestId"])

    def test_both_are_throttled(self):
        """The client gives up, mqferry comes again."""
        for to, operation in ((FIVE, "CreateTopic"), (FOUR, "OnsTopicCreate")):
            refuse = {"status": 400, "code": "Throttling.User", "message": "Request was denied due to user flow control.",
                      "gateway": True}
            self.fake.control({"fault": {"operation": operation, "times": 3, "refuse": refuse}})
            self.assertEqual(self.refused(self.sdk_creates, to).code, "Throttling.User")
            self.assertEqual(self.mqferry("apply", to)[TOPIC]["result"], "created")
            self.assertEqual([line["name"] for line in self.fake.audit()].count(TOPIC), 1)
            self.fake.control({"forget": True})


del WithFake  # else its tests would run here too

if __name__ == "__main__":
    unittest.main()
