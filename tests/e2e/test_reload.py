# SPDX-License-Identifier: Apache-2.0
"""mqferry run under SIGHUP and SIGTERM: another configuration in force, or the old one; creates in flight finish."""
import json
import signal

from harness import topic
from test_cloud import FIVE, KEY_ID, WithCloud
from test_daemon import WithDaemon, sync


class Reload(WithDaemon):
    def configure(self, *syncs):
        self.write("mqferry.yaml", "".join(syncs))

    def reload(self, process, event="configuration-loaded"):
        before = self.log().count("event=" + event)
        process.send_signal(signal.SIGHUP)
        self.wait_for(event, lambda: self.log().count("event=" + event) > before)
        return [line for line in self.log().splitlines() if "event=" + event in line][-1]

    def begin(self):
        """One sync, at rest."""
        process = self.run_daemon()
        self.wait_for("the first pass", lambda: "pass-end" in self.log())
        return process

    def test_syncs_are_added_changed_and_removed(self):
        self.write("two/b.yaml", topic("b"))
        self.write("three/c.yaml", topic("c"))
        one, two = sync("one", "manifests/", "d.json"), sync("two", "two/", "e.json")
        self.configure(one, two)
        process = self.run_daemon()
        self.wait_for("both", lambda: (self.topics(), self.topics("e.json")) == ({"a"}, {"b"}))
        self.configure(one, sync("two", "three/", "e.json"), sync("three", "three/", "f.json"))
        said = self.reload(process)
        self.assertIn("added=1 changed=1 removed=0 kept=1", said)
        self.wait_for("the changed one", lambda: self.topics("e.json") == {"b", "c"})
        self.wait_for("the new one", lambda: self.topics("f.json") == {"c"})
        self.configure(one)
        self.assertIn("added=0 changed=0 removed=2 kept=1", self.reload(process))
        self.write("three/d.yaml", topic("d"))
        self.write("manifests/e.yaml", topic("e"))
        self.wait_for("the one that stayed", lambda: self.topics() == {"a", "e"})
        self.assertEqual((self.topics("e.json"), self.topics("f.json")), ({"b", "c"}, {"c"}))
        self.assertEqual(self.end(process), 0)

    def test_a_sync_of_another_name_takes_the_destination_over(self):
        self.configure(sync("one", "manifests/", "d.json"))
        process = self.begin()
        self.write("two/b.yaml", topic("b"))
        self.configure(sync("other", "two/", "d.json"))
        self.reload(process)
        self.wait_for("the other's topic", lambda: self.topics() == {"a", "b"})

    def test_what_does_not_load_leaves_the_old_one_in_force(self):
        process = self.begin()
        wrong = sync("one", "manifests/", "d.json").replace("interval: 1h", "intervall: 1h") + "kind: Sink\n"
        self.configure(wrong)
        self.reload(process, "configuration-refused")
        self.assertIn("event=configuration-wrong", self.log())
        self.assertIn("interval", self.log())
        self.path("d.json").unlink()
        self.write("manifests/b.yaml", topic("b"))
        self.wait_for("the old configuration's work", lambda: self.topics() == {"a", "b"})
        self.configure(sync("one", "manifests/", "e.json"))
        self.reload(process)
        self.wait_for("the mended configuration's work", lambda: self.topics("e.json") == {"a", "b"})

    def test_all_of_it_takes_effect_or_nothing(self):
        """The second Sync's door cannot be opened: the first, which is fine, is not begun either."""
        process = self.begin()
        bad = sync("bad", "manifests/", "f.json").replace('"snapshot:f.json", for: apsaramq', '"ons://cn-hangzhou/i", endpoint: "http://example.org"')
        self.configure(sync("new", "manifests/", "e.json"), bad)
        self.reload(process, "configuration-refused")
        self.path("d.json").unlink()
        self.write("manifests/b.yaml", topic("b"))
        self.wait_for("the old one", lambda: self.topics() == {"a", "b"})
        self.assertFalse(self.path("e.json").exists())
        self.assertEqual(self.end(process), 0)

    def test_no_sync_at_all_is_refused(self):
        process = self.begin()
        self.configure("apiVersion: mqferry/v1\nkind: Daemon\nmetadata: {name: x}\nspec: {log: {level: debug}}\n")
        self.reload(process, "configuration-refused")
        self.path("mqferry.yaml").unlink()
        self.reload(process, "configuration-refused")
        self.assertEqual(self.end(process), 0)

    def test_many_hangups_in_a_row_end_in_the_newest_configuration(self):
        process = self.begin()
        for number in range(12):
            self.write(f"m{number}/t.yaml", topic(f"t{number}"))
            self.configure(sync("one", f"m{number}/", "d.json"), *([sync("two", f"m{number}/", "e.json")] if number % 2 else []))
            process.send_signal(signal.SIGHUP)
        self.wait_for("the newest", lambda: "t11" in self.topics() and "t11" in self.topics("e.json"))
        self.assertEqual(self.end(process), 0)

    def test_the_shrink_guard_outlives_a_change(self):
        self.write("manifests/b.yaml", topic("b"))
        guarded = sync("one", "manifests/", "d.json").replace("interval:", "guard: {maxShrinkPercent: 30}\n  interval:")
        self.configure(guarded)
        process = self.begin()
        self.path("manifests/b.yaml").unlink()
        self.configure(guarded.replace("1h", "2h"))
        self.reload(process)
        self.wait_for("the guard", lambda: "event=source-shrunk" in self.log())

    def test_the_log_level_follows(self):
        process = self.begin()
        self.configure(sync("one", "manifests/", "d.json"),
                       "apiVersion: mqferry/v1\nkind: Daemon\nmetadata: {name: x}\nspec: {log: {level: debug}}\n")
        self.reload(process)
        self.write("manifests/b.yaml", topic("b"))
        self.wait_for("a debug line", lambda: "event=source-changed" in self.log())


class InFlight(WithCloud):
    """Creates that take long, and somebody who does not wait."""

    def configure(self, *names, interval="1h"):
        one = sync("one", "manifests/", "d.json", interval).replace('"snapshot:d.json", for: apsaramq',
                                                                   f'"{FIVE}", endpoint: "{self.fake.endpoint}"')
        self.write("mqferry.yaml", one + "".join(sync(name, "manifests/", name + ".json") for name in names))

    def begin(self, delay_s):
        """Up to the moment at which a create has arrived and is not answered."""
        self.write("manifests/a.yaml", topic("slow"))
        self.configure()
        self.fake.control({"fault": {"operation": "CreateTopic", "delay_s": delay_s}})
        process = self.start("run", "--config", "mqferry.yaml", "--log-format", "logfmt")
        self.wait_for("the create", lambda: "slow" in self.topics())
        return process

    def journal(self):
        lines = [line for path in self.path("state").rglob("journal.jsonl") for line in path.read_text().splitlines()]
        return [entry["event"] for entry in map(json.loads, lines) if "event" in entry]

    def test_a_changed_sync_finishes_its_creates_first(self):
        process = self.begin(2)
        self.configure("more", interval="2h")
        process.send_signal(signal.SIGHUP)
        self.wait_for("the reload", lambda: "event=configuration-loaded" in self.log())
        self.wait_for("the other sync", lambda: self.path("more.json").exists())
        self.wait_for("the result", lambda: "created" in self.journal())
        self.write("manifests/b.yaml", topic("second"))
        self.wait_for("its successor", lambda: set(self.topics()) == {"slow", "second"})
        self.assertEqual(sorted(self.writes()), [(KEY_ID, "second", True), (KEY_ID, "slow", True)])
        self.assertNotIn("outcome-unknown", self.log())
        self.assertEqual(self.end(process), 0)

    def test_sigterm_waits_for_creates_in_flight(self):
        process = self.begin(2)
        self.assertEqual(self.end(process), 0)
        self.assertEqual(self.journal(), ["sending", "created"])

    def test_a_second_sigterm_ends_at_once_and_the_next_run_settles(self):
        process = self.begin(20)
        process.send_signal(signal.SIGTERM)
        self.wait_for("the first one", lambda: "event=stop" in self.log())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 0)
        self.assertEqual(self.journal(), ["sending"])
        self.fake.control({"forget": True})
        self.reconcile("apply", source="manifests")
        self.assertEqual(self.writes(), [])
        self.assertEqual(self.topics(), {"slow": {"messageType": "NORMAL"}})
