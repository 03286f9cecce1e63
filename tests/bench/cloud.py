#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The figures of the cloud doors, next to other clients on the same server in the same run: cloud.py BINARY [PART...]."""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from measure import Figures, Run, interleave

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cloud"))
import authority  # noqa: E402
from handle import KEY_ID, SECRET, Fake, plain_environment  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
CREATES, CONCURRENCY, DELAY_MS = 10_000, 64, 30
SDK_CREATES = {"Python": 1_000, "Go": 10_000}
SDK_PASSES = 3
TOPICS, GROUPS, PAGE, PASS_CONCURRENCY = 10_000, 2_000, 100, 16
# An unknown limit: how long it stays, what it is.
STAGES = ((0, 40), (45, 20), (80, 40), (115, 80), (150, None))
FOLLOWED_S = 10
STALL_RUNS = 9
SYSTEM_BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
ADDRESS = "apsaramq://cn-hangzhou/rmq-cn-abc123"


class Server:
    """The fast fake, started for one measurement."""

    def __init__(self, program, folder=None):
        self.process = subprocess.Popen([program, *(["-tls", folder] if folder else [])], stdout=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL)
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.host, self.secure, self.context = f"127.0.0.1:{self.port}", folder is not None, None

    def control(self, **wanted):
        self._ask("POST", json.dumps(wanted))

    def seen(self):
        return json.loads(self._ask("GET", None))

    def _ask(self, method, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, "/_control", body)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status != 200:
            sys.exit(f"bench: the fast fake said {text}")
        return text

    def close(self):
        end(self.process)
        self.process.stdout.close()


def end(process):
    process.send_signal(signal.SIGTERM)
    process.wait(60)


class Bench:
    def __init__(self, binary):
        self.binary, self.programs = binary, binary.parent
        self.figures = Figures()
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="mqferry-bench-"))
        for name in [*os.environ]:
            if name not in plain_environment():
                del os.environ[name]
        os.environ |= {"ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET,
                       "MQFERRY_STATE_DIR": str(self.scratch / "state"), "HOME": str(self.scratch)}

    @contextlib.contextmanager
    def server(self, **wanted):
        server = Server(self.programs / "bench-fastcloud")
        try:
            server.control(**wanted)
            yield server
        finally:
            server.close()

    def declare(self, name, topics=(), groups=(), spec=""):
        path, text = self.scratch / name, ""
        for kind, names, defaults in (("TopicList", topics, "{messageType: NORMAL}"), ("ConsumerGroupList", groups, spec or "{}")):
            if names:
                text += f"apiVersion: mqferry/v1\nkind: {kind}\ndefaults: {defaults}\nitems:\n"
                text += "".join(f"  - {{name: {one}}}\n" for one in names) + "---\n"
        path.write_text(text)
        return path

    def mqferry(self, command, server, source, *more):
        return [self.binary, command, "--from", source, "--to", ADDRESS, "--endpoint", f"http://{server.host}", "--quiet", *more]

    def journalled(self):
        parts = (self.scratch / "state").glob("*/journal.jsonl*")
        return sum(part.read_text().count('"event":"created"') for part in parts)

    # --- the vendor's clients

    def clients(self):
        """{language: command}; those that cannot be installed here are said to be left out."""
        there = {"Go": [self.programs / "bench-gosdk"],
                 "Python": [self.programs / "sdk" / "bin" / "python3", HERE / "cloud" / "pysdk.py"]}
        for name in [name for name, program in there.items() if not program[0].exists()]:
            self.figures.say(f"the vendor's {name} client cannot be installed here: not measured")
            del there[name]
        return there

    # --- is the fast fake the fake?

    def confirm(self):
        """The same calls to both fakes: the same answers, but for ids and times."""
        topic, group = {"messageType": "FIFO"}, {"deliveryOrderType": "Orderly", "consumeRetryPolicy": {
            "retryPolicy": "FixedRetryPolicy", "maxRetryTimes": 8, "fixedIntervalRetryTime": 10}}
        base = "/instances/rmq-cn-abc123"
        calls = [("GetInstance", "GET", base, None, None, {}), ("GetInstance", "GET", "/instances/none", None, None, {}),
                 *(("CreateTopic", "POST", f"{base}/topics/t{number:03}", None, topic, {}) for number in range(12)),
                 ("CreateTopic", "POST", f"{base}/topics/t001", None, topic, {}),
                 ("CreateConsumerGroup", "POST", f"{base}/consumerGroups/GID_a", None, group, {}),
                 ("CreateConsumerGroup", "POST", f"{base}/consumerGroups/GID_a", None, group, {}),
                 ("ListTopics", "GET", f"{base}/topics", {"pageNumber": 1, "pageSize": 1000}, None, {}),
                 ("ListTopics", "GET", f"{base}/topics", {"pageNumber": 2, "pageSize": 10}, None, {}),
                 ("ListConsumerGroups", "GET", f"{base}/consumerGroups", {"pageNumber": 1, "pageSize": 100}, None, {}),
                 ("GetConsumerGroup", "GET", f"{base}/consumerGroups/GID_a", None, None, {}),
                 ("GetConsumerGroup", "GET", f"{base}/consumerGroups/GID_b", None, None, {}),
                 ("GetInstance", "GET", base, None, None, {"secret": "another"}),
                 ("GetInstance", "GET", base, None, None, {"key": "nobody"}),
                 ("GetInstance", "GET", base, None, None, {"skew_s": 3600}),
                 *[("GetInstance", "GET", base, None, None, {"nonce": "once"})] * 2, ("DeleteTopic", "PUT", base, None, None, {})]
        slow = Fake()
        fast = Server(self.programs / "bench-fastcloud")
        try:
            answers = [[told(*Fake.call(other, "2022-08-01", action, method, path, query, body, **how))
                        for action, method, path, query, body, how in calls] for other in (slow, caller_of(fast))]
        finally:
            slow.close()
            fast.close()
        for call, one, other in zip(calls, *answers):
            if one != other:
                sys.exit(f"bench: the fast fake answers {call} otherwise:\n{one}\n{other}")
        self.figures.title(f"the fast fake answered {len(calls)} calls as tests/cloud/fakecloud.py does, field by field")

    # --- the figures

    def creates(self):
        figures = self.figures
        figures.title(f"{CREATES:,} creates, a server delay of {DELAY_MS} ms, concurrency {CONCURRENCY}, journal included")
        source = self.declare("creates.yaml", [f"new-{number:06}" for number in range(CREATES)])
        with self.server(delayMs=DELAY_MS) as server:
            prepared, number = self.scratch / "prepared", iter(range(1000))
            commands = {"mqferry apply": self.mqferry("apply", server, source, "--yes", "--concurrency", str(CONCURRENCY)),
                        "libcurl's multi interface, prepared requests": [self.programs / "bench-multi-post", prepared,
                                                                         str(CONCURRENCY)]}

            def before(name):
                server.control(forget=True)
                shutil.rmtree(self.scratch / "state", ignore_errors=True)
                if name != "mqferry apply":
                    prepare(prepared, server.host, CREATES, f"bare{next(number)}-")

            best = interleave(ROUNDS, commands, before)
            before("mqferry apply")
            Run(commands["mqferry apply"])
            seen = server.seen()
            if (seen["topics"], seen["existed"], self.journalled()) != (CREATES, 0, CREATES):
                sys.exit(f"bench: not everything was created, once, and journalled: {seen}, {self.journalled()}")
            for name, run in best.items():
                figures.told(name, run)
            ours, bare = best.values()
            figures.judge("wall time, times the bare client's", ours.seconds / bare.seconds, 1.1)
            figures.note("wall time, times N x delay / concurrency", ours.seconds / (CREATES * DELAY_MS / 1000 / CONCURRENCY))
            figures.note("of the bare client", bare.seconds / (CREATES * DELAY_MS / 1000 / CONCURRENCY))
            figures.note("processor time per create", ours.cpu_seconds / CREATES * 1e6, " us")
            self.sdk_creates(server, ours.cpu_seconds / CREATES)

    def sdk_creates(self, server, ours):
        """Starting a client is no create: the time for none is taken off, from theirs only."""
        figures = self.figures
        for name, program in self.clients().items():
            count, creates = SDK_CREATES[name], [*program, "creates", server.host, str(CONCURRENCY)]
            none = Run([*creates, "0", "none-"])
            runs = [Run([*creates, str(count), f"{name}{number}-"]) for number in range(ROUNDS)]
            each = min(run.cpu_seconds for run in runs) - none.cpu_seconds
            figures.say(f"the vendor's {name} client, {count:,} creates{'':<12}{min(run.seconds for run in runs):9.3f} s   "
                        f"{min(run.cpu_seconds for run in runs):7.3f} s cpu {min(run.peak_bytes for run in runs) / 1e6:9.1f} MB")
            if name == "Python":
                figures.judge("processor time per create, times the client's", ours / (each / count), 0.2)
            else:
                figures.note("processor time per create, times the client's", ours / (each / count))

    def unknown_limit(self):
        """Two accounts at the same time: a bucket of 4, a bucket of 40. The vendor's client has one of its own, like the first."""
        source = self.declare("limit.yaml", [f"new-{number:06}" for number in range(20_000)])
        with contextlib.ExitStack() as stack:
            servers = {burst: stack.enter_context(self.server(delayMs=DELAY_MS, rate=STAGES[0][1], burst=burst)) for burst in (4, 40)}
            processes = {}
            for burst, server in servers.items():
                command = self.mqferry("apply", server, source, "--yes", "--concurrency", str(CONCURRENCY), "--max-creates", "20000",
                                       "--state-dir", self.scratch / f"state-{burst}", "--output", "json")
                out = stack.enter_context(open(self.scratch / f"limit-{burst}.json", "wb"))
                processes[burst] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out)
                stack.callback(end, processes[burst])
            theirs = self.sdk_meets_the_limit(stack)
            begin = time.monotonic()
            for when, rate in STAGES[1:]:
                time.sleep(max(0, begin + when - time.monotonic()))
                for server in (*servers.values(), *([theirs[0]] if theirs else [])):
                    if rate:
                        server.control(rate=rate)
            for burst, server in servers.items():
                end(processes[burst])
                self.judge_limit(burst, server.seen())
            if theirs:
                self.tell_limit(*theirs)

    def sdk_meets_the_limit(self, stack):
        """(its server, its process)"""
        program = self.clients().get("Python")
        if not program:
            return None
        server = stack.enter_context(self.server(delayMs=DELAY_MS, rate=STAGES[0][1], burst=4))
        process = subprocess.Popen([*program, "limit", server.host, str(CONCURRENCY), str(STAGES[-1][0]), "sdk-"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        stack.callback(process.stdout.close)
        stack.callback(end, process)
        return server, process

    def tell_limit(self, server, process):
        figures = self.figures
        figures.title("the vendor's Python client at the same limits, bucket of 4, with its own retries (8 tries, jitter, 0.2 s doubled)")
        counts = json.loads(process.stdout.readline())
        seen = server.seen()
        for settled, until, rate, used in self.shares(seen["accepted"]):
            figures.note(f"used of {rate}/s from {settled} s to {until} s", used * 100, " %")
        figures.note("refused of all creates", self.refused(seen) * 100, " %")
        figures.note("resources that failed, of all", counts["failed"] / (counts["created"] + counts["failed"]) * 100, " %")

    @staticmethod
    def shares(accepted):
        """(from, to, limit, used) of each stage, after the time that a client has to follow."""
        for (when, rate), (until, _) in zip(STAGES, STAGES[1:]):
            settled = when + (5 if when == 0 else FOLLOWED_S)
            yield settled, until, rate, sum(accepted[settled:until]) / (rate * (until - settled))

    @staticmethod
    def refused(seen):
        denied = sum(seen["denied"] or [])
        return denied / (sum(seen["accepted"]) + denied)

    def judge_limit(self, burst, seen):
        figures = self.figures
        figures.title(f"a limit that the client does not know, bucket of {burst}: " +
                      ", ".join(f"{rate}/s from {when} s" for when, rate in STAGES if rate))
        for settled, until, rate, used in self.shares(seen["accepted"]):
            figures.judge_least(f"used of {rate}/s from {settled} s to {until} s", used * 100, 95, " %")
        figures.judge("refused of all creates", self.refused(seen) * 100, 2, " %")
        rows = json.loads((self.scratch / f"limit-{burst}.json").read_text())["resources"]
        failed = sum(row.get("result") == "failed" for row in rows)
        figures.judge("resources that failed", failed, 0)
        if seen["existed"]:
            sys.exit("bench: something was created twice")

    # --- passes that find nothing to do

    def passes(self, server, source, count, concurrency=PASS_CONCURRENCY):
        """`count` passes of a daemon: what each took as the server saw it, and how many details it read."""
        config = self.scratch / "mqferry.yaml"
        config.write_text(f"""apiVersion: mqferry/v1
kind: Sync
metadata: {{name: bench}}
spec:
  mode: apply
  source: ["{source}"]
  destination: {{address: "{ADDRESS}", endpoint: "http://{server.host}"}}
  pace: {{concurrency: {concurrency}}}
  interval: 3s
""")
        with open(self.scratch / "log", "wb") as log:
            process = subprocess.Popen([self.binary, "run", "--config", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                deadline = time.monotonic() + 60 + 10 * count
                while len(server.seen()["passes"] or []) < count + 1:
                    if process.poll() is not None or time.monotonic() > deadline:
                        sys.exit(f"bench: the daemon made no passes\n{(self.scratch / 'log').read_text()[-2000:]}")
                    time.sleep(0.2)
            finally:
                end(process)
        return server.seen()["passes"][:count]

    def no_op(self):
        figures = self.figures
        figures.title(f"a pass over {TOPICS:,} topics and {GROUPS:,} groups that finds nothing to do, concurrency "
                      f"{PASS_CONCURRENCY}, a server delay of {DELAY_MS} ms")
        topics, groups = [f"topic-{number:06}" for number in range(TOPICS)], [f"GID_{number:06}" for number in range(GROUPS)]
        pages = TOPICS // PAGE + GROUPS // PAGE
        ideal = DELAY_MS / 1000 * (2 + -(-pages // PASS_CONCURRENCY))
        with self.server(delayMs=DELAY_MS, topics=TOPICS, groups=GROUPS) as server:
            passes = self.passes(server, self.declare("equal.yaml", topics, groups), 6)
            cold, warm = passes[0], min(passes[1:], key=lambda one: one["ms"])
            figures.note("the first pass, connections made in it", cold["ms"] / 1000, " s")
            figures.note("the best of five warm ones", warm["ms"] / 1000, " s")
            figures.judge("warm, times delay x (2 + pages / concurrency)", warm["ms"] / 1000 / ideal, 1.3)
            figures.judge("creates sent", sum(server.seen()["accepted"] or []) + server.seen()["existed"], 0)
            self.sdk_passes(server, warm["ms"], {"topics": TOPICS, "groups": GROUPS})

    def sdk_passes(self, server, ours_ms, wanted, *details):
        """The vendor's clients read the same, as often; only the first pass makes connections."""
        for name, program in self.clients().items():
            before = len(server.seen()["passes"])
            run = Run([*program, "passes", server.host, str(PASS_CONCURRENCY), str(SDK_PASSES), *details])
            if json.loads(run.out) != wanted:
                sys.exit(f"bench: the vendor's {name} client read {run.out}")
            best = min(one["ms"] for one in server.seen()["passes"][before + 1:])
            self.figures.note(f"the vendor's {name} client, its best warm one", best / 1000, " s")
            self.figures.note("  wall time, times the client's", ours_ms / best)

    def details(self):
        figures = self.figures
        figures.title(f"the same with details of {GROUPS:,} groups declared")
        groups = [f"GID_{number:06}" for number in range(GROUPS)]
        spec = "{deliveryOrderType: Concurrently, consumeRetryPolicy: {retryPolicy: DefaultRetryPolicy, maxRetryTimes: 16}}"
        with self.server(delayMs=DELAY_MS, groups=GROUPS) as server:
            passes = self.passes(server, self.declare("details.yaml", (), groups, spec), 4)
            figures.note("details read by the first pass", passes[0]["details"])
            figures.note("time of the first pass", passes[0]["ms"] / 1000, " s")
            if passes[0]["details"] != GROUPS:
                sys.exit("bench: the first pass did not read all details")
            figures.judge("details read by the three passes after it", sum(one["details"] for one in passes[1:]), 0)
            best = min(one["ms"] for one in passes[1:])
            figures.note("time of the best of them", best / 1000, " s")
            figures.say("the vendor's clients remember nothing; their best pass:")
            self.sdk_passes(server, best, {"topics": 0, "groups": GROUPS}, "details")

    def cold_tls(self):
        """Certificates as they are on a machine: the system's bundle, and the fake's CA behind it."""
        figures = self.figures
        figures.title(f"{CONCURRENCY} cold TLS connections at once, through the product's http.c; a bundle of certificates like the system's")
        folder = self.scratch / "tls"
        folder.mkdir()
        authority.make(folder)
        bundle = folder / "bundle.pem"
        bundle.write_bytes(SYSTEM_BUNDLE.read_bytes() + (folder / "ca.pem").read_bytes())
        server = Server(self.programs / "bench-fastcloud", folder)
        try:
            runs = [dict(line.split() for line in Run([self.programs / "bench-cold-tls", f"https://{server.host}/instances/none",
                                                       bundle, str(CONCURRENCY)]).out.splitlines()) for _ in range(STALL_RUNS)]
            stalls = sorted(int(run["longest_cpu_us"]) / 1000 for run in runs)
            took_ms, peak = min(int(run["took_us"]) for run in runs) / 1000, min(int(run["peak_kib"]) for run in runs) / 1024
            figures.judge(f"longest turn of the loop, median of {STALL_RUNS}", stalls[len(stalls) // 2], 10, " ms")
            figures.note("the worst of them", stalls[-1], " ms")
            figures.note("all answered after, best", took_ms, " ms")
            figures.note("peak memory of the process", peak, " MiB")
            self.sdk_cold_tls(server, bundle, took_ms, peak)
        finally:
            server.close()

    def sdk_cold_tls(self, server, bundle, ours_ms, ours_mib):
        for name, program in self.clients().items():
            runs = [Run([*program, "tls", server.host, str(CONCURRENCY), str(bundle)]) for _ in range(ROUNDS)]
            told = [json.loads(run.out) for run in runs]
            if any(one["answered"] != CONCURRENCY for one in told):
                sys.exit(f"bench: the vendor's {name} client was not answered: {told}")
            took_ms, peak = min(one["took_us"] for one in told) / 1000, min(run.peak_bytes for run in runs) / 2**20
            self.figures.note(f"the vendor's {name} client, all answered after", took_ms, " ms")
            self.figures.note("  time, times the client's", ours_ms / took_ms)
            self.figures.note("  its peak memory", peak, " MiB")
            self.figures.note("  memory, times the client's", ours_mib / peak)


def caller_of(server):
    """The plain caller of handle.py, on another server."""
    caller = Fake.__new__(Fake)
    caller.port, caller.host, caller.context = server.port, server.host, None
    return caller


def told(status, body):
    """An answer without what differs from one call to the next, and without what the fast fake leaves out of an instance."""
    left_out = {"requestId", "RequestId", "createTime", "updateTime", "serviceCode", "topicCount", "groupCount", "tags",
                "networkInfo", "software", "aclInfo", "userId"}

    def plain(value):
        if isinstance(value, dict):
            return {name: plain(one) for name, one in value.items() if name not in left_out}
        return [plain(one) for one in value] if isinstance(value, list) else value

    message = "Message" if "Message" in body else "message"
    return status, {**plain(body), message: body[message].split(" server string")[0]}


def prepare(path, host, count, prefix):
    """Signed creates for the bare client."""
    caller = Fake.__new__(Fake)
    caller.host = host
    with open(path, "w") as out:
        for number in range(count):
            _, target, headers, body = caller.signed("2022-08-01", "CreateTopic", "POST",
                                                     f"/instances/rmq-cn-abc123/topics/{prefix}{number:06}", {}, {"messageType": "NORMAL"})
            out.write(f"POST http://{host}{target}\n" + "".join(f"{name}: {value}\n" for name, value in headers.items() if name != "host") +
                      "\n" + body.decode() + "\n")


def main():
    bench = Bench(pathlib.Path(sys.argv[1]).resolve())
    print(f"load before: {os.getloadavg()[0]:.1f}; the best of {ROUNDS} interleaved rounds")
    try:
        bench.confirm()
        for part in (bench.creates, bench.no_op, bench.details, bench.cold_tls, bench.unknown_limit):
            if not sys.argv[2:] or part.__name__ in sys.argv[2:]:
                part()
    finally:
        shutil.rmtree(bench.scratch, ignore_errors=True)
    print(f"\n{bench.figures.missed} missed" if bench.figures.missed else "\nall within their limits")
    sys.exit(1 if bench.figures.missed else 0)


main()
