# SPDX-License-Identifier: Apache-2.0
"""A booted systemd in a folder (systemd-nspawn), made once and never changed: what a container writes vanishes with it.

The host may be anything that has root, overlayfs and a cgroup2 mount somewhere: the container gets a cgroup of its own and
sees the version 2 hierarchy alone. It shares the host's network, so that fake servers on loopback are reachable.
"""
import os
import pathlib
import shutil
import subprocess
import time
import unittest

BUILD = pathlib.Path(os.environ["MQFERRY_BUILD"])
FOLDER = BUILD / "service"
SYSTEM = ("systemd", "systemd-sysv", "dbus", "libpam-systemd", "procps", "init-system-helpers", "curl")
PATIENCE_S = 60


def package():
    (found,) = BUILD.glob("mqferry_*.deb")
    return found


def output_of(*command, **how):
    return subprocess.run(command, check=True, capture_output=True, text=True, **how).stdout


def dependencies():
    """What the package depends on; of alternatives the one that this release has."""
    names = []
    for group in output_of("dpkg-deb", "-f", package(), "Depends").split(","):
        ways = [way.split()[0] for way in group.split("|")]
        known = [way for way in ways if subprocess.run(("apt-cache", "show", way), capture_output=True, check=False).returncode == 0]
        names += known[:1] or ways[:1]
    return names


def why_not():
    """Why there can be no container here; None: there can."""
    if os.geteuid() != 0:
        return "only root can boot a container"
    for tool in ("mmdebstrap", "systemd-nspawn", "nsenter", "unshare", "findmnt", "pgrep"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    if not cgroup2():
        return "no cgroup2 hierarchy is mounted"
    return None


def cgroup2():
    return subprocess.run(("findmnt", "-n", "-t", "cgroup2", "-o", "TARGET"), capture_output=True, text=True, check=False).stdout.split("\n")[0]


def tree():
    """The root file system: Debian with systemd and what the package depends on."""
    root, stamp = FOLDER / "tree", FOLDER / "tree.packages"
    wanted = ",".join([*SYSTEM, *dependencies()])
    if stamp.exists() and stamp.read_text() == wanted and root.is_dir():
        return root
    shutil.rmtree(root, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    release = output_of("sh", "-c", ". /etc/os-release && echo $VERSION_CODENAME").strip()
    made = subprocess.run(("mmdebstrap", "--quiet", "--variant=minbase", "--include=" + wanted, release, root),
                          capture_output=True, text=True, check=False, timeout=600)
    if made.returncode != 0:
        raise RuntimeError("the tree cannot be made:\n" + made.stderr[-2000:])
    stamp.write_text(wanted)
    return root


BOOT = """
echo $$ >"$1/cgroup.procs"
exec unshare --mount --propagation private sh -c '
    umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup &&
    exec systemd-nspawn --quiet --directory="$1" --volatile=overlay --boot --register=no --keep-unit --console=pipe' nspawn "$2"
"""


class Container:
    def __init__(self):
        root = tree()  # makes FOLDER too
        self.cgroup = pathlib.Path(cgroup2()) / f"mqferry-test.{os.getpid()}"
        self.cgroup.mkdir()
        self.log = open(FOLDER / "console.log", "wb")
        self.nspawn = subprocess.Popen(("sh", "-c", BOOT, "boot", self.cgroup, root), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.leader = None
        try:
            self.come_up()
        except BaseException:
            self.close()
            raise

    def come_up(self):
        self.leader = self.wait("the container's systemd", self.find_leader)
        self.root = pathlib.Path(f"/proc/{self.leader}/root")
        state = self.wait("a running system", self.system_state)
        if state != "running":
            raise RuntimeError(f"the system is {state}:\n" + self.run("systemctl", "--failed", code=None).stdout)

    @staticmethod
    def wait(what, question, seconds=PATIENCE_S):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = question()
            if answer:
                return answer
            time.sleep(0.02)
        raise AssertionError(f"{what} did not come within {seconds} s")

    def find_leader(self):
        for pid in subprocess.run(("pgrep", "-P", str(self.nspawn.pid)), capture_output=True, text=True, check=False).stdout.split():
            try:
                if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                    return int(pid)
            except OSError:
                pass  # it was one of those before, and is gone
        return None

    def system_state(self):
        said = self.run("systemctl", "is-system-running", "--wait", code=None).stdout.strip()
        return said if said not in ("", "initializing", "starting", "offline") else None

    def run(self, *command, code=0):
        """In the container. `code` None takes any exit code."""
        done = subprocess.run(("nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "--", "env", "-i",
                               "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *command),
                              capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=120)
        if code is not None and done.returncode != code:
            raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.journal()}")
        return done

    def journal(self, *more):
        return self.run("journalctl", "--no-pager", "-u", "mqferry", "-n", "60", *more, code=None).stdout

    def path(self, name):
        return self.root / name.lstrip("/")

    def write(self, name, text):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def install(self, deb):
        shutil.copy(deb, self.path("/root/" + deb.name))
        return self.run("dpkg", "-i", "/root/" + deb.name)

    def close(self):
        if self.leader is None:
            self.nspawn.kill()
        else:
            os.kill(self.leader, 38)  # RTMIN+4: power off
        try:
            self.nspawn.wait(30)
        except subprocess.TimeoutExpired:
            self.nspawn.kill()
            self.nspawn.wait()
        self.log.close()
        for folder, _, _ in os.walk(self.cgroup, topdown=False):
            os.rmdir(folder)


class Booted(unittest.TestCase):
    """One container for all tests of a class, with the package installed."""

    @classmethod
    def setUpClass(cls):
        reason = why_not()
        if reason:
            raise unittest.SkipTest(reason)
        cls.container = Container()
        cls.addClassCleanup(cls.container.close)
        cls.container.install(package())

    def wait_for(self, what, condition, seconds=PATIENCE_S):
        try:
            return Container.wait(what, condition, seconds)
        except AssertionError as failed:
            self.fail(f"{failed}\n{self.container.journal()}\n{self.show('StatusText', 'ActiveState')}")

    def show(self, *properties):
        """Properties of the service: one text, or a list."""
        said = self.container.run("systemctl", "show", "mqferry", *(f"-p{name}" for name in properties)).stdout
        found = dict(line.split("=", 1) for line in said.splitlines())
        values = [found[name] for name in properties]
        return values[0] if len(values) == 1 else values
