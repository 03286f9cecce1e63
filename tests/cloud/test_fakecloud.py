# SPDX-License-Identifier: Apache-2.0
"""What the fake cloud promises: strict signatures, creates once, every way of saying no, faults as they were scripted."""
import http.client
import tempfile
import unittest

from handle import ACCOUNT, KEY_ID, SECRET, Fake

INSTANCE = "/instances/rmq-cn-abc123"
TOPIC = {"messageType": "NORMAL"}
GROUP = {"deliveryOrderType": "Concurrently", "consumeRetryPolicy": {"retryPolicy": "DefaultRetryPolicy", "maxRetryTimes": 16}}


class FakeCloud(unittest.TestCase):
    def setUp(self):
        self.fake = Fake()
        self.addCleanup(self.fake.close)

    def create(self, name, body=None, **how):
        return self.fake.rocketmq("CreateTopic", "POST", f"{INSTANCE}/topics/{name}", None, TOPIC if body is None else body, **how)

    def topics(self, **query):
        return self.fake.rocketmq("ListTopics", "GET", f"{INSTANCE}/topics", query)[1]["data"]

    # --- the gateway

    def test_wrong_secret_gets_the_string_to_sign(self):
        status, said = self.create("a", secret="other")
        self.assertEqual((status, said["Code"]), (400, "SignatureDoesNotMatch"))
        self.assertIn("server string to sign is:ACS3-HMAC-SHA256\n", said["Message"])
        self.assertEqual(self.fake.audit(), [])

    def test_keys_tokens_clocks_and_nonces_are_checked(self):
        self.fake.control({"key": {"id": "STS.1", "secret": "s", "account": ACCOUNT, "token": "t", "calls_left": 1}},
                          {"key": {"id": "off", "secret": "s", "account": ACCOUNT, "inactive": True}})
        cases = [({"key": "who"}, "InvalidAccessKeyId.NotFound"), ({"key": "off", "secret": "s"}, "InvalidAccessKeyId.Inactive"),
                 ({"key": "STS.1", "secret": "s", "token": "x"}, "InvalidSecurityToken.Malformed"),
                 ({"key": "STS.1", "secret": "s"}, "MissingSecurityToken"),
                 ({"skew_s": -1000}, "InvalidTimeStamp.Expired"), ({"skew_s": 1000}, "InvalidTimeStamp.Expired"),
                 ({"skew_s": 800}, "200"), ({"key": "STS.1", "secret": "s", "token": "t"}, "200"),
                 ({"key": "STS.1", "secret": "s", "token": "t"}, "InvalidSecurityToken.Expired"),
                 ({"nonce": "n"}, "200"), ({"nonce": "n"}, "SignatureNonceUsed")]
        for number, (how, code) in enumerate(cases):
            with self.subTest(f"{how} {code}"):
                said = self.create(f"t{number}", **how)[1]
                self.assertEqual(said.get("Code") or said.get("code"), code)

    def test_a_gateway_of_old_sees_parameters_only(self):
        """What V3 says in headers is not there for it; RPC 1.0 is checked as strictly."""
        self.fake.control({"set": {"only_v1": ["mandatory", "AccessKeyId"]}})
        self.assertIn(b"<Code>MissingAccessKeyId</Code>", self.fake.request(*self.fake.signed("2019-02-14", "OnsRegionList", "POST", "/", {}))[2])
        for changed, code in (({}, None), ({"Timestamp": ""}, "MissingTimestamp"), ({"Signature": "AAAA"}, "SignatureDoesNotMatch"),
                              ({"SignatureMethod": "HMAC-MD5"}, "IncompleteSignature"), ({"AccessKeyId": "nobody"}, "InvalidAccessKeyId.NotFound"),
                              ({"Timestamp": "2020-01-01T00:00:00Z"}, "InvalidTimeStamp.Expired")):
            with self.subTest(code):
                self.assertEqual(self.fake.rpc_v1("2019-02-14", "OnsRegionList", **changed).get("Code"), code)

    def test_throttling_belongs_to_account_and_operation(self):
        self.fake.control({"limit": {"operation": "CreateTopic", "rate": 0.001, "burst": 2}})
        codes = [self.create(name)[1] for name in "abc"]
        self.assertEqual([said.get("Code") for said in codes], [None, None, "Throttling.User"])
        self.assertEqual(self.topics()["totalCount"], 2)
        request = self.fake.signed("2022-08-01", "CreateTopic", "POST", f"{INSTANCE}/topics/d", {}, TOPIC)
        self.assertGreater(int(self.fake.request(*request)[1]["x-acs-retry-after"]), 1000)

    def test_unknown_operations_are_refused(self):
        status, said = self.fake.rocketmq("DeleteTopic", "DELETE", f"{INSTANCE}/topics/a")
        self.assertEqual((status, said["Code"]), (404, "InvalidApi.NotFound"))
        self.assertEqual(self.fake.ons("OnsTopicDelete")[1]["Code"], "InvalidAction.NotFound")

    def test_tls_has_a_ca_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            secure = Fake(folder)
            self.addCleanup(secure.close)
            self.assertEqual(secure.rocketmq("GetInstance", "GET", INSTANCE)[1]["data"]["status"], "RUNNING")

    # --- 5.x

    def test_a_topic_is_created_once(self):
        self.assertEqual(self.create("a")[1]["data"], True)
        status, said = self.create("a", {"messageType": "FIFO"})
        self.assertEqual((status, said["success"], said["code"]), (400, False, "Topic.Existed"))
        (entry,) = self.fake.audit()
        del entry["time"]
        self.assertEqual([entry], [{"writer": KEY_ID, "instance": "rmq-cn-abc123", "kind": "topic", "name": "a",
                                              "before": None, "after": TOPIC}])

    def test_lists_come_in_pages(self):
        self.fake.control({"instance": {"id": "rmq-cn-abc123", "product": "rocketmq", "account": ACCOUNT,
                                        "topics": {f"t{number:03}": TOPIC for number in range(230)}}})
        pages = [self.topics(pageNumber=number, pageSize=1000) for number in (1, 2, 3, 4)]
        self.assertEqual([len(page["list"]) for page in pages], [100, 100, 30, 0])
        self.assertEqual({page["totalCount"] for page in pages}, {230})
        self.assertEqual(len({row["topicName"] for page in pages for row in page["list"]}), 230)

    def test_lists_of_groups_leave_out_the_details(self):
        self.fake.rocketmq("CreateConsumerGroup", "POST", f"{INSTANCE}/consumerGroups/GID_a", None, GROUP)
        (row,) = self.fake.rocketmq("ListConsumerGroups", "GET", f"{INSTANCE}/consumerGroups")[1]["data"]["list"]
        self.assertNotIn("consumeRetryPolicy", row)
        whole = self.fake.rocketmq("GetConsumerGroup", "GET", f"{INSTANCE}/consumerGroups/GID_a")[1]["data"]
        self.assertEqual(whole["consumeRetryPolicy"], GROUP["consumeRetryPolicy"])

    def test_bad_parameters_are_refused(self):
        for name, body, code in (("a", {}, "MissingMessageType"), ("a", {"messageType": "x"}, "InvalidMessageType"),
                                 ("a.b", TOPIC, "InvalidTopicName"), ("TBW102", TOPIC, "InvalidTopicName"),
                                 ("x" * 61, TOPIC, "InvalidTopicName")):
            with self.subTest(name, code=code):
                self.assertEqual(self.create(name, body)[1]["code"], code)
        ordered = {**GROUP, "deliveryOrderType": "Orderly"}
        said = self.fake.rocketmq("CreateConsumerGroup", "POST", f"{INSTANCE}/consumerGroups/g", None, ordered)[1]
        self.assertEqual(said["code"], "InvalidRetryPolicy")

    def test_quota_status_and_ownership(self):
        self.fake.control({"change": {"id": "rmq-cn-abc123", "quotas": {"topic": 1}}},
                          {"key": {"id": "K2", "secret": "s", "account": "2"}})
        self.create("a")
        self.assertEqual(self.create("b")[1]["code"], "Topic.CountExceedLimit")
        quota = self.fake.rocketmq("GetInstance", "GET", INSTANCE)[1]["data"]["instanceQuotas"][0]
        self.assertEqual((quota["totalCount"], quota["freeCount"]), (1, 0))
        self.assertEqual(self.create("c", key="K2", secret="s")[1]["code"], "NoPermission")
        self.fake.control({"change": {"id": "rmq-cn-abc123", "status": "STOPPED"}})
        self.assertEqual(self.create("c")[1]["code"], "Instance.StatusNotRunning")
        self.assertEqual(self.fake.rocketmq("GetInstance", "GET", "/instances/none")[1]["code"], "Instance.NotFound")

    def test_creating_and_late_items_settle(self):
        self.fake.control({"change": {"id": "rmq-cn-abc123", "creating_s": -1}})
        self.create("a")
        self.assertEqual(self.topics()["list"][0]["status"], "CREATING")
        self.fake.control({"change": {"id": "rmq-cn-abc123", "late_s": 3600}})
        self.create("b")
        self.assertEqual(self.topics()["totalCount"], 1)
        self.assertEqual(self.create("b")[1]["code"], "Topic.Existed")
        self.fake.control({"settle": "rmq-cn-abc123"})
        self.assertEqual([row["status"] for row in self.topics()["list"]], ["RUNNING", "RUNNING"])

    # --- 4.x

    def ons(self, action, **query):
        status, said = self.fake.ons(action, InstanceId="MQ_INST_1", **query)
        return said.get("Code") or (said if status == 200 else status)

    def test_names_are_unique_over_topics_and_groups(self):
        self.assertIn("RequestId", self.ons("OnsTopicCreate", Topic="abc", MessageType="0"))
        self.assertEqual(self.ons("OnsTopicCreate", Topic="abc", MessageType="0"), "BIZ_TOPIC_EXISTED")
        self.assertEqual(self.ons("OnsGroupCreate", GroupId="abc"), "BIZ_FIELD_CHECK_INVALID")
        self.assertIn("RequestId", self.ons("OnsGroupCreate", GroupId="GID_a", GroupType="http"))
        self.assertEqual(self.ons("OnsGroupCreate", GroupId="GID_a"), "BIZ_SUBSCRIPTION_EXISTED")

    def test_without_namespace_a_group_belongs_to_one_instance_of_the_account(self):
        self.fake.control({"instance": {"id": "MQ_INST_1", "product": "ons", "account": ACCOUNT, "independent": False}},
                          {"instance": {"id": "MQ_INST_2", "product": "ons", "account": ACCOUNT, "independent": False,
                                        "groups": {"GID_a": {"GroupType": "tcp"}}}})
        self.assertEqual(self.ons("OnsGroupCreate", GroupId="GID_a"), "BIZ_CONSUMER_ID_BELONG_TO_OTHER_USER")

    def test_lists_of_groups_have_their_traps(self):
        self.ons("OnsGroupCreate", GroupId="GID_a", GroupType="http")
        self.ons("OnsGroupCreate", GroupId="GID_ab")
        for query, names in (({}, ["GID_ab"]), ({"GroupType": "http"}, ["GID_a"]),
                             ({"GroupType": "all", "GroupId": "GID_a"}, ["GID_a", "GID_ab"])):
            rows = self.ons("OnsGroupList", **query)["Data"]["SubscribeInfoDo"]
            self.assertEqual(sorted(row["GroupId"] for row in rows), names)
        self.assertEqual(self.ons("OnsTopicList", Topic="none"), "AUTH_RESOURCE_OWNER_ERROR")

    def test_capacity_and_status(self):
        self.fake.control({"change": {"id": "MQ_INST_1", "quotas": {"topic": 1}}})
        self.ons("OnsTopicCreate", Topic="abc", MessageType="5")
        self.assertEqual(self.ons("OnsTopicCreate", Topic="abd", MessageType="0"), "BIZ_TOPIC_TOO_MUCH")
        self.assertEqual(self.ons("OnsInstanceBaseInfo")["InstanceBaseInfo"]["TopicCapacity"], 1)
        self.fake.control({"change": {"id": "MQ_INST_1", "status": 2}})
        self.assertEqual(self.ons("OnsTopicCreate", Topic="abd", MessageType="0"), "BIZ_INSTANCE_STATUS_ERROR")

    # --- ways of saying no, and faults

    def test_the_three_ways_of_saying_no(self):
        seen = {}
        for way in ("status", "success", "code"):
            self.fake.control({"set": {"refusals": way}})
            status, said = self.fake.rocketmq("GetTopic", "GET", f"{INSTANCE}/topics/none")
            seen[way] = (status, said.get("success"), said["code"])
        self.assertEqual(seen, {"status": (404, False, "Topic.NotFound"), "success": (200, False, "Topic.NotFound"),
                                "code": (200, None, "Topic.NotFound")})

    def test_every_cut_ends_the_connection_after_the_topic_was_created(self):
        for cut in ("before", "headers", "body", "reset"):
            with self.subTest(cut):
                self.fake.control({"fault": {"operation": "CreateTopic", "cut": cut}})
                with self.assertRaises((http.client.HTTPException, ConnectionError, ValueError)):
                    self.create(cut)
                self.assertEqual(self.create(cut)[1]["code"], "Topic.Existed")

    def test_a_request_that_never_arrived_creates_nothing(self):
        self.fake.control({"fault": {"operation": "CreateTopic", "cut": "before", "apply": False}})
        with self.assertRaises((http.client.HTTPException, ConnectionError)):
            self.create("a")
        self.assertEqual(self.fake.audit(), [])

    def test_duplicate_delivery_creates_once_and_answers_for_the_second(self):
        self.fake.control({"fault": {"operation": "CreateTopic", "duplicate": True}})
        self.assertEqual(self.create("a")[1]["Code"], "SignatureNonceUsed")
        self.assertEqual(len(self.fake.audit()), 1)

    def test_every_shape_comes_after_the_deed(self):
        for shape, status, begins in (("html", 500, b"<html"), ("xml", 500, b"<?xml"), ("empty", 200, b""),
                                      ("truncated", 200, b'{"requestId'), ("nonsense", 200, b'{"requestId": "N-1", "data": ')):
            with self.subTest(shape):
                self.fake.control({"fault": {"shape": shape, "slow_s": 0.001}})
                request = self.fake.signed("2022-08-01", "CreateTopic", "POST", f"{INSTANCE}/topics/{shape}", {}, TOPIC)
                answer = self.fake.request(*request)
                self.assertEqual(answer[0], status)
                self.assertTrue(answer[2].startswith(begins))
                self.assertIn(shape, self.fake.holds("rmq-cn-abc123", "topic"))

    def test_a_list_shifts_while_it_is_read(self):
        self.create("a")
        meanwhile = [{"console": {"instance": "rmq-cn-abc123", "kind": "topic", "name": "b", "settings": TOPIC}}]
        self.fake.control({"fault": {"operation": "ListTopics", "page": 2, "meanwhile": meanwhile}},
                          {"fault": {"operation": "ListTopics", "skip": 1, "total": 3, "repeat": True}})
        self.assertEqual(self.topics(pageNumber=1)["totalCount"], 1)
        self.assertEqual(self.topics(pageNumber=2)["totalCount"], 2)
        page = self.topics(pageNumber=1)
        self.assertEqual((page["totalCount"], [row["topicName"] for row in page["list"]]), (5, ["b", "b", "a"]))
        self.assertEqual(self.fake.audit()[1]["writer"], "console")

    def test_refusals_and_wrong_dates_come_as_often_as_scripted(self):
        self.fake.control({"fault": {"operation": "CreateTopic", "times": 2, "date_offset_s": 7200,
                                     "refuse": {"status": 503, "code": "ServiceUnavailable", "message": "m", "gateway": True}}})
        self.assertEqual([self.create("a")[0] for _ in range(3)], [503, 503, 200])

    def test_a_wrong_command_is_refused(self):
        with self.assertRaises(ValueError):
            self.fake.control({"fault": {"shape": "none"}})
        self.assertEqual(SECRET in str(self.fake.seen()), False)


if __name__ == "__main__":
    unittest.main()
