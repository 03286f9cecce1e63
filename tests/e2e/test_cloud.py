# SPDX-License-Identifier: Apache-2.0
"""Alibaba Cloud as a destination and as a source, against the fake cloud of tests/cloud: its record of writes is the witness."""
import collections
import sys
import time

from harness import ROOT, Case, group, topic

sys.path.insert(0, str(ROOT / "tests" / "cloud"))
from handle import ACCOUNT, KEY_ID, SECRET, Fake, plain_environment  # noqa: E402

FIVE, FOUR = "apsaramq://cn-hangzhou/rmq-cn-abc123", "ons://cn-hangzhou/MQ_INST_1"
IDS = {FIVE: "rmq-cn-abc123", FOUR: "MQ_INST_1"}
CREATE = {FIVE: "CreateTopic", FOUR: "OnsTopicCreate"}


class WithCloud(Case):
    def setUp(self):
        super().setUp()
        self.fake = Fake()
        self.addCleanup(self.fake.close)
        kept = {name: value for name, value in self.environment.items() if name.startswith("MQFERRY") or name in ("HOME", "TZ")}
        self.environment = {**plain_environment(), **kept, "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID,
                            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET, "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
        self.write("d.yaml", topic("order") + topic("pay", "FIFO") + topic("later", "DELAY"))

    def reconcile(self, command, to=FIVE, *more, source="d.yaml", code=0, **how):
        yes = ("--yes",) if command == "apply" else ()
        ended = self.run_it(command, "--from", source, "--to", to, "--endpoint", self.fake.endpoint, *yes, *more, code=code, **how)
        self.assertNotIn(SECRET, ended.out + ended.err)
        return ended

    def topics(self, to=FIVE):
        return self.fake.holds(IDS[to], "topic")

    def writes(self):
        return [(line["writer"], line["name"], line["before"] is None) for line in self.fake.audit()]

    def sync(self, to, **spec):
        """A configuration with one Sync of d.yaml."""
        lines = "".join(f"  {name}: {value}\n" for name, value in spec.items())
        self.write("mqferry.yaml", "apiVersion: mqferry/v1\nkind: Sync\nmetadata: {name: it}\nspec:\n  mode: apply\n  source: [d.yaml]\n"
                                   f"  destination: {{address: \"{to}\", endpoint: \"{self.fake.endpoint}\"}}\n{lines}")
        return ("--config", "mqferry.yaml")

    def assert_created_once(self, *names):
        self.assertEqual(sorted(self.writes()), sorted((KEY_ID, name, True) for name in names))


class BothProducts(WithCloud):
    def each(self):
        for to in (FIVE, FOUR):
            self.fake.control({"forget": True})
            yield to

    def test_plan_writes_nothing_apply_creates_verify_agrees_and_again_writes_nothing(self):
        for to in self.each():
            self.reconcile("plan", to)
            self.assertEqual(self.writes(), [])
            self.reconcile("verify", to, code=2)
            self.reconcile("apply", to)
            self.assert_created_once("order", "pay", "later")
            self.reconcile("verify", to)
            self.reconcile("apply", to)
            self.assert_created_once("order", "pay", "later")
        self.assertEqual(self.topics(FIVE)["pay"], {"messageType": "FIFO"})
        self.assertEqual(self.topics(FOUR)["pay"]["MessageType"], 1)

    def test_a_topic_that_differs_is_left_alone(self):
        for to in self.each():
            settings = {"messageType": "NORMAL"} if to == FIVE else {"MessageType": 0}
            self.fake.control({"console": {"instance": IDS[to], "kind": "topic", "name": "pay", "settings": settings}})
            self.reconcile("apply", to)
            self.assertEqual(self.topics(to)["pay"], settings)
            wanted = [("console", "pay", True), (KEY_ID, "order", True), (KEY_ID, "later", True)]
            self.assertEqual(sorted(self.writes()), sorted(wanted))

    def test_an_answer_that_is_lost_after_the_create_is_settled_by_reading(self):
        for cut in ("before", "headers", "body", "reset"):
            for to in self.each():
                self.write("d.yaml", topic("lost-" + cut) + topic("other-" + cut))
                self.fake.control({"fault": {"operation": CREATE[to], "name": "lost-" + cut, "cut": cut}})
                self.reconcile("apply", to)
                self.assert_created_once("lost-" + cut, "other-" + cut)

    def test_a_request_that_arrives_twice_creates_once(self):
        for to in self.each():
            self.fake.control({"fault": {"operation": CREATE[to], "duplicate": True}})
            self.reconcile("apply", to)
            self.assert_created_once("order", "pay", "later")

    def test_answers_that_say_nothing_are_settled_by_reading(self):
        for shape in ("html", "xml", "empty", "truncated"):
            for to in self.each():
                self.write("d.yaml", topic("said-" + shape))
                self.fake.control({"fault": {"operation": CREATE[to], "shape": shape}})
                self.reconcile("apply", to)
                self.assert_created_once("said-" + shape)

    def test_a_topic_that_somebody_else_creates_meanwhile_is_theirs(self):
        for to in self.each():
            settings = {"messageType": "NORMAL"} if to == FIVE else {"MessageType": 0}
            theirs = {"console": {"instance": IDS[to], "kind": "topic", "name": "order", "settings": settings}}
            self.fake.control({"fault": {"operation": CREATE[to], "name": "order", "meanwhile": [theirs]}})
            self.reconcile("apply", to)
            self.assertIn(("console", "order", True), self.writes())
            self.assertNotIn((KEY_ID, "order", True), self.writes())

    def test_throttled_calls_come_again(self):
        for to in self.each():
            refuse = {"status": 400, "code": "Throttling.User", "message": "Request was denied due to user flow control.",
                      "gateway": True, "headers": {"x-acs-retry-after": "50"}}
            self.fake.control({"fault": {"operation": CREATE[to], "times": 3, "refuse": refuse}})
            self.reconcile("apply", to)
            self.assert_created_once("order", "pay", "later")

    def test_a_quota_that_is_reached_is_said_and_the_rest_is_there(self):
        for to in self.each():
            self.fake.control({"change": {"id": IDS[to], "quotas": {"topic": 2}}})
            ended = self.reconcile("apply", to, "--output", "json", code=1)
            self.assertEqual(len(self.topics(to)), 2)
            self.assertIn("topic-quota-reached", [row.get("cause") for row in ended.json()["resources"]])

    def test_what_stops_everything_has_its_exit_code(self):
        for to in self.each():
            wrong = {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "another"}
            self.reconcile("apply", to, code=77, environment=wrong)
            self.reconcile("apply", to[:-1] + "9", code=69)
            self.fake.control({"change": {"id": IDS[to], "status": "STOPPED" if to == FIVE else 2}})
            self.reconcile("apply", to, "--timeout", "2s", code=69)
            self.assertEqual(self.writes(), [])

    def test_export_reads_what_apply_wrote(self):
        for to in self.each():
            self.reconcile("apply", to)
            self.path("out.json").unlink(missing_ok=True)
            self.run_it("export", "--from", to, "--from-endpoint", self.fake.endpoint, "--format", "snapshot", "--out", "out.json")
            there = self.snapshot("out.json")["topics"]
            self.assertEqual({name: row["messageType"] for name, row in there.items()},
                             {"order": "NORMAL", "pay": "FIFO", "later": "DELAY"})

    def test_a_topic_that_stays_creating_is_reported(self):
        for to in self.each():
            self.fake.control({"change": {"id": IDS[to], "creating_s": -1}})
            self.reconcile("apply", to, "--timeout", "3s", code=75)
            self.assert_created_once("order", "pay", "later")

    def test_source_and_destination_may_belong_to_different_accounts(self):
        """Each is spoken to with its own keys, and the source is only read."""
        self.fake.control({"key": {"id": "LTAI-old", "secret": "old", "account": "999"}},
                          {"instance": {"id": "MQ_INST_old", "product": "ons", "account": "999", "topics": {"moved": {"MessageType": 5}},
                                        "groups": {"GID_moved": {"GroupType": "tcp"}}}},
                          {"instance": {"id": "rmq-cn-old", "product": "rocketmq", "account": "999", "topics": {"moved": {"messageType": "DELAY"}}}})
        old = {"OLD_ACCESS_KEY_ID": "LTAI-old", "OLD_ACCESS_KEY_SECRET": "old"}
        for source in ("ons://cn-hangzhou/MQ_INST_old", "apsaramq://cn-hangzhou/rmq-cn-old"):
            self.fake.control({"instance": {"id": IDS[FIVE], "product": "rocketmq", "account": ACCOUNT}}, {"forget": True})
            where = ("--from-endpoint", self.fake.endpoint, "--from-credentials", "env:OLD")
            self.reconcile("apply", FIVE, *where, source=source, environment=old)
            self.assertEqual(self.topics(FIVE), {"moved": {"messageType": "DELAY"}})
            self.assertEqual({(line["instance"], line["writer"]) for line in self.fake.audit()}, {(IDS[FIVE], KEY_ID)})
            self.assertEqual({call["outcome"] for call in self.fake.seen()["calls"]}, {"OK"})
            self.reconcile("verify", FIVE, *where, source=source, environment=old)
            self.reconcile("plan", FIVE, *where, source=source, code=77)  # without the source's keys


class FiveOnly(WithCloud):
    def test_groups_keep_their_retry_policy(self):
        self.write("d.yaml", group("GID_a", deliveryOrderType="Orderly",
                                   consumeRetryPolicy="{retryPolicy: FixedRetryPolicy, maxRetryTimes: 8, fixedIntervalRetryTime: 10}"))
        self.reconcile("apply")
        self.reconcile("verify")
        policy = self.fake.holds(IDS[FIVE], "group")["GID_a"]["consumeRetryPolicy"]
        self.assertEqual(policy, {"retryPolicy": "FixedRetryPolicy", "maxRetryTimes": 8, "fixedIntervalRetryTime": 10})

    def test_details_are_read_only_where_they_are_declared(self):
        policy = {"retryPolicy": "DefaultRetryPolicy", "maxRetryTimes": 16}
        there = {name: {"deliveryOrderType": "Concurrently", "consumeRetryPolicy": policy} for name in ("GID_a", "GID_b", "GID_c")}
        self.fake.control({"instance": {"id": IDS[FIVE], "product": "rocketmq", "account": ACCOUNT, "groups": there}})
        self.write("d.yaml", group("GID_a") + group("GID_b", deliveryOrderType="Concurrently"))
        self.reconcile("verify")
        self.assertEqual([call["name"] for call in self.fake.seen()["calls"] if call["operation"] == "GetConsumerGroup"], ["GID_b"])

    def test_message_types_that_are_newer_than_the_documented_ones_are_passed_through(self):
        there = {"newer": {"messageType": "PRIORITY"}, "unheard-of": {"messageType": "SOMETHING"}}
        self.fake.control({"instance": {"id": IDS[FIVE], "product": "rocketmq", "account": ACCOUNT, "topics": there}})
        self.write("d.yaml", topic("new", "LITE") + topic("newer", "PRIORITY") + topic("unheard-of"))
        rows = {row["name"]: row for row in self.reconcile("apply", FIVE, "--output", "json").json()["resources"]}
        self.assertEqual({name: row["state"] for name, row in rows.items()}, {"new": "inSync", "newer": "inSync", "unheard-of": "differs"})
        self.assertEqual([line["name"] for line in self.fake.audit()], ["new"])
        self.assertEqual(self.topics()["new"], {"messageType": "LITE"})
        self.run_it("export", "--from", FIVE, "--from-endpoint", self.fake.endpoint, "--format", "snapshot", "--out", "out.json")
        self.assertEqual(self.snapshot("out.json")["topics"]["unheard-of"]["messageType"], "SOMETHING")
        self.reconcile("verify", source="snapshot:out.json")

    def test_hundreds_of_topics_are_read_page_by_page(self):
        names = {f"t{number:03}": {"messageType": "NORMAL"} for number in range(450)}
        self.fake.control({"instance": {"id": IDS[FIVE], "product": "rocketmq", "account": ACCOUNT, "topics": names}})
        self.write("d.yaml", "".join(topic(name) for name in names) + topic("new"))
        meanwhile = [{"console": {"instance": IDS[FIVE], "kind": "topic", "name": "theirs", "settings": {"messageType": "FIFO"}}}]
        self.fake.control({"fault": {"operation": "ListTopics", "page": 3, "meanwhile": meanwhile}})
        self.reconcile("apply")
        self.assertEqual(sorted(self.writes()), sorted([("console", "theirs", True), (KEY_ID, "new", True)]))

    def test_every_way_of_saying_no_is_understood(self):
        for way in ("status", "success", "code"):
            with self.subTest(way):
                self.fake.control({"set": {"refusals": way}})
                self.reconcile("apply", FIVE[:-1] + "9", code=69)

    def test_details_are_read_again_only_where_the_update_time_moved(self):
        policy = {"retryPolicy": "DefaultRetryPolicy", "maxRetryTimes": 16}
        there = {name: {"deliveryOrderType": "Concurrently", "consumeRetryPolicy": policy} for name in ("GID_a", "GID_b", "GID_c")}
        self.fake.control({"instance": {"id": IDS[FIVE], "product": "rocketmq", "account": ACCOUNT, "groups": there}})
        self.write("d.yaml", "".join(group(name, deliveryOrderType="Concurrently", consumeRetryPolicy="{maxRetryTimes: 16}") for name in there))
        self.start("run", *self.sync(FIVE, interval="1s"))

        def read(operation="GetConsumerGroup"):
            return collections.Counter(call["name"] for call in self.fake.seen()["calls"] if call["operation"] == operation)

        def passes(count):
            until = read("GetInstance").total() + count + 1  # the last one may have just begun
            self.wait_for(f"{count} more passes", lambda: read("GetInstance").total() >= until)

        passes(3)
        self.assertEqual(read(), {"GID_a": 1, "GID_b": 1, "GID_c": 1})
        self.fake.control({"console": {"act": "update", "instance": IDS[FIVE], "kind": "group", "name": "GID_b", "settings": {
            "consumeRetryPolicy": {**policy, "maxRetryTimes": 3}}}})
        self.wait_for("reading GID_b again", lambda: read()["GID_b"] > 1)
        # Times are in seconds: what has just changed may change once more without a new time. That is over after ten of them.
        time.sleep(12)
        settled = read()
        passes(3)
        self.assertEqual(read(), settled)
        self.assertEqual((settled["GID_a"], settled["GID_c"]), (1, 1))
        self.reconcile("verify", code=2)
        self.assertEqual([line["writer"] for line in self.fake.audit()], ["console"])

    def test_a_share_of_a_budget_that_nobody_tells_is_learnt_and_kept(self):
        """The limit is 40 a second; a quarter of it is 10."""
        names = [f"t{number:03}" for number in range(320)]
        self.write("d.yaml", "".join(topic(name) for name in names))
        self.fake.control({"limit": {"operation": "CreateTopic", "rate": 40, "burst": 4}})
        self.run_it("apply", "--yes", "--sync", "it", *self.sync(FIVE, pace="{share: 25%, concurrency: 16}"))
        self.assert_created_once(*names)
        times = [line["time"] for line in self.fake.audit()]
        self.assertGreater(times[-1] - times[-51], 50 / 10 * 0.8, "it took more than its share")

    def test_a_clock_that_is_wrong_is_corrected_by_the_servers(self):
        self.fake.control({"set": {"clock_offset_s": 7200}})
        self.reconcile("apply")
        self.assert_created_once("order", "pay", "later")


class FourOnly(WithCloud):
    def test_a_share_of_the_published_budget_is_kept_from_the_first_call_on(self):
        """10 creates a second are published; a fifth of it is 2. The account is never throttled."""
        names = [f"t{number:02}" for number in range(14)]
        self.write("d.yaml", "".join(topic(name) for name in names))
        self.fake.control({"published_limits": True})
        self.run_it("apply", "--yes", "--sync", "it", *self.sync(FOUR, pace="{share: 20%}"))
        self.assert_created_once(*names)
        times = [line["time"] for line in self.fake.audit()]
        self.assertGreater(times[-1] - times[0], (len(names) - 1 - 3) / 2, "it took more than its share")
        self.assertEqual({call["outcome"] for call in self.fake.seen()["calls"]}, {"OK"})

    def test_a_gateway_that_knows_the_signature_of_old_only_is_signed_for_as_it_wants(self):
        """Found out by its complaint, in whatever words, once: every call after the first is signed with RPC 1.0 at once."""
        for words, parameter in (("mandatory", "AccessKeyId"), ("mandatory", "Version"), ("input", "Version"), ("input", "Signature")):
            with self.subTest(f"{words} {parameter}"):
                self.fake.control({"forget": True}, {"instance": {"id": IDS[FOUR], "product": "ons", "account": ACCOUNT}},
                                  {"set": {"only_v1": [words, parameter], "record": True}})
                self.write("d.yaml", topic("order", remark="a b/+~*") + group("GID_a", groupType="http"))
                self.reconcile("apply", FOUR, "--concurrency", "1")
                self.assert_created_once("order", "GID_a")
                self.reconcile("verify", FOUR)
                requests = self.fake.seen()["requests"]
                self.assertEqual(sum("authorization" in request["headers"] for request in requests), 2, "one for each process")
                self.assertEqual(self.topics(FOUR)["order"]["Remark"], "a b/+~*")

    def test_without_a_namespace_names_belong_to_the_account(self):
        """What stands in its way in another instance is told with the provider's words; it is not taken for ours."""
        taken = {"topics": {"order": {"MessageType": 0}}, "groups": {"GID_a": {"GroupType": "tcp"}}}
        self.fake.control(*({"instance": {"id": id_, "product": "ons", "account": ACCOUNT, "independent": False, **there}}
                            for id_, there in ((IDS[FOUR], {}), ("MQ_INST_2", taken))))
        self.write("d.yaml", topic("order") + topic("pay", "FIFO") + group("GID_a"))
        rows = {row["name"]: row for row in self.reconcile("apply", FOUR, "--timeout", "4s", "--output", "json", code=1).json()["resources"]}
        self.assert_created_once("pay")
        self.assertEqual([(rows[name]["cause"], rows[name]["providerCode"]) for name in ("order", "GID_a")],
                         [("topic-exists", "BIZ_TOPIC_EXISTED"), ("group-in-other-instance", "BIZ_CONSUMER_ID_BELONG_TO_OTHER_USER")])

    def test_keys_of_a_session_are_signed_for_in_the_old_way_too(self):
        self.fake.control({"key": {"id": "STS.x", "secret": "s", "token": "t/+=", "account": ACCOUNT}},
                          {"set": {"only_v1": ["mandatory", "AccessKeyId"]}})
        there = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.x", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s", "ALIBABA_CLOUD_SECURITY_TOKEN": "t/+="}
        ended = self.reconcile("apply", FOUR, environment=there)
        self.assertNotIn("t/+=", ended.out + ended.err)
        self.assertEqual(sorted(self.writes()), sorted(("STS.x", name, True) for name in ("order", "pay", "later")))

    def test_a_gateway_that_wants_what_nobody_has_is_asked_twice_and_not_more(self):
        refuse = {"status": 400, "code": "MissingAccessKeyId", "message": "AccessKeyId is mandatory for this action.", "gateway": True}
        self.fake.control({"fault": {"times": -1, "refuse": refuse}})
        self.reconcile("plan", FOUR, "--timeout", "20s", code=69)
        self.assertEqual([call["outcome"] for call in self.fake.seen()["calls"]][:2], ["MissingAccessKeyId"] * 2)
        self.assertEqual(self.writes(), [])
