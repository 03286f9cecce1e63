# SPDX-License-Identifier: Apache-2.0
"""A running cluster as the source: planned for the cloud, carried into another cluster, followed."""
import time

import remoting
from stage import OnCluster, on
from wire import Wire

SYNC = """apiVersion: mqferry/v1
kind: Sync
metadata: {name: follow}
spec:
  mode: apply
  source: ["SOURCE"]
  destination: {address: "DESTINATION"}
  mapping: mapping.yaml
  interval: 2s
"""
MAPPING = "apiVersion: mqferry/v1\nkind: Mapping\nspec: {include: [\"PREFIX*\"]}\n"
INTERVAL_S = 2


class Live(OnCluster):
    also = ("source",)

    def setUp(self):
        super().setUp()
        self.source = self.other[0]
        self.tap = Wire(self.source)
        self.addCleanup(self.tap.close)
        self.make("a", "b")
        self.source.on_masters(lambda client: client.create_group(self.name("g"), retryMaxTimes=5))

    def make(self, *names, queues=6):
        for name in names:
            self.source.on_masters(lambda client: client.create_topic(self.name(name), queues=queues))

    def mapping(self, more=""):
        self.write("mapping.yaml", MAPPING.replace("PREFIX", self.prefix) + more)

    def check_source_is_only_read(self):
        self.assertEqual(self.tap.writes(), [])
        self.assertEqual(self.tap.seen(remoting.READS_THAT_WRITE), [])


@on("target")
class Once(Live):
    def test_planned_for_the_cloud(self):
        words = ("--to", "snapshot:new.json", "--for", "apsaramq", "--include", self.prefix + "*", "--default-message-type", "NORMAL")
        ended = self.run_it("plan", "--from", self.tap.url(), *words, "--output", "json")
        rows = {(row["kind"], row["name"]): row for row in ended.json()["resources"]}
        self.assertEqual(sorted(rows), [("ConsumerGroup", self.name("g")), ("Topic", self.name("a")), ("Topic", self.name("b"))])
        self.assertEqual({row["state"] for row in rows.values()}, {"missing"})
        self.assertIn("readQueueNums", rows["Topic", self.name("a")]["notHeld"])
        self.assertFalse(self.path("new.json").exists())
        self.run_it("apply", "--from", self.tap.url(), "--yes", *words)
        self.assertEqual(set(self.snapshot("new.json")["topics"]), {self.name("a"), self.name("b")})
        self.run_it("verify", "--from", self.tap.url(), *words[:2], *words[4:])
        self.check_source_is_only_read()

    def test_carried_into_another_cluster(self):
        self.apply(self.tap.url(), "--include", self.prefix + "*")
        for master, table in self.mine(self.topics()).items():
            self.assertEqual({name: one["readQueueNums"] for name, one in table.items()}, {self.name("a"): 6, self.name("b"): 6}, master)
        self.assertEqual([table[self.name("g")]["retryMaxTimes"] for table in self.groups().values()], [5, 5])
        self.verify(self.tap.url(), "--include", self.prefix + "*")
        self.wire.clear()
        self.apply(self.tap.url(), "--include", self.prefix + "*")
        self.assertEqual(self.wire.writes(), [])
        self.check_source_is_only_read()

    def test_masters_that_disagree_and_topics_on_one_master_wait_for_the_mapping(self):
        with self.source.client("broker-a") as client:
            client.create_topic(self.name("a"), queues=3)
            client.create_topic(self.name("half"), queues=3)
        ended = self.apply(self.tap.url(), "--include", self.prefix + "*", "--output", "json", code=1)
        causes = {row["name"]: row.get("cause") for row in ended.json()["resources"]}
        self.assertEqual((causes[self.name("a")], causes[self.name("half")]), ("source-ambiguous", "placement-unknown"))
        self.assertEqual({entry[2] for entry in self.wire.written()}, {self.name("b"), self.name("g")})

    def test_a_cluster_that_does_not_exist(self):
        self.run_it("plan", "--from", self.tap.url().replace("DefaultCluster", "Nothing"), "--to", "snapshot:new.json", code=69)


@on("target")
class Following(Live):
    def run_daemon(self, destination):
        self.mapping()
        self.write("mqferry.yaml", SYNC.replace("SOURCE", self.tap.url()).replace("DESTINATION", destination))
        return self.start("run", "--config", "mqferry.yaml", "--log-format", "json")

    def there(self):
        return set(self.mine(self.topics())["broker-b"])

    def test_what_appears_at_the_source_is_there_within_one_interval_and_what_vanishes_is_said(self):
        process = self.run_daemon(self.url)
        self.wait_for("the first pass", lambda: self.there() == {self.name("a"), self.name("b")})
        self.wire.clear()
        begin = time.monotonic()
        self.make("later")
        self.wait_for("the new topic", lambda: self.name("later") in self.there())
        # One interval, its jitter, and a pass of a sanitized binary on a busy machine.
        self.assertLess(time.monotonic() - begin, 3 * INTERVAL_S)
        self.assertEqual({entry[2] for entry in self.wire.written()}, {self.name("later")})
        self.wire.clear()
        self.source.on_masters(lambda client: client.delete_topic(self.name("b")))
        for table in self.source.on_masters(lambda client: client.topics()).values():
            self.assertNotIn(self.name("b"), table)
        self.wait_for("word of what vanished", lambda: "vanished" in self.log())
        self.assertIn(self.name("b"), self.there())
        self.assertEqual(self.wire.writes(), [])
        self.check_source_is_only_read()
        self.assertEqual(self.end(process), 0)

    def test_a_source_that_is_away_changes_nothing_and_is_followed_again(self):
        process = self.run_daemon(self.url)
        self.wait_for("the first pass", lambda: self.there() == {self.name("a"), self.name("b")})
        self.wire.clear()
        self.tap.rule("hang", times=None)
        time.sleep(2 * INTERVAL_S)
        self.make("later")
        with self.tap.lock:
            self.tap.rules.clear()
        self.assertEqual(self.wire.writes(), [])
        self.wait_for("the new topic", lambda: self.name("later") in self.there(), 120)
        self.assertEqual(self.end(process), 0)
