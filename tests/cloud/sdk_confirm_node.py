# SPDX-License-Identifier: Apache-2.0
"""The vendor's client for Node takes the fake for the cloud, too."""
import json
import os
import pathlib
import subprocess
import unittest

from handle import Fake

PROGRAM = pathlib.Path(__file__).parent / "node" / "confirm.js"
FOLDER = pathlib.Path(os.environ.get("NODE_SDK", ""))
MISSING = "" if (FOLDER / "complete").exists() else "the vendor's client for Node cannot be installed here"


@unittest.skipIf(MISSING, MISSING)
class Node(unittest.TestCase):
    def test_it_lists_reads_creates_and_is_refused(self):
        fake = Fake()
        self.addCleanup(fake.close)
        fake.control({"limit": {"operation": "ListRegions", "rate": 0.001, "burst": 1}})
        done = subprocess.run(["node", str(PROGRAM), fake.host], cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), {
            "created": True, "existed": "Topic.Existed", "topic": ["order", "FIFO", "备 注+~*", "RUNNING"], "listed": [1, ["order"]],
            "group": ["Orderly", 8], "status": "RUNNING", "absent": "Topic.NotFound", "wrong": "SignatureDoesNotMatch",
            "throttled": "Throttling.User"})
        self.assertEqual([line["name"] for line in fake.audit()], ["order", "GID_a"])


if __name__ == "__main__":
    unittest.main()
