# SPDX-License-Identifier: Apache-2.0
"""What mqferry takes on real clusters, next to bare calls and RocketMQ's own tool in the same run: cluster_figures.py BINARY [PART...].

Every measured run gets a cluster of its own that has just started and is empty: two name servers, two masters. Clusters of one
comparison run one after the other, in turns; the best of the rounds counts."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import mqadmin
from cluster import Cluster, fresh_folder
from measure import Best, Figures, Run
from process import until

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
NEW, OLD = "5.5.0", "4.9.7"
TOPICS, GROUPS, BATCH = 5000, 2000, 5000
OLD_TOPICS = 2000
LIST_TOPICS, LIST_GROUPS = 10000, 3000
TOOL_COMMANDS = 20


SYNC = """apiVersion: mqferry/v1
kind: Sync
metadata: {{name: nothing}}
spec:
  mode: observe
  source: ["{source}"]
  destination: {{address: "{url}"}}
  mapping: mapping.yaml
  interval: 1s
"""


class Together:
    """Several runs, one after the other, as one."""

    def __init__(self, *runs):
        self.seconds = sum(run.seconds for run in runs)
        self.cpu_seconds = sum(run.cpu_seconds for run in runs)
        self.peak_bytes = max(run.peak_bytes for run in runs)
        self.out = runs[0].out


class Bench:
    def __init__(self, binary):
        self.binary, self.bare = binary, binary.parent / "bench-bare"
        self.scratch = binary.parent / "bench" / "cluster"
        self.figures = Figures()
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)

    # --- what is run

    def empty(self, version, work):
        """`work(cluster)` on a cluster that has just started; ended afterwards."""
        cluster = Cluster(fresh_folder("bench"), version, slaves=0)
        try:
            cluster.start(os.getpid())
            return work(cluster)
        finally:
            cluster.remove()

    def ports(self, cluster):
        return [str(cluster.ports[master]) for master in cluster.masters]

    def bare_creates(self, cluster, kind, count, batch):
        return Run([self.bare, kind, "bare_", str(count), str(batch), *self.ports(cluster)])

    def bare_lists(self, cluster):
        return Run([self.bare, "list", "1", *self.ports(cluster)])

    def declared(self, name, topics, groups):
        path = self.scratch / name
        path.write_text(json.dumps({
            "topicConfigTable": {f"bare_{i}": {"topicName": f"bare_{i}", "readQueueNums": 8, "writeQueueNums": 8, "perm": 6} for i in range(topics)},
            "subscriptionGroupTable": {f"bare_{i}": {"groupName": f"bare_{i}"} for i in range(groups)}}))
        return path

    def ours(self, cluster, command, source):
        shutil.rmtree(self.scratch / "state", ignore_errors=True)
        yes = ["--yes"] if command == "apply" else []
        return Run([self.binary, command, "--from", source, "--to", cluster.url(), "--source-masters", "1", "--color", "never", *yes],
                   {"MQFERRY_STATE_DIR": str(self.scratch / "state")})

    def check(self, cluster, topics, groups):
        """The witness: everything is on both masters."""
        for table in cluster.on_masters(lambda client: client.topics()).values():
            assert all(f"bare_{i}" in table for i in range(topics)), "topics are missing"
        for table in cluster.on_masters(lambda client: client.groups()).values():
            assert all(f"bare_{i}" in table for i in range(groups)), "groups are missing"

    def rounds(self, version, works):
        """{name: Best}: each on an empty cluster, in turns."""
        runs = {name: [] for name in works}
        for _ in range(ROUNDS):
            for name, work in works.items():
                runs[name].append(self.empty(version, work))
        return {name: Best(some) for name, some in runs.items()}

    def tell(self, best):
        for name, run in best.items():
            self.figures.told(name, run)

    # --- the figures

    def batches(self):
        """5,000 topics and 2,000 groups into an empty cluster of 5.x."""
        self.figures.title(f"{TOPICS:,} topics and {GROUPS:,} groups into an empty cluster of two masters, {NEW}")
        source = self.declared("batches.json", TOPICS, GROUPS)

        def bare(cluster):
            return Together(self.bare_creates(cluster, "topics", TOPICS, BATCH), self.bare_creates(cluster, "groups", GROUPS, BATCH))

        def ours(cluster):
            run = self.ours(cluster, "apply", source)
            self.check(cluster, TOPICS, GROUPS)
            return run

        best = self.rounds(NEW, {f"bare batch calls of {BATCH}": bare, "mqferry apply": ours})
        self.tell(best)
        calls, apply = best.values()
        self.figures.judge("wall time, times the bare calls", apply.seconds / calls.seconds, 2)
        self.tool(NEW, TOPICS, apply)

    def tool(self, version, topics, apply):
        """RocketMQ's own tool: a command per topic, measured on 20 and scaled; and its batch command where it has one."""
        def commands(cluster):
            begin = time.monotonic()
            for number in range(TOOL_COMMANDS):
                mqadmin.run(cluster, "updateTopic", "-c", "DefaultCluster", "-t", f"tool{number}")
            single = (time.monotonic() - begin) / TOOL_COMMANDS
            path = self.scratch / "list.json"
            path.write_text(json.dumps([{"topicName": f"list{i}", "readQueueNums": 8, "writeQueueNums": 8, "perm": 6} for i in range(topics)]))
            begin = time.monotonic()
            mqadmin.run(cluster, "updateTopicList", "-c", "DefaultCluster", "-f", str(path))
            many = time.monotonic() - begin
            made = all(f"list{topics - 1}" in table for table in cluster.on_masters(lambda client: client.topics()).values())
            return single, many if made else None

        single, many = self.empty(version, commands)
        self.figures.note(f"mqadmin updateTopic, one (mean of {TOOL_COMMANDS})", single, " s")
        self.figures.note(f"  scaled to {topics:,}: {single * topics:.0f} s, times ours", single * topics / apply.seconds)
        if many:
            self.figures.note(f"mqadmin updateTopicList, {topics:,} topics, no groups", many, " s")
            self.figures.note("  times ours", many / apply.seconds)

    def singles(self):
        """2,000 topics on 4.9, which has no batch."""
        self.figures.title(f"{OLD_TOPICS:,} topics into an empty cluster of two masters, {OLD} (no batches)")
        source = self.declared("singles.json", OLD_TOPICS, 0)

        def ours(cluster):
            run = self.ours(cluster, "apply", source)
            self.check(cluster, OLD_TOPICS, 0)
            return run

        best = self.rounds(OLD, {"bare single calls, pipelined": lambda cluster: self.bare_creates(cluster, "topics", OLD_TOPICS, 1),
                                 "mqferry apply": ours})
        self.tell(best)
        calls, apply = best.values()
        self.figures.judge("wall time, times the bare calls", apply.seconds / calls.seconds, 1.15)
        self.tool(OLD, OLD_TOPICS, apply)

    def nothing_to_do(self):
        """A pass that finds everything there."""
        self.figures.title(f"a pass over {LIST_TOPICS:,} topics and {LIST_GROUPS:,} groups that are all there, {NEW}")
        source = self.declared("nothing.json", LIST_TOPICS, LIST_GROUPS)

        def both(cluster):
            self.bare_creates(cluster, "topics", LIST_TOPICS, BATCH)
            self.bare_creates(cluster, "groups", LIST_GROUPS, BATCH)
            runs = {"bare list calls": [], "mqferry verify": []}
            for _ in range(4 * ROUNDS):
                runs["bare list calls"].append(self.bare_lists(cluster))
                runs["mqferry verify"].append(self.ours(cluster, "verify", source))
            return {name: Best(some) for name, some in runs.items()}, self.daemon(cluster, source)

        best, (seconds, resident) = self.empty(NEW, both)
        self.tell(best)
        calls, verify = best.values()
        self.figures.note("wall time of the command, times the bare calls", verify.seconds / calls.seconds)
        self.figures.note("a pass of the daemon, the best of ten", seconds, " s")
        self.figures.judge("a pass of the daemon, times the bare calls", seconds / calls.seconds, 1.5)
        self.figures.note("resident memory of the daemon after it", resident / 1e6, " MB")

    def daemon(self, cluster, source):
        """Passes of a daemon over the same: the best one in seconds, and what it keeps in memory afterwards."""
        shutil.rmtree(self.scratch / "state", ignore_errors=True)
        (self.scratch / "mapping.yaml").write_text("apiVersion: mqferry/v1\nkind: Mapping\nspec: {sourceMasters: 1}\n")
        (self.scratch / "mqferry.yaml").write_text(SYNC.format(source=source, url=cluster.url()))
        log = self.scratch / "log"
        with open(log, "wb") as out:
            process = subprocess.Popen([self.binary, "run", "--config", self.scratch / "mqferry.yaml", "--log-format", "json"], stdout=out, stderr=out,
                                       stdin=subprocess.DEVNULL, env={**os.environ, "MQFERRY_STATE_DIR": str(self.scratch / "state")})
        try:
            until("ten passes", lambda: len(self.passes(log)) >= 10, 60)
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        finally:
            process.terminate()
            process.wait(30)
        return min(self.passes(log)), int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024

    def passes(self, log):
        lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
        return [int(line["took_ms"]) / 1000 for line in lines if line.get("event") == "pass-end"]

    def run(self, names):
        print(f"load before: {os.getloadavg()[0]:.1f}; the best of {ROUNDS} rounds")
        for name in names or ("batches", "singles", "nothing_to_do"):
            getattr(self, name)()
        print(f"\n{self.figures.missed} missed")
        return 1 if self.figures.missed else 0


sys.exit(Bench(pathlib.Path(sys.argv[1])).run(sys.argv[2:]))
