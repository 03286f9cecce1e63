# SPDX-License-Identifier: Apache-2.0
"""RocketMQ OpenAPI 2022-08-01: the 5.x product."""
import json
import re
import time

import signatures
from state import Refusal, beijing_time

VERSION = "2022-08-01"
PRODUCT = "rocketmq"
ID, TOPIC, GROUP = r"(?P<instance>[^/]+)", r"(?P<topic>[^/]+)", r"(?P<group>[^/]+)"
ROUTES = [(method, re.compile(path), operation) for method, path, operation in (
    ("GET", "/regions", "ListRegions"),
    ("GET", "/instances", "ListInstances"),
    ("GET", f"/instances/{ID}", "GetInstance"),
    ("GET", f"/instances/{ID}/topics", "ListTopics"),
    ("GET", f"/instances/{ID}/topics/{TOPIC}", "GetTopic"),
    ("POST", f"/instances/{ID}/topics/{TOPIC}", "CreateTopic"),
    ("GET", f"/instances/{ID}/consumerGroups", "ListConsumerGroups"),
    ("GET", f"/instances/{ID}/consumerGroups/{GROUP}", "GetConsumerGroup"),
    ("POST", f"/instances/{ID}/consumerGroups/{GROUP}", "CreateConsumerGroup"),
)]
MESSAGE_TYPES = ("NORMAL", "FIFO", "DELAY", "TRANSACTION", "LITE")
RETRY_POLICIES = ("DefaultRetryPolicy", "FixedRetryPolicy", "BackoffRetryPolicy")
RESERVED = {
    "topic": r"TBW102|BenchmarkTest|SELF_TEST_TOPIC|OFFSET_MOVED_EVENT|SCHEDULE_TOPIC_XXXX|RMQ_SYS_.*|rmq_sys_.*"
             r"|rocketmq-(broker|proxy)-.*|.*_REPLY_TOPIC",
    "group": r"DEFAULT_CONSUMER|DEFAULT_PRODUCER|TOOLS_CONSUMER|FILTERSRV_CONSUMER|__MONITOR_CONSUMER"
             r"|CLIENT_INNER_PRODUCER|SELF_TEST_[PC]_GROUP|CID_ONS.*|CID_RMQ_SYS_.*",
}
WORDS = {"topic": ("Topic", "topicName", "topic"), "group": ("ConsumerGroup", "consumerGroupId", "consumer group")}


def route(request):
    """(operation, arguments); names in the path are decoded."""
    for method, path, operation in ROUTES:
        match = path.fullmatch(request.path)
        if match and method == request.method:
            arguments = {name: signatures.urllib.parse.unquote(value) for name, value in match.groupdict().items()}
            return operation, {**dict(request.query), **arguments}
    raise Refusal(404, "InvalidApi.NotFound", "Specified api is not found, please check your url and method.", gateway=True)


def name_of(arguments):
    return arguments.get("topic") or arguments.get("group") or ""


def perform(state, key, operation, arguments, body):
    """The `data` of the answer."""
    if operation == "ListRegions":
        return [{"regionId": "cn-hangzhou", "regionName": "Hangzhou", "tags": []}]
    if operation == "ListInstances":
        mine = [one for one in state.instances.values() if one.product == PRODUCT and one.account == key.account]
        return page([instance_facts(one) for one in mine], arguments, 10, 200)
    instance = state.instance(PRODUCT, arguments["instance"])
    if not instance:
        raise Refusal(404, "Instance.NotFound", "The instance cannot be found.")
    if instance.account != key.account or operation in key.denied:
        raise Refusal(403, "NoPermission", "Permission denied.")
    return OPERATIONS[operation](state, key, instance, arguments, body)


# --- reads

def get_instance(_state, _key, instance, _arguments, _body):
    quotas = []
    for kind, name in (("topic", "TOPIC_COUNT"), ("group", "GROUP_COUNT")):
        if kind in instance.quotas:
            total, used = instance.quotas[kind], len(instance.items[kind])
            quotas.append({"quotaName": name, "totalCount": total, "usedCount": used, "freeCount": max(total - used, 0)})
    return {**instance_facts(instance), "instanceQuotas": quotas,
            "networkInfo": {"endpoints": [], "internetInfo": {}, "vpcInfo": {}},
            "software": {"softwareVersion": "5.0", "upgradeMethod": "auto"}, "aclInfo": {"aclType": "default"}}


def instance_facts(instance):
    return {"instanceId": instance.id, "instanceName": instance.id, "status": instance.status, "regionId": "cn-hangzhou",
            "seriesCode": instance.series, "subSeriesCode": instance.sub_series, "userId": instance.account,
            "serviceCode": "rmq", "topicCount": len(instance.items["topic"]), "groupCount": len(instance.items["group"]),
            "tags": []}


def item_facts(instance, kind, item, whole):
    facts = {WORDS[kind][1]: item.name, "instanceId": instance.id, "regionId": "cn-hangzhou",
             "status": "RUNNING" if item.serving_from <= time.time() else "CREATING",
             "createTime": beijing_time(item.created), "updateTime": beijing_time(item.updated), **item.settings}
    if kind == "group" and not whole:
        for detail in ("deliveryOrderType", "consumeRetryPolicy", "exclusive"):
            facts.pop(detail, None)
    return facts


def list_items(kind):
    def perform_it(_state, _key, instance, arguments, _body):
        items = instance.shown(kind)
        if arguments.get("messageTypes"):
            items = [item for item in items if item.settings.get("messageType") in arguments["messageTypes"].split(",")]
        if arguments.get("filter"):
            items = [item for item in items if arguments["filter"] in item.name]
        return page([item_facts(instance, kind, item, False) for item in items], arguments, 10, 100)

    return perform_it


def get_item(kind):
    def perform_it(_state, _key, instance, arguments, _body):
        item = instance.shown_one(kind, arguments[kind])
        if not item:
            raise Refusal(404, f"{WORDS[kind][0]}.NotFound", f"The {WORDS[kind][2]} cannot be found.")
        return item_facts(instance, kind, item, True)

    return perform_it


def page(items, arguments, smallest, largest):
    try:
        number, size = int(arguments.get("pageNumber", 1)), int(arguments.get("pageSize", smallest))
    except ValueError as error:
        raise Refusal(400, "InvalidPageNumber", "Parameter pageNumber is invalid.") from error
    number, size = max(number, 1), min(max(size, smallest), largest)
    return {"pageNumber": number, "pageSize": size, "totalCount": len(items), "list": items[(number - 1) * size:number * size]}


# --- creates

def create(kind, check):
    word, identifier, plain = WORDS[kind]

    def perform_it(state, key, instance, arguments, body):
        name = arguments[kind]
        if not instance.in_service():
            raise Refusal(400, "Instance.StatusNotRunning", "The specified instance is not in service.")
        longest = 128 if instance.sub_series == "serverless" else 60
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,%d}" % longest, name) or re.fullmatch(RESERVED[kind], name):
            raise Refusal(400, f"Invalid{identifier[0].upper()}{identifier[1:]}", f"Parameter {identifier} is invalid.")
        settings = read_body(body)
        check(settings)
        if name in instance.items[kind]:
            raise Refusal(400, f"{word}.Existed", f"The {plain} already exists.")
        if len(instance.items[kind]) >= instance.quotas.get(kind, float("inf")):
            raise Refusal(400, f"{word}.CountExceedLimit", f"The maximum number of {plain}s on this instance is reached.")
        state.create(key.id, instance, kind, name, settings)
        return True

    return perform_it


def read_body(body):
    try:
        settings = json.loads(body)
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise Refusal(400, "InvalidBody", "The request body is not a JSON object.")
    return settings


def one_of(settings, name, words):
    value = settings.get(name)
    parameter = name[0].upper() + name[1:]
    if value is None:
        raise Refusal(400, f"Missing{parameter}", f"{name} is mandatory for this action.")
    if value not in words:
        raise Refusal(400, f"Invalid{parameter}", f"Parameter {name} is invalid.")
    return value


def between(settings, name, low, high):
    value = settings.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high):
        raise Refusal(400, f"Invalid{name[0].upper()}{name[1:]}", f"Parameter {name} is invalid.")


def check_topic(settings):
    one_of(settings, "messageType", MESSAGE_TYPES)
    between(settings, "maxSendTps", 1, 1 << 62)
    if settings.get("liteTopicExpiration") != -1:
        between(settings, "liteTopicExpiration", 30, 720)


def check_group(settings):
    order = one_of(settings, "deliveryOrderType", ("Concurrently", "Orderly"))
    policy = settings.get("consumeRetryPolicy")
    if not isinstance(policy, dict):
        raise Refusal(400, "MissingConsumeRetryPolicy", "consumeRetryPolicy is mandatory for this action.")
    retry = one_of(policy, "retryPolicy", RETRY_POLICIES)
    if order == "Orderly" and retry == "DefaultRetryPolicy":
        raise Refusal(400, "InvalidRetryPolicy", "DefaultRetryPolicy is for concurrent delivery only.")
    between(policy, "maxRetryTimes", 0, 1000)
    between(policy, "fixedIntervalRetryTime", *((1, 600) if order == "Orderly" else (10, 1800)))
    between(settings, "maxReceiveTps", 1, 1 << 62)


OPERATIONS = {
    "GetInstance": get_instance,
    "ListTopics": list_items("topic"),
    "GetTopic": get_item("topic"),
    "CreateTopic": create("topic", check_topic),
    "ListConsumerGroups": list_items("group"),
    "GetConsumerGroup": get_item("group"),
    "CreateConsumerGroup": create("group", check_group),
}


# --- envelopes

def accepted(request_id, data):
    return {"requestId": request_id, "success": True, "code": "200", "message": "", "httpStatusCode": 200,
            "dynamicCode": "", "dynamicMessage": "", "data": data}


def refused(request_id, refusal, way):
    """The three ways of saying no: by HTTP status, by `success` inside of 200, by `code` alone inside of 200."""
    envelope = {"requestId": request_id, "code": refusal.code, "message": refusal.message}
    if way != "code":
        envelope |= {"success": False, "httpStatusCode": refusal.status}
    return (refusal.status if way == "status" else 200), envelope
