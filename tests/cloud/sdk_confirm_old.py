# SPDX-License-Identifier: Apache-2.0
"""The vendor's client of old for Python, which signs with RPC 1.0, takes a gateway that knows nothing else for the cloud; mqferry sees
there what it made, and it what mqferry made."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import signatures
from handle import KEY_ID, SECRET, Fake, plain_environment

try:
    from aliyunsdkcore.acs_exception.exceptions import ServerException
    from aliyunsdkcore.client import AcsClient
    from aliyunsdkons.request.v20190214 import (OnsGroupCreateRequest, OnsGroupListRequest, OnsInstanceBaseInfoRequest,
                                                OnsInstanceInServiceListRequest, OnsTopicCreateRequest, OnsTopicListRequest)
    MISSING = ""
except ImportError as error:
    MISSING = f"the vendor's client of old cannot be installed here ({error})"

INSTANCE, FOUR = "MQ_INST_1", "ons://cn-hangzhou/MQ_INST_1"
MANIFEST = """apiVersion: mqferry/v1
kind: Topic
metadata: {name: order}
spec: {messageType: FIFO, remark: "备 注+~*"}
---
apiVersion: mqferry/v1
kind: ConsumerGroup
metadata: {name: GID_b}
spec: {groupType: http}
"""
# What its requests and ours need not agree in: nonces, times, what comes of them; what it always adds.
OF_EACH = {"SignatureNonce", "Timestamp", "Signature", "RegionId", "SignatureType"}


def mqferry(fake, command):
    """(exit code, rows by name, all it said) of MANIFEST, with a state that nobody else has."""
    with tempfile.TemporaryDirectory(prefix="mqferry-old-") as folder:
        path = pathlib.Path(folder) / "d.yaml"
        path.write_text(MANIFEST)
        environment = {**plain_environment(), "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET,
                       "MQFERRY_STATE_DIR": folder, "HOME": folder}
        done = subprocess.run([os.environ["MQFERRY_SANITIZED"], command, "--from", str(path), "--to", FOUR, "--endpoint", fake.endpoint,
                               "--output", "json", *(["--yes"] if command == "apply" else [])],
                              env=environment, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, {row["name"]: row for row in json.loads(done.stdout).get("resources", [])}, done.stdout + done.stderr


@unittest.skipIf(MISSING, MISSING)
class Old(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.fake = Fake()
        self.addCleanup(self.fake.close)
        self.fake.control({"set": {"only_v1": ["mandatory", "AccessKeyId"], "record": True}})
        self.sdk = AcsClient(KEY_ID, SECRET, "cn-hangzhou", auto_retry=False)

    def call(self, module, sdk=None, **parameters):
        request = getattr(module, module.__name__.rsplit(".", 1)[-1])()
        request.set_endpoint(self.fake.host)
        request.set_accept_format("json")
        for name, value in parameters.items():
            getattr(request, f"set_{name}")(value)
        return json.loads((sdk or self.sdk).do_action_with_exception(request))

    def creates(self):
        self.call(OnsTopicCreateRequest, InstanceId=INSTANCE, Topic="order", MessageType=1, Remark="备 注+~*")
        self.call(OnsGroupCreateRequest, InstanceId=INSTANCE, GroupId="GID_b", GroupType="http")

    def sees(self):
        topics = self.call(OnsTopicListRequest, InstanceId=INSTANCE)["Data"]["PublishInfoDo"]
        groups = [self.call(OnsGroupListRequest, InstanceId=INSTANCE, GroupType=one)["Data"]["SubscribeInfoDo"] for one in ("tcp", "http")]
        return ([(row["Topic"], row["MessageType"], row["Remark"], row["ServiceStatus"]) for row in topics],
                [[(row["GroupId"], row["GroupType"]) for row in rows] for rows in groups])

    def refused(self, *arguments, **parameters):
        with self.assertRaises(ServerException) as caught:
            self.call(*arguments, **parameters)
        return caught.exception.get_error_code()

    def mqferry(self, command):
        """Its rows, by name."""
        code, rows, said = mqferry(self.fake, command)
        self.assertEqual(code, 0, said)
        return rows

    def requests(self):
        """What the gateway was asked in its own way, by operation and group type, without what differs each time."""
        found = {}
        for request in self.fake.seen()["requests"]:
            parsed = signatures.Request(request["method"], request["target"], request["headers"], request["body"].encode())
            pairs = dict(parsed.query + parsed.form)
            if "Signature" in pairs:
                found[pairs["Action"], pairs.get("GroupType")] = (
                    parsed.path, {name: value for name, value in pairs.items() if name not in OF_EACH})
        self.fake.control({"forget": True})
        return found

    # --- tests

    def test_it_lists_reads_and_creates_and_mqferry_sees_the_same(self):
        self.creates()
        self.assertEqual(self.sees(), ([("order", 1, "备 注+~*", 1)], [[], [("GID_b", "http")]]))
        info = self.call(OnsInstanceBaseInfoRequest, InstanceId=INSTANCE)["InstanceBaseInfo"]
        self.assertEqual((info["InstanceId"], info["InstanceStatus"]), (INSTANCE, 5))
        every = self.call(OnsInstanceInServiceListRequest)["Data"]["InstanceVO"]
        self.assertEqual([row["InstanceId"] for row in every], [INSTANCE])
        self.assertEqual({name: row["state"] for name, row in self.mqferry("verify").items()}, {"order": "inSync", "GID_b": "inSync"})
        self.assertEqual(len(self.fake.audit()), 2)

    def test_it_sees_what_mqferry_made(self):
        rows = self.mqferry("apply")
        self.assertEqual({row["result"] for row in rows.values()}, {"created"})
        self.assertEqual(self.sees(), ([("order", 1, "备 注+~*", 1)], [[], [("GID_b", "http")]]))

    def test_both_make_the_same_requests(self):
        self.creates()
        self.sees()
        self.call(OnsInstanceBaseInfoRequest, InstanceId=INSTANCE)
        theirs = self.requests()
        self.fake.control({"instance": {"id": INSTANCE, "product": "ons", "account": "1234567890"}})
        self.mqferry("apply")
        self.mqferry("verify")
        ours = self.requests()
        self.assertEqual(len(theirs), 6)
        self.assertEqual(ours, theirs)

    def test_errors(self):
        self.creates()
        again = {"InstanceId": INSTANCE, "Topic": "order", "MessageType": 1}
        self.assertEqual(self.refused(OnsTopicCreateRequest, **again), "BIZ_TOPIC_EXISTED")
        self.assertEqual(self.refused(OnsInstanceBaseInfoRequest, InstanceId="none"), "INSTANCE_NOT_FOUND")
        # It found the server's string to sign equal to its own: so the secret must be wrong.
        self.assertEqual(self.refused(OnsTopicListRequest, AcsClient(KEY_ID, "another", "cn-hangzhou"), InstanceId=INSTANCE),
                         "InvalidAccessKeySecret")
        self.assertEqual(self.refused(OnsTopicListRequest, AcsClient("nobody", SECRET, "cn-hangzhou"), InstanceId=INSTANCE),
                         "InvalidAccessKeyId.NotFound")
        self.assertEqual(len(self.fake.audit()), 2)

    def test_throttling(self):
        """It gives up, mqferry comes again."""
        self.fake.control({"limit": {"operation": "OnsTopicCreate", "rate": 1, "burst": 1}})
        self.call(OnsTopicCreateRequest, InstanceId=INSTANCE, Topic="first", MessageType=0)
        self.assertEqual(self.refused(OnsTopicCreateRequest, InstanceId=INSTANCE, Topic="order", MessageType=1), "Throttling.User")
        self.assertEqual(self.mqferry("apply")["order"]["result"], "created")
        self.assertEqual(sorted(line["name"] for line in self.fake.audit()), ["GID_b", "first", "order"])


if __name__ == "__main__":
    unittest.main()
