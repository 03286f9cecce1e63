# SPDX-License-Identifier: Apache-2.0
"""What can go wrong at every operation of both products, one at a time: each ends converged or with the right cause and exit code,
the journal is true, and nothing that was there is changed. The fake's record is the witness."""
import json

from harness import RELEASE, group, topic
from test_cloud import FIVE, FOUR, IDS, WithCloud

OPERATIONS = {FIVE: {"describe": "GetInstance", "topics": "ListTopics", "groups": "ListConsumerGroups", "detail": "GetConsumerGroup",
                     "topic": "CreateTopic", "group": "CreateConsumerGroup"},
              FOUR: {"describe": "OnsInstanceBaseInfo", "topics": "OnsTopicList", "groups": "OnsGroupList", "topic": "OnsTopicCreate",
                     "group": "OnsGroupCreate"}}
# What a code that the reference does not tell is guessed to be (openapi 8), and what it must end as.
DOCUMENTED = [
    # cause, who meets it, 4.x code, 5.x code (empty: the sentence alone tells), status, sentence
    ("topic-exists", "topic", "BIZ_TOPIC_EXISTED", "Topic.Existed", 400, "The specified topic already exists."),
    ("group-exists", "group", "BIZ_SUBSCRIPTION_EXISTED", "ConsumerGroup.Existed", 400,
     "The group ID that you want to create already exists."),
    ("instance-not-found", "describe", "INSTANCE_NOT_FOUND", "Instance.NotFound", 404, "The specified instance does not exist."),
    ("instance-permission-unverified", "describe", "BIZ_INSTANCE_PERMISSION_CHECK_ERROR", "NoPermission", 403,
     "Failed to verify permissions on the instance."),
    ("instance-not-in-service", "topic", "BIZ_INSTANCE_STATUS_ERROR", "Instance.StatusNotRunning", 400,
     "The specified instance is not in service."),
    ("topic-quota-reached", "topic", "BIZ_TOPIC_TOO_MUCH", "Quota.X", 400, "The maximum number of topics on this instance is reached."),
    ("instance-permission-missing", "topic", "BIZ_INSTANCE_OWNER_ERROR", "NoPermission", 403,
     "The instance does not have required permissions."),
    ("topic-named-like-group", "topic", "X.Unknown", "X.Unknown", 400, "A topic name cannot be the same as a group ID."),
    ("group-named-like-topic", "group", "X.Unknown", "X.Unknown", 400, "A group ID cannot be the same as a topic name."),
    ("group-in-other-instance", "group", "BIZ_CONSUMER_ID_BELONG_TO_OTHER_USER", "X.Unknown", 400,
     "The specified group ID belongs to another instance."),
    ("group-create-failed", "group", "BIZ_CREATE_SUBSCRIPTION_ERROR", "RemoteCallError", 500,
     "Failed to create the group ID. Please try again later."),
    ("topic-create-failed", "topic", "BIZ_CREATE_TOPIC_ERROR", "RemoteCallError", 500, "Failed to create the topic."),
    ("system-error", "describe", "ONS_SYSTEM_ERROR", "InternalError", 500, "A system processing error occurred."),
    ("invalid-parameter", "topic", "BIZ_FIELD_CHECK_INVALID", "InvalidMessageType", 400, "Failed to verify the parameters."),
]
WAYS = ("status", "success", "code")


class WithBoth(WithCloud):
    quick = RELEASE  # hundreds of runs: the sanitized program has its turn elsewhere

    def setUp(self):
        super().setUp()
        self.anew()

    def anew(self):
        """Empty instances, two topics and two groups declared; one topic and one group of somebody else's are there."""
        for to, product in ((FIVE, "rocketmq"), (FOUR, "ons")):
            there = {"topics": {"theirs": {"messageType": "FIFO"} if to == FIVE else {"MessageType": 1}},
                     "groups": {"GID_theirs": {"deliveryOrderType": "Concurrently", "consumeRetryPolicy": {
                         "retryPolicy": "DefaultRetryPolicy"}} if to == FIVE else {"GroupType": "tcp"}}}
            self.fake.control({"instance": {"id": IDS[to], "product": product, "account": "1234567890", **there}})
        self.fake.control({"forget": True})
        self.write("d.yaml", topic("order") + topic("theirs") + group("GID_a", deliveryOrderType="Concurrently")
                   + group("GID_theirs", deliveryOrderType="Concurrently"))

    def assert_converged(self):
        """Ours were created, each once, by us; theirs were never written; the journal tells the same."""
        self.assertEqual(sorted((line["name"], line["before"]) for line in self.fake.audit()), [("GID_a", None), ("order", None)])

    def journalled(self):
        lines = [json.loads(line) for path in self.path("state").glob("*/journal.jsonl") for line in path.read_text().splitlines()]
        for path in self.path("state").glob("*/journal.jsonl"):
            path.unlink()
        return sorted({line["name"] for line in lines if line["event"] in ("created", "settled", "existed")})


class EveryOperation(WithBoth):
    def test_one_fault_at_each_operation(self):
        """An answer is lost, cut off, or is no answer; it is throttled or the gateway is busy; once, then all is well."""
        throttled = {"status": 400, "code": "Throttling.User", "message": "Request was denied due to user flow control.", "gateway": True}
        busy = {"status": 503, "code": "ServiceUnavailable", "message": "The request has failed due to a temporary failure.", "gateway": True}
        faults = [*({"cut": cut} for cut in ("before", "headers", "body", "reset")),
                  *({"shape": shape} for shape in ("html", "truncated", "empty")), {"refuse": throttled}, {"refuse": busy}]
        for to, operations in OPERATIONS.items():
            for operation in operations.values():
                for fault in faults:
                    with self.subTest(f"{operation} {fault}"):
                        self.anew()
                        self.fake.control({"fault": {"operation": operation, **fault}})
                        self.reconcile("apply", to, "--timeout", "40s", binary=self.quick)
                        self.assert_converged()
                        self.assertTrue({"order", "GID_a"} <= set(self.journalled()))


class Documented(WithBoth):
    def produced(self, to, index, way):
        cause, who, four, five, status, message = DOCUMENTED[index]
        refuse = {"status": 400 if to == FOUR else status, "code": four if to == FOUR else five, "message": message}
        self.anew()
        self.fake.control({"set": {"refusals": way}}, {"fault": {"operation": OPERATIONS[to][who], "times": -1, "refuse": refuse}})
        ended = self.reconcile("apply", to, "--timeout", "4s", "--output", "json", code=None, binary=self.quick)
        return ended, cause, refuse

    def test_all_fourteen_documented_failures_are_shown_with_hint_code_and_request_id(self):
        # The rest: 1. "It exists" of what no list shows is tried again, as what the provider calls its own failure is.
        exits = {"instance-not-found": 69, "instance-permission-unverified": 77,
                 **dict.fromkeys(("system-error", "instance-not-in-service", "group-create-failed", "topic-create-failed", "topic-exists",
                                  "group-exists"), 75)}
        for to in (FIVE, FOUR):
            for index, row in enumerate(DOCUMENTED):
                for way in WAYS if to == FIVE else WAYS[:1]:
                    with self.subTest(f"{to} {row[0]} {way}"):
                        ended, cause, refuse = self.produced(to, index, way)
                        self.assertEqual(ended.code, exits.get(cause, 1), ended.out + ended.err)
                        self.assertIn(cause, ended.out)
                        self.assertIn(refuse["code"], ended.out)
                        self.assertIn('"requestId"', ended.out)
                        self.assertIn('"hint"', ended.out)
                        self.assertEqual([line for line in self.fake.audit() if line["before"] is not None], [])

    def test_codes_that_nobody_knows_are_told_and_never_taken_for_success(self):
        """Under all three envelopes. What is refused with 4xx is refused; 5xx may pass, and so may what came inside of 200."""
        for to in (FIVE, FOUR):
            for way in WAYS:
                for status, code in ((400, 1), (500, 75)) if way == "status" else ((400, 1),):
                    with self.subTest(f"{to} {way} {status}"):
                        refuse = {"status": status, "code": "Whatever.Is.New", "message": "Nobody has heard of this."}
                        self.anew()
                        self.fake.control({"set": {"refusals": way}},
                                          {"fault": {"operation": OPERATIONS[to]["topic"], "times": -1, "refuse": refuse}})
                        ended = self.reconcile("apply", to, "--timeout", "3s", "--output", "json", code=code, binary=self.quick)
                        row = {row["name"]: row for row in ended.json()["resources"]}["order"]
                        self.assertIn(row["result"], ("failed", "pending"))
                        self.assertEqual((row["providerCode"], row["providerMessage"]), (refuse["code"], refuse["message"]))
                        self.assertTrue(row["requestId"])
                        self.assertEqual([line["name"] for line in self.fake.audit()], ["GID_a"])


class Halfway(WithBoth):
    def many(self, count=12):
        self.write("d.yaml", "".join(topic(f"t{number:02}") for number in range(count)))

    def test_the_instance_leaves_service_half_way(self):
        for to, status in ((FIVE, "STOPPED"), (FOUR, 2)):
            self.many()
            self.fake.control({"fault": {"operation": OPERATIONS[to]["topic"], "skip": 4, "meanwhile": [
                {"change": {"id": IDS[to], "status": status}}]}})
            self.reconcile("apply", to, "--timeout", "4s", "--concurrency", "1", code=75)
            created = len(self.fake.audit())
            self.assertEqual(created, 4)
            self.fake.control({"change": {"id": IDS[to], "status": "RUNNING" if to == FIVE else 5}})
            self.reconcile("apply", to)
            self.assertEqual(sorted(line["name"] for line in self.fake.audit()), [f"t{number:02}" for number in range(12)])
            self.fake.control({"forget": True})

    def test_the_quota_is_reached_half_way_and_groups_go_on(self):
        for to in (FIVE, FOUR):
            self.anew()
            self.many(8)
            self.write("d.yaml", self.path("d.yaml").read_text() + group("GID_after"))
            self.fake.control({"change": {"id": IDS[to], "quotas": {"topic": 6}}})
            ended = self.reconcile("apply", to, "--output", "json", code=1)
            self.assertEqual(len(self.topics(to)), 6)
            self.assertIn("GID_after", [line["name"] for line in self.fake.audit()])
            states = {row["name"]: (row["result"], row.get("cause")) for row in ended.json()["resources"]}
            self.assertEqual(sum(cause == "topic-quota-reached" for _, cause in states.values()), 3)

    def test_throttling_of_everything_for_a_while(self):
        """With both kinds of hints when to come again: nothing fails, nothing is created twice. A minute of it: test_cloud_patience."""
        refuse = {"status": 400, "code": "Throttling", "message": "Request was denied due to request throttling.", "gateway": True}
        for to in (FIVE, FOUR):
            self.many()
            self.fake.control({"fault": {"operation": OPERATIONS[to]["topic"], "skip": 3, "times": 8, "refuse": {
                **refuse, "headers": {"x-acs-retry-after": "400"} if to == FIVE else {"x-ratelimit-user": "Limit:1,Remain:0,TimeLeft:400"}}}})
            self.reconcile("apply", to)
            self.assertEqual(sorted(line["name"] for line in self.fake.audit()), [f"t{number:02}" for number in range(12)])
            self.fake.control({"forget": True})

    def test_lists_that_lie_are_read_again(self):
        """The total changes between pages, an item comes twice; for ever: a bad answer, and nothing is written."""
        names = {f"x{number:03}": {"messageType": "NORMAL"} for number in range(150)}
        for fault in ({"total": 1}, {"repeat": True}):
            self.fake.control({"instance": {"id": IDS[FIVE], "product": "rocketmq", "account": "1234567890", "topics": names}}, {"forget": True},
                              {"fault": {"operation": "ListTopics", "page": 2, **fault}})
            self.reconcile("apply")
            self.assertEqual(sorted(line["name"] for line in self.fake.audit()), ["GID_a", "GID_theirs", "order", "theirs"])
            self.fake.control({"instance": {"id": IDS[FIVE], "product": "rocketmq", "account": "1234567890", "topics": names}}, {"forget": True},
                              {"fault": {"operation": "ListTopics", "page": 2, "times": -1, **fault}})
            ended = self.reconcile("apply", FIVE, "--timeout", "8s", code=None, binary=self.quick)
            self.assertEqual(ended.code, 69, ended.err)  # also when the time is over while it reads once more
            self.assertIn("not what the interface promises", ended.err)
            self.assertEqual(self.fake.audit(), [])

    def test_two_processes_and_somebody_at_the_console(self):
        """Each with a state of its own, over the same names: every name is created once, by one of the three."""
        for to, settings in ((FIVE, {"messageType": "NORMAL"}), (FOUR, {"MessageType": 0})):
            self.many(20)
            theirs = [{"console": {"instance": IDS[to], "kind": "topic", "name": f"t{number:02}", "settings": settings}} for number in (15, 17)]
            self.fake.control({"set": {"delay_s": 0.05}}, {"fault": {"operation": OPERATIONS[to]["topic"], "skip": 3, "meanwhile": theirs}})
            self.environment["MQFERRY_STATE_DIR"] = str(self.path("one"))
            other = self.start("apply", "--yes", "--from", "d.yaml", "--to", to, "--endpoint", self.fake.endpoint, "--concurrency", "2")
            self.environment["MQFERRY_STATE_DIR"] = str(self.path("two"))
            self.reconcile("apply", to, "--concurrency", "2")
            self.assertEqual(other.wait(60), 0, self.log())
            self.assertEqual(sorted(line["name"] for line in self.fake.audit()), [f"t{number:02}" for number in range(20)])
            self.assertEqual({line["before"] for line in self.fake.audit()}, {None})
            self.fake.control({"forget": True})

    def test_two_writers_and_topics_that_take_their_time(self):
        """CREATING for a second: whoever comes second waits for it, and creates nothing again."""
        self.many(6)
        self.fake.control({"change": {"id": IDS[FIVE], "creating_s": 1.5}})
        self.environment["MQFERRY_STATE_DIR"] = str(self.path("one"))
        other = self.start("apply", "--yes", "--from", "d.yaml", "--to", FIVE, "--endpoint", self.fake.endpoint)
        self.environment["MQFERRY_STATE_DIR"] = str(self.path("two"))
        self.reconcile("apply")
        self.assertEqual(other.wait(60), 0, self.log())
        self.assertEqual(sorted(line["name"] for line in self.fake.audit()), [f"t{number:02}" for number in range(6)])


del WithCloud
