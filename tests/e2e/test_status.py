# SPDX-License-Identifier: Apache-2.0
"""What a running daemon tells over HTTP, and what it does not."""
import http.client
import json
import os
import re
import signal
import socket
import threading
import time

from harness import Case, group, topic
from test_daemon import sync


class Status(Case):
    def setUp(self):
        super().setUp()
        self.write("manifests/a.yaml", topic("a") + topic("b", "FIFO") + topic("c", None) + group("g"))
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json"))

    def run_daemon(self, *arguments):
        process = self.start("run", "--config", "mqferry.yaml", "--log-format", "logfmt", "--listen", "127.0.0.1:0",
                             *arguments)
        self.wait_for("the listener", lambda: "event=listening" in self.log())
        self.port = int(re.search(r"event=listening.*address=127\.0\.0\.1:(\d+)", self.log()).group(1))
        return process

    def get(self, path, code=200, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        self.assertEqual(answer.status, code, body)
        return body

    def json(self, path, code=200):
        return json.loads(self.get(path, code))

    def wait_until_ready(self):
        def ready():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        self.wait_for("readiness", ready)

    def test_rows_are_those_of_the_commands(self):
        self.run_daemon()
        self.wait_until_ready()
        status = self.json("/v1/status")
        self.assertEqual(status["version"], 1)
        self.assertFalse(status["parity"])
        self.assertEqual(status["syncs"][0]["summary"]["Topic"]["states"], {"inSync": 2, "invalid": 1})
        rows = {row["name"]: row for row in self.json("/v1/syncs/one")["resources"]}
        self.assertEqual(list(rows), ["a", "b", "c", "g"])
        plan = self.run_it("plan", "--sync", "one", "--config", "mqferry.yaml", "--output", "json").json()
        for row in plan["resources"]:
            same = {key: value for key, value in rows[row["name"]].items() if key in row}
            self.assertEqual(same, row)
        self.assertEqual(rows["c"]["cause"], "message-type-unknown")
        self.assertIn("hint", rows["c"])
        changes = self.json("/v1/syncs/one/changes")["changes"]
        self.assertEqual({change["name"] for change in changes}, {"a", "b", "g"})

    def test_what_a_source_has_lost_is_shown(self):
        def put_source(*topics):
            self.write("old.json.new", json.dumps({
                "apiVersion": "mqferry/v1", "kind": "Snapshot", "standsFor": "any", "identity": {},
                "topics": [{"name": name, "messageType": "NORMAL"} for name in topics], "consumerGroups": []}))
            os.rename(self.path("old.json.new"), self.path("old.json"))

        put_source("a", "b")
        self.write("mqferry.yaml", sync("one", '{address: "snapshot:old.json"}', "d.json", "1s"))
        self.run_daemon()
        self.wait_until_ready()
        put_source("a")
        self.wait_for("the loss", lambda: self.json("/v1/syncs/one?state=vanished")["total"] == 1)
        self.assertEqual(self.json("/v1/syncs/one?state=vanished")["resources"],
                         [{"kind": "Topic", "name": "b", "sourceName": "b", "state": "vanished", "action": "none"}])
        self.assertEqual(self.json("/v1/syncs/one?state=extra")["resources"], [])
        self.assertEqual([row["name"] for row in self.json("/v1/syncs/one")["resources"]], ["a", "b"])
        self.assertEqual(self.json("/v1/status")["syncs"][0]["summary"]["Topic"]["states"], {"inSync": 1, "vanished": 1})
        self.assertRegex(self.get("/metrics"), r'mqferry_resources\{sync="one",kind="Topic",state="vanished"\} 1\n')

    def test_a_reload_that_is_refused_is_shown(self):
        process = self.run_daemon()
        self.wait_until_ready()
        self.write("mqferry.yaml", "kind: Nonsense\n")
        process.send_signal(signal.SIGHUP)
        self.wait_for("the mistake", lambda: "error" in self.json("/v1/status")["configuration"])
        error = self.json("/v1/status")["configuration"]["error"]
        self.assertEqual(error["cause"], "configuration-wrong")
        self.assertIn("mqferry.yaml", error["mistakes"][0]["path"])
        self.assertIn("mqferry_configuration_good 0", self.get("/metrics"))
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json") + sync("two", "manifests/", "e.json"))
        process.send_signal(signal.SIGHUP)
        self.wait_for("the new sync", lambda: len(self.json("/v1/status")["syncs"]) == 2)
        self.assertNotIn("error", self.json("/v1/status")["configuration"])
        self.write("mqferry.yaml", sync("two", "manifests/", "e.json", "2h"))
        process.send_signal(signal.SIGHUP)
        self.wait_for("one sync", lambda: [each["name"] for each in self.json("/v1/status")["syncs"]] == ["two"])
        self.wait_for("its interval", lambda: self.json("/v1/status")["syncs"][0]["intervalSeconds"] == 7200)
        self.get("/v1/syncs/one", 404)
        self.assertEqual(self.end(process), 0)

    def test_mistakes_in_manifests_are_shown_with_their_place(self):
        self.run_daemon()
        self.wait_until_ready()
        self.write("manifests/a.yaml", "kind: Topik\n")
        self.wait_for("the mistake", lambda: "error" in self.json("/v1/status")["syncs"][0])
        one = self.json("/v1/status")["syncs"][0]
        self.assertEqual(one["error"]["cause"], "input-wrong")
        self.assertTrue(one["lastPass"]["lastGoodInForce"])
        self.assertIn("a.yaml", one["error"]["mistakes"][0]["path"])
        self.assertEqual(self.json("/v1/syncs/one")["total"], 4)

    def test_a_busy_port_is_78(self):
        holder = socket.socket()
        self.addCleanup(holder.close)
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        port = holder.getsockname()[1]
        ended = self.run_it("run", "--config", "mqferry.yaml", "--listen", f"127.0.0.1:{port}", code=78)
        self.assertIn(str(port), ended.err)
        self.run_it("run", "--config", "mqferry.yaml", "--listen", "nonsense", code=78)

    def test_no_secret_is_told(self):
        self.environment.update(ALIBABA_CLOUD_ACCESS_KEY_ID="AKIDVERYVISIBLE", ALIBABA_CLOUD_ACCESS_KEY_SECRET="s3cr3tWord")
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json").replace(
            'address: "snapshot:d.json", for: apsaramq',
            'address: "apsaramq://cn-hangzhou/rmq-cn-test", endpoint: "http://127.0.0.1:9/"'))
        self.run_daemon()
        self.wait_until_ready()
        told = "".join(self.get(path) for path in ("/v1/status", "/v1/syncs/one", "/v1/syncs/one/changes", "/metrics"))
        self.assertIn("unreachable", told)
        self.assertNotIn("AKIDVERYVISIBLE", told)
        self.assertNotIn("s3cr3tWord", told)

    def status(self, *arguments, code=0):
        return self.run_it("status", "--url", f"http://127.0.0.1:{self.port}", *arguments, code=code)

    def test_the_command_tells_the_same(self):
        self.run_daemon()
        self.wait_until_ready()
        table = self.status().out
        self.assertRegex(table, r"one +no +4 +3 +0 +0 +1 ")
        self.assertEqual(self.status("--output", "json").json()["syncs"][0]["name"], "one")
        rows = self.status("one").out
        self.assertIn("message-type-unknown", rows)
        self.assertNotIn("Topic          a ", rows)
        lines = self.status("one", "--output", "jsonl").lines()
        self.assertEqual([line["name"] for line in lines[:-1]], ["a", "b", "c", "g"])
        self.assertEqual(lines[-1]["kind"], "Summary")
        self.assertIn("nobody", self.status("nobody", code=78).err)
        self.run_it("status", "one", "two", code=64)
        self.run_it("status", "--url", "file:///etc/passwd", code=64)

    def test_the_command_reads_all_pages(self):
        self.write("manifests/many.yaml", "apiVersion: mqferry/v1\nkind: TopicList\ndefaults: {messageType: NORMAL}\nitems:\n"
                   + "".join(f"  - {{name: many-{number:05}}}\n" for number in range(2500)))
        self.run_daemon()
        self.wait_until_ready()
        lines = self.status("one", "--output", "jsonl").lines()
        self.assertEqual(len({(line["kind"], line["name"]) for line in lines[:-1]}), 2504)
        self.assertEqual([line["kind"] for line in lines].count("Summary"), 1)
        whole = self.status("one", "--output", "json").json()
        self.assertEqual(len({(row["kind"], row["name"]) for row in whole["resources"]}), 2504)
        self.assertEqual((len(whole["resources"]), whole["total"], whole["sync"]["name"]), (2504, 2504, "one"))
        self.assertNotIn("page", whole)

    def test_nobody_there_is_69(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        ended = self.run_it("status", "--url", f"http://127.0.0.1:{port}", code=69)
        self.assertIn(str(port), ended.err)
        self.write("mqferry.yaml", f"apiVersion: mqferry/v1\nkind: Daemon\nspec: {{listen: '127.0.0.1:{port}'}}\n---\n"
                   + sync("one", "manifests/", "d.json"))
        self.assertIn(str(port), self.run_it("status", "--config", "mqferry.yaml", code=69).err)

    def test_watch_goes_on_until_interrupted(self):
        self.run_daemon()
        self.wait_until_ready()
        watcher = self.start("status", "--url", f"http://127.0.0.1:{self.port}", "--watch", "--output", "jsonl")
        self.wait_for("the first answer", lambda: '"kind":"Summary"' in self.log())
        self.write("manifests/d.yaml", topic("d"))
        self.wait_for("the change", lambda: '"declared":4' in self.log())
        self.assertEqual(self.end(watcher, signal.SIGINT), 130)

    def test_a_flood_leaves_reconciliation_undisturbed(self):
        """200 connections, half of them slow readers of large answers: a changed manifest is followed all the same."""
        self.write("manifests/many.yaml", "apiVersion: mqferry/v1\nkind: TopicList\ndefaults: {messageType: NORMAL}\nitems:\n"
                   + "".join(f"  - {{name: many-{number:05}}}\n" for number in range(20000)))
        self.run_daemon()
        self.wait_until_ready()
        stop = threading.Event()

        def read_slowly(number):
            while not stop.is_set():
                try:
                    with socket.create_connection(("127.0.0.1", self.port), 5) as wire:
                        wire.settimeout(1)
                        if number % 2 == 0:
                            wire.sendall(b"GET /v1/syncs/one?size=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        for _ in range(20):
                            if stop.wait(0.1) or (number % 2 == 0 and not wire.recv(1)):
                                break
                except OSError:
                    stop.wait(0.1)

        flood = [threading.Thread(target=read_slowly, args=(number,), daemon=True) for number in range(200)]
        for thread in flood:
            thread.start()
        time.sleep(2)
        took = []
        for number in range(5):
            begun = time.monotonic()
            self.write(f"manifests/new-{number}.yaml", topic(f"new-{number}"))
            self.wait_for("the create", lambda: f"name=new-{number} " in self.log())
            took.append(time.monotonic() - begun)
            time.sleep(1)
        stop.set()
        print(f"\nfrom change to create under the flood: {', '.join(f'{each:.2f}' for each in took)} s", flush=True)
        self.assertLess(sorted(took)[2], 10)
        for thread in flood:
            thread.join(30)
        self.get("/healthz")
