# SPDX-License-Identifier: Apache-2.0
"""An instance as source: followed within one interval; what it loses is told, and left where it is."""
import json
import os
import signal
import time

from harness import Case, group

SYNC = """apiVersion: mqferry/v1
kind: Sync
metadata: {name: live}
spec:
  mode: apply
  source: [{address: "snapshot:old.json"}]
  destination: {address: "snapshot:new.json", for: apsaramq}
  interval: INTERVAL
"""


class LiveSource(Case):
    def setUp(self):
        super().setUp()
        self.put_source("a", "b")

    def put_source(self, *topics, name="old.json"):
        """Replaced in one go, as an export does it."""
        self.write(f"{name}.new", json.dumps({
            "apiVersion": "mqferry/v1", "kind": "Snapshot", "standsFor": "any", "identity": {},
            "topics": [{"name": topic, "messageType": "NORMAL"} for topic in topics], "consumerGroups": []}))
        os.rename(self.path(f"{name}.new"), self.path(name))

    def follow(self, interval="1s"):
        self.write("mqferry.yaml", SYNC.replace("INTERVAL", interval))
        process = self.start("run", "--config", "mqferry.yaml", "--log-format", "json")
        self.wait_for("the first pass", lambda: self.topics() == {"a", "b"})
        return process

    def topics(self):
        return set(self.snapshot("new.json")["topics"]) if self.path("new.json").exists() else set()

    def events(self, name):
        return [line for line in map(json.loads, self.log().splitlines()) if line.get("event") == name]

    def test_it_is_followed_within_one_interval(self):
        self.follow()
        self.put_source("a", "b", "c")
        self.wait_for("the new topic", lambda: self.topics() == {"a", "b", "c"})

    def test_what_vanishes_is_told_once_and_never_acted_on(self):
        process = self.follow()
        self.put_source("a")
        self.wait_for("the loss", lambda: self.events("vanished"))
        passes = len(self.events("pass-end"))
        self.wait_for("two more passes", lambda: len(self.events("pass-end")) >= passes + 2)
        self.assertEqual([line["name"] for line in self.events("vanished")], ["b"])
        self.assertEqual(self.topics(), {"a", "b"})
        self.assertEqual(self.end(process), 0)
        self.assertNotIn("settled", self.run_it("journal", "--output", "jsonl").out)

    def test_a_report_shows_what_vanished_while_it_waited(self):
        self.put_source("a", "b", "late")
        self.run_it("apply", "--from", "snapshot:old.json", "--to", "snapshot:new.json", "--for", "any", "--yes")
        self.put_source("a", "late", "never")
        process = self.start("verify", "--from", "snapshot:old.json", "--to", "snapshot:new.json", "--wait", "30s",
                             "--output", "json", "--show-extra")
        time.sleep(2.5)
        self.assertIsNone(process.poll())
        self.put_source("a")
        self.assertEqual(process.wait(60), 0, self.log())
        report = json.loads(self.log()[self.log().index("{"):])
        self.assertEqual(report["summary"]["Topic"]["states"], {"inSync": 1, "vanished": 1})
        self.assertEqual(report["summary"]["Topic"]["extra"], 1)
        self.assertEqual([(row["name"], row["state"], row["action"]) for row in report["resources"]],
                         [("a", "inSync", "none"), ("b", "extra", "none"), ("late", "vanished", "none")])

    def test_topics_come_before_groups_whatever_is_shown(self):
        self.write("d.json", json.dumps({
            "apiVersion": "mqferry/v1", "kind": "Snapshot", "standsFor": "any", "identity": {},
            "topics": [{"name": "x"}], "consumerGroups": [{"name": "a"}, {"name": "m"}]}))
        self.put_source("y")
        self.write("g.yaml", group("k"))
        report = self.run_it("plan", "--from", "snapshot:old.json", "--from", "g.yaml", "--to", "snapshot:d.json",
                             "--show-extra", "--output", "json").json()
        self.assertEqual([(row["kind"], row["name"]) for row in report["resources"]],
                         [("Topic", "x"), ("Topic", "y"), ("ConsumerGroup", "a"), ("ConsumerGroup", "k"),
                          ("ConsumerGroup", "m")])

    def test_an_export_has_no_destination(self):
        ended = self.run_it("export", "--from", "snapshot:absent.json", code=65)
        self.assertIn("could not describe the instance: could not read absent.json", ended.err)

    def test_a_source_that_cannot_be_read_changes_nothing(self):
        process = self.follow()
        self.write("old.json.new", "{ broken")
        os.rename(self.path("old.json.new"), self.path("old.json"))
        self.wait_for("the failure", lambda: self.events("pass-failed"))
        self.assertEqual(self.topics(), {"a", "b"})
        self.put_source("a", "b", "c")
        process.send_signal(signal.SIGHUP)
        self.wait_for("the new topic", lambda: self.topics() == {"a", "b", "c"})
        self.assertEqual(self.events("vanished"), [])
