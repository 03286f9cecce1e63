#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the daemon costs while it watches over clouds: memory, processor time, reaction, and what ten thousand passes leave.

    daemon.py BINARY NODE-EXPORTER [PART...]
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from measure import Figures

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cloud"))
from handle import ACCOUNT, KEY_ID, SECRET, Fake  # noqa: E402

SYNCS, TOPICS, GROUPS = 10, 800, 200  # per sync: 10,000 resources in all
IDLE_SECONDS, SCRAPES = 60, 4
EDITS = 10
MANY_SYNCS, PASSES = 100, 10000
RESIDENT_MB_MAX, GROWTH_KB_MAX = 20, 1024
TICKS = os.sysconf("SC_CLK_TCK")

SYNC = """apiVersion: mqferry/v1
kind: Sync
metadata: {{name: {name}}}
spec:
  mode: apply
  source: ["{source}"]
  destination: {destination}
  interval: {interval}
---
"""


def sync(name, source, destination, interval="60s"):
    return SYNC.format(name=name, source=source, destination=destination, interval=interval)


def listed(kind, names, spec):
    return f"apiVersion: mqferry/v1\nkind: {kind}List\ndefaults: {{{spec}}}\nitems:\n" + "".join(f"  - {{name: {name}}}\n" for name in names) + "---\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scrape(port):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(f"http://127.0.0.1:{port}/metrics", timeout=30).read().decode()


def cpu_seconds(pid):
    return sum(map(int, pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[11:13])) / TICKS


def status_of(pid, field):
    return int(re.search(rf"^{field}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1])


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Process:
    """One of ours, ended by its id."""

    def __init__(self, command, port, log, environment=None):
        self.port = port
        with open(log, "wb") as sink:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env={**os.environ, **(environment or {})})
        self.pid = self.process.pid

    def wait(self, what, condition, seconds=300):
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"bench: {what} did not come")
            time.sleep(0.1)

    def answers(self):
        try:
            return scrape(self.port)
        except OSError:
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Bench:
    def __init__(self, binary, exporter):
        self.binary, self.exporter = binary, exporter
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="mqferry-bench-"))
        self.figures = Figures()
        self.fake = None

    def close(self):
        if self.fake:
            self.fake.close()
        shutil.rmtree(self.scratch)

    # --- set-up

    def cloud(self):
        """Ten instances of one account on TLS that hold what is declared for them."""
        if self.fake:
            return
        (self.scratch / "tls").mkdir()
        self.fake = Fake(tls=self.scratch / "tls")
        for number in range(SYNCS):
            topics = {f"orders-of-region-{number}-{topic}": {"messageType": "NORMAL"} for topic in range(TOPICS)}
            groups = {f"GID_consumers-{number}-{group}": {"deliveryOrderType": "Concurrently", "consumeRetryPolicy": {"retryPolicy": "DefaultRetryPolicy", "maxRetryTimes": 16}}
                      for group in range(GROUPS)}
            self.fake.control({"instance": {"id": f"rmq-cn-{number}", "product": "rocketmq", "account": ACCOUNT, "topics": topics, "groups": groups}})
            folder = self.scratch / f"manifests-{number}"
            folder.mkdir()
            (folder / "all.yaml").write_text(listed("Topic", topics, "messageType: NORMAL") + listed("ConsumerGroup", groups, "deliveryOrderType: Concurrently"))

    def to_cloud(self, number, interval="60s"):
        return sync(f"cloud-{number}", f"manifests-{number}/", f'{{address: "apsaramq://cn-hangzhou/rmq-cn-{number}", '
                    f'endpoint: "{self.fake.endpoint}", caFile: tls/ca.pem}}', interval)

    def daemon(self, *syncs):
        port = free_port()
        config = self.scratch / "mqferry.yaml"
        config.write_text(f'apiVersion: mqferry/v1\nkind: Daemon\nmetadata: {{name: bench}}\nspec: {{listen: "127.0.0.1:{port}"}}\n---\n' + "".join(syncs))
        environment = {"ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET, "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
        command = [self.binary, "run", "--config", config, "--state-dir", self.scratch / "state", "--log-level", "warn"]
        process = Process(command, port, self.scratch / "log", environment)
        process.wait("the daemon", process.answers)
        return process

    @staticmethod
    def at_parity(process, count):
        return len(re.findall(r"^mqferry_parity\{.*\} 1$", scrape(process.port), re.M)) == count

    @staticmethod
    def passes(process):
        return sum(int(float(count)) for count in re.findall(r"^mqferry_pass_duration_seconds_count(?:\{.*\})? (\S+)$", scrape(process.port), re.M))

    # --- parts

    def idle(self):
        figures = self.figures
        figures.title(f"idle with {SYNCS} syncs of {TOPICS + GROUPS} resources each, ApsaraMQ 5.x on TLS, every 60 s; scraped {SCRAPES} times in {IDLE_SECONDS} s")
        self.cloud()
        with self.daemon(*(self.to_cloud(number) for number in range(SYNCS))) as ours:
            ours.wait("parity", lambda: self.at_parity(ours, SYNCS))
            theirs = self.start_exporter()
            try:
                time.sleep(5)
                self.measure_idle(ours, theirs)
            finally:
                if theirs:
                    theirs.__exit__()
            figures.judge("resident memory", status_of(ours.pid, "VmRSS") * 1024 / 1e6, RESIDENT_MB_MAX, " MB")
            figures.note("of it not shared with files", status_of(ours.pid, "RssAnon") * 1024 / 1e6, " MB")
            figures.note("threads", status_of(ours.pid, "Threads"))
            figures.note("descriptors", descriptors(ours.pid))

    def start_exporter(self):
        if not os.access(self.exporter, os.X_OK):
            return None
        port = free_port()
        theirs = Process([self.exporter, f"--web.listen-address=127.0.0.1:{port}"], port, self.scratch / "exporter.log")
        theirs.wait("the exporter", theirs.answers)
        return theirs

    def measure_idle(self, ours, theirs):
        both = [one for one in (ours, theirs) if one]
        before = [cpu_seconds(one.pid) for one in both]
        passes = self.passes(ours)
        for _ in range(SCRAPES):
            time.sleep(IDLE_SECONDS / SCRAPES)
            for one in both:
                scrape(one.port)
        used = [cpu_seconds(one.pid) - begin for one, begin in zip(both, before)]
        self.figures.note(f"processor time in {IDLE_SECONDS} s, {self.passes(ours) - passes} passes in it", used[0], " s")
        if theirs:
            self.figures.note("prometheus-node-exporter, for comparison", used[1], " s")
            self.figures.note("resident memory of it", status_of(theirs.pid, "VmRSS") * 1024 / 1e6, " MB")

    def reaction(self):
        figures = self.figures
        figures.title(f"from an edited manifest to the create at the cloud, {EDITS} edits")
        self.cloud()
        with self.daemon(*(self.to_cloud(number, "1h") for number in range(SYNCS))) as ours:
            ours.wait("parity", lambda: self.at_parity(ours, SYNCS))
            took = [self.edit(ours, number) for number in range(EDITS)]
        figures.judge("median", statistics.median(took), 2, " s")
        figures.note("fastest", min(took), " s")
        figures.note("slowest", max(took), " s")

    def edit(self, ours, number):
        time.sleep(1.5)
        begin = time.time()
        name = f"edited-{number}"
        (self.scratch / f"manifests-{number % SYNCS}" / f"{name}.yaml").write_text(listed("Topic", [name], "messageType: NORMAL"))
        ours.wait("the create", lambda: any(line["name"] == name for line in self.fake.audit()), 60)
        return next(line["time"] for line in self.fake.audit() if line["name"] == name) - begin

    def many_passes(self):
        figures = self.figures
        figures.title(f"{PASSES} passes of {MANY_SYNCS} syncs, {SYNCS} of them to clouds, each every second")
        self.cloud()
        (self.scratch / "few").mkdir()
        (self.scratch / "few" / "few.yaml").write_text(listed("Topic", [f"t{number}" for number in range(20)], "messageType: NORMAL"))
        snapshots = [sync(f"file-{number}", "few/", f'{{address: "snapshot:snapshot-{number}.json", for: apsaramq}}', "1s") for number in range(MANY_SYNCS - SYNCS)]
        with self.daemon(*snapshots, *(self.to_cloud(number, "1s") for number in range(SYNCS))) as ours:
            ours.wait("a tenth", lambda: self.passes(ours) >= PASSES / 10, 900)
            early = self.sizes(ours)
            ours.wait("all", lambda: self.passes(ours) >= PASSES, 1800)
            late = self.sizes(ours)
        figures.note(f"resident memory after {PASSES // 10} passes", early[0] / 1000, " MB")
        figures.judge("growth until the last", late[0] - early[0], GROWTH_KB_MAX, " kB")
        figures.judge("more descriptors", late[1] - early[1], 0)
        figures.judge("more threads", late[2] - early[2], 0)

    @staticmethod
    def sizes(ours):
        """The least of several looks: a pass that happens to be under way holds more."""
        looks = []
        for _ in range(50):
            looks.append((status_of(ours.pid, "VmRSS"), descriptors(ours.pid), status_of(ours.pid, "Threads")))
            time.sleep(0.05)
        return tuple(min(values) for values in zip(*looks))


def main():
    bench = Bench(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2])
    print(f"load before: {os.getloadavg()[0]:.1f}")
    try:
        for part in (bench.idle, bench.reaction, bench.many_passes):
            if not sys.argv[3:] or part.__name__ in sys.argv[3:]:
                part()
    finally:
        bench.close()
    print(f"\n{bench.figures.missed} missed" if bench.figures.missed else "\nall within their limits")
    sys.exit(1 if bench.figures.missed else 0)


main()
