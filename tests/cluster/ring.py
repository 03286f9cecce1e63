# SPDX-License-Identifier: Apache-2.0
"""Runs tests/cluster/test_*.py (or those named), the tests of one cluster together. Each cluster is booted while the tests of the
one before it run, and ended after its last test."""
import pathlib
import sys
import unittest

import runner
from stage import POOL, REAL

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
    order = list(REAL)
    tests.sort(key=lambda test: order.index(test.where) if getattr(test, "where", None) else -1)
    POOL.expect([test.where for test in tests if getattr(test, "where", None)])
    try:
        runner.run(unittest.TestSuite(tests))
    finally:
        POOL.close()


main()
