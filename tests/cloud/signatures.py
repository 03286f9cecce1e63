# SPDX-License-Identifier: Apache-2.0
"""The three signature schemes of the gateway, from the server's side: V3 (ACS3-HMAC-SHA256), RPC 1.0 and ROA 1.0 (HMAC-SHA1).

Written from the published rules, apart from the program that is tested with it. Pure.
"""
import base64
import dataclasses
import hashlib
import hmac
import urllib.parse

V3 = "ACS3-HMAC-SHA256"
OF_RPC = ("AccessKeyId", "Signature", "SignatureNonce", "SignatureMethod", "SignatureVersion", "Timestamp")


@dataclasses.dataclass
class Request:
    """As it arrived: names of headers in lower case, the target undecoded."""
    method: str
    target: str
    headers: dict
    body: bytes = b""

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        """Pairs, decoded; a plus is a blank, as the gateway takes it."""
        return urllib.parse.parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    @property
    def form(self):
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return []
        return urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True)


@dataclasses.dataclass
class Claim:
    """What a request says about itself, and what it was to sign."""
    scheme: str
    key_id: str
    token: str
    nonce: str
    date: str
    signature: str
    string_to_sign: str
    canonical: str


class Incomplete(Exception):
    """Something that every signed request carries is missing or malformed: (what)."""


def encode(text):
    return urllib.parse.quote(text, safe="-_.~")


def canonical_query(pairs):
    in_order = sorted(pairs, key=lambda pair: tuple(text.encode() for text in pair))
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in in_order)


def canonical_path(path):
    return "/".join(encode(urllib.parse.unquote(segment)) for segment in path.split("/"))


def claim(request):
    """Which scheme it is in is told by where the signature is."""
    authorization = request.headers.get("authorization", "")
    if authorization.startswith(V3):
        return claim_v3(request, authorization)
    if authorization.startswith("acs "):
        return claim_roa(request, authorization[len("acs "):])
    if any(name == "Signature" for name, _ in request.query + request.form):
        return claim_rpc(request)
    raise Incomplete("Signature")


def verify(claimed, secret):
    return hmac.compare_digest(claimed.signature.encode(), sign(claimed, secret).encode())


def sign(claimed, secret):
    text = claimed.string_to_sign.encode()
    if claimed.scheme == V3:
        return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    key = secret + "&" if claimed.scheme == "RPC-1.0" else secret
    return base64.b64encode(hmac.new(key.encode(), text, hashlib.sha1).digest()).decode()


# --- V3

def claim_v3(request, authorization):
    parts = dict(part.split("=", 1) for part in authorization[len(V3):].strip().split(",") if "=" in part)
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not parts.get(name):
            raise Incomplete(name)
    names = parts["SignedHeaders"].split(";")
    check_signed_headers(request, names)
    digest = hashlib.sha256(request.body).hexdigest()
    if request.headers["x-acs-content-sha256"] != digest:
        raise Incomplete("x-acs-content-sha256")
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names)
    canonical = "\n".join([request.method, canonical_path(request.path), canonical_query(request.query), headers,
                           ";".join(names), digest])
    return Claim(V3, parts["Credential"], request.headers.get("x-acs-security-token", ""),
                 request.headers["x-acs-signature-nonce"], request.headers["x-acs-date"], parts["Signature"],
                 f"{V3}\n{hashlib.sha256(canonical.encode()).hexdigest()}", canonical)


def check_signed_headers(request, names):
    """Every x-acs- header, host, and content-type when there is one; sorted, each once, each there."""
    wanted = {name for name in request.headers if name.startswith("x-acs-")} | {"host"}
    wanted |= {"x-acs-date", "x-acs-signature-nonce", "x-acs-version", "x-acs-action", "x-acs-content-sha256"}
    wanted |= {"content-type"} & request.headers.keys()
    for name in sorted(wanted | set(names)):
        if name not in request.headers:
            raise Incomplete(name)
    if not wanted <= set(names) or names != sorted(set(names)):
        raise Incomplete("SignedHeaders")


# --- RPC 1.0

def claim_rpc(request):
    pairs = request.query + request.form
    given = dict(pairs)
    for name in OF_RPC:
        if not given.get(name):
            raise Incomplete(name)
    if len(given) != len(pairs) or (given["SignatureMethod"], given["SignatureVersion"]) != ("HMAC-SHA1", "1.0"):
        raise Incomplete("SignatureMethod, SignatureVersion, or a parameter that comes twice")
    canonical = canonical_query([pair for pair in pairs if pair[0] != "Signature"])
    return Claim("RPC-1.0", given["AccessKeyId"], given.get("SecurityToken", ""), given["SignatureNonce"], given["Timestamp"],
                 given["Signature"], f"{request.method}&{encode('/')}&{encode(canonical)}", canonical)


# --- ROA 1.0

def claim_roa(request, authorization):
    key_id, _, signature = authorization.partition(":")
    headers = request.headers
    for name in ("date", "x-acs-signature-nonce", "x-acs-signature-method"):
        if not headers.get(name):
            raise Incomplete(name)
    lines = [request.method] + [headers.get(name, "") for name in ("accept", "content-md5", "content-type", "date")]
    lines += [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-acs-")]
    query = "&".join(f"{name}={value}" if value else name for name, value in sorted(request.query))
    text = "\n".join(lines + [request.path + ("?" + query if query else "")])
    return Claim("ROA-1.0", key_id, headers.get("x-acs-security-token", ""), headers["x-acs-signature-nonce"], headers["date"],
                 signature, text, text)
