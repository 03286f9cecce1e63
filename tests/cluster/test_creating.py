# SPDX-License-Identifier: Apache-2.0
"""Create only what is missing, per master: told by the wire, by the witness, by the brokers' own files, by RocketMQ's own tool."""
import collections
import json
import threading

import remoting
from harness import SAMPLES, group, topic
from stage import OnCluster, on
from wire import entries

EVERYWHERE = ("old", "middle", "new", "rocksdb", "v2")


@on(*EVERYWHERE)
class Creating(OnCluster):
    def declare(self):
        """Topics and groups of many shapes; gives what the brokers should hold."""
        topics = {self.name(f"t{i}"): {"readQueueNums": 8, "writeQueueNums": 8, "perm": 6} for i in range(20)}
        topics[self.name("narrow")] = {"readQueueNums": 4, "writeQueueNums": 2, "perm": 6}
        topics[self.name("read")] = {"readQueueNums": 1, "writeQueueNums": 1, "perm": 4}
        topics[self.name("many")] = {"readQueueNums": 3, "writeQueueNums": 3, "perm": 6, "topicFilterType": "MULTI_TAG"}
        topics["d" * 120 + self.prefix] = {"readQueueNums": 1, "writeQueueNums": 1}
        groups = {self.name(f"g{i}"): {} for i in range(10)}
        groups[self.name("few")] = {"retryMaxTimes": 3, "retryQueueNums": 2, "consumeBroadcastEnable": "false"}
        groups[self.name("off")] = {"consumeEnable": "false"}
        self.write("d.yaml", "".join(topic(name, None, **spec) for name, spec in topics.items())
                   + "".join(group(name, **spec) for name, spec in groups.items()))
        return topics, {name: {key: {"false": False}.get(value, value) for key, value in spec.items()} for name, spec in groups.items()}

    def check_held(self, tables, wanted):
        for master in self.cluster.masters:
            for name, spec in wanted.items():
                self.assertIn(name, tables[master], master)
                self.assertEqual({key: tables[master][name][key] for key in spec}, spec, (master, name))

    def test_what_is_declared_is_created_once_on_every_master_and_the_second_run_sends_nothing(self):
        topics, groups = self.declare()
        self.run_it("plan", "--from", "d.yaml", "--to", self.url)
        self.verify(code=2)
        self.assertEqual(self.wire.writes(), [])
        self.apply()
        self.check_held(self.topics(), topics)
        self.check_held(self.groups(), groups)
        wanted = {(master, kind, name): 1 for master in self.cluster.masters
                  for kind, names in (("topic", topics), ("group", groups)) for name in names}
        self.assertEqual(self.wire.written(), wanted)
        self.check_only_masters_were_asked_to_write()
        self.verify()
        self.wire.clear()
        self.apply()
        self.assertEqual(self.wire.writes(), [])
        self.mqadmin("exportMetadata", "-c", "DefaultCluster", "-f", self.folder, until=self.path("metadata.json").exists)
        exported = json.loads(self.path("metadata.json").read_text())
        for name, spec in topics.items():
            self.assertEqual(exported["topicConfigTable"][name]["readQueueNums"], spec["readQueueNums"] * len(self.cluster.masters))
        self.assertLessEqual(set(groups), set(exported["subscriptionGroupTable"]))

    def bytes_of_everything(self):
        """The brokers' own files, entry by entry; where the store is RocksDB, what the witness reads."""
        if self.cluster.store:
            tables = [(kind, self.cluster.on_masters(read)) for kind, read in
                      (("topic", lambda client: client.topics()), ("group", lambda client: client.groups()))]
        else:
            tables = [(kind, {master: self.cluster.table(master, file)[key] for master in self.cluster.masters})
                      for kind, file, key in (("topic", "topics", "topicConfigTable"), ("group", "subscriptionGroup", "subscriptionGroupTable"))]
        return {(kind, master, name): json.dumps(one) for kind, table in tables for master in table for name, one in table[master].items()}

    def test_what_is_there_with_other_settings_is_not_touched(self):
        def others(client):
            client.create_topic(self.name("wide"), queues=17)
            client.create_topic(self.name("closed"), queues=5, perm=2)
            client.create_topic(self.name("odd"), queues=0, perm=99)
            client.create_group(self.name("patient"), retryMaxTimes=99, consumeEnable=False)
        self.cluster.on_masters(others)
        self.write("d.yaml", "".join(topic(self.name(name), None, readQueueNums=8, writeQueueNums=8, perm=6)
                                     for name in ("wide", "closed", "odd", "fresh"))
                   + group(self.name("patient"), retryMaxTimes=16) + group(self.name("freshgroup")))
        before = self.bytes_of_everything()
        ended = self.apply("d.yaml", "--output", "json")
        after = self.bytes_of_everything()
        self.assertEqual({key: after.get(key) for key in before}, before)
        self.assertEqual({key[2] for key in set(after) - set(before)}, {self.name("fresh"), self.name("freshgroup")})
        states = {row["name"]: row["state"] for row in ended.json()["resources"]}
        self.assertEqual(collections.Counter(states.values()), {"differs": 4, "inSync": 2})
        self.verify(code=2)

    def test_what_is_half_created_is_completed_on_the_other_master_and_nowhere_else(self):
        with self.cluster.client("broker-a") as client:
            client.create_topic(self.name("half"), queues=8)
            client.create_group(self.name("halfgroup"))
            client.create_topic(self.name("other"), queues=3)
        self.write("d.yaml", topic(self.name("half"), None) + topic(self.name("other"), None, readQueueNums=8, writeQueueNums=8)
                   + group(self.name("halfgroup")))
        self.apply()
        self.assertEqual(self.wire.written(), {("broker-b", "topic", self.name("half")): 1, ("broker-b", "group", self.name("halfgroup")): 1})
        self.assertNotIn(self.name("other"), self.topics()["broker-b"])

    def test_names_and_values_that_brokers_would_store_are_refused_here(self):
        self.write("d.json", json.dumps({
            "topicConfigTable": {name: {"topicName": name, "readQueueNums": queues, "writeQueueNums": queues, "perm": 6}
                                 for name, queues in ((self.name("blank in it"), 8), (self.name("negative"), -3), (self.name("good"), 8),
                                                      (self.prefix + "x" * 200, 8))},
            "subscriptionGroupTable": {name: {"groupName": name} for name in
                                       (self.prefix + "g" * 300, self.name("dotted.group"), self.name("goodgroup"))}}))
        ended = self.apply("d.json", "--source-masters", "1", "--output", "json", code=1)
        self.assertEqual({entry[2] for entry in self.wire.written()}, {self.name("good"), self.name("goodgroup")})
        invalid = {row["name"] for row in ended.json()["resources"] if row["state"] == "invalid"}
        self.assertEqual(len(invalid), 5)

    def test_a_topic_that_appears_while_the_create_is_on_its_way(self):
        """One that equals ours makes a broker of 5.x answer a batch with success and create nothing of it."""
        names = [self.name(f"t{i}") for i in range(12)]
        self.write("d.yaml", "".join(topic(name, None) for name in names))

        def meanwhile(_):
            self.cluster.on_masters(lambda client: client.create_topic(names[5]))
        rule = self.wire.rule("call", "broker-a", *remoting.WRITES, call=meanwhile)
        self.apply()
        self.assertTrue(rule.happened.is_set())
        for master, table in self.mine(self.topics()).items():
            self.assertEqual(sorted(table), sorted(names), master)
            if not self.cluster.store:
                self.assertLessEqual(set(names), set(self.cluster.table(master, "topics")["topicConfigTable"]), "not on disk")
        for server in ("namesrv-1", "namesrv-2"):
            with self.cluster.client(server) as client:
                self.assertLessEqual(set(names), client.topic_names(), "not registered")
        self.verify()

    def test_one_place_only_where_the_manifest_says_so(self):
        self.write("d.yaml", topic(self.name("left"), None, brokers="{broker-a: {}}")
                   + topic(self.name("both"), None, brokers="{broker-a: {readQueueNums: 2, writeQueueNums: 2}, broker-b: {}}"))
        self.apply()
        table = self.mine(self.topics())
        self.assertEqual(sorted(table["broker-a"]), [self.name("both"), self.name("left")])
        self.assertEqual(sorted(table["broker-b"]), [self.name("both")])
        self.assertEqual([table[master][self.name("both")]["readQueueNums"] for master in self.cluster.masters], [2, 8])
        self.verify()
        self.wire.clear()
        self.apply()
        self.assertEqual(self.wire.writes(), [])


@on("old", "new", "v2")
class Samples(OnCluster):
    """The sample manifests have names of their own that no other test uses."""

    def test_the_samples_are_created(self):
        for name in ("topics.yaml", "groups.yaml"):
            self.sample(name)
        self.apply("topics.yaml", "--from", "groups.yaml")
        topics, groups = self.topics(), self.groups()
        for master in self.cluster.masters:
            self.assertLessEqual({"order_created", "audit_event", "payment_received", "refund_requested", "reminder_due"}, set(topics[master]))
            self.assertLessEqual({"GID_billing", "GID_reminder", "GID_search"}, set(groups[master]))
            self.assertNotIn("GID_audit", groups[master])
            self.assertEqual(groups[master]["GID_search"]["retryMaxTimes"], 3)
            self.assertEqual(topics[master]["audit_event"]["perm"], 4)
            if self.new():
                self.assertEqual(topics[master]["order_created"]["attributes"]["message.type"], "FIFO")
                self.assertTrue(groups[master]["GID_billing"]["consumeMessageOrderly"])
        self.assertEqual([topics[master]["audit_event"]["readQueueNums"] for master in self.cluster.masters], [8, 4])
        self.wire.clear()
        self.apply("topics.yaml", "--from", "groups.yaml")
        self.assertEqual(self.wire.writes(), [])

    def test_an_export_of_the_admin_tool_is_created(self):
        self.write("export.json", (SAMPLES / "rocketmq-metadata-export.json").read_text())
        self.apply("export.json", "--exclude", "order_created")
        table = self.topics()
        for master in self.cluster.masters:
            self.assertEqual(table[master]["payment_event"]["readQueueNums"], 8)
            self.assertEqual(table[master]["audit_archive"]["writeQueueNums"], 0)
            self.assertEqual(table[master]["load_test"]["readQueueNums"], 1)
            self.assertNotIn("DefaultHeartBeatSyncerTopic", table[master])


@on("old", "new", "rocksdb", "v2")
class Order(OnCluster):
    def test_ordered_topics(self):
        """On 4.x the name servers' entry is the only way to an ordered topic."""
        self.write("d.yaml", topic(self.name("ordered"), "FIFO" if self.new() else None, order="true") + topic(self.name("plain"), None))
        self.apply()
        for master, table in self.topics().items():
            self.assertTrue(table[self.name("ordered")]["order"], master)
            self.assertFalse(table[self.name("plain")]["order"], master)
        if not self.new():
            for server in ("namesrv-1", "namesrv-2"):
                with self.cluster.client(server) as client:
                    self.assertEqual(set(client.get("ORDER_TOPIC_CONFIG", self.name("ordered")).split(";")), {"broker-a:8", "broker-b:8"})
                    self.assertIsNone(client.get("ORDER_TOPIC_CONFIG", self.name("plain")))
        self.wire.clear()
        self.apply()
        self.assertEqual(self.wire.writes(), [])


@on("new", "rocksdb")
class Attributes(OnCluster):
    def test_message_types_and_attributes_reach_the_broker(self):
        self.write("d.yaml", topic(self.name("fifo"), "FIFO") + topic(self.name("delay"), "DELAY")
                   + topic(self.name("compact"), None, attributes="{cleanup.policy: DELETE, reserve.time: 72}"))
        self.apply()
        for table in self.topics().values():
            self.assertEqual(table[self.name("fifo")]["attributes"]["message.type"], "FIFO")
            self.assertEqual(table[self.name("delay")]["attributes"]["message.type"], "DELAY")
            self.assertEqual(table[self.name("compact")]["attributes"]["reserve.time"], "72")
        self.verify()

    def test_what_another_client_creates_at_the_same_time_is_never_overwritten(self):
        """The other client creates with an attribute that cannot change: its success says that it was the first."""
        names = [self.name(f"t{i}") for i in range(40)]
        self.write("d.yaml", "".join(topic(name, None, readQueueNums=8, writeQueueNums=8) for name in names))
        first = collections.defaultdict(set)

        def other(master):
            with self.cluster.client(master) as client:
                for name in reversed(names):
                    try:
                        client.create_topic(name, queues=3, attributes="+queue.type=SimpleCQ")
                        first[master].add(name)
                    except remoting.Refused:
                        pass
        others = [threading.Thread(target=other, args=[master]) for master in self.cluster.masters]
        rule = self.wire.rule("call", None, *remoting.WRITES, call=lambda _: [thread.start() for thread in others])
        self.apply(code=None)
        self.assertTrue(rule.happened.is_set())
        for thread in others:
            thread.join()
        for master, table in self.topics().items():
            self.assertEqual(sorted(name for name in names if name in table), sorted(names))
            overwritten = [name for name in first[master] if table[name]["readQueueNums"] != 3]
            self.assertEqual(overwritten, [], master)


MAPPED = """apiVersion: mqferry/v1
kind: Sync
metadata: {name: mapped}
spec:
  mode: apply
  source: [d.yaml]
  destination: {address: "URL", addressMap: MAP}
"""


@on("old")
class Mapped(OnCluster):
    def test_brokers_are_asked_where_the_address_map_says(self):
        self.write("d.yaml", topic(self.name("t"), None))
        brokers = (*self.cluster.masters, *self.cluster.slaves)
        addresses = {self.cluster.address(name): self.wire.address(name) for name in brokers}
        self.write("mqferry.yaml", MAPPED.replace("URL", self.cluster.url()).replace("MAP", json.dumps(addresses)))
        self.run_it("apply", "--sync", "mapped", "--config", "mqferry.yaml", "--yes")
        self.assertEqual(self.wire.written(), {(master, "topic", self.name("t")): 1 for master in self.cluster.masters})


@on("middle")
class Fragile(OnCluster):
    def test_no_attribute_reaches_a_master_whose_slave_would_lose_its_table(self):
        self.write("d.yaml", topic(self.name("fifo"), "FIFO") + topic(self.name("plain"), None))
        ended = self.apply("d.yaml", code=None)
        sent = [one for one in self.wire.writes() if one.peer == "broker-a"]
        self.assertEqual({entry[2] for one in sent for entry in entries(one)}, {self.name("plain")})
        for one in sent:
            self.assertNotIn("attributes", one.fields)
            self.assertNotIn(b"message.type", one.body)
            self.assertNotIn(b"queue.type", one.body)
        self.assertIn("slave", ended.out + ended.err)
