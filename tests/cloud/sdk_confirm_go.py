# SPDX-License-Identifier: Apache-2.0
"""The vendor's client of old for Go takes a gateway that knows RPC 1.0 only for the cloud, and mqferry sees what it made."""
import json
import os
import pathlib
import subprocess
import unittest

from handle import Fake
from sdk_confirm_old import mqferry

PROGRAM = pathlib.Path(os.environ.get("GO_SDK", "")) / "confirm"
MISSING = "" if PROGRAM.is_file() else "the vendor's client for Go cannot be built here"


@unittest.skipIf(MISSING, MISSING)
class Go(unittest.TestCase):
    def test_it_lists_reads_creates_and_is_refused_and_mqferry_sees_the_same(self):
        fake = Fake()
        self.addCleanup(fake.close)
        fake.control({"set": {"only_v1": ["mandatory", "AccessKeyId"]}}, {"limit": {"operation": "OnsInstanceBaseInfo", "rate": 0.001, "burst": 2}})
        done = subprocess.run([str(PROGRAM), fake.host], capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)
        # It found the server's string to sign equal to its own: so the secret must be wrong.
        self.assertEqual(json.loads(done.stdout), {
            "created": ["", ""], "existed": "BIZ_TOPIC_EXISTED", "topics": [["order", 1, "备 注+~*", 1]], "groups": [["GID_b", "http"]],
            "status": 5, "absent": "INSTANCE_NOT_FOUND", "wrong": "SignatureDoesNotMatch", "throttled": "Throttling.User"})
        self.assertEqual([line["name"] for line in fake.audit()], ["order", "GID_b"])
        fake.control({"limit": {"operation": "OnsInstanceBaseInfo", "rate": 50}})
        code, rows, said = mqferry(fake, "verify")
        self.assertEqual((code, {name: row["state"] for name, row in rows.items()}), (0, {"order": "inSync", "GID_b": "inSync"}), said)
        self.assertEqual(len(fake.audit()), 2)


if __name__ == "__main__":
    unittest.main()
