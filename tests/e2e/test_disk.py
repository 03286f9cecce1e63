# SPDX-License-Identifier: Apache-2.0
"""What cannot be written: full and read-only disks, failing writes and syncs. What was there stays whole."""
import errno
import json
import os
import pathlib
import subprocess

from hardship import OLD, as_nobody, small_disk, strace, tree
from harness import RELEASE, Case, group, topic

MANY = "".join(topic(f"a-topic-with-a-rather-long-name-{i}") for i in range(1500))


class Disk(Case):
    """Every refusal is 74, names the path and the reason, and leaves the old file, and it alone."""

    def setUp(self):
        super().setUp()
        self.write("t.yaml", topic("one") + topic("two") + group("g"))

    def apply(self, *more, to="d.json", source="t.yaml", **how):
        return self.run_it("apply", "--from", source, "--to", f"snapshot:{to}", "--yes", *more, **how)

    def events(self, event, *more):
        lines = self.run_it("journal", "--output", "jsonl", *more).lines()
        return [(line["kind"], line["name"]) for line in lines if line["event"] == event]

    def refused(self, says, *more, snapshot=None, **how):
        """74, and the snapshot is the old one, byte for byte, with nothing beside it; then all is well again."""
        snapshot = snapshot or self.write("d.json", OLD)
        to = how.pop("to", snapshot)
        ended = self.apply(*more, to=to, code=74, **how)
        self.assertRegex(ended.err, says)
        self.assertEqual(snapshot.read_text(), OLD)
        self.assertEqual([path.name for path in snapshot.parent.glob(snapshot.name + "*") if path.suffix != ".lock"],
                         [snapshot.name])
        return ended


class Full(Disk):
    def fill(self, disk, leave=0):
        """Takes all the room but so many bytes."""
        filler = pathlib.Path(disk, "filler")
        with open(filler, "wb") as file:
            try:
                while True:
                    os.write(file.fileno(), bytes(4096))
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)
            file.truncate(max(0, os.fstat(file.fileno()).st_size - leave))
        return filler

    def test_no_room_for_the_snapshot(self):
        self.write("t.yaml", MANY)
        with small_disk(64) as disk:
            snapshot = pathlib.Path(disk, "d.json")
            snapshot.write_text(OLD)
            filler = self.fill(disk, leave=16384)
            self.refused(r"d\.json.*no space is left", snapshot=snapshot)
            self.assertEqual(self.events("created"), [])
            filler.unlink()
            self.write("t.yaml", topic("one"))
            self.apply(to=snapshot)
            self.assertEqual({item["name"] for item in json.loads(snapshot.read_text())["topics"]}, {"there", "one"})

    def test_no_room_for_the_first_snapshot(self):
        with small_disk(16) as disk:
            self.fill(disk)
            snapshot = pathlib.Path(disk, "d.json")
            ended = self.apply(to=snapshot, code=74)
            self.assertIn("no space is left", ended.err)
            self.assertFalse(snapshot.exists())

    def test_no_room_for_the_journal(self):
        with small_disk(16) as disk:
            self.fill(disk)
            self.refused("journal.*no space is left", "--state-dir", disk)

    def test_room_for_the_topics_intents_only(self):
        """What was created stays, is in the journal, and is not created again."""
        groups = "".join(group(f"GID_{'x' * 100}{i}") for i in range(200))
        self.write("t.yaml", "".join(topic(f"t{i}") for i in range(20)) + groups)
        with small_disk(64) as disk:
            ended = self.apply("--state-dir", disk, "--output", "json", code=74)
            self.assertIn("no space is left", ended.err)
            there = self.snapshot("d.json")
            self.assertEqual((len(there["topics"]), len(there["consumerGroups"])), (20, 0))
            self.run_it("journal", "--state-dir", disk, "--output", "jsonl")
            subprocess.run(["mount", "-o", "remount,size=1m", disk], check=True)
            self.apply("--state-dir", disk)
            self.assertEqual(len(self.snapshot("d.json")["consumerGroups"]), 200)
            created = self.events("created", "--state-dir", disk)
            self.assertEqual(len(created), len(set(created)))

    def test_no_room_for_a_plan_or_an_export(self):
        with small_disk(16) as disk:
            old = pathlib.Path(disk, "old.json")
            old.write_text("what was here")
            self.fill(disk)
            for command in (["plan", "--from", "t.yaml", "--to",
                             "snapshot:d.json"], ["export", "--from", "snapshot:big.json"]):
                self.write("big.json", OLD.replace("was here before", "x" * 1000))
                ended = self.run_it(*command, "--out", old, code=74)
                self.assertRegex(ended.err, r"old\.json.*no space is left")
                self.assertEqual(old.read_text(), "what was here")
                self.assertEqual({path.name for path in pathlib.Path(disk).iterdir()}, {"old.json", "filler"})

    def test_standard_output_that_takes_nothing(self):
        for output in ("table", "json", "jsonl"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run(
                    self.command("plan", "--from", "t.yaml", "--to", "snapshot:d.json", "--output",
                                 output), cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=full,
                    stderr=subprocess.PIPE, timeout=60, check=False)
            self.assertEqual(done.returncode, 74, done.stderr)
            self.assertIn(b"standard output", done.stderr)


class Failing(Disk):
    """One system call fails, on the release binary."""

    def failing(self, call, error, says, path="d.json.part"):
        self.refused(says, binary=RELEASE, prefix=strace(f"{call}:error={error}", paths=[self.path(path), path]))
        self.assertEqual(self.events("created"), [])
        self.apply()
        self.assertEqual(set(self.snapshot("d.json")["topics"]), {"there", "one", "two"})

    def test_writing_the_snapshot(self):
        self.failing("write,pwrite64,writev", "ENOSPC", r"d\.json.*no space is left")

    def test_writing_the_snapshot_at_the_users_limit(self):
        self.failing("write,pwrite64,writev", "EDQUOT", r"d\.json.*quota")

    def test_syncing_the_snapshot(self):
        self.failing("fsync,fdatasync", "EIO", r"d\.json.*(input/output|i/o)")

    def test_renaming_the_snapshot(self):
        self.failing("rename,renameat,renameat2", "EIO", r"d\.json.*(input/output|i/o)")

    def test_opening_the_new_snapshot(self):
        self.failing("openat", "EMFILE", r"d\.json.*too many files are open")

    def test_syncing_the_folder_of_the_snapshot(self):
        """It is new by then, and whole; that it lasts cannot be promised."""
        self.write("d.json", OLD)
        ended = self.apply(code=74, binary=RELEASE, prefix=strace("fsync:error=EIO", paths=[self.folder]))
        self.assertRegex(ended.err, "(input/output|i/o)")
        self.assertIn("there", self.snapshot("d.json")["topics"])
        self.apply()
        created = self.events("created")
        self.assertEqual(len(created), len(set(created)))
        self.assertEqual(set(self.snapshot("d.json")["topics"]), {"there", "one", "two"})

    def journal_failing(self, call, error, says):
        """No create leaves without a durable intent."""
        self.write("d.json", OLD)
        self.apply()
        journal = next(self.path("state").rglob("journal.jsonl"))
        self.write("t.yaml", topic("three"))
        before = self.path("d.json").read_bytes()
        ended = self.apply(code=74, binary=RELEASE, prefix=strace(f"{call}:error={error}", paths=[journal]))
        self.assertRegex(ended.err, says)
        self.assertEqual(self.path("d.json").read_bytes(), before)
        self.assertNotIn(("Topic", "three"), self.events("created"))
        self.apply()
        self.assertEqual(self.events("created").count(("Topic", "three")), 1)
        self.assertIn("three", self.snapshot("d.json")["topics"])

    def test_syncing_the_journal(self):
        self.journal_failing("fsync,fdatasync", "EIO", r"journal.*(input/output|i/o)")

    def test_writing_the_journal(self):
        self.journal_failing("write,pwrite64,writev", "ENOSPC", r"journal.*no space is left")


class Forbidden(Disk):
    def test_a_folder_that_may_not_be_written(self):
        binary, nobody = as_nobody(self)
        self.environment["MQFERRY_STATE_DIR"] = str(self.folder / "free")
        self.path("free").mkdir(mode=0o777)
        self.path("free").chmod(0o777)
        snapshot = self.write("closed/d.json", OLD)
        self.path("closed").chmod(0o555)
        self.refused(r"closed/d\.json.*permission denied", snapshot=snapshot, binary=binary, prefix=nobody)
        self.run_it("plan", "--from", "t.yaml", "--to", f"snapshot:{snapshot}", "--detailed-exitcode", code=2,
                    binary=binary, prefix=nobody)

    def test_a_read_only_disk_is_read_and_not_written(self):
        with small_disk(64) as disk:
            snapshot = pathlib.Path(disk, "d.json")
            snapshot.write_text(OLD)
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            self.refused(r"d\.json.*read-only", snapshot=snapshot)
            self.assertEqual(self.events("created"), [])
            self.write("t.yaml", topic("there", remark="was here before"))
            self.run_it("verify", "--from", "t.yaml", "--to", f"snapshot:{snapshot}")
            self.run_it("export", "--from", f"snapshot:{snapshot}")
            self.apply(to=snapshot)

    def test_a_state_directory_that_cannot_be_made(self):
        self.write("file", "")
        self.refused("file/state.*not a directory", "--state-dir", self.path("file/state"))
        binary, nobody = as_nobody(self)
        self.path("closed").mkdir(mode=0o555)
        self.path("d.json").chmod(0o666)
        ended = self.apply("--state-dir", self.path("closed/state"), code=74, binary=binary, prefix=nobody)
        self.assertRegex(ended.err, "closed/state.*permission denied")
        self.assertEqual(self.path("d.json").read_text(), OLD)

    def test_the_limit_on_the_size_of_files(self):
        limited = ("sh", "-c", 'ulimit -f 64 && exec "$0" "$@"')
        self.write("t.yaml", MANY)
        self.refused("journal.*larger than this system allows", prefix=limited)
        self.assertEqual(self.events("created"), [])
        self.apply()
        before = tree(self.folder)
        self.write("t.yaml", topic("one"))
        before["t.yaml"] = tree(self.folder)["t.yaml"]
        ended = self.apply("--state-dir", self.path("state/fresh"), prefix=limited, code=74)
        self.assertRegex(ended.err, r"d\.json.*larger than this system allows")
        self.assertEqual(tree(self.folder), before)
