#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The figures of the main job, next to other programs in the same run: plan.py BINARY [PART...]."""
import os
import pathlib
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

from measure import Figures, Run, interleave

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
IDLE_SECONDS = 20
CALM_SECONDS = 18  # by then the daemon has given memory back for the second time (controller/daemon/calm.h)
VERSION_RUNS = 50


class Bench:
    def __init__(self, binary):
        self.binary = binary
        self.programs = binary.parent
        self.data = binary.parent / "bench"
        self.scratch = self.data / "scratch"
        self.figures = Figures()
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()
        os.environ["MQFERRY_STATE_DIR"] = str(self.scratch / "state")

    def file(self, name):
        return self.data / name

    def plan(self, source, snapshot):
        return [self.binary, "plan", "--from", self.file(source), "--to", f"snapshot:{self.file(snapshot)}",
                "--source-masters", "1", "--detailed-exitcode", "--color", "never"]

    def bytes_of(self, *names):
        return sum(self.file(name).stat().st_size for name in names)

    def loaded(self, source, snapshot):
        """What stays allocated between passes, as the allocator counts it: both catalogs and the plan's rows."""
        out = Run([self.programs / "bench-loaded", self.file(snapshot), self.file(source)]).out
        kept = int(re.search(r"^plan .*kept_bytes (\d+)", out, re.M)[1])
        resources = int(re.search(r"^resources (\d+)", out, re.M)[1])
        return kept / resources

    # --- the figures

    def plan_of_an_export(self):
        figures = self.figures
        figures.title("plan of an export with 500,000 topics and 100,000 groups against an equal snapshot")
        export, snapshot = self.file("export.json"), self.file("snapshot.json")
        best = interleave(ROUNDS, {
            "mqferry plan": self.plan("export.json", "snapshot.json"),
            "simdjson on-demand visits every value": [self.programs / "bench-visit", export, snapshot]})
        scripts = interleave(ROUNDS, {
            "python3 loads both, compares the dicts": ["/usr/bin/python3", HERE / "compare.py", export, snapshot],
            "jq does the same": ["jq", "-n", "-r", "-f", HERE / "compare.jq", export, snapshot]})
        for name, run in {**best, **scripts}.items():
            figures.told(name, run)
        ours, visit = best.values()
        figures.judge("wall time, times simdjson", ours.seconds / visit.seconds, 3)
        figures.note("processor time, times simdjson", ours.cpu_seconds / visit.cpu_seconds)
        figures.judge("peak memory beyond the files, per record",
                      (ours.peak_bytes - self.bytes_of("export.json", "snapshot.json")) / 1.2e6, 200, " bytes")
        figures.judge("memory once loaded, per record", self.loaded("export.json", "snapshot.json"), 80, " bytes")
        for name, run in scripts.items():
            figures.note(f"faster than {name.split()[0]}", run.seconds / ours.seconds, " times")

    def plan_of_manifests(self):
        figures = self.figures
        figures.title("plan of YAML manifests with 200,000 topics against an equal snapshot")
        best = interleave(ROUNDS, {
            "mqferry plan": self.plan("manifests", "declared.json"),
            "libyaml's events": [self.programs / "bench-yaml-events", *sorted(self.file("manifests").iterdir())],
            "simdjson on-demand visits the snapshot": [self.programs / "bench-visit", self.file("declared.json")]})
        for name, run in best.items():
            figures.told(name, run)
        ours, events, visit = best.values()
        figures.judge("wall time, times both others together", ours.seconds / (events.seconds + visit.seconds), 1.5)
        figures.note("processor time, times both others together",
                     ours.cpu_seconds / (events.cpu_seconds + visit.cpu_seconds))
        figures.note("peak memory, the snapshot's file included, per record", ours.peak_bytes / 4e5, " bytes")

    def apply(self, count):
        return [self.binary, "apply", "--yes", "--from", self.file(f"create-{count}.json"), "--source-masters", "1",
                "--to", f"snapshot:{self.scratch / 'new.json'}", "--for", "rocketmq", "--quiet"]

    def start_anew(self, _):
        shutil.rmtree(self.scratch)
        self.scratch.mkdir()

    def created(self):
        parts = (self.scratch / "state").glob("*/journal.jsonl*")
        return sum(part.read_text().count('"event":"created"') for part in parts)

    def apply_of_missing_resources(self):
        figures = self.figures
        figures.title("apply of missing resources into an empty snapshot, journal included")
        few, many = interleave(ROUNDS, {"10,000": self.apply(10_000), "100,000": self.apply(100_000)},
                               self.start_anew).items()
        if self.created() != 100_000:
            sys.exit(f"bench: the journal tells of {self.created()} resources created, not of 100,000")
        for name, run in (few, many):
            figures.told(f"{name} created", run)
        figures.judge("100,000, times 10,000", many[1].seconds / few[1].seconds, 12)

    def instructions(self, command):
        """Of the whole process, its loading included, as valgrind counts them: many machines hide the counters."""
        log = self.scratch / "callgrind.log"
        subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log}",
                        *command], check=True, stdout=subprocess.DEVNULL)
        return int(re.search(r"Collected : (\d+)", log.read_text())[1])

    def version(self):
        figures = self.figures
        figures.title("mqferry version next to curl --version")
        commands = {"mqferry version": [self.binary, "version"], "curl --version": ["curl", "--version"]}
        seconds = {name: [] for name in commands}
        for _ in range(VERSION_RUNS):
            for name, command in commands.items():
                seconds[name].append(Run(command).seconds)
        medians = [statistics.median(times) for times in seconds.values()]
        counts = [self.instructions(command) for command in commands.values()]
        for name, median, count in zip(commands, medians, counts):
            figures.say(f"{name:<44}{median * 1000:9.2f} ms  {count / 1e6:7.2f} million instructions")
        figures.note("wall time, times curl's", medians[0] / medians[1])
        figures.note("instructions, times curl's", counts[0] / counts[1])

    # --- the daemon that has nothing to do

    def start_daemon(self, source, snapshot):
        """One sync, its first pass done, and no next one while it is watched."""
        path = self.scratch / "mqferry.yaml"
        path.write_text(f"""apiVersion: mqferry/v1
kind: Sync
metadata: {{name: idle}}
spec:
  mode: apply
  source: ["{source}"]
  destination: {{address: "snapshot:{snapshot}", for: rocketmq}}
  interval: 1h
""")
        with open(self.scratch / "log", "wb") as log:
            process = subprocess.Popen([self.binary, "run", "--config", path], stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log)
        try:
            self.wait_until_settled(process, snapshot)
        except BaseException:
            end(process)
            raise
        return process

    def wait_until_settled(self, process, snapshot):
        """The destination is there, and the process has stopped working."""
        deadline = time.monotonic() + 60
        used, since = -1, time.monotonic()
        while time.monotonic() - since < 3:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit("bench: the daemon did not come to rest")
            now = sum(map(int, pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")")[-1].split()[11:13]))
            if now != used or not snapshot.exists():
                used, since = now, time.monotonic()
            time.sleep(0.1)

    def idle(self):
        figures = self.figures
        figures.title("idle mqferry run with one sync of 10,000 resources")
        self.start_anew(None)
        process = self.start_daemon(self.file("create-10000.json"), self.scratch / "idle.json")
        try:
            time.sleep(CALM_SECONDS)
            before = wake_ups(process.pid)
            time.sleep(IDLE_SECONDS)
            woken = wake_ups(process.pid) - before
            figures.judge("resident memory", status_of(process.pid, "VmRSS") * 1024 / 1e6, 12, " MB")
            figures.note("of it not shared with files", status_of(process.pid, "RssAnon") * 1024 / 1e6, " MB")
            figures.judge(f"wake-ups in {IDLE_SECONDS} s, no timer of its own due", woken, 0)
        finally:
            end(process)

    def idle_with_many(self):
        figures = self.figures
        figures.title("idle mqferry run with the sync of 600,000 resources, for information")
        self.start_anew(None)
        process = self.start_daemon(self.file("export.json"), self.file("snapshot.json"))
        try:
            resident = status_of(process.pid, "VmRSS") * 1024
            figures.note("resident memory", resident / 1e6, " MB")
            figures.note("per record, declared and observed", resident / 1.2e6, " bytes")
        finally:
            end(process)


def end(process):
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def status_of(pid, field, task=None):
    path = pathlib.Path(f"/proc/{pid}") / (f"task/{task}" if task else "") / "status"
    return int(re.search(rf"^{field}:\s+(\d+)", path.read_text(), re.M)[1])


def wake_ups(pid):
    """Each time a thread went to sleep of its own will, it had been awake before."""
    return sum(status_of(pid, "voluntary_ctxt_switches", task) for task in os.listdir(f"/proc/{pid}/task"))


def machine():
    def first_line(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]

    cpu = re.search(r"^model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    memory = int(re.search(r"^MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text(), re.M)[1]) / (1 << 20)
    libraries = [f"{name} {first_line('pkg-config', '--modversion', module)}"
                 for name, module in (("libyaml", "yaml-0.1"), ("simdjson", "simdjson"), ("libuv", "libuv"))]
    print(f"{os.cpu_count()} cores ({cpu[1] if cpu else 'unknown'}), {memory:.0f} GiB, "
          f"Linux {platform.release().split('-')[0]}, {first_line('gcc', '--version')}")
    print(f"{', '.join(libraries)}, Python {platform.python_version()}, {first_line('jq', '--version')}, "
          f"{' '.join(first_line('curl', '--version').split()[:2])}")
    print(f"load before: {os.getloadavg()[0]:.1f}; the best of {ROUNDS} interleaved rounds")


def main():
    bench = Bench(pathlib.Path(sys.argv[1]).resolve())
    machine()
    for part in (bench.plan_of_an_export, bench.plan_of_manifests, bench.apply_of_missing_resources, bench.version,
                 bench.idle, bench.idle_with_many):
        if not sys.argv[2:] or part.__name__ in sys.argv[2:]:
            part()
    shutil.rmtree(bench.scratch)
    print(f"\n{bench.figures.missed} missed" if bench.figures.missed else "\nall within their limits")
    sys.exit(1 if bench.figures.missed else 0)


main()
