# SPDX-License-Identifier: Apache-2.0
"""A reload that moves the status page: to another place, to none and back, or not at all."""
import http.client
import json
import signal
import socket

from harness import Case, topic
from test_daemon import sync

DAEMON = "apiVersion: mqferry/v1\nkind: Daemon\nmetadata: {name: here}\nspec: {listen: '%s'}\n---\n"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def listens(port):
    with socket.socket() as wire:
        return wire.connect_ex(("127.0.0.1", port)) == 0


class Listen(Case):
    def setUp(self):
        super().setUp()
        del self.environment["MQFERRY_LISTEN"]
        self.write("manifests/a.yaml", topic("a"))
        self.port = free_port()
        self.configure(f"127.0.0.1:{self.port}")

    def configure(self, listen, *more):
        self.write("mqferry.yaml", DAEMON % listen + sync("one", "manifests/", "d.json") + "".join(more))

    def begin(self, *arguments):
        process = self.start("run", "--config", "mqferry.yaml", "--log-format", "logfmt", *arguments)
        self.wait_for("the first pass", lambda: "event=pass-end" in self.log())
        return process

    def reload(self, process, event="configuration-loaded"):
        before = self.log().count("event=" + event)
        process.send_signal(signal.SIGHUP)
        self.wait_for(event, lambda: self.log().count("event=" + event) > before)

    def get(self, path, port, host="127.0.0.1"):
        connection = http.client.HTTPConnection(host, port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        self.assertEqual(answer.status, 200, body)
        return body

    def test_another_port(self):
        process = self.begin()
        other = free_port()
        self.configure(f"127.0.0.1:{other}")
        self.reload(process)
        self.assertEqual(json.loads(self.get("/v1/status", other))["syncs"][0]["name"], "one")
        self.wait_for("the old place to be left", lambda: not listens(self.port))
        self.assertNotIn("restart-needed", self.log())
        self.assertEqual(self.log().count("event=listening"), 2)
        self.assertEqual(self.end(process), 0)

    def test_another_address_with_the_same_port_and_back(self):
        process = self.begin()
        for listen in (f"0.0.0.0:{self.port}", f"127.0.0.1:{self.port}"):
            self.configure(listen)
            self.reload(process)
            self.assertIn(f"address={listen}", self.log())
            self.wait_for("an answer", lambda: "mqferry_build_info" in self.get("/metrics", self.port))
        self.run_it("run", "--config", "mqferry.yaml", "--listen", f"127.0.0.1:{self.port}", code=78)  # it is ours alone
        self.assertEqual(self.end(process), 0)

    def test_a_busy_place_refuses_the_reload_and_is_shown(self):
        process = self.begin()
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen(1)
            busy = holder.getsockname()[1]
            self.configure(f"127.0.0.1:{busy}", sync("two", "manifests/", "e.json"))
            self.reload(process, "configuration-refused")
        said = json.loads(self.get("/v1/status", self.port))
        self.assertEqual(said["configuration"]["error"]["cause"], "configuration-wrong")
        self.assertIn(f"127.0.0.1:{busy}", said["configuration"]["error"]["message"])
        self.assertEqual([one["name"] for one in said["syncs"]], ["one"])
        self.assertIn("mqferry_configuration_good 0", self.get("/metrics", self.port))
        self.assertIn(str(busy), self.log())
        self.assertFalse(self.path("e.json").exists())
        self.reload(process)  # the holder has gone
        self.assertEqual(len(json.loads(self.get("/v1/status", busy))["syncs"]), 2)
        self.assertEqual(self.end(process), 0)

    def test_none_and_back(self):
        process = self.begin()
        self.configure("none")
        self.reload(process)
        self.wait_for("the place to be left", lambda: not listens(self.port))
        self.configure(f"127.0.0.1:{self.port}")
        self.reload(process)
        self.assertIn('"one"', self.get("/v1/status", self.port))
        self.assertEqual(self.end(process), 0)

    def test_a_name_that_nobody_knows_refuses_the_reload(self):
        process = self.begin()
        self.configure("nobody.invalid:9480")
        self.reload(process, "configuration-refused")
        self.assertIn("nobody.invalid", json.loads(self.get("/v1/status", self.port))["configuration"]["error"]["message"])
        self.assertEqual(self.end(process), 0)

    def test_the_flag_wins(self):
        mine = free_port()
        process = self.begin("--listen", f"127.0.0.1:{mine}")
        self.configure(f"127.0.0.1:{free_port()}")
        self.reload(process)
        self.assertIn('"one"', self.get("/v1/status", mine))
        self.assertEqual(self.log().count("event=listening"), 1)
        self.assertEqual(self.end(process), 0)
