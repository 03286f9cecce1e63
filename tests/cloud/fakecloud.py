#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for Alibaba Cloud's gateway with RocketMQ 2022-08-01 and ONS 2019-02-14 behind it.

    fakecloud.py [--port N] [--tls FOLDER] [--metadata HOST:PORT]

Listens on 127.0.0.1 and prints one line of JSON: {"port": N}. With --tls the certificates of a CA of its own (ca.pem) are
made in FOLDER, and there is a proxy, whose port is printed, too, that leads here whatever host it is asked for. With --metadata
it listens there as well, as the ECS metadata server does. Tests script it by POST /_control (control.py) and read GET /_control: audit, calls, what instances hold.
"""
import argparse
import asyncio
import dataclasses
import datetime
import email.utils
import json
import socket
import ssl
import struct
import time
import uuid

import authority
import control
import faults
import ons
import rocketmq
import signatures
import state
import sts
import tunnel
from state import Refusal

PRODUCTS = {rocketmq.VERSION: rocketmq, ons.VERSION: ons, sts.VERSION: sts}
SKEW_S = 15 * 60
HEAD_BYTES_MAX = 64 << 10


@dataclasses.dataclass
class Settings:
    refusals: str = "status"  # how the services say no: "status", "success", "code" (rocketmq.refused)
    clock_offset_s: float = 0  # of the server's clock
    hint: str = "retry-after"  # with throttling: "retry-after", "ratelimit", ""
    delay_s: float = 0  # of every answer
    token_s: float = 3600  # how long given keys last
    token_calls: int = state.FOR_EVER  # or how many calls
    imds: str = "12"  # versions of the metadata server; "": it is none
    record: bool = False  # every request as it came, for GET /_control
    only_v1: list = dataclasses.field(default_factory=list)  # a product's gateway of old, knows RPC 1.0 only: [words, parameter] (gateway_of_old)


@dataclasses.dataclass
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json;charset=utf-8"
    headers: dict = dataclasses.field(default_factory=dict)


class Limits:
    """A token bucket for each account and operation."""

    def __init__(self):
        self.clear()

    def clear(self):
        self.rates, self.buckets = {}, {}

    def set(self, operation, rate, burst=None):
        """A bucket keeps what is in it when its rate changes."""
        self.rates[operation] = (rate, burst or rate)

    def wait_s(self, account, operation):
        """0: a token was taken; else how long until there is one."""
        rate, burst = self.rates.get(operation, self.rates.get("*", (0, 0)))
        if not rate:
            return 0
        now = time.monotonic()
        tokens, then = self.buckets.get((account, operation), (burst, now))
        tokens = min(burst, tokens + (now - then) * rate)
        taken = tokens >= 1
        self.buckets[account, operation] = (tokens - taken, now)
        return 0 if taken else (1 - tokens) / rate


class Cloud:
    def __init__(self):
        self.state, self.faults, self.limits, self.settings = state.State(), faults.Faults(), Limits(), Settings()
        self.nonces = set()

    def now(self):
        return time.time() + self.settings.clock_offset_s

    # --- one call

    def answer(self, request):
        """(answer, fault)"""
        request_id = str(uuid.uuid4()).upper()
        if self.settings.record:
            self.state.requests.append({"method": request.method, "target": request.target, "headers": request.headers,
                                        "body": request.body.decode()})
        product, key_id, operation, name, fault = rocketmq, "", "", "", None
        try:
            if self.settings.only_v1 and request.headers.get("x-acs-version") != sts.VERSION:
                request = gateway_of_old(request, *self.settings.only_v1)
            product = self.product(request)
            operation, arguments = product.route(request)
            name, key_id = product.name_of(arguments), credential(request)
            fault = self.faults.next(operation, name, key_id, number(arguments.get("pageNumber", "1")))
            if fault:
                control.obey(self, fault.meanwhile)
                if fault.cut and not fault.apply:
                    self.state.called(key_id, operation, name, "cut")
                    return Answer(200, b"{}"), fault
            data = self.perform(product, request, operation, arguments, fault)
            if fault:
                fault.change_list(data)
            answer = Answer(200, to_json(product.accepted(request_id, data)))
            self.state.called(key_id, operation, name, "OK")
        except Refusal as refusal:
            answer = self.refused(product, request_id, refusal)
            if self.settings.only_v1 and dict(request.query).get("Format", "XML").upper() != "JSON":
                answer.content_type, answer.body = "text/xml;charset=utf-8", to_xml(json.loads(answer.body))
            self.state.called(key_id, operation, name, refusal.code)
        answer.headers["x-acs-request-id"] = request_id
        if fault and fault.duplicate:
            fault.duplicate = False
            answer, _ = self.answer(request)
        if fault and fault.shape:
            answer.status, answer.content_type, answer.body = faults.SHAPES[fault.shape](answer.body)
        return answer, fault

    def perform(self, product, request, operation, arguments, fault):
        key = None
        if product is not sts or sts.needs_signature(operation):
            key = self.authenticate(request)
            self.throttle(key, operation)
        if fault and fault.refuse:
            raise Refusal(**fault.refuse)
        if product is sts:
            return sts.perform(self.state, self.settings, operation, arguments)
        return product.perform(self.state, key, operation, arguments, request.body)

    def product(self, request):
        parameters = dict(request.query + request.form)
        version = request.headers.get("x-acs-version") or parameters.get("Version")
        if version not in PRODUCTS:
            raise Refusal(404, "InvalidVersion", "Specified parameter Version is not valid.", gateway=True)
        return PRODUCTS[version]

    def refused(self, product, request_id, refusal):
        if refusal.gateway:
            status, envelope = refusal.status, {
                "RequestId": request_id, "HostId": "gateway", "Code": refusal.code, "Message": refusal.message,
                "Recommend": f"https://api.example.com/troubleshoot?q={refusal.code}"}
        else:
            status, envelope = product.refused(request_id, refusal, self.settings.refusals)
        return Answer(status, to_json(envelope), headers=dict(refusal.headers))

    # --- the gateway

    def authenticate(self, request):
        try:
            claim = signatures.claim(request)
        except signatures.Incomplete as incomplete:
            raise Refusal(400, "IncompleteSignature", "The request signature does not conform to Aliyun standards: "
                          f"{incomplete.args[0]}.", gateway=True) from incomplete
        key = self.state.keys.get(claim.key_id)
        if not key:
            raise Refusal(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.", gateway=True)
        if key.inactive:
            raise Refusal(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.", gateway=True)
        if abs(seconds_of(claim.date) - self.now()) > SKEW_S:
            raise Refusal(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", gateway=True)
        if not signatures.verify(claim, key.secret):
            raise Refusal(400, "SignatureDoesNotMatch", "Specified signature does not match our calculation. server string "
                          f"to sign is:{claim.string_to_sign}", gateway=True)
        self.check_token(key, claim.token)
        if (claim.key_id, claim.nonce) in self.nonces:
            raise Refusal(400, "SignatureNonceUsed", "Specified signature nonce was used already.", gateway=True)
        self.nonces.add((claim.key_id, claim.nonce))
        return key

    @staticmethod
    def check_token(key, token):
        if key.token and not token:
            raise Refusal(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.", gateway=True)
        if token != key.token:
            raise Refusal(400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.", gateway=True)
        if key.calls_left == 0:
            key.expired = True
        key.calls_left -= key.calls_left > 0
        if key.expired or time.time() >= key.expires:
            raise Refusal(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.", gateway=True)

    def throttle(self, key, operation):
        wait_s = self.limits.wait_s(key.account, operation)
        if wait_s > 0:
            milliseconds = str(int(wait_s * 1000) + 1)
            headers = {"retry-after": {"x-acs-retry-after": milliseconds}, "": {}, "ratelimit": {
                "x-ratelimit-user-api": f"Limit:1,Remain:0,TimeLeft:{milliseconds},Reset:0"}}[self.settings.hint]
            raise Refusal(400, "Throttling.User", "Request was denied due to user flow control.", True, headers)

    # --- the control path

    def controlled(self, request):
        if request.method == "GET":
            return Answer(200, to_json({"audit": self.state.audit, "calls": self.state.calls, "holds": self.state.holds(),
                                        "requests": self.state.requests, "tunnels": self.state.tunnels,
                                        "given": [[key.id, key.secret, key.token] for key in self.state.keys.values() if key.secret.startswith("given-")]}))
        try:
            control.obey(self, json.loads(request.body))
        except (ValueError, KeyError, TypeError) as error:
            return Answer(400, to_json({"wrong": repr(error)}))
        return Answer(200, b"{}")


def gateway_of_old(request, words, parameter):
    """What it makes of a request: headers say nothing, everything is a parameter. When all that RPC 1.0 carries is missing it complains
    about `parameter`, else about the first one that is."""
    plain = signatures.Request(request.method, request.target, {name: value for name, value in request.headers.items()
                                                                if not name.startswith("x-acs-") and name != "authorization"}, request.body)
    given = dict(plain.query + plain.form)
    missing = [name for name in ("Action", "Version", *signatures.OF_RPC) if not given.get(name)]
    if not missing:
        return plain
    name = parameter if parameter in missing else missing[0]
    if words == "mandatory":
        raise Refusal(400, f"Missing{name}", f"{name} is mandatory for this action.", gateway=True)
    raise Refusal(400, "MissingParameter", f'The input parameter "{name}" that is mandatory for processing this request is not supplied.',
                  gateway=True)


def to_xml(envelope):
    members = "".join(f"<{name}>{value}</{name}>" for name, value in envelope.items())
    return f"<?xml version='1.0' encoding='UTF-8'?><Error>{members}</Error>".encode()


def to_json(value):
    return json.dumps(value, ensure_ascii=False).encode()


def number(text):
    return int(text) if text.isdigit() else 0


def credential(request):
    try:
        return signatures.claim(request).key_id
    except signatures.Incomplete:
        return ""


def seconds_of(date):
    try:
        if date.endswith("GMT"):
            return email.utils.parsedate_to_datetime(date).timestamp()
        return datetime.datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
    except ValueError as error:
        raise Refusal(400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.",
                      gateway=True) from error


# --- HTTP

async def read_chunks(reader):
    """The client for Node sends its bodies so."""
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body


async def read_request(reader, writer):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {}
    for line in head[1:-2]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await read_chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return signatures.Request(method, target, headers, body)


def on_the_wire(answer, date):
    head = [f"HTTP/1.1 {answer.status} {'OK' if answer.status < 400 else 'Refused'}", f"Date: {email.utils.formatdate(date, usegmt=True)}",
            f"Content-Type: {answer.content_type}", f"Content-Length: {len(answer.body)}"]
    head += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n", answer.body


async def send(writer, head, body, fault):
    """Whether the connection lives on."""
    whole = head + body
    if fault and fault.cut:
        if fault.cut == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False
        whole = {"before": b"", "headers": head[:len(head) // 2], "body": head + body[:len(body) // 2]}[fault.cut]
    piece = 16 if fault and fault.slow_s else len(whole) or 1
    for begin in range(0, len(whole), piece):
        writer.write(whole[begin:begin + piece])
        await writer.drain()
        if fault and fault.slow_s:
            await asyncio.sleep(fault.slow_s)
    return not (fault and fault.cut)


async def converse(cloud, reader, writer):
    try:
        while True:
            request, fault = await read_request(reader, writer), None
            plain = sts.plain(cloud.state, cloud.settings, request)
            if request.path == "/_control":
                answer = cloud.controlled(request)
            elif plain:
                answer = Answer(plain[0], plain[1].encode(), "text/plain")
            else:
                answer, fault = cloud.answer(request)
                delay_s = cloud.settings.delay_s + (fault.delay_s if fault else 0)
                if delay_s:
                    await asyncio.sleep(delay_s)
            date = cloud.now() + (fault.date_offset_s if fault else 0)
            if not await send(writer, *on_the_wire(answer, date), fault):
                break
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


async def serve(port, tls, metadata):
    cloud, context = Cloud(), None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.make(tls))

    async def listen(host, on_port, secure):
        return await asyncio.start_server(lambda reader, writer: converse(cloud, reader, writer), host, on_port, ssl=secure,
                                          limit=HEAD_BYTES_MAX, backlog=512)

    server = await listen("127.0.0.1", port, context)
    told, kept = {"port": server.sockets[0].getsockname()[1]}, []
    if tls:
        proxy, told["proxy"] = await tunnel.serve(told["port"], cloud.state.tunnels)
        kept.append(proxy)
    if metadata:
        host, _, on_port = metadata.partition(":")
        kept.append(await listen(host, int(on_port), None))
    print(json.dumps(told), flush=True)
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", metavar="FOLDER")
    parser.add_argument("--metadata", metavar="HOST:PORT")
    arguments = parser.parse_args()
    try:
        asyncio.run(serve(arguments.port, arguments.tls, arguments.metadata))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
