# SPDX-License-Identifier: Apache-2.0
"""A folder of its own for every test, and the program run as a user runs it."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "manifests" / "samples"
RELEASE = os.environ["MQFERRY"]
SANITIZED = os.environ["MQFERRY_SANITIZED"]
TIMEOUT_S = 120


class Ended:
    """What a run left: exit code, standard output, standard error."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return json.loads(self.out)

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


class Case(unittest.TestCase):
    binary = SANITIZED

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mqferry-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("MQFERRY")}
        self.environment.update(MQFERRY_STATE_DIR=str(self.folder / "state"), HOME=str(self.folder), TZ="UTC",
                                MQFERRY_LISTEN="none")

    # --- files

    def path(self, name):
        return self.folder / name

    def write(self, name, text):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)
        return path

    def sample(self, name):
        shutil.copy(SAMPLES / name, self.path(name))
        return name

    def snapshot(self, name="new.json"):
        """What a snapshot file holds: kind to name to item."""
        document = json.loads(self.path(name).read_text())
        return {key: {item["name"]: item for item in document.get(key, [])} for key in ("topics", "consumerGroups")}

    # --- runs

    def command(self, *arguments, binary=None, prefix=()):
        return [*prefix, binary or self.binary, *map(str, arguments)]

    def run_it(self, *arguments, code=0, stdin=None, environment=None, binary=None, prefix=()):
        """Runs to the end; `code` None takes any exit code."""
        feed = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        done = subprocess.run(self.command(*arguments, binary=binary, prefix=prefix), cwd=self.folder,
                              env={**self.environment, **(environment or {})}, capture_output=True, timeout=TIMEOUT_S,
                              check=False, **feed)
        ended = Ended(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
        self.assertNotIn("Sanitizer", ended.err)
        self.assertNotIn("runtime error", ended.err)
        if code is not None:
            self.assertEqual(ended.code, code, f"{arguments}\n{ended.out[-3000:]}\n{ended.err[-3000:]}")
        return ended

    def start(self, *arguments, binary=None, prefix=()):
        """Starts a process that is ended when the test is over."""
        log = open(self.path("log"), "ab")
        self.addCleanup(log.close)
        process = subprocess.Popen(self.command(*arguments, binary=binary, prefix=prefix), cwd=self.folder, stdout=log,
                                   stderr=log, stdin=subprocess.DEVNULL, env=self.environment)
        self.addCleanup(self.end, process)
        return process

    def end(self, process, number=signal.SIGTERM):
        """Ends one of ours, by its id; gives the exit code."""
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def log(self):
        return self.path("log").read_text(errors="replace") if self.path("log").exists() else ""

    def wait_for(self, what, condition, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.02)
        self.fail(f"{what} did not happen within {seconds} s\n{self.log()}")


def topic(name, message_type="NORMAL", **spec):
    """A Topic document."""
    lines = [f"messageType: {message_type}"] if message_type else []
    lines += [f"{key}: {value}" for key, value in spec.items()]
    return f"apiVersion: mqferry/v1\nkind: Topic\nmetadata: {{name: {name}}}\nspec: {{{', '.join(lines)}}}\n---\n"


def group(name, **spec):
    """A ConsumerGroup document."""
    lines = [f"{key}: {value}" for key, value in spec.items()]
    return f"apiVersion: mqferry/v1\nkind: ConsumerGroup\nmetadata: {{name: {name}}}\nspec: {{{', '.join(lines)}}}\n---\n"
