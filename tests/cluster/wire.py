# SPDX-License-Identifier: Apache-2.0
"""A tap between the program and a cluster: it counts what is asked of whom, and hangs, cuts or delays on demand.

Each process gets a listener; addresses in the name servers' answers are replaced by those of the listeners. Plain connections only."""
import collections
import re
import socket
import struct
import threading
import time

import remoting

Request = collections.namedtuple("Request", "peer code fields body when")
ADDRESS = re.compile(rb"127\.0\.0\.1:(\d+)")


class Rule:
    """What happens to requests of some codes (none: any) to one peer (None: any), so many times (None: always)."""

    def __init__(self, action, peer, codes, times, seconds, call):
        self.action, self.peer, self.codes, self.times, self.seconds, self.call = action, peer, codes, times, seconds, call
        self.happened = threading.Event()

    def takes(self, request):
        if self.peer not in (None, request.peer) or (self.codes and request.code not in self.codes) or self.times == 0:
            return False
        self.times = self.times and self.times - 1
        return True


class Wire:
    def __init__(self, cluster):
        self.cluster, self.lock = cluster, threading.Lock()
        self.requests, self.rules, self.sockets, self.listeners = [], [], [], {}
        for name in cluster.ports:
            if name != "mqadmin":
                self.listen(name)
        self.ports = {str(cluster.ports[name]).encode(): str(one.getsockname()[1]).encode() for name, one in self.listeners.items()}

    # --- for tests

    def address(self, name):
        return f"127.0.0.1:{self.listeners[name].getsockname()[1]}"

    def url(self):
        servers = ",".join(self.address(name) for name in self.cluster.ports if name.startswith("namesrv"))
        return f"rocketmq://{servers}/DefaultCluster"

    def rule(self, action, peer=None, *codes, times=1, seconds=0, call=None):
        """`action`: hang (swallow the request), deaf (swallow the answer), cut (close instead of forwarding), cut-answer (forward,
        close instead of answering), delay (the answer, by seconds), call (`call(request)` before it is forwarded)."""
        rule = Rule(action, peer, codes, times, seconds, call)
        with self.lock:
            self.rules.append(rule)
        return rule

    def clear(self):
        with self.lock:
            self.rules.clear()
            self.requests.clear()

    def seen(self, *codes, peer=None):
        """What was asked so far, with one of these codes (none given: any)."""
        with self.lock:
            return [one for one in self.requests if (not codes or one.code in codes) and peer in (None, one.peer)]

    def writes(self):
        return self.seen(*remoting.WRITES)

    def written(self):
        """How often each (peer, kind, name) was sent in a create."""
        return collections.Counter(entry for one in self.writes() for entry in entries(one))

    def close(self):
        for one in [*self.listeners.values(), *self.sockets]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    # --- inside

    def listen(self, name):
        listener = socket.create_server(("127.0.0.1", 0))
        self.listeners[name] = listener
        threading.Thread(target=self.accept, args=(name, listener), daemon=True).start()

    def accept(self, name, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.cluster.ports[name]), 5)
                far.settimeout(None)
            except OSError:
                near.close()
                continue
            Pair(self, name, near, far)

    def noted(self, request):
        """Records it and finds its rule."""
        with self.lock:
            self.requests.append(request)
            return next((rule for rule in self.rules if rule.takes(request)), None)

    def rewritten(self, body):
        return ADDRESS.sub(lambda found: b"127.0.0.1:" + self.ports.get(found[1], found[1]), body)


class Pair:
    """One connection through the tap."""

    def __init__(self, wire, peer, near, far):
        self.wire, self.peer, self.near, self.far, self.waiting = wire, peer, near, far, {}
        wire.sockets += [near, far]
        for work, source in ((self.up, near), (self.down, far)):
            threading.Thread(target=self.run, args=(work, source.makefile("rb")), daemon=True).start()

    def run(self, work, file):
        try:
            while len(size := file.read(4)) == 4:
                if not work(size + file.read(struct.unpack(">I", size)[0])):
                    break
        except (OSError, ValueError):
            pass
        self.cut()

    def cut(self):
        for one in (self.near, self.far):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def up(self, data):
        header, body = remoting.unframe(data[4:])
        request = Request(self.peer, int(header["code"]), header.get("extFields") or {}, body, time.monotonic())
        rule = self.wire.noted(request)
        self.waiting[int(header["opaque"])] = (request, rule)
        action = rule and rule.action
        if action == "call":
            rule.call(request)
        if rule:
            rule.happened.set()
        if action == "cut":
            return False
        if action != "hang":
            self.far.sendall(data)
        return True

    def down(self, data):
        header, body = remoting.unframe(data[4:])
        request, rule = self.waiting.pop(int(header["opaque"]), (None, None))
        action = rule and rule.action
        if action == "cut-answer":
            return False
        if action == "deaf":
            return True
        if action == "delay":
            threading.Timer(rule.seconds, self.answer, [data]).start()
            return True
        if request and self.peer.startswith("namesrv") and body:
            data = remoting.frame(header, self.wire.rewritten(body))
        return self.answer(data)

    def answer(self, data):
        try:
            self.near.sendall(data)
            return True
        except OSError:
            return False


def entries(request):
    """(peer, kind, name) of everything that a create asks for."""
    def of(kind, names):
        return [(request.peer, kind, name) for name in names]
    if request.code in (remoting.CREATE_TOPIC, remoting.CREATE_STATIC_TOPIC):
        return of("topic", [request.fields["topic"]])
    if request.code == remoting.CREATE_TOPICS:
        return of("topic", [one["topicName"] for one in remoting.parse(request.body)["topicConfigList"]])
    if request.code == remoting.CREATE_GROUP:
        return of("group", [remoting.parse(request.body)["groupName"]])
    if request.code == remoting.CREATE_GROUPS:
        return of("group", [one["groupName"] for one in remoting.parse(request.body)["groupConfigList"]])
    return of("other", [request.fields.get("key") or request.fields.get("group")])
