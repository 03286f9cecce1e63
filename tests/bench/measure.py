# SPDX-License-Identifier: Apache-2.0
"""Runs programs side by side: wall time, processor time and peak memory, the best of several interleaved rounds."""
import os
import subprocess
import sys
import tempfile
import time


class Run:
    """One run to its end, which must be exit code 0. It is started by time(1): a child's peak memory begins with its parent's,
    and ours is larger than that of most programs measured here."""

    def __init__(self, command, environment=None):
        with tempfile.NamedTemporaryFile("r") as peak:
            begin = time.monotonic()
            process = subprocess.Popen(["/usr/bin/time", "--format=%M", f"--output={peak.name}", *command], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=sys.stderr, env={**os.environ, **(environment or {})})
            self.out = process.stdout.read().decode()
            process.stdout.close()
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds = time.monotonic() - begin
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                sys.exit(f"bench: {' '.join(map(str, command))} ended with {process.returncode}\n{self.out[-2000:]}")
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
            self.peak_bytes = int(peak.read()) * 1024


class Best:
    """The best of several runs, each figure for itself: noise only ever adds."""

    def __init__(self, runs):
        self.seconds = min(run.seconds for run in runs)
        self.cpu_seconds = min(run.cpu_seconds for run in runs)
        self.peak_bytes = min(run.peak_bytes for run in runs)
        self.out = runs[0].out


def interleave(rounds, commands, before=None):
    """{name: command} → {name: Best}: one of each, then the next round. `before(name)` prepares a run, untimed."""
    runs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            if before:
                before(name)
            runs[name].append(Run(command))
    return {name: Best(some) for name, some in runs.items()}


class Figures:
    """Prints figures with their limits as they come; `missed` counts those over theirs."""

    def __init__(self):
        self.missed = 0

    def say(self, text):
        print(f"  {text}", flush=True)

    def title(self, text):
        print(f"\n{text}", flush=True)

    def told(self, name, best):
        self.say(f"{name:<44}{best.seconds:9.3f} s   {best.cpu_seconds:7.3f} s cpu {best.peak_bytes / 1e6:9.1f} MB")

    def judge(self, what, value, limit, unit=""):
        good = value <= limit
        self.missed += not good
        self.say(f"{what:<44}{value:9.2f}{unit} (at most {limit:g}{unit})  {'OK' if good else 'MISSED'}")

    def judge_least(self, what, value, limit, unit=""):
        good = value >= limit
        self.missed += not good
        self.say(f"{what:<44}{value:9.2f}{unit} (at least {limit:g}{unit})  {'OK' if good else 'MISSED'}")

    def note(self, what, value, unit=""):
        self.say(f"{what:<44}{value:9.2f}{unit}")
