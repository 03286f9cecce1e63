# SPDX-License-Identifier: Apache-2.0
"""The witness and the tap are right themselves: against published vectors, real brokers, and RocketMQ's own tool."""
import time
import unittest

import mqadmin
import remoting
import settings
from stage import OnCluster, on


class Protocol(unittest.TestCase):
    def test_signatures_are_those_that_live_brokers_accepted(self):
        topic = {"AccessKey": "ferryAdminKey", "topic": "orders", "defaultTopic": "TBW102", "readQueueNums": "8",
                 "writeQueueNums": "8", "perm": "6", "topicFilterType": "SINGLE_TAG", "topicSysFlag": "0", "order": "false",
                 "attributes": "+message.type=FIFO"}
        self.assertEqual(remoting.signature("ferryAdminSecret", topic, b""), "jiPq5M9ZYruGSGNXrJrYkyT1Fek=")
        body = b'{"groupName":"GID_orders","retryMaxTimes":16}'
        self.assertEqual(remoting.signature("ferryAdminSecret", {"AccessKey": "ferryAdminKey"}, body), "MiWih2DuMvc6Aev98MXTwD49iSA=")
        token = {"AccessKey": "ferryAdminKey", "SecurityToken": "tok123"}
        self.assertEqual(remoting.signature("ferryAdminSecret", token, b""), "dr1Zy+JJnMRbv5HVewEc4jH1TQ4=")

    def test_frames_of_both_header_forms(self):
        binary = bytes.fromhex("000000320100002e00000001990000000200000001000000196e6f742073657420616e7920726573706f6e736520636f646500000000")
        header, body = remoting.unframe(binary[4:])
        self.assertEqual((header["code"], header["version"], header["opaque"], header["remark"], body),
                         (0, 409, 2, "not set any response code", b""))
        self.assertEqual(remoting.unframe(remoting.frame({"code": 106}, b"x")[4:]), ({"code": 106}, b"x"))

    def test_bare_number_keys_and_nothing_else_is_changed(self):
        self.assertEqual(remoting.parse(b'{"a":{0:"1,2:3", -1:[{7:{}}]},"{3:4":"\\",5:6"}'),
                         {"a": {"0": "1,2:3", "-1": [{"7": {}}]}, "{3:4": '",5:6'})


@on("old", "new")
class Witness(OnCluster):
    def test_it_sees_what_the_admin_tool_made_and_the_tool_sees_what_it_made(self):
        commands = [("updateTopic", "-c", "DefaultCluster", "-t", self.name("tool"), "-r", "5", "-w", "5"),
                    ("updateSubGroup", "-c", "DefaultCluster", "-g", self.name("toolgroup"), "-r", "7")]
        mqadmin.run_many(self.cluster, commands)
        self.assertEqual([table[self.name("tool")]["readQueueNums"] for table in self.topics().values()], [5, 5])
        self.assertEqual([table[self.name("toolgroup")]["retryMaxTimes"] for table in self.groups().values()], [7, 7])
        self.cluster.on_masters(lambda client: client.create_topic(self.name("witness"), queues=3))
        self.assertIn(self.name("witness"), self.mqadmin("topicList")[0])
        for master in self.cluster.masters:
            self.assertEqual(self.cluster.table(master, "topics")["topicConfigTable"][self.name("witness")]["readQueueNums"], 3)

    def test_the_tap_counts_and_shows_its_own_addresses(self):
        with remoting.Client(self.wire.address("namesrv-1")) as client:
            brokers, _ = client.brokers()
        self.assertEqual(brokers["broker-a"], {"0": self.wire.address("broker-a"), "1": self.wire.address("broker-a-slave")})
        with remoting.Client(self.wire.address("broker-b")) as client:
            client.create_group(self.name("counted"))
            self.assertIn(self.name("counted"), client.groups())
        self.assertEqual([one.peer for one in self.wire.seen(remoting.CREATE_GROUP)], ["broker-b"])
        self.assertEqual(self.wire.written(), {("broker-b", "group", self.name("counted")): 1})

    def test_the_tap_hangs_cuts_and_delays(self):
        address = self.wire.address("broker-a")
        hung = self.wire.rule("hang", "broker-a", remoting.TOPICS)
        with remoting.Client(address, timeout=0.5) as client:
            self.assertRaises(TimeoutError, client.topics)
        self.assertTrue(hung.happened.wait(5))
        for action, there in (("cut", False), ("cut-answer", True)):
            self.wire.rule(action, "broker-a", remoting.CREATE_TOPIC)
            with remoting.Client(address) as client:
                self.assertRaises(OSError, client.create_topic, self.name(action))
            with remoting.Client(address) as client:
                self.assertEqual(self.name(action) in client.topics(), there)
        self.wire.rule("delay", "broker-a", remoting.TOPICS, seconds=0.3)
        with remoting.Client(address) as client:
            begin = time.monotonic()
            client.topics()
            self.assertGreater(time.monotonic() - begin, 0.29)

    def test_a_stopped_process_keeps_silent_and_comes_back(self):
        self.cluster.pause("namesrv-2")
        self.addCleanup(self.cluster.resume, "namesrv-2")
        with self.cluster.client("namesrv-2", timeout=0.5) as client:
            self.assertRaises(TimeoutError, client.brokers)
        self.cluster.resume("namesrv-2")
        self.cluster.wait_for("namesrv-2")


@on("old-acl-tls", "middle-acl-tls", "new-acl")
class Closed(OnCluster):
    def test_wrong_keys_and_no_keys_are_refused(self):
        for credentials in (None, (settings.ADMIN[0], "somethingWrong"), ("nobodyKnown", settings.ADMIN[1])):
            with self.cluster.client("broker-a", credentials) as client:
                self.assertRaises(remoting.Refused, client.topics)
        with self.cluster.client("broker-a") as client:
            client.create_topic(self.name("allowed"))
            self.assertIn(self.name("allowed"), client.topics())
