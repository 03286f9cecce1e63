# SPDX-License-Identifier: Apache-2.0
"""The vendor's own clients take the fake for the cloud: they list, read, create, and meet errors and throttling on it."""
import unittest

from handle import ACCOUNT, KEY_ID, SECRET, Fake

try:
    from alibabacloud_ons20190214 import models as ons_models
    from alibabacloud_ons20190214.client import Client as OnsClient
    from alibabacloud_rocketmq20220801 import models
    from alibabacloud_rocketmq20220801.client import Client
    from alibabacloud_tea_openapi.exceptions import AlibabaCloudException, ThrottlingException
    from alibabacloud_tea_openapi.utils_models import Config
    MISSING = ""
except ImportError as error:
    MISSING = f"the vendor's SDKs cannot be installed here ({error})"

INSTANCE, ONS_INSTANCE = "rmq-cn-abc123", "MQ_INST_1"


class WithFake(unittest.TestCase):
    def setUp(self):
        self.fake = Fake()
        self.addCleanup(self.fake.close)

    def config(self, key=KEY_ID, secret=SECRET, token=None, **more):
        return Config(access_key_id=key, access_key_secret=secret, security_token=token, endpoint=self.fake.host,
                      protocol="http", region_id="cn-hangzhou", **more)

    def refused(self, call, *arguments):
        with self.assertRaises(AlibabaCloudException) as caught:
            call(*arguments)
        return caught.exception


@unittest.skipIf(MISSING, MISSING)
class RocketMQ(WithFake):
    def setUp(self):
        super().setUp()
        self.sdk = Client(self.config())

    def create(self, name, sdk=None):
        return (sdk or self.sdk).create_topic(INSTANCE, name, models.CreateTopicRequest(message_type="FIFO", remark="备 注+~*"))

    def test_create_get_and_list_topics(self):
        self.assertTrue(self.create("order").body.data)
        topic = self.sdk.get_topic(INSTANCE, "order").body.data
        self.assertEqual((topic.message_type, topic.remark, topic.status), ("FIFO", "备 注+~*", "RUNNING"))
        for number in range(12):
            self.create(f"t{number}")
        pages = [self.sdk.list_topics(INSTANCE, models.ListTopicsRequest(page_number=number, page_size=10)).body.data
                 for number in (1, 2)]
        self.assertEqual([len(page.list) for page in pages], [10, 3])
        self.assertEqual(pages[0].total_count, 13)
        typed = models.ListTopicsRequest(message_types=["NORMAL", "FIFO"], filter="a b~*(x)", page_number=1, page_size=10)
        self.assertEqual(self.sdk.list_topics(INSTANCE, typed).body.data.total_count, 0)

    def test_groups_and_instances(self):
        policy = models.CreateConsumerGroupRequestConsumeRetryPolicy(retry_policy="FixedRetryPolicy", max_retry_times=8,
                                                                     fixed_interval_retry_time=10)
        request = models.CreateConsumerGroupRequest(delivery_order_type="Orderly", consume_retry_policy=policy)
        self.assertTrue(self.sdk.create_consumer_group(INSTANCE, "GID_a", request).body.data)
        group = self.sdk.get_consumer_group(INSTANCE, "GID_a").body.data
        self.assertEqual((group.delivery_order_type, group.consume_retry_policy.max_retry_times), ("Orderly", 8))
        listed = self.sdk.list_consumer_groups(INSTANCE, models.ListConsumerGroupsRequest(page_number=1, page_size=100))
        self.assertEqual([row.consumer_group_id for row in listed.body.data.list], ["GID_a"])
        self.assertEqual(self.sdk.get_instance(INSTANCE).body.data.status, "RUNNING")
        self.assertEqual([row.instance_id for row in self.sdk.list_instances(models.ListInstancesRequest()).body.data.list],
                         [INSTANCE])

    def test_errors(self):
        self.create("a")
        existed = self.refused(self.create, "a")
        self.assertEqual((existed.code, existed.status_code), ("Topic.Existed", 400))
        self.assertEqual(self.refused(self.sdk.get_topic, INSTANCE, "b").code, "Topic.NotFound")
        self.assertEqual(self.refused(self.sdk.get_instance, "none").code, "Instance.NotFound")
        other = Client(self.config(secret="other"))
        self.assertEqual(self.refused(other.get_instance, INSTANCE).code, "SignatureDoesNotMatch")
        self.assertEqual(len(self.fake.audit()), 1)

    def test_a_refusal_inside_of_200_passes_for_an_answer(self):
        self.fake.control({"set": {"refusals": "success"}})
        body = self.sdk.get_topic(INSTANCE, "b").body
        self.assertEqual((body.success, body.code), (False, "Topic.NotFound"))

    def test_throttling_tells_when_to_come_again(self):
        self.fake.control({"limit": {"operation": "GetInstance", "rate": 0.001, "burst": 1}})
        self.sdk.get_instance(INSTANCE)
        with self.assertRaises(ThrottlingException) as caught:
            self.sdk.get_instance(INSTANCE)
        self.assertEqual(caught.exception.code, "Throttling.User")
        self.assertGreater(caught.exception.retry_after, 0)

    def test_tokens(self):
        self.fake.control({"key": {"id": "STS.1", "secret": "s", "token": "t/+=", "account": ACCOUNT, "calls_left": 1}})
        sdk = Client(self.config("STS.1", "s", "t/+="))
        self.assertTrue(self.create("a", sdk).body.data)
        self.assertEqual(self.refused(sdk.get_instance, INSTANCE).code, "InvalidSecurityToken.Expired")


@unittest.skipIf(MISSING, MISSING)
class Ons(WithFake):
    algorithm = None  # the SDK's choice: V3

    def setUp(self):
        super().setUp()
        self.sdk = OnsClient(self.config(signature_algorithm=self.algorithm))

    def create(self, name):
        request = ons_models.OnsTopicCreateRequest(instance_id=ONS_INSTANCE, topic=name, message_type=1, remark="a b/+~*")
        return self.sdk.ons_topic_create(request)

    def topics(self):
        request = ons_models.OnsTopicListRequest(instance_id=ONS_INSTANCE)
        return self.sdk.ons_topic_list(request).body.data.publish_info_do

    def test_topics(self):
        self.assertTrue(self.create("order").body.request_id)
        (row,) = self.topics()
        self.assertEqual((row.topic, row.message_type, row.remark, row.service_status), ("order", 1, "a b/+~*", 1))
        self.assertEqual(self.refused(self.create, "order").code, "BIZ_TOPIC_EXISTED")

    def test_groups_and_instances(self):
        for name, group_type in (("GID_a", "tcp"), ("GID_b", "http")):
            self.sdk.ons_group_create(ons_models.OnsGroupCreateRequest(instance_id=ONS_INSTANCE, group_id=name,
                                                                       group_type=group_type))
        listed = self.sdk.ons_group_list(ons_models.OnsGroupListRequest(instance_id=ONS_INSTANCE, group_type="http"))
        self.assertEqual([row.group_id for row in listed.body.data.subscribe_info_do], ["GID_b"])
        info = self.sdk.ons_instance_base_info(ons_models.OnsInstanceBaseInfoRequest(instance_id=ONS_INSTANCE))
        self.assertEqual(info.body.instance_base_info.instance_status, 5)
        every = self.sdk.ons_instance_in_service_list(ons_models.OnsInstanceInServiceListRequest(need_resource_info=True))
        self.assertEqual([row.group_count for row in every.body.data.instance_vo], [2])

    def test_errors_and_throttling(self):
        missing = ons_models.OnsInstanceBaseInfoRequest(instance_id="none")
        self.assertEqual(self.refused(self.sdk.ons_instance_base_info, missing).code, "INSTANCE_NOT_FOUND")
        self.fake.control({"limit": {"operation": "OnsTopicList", "rate": 0.001, "burst": 1}})
        self.topics()
        self.assertEqual(self.refused(self.topics).code, "Throttling.User")


class OnsByTheOldSignature(Ons):
    algorithm = "v2"  # RPC 1.0, HMAC-SHA1

    def setUp(self):
        super().setUp()
        self.fake.control({"set": {"only_v1": ["mandatory", "AccessKeyId"]}})


if __name__ == "__main__":
    unittest.main()
