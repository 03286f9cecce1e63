# SPDX-License-Identifier: Apache-2.0
"""Runs test_*.py of a folder (RING; else this one), or those named, and closes with the plain counting line."""
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(os.environ.get("RING", pathlib.Path(__file__).parent)).resolve()


class Quiet(unittest.TextTestResult):
    """Says what was skipped, and why; unittest says what failed."""

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"SKIPPED {test.id()}: {reason}", flush=True)


def run(suite):
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0, resultclass=Quiet).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


def main():
    sys.path.insert(0, str(HERE))
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("test_*.py"))
    run(unittest.defaultTestLoader.loadTestsFromNames(names))


if __name__ == "__main__":
    main()
