# SPDX-License-Identifier: Apache-2.0
"""The remoting protocol, written for the tests alone: a witness that shares no code with the program it judges."""
import base64
import hashlib
import hmac
import itertools
import json
import socket
import ssl
import struct

CLUSTER_INFO, SYSTEM_TOPICS, BROKER_CONFIG = 106, 305, 26
TOPICS, GROUPS, TOPIC, TOPIC_NAMES = 21, 201, 351, 206
CREATE_TOPIC, CREATE_TOPICS, CREATE_GROUP, CREATE_GROUPS, CREATE_STATIC_TOPIC, PUT_KV, GET_KV = 17, 18, 200, 225, 513, 100, 101
READS_THAT_WRITE = 352
DELETE_TOPIC = 215
WRITES = (CREATE_TOPIC, CREATE_TOPICS, CREATE_GROUP, CREATE_GROUPS, CREATE_STATIC_TOPIC, PUT_KV, READS_THAT_WRITE)


class Refused(Exception):
    def __init__(self, code, remark):
        super().__init__(f"code {code}: {remark}")
        self.code, self.remark = code, remark


def quote_number_keys(text):
    """Turns {0:"a"} into {"0":"a"}: Java writes maps with number keys so. Text inside strings is left alone."""
    out, position, quoted, expecting = [], 0, False, False
    while position < len(text):
        char = text[position]
        if quoted:
            step = 2 if char == "\\" else 1
            quoted = char != '"'
            out.append(text[position:position + step])
            position += step
            continue
        end = position
        if expecting and (char.isdigit() or char == "-"):
            end += 1
            while text[end].isdigit():
                end += 1
        if end > position and text[end] == ":":
            out.append(f'"{text[position:end]}"')
            position = end
            continue
        quoted = char == '"'
        expecting = char in "{," or (expecting and char.isspace())
        out.append(char)
        position += 1
    return "".join(out)


def parse(body):
    text = body.decode()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return json.loads(quote_number_keys(text))


def frame(header, body=b""):
    head = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack(">II", 4 + len(head) + len(body), len(head)) + head + body


def unframe(data):
    """Header and body of what follows the length word."""
    (word,) = struct.unpack(">I", data[:4])
    size = word & 0xFFFFFF
    head = data[4:4 + size]
    return (json.loads(head) if word >> 24 == 0 else unpack_binary(head)), data[4 + size:]


def unpack_binary(head):
    code, _, version, opaque, flag, size = struct.unpack(">hBhiii", head[:17])
    remark, at, fields = head[17:17 + size].decode(), 21 + size, {}
    while at < len(head):
        (size,) = struct.unpack(">h", head[at:at + 2])
        key, at = head[at + 2:at + 2 + size].decode(), at + 2 + size
        (size,) = struct.unpack(">i", head[at:at + 4])
        fields[key], at = head[at + 4:at + 4 + size].decode(), at + 4 + size
    return {"code": code, "version": version, "opaque": opaque, "flag": flag, "remark": remark, "extFields": fields}


def signature(secret, fields, body):
    content = "".join(fields[key] for key in sorted(fields, key=str.encode)).encode() + body
    return base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha1).digest()).decode()


class Client:
    """One connection to one name server or broker."""

    def __init__(self, address, credentials=None, ca=None, certificate=None, timeout=30):
        host, port = address.rsplit(":", 1)
        self.credentials, self.numbers = credentials, itertools.count(1)
        self.socket = socket.create_connection((host, int(port)), timeout)
        if ca:
            context = ssl.create_default_context(cafile=str(ca))
            if certificate:
                context.load_cert_chain(*map(str, certificate))
            self.socket = context.wrap_socket(self.socket, server_hostname=host)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, code, fields=None, body=b""):
        fields = {key: str(value) for key, value in (fields or {}).items()}
        if self.credentials:
            fields["AccessKey"] = self.credentials[0]
            fields["Signature"] = signature(self.credentials[1], fields, body)
        opaque = next(self.numbers)
        header = {"code": code, "language": "PYTHON", "version": 401, "opaque": opaque, "flag": 0, "extFields": fields}
        self.socket.sendall(frame(header, body))
        return opaque

    def receive(self):
        size = self.file.read(4)
        if len(size) < 4:
            raise ConnectionError("closed by the other side")
        return unframe(self.file.read(struct.unpack(">I", size)[0]))

    def call(self, code, fields=None, body=b""):
        """Header and body of a good answer."""
        opaque = self.send(code, fields, body if isinstance(body, bytes) else json.dumps(body).encode())
        while True:
            header, answer = self.receive()
            if int(header["opaque"]) == opaque:
                break
        if int(header["code"]) != 0:
            raise Refused(int(header["code"]), header.get("remark", ""))
        return header, answer

    # --- name servers

    def brokers(self):
        """Broker name to id to address, and cluster name to broker names."""
        answer = parse(self.call(CLUSTER_INFO)[1])
        return ({name: data["brokerAddrs"] for name, data in answer["brokerAddrTable"].items()}, answer["clusterAddrTable"])

    def topic_names(self):
        """Names that some broker registered."""
        return set(parse(self.call(TOPIC_NAMES)[1])["topicList"])

    # --- brokers

    def version(self):
        return self.call(SYSTEM_TOPICS)[0]["version"]

    def system_topics(self):
        return set(parse(self.call(SYSTEM_TOPICS)[1])["topicList"])

    def settings(self):
        """The broker's own configuration."""
        lines = self.call(BROKER_CONFIG)[1].decode().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def topics(self):
        return parse(self.call(TOPICS)[1])["topicConfigTable"]

    def groups(self):
        return parse(self.call(GROUPS)[1])["subscriptionGroupTable"]

    def topic(self, name):
        """One topic's settings, or None. 5.0 and later."""
        try:
            return parse(self.call(TOPIC, {"topic": name})[1])
        except Refused as refused:
            if refused.code == 17:
                return None
            raise

    def create_topic(self, name, queues=8, perm=6, order=False, attributes=""):
        fields = {"topic": name, "defaultTopic": "TBW102", "readQueueNums": queues, "writeQueueNums": queues, "perm": perm,
                  "topicFilterType": "SINGLE_TAG", "topicSysFlag": 0, "order": "true" if order else "false"}
        if attributes:
            fields["attributes"] = attributes
        self.call(CREATE_TOPIC, fields)

    def create_topics(self, configs):
        self.call(CREATE_TOPICS, body={"topicConfigList": configs})

    def delete_topic(self, name):
        """Brokers without timer files answer with a null pointer's text although the topic is gone."""
        try:
            self.call(DELETE_TOPIC, {"topic": name})
        except Refused as refused:
            if "getTimerMessageStore" not in refused.remark and "null" not in refused.remark:
                raise

    def create_group(self, name, **settings):
        self.call(CREATE_GROUP, body={"groupName": name, **settings})

    def create_groups(self, configs):
        self.call(CREATE_GROUPS, body={"groupConfigList": configs})

    def put(self, namespace, key, value):
        self.call(PUT_KV, {"namespace": namespace, "key": key, "value": value})

    def get(self, namespace, key):
        try:
            return self.call(GET_KV, {"namespace": namespace, "key": key})[0]["extFields"]["value"]
        except Refused as refused:
            if refused.code == 22:
                return None
            raise
