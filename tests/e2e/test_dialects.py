# SPDX-License-Identifier: Apache-2.0
"""Every JSON shape that RocketMQ tools write, through validate and plan of the real binary."""
import os
import pathlib
import re
import shutil
import unittest

from harness import ROOT, SAMPLES, Case

DATA = ROOT / "tests" / "data"
REFERENCE = pathlib.Path(os.environ.get("MQFERRY_REFERENCE") or ROOT.parent / "shared" / "reference" / "public")


def flat(settings, prefix=""):
    """Nested settings under dotted names."""
    found = {}
    for key, value in settings.items():
        if isinstance(value, dict) and key not in ("attributes", "brokers"):
            found.update(flat(value, f"{prefix}{key}."))
        else:
            found[prefix + key] = value
    return found


class Dialect(Case):
    def plan(self, *sources, more=(), kind="any"):
        """What the sources declare, for an instance that holds everything: rows by kind and name, and the summary."""
        froms = [word for source in sources for word in ("--from", source)]
        ended = self.run_it("plan", *froms, "--to", "snapshot:none.json", "--for", kind, "--output", "json", *more)
        document = ended.json()
        for counts in document["summary"].values():
            self.assertEqual(counts["read"],
                             counts["system"] + counts["excluded"] + counts["merged"] + counts["declared"])
            self.assertEqual(counts["declared"], sum(counts["states"].values()))
        rows = {(row["kind"], row["name"]): row for row in document["resources"]}
        self.assertEqual(len(rows), len(document["resources"]))
        return rows, document["summary"], ended.err

    def check(self, path, topics, groups, system=(0, 0), more=()):
        """Names and settings are as said, a setting of None is not declared, everything else was a system name."""
        summary = self.run_it("validate", path, "--output", "json").json()["summary"]
        self.assertEqual((summary["Topic"]["declared"], summary["ConsumerGroup"]["declared"]),
                         (len(topics), len(groups)))
        self.assertEqual((summary["Topic"]["system"], summary["ConsumerGroup"]["system"]), system)
        rows, _, notices = self.plan(path, more=more)
        wanted = {**{("Topic", name): one for name, one in topics.items()},
                  **{("ConsumerGroup", name): one for name, one in groups.items()}}
        self.assertEqual(set(rows), set(wanted))
        for key, settings in wanted.items():
            self.assertEqual(rows[key]["state"], "missing", rows[key])
            there = flat(rows[key]["settings"])
            for name, value in settings.items():
                self.assertEqual(there.get(name), value, (key, name, there))
        return rows, notices


class OurSamples(Dialect):
    def sample(self, name):
        source = next(folder / name for folder in (DATA / "dialects", DATA / "samples") if (folder / name).exists())
        if source.is_dir():
            shutil.copytree(source, self.path(name))
        else:
            shutil.copy(source, self.path(name))
        return name

    def test_cluster_export_of_4_9_2_sums_over_unknown_masters(self):
        name = self.sample("cluster-4.9.2.json")
        unknown = {"readQueueNums": None, "writeQueueNums": None}
        _, notices = self.check(name, {"invoice": {**unknown, "perm": 6}, "invoice_once": unknown,
                                       "cancelled": {**unknown, "perm": 4, "order": True}},
                                {"GID_invoice": {"retryQueueNums": None, "consumeRetryPolicy.maxRetryTimes": 3}})
        self.assertIn(name, notices)
        self.assertIn("sourceMasters", notices.replace("source-masters", "sourceMasters"))

    def test_one_master_is_exact_and_more_divide(self):
        name = self.sample("cluster-4.9.2.json")
        rows, _ = self.check(name, {"invoice": {"readQueueNums": 16}, "invoice_once": {"readQueueNums": 7},
                                    "cancelled": {"readQueueNums": 8}}, {"GID_invoice": {"retryQueueNums": 2}},
                             more=("--source-masters", "1"))
        self.assertFalse(rows["Topic", "invoice"].get("estimated"))
        rows, _, _ = self.plan(name, more=("--source-masters", "2"), kind="rocketmq")
        self.assertEqual(flat(rows["Topic", "invoice"]["settings"])["readQueueNums"], 8)
        self.assertEqual(set(rows["Topic", "invoice"]["estimated"]), {"readQueueNums", "writeQueueNums"})
        self.assertEqual(flat(rows["ConsumerGroup", "GID_invoice"]["settings"])["retryQueueNums"], 1)
        odd = rows["Topic", "invoice_once"]
        self.assertEqual((odd["state"], odd["cause"]), ("invalid", "queue-numbers-unknown"))
        rows, _, _ = self.plan(name, kind="rocketmq")
        self.assertEqual(rows["Topic", "invoice"]["cause"], "queue-numbers-unknown")

    def test_cluster_export_of_5(self):
        topics = {"trade_order_created": {"messageType": "FIFO", "order": True},
                  "pay_refund_event": {"messageType": None},
                  "delay_reminder": {"messageType": "DELAY"},
                  "tx_ledger": {"messageType": "TRANSACTION"},
                  "config_snapshot": {"attributes": {"cleanup.policy": "COMPACTION", "queue.type": "BatchCQ"}},
                  "audit-archive": {"messageType": "NORMAL", "attributes": {"reserve.time": "72"}, "perm": 4}}
        retry = "groupRetryPolicy."
        groups = {"GID_order_worker": {"deliveryOrderType": "Orderly", "consumeRetryPolicy.maxRetryTimes": 8},
                  "GID_reminder": {retry + "type": "EXPONENTIAL", retry + "exponentialRetryPolicy.initial": 5000,
                                   retry + "exponentialRetryPolicy.multiplier": 2},
                  "GID_custom_backoff": {retry + "customizedRetryPolicy.next": [1000, 5000, 30000, 120000]},
                  "GID_frozen": {"consumeEnable": False}}
        rows, _ = self.check(self.sample("export-metadata-5x.json"), topics, groups)
        self.assertIn("subscriptionDataSet", rows["ConsumerGroup", "GID_custom_backoff"]["settings"])

    def test_cluster_exports_of_topics_or_groups_only(self):
        self.check(self.sample("cluster-topics.json"), {"invoice": {"messageType": "FIFO", "readQueueNums": None},
                                                        "reminder": {"messageType": "DELAY"}}, {})
        self.check(
            self.sample("cluster-groups.json"), {},
            {"GID_invoice": {"deliveryOrderType": "Orderly", "consumeTimeoutMinute": 30, "retryQueueNums": None}})
        self.check(
            self.sample("export-metadata-4x.json"),
            dict.fromkeys(("pay_refund_event", "trade_order_created", "audit-archive", "MIXED|legacy%name",
                           "member_point_change", "only_on_broker_b"), {"readQueueNums": None}),
            dict.fromkeys(("GID_settlement", "GID_order_worker", "GID_frozen", "GID_only_on_broker_b"),
                          {"retryQueueNums": None}))

    def test_broker_mode_exports_are_exact(self):
        self.check(self.sample("export-topic-broker-mode-5x.json"), {
            "pay_refund_event": {"readQueueNums": 8},
            "trade_order_created": {"readQueueNums": 8, "messageType": "FIFO"}
        }, {})
        self.check(self.sample("export-subscriptionGroup-broker-mode-5x.json"), {},
                   {"GID_order_worker": {"retryQueueNums": 1}})

    def test_the_merged_file_of_export_sh(self):
        source = ROOT / "manifests" / "samples" / "rocketmq-metadata-export.json"
        shutil.copy(source, self.path("merged.json"))
        rows, summary, _ = self.plan("merged.json")
        self.assertEqual(flat(rows["Topic", "payment_event"]["settings"])["readQueueNums"], 8)
        self.assertEqual(set(rows["Topic", "payment_event"]["estimated"]), {"readQueueNums", "writeQueueNums"})
        self.assertEqual(summary["Topic"]["system"], 1)
        self.check(self.sample("export-sh-without-configs.json"), {"invoice": {"readQueueNums": None}}, {})

    def test_an_export_of_an_unknown_cluster_is_empty(self):
        name = self.sample("export-metadata-empty.json")
        ended = self.run_it("apply", "--from", name, "--to", "snapshot:d.json", "--yes", code=78)
        self.assertIn(name, ended.out)
        self.assertIn("nothing is declared", ended.err)

    def test_store_files_of_3(self):
        self.check(self.sample("store-3-topics.json"), {"invoice": {"readQueueNums": 8}, "inherited": {"perm": 7}}, {},
                   system=(5, 0))
        self.check(self.sample("store-3-groups.json"), {}, {"GID_invoice": {"consumeRetryPolicy.maxRetryTimes": 5}},
                   system=(0, 3))

    def test_store_files_of_4(self):
        self.check(self.sample("broker-topics-4x.json"), {"pay_refund_event": {"readQueueNums": 8}}, {}, system=(10, 0))
        self.check(self.sample("broker-subscriptionGroup-4x.json"), {}, {"GID_settlement": {"retryQueueNums": 1}},
                   system=(0, 7))

    def test_store_files_of_5(self):
        self.check(self.sample("broker-topics.json"),
                   {"trade_order_created": {"messageType": "FIFO"}, "pay_refund_event": {}}, {}, system=(18, 0))
        self.check(self.sample("broker-subscriptionGroup.json"), {},
                   dict.fromkeys(("GID_order_worker", "GID_reminder", "GID_frozen"), {}), system=(0, 9))

    def test_the_config_folder_of_a_broker(self):
        _, notices = self.check(self.sample("store"), {"invoice": {"readQueueNums": 8}}, {"GID_invoice": {}},
                                system=(5, 1))
        for neighbour in ("consumerOffset.json", "delayOffset.json", "consumerFilter.json"):
            self.assertIn("store/config/" + neighbour, notices)
        self.assertNotIn("topics.json.bak", notices)
        ended = self.run_it("validate", "store", "--show-system")
        for name in ("fixed (static topic)", "host-a", "shop", "shop_REPLY_TOPIC", "rmq_sys_REVIVE_LOG_shop",
                     "TOOLS_CONSUMER"):
            self.assertIn(name, ended.out)

    def test_a_neighbour_by_itself_is_refused(self):
        self.sample("store")
        for name in ("consumerOffset.json", "delayOffset.json", "consumerFilter.json", "transactionMetrics"):
            ended = self.run_it("validate", "store/config/" + name, code=65)
            self.assertIn(name, ended.err)

    def test_lists_for_update_commands_with_signs(self):
        invoice = {"messageType": "FIFO", "attributes": {"cleanup.policy": "DELETE"}, "readQueueNums": 4, "order": True}
        self.check(self.sample("update-topic-list.json"), {"invoice": invoice, "plain": {}}, {})
        self.check(self.sample("update-group-list.json"), {},
                   {"GID_invoice": {"deliveryOrderType": "Orderly", "consumeRetryPolicy.maxRetryTimes": 3,
                                    "groupRetryPolicy.exponentialRetryPolicy.max": 7200000}, "GID_plain": {}})

    def test_bodies_of_batch_requests(self):
        self.check(self.sample("batch-topic-body.json"),
                   {"trade_order_created": {"messageType": "FIFO"}, "pay_refund_event": {}}, {})
        self.check(self.sample("batch-group-body.json"), {},
                   {"GID_order_worker": {"deliveryOrderType": "Orderly"}, "GID_all_defaults": {}})

    def test_rocksdb_to_json(self):
        self.check(self.sample("rocksdb-captured.txt"), {"invoice": {"messageType": "TRANSACTION", "readQueueNums": 4}},
                   {}, system=(1, 0))
        self.check(self.sample("rocksdb-groups.json"), {}, {"GID_invoice": {"consumeEnable": False}}, system=(0, 1))

    def test_its_text_form_is_refused(self):
        self.write("text.txt", 'type: dataVersion1, Key: counter, Value: 32\n1, Key: a, Value: {"topicName":"a"}\n')
        ended = self.run_it("validate", "text.txt", code=65)
        self.assertRegex(ended.err, r"(?m)^text\.txt(:\d+:\d+)?: ")

    def test_snake_case_and_text_for_numbers(self):
        self.check(self.sample("snake-case.json"), {"invoice": {"perm": 4, "readQueueNums": None}},
                   {"GID_invoice": {"consumeRetryPolicy.maxRetryTimes": 4, "consumeBroadcastEnable": False}})
        self.check(self.sample("numbers-as-text.json"),
                   {"invoice": {"readQueueNums": 8, "writeQueueNums": 4, "order": True}}, {})

    def test_explicit_nulls_are_absent(self):
        self.check(self.sample("explicit-nulls.json"), {},
                   {"GID_invoice": {"groupRetryPolicy.customizedRetryPolicy.next": None, "subscriptionDataSet": None,
                                    "consumeBroadcastEnable": False}})

    def test_a_snapshot_is_a_source_under_its_file_name_too(self):
        self.check(self.sample("snapshot.json"), {"invoice": {"messageType": "FIFO", "remark": "yearly"}},
                   {"GID_invoice": {"consumeRetryPolicy.fixedIntervalRetryTime": 10}})

    def test_a_shape_is_told_by_content_not_by_name(self):
        shutil.copy(DATA / "dialects" / "update-group-list.json", self.path("topics.json"))
        self.check("topics.json", {}, {"GID_invoice": {}, "GID_plain": {}})
        shutil.copy(DATA / "dialects" / "snake-case.json", self.path("metadata"))
        self.check("metadata", {"invoice": {}}, {"GID_invoice": {}})

    def test_equal_ones_merge_and_unequal_ones_are_conflicts(self):
        one, two = self.sample("export-topic-broker-mode-5x.json"), self.sample("batch-topic-body.json")
        rows, summary, _ = self.plan(one, two)
        self.assertEqual({row["state"] for row in rows.values()}, {"missing"})
        self.assertEqual((summary["Topic"]["read"], summary["Topic"]["merged"], summary["Topic"]["declared"]),
                         (4, 2, 2))
        self.path(two).write_text(self.path(two).read_text().replace('"perm":6', '"perm":4', 1))
        rows, summary, _ = self.plan(one, two)
        self.assertEqual((rows["Topic", "trade_order_created"]["state"], rows["Topic", "trade_order_created"]["cause"]),
                         ("conflict", "declared-twice"))
        self.assertEqual(rows["Topic", "pay_refund_event"]["state"], "missing")
        self.assertEqual(summary["Topic"]["merged"], 2)

    def test_export_writes_a_dialect_that_comes_back_equal(self):
        self.run_it("apply", "--from", self.sample("export-metadata-5x.json"), "--source-masters", "1", "--to",
                    "snapshot:a.json", "--yes")
        self.run_it("export", "--from", "snapshot:a.json", "--format", "metadata", "--out", "m.json")
        self.run_it("verify", "--from", "m.json", "--source-masters", "1", "--to", "snapshot:a.json")
        self.assertIn("topicConfigTable", self.path("m.json").read_text())


class MembersTwice(Dialect):
    """Whichever member of whichever file stands twice in its object: that is damage, never read over."""
    TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')

    def members(self, text):
        """Where every member of every object begins, and where its key and its value end."""
        tokens = list(self.TOKEN.finditer(text, text.index(b"\n") if text.startswith(b"Use [") else 0))
        found, open_members = [], []
        for at, token in enumerate(tokens):
            if token.group() == b":":
                open_members.append((tokens[at - 1].start(), tokens[at - 1].end(), token.end()))
            elif token.group() in (b"{", b"["):
                open_members.append(None)
            elif token.group() in (b",", b"}", b"]"):
                if open_members and open_members[-1]:
                    found.append((*open_members.pop()[:2], tokens[at - 1].end()))
                if token.group() != b",":
                    open_members.pop()
        self.assertEqual(open_members, [])
        return found

    def test_a_member_that_stands_twice_is_damage(self):
        files = [path for folder in (DATA / "dialects", DATA / "exported", DATA / "samples", SAMPLES)
                 for path in sorted(folder.rglob("*.*")) if path.suffix in (".json", ".txt")]
        variants = {}
        for path in files:
            shutil.copy(path, self.write("probe/topicQueueMapping.json" if path.stem == "topicQueueMapping" else
                                         "probe/f.json", ""))
            if self.run_it("validate", "probe", code=None).code == 0:
                text = path.read_bytes()
                for begin, key_end, end in self.members(text):
                    for other in (text[begin:end], text[begin:key_end] + b": null"):
                        name = f"all/{len(variants)}/{path.stem}.json"
                        self.write(name, text[:begin] + other + b", " + text[begin:])
                        variants[name] = (path.name, begin, other)
            shutil.rmtree(self.path("probe"))
        self.assertGreater(len(variants), 4000)
        found = set(re.findall(r"^(all/[^:]*):", self.run_it("validate", "all", code=65).err, re.MULTILINE))
        self.assertEqual([what for name, what in variants.items() if name not in found], [])


@unittest.skipUnless(REFERENCE.is_dir(),
                     f"no files of public repositories in {REFERENCE} (MQFERRY_REFERENCE names another folder)")
class PublicFiles(Dialect):
    """Files that people really have, read where they lie."""

    def counted(self, name, kind, read, declared):
        ended = self.run_it("validate", REFERENCE / name, "--output", "json")
        counts = ended.json()["summary"][kind]
        self.assertEqual((counts["read"], counts["declared"], counts["system"]), (read, declared, read - declared))
        if declared > 0:
            rows, _, _ = self.plan(REFERENCE / name)
            self.assertEqual({row["state"] for row in rows.values()}, {"missing"})
        return ended

    def test_topics(self):
        for name, read, declared in (("01-326-topics-game.json", 112, 23), ("14-46-topics-broker-a.json", 13, 2),
                                     ("18-46-topics-broker-b.json", 11, 1), ("21-480-topics-dotted-broker.json", 9, 0),
                                     ("27-5x-topics-fresh.json", 15, 0), ("33-440-topics-container-broker.json", 7, 0),
                                     ("45-492-topics-no-autocreate.json", 9, 1)):
            with self.subTest(name):
                self.counted(name, "Topic", read, declared)

    def test_groups(self):
        for name, read, declared in (("04-326-groups-template.json", 4, 1), ("07-440-groups-master1.json", 15, 8),
                                     ("28-5x-groups-fresh.json", 8, 0), ("47-rust-groups.json", 1, 1)):
            with self.subTest(name):
                self.counted(name, "ConsumerGroup", read, declared)

    def test_two_masters_of_one_cluster(self):
        rows, summary, _ = self.plan(REFERENCE / "14-46-topics-broker-a.json", REFERENCE / "18-46-topics-broker-b.json")
        self.assertEqual(set(rows), {("Topic", "TopicTest"), ("Topic", "topic-demo")})
        self.assertEqual(summary["Topic"]["read"], 24)

    def test_what_is_no_metadata_is_refused_with_its_place(self):
        for name, says in (("48-3x-topics-commented.json", r"48-3x-topics-commented\.json:7:5: "),
                           ("60-nul-consumerFilter.json", "NUL"), ("54-neighbour-consumerOffset.json", "54-neighbour"),
                           ("56-neighbour-transactionMetrics.json", "56-neighbour"), ("65-wire-all_topic_list.json",
                                                                                      "65-wire")):
            with self.subTest(name):
                self.assertRegex(self.run_it("validate", REFERENCE / name, code=65).err, says)
