# SPDX-License-Identifier: Apache-2.0
"""What the syncs of one account share (contract 6): 4.x starts at the published 10 creates a second, whoever sends them."""
import collections

from harness import topic
from test_cloud import WithCloud

CREATE, RATE, TOPICS = "OnsTopicCreate", 10, 60
SYNC = """apiVersion: mqferry/v1
kind: Sync
metadata: {{name: {name}}}
spec:
  mode: apply
  source: ["{name}.yaml"]
  destination: {{address: "ons://cn-hangzhou/{instance}", endpoint: "{endpoint}"}}
  interval: 1h
  pace: {{concurrency: 8{pace}}}
---
"""


class Budget(WithCloud):
    def setUp(self):
        super().setUp()
        self.fake.control({"instance": {"id": "MQ_INST_2", "product": "ons", "account": "1234567890"}}, {"published_limits": True})

    def declare(self, pace=""):
        """Two syncs of 60 topics each, to two instances of one account."""
        text = ""
        for name, instance in (("one", "MQ_INST_1"), ("two", "MQ_INST_2")):
            self.write(f"{name}.yaml", "".join(topic(f"{name}-{number:02}") for number in range(TOPICS)))
            text += SYNC.format(name=name, instance=instance, endpoint=self.fake.endpoint, pace=pace)
        self.write("mqferry.yaml", text)

    def converge(self):
        process = self.start("run", "--config", "mqferry.yaml", "--log-format", "logfmt")
        self.wait_for("parity of both", lambda: len(self.fake.audit()) >= 2 * TOPICS, 90)
        self.assertEqual(self.end(process), 0)
        self.assertEqual(collections.Counter(line["instance"] for line in self.fake.audit()), {"MQ_INST_1": TOPICS, "MQ_INST_2": TOPICS})

    def times(self):
        return [line["time"] for line in self.fake.audit()]

    def refused(self):
        return sum(call["operation"] == CREATE and call["outcome"] == "Throttling.User" for call in self.fake.seen()["calls"])

    def test_two_syncs_together_send_what_one_account_may(self):
        self.declare()
        self.converge()
        times = self.times()
        self.assertLessEqual(self.refused(), 2 * TOPICS * 2 // 100)  # each alone at its own pace would have every second call refused
        self.assertGreaterEqual(times[-1] - times[0], (2 * TOPICS - 2 * RATE) / RATE)
        # Neither waits for the other to be done: both are in every half of the time.
        for part in (self.fake.audit()[:TOPICS], self.fake.audit()[TOPICS:]):
            self.assertGreaterEqual(min(collections.Counter(line["instance"] for line in part).values()), TOPICS // 4)

    def test_a_share_leaves_the_rest_to_others(self):
        """Half the account's budget, together: others can use the other half at the same time."""
        self.declare(", share: 50%")
        self.converge()
        times = self.times()
        self.assertEqual(self.refused(), 0)
        self.assertGreaterEqual(times[-1] - times[0], (2 * TOPICS - 2 * RATE) / (RATE / 2))


del WithCloud
