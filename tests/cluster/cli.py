# SPDX-License-Identifier: Apache-2.0
"""./dev cluster: real clusters to try things on."""
import argparse
import json
import sys
import time

import artifacts
import mqadmin
import settings
from cluster import RUN, Cluster, sweep


def parse():
    parser = argparse.ArgumentParser(prog="./dev cluster", description="A real RocketMQ cluster on loopback: two name servers, two masters, one slave.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start one")
    up.add_argument("version", nargs="?", default=artifacts.VERSIONS[-1], help=", ".join(artifacts.VERSIONS))
    up.add_argument("--acl", action="store_true", help="accounts: ACL 1.0 on 4.9, 2.0 on 5.x")
    up.add_argument("--tls", action="store_const", const="on", default="", help="TLS enforced")
    up.add_argument("--mutual-tls", dest="tls", action="store_const", const="mutual", help="TLS enforced, clients show a certificate")
    up.add_argument("--rocksdb", dest="store", action="store_const", const="rocksdb", default="", help="storeType=defaultRocksDB")
    up.add_argument("--v2", dest="store", action="store_const", const="v2", help="configManagerVersion=v2")
    up.add_argument("--masters", type=int, default=2)
    up.add_argument("--slaves", type=int, default=1)
    up.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a line of every broker's configuration")
    up.add_argument("--name", help="several may run side by side (default: the version and the modes)")
    down = commands.add_parser("down", help="end all, or the named ones")
    down.add_argument("names", nargs="*")
    commands.add_parser("status", help="what runs")
    admin = commands.add_parser("mqadmin", help="RocketMQ's own tool on a running cluster")
    admin.add_argument("--name")
    admin.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args()


def known():
    return {path.parent.name: Cluster.load(path.parent) for path in sorted(RUN.glob("*/cluster.json"))}


def describe(name, cluster):
    print(f"{name}: RocketMQ {cluster.version}{' with ACL' if cluster.acl else ''}{' with TLS' if cluster.tls else ''}"
          f"{' store ' + cluster.store if cluster.store else ''}, {cluster.memory_mib()} MiB, in {cluster.folder}")
    print(f"  address      {cluster.url()}")
    if cluster.acl:
        print(f"  credentials  MQFERRY_ACCESS_KEY={settings.ADMIN[0]} MQFERRY_SECRET_KEY={settings.ADMIN[1]}")
    if cluster.tls:
        print(f"  CA           {cluster.folder}/tls/ca.pem")
    if cluster.tls == "mutual":
        print(f"  certificate  {cluster.folder}/tls/client.pem, key {cluster.folder}/tls/client.key")
    for process, one in cluster.processes.items():
        print(f"  {process:<14} {cluster.address(process):<17} {f'process {one.pid}' if one.runs() else 'has ended'}")


def up(said):
    modes = [said.version, said.acl and "acl", said.tls and f"tls-{said.tls}", said.store]
    name = said.name or "-".join(mode for mode in modes if mode)
    artifacts.library(said.version)
    with artifacts.Locked(artifacts.FOLDER / f"run-{name}.lock"):
        found = known().get(name)
        if found and any(one.runs() for one in found.processes.values()):
            sys.exit(f"cluster {name} runs already: ./dev cluster status")
        if found:
            found.remove()
        begin = time.monotonic()
        cluster = Cluster(RUN / name, said.version, acl=said.acl, tls=said.tls, store=said.store, masters=said.masters,
                          slaves=said.slaves, extra=dict(entry.split("=", 1) for entry in said.set))
        try:
            cluster.start()
        except BaseException:
            cluster.stop()
            raise
        print(f"up after {time.monotonic() - begin:.1f} s")
        describe(name, cluster)


def down(said):
    clusters = known()
    for name in said.names or [name for name, one in clusters.items() if json.loads(one.file("cluster.json").read_text())["owner"] is None]:
        if name not in clusters:
            sys.exit(f"there is no cluster {name}: ./dev cluster status")
        clusters[name].remove()
        print(f"{name} is gone")


def admin(said):
    clusters = known()
    if said.name not in clusters and len(clusters) != 1:
        sys.exit(f"which one? --name {' | '.join(clusters) or 'none is up'}")
    cluster = clusters.get(said.name) or next(iter(clusters.values()))
    out, err = mqadmin.run(cluster, *said.arguments)
    sys.stdout.write(out)
    sys.stderr.write(err)


def main():
    said = parse()
    if said.command == "up":
        up(said)
    elif said.command == "down":
        with artifacts.Locked(artifacts.FOLDER / "run.lock"):
            sweep()
        down(said)
    elif said.command == "status":
        for name, cluster in known().items():
            describe(name, cluster)
    else:
        admin(said)


main()
