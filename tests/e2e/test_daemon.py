# SPDX-License-Identifier: Apache-2.0
"""mqferry run: kept in step while files change, unharmed by bad edits, ended by a signal."""
import json
import os
import signal
import time

from harness import Case, topic

SYNC = """apiVersion: mqferry/v1
kind: Sync
metadata: {name: NAME}
spec:
  mode: apply
  source: [SOURCE]
  destination: {address: "snapshot:DESTINATION", for: apsaramq}
  interval: INTERVAL
---
"""


def sync(name, source, destination, interval="1h"):
    return (SYNC.replace("NAME", name).replace("SOURCE", source).replace("DESTINATION", destination)
            .replace("INTERVAL", interval))


class WithDaemon(Case):
    def setUp(self):
        super().setUp()
        self.write("manifests/a.yaml", topic("a"))
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json"))

    def run_daemon(self):
        return self.start("run", "--config", "mqferry.yaml", "--log-format", "logfmt")

    def topics(self, name="d.json"):
        return set(self.snapshot(name)["topics"]) if self.path(name).exists() else set()


class NameLists(WithDaemon):
    """A mapping's file of names lies anywhere; the interval is an hour, so only the watch brings the next pass."""

    def setUp(self):
        super().setUp()
        self.write("manifests/b.yaml", topic("b") + topic("c"))
        self.write("elsewhere/wave.txt", "a\n")
        self.write("mapping.yaml", "apiVersion: mqferry/v1\nkind: Mapping\nspec: {include: [{file: elsewhere/wave.txt}]}\n")
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json").replace("interval:", "mapping: mapping.yaml\n  interval:"))
        self.process = self.run_daemon()
        self.wait_for("the first wave", lambda: self.topics() == {"a"})

    def test_a_list_that_changes_is_followed(self):
        self.write("elsewhere/wave.txt", "a\nb\n")
        self.wait_for("the second wave", lambda: self.topics() == {"a", "b"})
        self.write("elsewhere/new.txt", "c\n")
        self.path("elsewhere/new.txt").rename(self.path("elsewhere/wave.txt"))
        self.wait_for("the third wave", lambda: self.topics() == {"a", "b", "c"})

    def test_a_list_that_vanishes_and_returns_is_followed(self):
        self.path("elsewhere/wave.txt").unlink()
        self.wait_for("the mistake", lambda: "elsewhere/wave.txt" in self.log())
        self.write("elsewhere/wave.txt", "b\n")
        self.wait_for("the list that came back", lambda: self.topics() == {"a", "b"})

    def test_the_list_of_a_changed_mapping_is_followed(self):
        self.write("other/wave.txt", "b\n")
        self.write("mapping.yaml", self.path("mapping.yaml").read_text().replace("elsewhere", "other"))
        self.wait_for("the other list", lambda: self.topics() == {"a", "b"})
        self.write("other/wave.txt", "b\nc\n")
        self.wait_for("its change", lambda: self.topics() == {"a", "b", "c"})


class Daemon(WithDaemon):
    def test_a_new_manifest_is_followed_and_sigterm_ends_with_0(self):
        process = self.run_daemon()
        self.wait_for("the first pass", lambda: self.topics() == {"a"})
        self.write("manifests/b.yaml", topic("b"))
        self.wait_for("the new topic", lambda: self.topics() == {"a", "b"})
        self.assertEqual(self.end(process), 0)

    def test_a_daemon_without_cloud_does_not_load_what_the_cloud_needs(self):
        process = self.run_daemon()
        self.wait_for("the first pass", lambda: self.topics() == {"a"})
        with open(f"/proc/{process.pid}/maps", encoding="utf-8") as maps:
            loaded = maps.read()
        self.assertIn("libuv", loaded)
        self.assertNotIn("libcurl", loaded)

    def test_notices_are_logged_once_for_each_reading(self):
        self.write("manifests/consumerOffset.json", "{}")
        self.run_daemon()
        self.wait_for("the first pass", lambda: self.topics() == {"a"})
        self.wait_for("the notice", lambda: self.log().count("manifest-notice") == 1)
        self.assertIn("consumerOffset", self.log())
        self.write("manifests/b.yaml", topic("b"))
        self.wait_for("the new topic", lambda: self.topics() == {"a", "b"})
        self.wait_for("the notice, again", lambda: self.log().count("manifest-notice") == 2)

    def test_what_cannot_be_created_is_logged_when_it_is_news(self):
        """Not in every pass; and again when there is more of it."""
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json", "1s"))
        self.write("manifests/bad.yaml", topic("untyped", None))
        process = self.run_daemon()
        self.wait_for("three passes", lambda: self.log().count("event=pass-end") >= 3)
        self.assertEqual(self.log().count("name=untyped"), 1, self.log())
        self.write("manifests/worse.yaml", topic("untyped2", None))
        self.wait_for("the other one", lambda: "name=untyped2" in self.log())
        seen = self.log().count("event=pass-end")
        self.wait_for("two more passes", lambda: self.log().count("event=pass-end") >= seen + 2)
        self.assertEqual((self.log().count("name=untyped "), self.log().count("name=untyped2 ")), (2, 1), self.log())
        # What is made once more is told once more: it was created.
        self.path("d.json").unlink()
        self.wait_for("the topic again", lambda: self.log().count("event=created") == 2)
        self.assertEqual(self.end(process), 0)

    def test_editors_rename_into_place_is_followed(self):
        self.run_daemon()
        self.wait_for("the first pass", lambda: self.topics() == {"a"})
        self.write("manifests/.a.yaml.swp", topic("a") + topic("c"))
        os.rename(self.path("manifests/.a.yaml.swp"), self.path("manifests/a.yaml"))
        self.wait_for("the new topic", lambda: self.topics() == {"a", "c"})

    def test_a_bad_edit_leaves_the_last_good_set_in_force(self):
        process = self.run_daemon()
        self.wait_for("the first pass", lambda: self.topics() == {"a"})
        self.write("manifests/a.yaml", topic("a") + topic("b") + "kind: Topik\n")
        self.wait_for("the mistake", lambda: "manifest-wrong" in self.log())
        self.assertIn("a.yaml", self.log())
        self.assertIsNone(process.poll())
        self.assertEqual(self.topics(), {"a"})
        self.write("d.json.tmp", self.path("d.json").read_text().replace('"a"', '"other"'))
        os.rename(self.path("d.json.tmp"), self.path("d.json"))
        time.sleep(1.5)
        process.send_signal(signal.SIGHUP)
        self.wait_for("the last good set", lambda: self.topics() == {"other", "a"})
        self.write("manifests/a.yaml", topic("a") + topic("b"))
        self.wait_for("the mended set", lambda: self.topics() == {"other", "a", "b"})

    def test_sighup_brings_the_next_pass_nearer(self):
        process = self.run_daemon()
        self.wait_for("the first pass", lambda: "pass-end" in self.log())
        self.path("d.json").unlink()
        process.send_signal(signal.SIGHUP)
        self.wait_for("the pass", lambda: self.topics() == {"a"})

    def test_the_interval_alone_finds_what_is_gone(self):
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json", "1s"))
        self.run_daemon()
        self.wait_for("the first pass", lambda: self.topics() == {"a"})
        self.path("d.json").unlink()
        self.wait_for("the next pass", lambda: self.topics() == {"a"})

    def test_one_bad_destination_does_not_stop_the_others(self):
        self.write("bad.json", "{ not json")
        self.write("mqferry.yaml", sync("bad", "manifests/", "bad.json") + sync("good", "manifests/", "d.json"))
        process = self.run_daemon()
        self.wait_for("the good one", lambda: self.topics() == {"a"})
        self.wait_for("the bad one", lambda: "pass-failed" in self.log())
        self.assertIsNone(process.poll())
        self.assertEqual(self.path("bad.json").read_text(), "{ not json")

    def test_syncs_of_one_destination_and_a_command_take_turns(self):
        self.write("b.yaml", topic("b"))
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json", "1s") + sync("two", "b.yaml", "d.json", "1s"))
        process = self.run_daemon()
        self.wait_for("what both declare", lambda: self.topics() == {"a", "b"})
        self.write("manifests/a2.yaml", topic("a2"))
        self.wait_for("more of the first", lambda: "a2" in self.topics())
        self.write("b.yaml", topic("b") + topic("b2"))
        self.wait_for("more of the second", lambda: "b2" in self.topics())
        self.write("c.yaml", topic("c"))
        self.run_it("apply", "--from", "c.yaml", "--to", "snapshot:d.json", "--yes")
        self.write("manifests/a3.yaml", topic("a3"))
        self.wait_for("the first after the command", lambda: self.topics() == {"a", "a2", "a3", "b", "b2", "c"})
        self.assertEqual(self.end(process), 0)
        created = self.run_it("journal", "--created", "--output", "jsonl").lines()
        self.assertEqual(sorted((line["sync"], line["name"]) for line in created),
                         [("", "c"), ("one", "a"), ("one", "a2"), ("one", "a3"), ("two", "b"), ("two", "b2")])

    def test_a_wrong_configuration_is_78_with_every_place(self):
        self.write("mqferry.yaml", "apiVersion: mqferry/v1\nkind: Sync\nmetadata: {name: x}\nspec: {mode: aply, intervall: 3s}\n")
        ended = self.run_it("run", "--config", "mqferry.yaml", code=78)
        self.assertIn("mqferry.yaml:4:", ended.err)
        self.assertIn("interval", ended.err)
        self.run_it("run", "--config", "absent.yaml", code=78)

    def test_wrong_manifests_at_the_start_leave_the_daemon_up(self):
        self.write("manifests/a.yaml", "kind: Nonsense\n")
        process = self.run_daemon()
        self.wait_for("the mistake", lambda: "manifest-wrong" in self.log())
        self.write("manifests/a.yaml", topic("a"))
        self.wait_for("the mended set", lambda: self.topics() == {"a"})
        self.assertIsNone(process.poll())

    def test_once_makes_one_pass_of_every_sync(self):
        self.write("two/b.yaml", topic("b"))
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json") + sync("two", "two/", "e.json"))
        self.run_it("run", "--config", "mqferry.yaml", "--once")
        self.assertEqual((self.topics(), self.topics("e.json")), ({"a"}, {"b"}))

    def test_once_syncs_of_one_destination_wait_for_each_other(self):
        self.write("b.yaml", topic("b"))
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json") + sync("two", "b.yaml", "d.json") + sync("three", "b.yaml", "d.json"))
        self.run_it("run", "--config", "mqferry.yaml", "--once")
        self.assertEqual(self.topics(), {"a", "b"})

    def test_once_gives_the_worst_code(self):
        self.write("two/b.yaml", topic("b", None))
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json") + sync("two", "two/", "e.json"))
        self.run_it("run", "--config", "mqferry.yaml", "--once", code=1)
        self.assertEqual(self.topics(), {"a"})

    def test_observe_never_writes(self):
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json").replace("mode: apply", "mode: observe"))
        self.run_it("run", "--config", "mqferry.yaml", "--once", code=2)
        ended = self.run_it("apply", "--sync", "one", "--config", "mqferry.yaml", "--yes", code=78)
        self.assertIn("observe", ended.err)
        self.run_it("plan", "--sync", "one", "--config", "mqferry.yaml")
        self.assertFalse(self.path("d.json").exists())

    def test_a_source_that_shrank_while_nobody_ran_is_noticed(self):
        def once():
            log = self.run_it("run", "--config", "mqferry.yaml", "--once", "--log-format", "json", code=None).err
            return [json.loads(line) for line in log.splitlines()]

        def verify(code):
            self.run_it("verify", "--sync", "one", "--config", "mqferry.yaml", code=code)

        guarded = sync("one", "manifests/", "d.json").replace("interval:", "guard: {maxShrinkPercent: 30}\n  interval:")
        self.write("mqferry.yaml", guarded)
        self.write("manifests/a.yaml", "".join(map(topic, "abcd")))
        once()
        verify(0)
        self.write("manifests/a.yaml", "".join(map(topic, "abe")))
        self.assertEqual([line for line in once() if line["event"] == "source-shrunk"], [])
        self.write("manifests/a.yaml", topic("a"))
        shrunk = [line for line in once() if line["event"] == "source-shrunk"]
        self.assertEqual(len(shrunk), 1)
        verify(2)
        self.write("mqferry.yaml", guarded.replace("30}", f"30, acceptShrink: '{shrunk[0]['digest']}'}}"))
        self.assertEqual([line for line in once() if line["event"] == "source-shrunk"], [])
        self.write("mqferry.yaml", guarded)
        verify(0)

    def test_a_sync_stands_for_from_and_to(self):
        self.run_it("apply", "--sync", "one", "--config", "mqferry.yaml", "--yes")
        self.run_it("verify", "--sync", "one", "--config", "mqferry.yaml")
        self.write("live.yaml", sync("live", 'manifests/, {address: "snapshot:d.json"}', "e.json"))
        report = self.run_it("plan", "--sync", "live", "--config", "live.yaml", "--output", "json").json()
        self.assertEqual(report["source"], ["manifests/", "snapshot:d.json"])
        self.run_it("plan", "--sync", "two", "--config", "mqferry.yaml", code=78)

    def test_config_show_tells_where_values_come_from(self):
        ended = self.run_it("config", "show", "--config", "mqferry.yaml", environment={"MQFERRY_LOG_LEVEL": "debug"})
        self.assertIn("debug", ended.out)
        self.assertIn("environment", ended.out)
        self.assertIn("d.json", ended.out)
