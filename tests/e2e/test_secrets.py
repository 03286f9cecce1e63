# SPDX-License-Identifier: Apache-2.0
"""No key, token or signature gets out: whatever the process wrote and printed is searched for them, its memory included."""
import glob
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import unittest
import urllib.parse
import urllib.request

from harness import RELEASE, group, topic
from test_credentials import FIVE, ROLE_ARN, WithSts

CANARY = "canary-secret-4f1c9e"


class Secrets(WithSts):
    """Keys from a file assume a role of STS: there is a secret, a token of the role, and its secret."""
    to, describe, create = FIVE, "GetInstance", "CreateTopic"

    def setUp(self):
        super().setUp()
        self.fake.control({"key": {"id": "of-canary", "secret": CANARY, "account": "1234567890"}}, {"set": {"record": True}})
        self.write("keys.json", json.dumps({"mode": "RamRoleArn", "access_key_id": "of-canary", "access_key_secret": CANARY,
                                            "ram_role_arn": ROLE_ARN + "role", "ram_session_name": "s"}))
        self.write("d.yaml", "".join(topic(f"t{number:02}") for number in range(20)) + group("GID_a"))
        self.printed = ""

    def secrets(self):
        """All that was ever told or sent."""
        seen = self.fake.seen()
        found = [CANARY]
        for _, secret, token in seen["given"]:
            found += [secret, token]
        for request in seen["requests"]:
            if "authorization" in request["headers"]:
                found.append(request["headers"]["authorization"].split("Signature=")[1])
            else:  # RPC 1.0: as it stands in the URL, and before that
                found += re.findall(r"&(?:Signature|SecurityToken)=([^&]+)", request["target"])
                found.append(urllib.parse.unquote(found[-1]))
        self.assertGreater(len(found), 5)
        return [one.encode() for one in found]

    def run_here(self, command, *more, code=0, binary=None, **environment):
        ended = self.run_it(command, "--from", "d.yaml", "--to", self.to, "--ca-file", self.path("tls") / "ca.pem", "--to-credentials",
                            "file:keys.json", "--log-level", "debug", *more, code=code, environment=environment, binary=binary)
        self.printed += ended.out + ended.err
        return ended

    def assert_nothing_in(self, what, data):
        for one in self.secrets():
            self.assertFalse(one in data, f"{what} holds {one.decode()}")

    def assert_nothing_written(self):
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.name != "keys.json" and path.parent.name != "tls":
                self.assert_nothing_in(path.name, path.read_bytes())
        self.assert_nothing_in("what was printed", self.printed.encode())

    def start_daemon(self):
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            self.port = asked.getsockname()[1]
        self.write("mqferry.yaml", f"""apiVersion: mqferry/v1
kind: Daemon
metadata: {{name: here}}
spec: {{listen: "127.0.0.1:{self.port}", log: {{level: debug}}}}
---
apiVersion: mqferry/v1
kind: Sync
metadata: {{name: canary}}
spec:
  mode: apply
  source: [d.yaml]
  destination: {{address: "{self.to}", caFile: tls/ca.pem, credentials: "file:{self.path('keys.json')}"}}
  interval: 1h
""")
        self.environment.pop("MQFERRY_LISTEN", None)
        daemon = self.start("run", "--config", "mqferry.yaml", binary=RELEASE)
        self.wait_for("everything there", lambda: len(self.fake.audit()) == 21)
        return daemon

    # --- tests

    def test_commands_write_none_of_them(self):
        self.run_here("plan", "--out", "plan.json")
        self.run_here("apply", "--yes", "--output", "json")
        self.run_here("verify", "--output", "jsonl")
        self.printed += self.run_it("journal", "--output", "jsonl").out
        self.printed += self.run_it("apply", "plan.json", "--to-credentials", "file:keys.json", "--ca-file", self.path("tls") / "ca.pem").out
        self.assert_nothing_written()

    def test_failures_tell_none_of_them(self):
        """The gateway tells the string to sign when a signature is wrong; tokens expire; STS refuses."""
        refusals = [{"code": "InvalidSecurityToken.Expired", "status": 400}, {"code": "SignatureDoesNotMatch", "status": 400},
                    {"code": "InvalidSecurityToken.Malformed", "status": 400}, {"code": "NoPermission", "status": 403}]
        for refuse in refusals:
            for operation in (self.describe, self.create, "AssumeRole"):
                self.fake.control({"fault": {"operation": operation, "times": -1,
                                             "refuse": {**refuse, "message": "No. server string to sign is:x", "gateway": True}}})
                self.run_here("apply", "--yes", "--timeout", "3s", code=None)
                self.assert_nothing_written()
                self.fake.control({"repair": True})

    def test_a_daemon_shows_none_of_them(self):
        daemon = self.start_daemon()
        for path in ("/metrics", "/v1/status", "/v1/syncs/canary", "/", "/healthz"):
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                self.assert_nothing_in(path, answer.read())
        for name in ("cmdline", "environ"):
            with open(f"/proc/{daemon.pid}/{name}", "rb") as about:
                self.assert_nothing_in(name, about.read())
        self.end(daemon)
        self.assert_nothing_written()

    def test_its_memory_is_searched(self):
        """A core file, as a debugger of root's takes it from the running daemon."""
        if not shutil.which("gcore"):
            self.skipTest("gcore is not here")
        daemon = self.start_daemon()
        subprocess.run(["gcore", "-o", str(self.path("core")), str(daemon.pid)], check=True, capture_output=True)
        core = self.path(f"core.{daemon.pid}").read_bytes()
        self.assertIn(b"canary", core)  # the sync's name: it is this memory
        self.assert_nothing_in("memory", core)

    def test_a_crash_leaves_no_core_file(self):
        pattern = open("/proc/sys/kernel/core_pattern", encoding="ascii").read().strip()
        if "/" in pattern or "|" in pattern or not self.crashes_leave_cores():
            self.skipTest("no core files are written into the working directory here: " + pattern)
        daemon = self.start_daemon()
        resource.prlimit(daemon.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        os.kill(daemon.pid, signal.SIGABRT)
        self.assertEqual(daemon.wait(60), -signal.SIGABRT)
        self.assertEqual(glob.glob(str(self.path("core*"))), [])

    def crashes_leave_cores(self):
        """Of another program, here."""
        folder = self.path("other")
        folder.mkdir()
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        subprocess.run(["sh", "-c", "kill -ABRT $$"], cwd=folder, check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, unlimited))
        return bool(list(folder.iterdir()))


class SecretsOfOld(Secrets):
    """The same with a gateway that knows RPC 1.0 only: there token and signature are part of the URL."""
    to, describe, create = "ons://cn-hangzhou/MQ_INST_1", "OnsInstanceBaseInfo", "OnsTopicCreate"

    def setUp(self):
        super().setUp()
        self.fake.control({"set": {"only_v1": ["mandatory", "AccessKeyId"]}})


del WithSts

if __name__ == "__main__":
    unittest.main()
