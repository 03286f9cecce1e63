# SPDX-License-Identifier: Apache-2.0
"""Killed at any point, masters that die, name servers that hang, answers that are lost, clusters that start again."""
import os
import random
import signal
import time

import remoting
from harness import RELEASE, group, topic
from stage import NUMBERS, OnCluster, on

ROUNDS, VICTIMS = int(os.environ.get("CLUSTER_KILLS", "1")), 12


class Hardship(OnCluster):
    def declare(self, topics, groups, mark=""):
        """Writes d.yaml; gives (kind, name) of all that it declares."""
        names = [("topic", self.name(f"{mark}t{i}")) for i in range(topics)] + [("group", self.name(f"{mark}g{i}")) for i in range(groups)]
        self.write("d.yaml", "".join(topic(name, None) if kind == "topic" else group(name) for kind, name in names))
        return names

    def there(self):
        """(master, kind, name) of all that this test made, as the witness sees it."""
        return {(master, kind, name) for kind, tables in (("topic", self.topics()), ("group", self.groups()))
                for master, table in self.mine(tables).items() for name in table}

    def everywhere(self, names):
        return {(master, kind, name) for master in self.cluster.masters for kind, name in names}

    def apply_words(self, *more):
        return ("apply", "--from", "d.yaml", "--to", self.url, "--yes", *more)

    def lose(self, *actions):
        for action in actions:
            with self.subTest(action):
                names = self.declare(8, 4, action)
                self.wire.clear()
                self.wire.rule(action, "broker-a", remoting.CREATE_TOPIC, remoting.CREATE_TOPICS)
                self.wire.rule(action, "broker-a", remoting.CREATE_GROUP, remoting.CREATE_GROUPS)
                self.apply()
                self.assertLessEqual(self.everywhere(names), self.there())
                if action in ("cut-answer", "deaf"):
                    self.assertEqual([key for key, count in self.wire.written().items() if count > 1], [])


class Victim:
    """One run with names and a state folder of its own: many are killed side by side, since each rerun waits until what was under way
    has surely settled."""

    def __init__(self, case, number):
        self.case, self.folder = case, case.path(f"v{number}")
        self.folder.mkdir()
        names = case.declare(30, 15, f"v{number}")
        case.path("d.yaml").rename(self.folder / "d.yaml")
        self.wanted = case.everywhere(names)

    def start(self):
        return self.case.start("apply", "--from", self.folder / "d.yaml", "--to", self.case.url, "--yes", "--state-dir", self.folder)

    def kill(self, chance):
        """At a random point of its life; the first half of it is where most happens."""
        process = self.start()
        time.sleep(chance.uniform(0, 1) ** 2)
        self.case.end(process, signal.SIGKILL)


@on("old", "new", "v2")
class Killed(Hardship):
    binary = RELEASE

    def test_killed_at_any_point_a_new_run_completes_it_and_writes_nothing_that_was_there(self):
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        for _ in range(ROUNDS):
            victims = [Victim(self, next(NUMBERS)) for _ in range(VICTIMS)]
            for victim in victims:
                victim.kill(chance)
            time.sleep(1)
            before = self.there()
            self.wire.clear()
            for process in [victim.start() for victim in victims]:
                self.assertEqual(process.wait(180), 0, self.log())
            wanted = set().union(*(victim.wanted for victim in victims))
            self.assertEqual(wanted - self.there(), set(), seed)
            self.assertEqual(set(self.wire.written()) & before, set(), seed)
            self.assertEqual([key for key, count in self.wire.written().items() if count > 1], [], seed)
            self.wire.clear()
            for process in [victim.start() for victim in victims]:
                self.assertEqual(process.wait(180), 0, self.log())
            self.assertEqual(self.wire.writes(), [], seed)


@on("old", "new")
class Broken(Hardship):
    def test_a_master_that_dies_in_the_middle_and_comes_back(self):
        names = self.declare(40, 20)
        self.wire.rule("call", "broker-b", *remoting.WRITES, call=lambda _: self.cluster.kill("broker-b"))
        try:
            # Its name is gone from the name servers with it: only who says how many masters there are can miss one.
            ended = self.apply("d.yaml", "--expect", "brokers=2", "--timeout", "5s", code=None)
            self.assertIn(ended.code, (69, 75, 78), ended.err)
        finally:
            if not self.cluster.processes["broker-b"].runs():
                self.cluster.restart("broker-b")
        before = self.there()
        self.wire.clear()
        self.apply()
        self.assertEqual(self.there(), self.everywhere(names))
        self.assertEqual(set(self.wire.written()) & before, set())
        self.verify()

    def test_a_master_that_comes_back_while_the_run_waits_for_it(self):
        """Its slave keeps its name known: a name without a master means wait."""
        names = self.declare(10, 5)
        self.cluster.kill("broker-a")
        try:
            process = self.start(*self.apply_words("--timeout", "120s"))
            self.wait_for("the run looks", lambda: self.wire.seen(remoting.CLUSTER_INFO))
            time.sleep(1)
            self.assertEqual(self.wire.writes(), [])
        finally:
            self.cluster.restart("broker-a")
        self.assertEqual(process.wait(150), 0, self.log())
        self.assertEqual(self.there(), self.everywhere(names))

    def test_lost_answers_are_settled_by_reading(self):
        self.lose("cut", "cut-answer")

    def test_a_name_server_that_hangs_does_not_stall_the_run(self):
        names = self.declare(3, 2)
        self.wire.rule("hang", "namesrv-1", times=None)
        begin = time.monotonic()
        self.apply()
        self.assertLess(time.monotonic() - begin, 60)
        self.assertEqual(self.there(), self.everywhere(names))

    def test_a_name_server_that_is_gone(self):
        names = self.declare(3, 2)
        self.wire.listeners["namesrv-1"].close()
        self.apply()
        self.assertEqual(self.there(), self.everywhere(names))

    def test_slow_answers_to_lists(self):
        self.declare(3, 2)
        self.wire.rule("delay", "broker-a", remoting.TOPICS, times=None, seconds=1)
        self.apply()
        self.verify()

    def test_a_list_that_is_cut_off_is_read_again(self):
        names = self.declare(3, 2)
        self.wire.rule("cut-answer", "broker-a", remoting.TOPICS, times=2)
        self.wire.rule("cut", "broker-b", remoting.GROUPS, times=1)
        self.apply()
        self.assertEqual(self.there(), self.everywhere(names))


@on("old")
class Hung(Hardship):
    def test_a_name_server_that_really_hangs_makes_brokers_slow_and_nothing_else(self):
        """Each create of the brokers waits six seconds for it, and succeeds."""
        names = self.declare(2, 1)
        self.cluster.pause("namesrv-1")
        try:
            self.apply()
        finally:
            self.cluster.resume("namesrv-1")
        self.assertEqual(self.there(), self.everywhere(names))
        self.assertEqual([key for key, count in self.wire.written().items() if count > 1], [])


@on("new", "rocksdb", "v2")
class Again(Hardship):
    def test_everything_outlives_a_cluster_that_is_killed_and_started_again(self):
        names = self.declare(25, 12)
        self.apply()
        processes = list(self.cluster.processes)
        for name in processes:
            self.cluster.kill(name)
        self.cluster.restart(*processes)
        self.assertEqual(self.there(), self.everywhere(names))
        self.wire.clear()
        self.apply()
        self.assertEqual(self.wire.writes(), [])
