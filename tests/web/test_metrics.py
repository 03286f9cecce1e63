# SPDX-License-Identifier: Apache-2.0
"""Metrics, alert rules and the dashboard, as Prometheus and Grafana take them."""
import json
import os
import pathlib
import re
import subprocess
import unittest

from handle import KEY_ID, SECRET, Fake, plain_environment
from harness import ROOT, group, topic
from serving import Serving, sync

PROMTOOL = pathlib.Path(os.environ["PROMTOOL"])
MONITORING = ROOT / "controller" / "status" / "monitoring"
# The contract's (section 8), and what was added.
NAMES = {"mqferry_build_info", "mqferry_configuration_good", "mqferry_resources", "mqferry_parity", "mqferry_creates_total",
         "mqferry_failures_total", "mqferry_requests_total", "mqferry_request_duration_seconds", "mqferry_pass_duration_seconds",
         "mqferry_last_pass_timestamp_seconds", "mqferry_last_parity_timestamp_seconds", "mqferry_pace_limit",
         "mqferry_source_changed_timestamp_seconds"}


def promtool(*arguments, feed=""):
    return subprocess.run([PROMTOOL, *map(str, arguments)], input=feed, capture_output=True, text=True, timeout=60, check=False)


def needs_promtool(test):
    return unittest.skipUnless(PROMTOOL.exists(), "promtool could not be fetched (package prometheus)")(test)


class Metrics(Serving):
    def scrape(self):
        """A daemon with a cloud destination that refuses a topic, one at parity, one that fails; an awkward name."""
        fake = Fake()
        self.addCleanup(fake.close)
        kept = {name: value for name, value in self.environment.items() if name.startswith("MQFERRY") or name in ("HOME", "TZ")}
        self.environment = {**plain_environment(), **kept, "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID,
                            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET, "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
        self.write("m/a.yaml", topic("order") + topic("pay", "FIFO") + group("GID_order"))
        self.write("mqferry.yaml", sync("cloud", "m/", f'address: "apsaramq://cn-hangzhou/rmq-cn-abc123", endpoint: "{fake.endpoint}"')
                   + sync('awkward "name" \\ here', "m/", 'address: "snapshot:d.json", for: apsaramq')
                   + sync("absent", "m/", f'address: "apsaramq://cn-hangzhou/rmq-cn-nobody", endpoint: "{fake.endpoint}"'))
        self.run_daemon()
        self.wait_until_ready()
        self.wait_for("the creates", lambda: self.status()["syncs"][0]["parity"])
        self.wait_for("fresh metrics", lambda: 'mqferry_parity{sync="cloud"} 1' in self.ask("/metrics")[1])
        return self.ask("/metrics")[1]

    def test_every_metric_of_the_contract_is_there_and_nothing_secret(self):
        text = self.scrape()
        self.assertEqual(set(re.findall(r"^# TYPE (\S+) ", text, re.M)), NAMES)
        self.assertEqual(set(re.findall(r"^# HELP (\S+) ", text, re.M)), NAMES)
        self.assertRegex(text, r'mqferry_requests_total\{sync="cloud",operation="CreateTopic",result="ok"\} 2\n')
        self.assertRegex(text, r'mqferry_request_duration_seconds_bucket\{sync="cloud",operation="CreateTopic",le="\+Inf"\} 2\n')
        self.assertRegex(text, r'mqferry_creates_total\{sync="cloud",kind="Topic",result="created"\} 2\n')
        self.assertRegex(text, r'mqferry_pace_limit\{sync="cloud"\} ([1-9]|\+Inf)')
        self.assertRegex(text, r'mqferry_failures_total\{sync="absent",cause="instance-not-found"\} [1-9]')
        self.assertIn('mqferry_parity{sync="awkward \\"name\\" \\\\ here"} 1', text)
        self.assertIn('mqferry_parity{sync="absent"} 0', text)
        self.assertNotIn("order", re.sub(r"sync=\"[^\"]*\"", "", text), "names of resources are no labels")
        self.assertNotIn(SECRET, text)
        self.assertNotIn(KEY_ID, text)

    @needs_promtool
    def test_promtool_finds_nothing(self):
        done = promtool("check", "metrics", feed=self.scrape())
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))


class Monitoring(unittest.TestCase):
    @needs_promtool
    def test_alert_rules_are_well_formed_and_fire_when_they_should(self):
        done = promtool("check", "rules", MONITORING / "alerts.yml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = promtool("test", "rules", pathlib.Path(__file__).with_name("alerts_test.yml"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules_and_dashboard_ask_for_metrics_that_exist(self):
        for name in ("alerts.yml", "dashboard.json"):
            asked = set(re.findall(r"\bmqferry_\w+", (MONITORING / name).read_text()))
            self.assertEqual({re.sub(r"_(bucket|sum|count)$", "", each) for each in asked} - NAMES, set(), name)

    def test_the_dashboard_is_whole(self):
        board = json.loads((MONITORING / "dashboard.json").read_text())
        self.assertEqual(len({panel["id"] for panel in board["panels"]}), len(board["panels"]))
        for panel in board["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            self.assertTrue(all(target["expr"] for target in panel["targets"]))
