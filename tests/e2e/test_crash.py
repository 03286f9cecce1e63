# SPDX-License-Identifier: Apache-2.0
"""Killed at any point, or not alone: old or new, never half; a new run converges; nothing is made twice."""
import collections
import fcntl
import json
import os
import random
import signal
import subprocess
import time

from hardship import OLD, strace
from harness import RELEASE, Case, group, topic

CALLS = ("write", "pwrite64", "writev", "fsync", "fdatasync", "rename", "renameat", "renameat2", "ftruncate", "mkdir",
         "unlink")
STEPS_MAX = 60


class Crash(Case):
    binary = RELEASE
    topics, groups = 40, 20

    def setUp(self):
        super().setUp()
        topics, groups = {f"t{i}" for i in range(self.topics)}, {f"g{i}" for i in range(self.groups)}
        self.names = {"topics": topics, "consumerGroups": groups}
        self.write("t.yaml", "".join(map(topic, sorted(topics))) + "".join(map(group, sorted(groups))))

    def fresh(self):
        """Old files for the next round."""
        for path in sorted(self.folder.rglob("*"), reverse=True):
            if path.is_dir():
                path.rmdir()
            elif path.name != "t.yaml":
                path.unlink()
        self.write("d.json", OLD)

    def apply_words(self, *more, source="t.yaml"):
        return ("apply", "--from", source, "--to", "snapshot:d.json", "--yes", *more)

    def journal(self):
        if not self.path("state").exists():
            return []
        return self.run_it("journal", "--output", "jsonl").lines()

    def check_whole(self):
        """The snapshot parses and holds what it held, and of each kind nothing more or everything."""
        there = self.snapshot("d.json")
        self.assertEqual(there["topics"].pop("there"),
                         {"name": "there", "messageType": "NORMAL", "remark": "was here before"})
        for kind, names in self.names.items():
            self.assertIn(set(there[kind]), (set(), names), kind)
        sent = {(line["kind"], line["name"]) for line in self.journal() if line["event"] == "sending"}
        for kind, key in (("Topic", "topics"), ("ConsumerGroup", "consumerGroups")):
            for name in there[key]:
                self.assertIn((kind, name), sent)
        return there

    def check_converges(self):
        self.run_it(*self.apply_words())
        there = self.snapshot("d.json")
        self.assertEqual({kind: set(items) for kind, items in there.items()},
                         {"topics": self.names["topics"] | {"there"}, "consumerGroups": self.names["consumerGroups"]})
        left = {path.name for path in self.folder.iterdir()}
        self.assertEqual(left - {"d.json", "d.json.lock", "t.yaml", "state", "log"}, set())
        self.check_nothing_twice()
        before = self.path("d.json").stat().st_mtime_ns
        self.run_it(*self.apply_words())
        self.assertEqual(self.path("d.json").stat().st_mtime_ns, before)

    def check_nothing_twice(self):
        """Each name was written once: created or settled once at most, and never sent again after that."""
        seen = collections.defaultdict(list)
        for line in self.journal():
            seen[line["kind"], line["name"]].append(line["event"])
        for key, events in seen.items():
            made = [at for at, event in enumerate(events) if event in ("created", "settled")]
            self.assertLessEqual(len(made), 1, (key, events))
            if made:
                self.assertNotIn("sending", events[made[0]:], (key, events))


class Killed(Crash):
    def test_at_every_write_sync_and_rename(self):
        rounds = 0
        for call in CALLS:
            for step in range(1, STEPS_MAX):
                self.fresh()
                ended = self.run_it(*self.apply_words(), code=None, prefix=strace(f"{call}:signal=KILL:when={step}"))
                if ended.code == 0:
                    break
                self.assertEqual(ended.code, -signal.SIGKILL, ended.err)
                with self.subTest(f"killed at {call} {step}"):
                    self.check_whole()
                    self.check_converges()
                rounds += 1
            else:
                self.fail(f"more than {STEPS_MAX} calls of {call}")
        self.assertGreater(rounds, 10)

    def test_while_it_mends_what_a_kill_left(self):
        """Killed twice: between intent and create, then in the run after it."""
        for step in range(1, STEPS_MAX):
            self.fresh()
            self.run_it(*self.apply_words(), code=-signal.SIGKILL,
                        prefix=strace("rename,renameat,renameat2:signal=KILL:when=1"))
            ended = self.run_it(*self.apply_words(), code=None,
                                prefix=strace(f"fsync,fdatasync:signal=KILL:when={step}"))
            self.check_whole()
            self.check_converges()
            if ended.code == 0:
                return
        self.fail("never came to its end")


class KilledAnyTime(Crash):
    topics, groups = 6000, 2000
    rounds = 24

    def test_at_random_times(self):
        self.fresh()
        begin = time.monotonic()
        self.run_it(*self.apply_words())
        whole_s = time.monotonic() - begin
        seed = int(os.environ.get("MQFERRY_SEED") or time.time_ns() % 1000000)
        moments = random.Random(seed)
        for number in range(self.rounds):
            self.fresh()
            process = self.start(*self.apply_words())
            try:
                process.wait(moments.random() * whole_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            with self.subTest(f"MQFERRY_SEED={seed}, round {number}"):
                self.check_whole()
                self.check_converges()


class TornJournal(Crash):
    def journal_file(self):
        return next(self.path("state").rglob("journal.jsonl"))

    def test_half_a_line_at_the_end_is_cut(self):
        self.fresh()
        self.run_it(*self.apply_words())
        whole = self.journal_file().read_bytes()
        self.journal_file().write_bytes(whole + b'{"time":"2026-11-23T20:00:00Z","event":"sen')
        self.assertEqual(len(self.run_it("journal", "--output", "jsonl").lines()), whole.count(b"\n"))
        self.write("t.yaml", topic("another"))
        self.run_it(*self.apply_words())
        lines = [json.loads(line) for line in self.journal_file().read_text().splitlines()]
        self.assertEqual(lines[-1]["name"], "another")

    def test_damage_in_the_middle_is_said_and_passed_over(self):
        self.fresh()
        self.run_it(*self.apply_words())
        whole = self.journal_file().read_bytes().splitlines(keepends=True)
        self.journal_file().write_bytes(whole[0] + b"\0\0\0\0 not a line \xff\n" + b"".join(whole[1:]))
        ended = self.run_it("journal", "--output", "jsonl")
        self.assertEqual(len(ended.lines()), len(whole))
        self.assertIn("1 damaged", ended.err)
        self.run_it(*self.apply_words())

    def test_a_left_over_of_a_crash_is_in_nobodys_way(self):
        self.fresh()
        self.write("d.json.part", "{ half a snap")
        self.check_converges()


class TwoAtOnce(Crash):
    def held(self, seconds):
        """A process that is in the middle of writing the snapshot, for so long, topics first and groups then."""
        self.fresh()
        delay = f"fsync,fdatasync:delay_enter={int(seconds * 500000)}"
        process = self.start(*self.apply_words(), prefix=strace(delay, paths=[self.path("d.json.part")]))
        self.wait_for("the new snapshot", self.path("d.json.part").exists)
        return process

    def second(self, *more, code):
        self.write("u.yaml", topic("mine"))
        ended = self.run_it(*self.apply_words(*more, source="u.yaml"), code=code)
        os.unlink(self.path("u.yaml"))
        return ended

    def test_the_second_fails_with_75_and_says_who_holds_it(self):
        process = self.held(5)
        ended = self.second("--timeout", "1s", code=75)
        self.assertRegex(ended.err, rf"(?i)lock.*\b{process.pid}\b|\b{process.pid}\b.*lock")
        self.assertIsNone(process.poll())
        ended = self.second("--timeout", "1s", "--state-dir", self.path("other"), code=75)
        self.assertRegex(ended.err, rf"d\.json.*\b{process.pid}\b")
        self.assertEqual(process.wait(60), 0, self.log())
        self.check_whole()
        self.assertEqual(self.second(code=0).code, 0)

    def test_the_second_waits_and_goes_on_where_the_first_ended(self):
        process = self.held(1.6)
        self.second(code=0)
        self.assertEqual(process.wait(60), 0, self.log())
        there = self.snapshot("d.json")["topics"]
        self.assertEqual(set(there), self.names["topics"] | {"there", "mine"})
        self.check_nothing_twice()

    def test_reading_needs_no_lock(self):
        process = self.held(2)
        self.run_it("plan", "--from", "t.yaml", "--to", "snapshot:d.json")
        self.run_it("verify", "--from", "t.yaml", "--to", "snapshot:d.json", code=2)
        self.assertIsNone(process.poll())
        self.assertEqual(process.wait(60), 0, self.log())

    def test_one_that_waits_for_the_lock_can_be_stopped(self):
        self.fresh()
        with open(self.path("d.json.lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = self.start(*self.apply_words())
            self.wait_for("the intent", lambda: any(line["event"] == "sending" for line in self.journal()))
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(20), 130, self.log())
        self.assertEqual(set(self.snapshot("d.json")["topics"]), {"there"})

    def test_several_that_race(self):
        self.fresh()
        os.unlink(self.path("t.yaml"))
        processes = []
        for number in range(3):
            self.write(f"{number}.yaml", "".join(topic(f"p{number}-{i}") for i in range(30)))
            processes.append(self.start(*self.apply_words("--timeout", "90s", source=f"{number}.yaml")))
        for process in processes:
            self.assertEqual(process.wait(120), 0, self.log())
        there = set(self.snapshot("d.json")["topics"])
        self.assertEqual(there, {"there"} | {f"p{number}-{i}" for number in range(3) for i in range(30)})
        created = [(line["kind"], line["name"]) for line in self.journal() if line["event"] == "created"]
        self.assertEqual(len(created), 90)
        self.assertEqual(len(set(created)), 90)
