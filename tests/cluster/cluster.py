# SPDX-License-Identifier: Apache-2.0
"""A real cluster on loopback: two name servers, masters and a slave, from the Apache artifacts."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import types

import artifacts
import settings
from process import FLAGS, OPENS, Process, free_ports, start_time, until
from remoting import Client, Refused

RUN = artifacts.FOLDER / "run"
NAME_SERVERS = ("namesrv-1", "namesrv-2")
MAIN = {"namesrv": "org.apache.rocketmq.namesrv.NamesrvStartup", "broker": "org.apache.rocketmq.broker.BrokerStartup"}
MEMORY = {"namesrv": ["-Xms48m", "-Xmx64m", "-XX:MaxDirectMemorySize=48m"],
          "broker": ["-Xms96m", "-Xmx256m", "-XX:MaxDirectMemorySize=128m"]}
BOOT_S = 240


class Cluster:
    """Every process has a folder of its own, named like it. `masters` and `slaves` are names of processes."""

    def __init__(self, folder, version, *, acl=False, tls="", store="", masters=2, slaves=1, extra=None):
        self.folder, self.version, self.acl, self.tls, self.store = pathlib.Path(folder), version, acl, tls, store
        self.extra = extra or {}
        self.masters = [f"broker-{letter}" for letter in "abcdefgh"[:masters]]
        self.slaves = [f"broker-{letter}-slave" for letter in "abcdefgh"[:slaves]]
        self.ports, self.processes = {}, {}

    # --- files

    @classmethod
    def load(cls, folder):
        """What another process wrote with `save`."""
        said = json.loads((pathlib.Path(folder) / "cluster.json").read_text())
        found = cls(folder, said["version"], **said["how"])
        found.ports = said["ports"]
        found.processes = {name: Process(*identity) for name, identity in said["processes"].items()}
        return found

    def save(self, owner=None):
        """`owner`: the process whose end makes this cluster nobody's."""
        how = {"acl": self.acl, "tls": self.tls, "store": self.store, "masters": len(self.masters), "slaves": len(self.slaves),
               "extra": self.extra}
        said = {"version": self.version, "how": how, "owner": [owner, start_time(owner)] if owner else None, "ports": self.ports,
                "processes": {name: [one.pid, one.started] for name, one in self.processes.items()}}
        part = self.folder / "cluster.json.part"
        part.write_text(json.dumps(said, indent=1))
        part.rename(self.folder / "cluster.json")
        self.owner = owner

    def furnish(self):
        """Homes, ports, keys: everything but running processes."""
        how = types.SimpleNamespace(version=self.version, acl=self.acl, tls=self.tls, store=self.store, extra=self.extra, folder=self.folder)
        self.folder.mkdir(parents=True)
        if self.tls:
            settings.keys(self.folder / "tls", self.tls == "mutual")
        for name in (*NAME_SERVERS, *self.masters, *self.slaves, "mqadmin"):
            settings.furnish(self.folder / name, how)
            self.ports[name] = free_ports() if name in NAME_SERVERS else free_ports(-2, 1)
        for name in NAME_SERVERS:
            self.file(name, "properties").write_text(settings.name_server(self.folder / name, self.ports[name], self.version))
        for name in (*self.masters, *self.slaves):
            text = settings.broker(self.folder / name, self.broker_name(name), int(name in self.slaves), self.ports[name],
                                   self.name_servers(), how)
            self.file(name, "properties").write_text(text)

    def file(self, name, *parts):
        return self.folder.joinpath(name, *parts)

    def table(self, name, kind):
        """The broker's own file: `topics` or `subscriptionGroup`."""
        return json.loads(self.file(name, "store", "config", f"{kind}.json").read_text())

    @staticmethod
    def broker_name(name):
        return name.removesuffix("-slave")

    # --- addresses

    def address(self, name):
        return f"127.0.0.1:{self.ports[name]}"

    def name_servers(self):
        return [self.address(name) for name in NAME_SERVERS]

    def url(self):
        return f"rocketmq{'s' if self.tls else ''}://{','.join(self.name_servers())}/DefaultCluster"

    def client(self, name, credentials=settings.ADMIN, timeout=30):
        """The witness, connected to that process."""
        tls = self.folder / "tls"
        return Client(self.address(name), credentials if self.acl else None, tls / "ca.pem" if self.tls else None,
                      (tls / "client.pem", tls / "client.key") if self.tls == "mutual" else None, timeout)

    # --- processes

    def java(self, name, main, *arguments, memory=()):
        how = types.SimpleNamespace(tls=self.tls, folder=self.folder)
        jars = artifacts.library(self.version)
        return ["java", *FLAGS, *memory, *OPENS, *settings.properties_of(self.folder / name, how), "-cp", f"{jars}/*", main, *arguments]

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ROCKETMQ", "NAMESRV", "JAVA_"))}
        return {**kept, "NAMESRV_ADDR": ";".join(self.name_servers())}

    def launch(self, name):
        kind = "namesrv" if name in NAME_SERVERS else "broker"
        command = self.java(name, MAIN[kind], "-c", str(self.file(name, "properties")), memory=MEMORY[kind])
        self.processes[name] = Process.start(command, self.file(name, "out"), self.environment(), self.folder / name)
        self.save(self.owner)

    def answers(self, name):
        """Whether the process answers anything; a refusal counts."""
        if not self.processes[name].runs():
            raise RuntimeError(f"{name} ended: {self.file(name, 'out').read_text(errors='replace')[-2000:]}")
        try:
            with self.client(name, timeout=5) as client:
                client.brokers() if name in NAME_SERVERS else client.system_topics()
        except Refused:
            pass
        except (OSError, ValueError):
            return False
        return True

    def start(self, owner=None):
        """Name servers first, brokers when these answer: a broker that finds none tries again after ten seconds only."""
        if not self.ports:
            self.furnish()
        self.owner = owner
        for names in (NAME_SERVERS, self.masters, self.slaves):
            for name in names:
                self.launch(name)
            if names is not self.masters:
                self.wait_for(*names)
        self.wait_for(*self.masters)
        self.wait_until_registered()
        return self

    def wait_for(self, *names):
        for name in names:
            until(f"an answer of {name}", lambda one=name: self.answers(one), BOOT_S, 0.05)

    def registered(self, name_server):
        """Whether that name server lists every broker whose process runs."""
        wanted = {}
        for name in (*self.masters, *self.slaves):
            if self.processes[name].runs():
                wanted.setdefault(self.broker_name(name), {})[str(int(name in self.slaves))] = self.address(name)
        try:
            with self.client(name_server, timeout=5) as client:
                return client.brokers()[0] == wanted
        except OSError:
            return False

    def wait_until_registered(self):
        for name in NAME_SERVERS:
            if self.processes[name].runs():
                until(f"registration of all brokers with {name}", lambda one=name: self.registered(one), BOOT_S, 0.05)

    def kill(self, name, number=signal.SIGKILL):
        self.processes[name].end(number)

    def pause(self, name):
        """It keeps its connections and answers nothing."""
        self.processes[name].send(signal.SIGSTOP)

    def resume(self, name):
        self.processes[name].send(signal.SIGCONT)

    def restart(self, *names):
        for name in names:
            self.launch(name)
        self.wait_for(*names)
        self.wait_until_registered()

    def stop(self, number=signal.SIGKILL):
        """Ends everything; the folder stays."""
        for process in self.processes.values():
            process.send(number)
            process.send(signal.SIGCONT)
        for process in self.processes.values():
            process.end(number)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def memory_mib(self):
        """Resident memory of all its processes."""
        lines = [line for one in self.processes.values() if one.runs()
                 for line in pathlib.Path(f"/proc/{one.pid}/status").read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024

    # --- all masters at once

    def on_masters(self, action):
        """The results of `action(client)` by master, one connection each, side by side."""
        def work(name):
            with self.client(name) as client:
                return action(client)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            return dict(zip(self.masters, pool.map(work, self.masters)))


def sweep():
    """Ends what a killed run of the tests left behind. Called under the lock of the run folder."""
    for said in RUN.glob("*/cluster.json"):
        owner = json.loads(said.read_text())["owner"]
        if owner and start_time(owner[0]) != owner[1]:
            Cluster.load(said.parent).remove()


def fresh_folder(name):
    """A folder of the tests for one cluster."""
    with artifacts.Locked(artifacts.FOLDER / "run.lock"):
        sweep()
    return RUN / f"{name}-{os.getpid()}"
