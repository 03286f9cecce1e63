# SPDX-License-Identifier: Apache-2.0
"""At a terminal: the question before the first write, colours, the progress bar."""
from hardship import Terminal, strace
from harness import RELEASE, Case, topic


class AtATerminal(Case):
    def setUp(self):
        super().setUp()
        self.write("t.yaml", topic("a") + topic("b"))
        self.words = ("--from", "t.yaml", "--to", "snapshot:d.json")

    def asked(self, more=()):
        terminal = Terminal(self, "apply", *self.words, *more)
        terminal.expect("[y/N]")
        self.assertIn("missing", terminal.text)
        self.assertIn("2 to create", terminal.text)
        self.assertFalse(self.path("d.json").exists())
        return terminal

    def nothing_written(self):
        self.assertFalse(self.path("d.json").exists())
        self.assertEqual(self.run_it("journal", "--output", "jsonl").out, "")

    def test_yes(self):
        terminal = self.asked()
        terminal.type("y\n")
        self.assertIn("2 created", terminal.ended(0))
        self.assertEqual(set(self.snapshot("d.json")["topics"]), {"a", "b"})

    def test_no_and_everything_that_is_not_yes(self):
        for answer in ("n\n", "\n", "\x04", "maybe\n"):
            with self.subTest(answer):
                terminal = self.asked()
                terminal.type(answer)
                self.assertIn("nothing was written", terminal.ended(75))
                self.nothing_written()

    def test_ctrl_c(self):
        terminal = self.asked()
        terminal.type("\x03")
        terminal.ended(130)
        self.nothing_written()

    def test_hanging_up_writes_nothing(self):
        terminal = self.asked()
        terminal.process.terminate()
        terminal.ended(143)
        self.nothing_written()

    def test_nobody_is_asked_where_nothing_would_be_written(self):
        self.run_it("plan", *self.words, "--out", "p.json")
        self.run_it("apply", *self.words, "--yes")
        terminal = Terminal(self, "apply", *self.words)
        self.assertNotIn("[y/N]", terminal.ended(0))
        self.path("d.json").unlink()
        self.assertNotIn("[y/N]", Terminal(self, "apply", "p.json").ended(0))
        self.path("d.json").unlink()
        self.assertNotIn("[y/N]", Terminal(self, "apply", *self.words, "--yes").ended(0))

    def test_nothing_is_drawn_over_the_question(self):
        terminal = self.asked()
        with self.assertRaises(AssertionError):
            terminal.expect("\r\033[K", seconds=2.6)
        terminal.type("y\n")
        terminal.ended(0)

    def test_the_timeout_ends_the_question_too(self):
        self.asked(more=("--timeout", "1s")).ended(75)
        self.nothing_written()

    def test_what_a_guard_refuses_is_not_asked(self):
        terminal = Terminal(self, "apply", *self.words, "--max-creates", "1")
        self.assertNotIn("[y/N]", terminal.ended(78))
        self.nothing_written()

    def test_colours(self):
        self.assertIn("\033[32m", Terminal(self, "plan", *self.words).ended(0))
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertNotIn("\033", Terminal(self, "plan", *self.words, environment=environment).ended(0))
        self.assertNotIn("\033", Terminal(self, "plan", *self.words, "--color", "never").ended(0))
        self.assertIn("\033[",
                      Terminal(self, "plan", *self.words, "--color", "always", environment={"NO_COLOR": "1"}).ended(0))
        self.assertNotIn("\033", Terminal(self, "plan", *self.words, "--output", "json").ended(0))

    def slow(self, *more, **how):
        """Work over two seconds."""
        return Terminal(self, "apply", *self.words, "--yes", *more, binary=RELEASE,
                        prefix=strace("fsync,fdatasync:delay_enter=2800000:when=1",
                                      paths=[self.path("d.json.part")]), **how)

    def test_progress_is_drawn_over_itself_and_wiped(self):
        text = self.slow().ended(0)
        self.assertIn("\r\033[K", text)
        drawn, rest = text.rsplit("\r\033[K", 1)
        self.assertTrue(drawn.strip())
        self.assertIn("2 created", rest)

    def test_quiet_draws_nothing(self):
        self.assertEqual(self.slow("--quiet").ended(0), "")

    def test_a_dumb_terminal_gets_lines(self):
        self.assertNotIn("\033", self.slow(environment={"TERM": "dumb"}).ended(0))
