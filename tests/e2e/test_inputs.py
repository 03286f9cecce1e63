# SPDX-License-Identifier: Apache-2.0
"""Bad input: a clear sentence with its place, the exit code of the contract, and nothing harmed by it."""
import json
import os
import re
import socket
import threading
import time

from hardship import OLD, as_nobody, strace, tree
from harness import RELEASE, Case, group, topic

HEAD = "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: a}\n"


def exported(*topics, **tables):
    """A broker's topics.json."""
    document = {"dataVersion": {"counter": 1, "timestamp": 1767225599000},
                "topicConfigTable": {item["topicName"]: item for item in topics}, **tables}
    return json.dumps(document, indent=1)


def config(name, **members):
    return {"topicName": name, "readQueueNums": 8, "writeQueueNums": 8, "perm": 6, **members}


class Input(Case):
    """A destination that holds something, and must hold the same after every refusal."""

    def setUp(self):
        super().setUp()
        self.write("d.json", OLD)

    def refused(self, source, *says, code=65, commands=("validate", "apply"), stdin=None, binary=None, prefix=()):
        """Every command says the same, and leaves every file as it was; gives the last one's standard error."""
        before = tree(self.folder)
        for command in commands:
            where = [source] if command == "validate" else ["--from", source, "--to", "snapshot:d.json"]
            yes = ["--yes"] if command == "apply" else []
            ended = self.run_it(command, *where, *yes, code=code, stdin=stdin, binary=binary, prefix=prefix)
            self.assertEqual(ended.out, "")
            for words in says:
                self.assertRegex(ended.err, words)
            self.assertEqual(tree(self.folder), before)
        self.assertEqual(self.run_it("journal", "--output", "jsonl").out, "")
        return ended.err

    def plan(self, *sources, code=0, kind="any", more=()):
        words = [word for source in sources for word in ("--from", source)]
        ended = self.run_it("plan", *words, "--to", f"snapshot:of-{kind}.json", "--for", kind, "--output", "json",
                            *more, code=code)
        return {(row["kind"], row["name"]): row for row in ended.json()["resources"]}


class Files(Input):
    def test_an_empty_file(self):
        for name in ("e.yaml", "e.json"):
            self.write(name, "")
            self.refused(name, re.escape(name))

    def test_a_file_with_nothing_but_comments(self):
        self.write("c.yaml", "# nothing yet\n---\n")
        self.refused("c.yaml", r"c\.yaml")

    def test_an_empty_directory_is_an_empty_declared_set(self):
        self.path("empty").mkdir()
        before = tree(self.folder)
        for command, more in (("plan", ()), ("verify", ()), ("apply", ("--yes",))):
            ended = self.run_it(command, "--from", "empty", "--to", "snapshot:d.json", *more, code=78)
            self.assertIn("empty", ended.err)
            self.assertEqual(tree(self.folder), before)

    def test_a_directory_of_files_that_declare_nothing_names_the_way_out(self):
        self.write("dir/ours.yaml", topic("a"))
        self.write("dir/other.yaml", "compose: {services: {}}\n")
        self.refused("dir", r"dir/other\.yaml", "--exclude-file")
        self.run_it("validate", "dir", "--exclude-file", "other.yaml")

    def test_binary(self):
        for name in ("b.yaml", "b.json", "b"):
            self.write(name, bytes(range(256)) * 8)
            self.refused(name, rf"(?m)^{re.escape(name)}:1:\d+: ")

    def test_a_file_of_nul_bytes_is_named_for_what_it_is(self):
        self.write("topics.json", bytes(2048))
        self.refused("topics.json", r"topics\.json.*NUL")

    def test_two_gigabytes(self):
        for name in ("huge.yaml", "huge.json"):
            with open(self.path(name), "wb") as file:
                file.truncate(2 << 30)
            self.refused(name, rf"{re.escape(name)}.*1 GiB")

    def test_a_huge_snapshot(self):
        with open(self.path("d.json"), "r+b") as file:
            file.truncate(2 << 30)
        self.write("t.yaml", topic("a"))
        self.refused("t.yaml", r"d\.json.*1 GiB", commands=("plan", "apply"))

    def test_absent(self):
        self.refused("absent.yaml", r"absent\.yaml", "does not exist")
        self.write("t.yaml", topic("a"))
        ended = self.run_it("apply", "--from", "t.yaml", "--to", "snapshot:d.json", "--mapping", "m.yaml", "--yes",
                            code=65)
        self.assertRegex(ended.err, r"m\.yaml")

    def test_unreadable(self):
        binary, nobody = as_nobody(self)
        self.path("d.json").chmod(0o644)
        self.write("dir/secret.yaml", topic("a")).chmod(0)
        self.refused("dir/secret.yaml", r"dir/secret\.yaml.*permission denied", binary=binary, prefix=nobody)
        self.refused("dir", r"dir/secret\.yaml.*permission denied", binary=binary, prefix=nobody)
        self.write("closed/a.yaml", topic("a"))
        self.path("closed").chmod(0)
        self.refused("closed", r"closed.*permission denied", binary=binary, prefix=nobody)

    def test_an_unreadable_snapshot(self):
        binary, nobody = as_nobody(self)
        self.write("t.yaml", topic("a")).chmod(0o644)
        self.path("d.json").chmod(0)
        self.refused("t.yaml", r"d\.json.*permission denied", commands=("plan", "apply"), binary=binary, prefix=nobody)

    def test_fifos_devices_sockets_and_directories_are_no_files(self):
        os.mkfifo(self.path("f.yaml"))
        os.symlink("/dev/zero", self.path("z.yaml"))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.path("s.yaml")))
        for name in ("f.yaml", "z.yaml", "s.yaml", "/dev/null"):
            self.refused(name, re.escape(name), "regular|device")
        self.write("t.yaml", topic("a"))
        self.path("folder").mkdir()
        for place in ("f.yaml", "folder", "/dev/full"):
            before = tree(self.folder)
            ended = self.run_it("apply", "--from", "t.yaml", "--to", f"snapshot:{place}", "--yes", code=65)
            self.assertRegex(ended.err, "regular|directory|device")
            self.assertEqual(tree(self.folder), before)

    def test_a_fifo_in_a_directory(self):
        self.write("dir/a.yaml", topic("a"))
        os.mkfifo(self.path("dir/f.yaml"))
        self.refused("dir", r"dir/f\.yaml.*regular")

    def test_a_link_that_leads_to_itself(self):
        self.path("dir").mkdir()
        os.symlink("l.yaml", self.path("dir/l.yaml"))
        self.refused("dir/l.yaml", r"dir/l\.yaml.*symbolic links")
        self.refused("dir", r"dir/l\.yaml.*symbolic links")

    def test_a_dangling_link_in_a_directory(self):
        self.write("dir/a.yaml", topic("a"))
        os.symlink("gone.yaml", self.path("dir/l.yaml"))
        self.refused("dir", r"dir/l\.yaml.*leads nowhere")

    def test_a_directory_inside_itself_is_read_once(self):
        self.write("dir/a.yaml", topic("a"))
        os.symlink(".", self.path("dir/again"))
        ended = self.run_it("validate", "dir", "--output", "json")
        self.assertEqual(ended.json()["summary"]["Topic"]["declared"], 1)
        self.assertIn("dir/again", ended.err)

    def test_too_deep_a_directory(self):
        deep = "dir/" + "/".join("d" * 40)
        self.write(deep + "/a.yaml", topic("a"))
        self.refused("dir", "dir/d/d/d.*32")

    def cut_while_it_is_read(self, change):
        """Reading waits at every step, and meanwhile the file is another."""
        path = self.write("t.yaml", "".join(topic(f"t{i}") for i in range(2000)))
        over = threading.Event()
        thread = threading.Thread(target=change, args=(path, over))
        thread.start()
        try:
            return self.run_it("apply", "--from", "t.yaml", "--to", "snapshot:d.json", "--yes", code=None,
                               binary=RELEASE, prefix=strace("read,pread64:delay_enter=150000", paths=[path]))
        finally:
            over.set()
            thread.join()

    def test_a_file_that_never_holds_still_is_refused(self):
        def shrink_and_grow(path, over):
            size = path.stat().st_size
            while not over.wait(0.04):
                size = size // 2 if size > 4096 else 100000
                os.truncate(path, size)
        before = self.path("d.json").read_bytes()
        ended = self.cut_while_it_is_read(shrink_and_grow)
        self.assertEqual(ended.code, 65, ended.err)
        self.assertRegex(ended.err, r"t\.yaml")
        self.assertEqual(self.path("d.json").read_bytes(), before)

    def test_a_file_cut_once_while_it_is_read_is_never_half_used(self):
        def cut(path, over):
            over.wait(0.1)
            text = path.read_text()
            os.truncate(path, text.index("t1000") + 3)
        before = self.path("d.json").read_bytes()
        ended = self.cut_while_it_is_read(cut)
        self.assertEqual(ended.code, 65, ended.err)
        self.assertRegex(ended.err, r"t\.yaml:\d+:\d+: ")
        self.assertEqual(self.path("d.json").read_bytes(), before)

    def test_standard_input_is_judged_alike(self):
        self.refused("-", r"(?m)^-:1:", stdin=b"kind: Topik\n")
        self.refused("-", r"(?m)^-:1:\d+: ", stdin=b'{"topicConfigTable": {')


class Json(Input):
    def test_cut(self):
        text = exported(config("a"), config("b"))
        for end in (1, len(text) // 3, len(text) // 2, len(text) - 1):
            cut = text[:end]
            self.write("cut.json", cut)
            line, column = cut.count("\n") + 1, len(cut) - cut.rfind("\n")
            message = self.refused("cut.json", r"(?m)^cut\.json:\d+:\d+: ", commands=("validate",))
            at = re.search(r"cut\.json:(\d+):(\d+): ", message)
            self.assertEqual(int(at[1]), line, message)
            self.assertLessEqual(int(at[2]), column, message)
        self.refused("cut.json", r"(?m)^cut\.json:\d+:\d+: ")

    def test_wrong_utf8(self):
        self.write("w.json", exported(config("a")).encode().replace(b'"a"', b'"\xff\xfe"'))
        self.refused("w.json", r"(?m)^w\.json:\d+:\d+: .*UTF-8")

    def test_duplicate_keys(self):
        self.write("d.json.txt", '{"topicConfigTable": {\n "a": {"topicName": "a", "perm": 6,\n  "perm": 4}}}')
        self.refused("d.json.txt", r"(?m)^d\.json\.txt:3:3: .*perm")
        self.write("d.json.txt", '{"topicConfigTable": {\n "a": {"topicName": "a"},\n  "a": {"topicName": "a"}}}')
        self.refused("d.json.txt", r"(?m)^d\.json\.txt:3:3: ")
        self.write("d.json.txt", '{"topicConfigTable": {},\n"topicConfigTable": {}}')
        self.refused("d.json.txt", r"(?m)^d\.json\.txt:2:1: .*topicConfigTable")

    def test_a_hundred_thousand_levels(self):
        self.write("n.json", "[" * 100000)
        self.refused("n.json", r"(?m)^n\.json(:1:\d+)?: ")
        self.write("n.json", '{"topicConfigTable":{"a":' + '{"x":' * 100000 + "1" + "}" * 100002)
        self.refused("n.json", r"(?m)^n\.json:1:\d+: .*(deep|nest|level)")

    def test_what_is_damage(self):
        good = exported(config("a"))
        for name, text, says in (
                ("ref.json", good.replace('"perm": 6', '"perm": {"$ref": "$.x"}'), r"\$ref|perm"),
                ("ref2.json", '{"topicConfigTable": {"a": {"$ref": "$.topicConfigTable.b"}}}', r"\$ref"),
                ("stale.json", good + '\n"timestamp":1}}', ""),
                ("comment.json", good.replace("{", "{ // all of them\n", 1), ""),
                ("blank.json", good.replace("\n ", "\n\u3000", 1), ""),
                ("nul.json", good[:-1] + "\0\0\0", "NUL"),
                ("type.json", good.replace('"perm": 6', '"perm": [6]'), "perm"),
                ("type2.json", '{"topicConfigTable": []}', "topicConfigTable"),
                ("other.json", '{"name": "x"}', ""),
                ("text.json", '"topics"', ""),
                ("key.json", good.replace('"a": {', '"a ": {'), "")):
            with self.subTest(name):
                self.write(name, text)
                self.refused(name, rf"(?m)^{re.escape(name)}(:\d+:\d+)?: .*{says}")

    def test_what_tools_wrote_may_hold_what_nobody_accepts_and_the_rest_goes_on(self):
        names = ("a/b", "a b", "x" * 300, "tab\there")
        bad = [config(name) for name in names if len(name) < 256]
        self.write("topics.json", exported(config("good"), config("perm", perm=99), config("minus", readQueueNums=-3),
                                           config("many", writeQueueNums=70000), *bad))
        rows = self.plan("topics.json", kind="rocketmq")
        self.assertEqual(rows["Topic", "good"]["state"], "missing")
        for name in ("a/b", "a b", "tab\there", "perm", "minus", "many"):
            row = rows["Topic", name]
            self.assertEqual((row["state"], row["cause"]), ("invalid", "invalid-parameter"), row)
        ended = self.run_it("apply", "--from", "topics.json", "--to", "snapshot:new.json", "--for", "rocketmq", "--yes",
                            code=1)
        self.assertEqual(set(self.snapshot()["topics"]), {"good"})
        self.assertNotIn("\t", ended.out)


class Yaml(Input):
    def wrong(self, text, *says, commands=("validate",)):
        self.write("w.yaml", text)
        return self.refused("w.yaml", *(rf"(?m)^w\.yaml:{one}" for one in says), commands=commands)

    def test_wrong_utf8(self):
        self.wrong(HEAD.encode() + b"spec: {remark: \xff}\n", r"4:16: .*UTF-8", commands=("validate", "apply"))

    def test_duplicate_keys(self):
        self.wrong(HEAD + "spec:\n  remark: a\n  remark: b\n", "6:3: .*remark", commands=("validate", "apply"))
        self.wrong("apiVersion: mqferry/v1\nkind: Topic\nkind: Topic\nmetadata: {name: a}\n", "3:1: .*kind")

    def test_a_hundred_thousand_levels(self):
        self.wrong(HEAD + "spec: " + "{a: " * 100000, r"4:\d+: .*deep", commands=("validate", "apply"))
        self.wrong("- " * 100000, r"1:\d+: ")

    def test_broken(self):
        self.wrong(HEAD + "spec: {remark: 'open\n", r"\d:\d+: .*YAML")
        self.wrong(HEAD + "spec:\n\tremark: a\n", r"5:\d+: ")

    def test_anchors_aliases_tags_and_merge_keys(self):
        self.wrong(HEAD + "spec: &x {remark: a}\n", "4:7: .*anchor")
        self.wrong(HEAD + "spec: *x\n", "4:7: ")
        self.wrong(HEAD + "spec: {remark: !!str 5}\n", "4:16: .*tag")
        self.wrong(HEAD + "spec: {<<: {remark: a}}\n", "4:8: .*merge")

    def test_unknown_kinds_and_fields_name_the_nearest(self):
        self.wrong("apiVersion: mqferry/v1\nkind: Topik\nmetadata: {name: a}\n", r"2:7: .*Topik.*\bTopic\b")
        self.wrong("apiVersion: mqferry/v1\nkind: ConsumerGrup\nmetadata: {name: a}\n", "2:7: .*ConsumerGroup")
        self.wrong(HEAD + "spec: {messageTyp: FIFO}\n", "4:8: .*messageTyp.*messageType")
        self.wrong(HEAD + "spec: {redQueueNums: 8}\n", "4:8: .*readQueueNums")
        self.wrong(HEAD + "spek: {}\n", "4:1: .*spec")
        self.wrong("apiVersion: mqferry/v1\nkind: Topic\nmetadata: {nam: a}\n", "3:12: .*name")
        self.wrong("apiVersion: mqferry/v2\nkind: Topic\nmetadata: {name: a}\n", "1:13: .*mqferry/v1")

    def test_values_out_of_range(self):
        for spec, says in (("readQueueNums: 70000", "65535"), ("readQueueNums: -1", "0"), ("perm: 99", "7"),
                           ("perm: -1", "0"), ("perm: X", "perm"), ("maxSendTps: 99999999999999999999", "maxSendTps"),
                           ("maxSendTps: 1.5", "maxSendTps"), ("order: maybe", "order"), ("messageType: FIF0", "FIFO"),
                           ("readQueueNums: [8]", "readQueueNums"), (f"remark: {'r' * 1100}", "1024")):
            with self.subTest(spec[:40]):
                column = len("spec: {") + spec.index(" ") + 2
                self.wrong(HEAD + "spec: {" + spec + "}\n", rf"4:{column}: .*{says}")
        self.wrong(HEAD + "spec: {attributes: {+a: b}}\n", "4:21: .*sign")
        self.wrong(group("g", consumeRetryPolicy="{maxRetryTimes: -1}"), r"4:44: .*0")

    def test_names(self):
        self.wrong('apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: "a\\tb"}\n', "3:18: .*control",
                   commands=("validate", "apply"))
        self.wrong('apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: ""}\n', "3:18: ")
        self.wrong(topic("n" * 5000), "3:18: .*4096", commands=("validate", "apply"))
        self.wrong("apiVersion: mqferry/v1\nkind: Topic\nspec: {}\n", r"\d:\d+: .*(name|metadata)")

    def test_names_that_only_some_destinations_refuse_are_invalid_there(self):
        names = ("a/b", "a b", "a.b", "long" * 50)
        self.write("t.yaml", "".join(topic(f"'{name}'") for name in names) + topic("good"))
        for kind in ("apsaramq", "ons", "rocketmq"):
            rows = self.plan("t.yaml", kind=kind)
            for name in names:
                row = rows["Topic", name]
                self.assertEqual((row["state"], row["cause"]), ("invalid", "invalid-parameter"), (kind, row))
            self.assertEqual(rows["Topic", "good"]["state"], "missing")
        self.assertEqual({row["state"] for row in self.plan("t.yaml").values()}, {"missing"})
        self.write("t.yaml", topic("n" * 300))
        self.assertEqual({(row["state"], row["cause"])
                          for row in self.plan("t.yaml").values()}, {("invalid", "invalid-parameter")})

    def test_names_are_text_whatever_they_look_like(self):
        names = ("45", "true", "null", "~", "1e3", "0x1F", "2026-11-23")
        self.write("t.yaml", "".join(topic(name) for name in names))
        self.assertEqual({name for _, name in self.plan("t.yaml")}, set(names))

    def test_a_system_name_written_by_hand(self):
        self.wrong(topic("rmq_sys_mine"), "3:18: .*rmq_sys_mine", commands=("validate", "apply"))
        self.wrong(topic("'%RETRY%GID_a'"), "3:18: ")
        self.wrong(group("TOOLS_CONSUMER"), "3:18: .*TOOLS_CONSUMER")

    def test_the_same_name_twice_names_both_places(self):
        self.write("dir/a.yaml", topic("x") + topic("y"))
        self.write("dir/b.yaml", topic("z") + topic("x"))
        self.refused("dir", r"(?m)^dir/b\.yaml:8:18: .*dir/a\.yaml:3:18|^dir/b\.yaml:\d+:\d+: .*dir/a\.yaml:\d+:\d+")
        self.write("list.yaml", "apiVersion: mqferry/v1\nkind: TopicList\nitems:\n  - {name: a}\n  - {name: a}\n")
        self.refused("list.yaml", r"(?m)^list\.yaml:5:\d+: .*list\.yaml:4:\d+")

    def test_all_mistakes_of_all_files_in_one_run(self):
        self.write("dir/a.yaml", HEAD + "spec: {perm: 99, messageTyp: FIFO}\n---\nkind: Topik\n---\n" + topic("ok"))
        self.write("dir/b.yaml",
                   "apiVersion: mqferry/v1\nkind: TopicList\nitems:\n  - {name: x, perm: 8}\n  - {nam: y}\n")
        self.write("dir/c.json", '{"topicConfigTable": {"a": {"perm": 6,}}}')
        self.write("dir/d.yaml", HEAD + "spec: {remark: 'open\n")
        self.write("dir/e.yaml", topic("also-fine"))
        message = self.refused("dir", r"(?m)^dir/a\.yaml:4:14: .*perm", r"(?m)^dir/a\.yaml:4:18: .*messageTyp",
                               r"(?m)^dir/a\.yaml:6:7: .*Topik", r"(?m)^dir/b\.yaml:4:\d+: .*perm",
                               r"(?m)^dir/b\.yaml:5:\d+: .*nam", r"(?m)^dir/c\.json:1:\d+: ",
                               r"(?m)^dir/d\.yaml:\d+:\d+: ")
        places = re.findall(r"(?m)^dir/(.)\.\w+:(\d+):(\d+): ", message)
        self.assertEqual(places, sorted(places, key=lambda at: (at[0], int(at[1]), int(at[2]))))
        self.assertNotIn("dir/e.yaml", message)
        listed = self.run_it("validate", "dir", "--output", "json", code=65).json()["mistakes"]
        self.assertEqual(len(listed), len(places))
        self.assertEqual(set(listed[0]), {"path", "line", "column", "message"})

    def test_two_sources_are_judged_in_one_run(self):
        self.write("a.yaml", "kind: Topik\n")
        self.write("b.yaml", "kind: Topok\n")
        self.write("m.yaml", "apiVersion: mqferry/v1\nkind: Mapping\nspec: {inclde: [a]}\n")
        ended = self.run_it("apply", "--from", "a.yaml", "--from", "b.yaml", "--mapping", "m.yaml", "--to",
                            "snapshot:d.json", "--yes", code=65)
        for place in ("a.yaml:1:", "b.yaml:1:", "m.yaml:3:8: "):
            self.assertIn(place, ended.err)

    def test_a_mapping_with_mistakes(self):
        self.write("t.yaml", topic("a"))
        self.write(
            "m.yaml", "apiVersion: mqferry/v1\nkind: Mapping\nspec:\n  include: [{file: gone.txt}]\n"
            "  messageTypes:\n    - {match: '*', type: FIF0}\n  accept:\n    - {kind: Topic, name: a, feld: perm}\n")
        before = tree(self.folder)
        ended = self.run_it("apply", "--from", "t.yaml", "--mapping", "m.yaml", "--to", "snapshot:d.json", "--yes",
                            code=65)
        for says in (r"(?m)^m\.yaml:4:\d+: .*gone\.txt", r"(?m)^m\.yaml:6:\d+: .*FIFO", r"(?m)^m\.yaml:8:\d+: .*field"):
            self.assertRegex(ended.err, says)
        self.assertEqual(tree(self.folder), before)


class Snapshots(Input):
    """A damaged destination is refused and not touched."""

    def test_damage(self):
        self.write("t.yaml", topic("a"))
        good = json.loads(OLD)
        twice = OLD.replace('"consumerGroups": []', '"consumerGroups": [{"name": "g"}, {"name": "g"}]')
        for text, says in ((OLD[:-20], r"d\.json:\d+:\d+: "), ("", r"d\.json"), ("\0" * 300, "NUL"),
                           (OLD + "}", r"d\.json:11:1: "), (OLD.replace('"remark"',
                                                                        '"remrk"'), r"d\.json:7:\d+: .*remrk"),
                           (OLD.replace("mqferry/v1", "mqferry/v9"),
                            r"d\.json:2:\d+: .*mqferry/v1"), (OLD.replace('"any"',
                                                                          '"kafka"'), r"d\.json:4:\d+: .*kafka"),
                           (twice, r"d\.json:9:\d+: "), (json.dumps({**good, "extra": 1}), r"d\.json:1:\d+: .*extra"),
                           (OLD.replace('"was', '"\x01was'), r"d\.json:7:\d+: "), ('{"topicConfigTable": {}}',
                                                                                   r"d\.json:1:\d+: ")):
            with self.subTest(says + text[:40]):
                self.write("d.json", text)
                self.refused("t.yaml", says, commands=("plan", "apply"))


class Plans(Input):
    """A saved plan that somebody edited."""

    def setUp(self):
        super().setUp()
        self.write("t.yaml", topic("a") + topic("b", "FIFO") + group("g"))
        self.run_it("plan", "--from", "t.yaml", "--to", "snapshot:d.json", "--out", "p.json")
        self.good = self.path("p.json").read_text()

    def refuse(self, text, code, *more):
        self.write("p.json", text)
        before = tree(self.folder)
        ended = self.run_it("apply", "p.json", *more, code=code)
        self.assertIn("plan", ended.err)
        self.assertEqual(ended.out, "")
        self.assertEqual(tree(self.folder), before)

    def test_altered(self):
        def without_b(document):
            document[key] = [row for row in document[key] if row.get("name") != "b"]

        key = next(key for key, value in json.loads(self.good).items()
                   if isinstance(value, list) and value and "name" in value[0])
        removed = json.loads(self.good)
        without_b(removed)
        self.refuse(json.dumps(removed, indent=2), 78)
        self.refuse(self.good.replace("FIFO", "DELAY"), 78)
        self.refuse(self.good.replace("/d.json", "/e.json"), 78)
        self.refuse(self.good.replace('"name": "a"', '"name": "A"'), 78)

    def test_cut_or_no_plan_at_all(self):
        self.refuse(self.good[:len(self.good) // 2], 78)
        self.refuse("", 65)
        self.refuse("\0" * 100, 65)
        self.refuse(OLD, 65)
        self.refuse("[" * 100000, 65)

    def test_too_old(self):
        time.sleep(1.1)
        self.refuse(self.good, 78, "--max-plan-age", "1s")
        self.assertIn("--max-plan-age", self.run_it("apply", "p.json", "--max-plan-age", "0s", code=64).err)
        self.run_it("apply", "p.json", "--max-plan-age", "1h")

    def test_absent_unreadable_not_regular(self):
        self.run_it("apply", "gone.json", code=65)
        os.mkfifo(self.path("fifo"))
        self.run_it("apply", "fifo", code=65)

    def test_a_plan_in_a_source_directory_is_skipped(self):
        self.write("dir/a.yaml", topic("a"))
        self.write("dir/p.json", self.good)
        ended = self.run_it("validate", "dir", "--output", "json")
        self.assertEqual(ended.json()["summary"]["Topic"]["declared"], 1)
        self.assertIn("dir/p.json", ended.err)
