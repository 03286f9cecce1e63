# SPDX-License-Identifier: Apache-2.0
"""Sentences of the contract, one by one, that only the whole program can keep."""
import json

from harness import Case, topic

MAPPING = "apiVersion: mqferry/v1\nkind: Mapping\nspec:\n"
SYNC = "apiVersion: mqferry/v1\nkind: Sync\nmetadata: {name: one}\nspec:\n  mode: apply\n  source: [t.yaml]\n"


class Contract(Case):
    def plan(self, *more, source="t.yaml", to="d.json", code=0, **how):
        return self.run_it("plan", "--from", source, "--to", f"snapshot:{to}", *more, code=code, **how)

    def rows(self, ended):
        return {(row["kind"], row["name"]): row for row in ended.json()["resources"]}

    def make_snapshot(self, name, stands_for="any", topics=(), groups=()):
        return self.write(name, json.dumps({"apiVersion": "mqferry/v1", "kind": "Snapshot", "standsFor": stands_for,
                                            "identity": {}, "topics": list(topics), "consumerGroups": list(groups)}))


class Output(Contract):
    def test_what_a_guard_stops_is_one_document(self):
        self.write("t.yaml", topic("a") + topic("b"))
        for output in ("json", "jsonl"):
            ended = self.run_it("apply", "--from", "t.yaml", "--to", "snapshot:d.json", "--yes", "--max-creates", "1",
                                "--output", output, code=78)
            last = ended.json() if output == "json" else ended.lines()[-1]
            self.assertEqual(last["error"]["cause"], "guard-refused")
            self.assertIn("summary" if output == "json" else "kind", last)
            self.assertIn("maxCreates allows 1", ended.err)
        self.assertFalse(self.path("d.json").exists())


class Mapping(Contract):
    def test_an_accept_entry_that_matches_nothing_is_a_warning(self):
        self.write("t.yaml", topic("a", perm=4))
        self.write("m.yaml", MAPPING + "  accept:\n    - {kind: Topic, name: a, field: perm, declared: 4}\n"
                   "    - {kind: Topic, name: b, field: perm, declared: 4}\n")
        ended = self.plan("--for", "apsaramq", "--mapping", "m.yaml")
        self.assertIn("m.yaml:6:", ended.err)
        self.assertNotIn("m.yaml:5:", ended.err)
        self.assertEqual(self.plan("--for", "apsaramq", "--mapping", "m.yaml", "--quiet").err, "")


class LiveSources(Contract):
    def test_system_names_of_a_listed_instance_are_never_migrated(self):
        self.make_snapshot("old.json", topics=[{"name": "TBW102"}, {"name": "mine"}], groups=[{"name": "TOOLS_CONSUMER"}])
        for sources in (["snapshot:old.json"], ["snapshot:old.json", "t.yaml"]):
            self.write("t.yaml", topic("other"))
            ended = self.run_it("plan", *[word for source in sources for word in ("--from", source)], "--to",
                                "snapshot:d.json", "--output", "json")
            self.assertNotIn(("Topic", "TBW102"), self.rows(ended))
            self.assertEqual(self.rows(ended)["Topic", "mine"]["state"], "missing")
            counts = ended.json()["summary"]["Topic"]
            self.assertEqual((counts["read"], counts["system"], counts["declared"]),
                             (1 + len(sources), 1, len(sources)))
            self.assertEqual(ended.json()["summary"]["ConsumerGroup"]["system"], 1)

    def test_what_is_exported_as_manifests_can_be_declared(self):
        self.make_snapshot("old.json", topics=[{"name": "TBW102"}, {"name": "mine"}], groups=[{"name": "TOOLS_CONSUMER"}])
        for kind, name in (("yaml", "all.yaml"), ("metadata", "all.json")):
            self.run_it("export", "--from", "snapshot:old.json", "--format", kind, "--out", name)
            self.run_it("validate", name)
            self.assertIn("mine", self.path(name).read_text())
            self.assertNotIn("TBW102", self.path(name).read_text())

    def test_system_names_of_the_destination_are_not_extra_and_stay(self):
        self.make_snapshot("d.json", topics=[{"name": "TBW102"}, {"name": "old"}])
        self.write("t.yaml", topic("new"))
        ended = self.plan("--show-extra", "--output", "json")
        self.assertEqual(ended.json()["summary"]["Topic"]["extra"], 1)
        self.assertEqual(set(self.rows(ended)), {("Topic", "new"), ("Topic", "old")})
        self.run_it("apply", "--from", "t.yaml", "--to", "snapshot:d.json", "--yes")
        self.assertEqual(set(self.snapshot("d.json")["topics"]), {"TBW102", "new", "old"})


class SavedPlans(Contract):
    def test_a_plan_is_for_the_same_file_wherever_it_is_applied(self):
        self.write("t.yaml", topic("a"))
        self.write("elsewhere/here", "")
        self.plan("--out", "p.json")
        self.assertEqual(json.loads(self.path("p.json").read_text())["address"], f"snapshot:{self.folder.resolve()}/d.json")
        self.run_it("apply", self.path("p.json"), prefix=["env", "-C", str(self.path("elsewhere"))])
        self.assertEqual(set(self.snapshot("d.json")["topics"]), {"a"})

    def test_what_a_plan_settles_cannot_be_given_besides(self):
        self.write("t.yaml", topic("a") + topic("b"))
        self.plan("--out", "p.json")
        for flag, value in (("--include", "a"), ("--exclude", "b"), ("--kind", "topic"), ("--source-masters", "2"),
                            ("--default-message-type", "FIFO"), ("--exclude-file", "t.yaml")):
            self.assertIn(flag, self.run_it("apply", "p.json", flag, value, code=64).err)
        self.assertFalse(self.path("d.json").exists())


class Daemon(Contract):
    def test_a_source_that_shrank_is_told_with_the_way_out(self):
        self.write("t.yaml", "".join(topic(f"t{i}") for i in range(10)))
        text = SYNC + "  destination: {address: \"snapshot:d.json\"}\n  interval: 1s\n"
        self.write("c.yaml", text + "  guard: {maxShrinkPercent: 30}\n")
        process = self.start("run", "--config", "c.yaml", "--log-format", "logfmt")
        self.wait_for("the first pass", lambda: "at parity" in self.log())
        self.write("t.yaml", "".join(topic(f"t{i}") for i in range(5)) + topic("new"))
        self.wait_for("the warning", lambda: "source-shrunk" in self.log())
        self.wait_for("the new topic", lambda: "new" in self.snapshot("d.json")["topics"])
        self.assertEqual(self.end(process), 0)
        digest = self.plan("--output", "json").json()["declaredDigest"]
        warning = next(line for line in self.log().splitlines() if "source-shrunk" in line)
        self.assertIn("acceptShrink", warning)
        self.assertIn(digest, warning)

    def test_a_row_that_cannot_be_created_says_why(self):
        self.write("t.yaml", topic("a", None))
        self.write("c.yaml", SYNC + "  destination: {address: \"snapshot:d.json\", for: apsaramq}\n")
        ended = self.run_it("run", "--once", "--config", "c.yaml", code=1)
        self.assertIn("no message type is declared", ended.err)


class Configuration(Contract):
    def test_config_show_leaves_no_guard_out(self):
        self.write("c.yaml", SYNC + "  destination: {address: \"snapshot:d.json\", for: ons, expect: {region: r1}}\n"
                   "  guard: {maxCreates: 7, maxShrinkPercent: 30, maxSourceAge: 24h}\n  pace: {rate: 10/s, share: 50%}\n")
        ended = self.run_it("config", "show", "--config", "c.yaml", "--output", "json")
        values = {value["name"]: (value["value"], value["origin"]) for value in ended.json()["values"]}
        for name, value in (("destination.for", "ons"), ("destination.expect.region", "r1"), ("guard.maxCreates", "7"),
                            ("guard.maxShrinkPercent", "30"), ("guard.maxSourceAge", "24 h"), ("pace.rate", "10/s"),
                            ("pace.share", "50%")):
            self.assertEqual(values["sync.one." + name], (value, "c.yaml:1"))
        self.assertEqual(values["sync.one.guard.allowEmptySource"], ("false", "default"))

    def test_a_fact_or_an_address_given_twice_is_a_mistake(self):
        self.write("c.yaml", SYNC + "  destination:\n    address: snapshot:d.json\n    expect: {region: a, account: b, region: c}\n"
                   "    addressMap: {\"10.0.0.1:10911\": a, \"10.0.0.1:1091\": b, \"10.0.0.1:10911\": c}\n")
        ended = self.run_it("validate", "c.yaml", code=78)
        self.assertIn("c.yaml:9:37: region is given twice", ended.err)
        self.assertIn("c.yaml:10:59: 10.0.0.1:10911 is given twice", ended.err)
        self.assertIn("2 mistakes", ended.err)
