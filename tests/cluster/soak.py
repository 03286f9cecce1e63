# SPDX-License-Identifier: Apache-2.0
"""What takes too long for CI: ./dev cluster soak. Name it to ring.py; it is not among the tests of the ring."""
import os
import random
import signal
import time

from harness import RELEASE, topic
from process import until
from stage import on
from test_hardship import Hardship

ROUNDS = int(os.environ.get("CLUSTER_SOAK", "20"))
SLAVES_SYNC_S = 150


@on("middle", "new")
class Slaves(Hardship):
    def test_slaves_hold_what_their_masters_hold_two_minutes_later(self):
        """Masters of 5.3.3 destroy their slaves' tables with any attribute."""
        self.write("d.yaml", "".join(topic(self.name(f"t{i}"), "FIFO" if self.cluster.version > "5.4" else None) for i in range(50)))
        self.apply()
        time.sleep(SLAVES_SYNC_S)
        with self.cluster.client("broker-a-slave") as slave, self.cluster.client("broker-a") as master:
            self.assertLessEqual(set(master.topics()), set(slave.topics()))


@on("new")
class HungForLong(Hardship):
    def test_a_name_server_that_hangs_for_brokers_of_5(self):
        """A create takes them 24 seconds then, and succeeds."""
        names = self.declare(5, 2)
        self.cluster.pause("namesrv-1")
        try:
            self.apply("d.yaml", "--timeout", "5m")
        finally:
            self.cluster.resume("namesrv-1")
        self.assertEqual(self.there(), self.everywhere(names))


@on("old", "new")
class Silent(Hardship):
    def test_creates_that_are_never_answered_are_settled_by_reading(self):
        """Each waits longer than a broker waits for its name servers."""
        self.lose("deaf", "hang")


@on("old", "new")
class Storm(Hardship):
    binary = RELEASE

    def test_processes_of_both_sides_die_at_random_and_one_quiet_run_mends_it(self):
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        for number in range(ROUNDS):
            with self.subTest(round=number, seed=seed):
                names = self.declare(60, 30, f"s{number}")
                process = self.start("apply", "--from", "d.yaml", "--to", self.url, "--yes", "--timeout", "30s")
                time.sleep(chance.uniform(0, 0.5))
                victim = chance.choice(["namesrv-1", "broker-a", "broker-b", "broker-a-slave", None])
                if victim:
                    self.cluster.kill(victim)
                if chance.random() < 0.5:
                    self.end(process, signal.SIGKILL)
                if victim:
                    self.cluster.restart(victim)
                until("the end of the run", lambda one=process: one.poll() is not None, 90)
                before = self.there()
                self.wire.clear()
                self.apply("d.yaml", "--expect", "brokers=2")
                self.assertEqual(self.there() & self.everywhere(names), self.everywhere(names))
                self.assertEqual(set(self.wire.written()) & before, set())
