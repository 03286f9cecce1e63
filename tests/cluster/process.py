# SPDX-License-Identifier: Apache-2.0
"""Java processes, known by process id and start time, so that nobody else's is ever ended."""
import os
import pathlib
import random
import signal
import socket
import subprocess
import time

FLAGS = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=48m", "-Xss512k"]
OPENED = ["java.nio", "java.util", "java.lang", "sun.nio.ch", "jdk.internal.ref", "java.net"]
OPENS = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]


def start_time(pid):
    """When the process started, in ticks since boot; None where there is none, or only its remains."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


class Process:
    """A process of ours: this one's child, or one that an earlier run of the command started."""

    def __init__(self, pid, started, child=None):
        self.pid, self.started, self.child = pid, started, child

    @classmethod
    def start(cls, command, log, environment, folder):
        with open(log, "ab") as out:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, cwd=folder,
                                     start_new_session=True)
        return cls(child.pid, start_time(child.pid), child)

    def runs(self):
        return self.started is not None and start_time(self.pid) == self.started

    def send(self, number):
        if self.runs():
            os.kill(self.pid, number)

    def end(self, number=signal.SIGKILL, seconds=60):
        """Ends it and waits until it is gone."""
        self.send(number)
        self.send(signal.SIGCONT)
        if self.child:
            self.child.wait(seconds)
        until(f"end of process {self.pid}", lambda: not self.runs(), seconds)


def until(what, condition, seconds, pause=0.1):
    """Waits for a condition, with an end."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {seconds} s")
        time.sleep(pause)
    return found


def free_ports(*offsets):
    """A port whose neighbours at these offsets are free too. Below the range that outgoing connections get theirs from, so that
    a broker which is started again finds its port as it left it."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(1000):
        port = random.randrange(10000, max(first, 20000) - 10)
        held = []
        try:
            for offset in (0, *offsets):
                held.append(socket.socket())
                held[-1].bind(("", port + offset))
            return port
        except OSError:
            pass
        finally:
            for one in held:
                one.close()
    raise RuntimeError("no free ports")
