# SPDX-License-Identifier: Apache-2.0
"""The main job as its users do it: validate, plan, apply, verify, again, and what must never happen on the way."""
import json

from harness import Case, group, topic

EXPORT = "rocketmq-metadata-export.json"
MAPPING = "cutover-mapping.yaml"


class MainJob(Case):
    def reconcile(self, command, *more, code=0):
        return self.run_it(command, "--from", EXPORT, "--to", "snapshot:new.json", *more, code=code)

    def setUp(self):
        super().setUp()
        self.sample(EXPORT)
        self.sample(MAPPING)

    def test_an_export_becomes_an_instance_and_the_second_run_writes_nothing(self):
        self.run_it("validate", EXPORT)
        self.reconcile("apply", "--for", "apsaramq", "--mapping", MAPPING, "--yes")
        there = self.snapshot()
        self.assertEqual(there["topics"]["order_created"]["messageType"], "FIFO")
        self.assertEqual(there["topics"]["payment_event"]["messageType"], "NORMAL")
        self.assertNotIn("load_test", there["topics"])
        self.assertNotIn("DefaultHeartBeatSyncerTopic", there["topics"])
        worker = there["consumerGroups"]["GID_order_worker"]
        self.assertEqual(worker["deliveryOrderType"], "Orderly")
        self.assertEqual(worker["consumeRetryPolicy"]["retryPolicy"], "FixedRetryPolicy")
        self.assertEqual(worker["consumeRetryPolicy"]["maxRetryTimes"], 8)
        self.reconcile("verify", "--mapping", MAPPING)
        before = (self.path("new.json").read_bytes(), self.path("new.json").stat().st_mtime_ns)
        self.reconcile("apply", "--mapping", MAPPING, "--yes")
        self.assertEqual((self.path("new.json").read_bytes(), self.path("new.json").stat().st_mtime_ns), before)

    def test_evaluating_judges_without_an_instance(self):
        ended = self.run_it("evaluate", "--from", EXPORT, "--for", "apsaramq", "--output", "json", code=2)
        rows = {row["name"]: row["verdict"] for row in ended.json()["resources"]}
        self.assertEqual(rows["order_created"], "fitsPartly")  # order and its queue numbers have no place there
        self.assertEqual(rows["payment_event"], "decide")
        self.assertEqual(rows["GID_order_worker"], "refused")
        self.assertFalse(ended.json()["fits"])
        self.assertEqual(ended.json()["forecast"]["creates"], {"Topic": 3, "ConsumerGroup": 3})
        self.assertEqual(ended.json()["forecast"]["cost"]["topics"], 3)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), sorted([EXPORT, MAPPING]))
        self.run_it("evaluate", "--from", EXPORT, "--mapping", MAPPING, "--for", "apsaramq")
        table = self.run_it("evaluate", "--from", EXPORT, "--mapping", MAPPING, "--for", "ons").out
        self.assertIn("it fits", table)
        self.assertIn("10 calls per second", table)
        self.run_it("evaluate", "--from", EXPORT, code=64)

    def test_evaluating_an_instance_counts_what_is_there(self):
        self.reconcile("apply", "--for", "apsaramq", "--mapping", MAPPING, "--yes")
        before = self.path("new.json").read_bytes()
        ended = self.reconcile("evaluate", "--mapping", MAPPING, "--output", "jsonl")
        *rows, summary = ended.lines()
        self.assertEqual({row["verdict"] for row in rows}, {"present"})
        self.assertTrue(summary["fits"])
        self.assertEqual(summary["forecast"]["creates"], {"Topic": 0, "ConsumerGroup": 0})
        self.assertEqual(self.path("new.json").read_bytes(), before)

    def test_unknown_message_types_are_refused_with_the_way_out(self):
        ended = self.reconcile("plan", "--for", "apsaramq", "--output", "json")
        rows = {row["name"]: row for row in ended.json()["resources"]}
        self.assertEqual(rows["payment_event"]["state"], "invalid")
        self.assertEqual(rows["payment_event"]["cause"], "message-type-unknown")
        self.assertIn("--default-message-type", rows["payment_event"]["hint"])
        self.assertEqual(rows["order_paid"]["state"], "missing")
        self.reconcile("apply", "--for", "apsaramq", "--yes", code=1)
        self.assertNotIn("payment_event", self.snapshot()["topics"])
        self.assertIn("order_paid", self.snapshot()["topics"])

    def test_a_default_message_type_creates_and_is_not_compared(self):
        self.write("t.yaml", topic("plain", None))
        self.run_it("apply", "--from", "t.yaml", "--to", "snapshot:d.json", "--for", "apsaramq", "--yes",
                    "--default-message-type", "NORMAL")
        self.assertEqual(self.snapshot("d.json")["topics"]["plain"]["messageType"], "NORMAL")
        self.run_it("verify", "--from", "t.yaml", "--to", "snapshot:d.json", "--default-message-type", "DELAY")

    def test_what_differs_is_shown_and_left_alone(self):
        self.write("t.yaml", topic("a", "FIFO") + topic("b"))
        self.run_it("apply", "--from", "t.yaml", "--to", "snapshot:d.json", "--for", "apsaramq", "--yes")
        self.write("t.yaml", topic("a", "NORMAL") + topic("b") + topic("c"))
        ended = self.run_it("apply", "--from", "t.yaml", "--to", "snapshot:d.json", "--yes", "--output", "json")
        rows = {row["name"]: row for row in ended.json()["resources"]}
        self.assertEqual(rows["a"]["state"], "differs")
        self.assertEqual(rows["a"]["result"], "existed")
        self.assertEqual(rows["a"]["differences"], [{"field": "messageType", "declared": "NORMAL", "observed": "FIFO"}])
        self.assertEqual(rows["c"]["result"], "created")
        self.assertEqual(self.snapshot("d.json")["topics"]["a"]["messageType"], "FIFO")
        self.run_it("verify", "--from", "t.yaml", "--to", "snapshot:d.json", code=2)

    def test_counts_add_up(self):
        document = self.reconcile("plan", "--for", "apsaramq", "--mapping", MAPPING, "--output", "json").json()
        for kind in ("Topic", "ConsumerGroup"):
            counts = document["summary"][kind]
            self.assertEqual(counts["read"], counts["system"] + counts["excluded"] + counts["merged"] + counts["declared"])
            self.assertEqual(counts["declared"], sum(counts["states"].values()))
        self.assertEqual(document["summary"]["Topic"]["read"], 9)
        self.assertEqual(document["summary"]["Topic"]["system"], 1)
        self.assertEqual(document["summary"]["Topic"]["excluded"], 1)

    def test_same_input_same_bytes(self):
        first = self.reconcile("plan", "--for", "apsaramq", "--output", "json").out
        self.assertEqual(first, self.reconcile("plan", "--for", "apsaramq", "--output", "json").out)

    def test_jsonl_ends_with_a_summary(self):
        lines = self.reconcile("plan", "--for", "apsaramq", "--output", "jsonl").lines()
        self.assertEqual(lines[-1]["kind"], "Summary")
        self.assertEqual(len([line for line in lines if line["kind"] == "Topic"]), 8)

    def test_sums_are_divided_by_what_the_file_itself_tells(self):
        ended = self.reconcile("plan", "--for", "rocketmq", "--output", "json")
        rows = {row["name"]: row for row in ended.json()["resources"] if row["kind"] == "Topic"}
        self.assertEqual(rows["payment_event"]["settings"]["readQueueNums"], 8)
        self.assertIn("readQueueNums", rows["payment_event"]["estimated"])

    def test_a_topic_named_like_a_group_is_a_conflict_on_ons(self):
        self.write("t.yaml", topic("same") + group("same", groupType="tcp"))
        ended = self.run_it("plan", "--from", "t.yaml", "--to", "snapshot:o.json", "--for", "ons", "--output", "json")
        self.assertEqual([row["state"] for row in ended.json()["resources"]], ["conflict", "conflict"])

    def test_export_round_trip_is_byte_equal(self):
        self.reconcile("apply", "--for", "apsaramq", "--mapping", MAPPING, "--yes")
        self.run_it("export", "--from", "snapshot:new.json", "--format", "yaml", "--out", "all.yaml")
        self.run_it("apply", "--from", "all.yaml", "--to", "snapshot:copy.json", "--for", "apsaramq", "--yes")
        self.run_it("export", "--from", "snapshot:copy.json", "--format", "yaml", "--out", "again.yaml")
        self.assertEqual(self.path("all.yaml").read_bytes(), self.path("again.yaml").read_bytes())
        self.assertEqual(self.snapshot("new.json"), self.snapshot("copy.json"))
        self.run_it("verify", "--from", "all.yaml", "--to", "snapshot:new.json")

    def test_a_snapshot_is_a_source_too(self):
        self.reconcile("apply", "--for", "apsaramq", "--mapping", MAPPING, "--yes")
        self.run_it("apply", "--from", "snapshot:new.json", "--to", "snapshot:second.json", "--for", "apsaramq", "--yes")
        self.assertEqual(self.snapshot("new.json"), self.snapshot("second.json"))

    def test_the_journal_tells_what_was_made(self):
        self.reconcile("apply", "--for", "apsaramq", "--mapping", MAPPING, "--yes")
        lines = self.run_it("journal", "--created", "--output", "jsonl").lines()
        made = {(line["kind"], line["name"]) for line in lines}
        there = self.snapshot()
        self.assertEqual(made, {("Topic", name) for name in there["topics"]} |
                         {("ConsumerGroup", name) for name in there["consumerGroups"]})
        everything = self.run_it("journal", "--output", "jsonl").lines()
        for line in lines:
            sending = [other for other in everything if other["event"] == "sending" and other["name"] == line["name"]]
            self.assertTrue(sending, line)
        self.assertEqual(self.run_it("journal", "--since", "2099-01-01T00:00:00Z", "--output", "jsonl").out, "")


class Guards(Case):
    def setUp(self):
        super().setUp()
        self.write("t.yaml", "".join(topic(f"t{i}") for i in range(5)))

    def apply(self, *more, code):
        return self.run_it("apply", "--from", "t.yaml", "--to", "snapshot:d.json", "--yes", *more, code=code)

    def test_more_creates_than_allowed_write_nothing(self):
        ended = self.apply("--max-creates", "4", code=78)
        self.assertIn("5", ended.err)
        self.assertFalse(self.path("d.json").exists())

    def test_an_empty_declared_set_writes_nothing(self):
        self.path("empty").mkdir()
        self.run_it("apply", "--from", "empty", "--to", "snapshot:d.json", "--yes", code=78)
        self.assertFalse(self.path("d.json").exists())

    def test_another_identity_writes_nothing(self):
        self.write("d.json", json.dumps({"apiVersion": "mqferry/v1", "kind": "Snapshot", "standsFor": "any",
                                         "identity": {"instanceName": "test"}, "topics": [], "consumerGroups": []}))
        before = self.path("d.json").read_bytes()
        ended = self.apply("--expect", "instanceName=prod", code=78)
        self.assertIn("test", ended.err)
        self.assertEqual(self.path("d.json").read_bytes(), before)
        self.apply("--expect", "instanceName=test", code=0)

    def test_another_kind_than_the_snapshot_stands_for(self):
        self.apply("--for", "apsaramq", code=0)
        before = self.path("d.json").read_bytes()
        self.write("t.yaml", topic("new"))
        self.apply("--for", "ons", code=78)
        self.assertEqual(self.path("d.json").read_bytes(), before)

    def test_without_a_terminal_apply_wants_a_yes(self):
        self.run_it("apply", "--from", "t.yaml", "--to", "snapshot:d.json", code=64)
        self.assertFalse(self.path("d.json").exists())


class SavedPlans(Case):
    def setUp(self):
        super().setUp()
        self.write("t.yaml", topic("a", "FIFO") + topic("b"))
        self.run_it("plan", "--from", "t.yaml", "--to", "snapshot:d.json", "--for", "apsaramq", "--out", "p.json")

    def test_a_plan_creates_exactly_its_rows_and_can_be_applied_twice(self):
        self.write("t.yaml", topic("c"))
        self.run_it("apply", "p.json")
        self.assertEqual(set(self.snapshot("d.json")["topics"]), {"a", "b"})
        self.assertEqual(self.snapshot("d.json")["topics"]["a"]["messageType"], "FIFO")
        before = self.path("d.json").read_bytes()
        self.run_it("apply", "p.json")
        self.assertEqual(self.path("d.json").read_bytes(), before)

    def test_a_plan_edited_by_hand_is_refused(self):
        self.path("p.json").write_text(self.path("p.json").read_text().replace("FIFO", "DELAY"))
        self.run_it("apply", "p.json", code=78)
        self.assertFalse(self.path("d.json").exists())

    def test_a_file_that_is_no_plan_is_input(self):
        self.run_it("apply", "t.yaml", code=65)
        self.write("other.json", "{}")
        self.run_it("apply", "other.json", code=65)

    def test_another_destination_behind_the_address_is_refused(self):
        self.write("d.json", json.dumps({"apiVersion": "mqferry/v1", "kind": "Snapshot", "standsFor": "apsaramq",
                                         "identity": {"instanceName": "another"}, "topics": [], "consumerGroups": []}))
        self.run_it("apply", "p.json", code=78)

    def test_what_came_in_between_is_not_overwritten(self):
        self.write("u.yaml", topic("a", "DELAY"))
        self.run_it("apply", "--from", "u.yaml", "--to", "snapshot:d.json", "--for", "apsaramq", "--yes")
        ended = self.run_it("apply", "p.json", "--output", "json")
        rows = {row["name"]: row for row in ended.json()["resources"]}
        self.assertEqual((rows["a"]["state"], rows["a"]["result"]), ("differs", "existed"))
        self.assertEqual(self.snapshot("d.json")["topics"]["a"]["messageType"], "DELAY")
