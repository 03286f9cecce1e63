# SPDX-License-Identifier: Apache-2.0
"""What a daemon costs a cluster that does not change, and that it notices what hides best; what a user has to insist on."""
import collections

import remoting
from harness import group, topic
from stage import OnCluster, on
from wire import entries

SYNC = """apiVersion: mqferry/v1
kind: Sync
metadata: {name: here}
spec:
  mode: apply
  source: [d.yaml]
  destination: {address: "URL"MORE}
  interval: 1s
"""


class WithSync(OnCluster):
    def configure(self, more=""):
        self.write("mqferry.yaml", SYNC.replace("URL", self.url).replace("MORE", more))


@on("old", "new", "v2")
class Quiet(WithSync):
    PASSES = 4

    def seen_of(self, peer):
        return collections.Counter(one.code for one in self.wire.seen(peer=peer))

    def test_a_quiet_pass_asks_each_master_once_per_list_and_nothing_else(self):
        names = [self.name(f"t{i}") for i in range(5)]
        self.write("d.yaml", "".join(topic(name, None) for name in names) + group(self.name("g")))
        self.configure()
        process = self.start("run", "--config", "mqferry.yaml")
        self.wait_for("the first pass", lambda: all(self.name("g") in table for table in self.groups().values()))
        self.wait_for("a pass after it", lambda: self.seen_of("broker-b")[remoting.GROUPS] > 3)
        self.wire.clear()
        self.wait_for("quiet passes", lambda: self.seen_of("broker-b")[remoting.GROUPS] > self.PASSES)
        for master in self.cluster.masters:
            seen = self.seen_of(master)
            passes = seen[remoting.TOPICS]
            for code in (remoting.TOPICS, remoting.GROUPS, remoting.SYSTEM_TOPICS, remoting.BROKER_CONFIG):
                self.assertAlmostEqual(seen[code], passes, delta=1, msg=(master, seen))  # the last one is under way
            self.assertLessEqual(set(seen), {remoting.TOPICS, remoting.GROUPS, remoting.SYSTEM_TOPICS, remoting.BROKER_CONFIG})
        self.check_only_masters_were_asked_to_write()
        self.assertEqual(self.end(process), 0)

    def test_a_table_of_the_same_length_is_not_taken_for_the_same_table(self):
        """One topic goes, another of a name as long comes: only the version in front of the table tells."""
        ours, theirs = self.name("ours-t"), self.name("theirs")
        self.write("d.yaml", topic(ours, None))
        self.configure()
        process = self.start("run", "--config", "mqferry.yaml")
        self.wait_for("the first pass", lambda: all(ours in table for table in self.topics().values()))
        self.wait_for("a quiet pass", lambda: self.seen_of("broker-b")[remoting.TOPICS] > 3)
        self.wire.clear()
        attributes = "+queue.type=SimpleCQ" if self.new() else ""

        def swap(client):
            client.delete_topic(ours)
            client.create_topic(theirs, attributes=attributes)
        self.cluster.on_masters(swap)
        self.wait_for("ours again", lambda: all(ours in table for table in self.topics().values()))
        self.assertEqual({entry[2] for entry in self.wire.written()}, {ours})
        self.assertEqual(self.end(process), 0)


@on("middle")
class Insisting(WithSync):
    """5.3.3 with a slave, which would lose all its topics: see test_creating.Fragile for what happens unasked."""

    def sent_to(self, master, name):
        return [one for one in self.wire.writes() if one.peer == master and name in {entry[2] for entry in entries(one)}]

    def test_a_message_type_reaches_a_master_with_a_slave_when_the_user_insists(self):
        fifo, plain = self.name("fifo"), self.name("plain")
        self.addCleanup(self.cluster.on_masters, lambda client: client.delete_topic(fifo))  # the slave is well again
        self.write("d.yaml", topic(fifo, "FIFO") + topic(plain, None))
        self.configure()
        words = ("--sync", "here", "--config", "mqferry.yaml")
        ended = self.run_it("apply", *words, "--yes", code=1)
        self.assertIn("unsafeAttributes", ended.out + ended.err)
        self.assertEqual({name for table in self.mine(self.topics()).values() for name in table}, {plain})
        self.configure(", unsafeAttributes: true")
        self.run_it("apply", *words, "--yes")
        for master, table in self.topics().items():
            self.assertEqual(table[fifo]["attributes"].get("message.type"), "FIFO", master)
        self.assertEqual(len(self.sent_to("broker-a", fifo)), 1)
        self.assertFalse(self.topics()["broker-a"][plain].get("attributes"))
        self.run_it("verify", *words)


@on("old")
class Leaving(WithSync):
    def test_a_broker_without_a_slave_that_dies_is_named(self):
        self.write("d.yaml", topic(self.name("t"), None))
        self.configure()
        process = self.start("run", "--config", "mqferry.yaml", "--log-format", "logfmt")
        self.wait_for("the first pass", lambda: all(self.name("t") in table for table in self.topics().values()))
        self.assertNotIn("event=broker-gone", self.log())
        self.cluster.kill("broker-b")
        try:
            self.wait_for("word of it", lambda: "event=broker-gone" in self.log())
            self.assertRegex(self.log(), r"event=broker-gone.*broker=broker-b")
        finally:
            self.cluster.restart("broker-b")
        self.assertEqual(self.end(process), 0)
