# SPDX-License-Identifier: Apache-2.0
"""The package as a file: the same bytes wherever it is built, clean for lintian, mandoc and the shells, true to the program."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from container import output_of, package

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ("man1/mqferry.1.gz", "man5/mqferry.yaml.5.gz", "man5/mqferry-manifest.5.gz")


def needs(tool):
    return unittest.skipIf(shutil.which(tool) is None, f"{tool} is not installed")


class Contents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mqferry-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        subprocess.run(("dpkg-deb", "-x", package(), cls.folder), check=True)
        cls.share = cls.folder / "usr/share"
        cls.program = cls.folder / "usr/bin/mqferry"

    def page(self, name):
        return output_of("gzip", "-dc", self.share / "man" / name)

    def plain(self, name):
        """As it is read: no mark-up."""
        page = re.sub(r"\\f[A-Z]|\\&", "", self.page(name))
        return page.replace("\\-", "-").replace("\\(aq", "'").replace("\\(ti", "~")

    @needs("lintian")
    def test_lintian_finds_no_error(self):
        done = subprocess.run(("lintian", "--allow-root", "--fail-on", "error", package()), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @needs("mandoc")
    def test_the_pages_are_sound(self):
        for name in PAGES:
            done = subprocess.run(("mandoc", "-T", "lint", "-W", "error"), input=self.page(name), capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (0, ""), name)

    def test_the_page_has_every_command_and_every_option_with_what_help_says(self):
        page = " ".join(self.plain("man1/mqferry.1.gz").split())
        overview = output_of(self.program, "help")
        commands = re.findall(r"^    ([a-z]+)  +(\S.*)$", overview, re.M)
        self.assertGreater(len(commands), 8)
        seen = 0
        for command, doc in commands:
            self.assertIn(f"{command} ", page)
            self.assertIn(" ".join(doc.split()), page)
            for option, said in re.findall(r"^    (--[a-z-]+)(?: \S+)?\s+(\S.*)$", output_of(self.program, "help", command), re.M):
                self.assertIn(option, page)
                self.assertIn(" ".join(said.split()), page)
                seen += 1
        self.assertGreater(seen, 100)

    def test_the_manifest_page_has_every_setting(self):
        page = self.plain("man5/mqferry-manifest.5.gz")
        fields = re.findall(r"^  ([a-zA-Z.]+)$", output_of(self.program, "help", "fields"), re.M)
        self.assertGreater(len(fields), 20)
        for field in fields:
            self.assertIn(field, page)

    def test_the_configuration_page_has_every_field_of_the_schema(self):
        page = self.plain("man5/mqferry.yaml.5.gz")
        schema = json.loads((self.share / "mqferry/mqferry.schema.json").read_text())
        seen = set()
        for name in ("Sync", "Daemon"):
            seen |= set(self.names(schema, schema["definitions"][name]))
        self.assertGreater(len(seen), 25)
        for name in seen:
            self.assertIn(name, page)

    def names(self, schema, part):
        """Every name of a field below; maps of people's own names have none."""
        if "$ref" in part:
            part = schema["definitions"][part["$ref"].rsplit("/", 1)[1]]
        for name, below in part.get("properties", {}).items():
            yield name
            yield from self.names(schema, below)
        for word in ("anyOf", "oneOf", "allOf"):
            for below in part.get(word, []):
                yield from self.names(schema, below)
        if isinstance(part.get("items"), dict):
            yield from self.names(schema, part["items"])

    # --- completions

    def complete(self, *words):
        """What bash offers for the last word."""
        script = f"source {self.share}/bash-completion/completions/mqferry; compopt() {{ :; }}; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _mqferry; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        return output_of("bash", "-c", script, "bash", *words).split()

    def test_bash_completes_commands_options_and_choices(self):
        self.assertEqual(self.complete("mqferry", "va"), ["validate"])
        self.assertEqual(self.complete("mqferry", "plan", "--detailed"), ["--detailed-exitcode"])
        self.assertEqual(self.complete("mqferry", "run", "--detailed"), [])
        self.assertEqual(self.complete("mqferry", "plan", "--output", ""), ["table", "json", "jsonl"])
        self.assertEqual(self.complete("mqferry", "help", "fie"), ["fields"])

    @needs("zsh")
    def test_zsh_reads_its_completion(self):
        output_of("zsh", "-n", self.share / "zsh/vendor-completions/_mqferry")

    @needs("fish")
    def test_fish_completes_commands_options_and_choices(self):
        def complete(line):
            script = f"source {self.share}/fish/vendor_completions.d/mqferry.fish; complete -C '{line}'"
            said = output_of("fish", "--no-config", "-c", script, env={**os.environ, "HOME": str(self.folder)})
            return [offer.split("\t")[0] for offer in said.splitlines()]
        self.assertEqual(complete("mqferry va"), ["validate"])
        self.assertEqual(complete("mqferry plan --detailed"), ["--detailed-exitcode"])
        self.assertEqual(complete("mqferry run --detailed"), [])
        self.assertEqual(sorted(complete("mqferry plan --output ")), ["json", "jsonl", "table"])

    # --- the rest

    @needs("systemd-analyze")
    def test_the_exposure_is_at_most_1_2(self):
        output_of("systemd-analyze", "security", "--offline=true", "--threshold=12", self.folder / "lib/systemd/system/mqferry.service")

    def test_libraries_that_are_loaded_at_run_time_are_named(self):
        depends = output_of("dpkg-deb", "-f", package(), "Depends")
        loaded = re.findall(r'"lib[^"]+\.so\.[0-9]+", "([a-z0-9.+-]+)"', "".join(
            path.read_text() for folder in ("api", "controller") for path in (ROOT / folder).rglob("*.c")))
        self.assertIn("libcurl4", loaded)
        for name in loaded:
            self.assertRegex(depends, rf"(^|[ |]){re.escape(name)}\b")

    def test_the_example_is_valid(self):
        self.assertEqual(subprocess.run((self.program, "validate", self.share / "doc/mqferry/examples/mqferry.yaml"), check=False).returncode, 0)


class Reproducible(unittest.TestCase):
    def test_another_folder_gives_the_same_bytes(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="mqferry-elsewhere-"))
        self.addCleanup(shutil.rmtree, folder)
        there = folder / "another" / "place"
        there.mkdir(parents=True)
        for name in output_of("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).splitlines():
            if (ROOT / name).is_file():
                (there / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, there / name)
        subprocess.run(("./dev", "package"), cwd=there, check=True, env={**os.environ, "CCACHE_DISABLE": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
                       stdout=subprocess.DEVNULL)
        (made,) = (there / "build").glob("mqferry_*.deb")
        self.assertEqual(made.read_bytes(), package().read_bytes())
