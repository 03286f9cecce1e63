# SPDX-License-Identifier: Apache-2.0
"""Ways to make things go wrong from outside: system calls that fail, wait or kill, full disks, other users."""
import contextlib
import errno
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

from harness import RELEASE, TIMEOUT_S

OLD = """{
  "apiVersion": "mqferry/v1",
  "kind": "Snapshot",
  "standsFor": "any",
  "identity": {},
  "topics": [
    {"name": "there", "messageType": "NORMAL", "remark": "was here before"}
  ],
  "consumerGroups": []
}
"""


def strace(*rules, paths=()):
    """A prefix for commands of the release binary (leaks cannot be looked for under a tracer). What is started is the
    program, the tracer is its grandchild: signals and exit codes are the program's own."""
    words = ["strace", "-f", "-D", "-qq", "-o", os.devnull, "-e", "signal=none"]
    calls = sorted({call for rule in rules for call in rule.split(":")[0].split(",")})
    words += ["-e", "trace=" + ",".join(calls)]
    for rule in rules:
        words += ["-e", "inject=" + rule]
    for path in paths:
        words += ["-P", str(path)]
    return words


def tree(folder, leave_out=("state",)):
    """Every file below a folder, with its bytes; what is no regular file with its kind. Locks say nothing."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name.split("/")[0] in leave_out or name.endswith(".lock") or name == "log":
            continue
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            about = path.stat()
            found[name] = (about.st_mtime_ns, about.st_size, path.read_bytes() if about.st_size < 1 << 24 else None)
        else:
            found[name] = "something else"
    return found


@contextlib.contextmanager
def small_disk(kilobytes):
    """A file system of its own, as large as said; skipped where nobody may mount one."""
    folder = tempfile.mkdtemp(prefix="mqferry-disk-")
    try:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=777", "none", folder],
                              check=False, capture_output=True)
        if done.returncode != 0:
            raise unittest.SkipTest("a tmpfs cannot be mounted here: " + done.stderr.decode().strip())
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
    finally:
        os.rmdir(folder)


def as_nobody(case):
    """The program as a user to whom no file of root's is open: a copy of it, in a folder that everyone may enter."""
    if os.geteuid() != 0:
        return RELEASE, ()
    case.folder.chmod(0o755)
    binary = case.write("mqferry", open(RELEASE, "rb").read())
    binary.chmod(0o755)
    return binary, ("runuser", "-u", "nobody", "--")


class Terminal:
    """The program at a pseudo terminal, as somebody at a keyboard has it."""

    def __init__(self, case, *arguments, environment=None, binary=None, prefix=()):
        self.case, self.text = case, ""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.fd = ours
        case.addCleanup(os.close, ours)
        self.process = subprocess.Popen(case.command(*arguments, binary=binary, prefix=prefix), cwd=case.folder,
                                        stdin=theirs, stdout=theirs, stderr=theirs,
                                        env={**case.environment, "TERM": "xterm-256color", **(environment or {})},
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(theirs)
        case.addCleanup(case.end, self.process, signal.SIGKILL)

    def _read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        self.text += data.decode(errors="replace")
        return data != b""

    def expect(self, words, seconds=30):
        end = time.monotonic() + seconds
        while words not in self.text:
            if time.monotonic() > end or not self._read(0.2):
                self.case.fail(f"{words!r} was not shown:\n{self.text}")

    def type(self, text):
        os.write(self.fd, text.encode())

    def ended(self, code):
        end = time.monotonic() + TIMEOUT_S
        while time.monotonic() < end and self._read(0.2):
            pass
        self.case.assertEqual(self.process.wait(TIMEOUT_S), code, self.text)
        return self.text
