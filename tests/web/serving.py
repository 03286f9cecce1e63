# SPDX-License-Identifier: Apache-2.0
"""A daemon that serves on a port of its own."""
import http.client
import json
import re

from harness import Case


class Serving(Case):
    def run_daemon(self):
        process = self.start("run", "--config", "mqferry.yaml", "--log-format", "logfmt", "--listen", "127.0.0.1:0")
        self.wait_for("the listener", lambda: "event=listening" in self.log())
        self.port = int(re.search(r"event=listening.*address=127\.0\.0\.1:(\d+)", self.log()).group(1))
        self.url = f"http://127.0.0.1:{self.port}"
        return process

    def ask(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    def status(self):
        return json.loads(self.ask("/v1/status")[1])

    def wait_until_ready(self):
        self.wait_for("readiness", lambda: self.ask("/readyz")[0] == 200)


def sync(name, source, destination, interval="1h", mode="apply"):
    """A Sync document; `destination` is the text of a map."""
    return (f"apiVersion: mqferry/v1\nkind: Sync\nmetadata: {{name: {json.dumps(name)}}}\nspec:\n  mode: {mode}\n  source: [{source}]\n"
            f"  destination: {{{destination}}}\n  interval: {interval}\n---\n")
