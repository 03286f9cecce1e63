# SPDX-License-Identifier: Apache-2.0
"""What mqferry run tells systemd, heard at a socket that stands for systemd's."""
import os
import signal
import socket
import time

from test_daemon import WithDaemon, sync


class Notify(WithDaemon):
    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(str(self.path("notify")))
        self.socket.setblocking(False)
        self.environment.update(NOTIFY_SOCKET=str(self.path("notify")))
        self.heard = []

    def listen(self):
        """All messages so far; each a map."""
        while True:
            try:
                message = self.socket.recv(65536).decode()
            except BlockingIOError:
                return self.heard
            self.heard.append(dict(line.split("=", 1) for line in message.splitlines()))

    def wait_for_status(self, part):
        self.wait_for("a status with " + part, lambda: any(part in message["STATUS"] for message in self.listen()))

    def states(self):
        """READY, RELOADING, STOPPING in order, repetitions left out."""
        order = []
        for message in self.listen():
            for name in ("READY", "RELOADING", "STOPPING"):
                if message.get(name) == "1" and order[-1:] != [name]:
                    order.append(name)
        return order

    def test_ready_comes_with_the_configuration_and_the_status_counts(self):
        process = self.run_daemon()
        self.wait_for_status("1 of 1 syncs at parity, 1 created")
        self.assertEqual(self.states(), ["READY"])
        self.assertEqual(self.end(process), 0)
        self.assertEqual(self.states(), ["READY", "STOPPING"])

    def test_wrong_manifests_do_not_keep_it_from_being_ready(self):
        self.write("manifests/a.yaml", "kind: Nonsense\n")
        self.run_daemon()
        self.wait_for_status("1 failing, first one: input-wrong")
        self.assertEqual(self.states(), ["READY"])

    def test_a_wrong_configuration_never_gets_ready(self):
        self.write("mqferry.yaml", "kind: Sync\n")
        self.run_it("run", "--config", "mqferry.yaml", code=78)
        self.assertEqual(self.states(), [])

    def test_a_reload_says_when_it_begins_and_ends_and_that_it_was_refused(self):
        process = self.run_daemon()
        self.wait_for_status("1 of 1")
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        process.send_signal(signal.SIGHUP)
        self.wait_for("the reload", lambda: self.states() == ["READY", "RELOADING", "READY"])
        reloading = [message for message in self.heard if "RELOADING" in message]
        self.assertGreaterEqual(int(reloading[0]["MONOTONIC_USEC"]) / 1e6, before - 0.001)
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json") + "kind: Sink\n")
        process.send_signal(signal.SIGHUP)
        self.wait_for_status("the configuration file is wrong (")
        self.write("mqferry.yaml", sync("one", "manifests/", "d.json"))
        process.send_signal(signal.SIGHUP)
        self.wait_for("the mended one", lambda: "wrong" not in self.listen()[-1]["STATUS"])
        self.path("mqferry.yaml").unlink()
        process.send_signal(signal.SIGHUP)
        self.wait_for_status("the new configuration cannot take effect, the old one holds")

    def test_the_watchdog_is_fed_twice_as_often_as_asked(self):
        self.environment.update(WATCHDOG_USEC="400000")
        self.run_daemon()
        self.wait_for("food", lambda: sum("WATCHDOG" in message for message in self.listen()) > 5)

    def test_a_watchdog_of_another_process_is_none_of_ours(self):
        self.environment.update(WATCHDOG_USEC="400000", WATCHDOG_PID=str(os.getpid()))
        self.run_daemon()
        self.wait_for_status("1 of 1")
        count = len(self.listen())
        time.sleep(1.5)
        self.assertEqual(len(self.listen()), count)

    def test_a_stopped_loop_starves_it(self):
        self.environment.update(WATCHDOG_USEC="400000")
        process = self.run_daemon()
        self.wait_for("food", lambda: sum("WATCHDOG" in message for message in self.listen()) > 2)
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
        count = len(self.listen())
        time.sleep(1.5)
        self.assertEqual(len(self.listen()), count)
        process.send_signal(signal.SIGCONT)
        self.wait_for("food again", lambda: len(self.listen()) > count + 2)
