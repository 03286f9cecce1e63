# SPDX-License-Identifier: Apache-2.0
"""Twenty thousand topics."""
import json
import time

from stage import BIG, OnCluster, on


class Big(OnCluster):
    def declare(self, topics, groups=()):
        self.write("d.json", json.dumps({
            "topicConfigTable": {name: {"topicName": name, "readQueueNums": 8, "writeQueueNums": 8, "perm": 6} for name in topics},
            "subscriptionGroupTable": {name: {"groupName": name, "retryMaxTimes": 16} for name in groups}}))

    def timed(self, what, *words):
        begin = time.monotonic()
        self.apply("d.json", "--source-masters", "1", *words)
        print(f"  {what} on {self.cluster.version}: {time.monotonic() - begin:.1f} s (sanitized)", flush=True)


@on("source")
class Batches(Big):
    def test_all_are_created_in_batches_and_seen_again(self):
        groups = [f"GID{number}" for number in range(2000)]
        self.declare(BIG, groups)
        self.timed("20,000 topics and 2,000 groups")
        for table in self.topics().values():
            self.assertLessEqual(set(BIG), set(table))
        for table in self.groups().values():
            self.assertLessEqual(set(groups), set(table))
        self.assertEqual({count for count in self.wire.written().values()}, {1})
        self.assertLess(len(self.wire.writes()), 100)
        for master in self.cluster.masters:
            self.assertLessEqual(set(BIG), set(self.cluster.table(master, "topics")["topicConfigTable"]))
        self.wire.clear()
        self.timed("the same again")
        self.assertEqual(self.wire.writes(), [])


@on("big-old")
class Prepared(Big):
    def test_only_the_three_that_are_missing_are_sent(self):
        new = [self.name(f"t{number}") for number in range(3)]
        self.declare(BIG + new)
        before = {master: self.cluster.table(master, "topics")["topicConfigTable"] for master in self.cluster.masters}
        self.timed("20,000 topics, 3 of them missing")
        self.assertEqual(self.wire.written(), {(master, "topic", name): 1 for master in self.cluster.masters for name in new})
        after = self.topics()
        for master, table in before.items():
            self.assertEqual({name: after[master][name] for name in table}, table)
            self.assertLessEqual(set(new), set(after[master]))
