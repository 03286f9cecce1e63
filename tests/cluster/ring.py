# SPDX-License-Identifier: Apache-2.0
"""Runs tests/cluster/test_*.py (or those named), the tests of one cluster together. Each cluster is booted while the tests of the
one before it run, and ended after its last test."""
import pathlib
import signal
import sys
import unittest

import runner
from stage import POOL, REAL, needs

HERE = pathlib.Path(__file__).parent


def each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


def main():
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("test_*.py"))
    tests = list(each(unittest.defaultTestLoader.loadTestsFromNames(names)))
    tests.sort(key=lambda test: max((list(REAL).index(name) for name in needs(test)), default=-1))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    POOL.expect([name for test in tests for name in needs(test)])
    try:
        runner.run(unittest.TestSuite(tests))
    finally:
        POOL.close()


main()
