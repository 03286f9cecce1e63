# SPDX-License-Identifier: Apache-2.0
"""A fake cloud started for a test, and a plain caller that signs by the rules of signatures.py."""
import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import time
import uuid

import signatures

PROGRAM = pathlib.Path(__file__).with_name("fakecloud.py")
KEY_ID, SECRET, ACCOUNT = "LTAI-test", "secret-of-test", "1234567890"
TIMEOUT_S = 20


class Fake:
    """One account with one key; instances rmq-cn-abc123 (5.x) and MQ_INST_1 (4.x), both empty."""

    def __init__(self, tls=None, metadata=None):
        command = ["/usr/bin/python3", "-B", str(PROGRAM)] + (["--tls", str(tls)] if tls else [])
        command += ["--metadata", metadata] if metadata else []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        told = json.loads(self.process.stdout.readline())
        self.port, self.proxy = told["port"], f"http://127.0.0.1:{told.get('proxy')}"
        self.context = ssl.create_default_context(cafile=str(pathlib.Path(tls) / "ca.pem")) if tls else None
        self.endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.host = f"127.0.0.1:{self.port}"
        self.control({"key": {"id": KEY_ID, "secret": SECRET, "account": ACCOUNT}},
                     {"instance": {"id": "rmq-cn-abc123", "product": "rocketmq", "account": ACCOUNT}},
                     {"instance": {"id": "MQ_INST_1", "product": "ons", "account": ACCOUNT}})

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    # --- control

    def control(self, *commands):
        status, _, body = self.request("POST", "/_control", {}, json.dumps(commands).encode())
        if status != 200:
            raise ValueError(body.decode())

    def seen(self):
        return json.loads(self.request("GET", "/_control", {}, b"")[2])

    def audit(self):
        return self.seen()["audit"]

    def holds(self, instance, kind):
        return self.seen()["holds"][instance][kind]

    # --- calls

    def request(self, method, target, headers, body):
        """(status, headers, body)"""
        kind = http.client.HTTPSConnection if self.context else http.client.HTTPConnection
        more = {"context": self.context} if self.context else {}
        connection = kind("127.0.0.1", self.port, timeout=TIMEOUT_S, **more)
        try:
            connection.request(method, target, body or None, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def call(self, version, action, method="POST", path="/", query=None, body=None, **how):
        """(status, parsed body) of a signed call."""
        status, _, text = self.request(*self.signed(version, action, method, path, query or {}, body, **how))
        return status, json.loads(text)

    def signed(self, version, action, method, path, query, body=None, key=KEY_ID, secret=SECRET, token="", skew_s=0, nonce=None):
        payload = b"" if body is None else json.dumps(body).encode()
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + skew_s))
        headers = {"host": self.host, "x-acs-version": version, "x-acs-action": action, "x-acs-date": date,
                   "x-acs-signature-nonce": nonce or uuid.uuid4().hex,
                   "x-acs-content-sha256": hashlib.sha256(payload).hexdigest(), "accept": "application/json"}
        if payload:
            headers["content-type"] = "application/json; charset=utf-8"
        if token:
            headers |= {"x-acs-accesskey-id": key, "x-acs-security-token": token}
        target = path + ("?" + signatures.canonical_query((name, str(value)) for name, value in query.items()) if query else "")
        names = sorted(name for name in headers if name != "accept")
        headers["authorization"] = f"{signatures.V3} Credential={key},SignedHeaders={';'.join(names)},Signature=0"
        claim = signatures.claim(signatures.Request(method, target, headers, payload))
        signature = hmac.new(secret.encode(), claim.string_to_sign.encode(), hashlib.sha256).hexdigest()
        headers["authorization"] = headers["authorization"][:-1] + signature
        return method, target, headers, payload

    def rpc_v1(self, version, action, **changed):
        """The parsed body of a call that is signed in the way of old; what is changed is signed as it is, an empty value left out."""
        pairs = {"Action": action, "Version": version, "Format": "JSON", "AccessKeyId": KEY_ID, "SignatureMethod": "HMAC-SHA1",
                 "SignatureVersion": "1.0", "SignatureNonce": uuid.uuid4().hex,
                 "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **changed}
        pairs = {name: value for name, value in pairs.items() if value}
        text = "GET&%2F&" + signatures.encode(signatures.canonical_query(pairs.items()))
        mac = hmac.new(f"{SECRET}&".encode(), text.encode(), hashlib.sha1).digest()
        pairs.setdefault("Signature", base64.b64encode(mac).decode())
        return json.loads(self.request("GET", "/?" + signatures.canonical_query(pairs.items()), {}, b"")[2])

    def rocketmq(self, action, method, path, query=None, body=None, **how):
        return self.call("2022-08-01", action, method, path, query, body, **how)

    def ons(self, action, **query):
        how = {name: query.pop(name) for name in ("key", "secret", "token") if name in query}
        return self.call("2019-02-14", action, query=query, **how)


def plain_environment():
    """Without what would lead a caller elsewhere."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith("ALIBABA_CLOUD") and not name.lower().endswith("_proxy")}
