# SPDX-License-Identifier: Apache-2.0
"""The fake's verifier against the vectors that the vendor's own packages made."""
import json
import pathlib
import unittest

import signatures

VECTORS = pathlib.Path(__file__).parents[1] / "data" / "signature-vectors.json"


def arrived(vector):
    """The request of a vector as a server reads it."""
    headers = dict(vector["headers"])
    if vector["authorization"]:
        headers["authorization"] = vector["authorization"]
    target, body = vector.get("requestTarget"), vector["body"] or ""
    if target is None:  # RPC 1.0: the signature is one of the parameters
        query, form = dict(vector["query"]), dict(vector["formParameters"])
        (form if "form" in vector["signaturePlacement"] else query).setdefault("Signature", vector["signature"])
        target = vector["path"] + ("?" + signatures.canonical_query(query.items()) if query else "")
        if form:
            body = signatures.canonical_query(form.items())
            headers["content-type"] = "application/x-www-form-urlencoded"
    return signatures.Request(vector["method"], target, headers, body.encode())


class Vectors(unittest.TestCase):
    vectors = json.loads(VECTORS.read_text())["vectors"]

    def test_every_vector_is_accepted(self):
        self.assertEqual(len(self.vectors), 15)
        for vector in self.vectors:
            with self.subTest(vector["name"]):
                claim = signatures.claim(arrived(vector))
                self.assertEqual(claim.canonical, vector["canonicalRequest"])
                self.assertEqual(claim.string_to_sign, vector["stringToSign"])
                self.assertTrue(signatures.verify(claim, vector["accessKeySecret"]))
                self.assertFalse(signatures.verify(claim, vector["accessKeySecret"] + "x"))

    def test_nothing_of_a_request_can_be_changed(self):
        for vector in self.vectors:
            for name in self.changes(vector):
                with self.subTest(f"{vector['name']}: {name}"):
                    request = arrived(vector)
                    self.changes(vector)[name](request)
                    try:
                        accepted = signatures.verify(signatures.claim(request), vector["accessKeySecret"])
                    except signatures.Incomplete:
                        accepted = False
                    self.assertFalse(accepted)

    @staticmethod
    def changes(vector):
        def method(request):
            request.method = "DELETE"

        def query(request):
            request.target += "&x=y" if "?" in request.target else "?x=y"

        def body(request):
            request.body += b" "

        def header(request):
            request.headers["x-acs-date"] = "2026-01-02T03:04:06Z"

        def unsigned(request):
            request.headers["x-acs-more"] = "not in SignedHeaders"

        if vector["algorithm"] == signatures.V3:
            return {"method": method, "query": query, "body": body, "header": header, "unsigned": unsigned}
        return {"method": method, "query": query}

    def test_a_plus_in_the_query_is_a_blank(self):
        request = signatures.Request("GET", "/?a=b+c&d=%2B", {})
        self.assertEqual(signatures.canonical_query(request.query), "a=b%20c&d=%2B")


if __name__ == "__main__":
    unittest.main()
