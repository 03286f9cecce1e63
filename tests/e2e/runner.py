# SPDX-License-Identifier: Apache-2.0
"""Runs test_*.py of a folder (RING; else this one), or those named, and closes with the plain counting line. With JOBS=N: N
files side by side, each in a process of its own; most tests wait for what they started."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
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


def run_file(name):
    """Exit code and output of a file's tests."""
    done = subprocess.run([sys.executable, "-B", __file__, name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, env={**os.environ, "JOBS": ""})
    return done.returncode, done.stdout.decode(errors="replace")


def run_side_by_side(names, jobs):
    counts, broken = [0, 0, 0], False
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for name, (code, out) in zip(names, pool.map(run_file, names)):
            ended = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", out, re.MULTILINE)
            if code != 0 or not ended:
                print(out)
                broken = True
            else:
                print("".join(line for line in out.splitlines(True) if line.startswith("SKIPPED")), end="")
                print(f"{name}: {ended.group(0)}", flush=True)
            counts = [count + int(one) for count, one in zip(counts, ended.groups() if ended else (0, 1, 0))]
    print("{} passed, {} failed, {} skipped".format(*counts))
    sys.exit(1 if broken else 0)


def main():
    sys.path.insert(0, str(HERE))
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("test_*.py"))
    if os.environ.get("JOBS") and len(names) > 1:
        # The long ones first: those that wait for clouds, then the large files.
        names.sort(key=lambda name: ("cloud" not in name, -(HERE / f"{name}.py").stat().st_size))
        run_side_by_side(names, int(os.environ["JOBS"]))
    run(unittest.defaultTestLoader.loadTestsFromNames(names))


if __name__ == "__main__":
    main()
