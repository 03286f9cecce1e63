# SPDX-License-Identifier: Apache-2.0
"""What the tests of this ring stand on: clusters that many of them share, each seen through a tap of its own."""
import collections
import concurrent.futures
import itertools
import json
import os
import sys

import mqadmin
import settings
from cluster import Cluster, fresh_folder
from harness import Case
from wire import Wire

# The clusters that the ring boots, in this order.
REAL = {
    "old": ("4.9.7", {}),
    "middle": ("5.3.3", {}),
    "new": ("5.5.0", {}),
    "rocksdb": ("5.5.0", {"store": "rocksdb"}),
    "v2": ("5.5.0", {"store": "v2"}),
    "old-acl-tls": ("4.9.7", {"acl": True, "tls": "on"}),
    "middle-acl-tls": ("5.3.3", {"acl": True, "tls": "mutual"}),
    "new-acl": ("5.5.0", {"acl": True}),
    "new-tls": ("5.5.0", {"tls": "mutual", "masters": 1, "slaves": 0}),
    "big-old": ("4.9.7", {"slaves": 0}),
    "target": ("5.5.0", {"slaves": 0}),
    "source": ("5.5.0", {"slaves": 0}),
}
BIG = [f"big{number}" for number in range(20000)]


class Pool:
    def __init__(self):
        self.worker = concurrent.futures.ThreadPoolExecutor(1)
        self.left, self.order, self.booting = collections.Counter(), [], {}

    def expect(self, names):
        """The tests to come, each by the name of its cluster, in their order."""
        self.left, self.order = collections.Counter(names), list(dict.fromkeys(names))
        self.boot(0)

    def boot(self, at):
        if at < len(self.order) and self.order[at] not in self.booting:
            self.booting[self.order[at]] = self.worker.submit(start, self.order[at])

    def take(self, name):
        """The running cluster of that name; the next one begins to boot when the first test asks for this one."""
        self.boot(self.order.index(name))
        found = self.booting[name].result()
        self.boot(self.order.index(name) + 1)
        return found

    def leave(self, name):
        self.left[name] -= 1
        if self.left[name] == 0:
            self.booting[name].result().remove()

    def close(self):
        for future in self.booting.values():
            if not future.cancel() and not future.exception():
                future.result().remove()


def start(name):
    version, how = REAL[name]
    cluster = Cluster(fresh_folder(name), version, **how)
    try:
        cluster.furnish()
        if name == "big-old":
            fill(cluster, BIG)
        return cluster.start(os.getpid())
    except BaseException:
        cluster.remove()
        raise


def fill(cluster, names):
    """Topics in the masters' files before they boot: on 4.9 creating so many one by one takes minutes."""
    table = {name: {"topicName": name, "readQueueNums": 8, "writeQueueNums": 8, "perm": 6, "topicFilterType": "SINGLE_TAG",
                    "topicSysFlag": 0, "order": False} for name in names}
    for master in cluster.masters:
        path = cluster.file(master, "store", "config", "topics.json")
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"dataVersion": {"counter": 1, "timestamp": 1700000000000}, "topicConfigTable": table}))


POOL = Pool()
NUMBERS = itertools.count(1)


def needs(test):
    """The clusters that a test stands on."""
    where = getattr(test, "where", None)
    return [where, *test.also] if where else []


def on(*names):
    """Makes one test class per cluster out of the one that it stands above."""
    def made(base):
        module = sys.modules[base.__module__]
        for name in names:
            title = f"{base.__name__}On{name.title().replace('-', '')}"
            setattr(module, title, type(title, (base,), {"where": name, "__module__": base.__module__}))
    return made


class OnCluster(Case):
    """`self.cluster` is shared: names made with `self.name` are this test's own. `also`: further clusters, for `self.other`."""
    where, also = None, ()

    def setUp(self):
        super().setUp()
        taken = {name: POOL.take(name) for name in needs(self)}
        for name in taken:
            self.addCleanup(POOL.leave, name)
        self.cluster = taken[self.where]
        self.other = [taken[name] for name in self.also]
        self.prefix = f"c{next(NUMBERS)}-"
        self.wire = None if self.cluster.tls else Wire(self.cluster)
        if self.wire:
            self.addCleanup(self.wire.close)
        self.url = self.wire.url() if self.wire else self.cluster.url()
        if self.cluster.acl:
            self.environment.update(MQFERRY_ACCESS_KEY=settings.ADMIN[0], MQFERRY_SECRET_KEY=settings.ADMIN[1])

    def name(self, base):
        return self.prefix + base

    def new(self):
        """Whether the brokers are of the 5.x line."""
        return self.cluster.version >= "5"

    # --- runs

    def apply(self, source="d.yaml", *more, to=None, **how):
        return self.run_it("apply", "--from", source, "--to", to or self.url, "--yes", *more, **how)

    def verify(self, source="d.yaml", *more, to=None, **how):
        return self.run_it("verify", "--from", source, "--to", to or self.url, *more, **how)

    # --- the world, as the witness sees it

    def topics(self):
        """Master to topic name to settings."""
        return self.cluster.on_masters(lambda client: client.topics())

    def groups(self):
        return self.cluster.on_masters(lambda client: client.groups())

    def mine(self, tables):
        """Only what this test made."""
        return {master: {name: one for name, one in table.items() if name.startswith(self.prefix)} for master, table in tables.items()}

    def mqadmin(self, *arguments, until=lambda: True):
        """Again, a few times, until what it should have done is there: it gives brokers on a busy machine little time."""
        for _ in range(4):
            said = mqadmin.run(self.cluster, *arguments)
            if until():
                break
        return said

    def check_only_masters_were_asked_to_write(self):
        self.assertEqual([one for one in self.wire.seen() if one.peer in self.cluster.slaves], [])
        self.assertEqual(self.wire.seen(352), [])
        self.assertLessEqual({one.peer for one in self.wire.writes()}, set(self.cluster.masters))
