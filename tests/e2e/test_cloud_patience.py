# SPDX-License-Identifier: Apache-2.0
"""What takes a minute at a cloud, in its real time: several processes wait for different things at once, on both products."""
import json
import sys
import time

from harness import RELEASE, ROOT, topic
from test_cloud import FIVE, FOUR, IDS, WithCloud

sys.path.insert(0, str(ROOT / "tests" / "cloud"))
from handle import ACCOUNT, KEY_ID, SECRET  # noqa: E402

MINUTE_S = 60
SETTLE_S = 50  # openapi 1.6
CREATE = {FIVE: "CreateTopic", FOUR: "OnsTopicCreate"}
OTHER = {FIVE: "LTAI-five", FOUR: "LTAI-four"}
NAMES = [f"t{number:02}" for number in range(12)]
THROTTLED = {"status": 400, "code": "Throttling.User", "message": "Request was denied due to user flow control.", "gateway": True}


class Patience(WithCloud):
    binary = RELEASE  # so that nothing but waiting takes time; the sanitized program meets the same faults elsewhere

    def begin(self, name, to, key, source):
        """An apply with a state and an output of its own."""
        self.environment.update(MQFERRY_STATE_DIR=str(self.path(name)), ALIBABA_CLOUD_ACCESS_KEY_ID=key)
        return self.start("apply", "--yes", "--from", source, "--to", to, "--endpoint", self.fake.endpoint, "--concurrency", "1")

    def journal(self, name):
        """[(name, event)] in the order in which they happened."""
        (path,) = self.path(name).glob("*/journal.jsonl")
        return [(line["name"], line["event"]) for line in map(json.loads, path.read_text().splitlines())]

    def calls(self, key, operation):
        return [call for call in self.fake.seen()["calls"] if (call["key"], call["operation"]) == (key, operation)]

    def created(self, to, writer):
        return [line for line in self.fake.audit() if (line["instance"], line["writer"]) == (IDS[to], writer)]

    def test_a_create_that_never_arrived_and_a_minute_of_throttling(self):
        self.write("lost.yaml", topic("lost") + topic("other"))
        self.write("many.yaml", "".join(topic(name) for name in NAMES))
        for to, key in OTHER.items():
            self.fake.control({"key": {"id": key, "secret": SECRET, "account": ACCOUNT}},
                              {"fault": {"operation": CREATE[to], "key": KEY_ID, "name": "lost", "cut": "reset", "apply": False}},
                              {"fault": {"key": key, "skip": 8, "times": -1, "refuse": THROTTLED}})
        began = time.monotonic()
        lost = {to: self.begin("lost-" + IDS[to], to, KEY_ID, "lost.yaml") for to in OTHER}
        throttled = {to: self.begin("many-" + IDS[to], to, key, "many.yaml") for to, key in OTHER.items()}
        time.sleep(MINUTE_S)
        for to, key in OTHER.items():
            self.assertIsNone(throttled[to].poll(), "it gave up")
            self.assertTrue(0 < len(self.created(to, key)) < len(NAMES), "the throttling was not half way")
            # Paced as a whole: not one try for each of twelve topics every second.
            self.assertLess(len([call for call in self.calls(key, CREATE[to]) if call["outcome"] == "Throttling.User"]), 2 * MINUTE_S)
        self.fake.control({"repair": True})
        for to in OTHER:
            with self.subTest(to):
                self.assert_came_through(to, throttled[to])
                self.assert_sent_again(to, lost[to], began)

    def assert_came_through(self, to, process):
        self.assertEqual(process.wait(90), 0, self.log())
        self.assertEqual(sorted((line["name"], line["before"]) for line in self.created(to, OTHER[to])), [(name, None) for name in NAMES])
        self.assertEqual(sorted(name for name, event in self.journal("many-" + IDS[to]) if event == "created"), NAMES)

    def assert_sent_again(self, to, process, began):
        """It looked until the settling time was over, found nothing twice, and sent it once more; the other one never waited."""
        self.assertEqual(process.wait(90), 0, self.log())
        self.assertEqual(sorted((line["name"], line["before"]) for line in self.created(to, KEY_ID)), [("lost", None), ("other", None)])
        times = {line["name"]: line["time"] for line in self.created(to, KEY_ID)}
        self.assertGreater(times["lost"] - times["other"], SETTLE_S - 5)
        self.assertEqual([call["outcome"] for call in self.calls(KEY_ID, CREATE[to]) if call["name"] == "lost"], ["cut", "OK"])
        events = [event for name, event in self.journal("lost-" + IDS[to]) if name == "lost"]
        self.assertEqual((events[0], events[-1], events.count("sending"), events.count("created")), ("sending", "created", 2, 1), events)
        self.assertGreater(time.monotonic() - began, SETTLE_S)


del WithCloud
