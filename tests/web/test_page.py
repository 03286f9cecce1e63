# SPDX-License-Identifier: Apache-2.0
"""The status page in a real Chromium: what people see, do and are told."""
import json
import os
import pathlib
import re
import time
import unittest

from handle import KEY_ID, SECRET, Fake, plain_environment
from harness import RELEASE, group, topic
from serving import Serving, sync

CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
         "--disable-sync").split()
SHOTS = os.environ.get("SCREENSHOTS")  # a folder: what the tests looked at is kept there
MANY = 50000
PHONE, DESK, WALL = {"width": 390, "height": 844}, {"width": 1280, "height": 900}, {"width": 2560, "height": 1440}

try:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import expect, sync_playwright
    MISSING = None if pathlib.Path(CHROMIUM).exists() else f"{CHROMIUM} is not there"
except ImportError:
    MISSING = "the browser's driver could not be installed from PyPI"


def topics(names, message_type="NORMAL"):
    return (f"apiVersion: mqferry/v1\nkind: TopicList\ndefaults: {{messageType: {message_type}}}\nitems:\n"
            + "".join(f"  - {{name: {name}}}\n" for name in names) + "---\n")


def snapshot(names):
    return json.dumps({"apiVersion": "mqferry/v1", "kind": "Snapshot", "standsFor": "apsaramq", "identity": {},
                       "topics": [{"name": name, "messageType": "NORMAL"} for name in sorted(names)], "consumerGroups": []})


@unittest.skipIf(MISSING, MISSING)
class Page(Serving):
    binary = RELEASE

    @classmethod
    def setUpClass(cls):
        cls.driver = sync_playwright().start()
        cls.browser = cls.driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        expect.set_options(timeout=30000)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.driver.stop()

    def setUp(self):
        super().setUp()
        self.told = []  # errors of the console and of scripts
        self.asked = []
        self.write("m/a.yaml", topics([f"orders-{number:03}" for number in range(30)]) + topic("fifo", "FIFO") + topic("untyped", None)
                   + group("GID_orders"))
        self.write("d.json", snapshot(["fifo", "left-over", *[f"orders-{number:03}" for number in range(10)]]))
        self.write("mqferry.yaml", sync("cut/over <b>", "m/", 'address: "snapshot:d.json", for: apsaramq')
                   + sync("quiet", "m/", 'address: "snapshot:e.json", for: apsaramq', mode="observe")
                   + sync("unreachable", "m/", 'address: "apsaramq://cn-hangzhou/rmq-cn-x", endpoint: "http://127.0.0.1:9/"'))
        self.environment.update(ALIBABA_CLOUD_ACCESS_KEY_ID="id", ALIBABA_CLOUD_ACCESS_KEY_SECRET="secret")

    def open(self, fragment="", viewport=None, scheme="light", motion="no-preference"):
        context = self.browser.new_context(viewport=viewport or DESK, color_scheme=scheme, reduced_motion=motion)
        self.addCleanup(context.close)
        page = context.new_page()
        page.set_default_timeout(30000)
        page.on("console", lambda message: self.told.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.told.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(f"{self.url}/{fragment}")
        page.wait_for_selector("html[data-loaded]")
        return page

    def shot(self, page, name):
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}.png")

    def assert_clean(self):
        self.assertEqual(self.told, [])
        self.assertEqual([url for url in self.asked if not url.startswith(self.url)], [], "nothing is asked elsewhere")

    def assert_accessible(self, page, where):
        found = Axe().run(page).response["violations"]
        self.assertEqual([(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found], [], where)

    def start_and_open(self, *arguments, **how):
        self.run_daemon()
        self.wait_until_ready()
        return self.open(*arguments, **how)

    CUT = "#/cut%2Fover%20%3Cb%3E"

    def test_the_overview_tells_how_every_sync_is(self):
        page = self.start_and_open()
        expect(page.locator(".sync")).to_have_count(3)
        failing = page.locator(".sync", has_text="unreachable").first
        expect(failing.locator(".pill")).to_have_text("failing")
        expect(failing).to_contain_text("What to do: check host name")
        cut = page.locator(".sync", has_text="cut/over <b>")
        expect(cut.locator(".pill")).to_have_text("not at parity")
        expect(cut).to_contain_text("31 of 33 in place")
        self.shot(page, "overview")
        cut.get_by_role("link").click()
        expect(page.locator("h1")).to_have_text("cut/over <b>")
        expect(page.locator(".tile", has_text="declared")).to_contain_text("33")
        expect(page.locator(".tile", has_text="failed")).to_contain_text("1")
        expect(page.locator(".latest")).to_contain_text("GID_orders")
        self.shot(page, "cutover")
        page.locator(".tile", has_text="failed").click()
        expect(page.locator("tbody th")).to_have_text(["untyped"])
        self.assert_clean()

    def test_differences_stand_side_by_side_and_causes_have_hints(self):
        page = self.start_and_open(self.CUT + "/topics?sort=state")
        page.get_by_role("button", name="untyped").click()
        expect(page.locator(".detail").first).to_contain_text("message-type-unknown")
        expect(page.locator(".detail").first).to_contain_text("What to do")
        page.get_by_role("button", name="fifo").click()
        line = page.locator(".pairs tr", has_text="messageType").last
        expect(line.locator("td")).to_have_text(["FIFO", "NORMAL", "differs"])
        self.shot(page, "differences")
        self.assert_clean()

    def test_filter_search_and_sort_are_the_servers(self):
        page = self.start_and_open(self.CUT + "/topics")
        expect(page.locator(".pager [role=status]")).to_have_text("1–32 of 32")
        page.get_by_role("button", name="differs").click()
        expect(page.locator("tbody th")).to_have_text(["fifo"])
        expect(page.get_by_role("button", name="differs")).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="differs").click()
        page.locator("#q").fill("ORDERS-02")
        expect(page.locator("tbody th")).to_have_count(10)
        page.get_by_role("button", name="Name").click()
        expect(page.locator("tbody th").first).to_have_text("orders-029")
        page.reload()
        expect(page.locator("tbody th").first).to_have_text("orders-029")
        page.locator("#q").fill("")
        page.get_by_role("button", name="only there").click()
        expect(page.locator("tbody th")).to_have_text(["left-over"])
        page.get_by_role("link", name="Groups").click()
        expect(page.locator("tbody th")).to_have_text(["GID_orders"])
        self.assert_clean()

    def test_a_change_appears_by_itself(self):
        page = self.start_and_open(self.CUT + "/topics?q=brand-new")
        expect(page.locator("tbody")).to_contain_text("Nothing matches")
        page.locator("#q").focus()
        self.write("m/b.yaml", topic("brand-new"))
        expect(page.locator("tbody th")).to_have_text(["brand-new"])
        self.assertEqual(page.evaluate("document.activeElement.id"), "q", "what has the focus keeps it")
        page.get_by_role("link", name="Created").click()
        expect(page.locator("tbody tr").first).to_contain_text("brand-new")
        self.assert_clean()

    def test_a_cut_over_shows_how_fast_and_how_long_still(self):
        fake = Fake()
        self.addCleanup(fake.close)
        self.environment.update(plain_environment(), ALIBABA_CLOUD_ACCESS_KEY_ID=KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET=SECRET,
                                ALIBABA_CLOUD_ECS_METADATA_DISABLED="true")
        self.write("slow/a.yaml", topics([f"topic-{number:04}" for number in range(400)]))
        self.write("mqferry.yaml", sync("slow", "slow/", f'address: "apsaramq://cn-hangzhou/rmq-cn-abc123", endpoint: "{fake.endpoint}"')
                   .replace("  interval", "  pace: {rate: 10/s}\n  interval"))
        self.run_daemon()
        self.wait_for("the creates", lambda: self.status()["syncs"][0].get("progress", {}).get("answered", 0) > 0)
        page = self.open("#/slow/cutover")
        expect(page.locator("h1 + .pill")).to_have_text("creating")
        expect(page.locator(".s-creating.num")).to_have_text(re.compile(r"\d+ of 400 created, [1-9][\d.]* a second, about .* left"))
        before = self.status()["syncs"][0]["progress"]["answered"]
        expect(page.locator(".tile", has_text="declared")).to_contain_text("400")
        expect(page.locator(".latest")).to_contain_text("topic-")
        self.wait_for("more of them", lambda: self.status()["syncs"][0]["progress"]["answered"] > before)
        self.shot(page, "creating")
        self.assert_clean()

    def test_a_daemon_that_goes_away_is_told(self):
        process = self.run_daemon()
        self.wait_until_ready()
        page = self.open()
        self.end(process)
        expect(page.locator("#offline")).to_contain_text("does not answer")
        expect(page.locator(".sync")).to_have_count(3)

    def test_fifty_thousand_stay_smooth(self):
        """The server pages: whatever there is, a page is small and comes at once."""
        self.write("mqferry.yaml", sync("many", "many/", 'address: "snapshot:many.json", for: apsaramq', mode="observe"))
        self.write("many/a.yaml", topics([f"topic-{number:05}" for number in range(MANY)]))
        self.write("many.json", snapshot([f"topic-{number:05}" for number in range(0, MANY, 2)]))
        page = self.start_and_open("#/many/topics")
        expect(page.locator("tbody th")).to_have_count(100)
        expect(page.locator(".pager [role=status]")).to_have_text("1–100 of 50,000")
        took = {}

        def measure(name, act, text):
            begun = time.monotonic()
            act()
            expect(page.locator("tbody th").first).to_have_text(text)
            took[name] = time.monotonic() - begun

        measure("the last page", lambda: page.get_by_role("button", name="Last").click(), "topic-49900")
        measure("a search", lambda: page.locator("#q").fill("49999"), "topic-49999")
        measure("all again", lambda: page.locator("#q").fill(""), "topic-00000")
        measure("a state", lambda: page.get_by_role("button", name="missing").click(), "topic-00001")
        measure("an order", lambda: page.get_by_role("button", name="Name").click(), "topic-49999")
        page.locator("#size").select_option("500")
        expect(page.locator("tbody th")).to_have_count(500)
        longest = page.evaluate("""() => new Promise(done => {
            let last = performance.now(), longest = 0, frames = 0;
            const step = now => { longest = Math.max(longest, now - last); last = now; window.scrollBy(0, 40);
                                  ++frames < 60 ? requestAnimationFrame(step) : done(longest); };
            requestAnimationFrame(step); })""")
        print("\n" + ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in took.items())
              + f", longest frame while scrolling {longest:.0f} ms", flush=True)
        self.assertLess(max(took.values()), 15)  # a loaded machine; the figures are printed
        self.assertLess(longest, 5000)
        self.shot(page, "many")
        self.assert_clean()

    def test_every_view_is_accessible_light_and_dark(self):
        self.run_daemon()
        self.wait_until_ready()
        for scheme in ("light", "dark"):
            for name, fragment in (("overview", ""), ("cutover", self.CUT + "/cutover"), ("topics", self.CUT + "/topics?sort=state&size=50"),
                                   ("created", self.CUT + "/changes"), ("failing", "#/unreachable/cutover")):
                page = self.open(fragment, scheme=scheme, motion="reduce")
                if name == "topics":
                    page.get_by_role("button", name="untyped").click()
                    page.get_by_role("button", name="fifo").click()
                    expect(page.locator(".detail")).to_have_count(2)
                self.assert_accessible(page, f"{name}, {scheme}")
                self.shot(page, f"{name}-{scheme}")
        self.assert_clean()

    def test_a_phone_shows_everything_without_scrolling_sideways(self):
        self.run_daemon()
        self.wait_until_ready()
        for name, fragment in (("phone", ""), ("phone-cutover", self.CUT + "/cutover"), ("phone-topics", self.CUT + "/topics?sort=state")):
            page = self.open(fragment, viewport=PHONE)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            self.assertLessEqual(wide, 0, name)
            self.shot(page, name)
        self.assert_accessible(page, "phone")
        wall = self.open(self.CUT + "/cutover", viewport=WALL, scheme="dark")
        size = wall.locator(".tile .value").first.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
        self.assertGreater(size, 44, "numbers can be read from across the room")
        self.shot(wall, "wall")
        self.assert_clean()

    def test_it_is_used_by_keyboard_alone(self):
        page = self.start_and_open()
        page.keyboard.press("Tab")
        self.assertEqual(page.evaluate("document.activeElement.textContent"), "Skip to the content")
        page.goto(f"{self.url}/{self.CUT}/topics")
        expect(page.locator("tbody th")).to_have_count(32)
        page.locator("body").press("/")
        page.keyboard.type("fifo")
        expect(page.locator("tbody th")).to_have_text(["fifo"])
        page.locator(".open").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".open").first).to_have_attribute("aria-expanded", "true")
        page.locator("#theme").focus()
        page.keyboard.press("Enter")
        self.assertEqual(page.evaluate("document.documentElement.dataset.theme"), "light")
        page.reload()
        expect(page.locator("#theme")).to_have_text("Theme: light")
        self.assert_clean()
