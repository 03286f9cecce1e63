# SPDX-License-Identifier: Apache-2.0
"""What users and scripts see: commands, options, exit codes, forms of output (contract sections 1, 2, 7)."""
import json
import os
import re
import signal
import subprocess
import time

from hardship import OLD, strace
from harness import RELEASE, Case, group, topic

COMMANDS = ("plan", "apply", "verify", "evaluate", "export", "validate", "run", "journal", "config", "version", "help")
OPTIONS = ("mapping", "include", "exclude", "exclude-file", "kind", "default-message-type", "source-masters", "output",
           "show-extra", "show-system", "show-excluded", "detailed-exitcode", "for", "expect", "color", "quiet",
           "log-level", "log-format", "timeout", "concurrency", "rate", "max-creates", "allow-empty-source", "endpoint",
           "from-endpoint", "ca-file", "from-credentials", "to-credentials", "help", "version", "from", "to", "sync",
           "config")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f\x80-\x9f]")


class Usage(Case):
    def wrong(self, *arguments, says, environment=None):
        ended = self.run_it(*arguments, code=64, environment=environment)
        self.assertEqual(ended.out, "")
        for words in [says] if isinstance(says, str) else says:
            self.assertIn(words, ended.err)

    def test_nearest_spellings(self):
        self.wrong("aply", says=("aply", "apply"))
        self.wrong("verfy", says="verify")
        self.wrong("plan", "--form", "a.yaml", says=("--form", "--from"))
        self.wrong("plan", "--detailed-exit-code", says="--detailed-exitcode")
        self.wrong("run", "--onec", says="--once")
        self.wrong("help", "plam", says="plan")
        self.wrong("config", "shwo", says="show")
        self.wrong("nothing-like-it", says="mqferry help")

    def test_values(self):
        both = ("--from", "a.yaml", "--to", "snapshot:d.json")
        self.wrong("plan", *both, "--output", "xml", says=("xml", "jsonl"))
        self.wrong("plan", *both, "--kind", "topics", says="topic|group")
        self.wrong("plan", *both, "--for", "kafka", says="apsaramq")
        self.wrong("plan", *both, "--timeout", "5", says=("--timeout", "90s"))
        self.wrong("plan", *both, "--rate", "10", says="10/s")
        self.wrong("plan", *both, "--concurrency", "0", says="--concurrency")
        self.wrong("plan", *both, "--max-creates", "-1", says="--max-creates")
        self.wrong("plan", *both, "--source-masters", "1e3", says="--source-masters")
        self.wrong("plan", *both, "--expect", "novalue", says="KEY=VALUE")
        self.wrong("plan", *both, "--expect", "instancName=prod", says=("instancName", "instanceName"))
        self.wrong("plan", *both, "--default-message-type", "FIF0", says="FIFO")
        self.wrong("plan", *both, "--include", "", says="--include")
        self.wrong("journal", "--since", "yesterday", says="2h")

    def test_what_is_missing_or_too_much(self):
        self.wrong("plan", says="--to")
        self.wrong("plan", "--to", "snapshot:d.json", says="--from")
        self.wrong("plan", "--from", says=("--from", "SOURCE"))
        self.wrong("validate", says="PATH")
        self.wrong("export", says="--from")
        self.wrong("export", "--from", "a.yaml", says="INSTANCE")
        self.wrong("plan", "--from", "a", "--to", "snapshot:d", "a.yaml", says="a.yaml")
        self.wrong("plan", "--from", "a", "--to", "snapshot:d", "--to", "snapshot:e", says=("--to", "twice"))
        self.wrong("plan", "--sync", "x", "--from", "a", says=("--sync", "--from"))
        self.wrong("apply", "--from", "a", "--to", "snapshot:d", "--yes=1", says="--yes")
        self.wrong("validate", "--to", "snapshot:d", "a", says=("validate", "--to"))
        self.wrong("version", "--once", says="--once")
        for words in (("version",), ("run", "--once"), ("journal",), ("export", "--from", "snapshot:a"), ("help", "plan"),
                      ("config", "show"), ("status", "cutover")):
            self.wrong(*words, "besides", says="'besides'")

    def test_out_does_not_replace_what_is_read(self):
        topic = "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: a}\nspec: {messageType: NORMAL}\n"
        mapping = "apiVersion: mqferry/v1\nkind: Mapping\nspec: {exclude: [b]}\n"
        self.write("t.yaml", topic)
        self.write("m.yaml", mapping)
        self.run_it("apply", "--from", "t.yaml", "--to", "snapshot:new.json", "--yes")
        before = self.path("new.json").read_bytes()
        self.path("link").symlink_to("new.json")
        plan = ("plan", "--from", "t.yaml", "--to", "snapshot:./new.json", "--mapping", "m.yaml", "--out")
        for line in ((*plan, "./t.yaml"), (*plan, "m.yaml"), (*plan, "new.json"), (*plan, "link"),
                     ("plan", "--from", "snapshot:new.json", "--to", "snapshot:other.json", "--out", "new.json"),
                     ("export", "--from", "snapshot:new.json", "--out", "link")):
            with self.subTest(line=line):
                self.assertIn("would replace what is read", self.run_it(*line, code=64).err)
        self.assertEqual((self.path("t.yaml").read_text(), self.path("m.yaml").read_text()), (topic, mapping))
        self.assertEqual(self.path("new.json").read_bytes(), before)
        for _ in range(2):
            self.run_it(*plan, "p.plan")
            self.run_it("export", "--from", "snapshot:new.json", "--out", "out.yaml")

    def test_no_abbreviations_and_no_short_options(self):
        self.wrong("plan", "--outp", "json", says=("--outp", "--out"))
        self.wrong("plan", "-o", "json", says="-o")
        self.wrong("--output", "json", "plan", says="command")

    def test_addresses(self):
        for address in ("kafka://x", "snapshot:", "rocketmq://", "apsaramq://cn-hangzhou", "d.json"):
            self.wrong("plan", "--from", "a.yaml", "--to", address, says=address)

    def test_a_password_in_an_address_is_not_repeated(self):
        for address in ("rocketmq://user:hidden@ns:9876/c", "apsaramq://id:hidden@cn-hangzhou/i", "http://user:hidden@ns/c"):
            ended = self.run_it("plan", "--from", "a.yaml", "--to", address, code=64)
            self.assertNotIn("hidden", ended.out + ended.err)

    def test_two_dashes_end_the_options(self):
        self.write("--odd.yaml", topic("a"))
        self.run_it("validate", "--", "--odd.yaml")
        self.run_it("validate", "./--odd.yaml")

    def test_usage_errors_are_on_stderr_even_for_scripts(self):
        self.wrong("plan", "--output", "json", "--form", "x", says="--from")
        self.wrong("apply", "--output", "jsonl", "--from", "a.yaml", "--to", "snapshot:d.json", says="--yes")

    def test_help_tells_every_option_and_command(self):
        for words in (["help"], ["--help"], []):
            ended = self.run_it(*words)
            self.assertEqual(ended.err, "")
            for command in COMMANDS:
                self.assertRegex(ended.out, rf"(?m)^ +{command} ")
        everything = ""
        for command in COMMANDS:
            ended = self.run_it("help", command)
            self.assertEqual(ended.out, self.run_it(command, "--help").out)
            self.assertIn(f"mqferry {command}", ended.out)
            everything += ended.out
        for option in OPTIONS:
            self.assertRegex(everything, rf"(?m)^ +--{option}\b")
        for line in everything.splitlines():
            self.assertLessEqual(len(line), 160)

    def test_help_fields_tells_every_setting(self):
        out = self.run_it("help", "fields").out
        for words in ("messageType", "FIFO", "readQueueNums", "0..65535", "consumeRetryPolicy.fixedIntervalRetryTime",
                      "apsaramq", "ons", "rocketmq", "OpenAPI"):
            self.assertIn(words, out)

    def test_version(self):
        for words in (["version"], ["--version"], ["plan", "--version"]):
            self.assertRegex(self.run_it(*words).out, r"^mqferry \d+\.\d+\.\d+")
        self.assertRegex(self.run_it("version", "--output", "json").json()["mqferry"], r"^\d+\.\d+\.\d+")

    def test_the_environment_is_weaker_than_flags(self):
        self.write("t.yaml", topic("a") + group("a"))
        plan = ("plan", "--from", "t.yaml", "--to", "snapshot:d.json")
        ended = self.run_it(*plan, environment={"MQFERRY_OUTPUT": "json", "MQFERRY_KIND": "group"})
        self.assertEqual([row["kind"] for row in ended.json()["resources"]], ["ConsumerGroup"])
        ended = self.run_it(*plan, "--output", "jsonl", environment={"MQFERRY_OUTPUT": "json"})
        self.assertEqual(len(ended.lines()), 3)
        self.run_it(*plan, code=2, environment={"MQFERRY_DETAILED_EXITCODE": "true"})
        self.run_it("apply", "--to", "snapshot:d.json", "--from", "t.yaml", environment={"MQFERRY_YES": "1"})
        self.wrong(*plan, environment={"MQFERRY_OUTPUT": "xml"}, says=("MQFERRY_OUTPUT", "xml"))


class Reports(Case):
    """One of each state."""

    STATES = {"twin": "inSync", "unlike": "differs", "new": "missing", "untyped": "invalid", "seen": "missing",
              "left": "ignored", "GID_new": "missing"}

    def setUp(self):
        super().setUp()
        there = json.loads(OLD)
        there["standsFor"] = "apsaramq"
        there["topics"] += [{"name": "twin", "messageType": "FIFO"},
                            {"name": "unlike", "messageType": "NORMAL", "remark": "old"}]
        self.write("d.json", json.dumps(there))
        self.write("t.yaml", topic("twin", "FIFO") + topic("unlike", "FIFO", remark="new") +
                   topic("new", "FIFO", readQueueNums=8) + topic("untyped", None) + topic("skipped") +
                   topic("seen, policy: observe") + topic("left, policy: ignore") + group("GID_new"))
        system = [{"topicName": name, "readQueueNums": 1, "writeQueueNums": 1} for name in ("TBW102", "SELF_TEST_TOPIC")]
        self.write("topics.json", json.dumps(system))
        self.words = ("--from", "t.yaml", "--from", "topics.json", "--to", "snapshot:d.json", "--exclude", "skip*")

    def test_json_of_plan(self):
        document = self.run_it("plan", *self.words, "--output", "json").json()
        self.assertEqual((document["version"], document["command"], document["parity"]), (1, "plan", False))
        self.assertEqual(document["source"], ["t.yaml", "topics.json"])
        self.assertRegex(document["declaredDigest"], r"^sha256:[0-9a-f]{64}$")
        self.assertTrue(document["destination"]["address"].startswith("snapshot:"))
        self.assertIn("identity", document["destination"])
        rows = {row["name"]: row for row in document["resources"]}
        self.assertEqual({name: row["state"] for name, row in rows.items()}, self.STATES)
        self.assertEqual(list(rows), ["left", "new", "seen", "twin", "unlike", "untyped", "GID_new"])
        new = rows["new"]
        self.assertEqual((new["kind"], new["action"], new["settings"], new["notHeld"]),
                         ("Topic", "create", {"messageType": "FIFO"}, ["readQueueNums"]))
        self.assertEqual(new["declaredAt"], "t.yaml:13:18")
        self.assertEqual(rows["seen"]["action"], "none")
        self.assertEqual((rows["unlike"]["action"], rows["unlike"]["differences"]), ("none", [
            {"field": "messageType", "declared": "FIFO", "observed": "NORMAL"},
            {"field": "remark", "declared": "new", "observed": "old"}]))
        self.assertEqual(rows["untyped"]["cause"], "message-type-unknown")
        self.assertTrue(rows["untyped"]["hint"])
        self.assertNotIn("result", new)
        counts = document["summary"]["Topic"]
        states = counts.pop("states")
        self.assertEqual(counts, {"read": 9, "system": 2, "excluded": 1, "merged": 0, "declared": 6, "present": 2,
                                  "extra": 1, "results": {}})
        self.assertEqual(states, {"inSync": 1, "missing": 2, "differs": 1, "invalid": 1, "ignored": 1})

    def test_jsonl_and_table_tell_the_same(self):
        document = self.run_it("plan", *self.words, "--output", "json").json()
        lines = self.run_it("plan", *self.words, "--output", "jsonl").lines()
        self.assertEqual(lines[:-1], document["resources"])
        self.assertEqual(lines[-1]["kind"], "Summary")
        for key in ("version", "command", "declaredDigest", "parity", "summary", "destination"):
            self.assertEqual(lines[-1][key], document[key])
        table = self.run_it("plan", *self.words).out
        for words in ("new", "missing", "unlike", "differs", "declared FIFO", "NORMAL", "untyped",
                      "message-type-unknown", "not at parity", "GID_new"):
            self.assertIn(words, table)

    def test_apply_gives_every_row_a_result(self):
        ended = self.run_it("apply", *self.words, "--yes", "--output", "json", code=1)
        rows = {row["name"]: row for row in ended.json()["resources"]}
        results = {name: row["result"] for name, row in rows.items()}
        self.assertEqual(results, {"twin": "existed", "unlike": "existed", "new": "created", "untyped": "failed",
                                   "seen": "skipped", "left": "skipped", "GID_new": "created"})
        self.assertEqual((rows["new"]["state"], rows["unlike"]["state"]), ("inSync", "differs"))
        self.assertEqual(rows["untyped"]["cause"], "message-type-unknown")
        results = ended.json()["summary"]["Topic"]["results"]
        self.assertEqual(results, {"created": 1, "existed": 2, "failed": 1, "skipped": 2})

    def test_what_is_shown_on_request(self):
        rows = self.run_it("plan", *self.words, "--output", "json", "--show-extra", "--show-system",
                           "--show-excluded").json()["resources"]
        states = {row["name"]: row["state"] for row in rows}
        self.assertEqual(states, {**self.STATES, "there": "extra", "TBW102": "system", "SELF_TEST_TOPIC": "system",
                                  "skipped": "excluded"})
        table = self.run_it("plan", *self.words, "--show-extra", "--show-system", "--show-excluded").out
        for name in ("there", "TBW102", "skipped"):
            self.assertIn(name, table)
        self.assertNotIn("TBW102", self.run_it("plan", *self.words).out)

    def test_selection(self):
        def names(*more):
            rows = self.run_it("plan", "--from", "t.yaml", "--to", "snapshot:d.json", "--output", "json",
                               *more).json()["resources"]
            return {row["name"] for row in rows}
        self.assertEqual(names("--kind", "group"), {"GID_new"})
        self.assertEqual(names("--include", "t*", "--include", "new"), {"twin", "new"})
        self.assertEqual(names("--include", "t*", "--exclude", "*n", "--allow-empty-source"), set())
        self.assertEqual(names("--include", "?win"), {"twin"})
        self.write("dir/a.yaml", topic("a"))
        self.write("dir/sub/b.tmpl.yaml", "not: ours\n")
        rows = self.run_it("plan", "--from", "dir", "--to", "snapshot:d.json", "--exclude-file", "sub/*.tmpl.yaml",
                           "--output", "json")
        self.assertEqual({row["name"] for row in rows.json()["resources"]}, {"a"})

    def test_codes_of_judging(self):
        self.run_it("plan", *self.words)
        self.run_it("plan", *self.words, "--detailed-exitcode", code=2)
        self.run_it("verify", *self.words, code=2)
        self.run_it("verify", *self.words, "--include", "twin")
        self.run_it("plan", *self.words, "--include", "twin", "--detailed-exitcode")
        self.run_it("verify", *self.words, "--include", "left")
        self.run_it("verify", *self.words, "--include", "seen", code=2)
        self.run_it("apply", *self.words, "--include", "seen", "--yes")
        self.run_it("apply", *self.words, "--include", "unlike", "--yes")
        self.run_it("verify", *self.words, "--include", "nothing", code=78)
        document = self.run_it("verify", *self.words, "--include", "twin", "--output", "json").json()
        self.assertTrue(document["parity"])

    def test_same_bytes_every_time(self):
        for output in ("table", "json", "jsonl"):
            self.assertEqual(
                self.run_it("plan", *self.words, "--output", output).out,
                self.run_it("plan", *self.words, "--output", output).out)

    def test_journal_in_all_forms(self):
        self.run_it("apply", *self.words, "--yes", code=1)
        lines = self.run_it("journal", "--output", "jsonl").lines()
        for line in lines:
            self.assertLessEqual(
                {"time", "run", "uid", "sync", "identity", "kind", "name", "event", "attempt", "declaredDigest"},
                set(line))
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
            self.assertEqual(line["uid"], os.geteuid())
        sending = next(line for line in lines if (line["name"], line["event"]) == ("new", "sending"))
        self.assertEqual(sending["settings"], {"messageType": "FIFO"})
        document = self.run_it("journal", "--output", "json").json()
        self.assertEqual(document["records"], lines)
        table = self.run_it("journal", "--created").out
        self.assertRegex(table, r"created +Topic +new  snapshot:\S+/d.json\n")
        self.assertEqual(len(table.splitlines()), 2)
        run = lines[0]["run"]
        self.assertEqual(self.run_it("journal", "--run", run, "--output", "jsonl").lines(), lines)
        self.assertEqual(self.run_it("journal", "--run", "another", "--output", "jsonl").out, "")
        self.assertEqual(self.run_it("journal", "--since", "1h", "--output", "jsonl").lines(), lines)
        self.assertEqual(self.run_it("journal", "--since", "0s", "--output", "jsonl").out, "")


class Streams(Case):
    def setUp(self):
        super().setUp()
        self.write("t.yaml", topic("a"))
        self.plan = ("plan", "--from", "t.yaml", "--to", "snapshot:d.json")

    def test_data_on_stdout_everything_else_on_stderr(self):
        self.write("dir/consumerOffset.json", "{}")
        self.write("dir/t.yaml", topic("a"))
        ended = self.run_it("plan", "--from", "dir", "--to", "snapshot:d.json", "--output", "json")
        ended.json()
        self.assertIn("consumerOffset.json", ended.err)
        self.assertNotIn("consumerOffset.json", ended.out)

    def test_quiet_says_errors_only(self):
        self.write("dir/consumerOffset.json", "{}")
        self.write("dir/t.yaml", topic("a"))
        words = ("--from", "dir", "--to", "snapshot:d.json", "--quiet")
        ended = self.run_it("plan", *words)
        self.assertEqual((ended.out, ended.err), ("", ""))
        ended = self.run_it("plan", *words, "--output", "json")
        self.assertEqual((len(ended.json()["resources"]), ended.err), (1, ""))
        ended = self.run_it("apply", *words, "--yes")
        self.assertEqual((ended.out, ended.err), ("", ""))
        ended = self.run_it("validate", "dir", "--quiet")
        self.assertEqual((ended.out, ended.err), ("", ""))
        self.write("dir/t.yaml", "kind: Topik\n")
        self.assertIn("dir/t.yaml:1:", self.run_it("apply", *words, "--yes", code=65).err)

    def test_colours(self):
        self.assertNotIn("\033", self.run_it(*self.plan).out)
        self.assertIn("\033[", self.run_it(*self.plan, "--color", "always").out)
        self.assertIn("\033[", self.run_it(*self.plan, "--color", "always", environment={"NO_COLOR": "1"}).out)
        self.assertIn("\033[", self.run_it(*self.plan, environment={"MQFERRY_COLOR": "always"}).out)
        for output in ("json", "jsonl"):
            self.assertNotIn("\033", self.run_it(*self.plan, "--color", "always", "--output", output).out)

    def test_failures_are_documents_for_scripts(self):
        self.write("t.yaml", "kind: Topik\n")
        for command in (self.plan, ("verify", *self.plan[1:]), ("apply", *self.plan[1:], "--yes")):
            for output in ("json", "jsonl"):
                ended = self.run_it(*command, "--output", output, code=65)
                document = ended.json()
                self.assertEqual((document["version"], document["command"], document["error"]["cause"]),
                                 (1, command[0], "input-wrong"))
                self.assertTrue(document["error"]["message"])
                self.assertIn("t.yaml:1:", ended.err)
        ended = self.run_it("plan", "--from", "snapshot:absent.json", "--to", "snapshot:d.json", "--output", "json",
                            code=65)
        self.assertIn("absent.json", ended.json()["error"]["message"])
        self.path("empty").mkdir()
        ended = self.run_it("plan", "--from", "empty", "--to", "snapshot:d.json", "--output", "json", code=78)
        self.assertEqual(ended.json()["error"]["cause"], "source-empty")
        ended = self.run_it("export", "--from", "snapshot:absent.json", "--output", "json", code=65)
        self.assertEqual((ended.json()["command"], ended.json()["error"]["cause"]), ("export", "input-wrong"))

    def test_progress_is_a_line_on_stderr_where_nobody_looks(self):
        ended = self.run_it(
            "apply", *self.plan[1:], "--yes", binary=RELEASE,
            prefix=strace("fsync,fdatasync:delay_enter=2600000:when=1", paths=[self.path("d.json.part")]))
        self.assertNotIn("\r", ended.err + ended.out)
        self.assertNotIn("\033", ended.err + ended.out)
        self.assertTrue(ended.err.strip())
        self.assertNotIn("\n\n", ended.err)


class Escapes(Case):
    """Control characters of outside text reach no terminal."""

    NAME = "a\x1b[31mred\r\x7f\x9b1m\t"

    def setUp(self):
        super().setUp()
        config = {
            "topicName": self.NAME, "readQueueNums": 8, "writeQueueNums": 8, "perm": 6, "remark": "r\x1b]0;title\x07"
        }
        self.write("topics.json", json.dumps({"dataVersion": {"counter": 1}, "topicConfigTable": {self.NAME: config}}))
        self.write("d.json", OLD)

    def check(self, *arguments, code=0):
        ended = self.run_it(*arguments, code=code)
        for text in (ended.out, ended.err):
            found = CONTROL.search(text)
            self.assertIsNone(found, (arguments, text))
        return ended

    def test_in_reports(self):
        words = ("--from", "topics.json", "--to", "snapshot:d.json", "--for", "any")
        for output in ("table", "json", "jsonl"):
            for command, more in (("plan", ()), ("verify", ()), ("apply", ("--yes",))):
                ended = self.check(command, *words, "--output", output, *more, code=None)
                if output != "table":
                    rows = ended.lines()[:-1] if output == "jsonl" else ended.json()["resources"]
                    self.assertEqual([row["name"] for row in rows], [self.NAME])

    def test_of_what_is_there(self):
        self.write("d.json", OLD.replace('"there"', json.dumps(self.NAME)).replace("was here", "\\u001b[2J\\u009b"))
        self.write("t.yaml", topic("a"))
        self.check("plan", "--from", "t.yaml", "--to", "snapshot:d.json", "--show-extra")
        for form in ("yaml", "snapshot", "metadata"):
            self.check("export", "--from", "snapshot:d.json", "--format", form)

    def test_in_messages(self):
        self.write("bad\x1b[31m\n.yaml", "kind: To\x1bpik\n")
        self.check("validate", "bad\x1b[31m\n.yaml", code=65)
        self.write("u.yaml", 'apiVersion: mqferry/v1\nkind: "To\\epik"\nmetadata: {name: "a\\e[31m"}\n"\\e[1m": 1\n')
        self.check("validate", "u.yaml", code=65)
        self.write("j.json", '{"topicConfigTable": {"a": {"topicName": "\\u001b[31m", "perm": "\\u001b"}}}')
        self.check("validate", "j.json", code=65)
        self.check("plan", "--from", "gone\x1b[31m", "--to", "snapshot:d.json", code=65)
        self.check("plan", "--\x1b[31m", code=64)
        self.check("\x1b[31m", code=64)
        self.check("plan", "--from", "t.yaml", "--to", "kafka:\x1b[31m", code=64)
        self.check("plan", "--from", "t.yaml", "--to", "snapshot:d.json", "--output", "\x1b[31m", code=64)
        self.check("run", "--config", "\x1b.yaml", code=78)

    def test_in_the_journal(self):
        name = "a\u009bb"
        self.write("d.json", OLD)
        self.write("t.json", json.dumps([{"topicName": "plain", "attributes": {"+k\x1b": "v\x1b[31m"}}]))
        self.run_it("apply", "--from", "t.json", "--to", "snapshot:d.json", "--yes", code=None)
        self.write("u.json", json.dumps([{"topicName": name}]))
        self.run_it("apply", "--from", "u.json", "--to", "snapshot:d.json", "--yes", code=None)
        for output in ("table", "json", "jsonl"):
            self.check("journal", "--output", output)


class Ending(Case):
    """Deadlines and signals."""

    def setUp(self):
        super().setUp()
        self.write("t.yaml", "".join(topic(f"t{i}") for i in range(30)) + group("g"))
        self.words = ("--from", "t.yaml", "--to", "snapshot:d.json")

    def test_verify_waits_for_parity(self):
        process = self.start("verify", *self.words, "--wait", "60s")
        time.sleep(1)
        self.assertIsNone(process.poll())
        self.run_it("apply", *self.words, "--yes")
        self.assertEqual(process.wait(60), 0, self.log())
        self.assertEqual(self.log().count("at parity"), 1)

    def test_verify_gives_up_when_the_time_is_over(self):
        begin = time.monotonic()
        self.run_it("verify", *self.words, "--wait", "3s", code=2)
        self.assertGreaterEqual(time.monotonic() - begin, 2.9)
        self.assertLess(time.monotonic() - begin, 20)

    def endless_input(self, *arguments):
        """A process that waits for a standard input that never ends."""
        process = subprocess.Popen(self.command(*arguments), cwd=self.folder, env=self.environment,
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdin.close)
        self.addCleanup(self.end, process, signal.SIGKILL)
        return process

    def test_the_timeout_holds_for_the_whole_command(self):
        for command in ("plan", "verify", "apply"):
            yes = ["--yes"] if command == "apply" else []
            process = self.endless_input(command, "--from", "-", "--to", "snapshot:d.json", "--timeout", "1s", *yes)
            self.assertEqual(process.wait(20), 75, process.stderr.read() if process.poll() is not None else "")
        self.assertFalse(self.path("d.json").exists())

    def test_the_timeout_holds_for_validate(self):
        process = self.endless_input("validate", "-", "--timeout", "1s")
        self.assertEqual(process.wait(20), 75)
        self.assertIn("--timeout", process.stderr.read().decode())

    def closed(self, streams, *arguments, code):
        """The program with some of its standard streams closed."""
        shut = " ".join(f"{stream}>&-" for stream in streams)
        return self.run_it(*arguments, code=code, prefix=("sh", "-c", f'exec "$0" "$@" {shut}'))

    def test_closed_standard_streams(self):
        self.closed("012", "apply", *self.words, "--yes", code=74)  # the report, which nobody can read
        self.assertEqual(len(self.snapshot("d.json")["topics"]), 30)
        self.closed("02", "verify", *self.words, code=0)
        self.assertIn("standard output", self.closed("1", "plan", *self.words, code=74).err)
        self.assertIn("standard output", self.closed("1", "version", code=74).err)
        self.closed("0", "validate", "-", code=65)

    def test_an_output_that_is_full(self):
        for words in (("version",), ("help",), ("help", "plan"), ("plan", *self.words), ("config", "show")):
            with open("/dev/full", "wb") as full:
                done = subprocess.run(self.command(*words), cwd=self.folder, env=self.environment, stdout=full,
                                      stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60, check=False)
            self.assertEqual(done.returncode, 78 if words[0] == "config" else 74, (words, done.stderr))

    def unread(self, *arguments, code):
        """Standard output is a pipe that nobody reads any more, as after `| head` had its lines."""
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as pipe:
            done = subprocess.run(self.command(*arguments), cwd=self.folder, env=self.environment, stdout=pipe,
                                  stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60, check=False)
        self.assertEqual(done.returncode, code, (arguments, done.stderr))
        self.assertNotIn(b"roken pipe", done.stderr)
        self.assertNotIn(b"free space", done.stderr)

    def test_a_reader_who_has_left(self):
        for words in (("version",), ("help",), ("help", "plan")):
            self.unread(*words, code=0)
        for output in ("table", "json", "jsonl"):
            self.unread("plan", *self.words, "--output", output, code=0)
            self.unread("plan", *self.words, "--output", output, "--detailed-exitcode", code=2)
        self.unread("plan", *self.words, "--out", "p.json", code=0)
        self.run_it("apply", "p.json", "--yes")
        self.path("d.json").unlink()
        self.unread("apply", *self.words, "--yes", code=0)
        self.assertEqual(len(self.snapshot("d.json")["topics"]), 30)
        self.unread("verify", *self.words, code=0)
        self.unread("export", "--from", "snapshot:d.json", code=0)
        self.unread("journal", code=0)

    def test_signals_end_what_waits_for_input(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = self.endless_input("apply", "--from", "-", "--to", "snapshot:d.json", "--yes")
            time.sleep(0.5)
            process.send_signal(number)
            self.assertEqual(process.wait(20), code)
        self.assertFalse(self.path("d.json").exists())

    def in_flight(self, *more):
        """An apply whose topics are just being written."""
        process = self.start(
            "apply", *self.words, "--yes", *more, binary=RELEASE,
            prefix=strace("fsync,fdatasync:delay_enter=1500000:when=1", paths=[self.path("d.json.part")]))
        self.wait_for("the new snapshot", self.path("d.json.part").exists)
        return process

    def test_signals_let_creates_in_flight_finish_and_be_recorded(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = self.in_flight()
            process.send_signal(number)
            self.assertEqual(process.wait(60), code, self.log())
            there = self.snapshot("d.json")
            self.assertEqual(len(there["topics"]), 30)
            created = self.run_it("journal", "--created", "--output", "jsonl").lines()
            self.assertEqual(len(created), len(there["topics"]) + len(there["consumerGroups"]))
            self.run_it("apply", *self.words, "--yes")
            self.path("d.json").unlink()
            for path in self.path("state").rglob("journal.jsonl"):
                path.unlink()

    def test_a_second_signal_ends_at_once(self):
        def ended(process):  # but for the thread that the tracer holds back
            return open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()[0] == "Z"
        process = self.in_flight()
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        self.assertFalse(ended(process))
        process.send_signal(signal.SIGINT)
        self.wait_for("the end", lambda: ended(process), seconds=1)
        self.assertEqual(process.wait(60), 130, self.log())
        self.wait_for("the end of the lock", lambda: self.run_it("apply", *self.words, "--yes", code=None).code == 0)
