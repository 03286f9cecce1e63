# SPDX-License-Identifier: Apache-2.0
"""What a cluster holds, written down: against RocketMQ's own export, there and back, and where that tool fails."""
import json
import re

import mqadmin
from harness import group, topic
from stage import OnCluster, on


class Exporting(OnCluster):
    def export(self, url, out, *more):
        self.run_it("export", "--from", url, "--out", out, *more)
        return self.path(out).read_text()

    def fill(self, cluster):
        """With the admin tool and the witness: shapes that can be created again."""
        mqadmin.run_many(cluster, [
            ("updateTopic", "-c", "DefaultCluster", "-t", "orders", "-r", "6", "-w", "6", "-a", "+message.type=FIFO"),
            ("updateTopic", "-c", "DefaultCluster", "-t", "delayed", "-a", "+message.type=DELAY"),
            ("updateTopic", "-c", "DefaultCluster", "-t", "readers", "-p", "4"),
            ("updateSubGroup", "-c", "DefaultCluster", "-g", "GID_orders", "-r", "5", "-q", "2"),
            ("updateSubGroup", "-c", "DefaultCluster", "-g", "GID_quiet", "-s", "false")])
        for number, master in enumerate(cluster.masters):
            with cluster.client(master) as client:
                client.create_topic("uneven", queues=4 + number)
                client.create_group("GID_orderly", consumeMessageOrderly=True, retryMaxTimes=20)
                client.create_topic("left" if master == "broker-a" else "right", queues=2)


@on("target")
class RoundTrip(Exporting):
    """Comes first on this cluster, which must be empty."""
    also = ("source",)

    def test_export_apply_export_gives_the_same_bytes(self):
        source = self.other[0]
        self.fill(source)
        before = self.export(source.url(), "before.yaml")
        for name in ("orders", "delayed", "readers", "uneven", "left", "right", "GID_orders", "GID_quiet", "GID_orderly"):
            self.assertIn(name, before)
        self.apply("before.yaml")
        self.assertEqual(self.export(self.url, "after.yaml"), before)
        self.verify("before.yaml")
        for kind, read in (("topics", lambda client: client.topics()), ("groups", lambda client: client.groups())):
            ours, theirs = self.cluster.on_masters(read), source.on_masters(read)
            for master, table in theirs.items():
                for name, one in table.items():
                    guard = ours[master][name].get("attributes", {})
                    guard.pop("queue.type", None)
                    guard.pop("cleanup.policy", None)
                    self.assertEqual(ours[master][name], one, (kind, master))
        snapshots = [json.loads(self.export(url, out, "--format", "snapshot")) for url, out in ((source.url(), "a.json"), (self.url, "b.json"))]
        for key in ("topics", "consumerGroups"):
            self.assertEqual(snapshots[0][key], snapshots[1][key])


@on("old", "middle", "new", "rocksdb", "v2")
class Beside(Exporting):
    def test_names_and_numbers_are_those_of_the_admin_tool(self):
        self.cluster.on_masters(lambda client: client.create_topic(self.name("counted"), queues=6))
        self.cluster.on_masters(lambda client: client.create_group(self.name("group"), retryMaxTimes=4))
        ours = json.loads(self.export(self.url, "ours.json", "--format", "snapshot"))
        self.mqadmin("exportMetadata", "-c", "DefaultCluster", "-f", self.folder, until=self.path("metadata.json").exists)
        tool = json.loads(self.path("metadata.json").read_text())
        self.assertEqual({item["name"] for item in ours["consumerGroups"]}, set(tool["subscriptionGroupTable"]))
        listed = {item["name"]: item for item in ours["topics"]}
        # The tool of 5.x leaves out topics whose perm is no perm, that of 4.9 does not.
        sound = [{name for name, item in table.items() if item.get("perm", 6) <= 7} for table in (listed, tool["topicConfigTable"])]
        self.assertEqual(*sound)
        self.assertEqual((listed[self.name("counted")]["readQueueNums"], tool["topicConfigTable"][self.name("counted")]["readQueueNums"]), (6, 12))
        self.check_only_masters_were_asked_to_write()
        self.assertEqual(self.wire.writes(), [])


@on("target")
class Tables(Exporting):
    also = ("source",)

    def test_the_shape_of_one_brokers_export_with_its_numbers(self):
        self.write("d.yaml", topic(self.name("six"), None, readQueueNums=6, writeQueueNums=6) + group(self.name("group"), retryMaxTimes=4))
        self.apply()
        self.cluster.on_masters(lambda client: client.create_topic(self.name("plain"), queues=3))
        text = self.run_it("export", "--from", self.url, "--format", "metadata", code=None)
        if text.code == 0:
            tables = json.loads(text.out)
            self.assertIn("dataVersion", tables)
            self.assertEqual(tables["topicConfigTable"][self.name("six")]["readQueueNums"], 6)
            self.assertEqual(tables["subscriptionGroupTable"][self.name("group")]["retryMaxTimes"], 4)
        else:
            # What differs between the masters has no place in that shape: said, with the name.
            self.assertRegex(text.err, "uneven|both|left|right")


@on("target")
class WhereTheToolFails(Exporting):
    """Comes last: afterwards the admin tool of 5.5.0 is blind on this cluster."""
    also = ("source",)

    def test_a_static_topic_stops_the_tool_and_not_us(self):
        self.mqadmin("updateStaticTopic", "-t", self.name("static"), "-qn", "4", "-b", "broker-a,broker-b",
                     until=lambda: self.name("static") in self.topics()["broker-a"])
        self.assertIn(self.name("static"), self.topics()["broker-a"])
        out, err = self.mqadmin("exportMetadata", "-c", "DefaultCluster", "-f", self.folder / "tool")
        self.assertFalse((self.folder / "tool" / "metadata.json").exists(), out)
        self.assertIn("unquoted", out + err)
        self.cluster.on_masters(lambda client: client.create_topic(self.name("ordinary")))
        ended = self.run_it("export", "--from", self.url, "--format", "snapshot", "--out", "s.json")
        names = set(self.snapshot("s.json")["topics"])
        self.assertIn(self.name("ordinary"), names)
        self.assertNotIn(self.name("static"), names)
        self.assertTrue(re.search("static", ended.err), ended.err)
        self.write("d.yaml", topic(self.name("static"), None, readQueueNums=9, writeQueueNums=9))
        before = self.topics()
        self.apply(code=None)
        self.assertEqual(self.wire.writes(), [])
        self.assertEqual(self.topics(), before)
