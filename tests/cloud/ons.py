# SPDX-License-Identifier: Apache-2.0
"""ONS OpenAPI 2019-02-14: the 4.x product."""
import re
import time

from state import Refusal

VERSION = "2019-02-14"
PRODUCT = "ons"
AGAIN = "Please check and try again later."
# Calls per second and account that the vendor publishes.
PUBLISHED = {"OnsInstanceBaseInfo": 50, "OnsInstanceInServiceList": 50, "OnsRegionList": 50, "OnsTopicCreate": 10,
             "OnsTopicList": 10, "OnsGroupCreate": 10, "OnsGroupList": 10, "OnsTopicStatus": 1}
WORDS = {"topic": ("Topic", "TOPIC"), "group": ("GroupId", "SUBSCRIPTION")}


def route(request):
    """(operation, arguments)"""
    arguments = dict(request.query + request.form)
    operation = request.headers.get("x-acs-action") or arguments.get("Action", "")
    if operation not in OPERATIONS and operation not in WITHOUT_INSTANCE:
        raise Refusal(404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.", gateway=True)
    return operation, arguments


def name_of(arguments):
    return arguments.get("Topic") or arguments.get("GroupId") or ""


def perform(state, key, operation, arguments, _body):
    """Members of the answer besides RequestId."""
    if operation in WITHOUT_INSTANCE:
        return WITHOUT_INSTANCE[operation](state, key, arguments)
    if not arguments.get("InstanceId"):
        raise Refusal(400, "MissingInstanceId", "InstanceId is mandatory for this action.")
    instance = state.instance(PRODUCT, arguments["InstanceId"])
    if not instance:
        raise Refusal(400, "INSTANCE_NOT_FOUND", f"The specified instance does not exist. {AGAIN}")
    if instance.account != key.account:
        raise Refusal(400, "AUTH_RESOURCE_OWNER_ERROR", f"The resource belongs to another account. {AGAIN}")
    if operation in key.denied:
        raise Refusal(400, "AUTH_PERMISSION_CHECK_ERROR", f"Failed to verify permissions on the instance. {AGAIN}")
    return OPERATIONS[operation](state, key, instance, arguments)


# --- reads

def list_regions(_state, _key, _arguments):
    return {"Data": {"RegionDo": [{"OnsRegionId": "cn-hangzhou", "RegionName": "Hangzhou", "ChannelName": "ALIYUN"}]}}


def list_instances(state, key, arguments):
    counted = arguments.get("NeedResourceInfo", "").lower() == "true"
    rows = []
    for instance in state.instances.values():
        if instance.product == PRODUCT and instance.account == key.account:
            counts = {"TopicCount": len(instance.items["topic"]), "GroupCount": len(instance.items["group"])}
            rows.append({**instance_facts(instance), "Tags": {"Tag": []}, **(counts if counted else {})})
    return {"Data": {"InstanceVO": rows}}


def instance_facts(instance):
    return {"InstanceId": instance.id, "InstanceName": instance.id, "InstanceStatus": int(instance.status),
            "InstanceType": 2 if "topic" in instance.quotas else 1, "IndependentNaming": instance.independent}


def base_info(_state, _key, instance, _arguments):
    facts = {**instance_facts(instance), "Remark": "", "CreateTime": "1570701259403", "MaxTps": 5000, "Endpoints": {}}
    if "topic" in instance.quotas:
        facts["TopicCapacity"] = instance.quotas["topic"]
    return {"InstanceBaseInfo": facts}


def topic_list(_state, _key, instance, arguments):
    rows = [{"Topic": item.name, "MessageType": item.settings["MessageType"], "Relation": 6, "RelationName": "both",
             "ServiceStatus": 1 if item.serving_from <= time.time() else 0, **common(instance, item)}
            for item in instance.shown("topic") if arguments.get("Topic", item.name) == item.name]
    if arguments.get("Topic") and not rows:
        raise Refusal(400, "AUTH_RESOURCE_OWNER_ERROR", f"The topic is absent or not yours. {AGAIN}")
    return {"Data": {"PublishInfoDo": rows}}


def group_list(_state, _key, instance, arguments):
    """Of one type, tcp if not said; the name is looked for anywhere in the names."""
    wanted = arguments.get("GroupType", "tcp")
    rows = [{"GroupId": item.name, "GroupType": item.settings["GroupType"], "UpdateTime": int(item.updated * 1000),
             **common(instance, item)}
            for item in instance.shown("group")
            if wanted in ("all", item.settings["GroupType"]) and arguments.get("GroupId", "") in item.name]
    return {"Data": {"SubscribeInfoDo": rows}}


def common(instance, item):
    return {"InstanceId": instance.id, "Owner": instance.account, "IndependentNaming": instance.independent,
            "Remark": item.settings.get("Remark", ""), "CreateTime": int(item.created * 1000), "Tags": {"Tag": []}}


# --- creates

def create(kind, pattern, settings_of):
    parameter, word = WORDS[kind]
    other = "group" if kind == "topic" else "topic"

    def perform_it(state, key, instance, arguments):
        name = arguments.get(parameter, "")
        if not name:
            raise Refusal(400, f"Missing{parameter}", f"{parameter} is mandatory for this action.")
        if not instance.in_service():
            raise Refusal(400, "BIZ_INSTANCE_STATUS_ERROR", f"The specified instance is not in service. {AGAIN}")
        if not re.fullmatch(pattern, name):
            raise Refusal(400, "BIZ_FIELD_CHECK_INVALID", f"Failed to verify the parameters. {AGAIN}")
        settings = settings_of(arguments)
        for sharing in sharing_names(state, instance):
            refuse_taken(sharing, sharing is instance, kind, other, name)
        if len(instance.items[kind]) >= instance.quotas.get(kind, 1000 if kind == "group" else float("inf")):
            raise Refusal(400, f"BIZ_{word}_TOO_MUCH", f"The maximum number of {kind}s on this instance is reached. {AGAIN}")
        state.create(key.id, instance, kind, name, settings)
        return {}

    return perform_it


def sharing_names(state, instance):
    """Instances of the account without a namespace share theirs."""
    return [one for one in state.instances.values() if one is instance or (
        one.product == PRODUCT and one.account == instance.account and not one.independent and not instance.independent)]


def refuse_taken(instance, same, kind, other, name):
    if name in instance.items[kind]:
        if same:
            text = "The specified topic already exists." if kind == "topic" else "The group ID that you want to create already exists."
            raise Refusal(400, f"BIZ_{WORDS[kind][1]}_EXISTED", f"{text} {AGAIN}")
        if kind == "group":
            raise Refusal(400, "BIZ_CONSUMER_ID_BELONG_TO_OTHER_USER", f"The specified group ID belongs to another instance. {AGAIN}")
        raise Refusal(400, "BIZ_TOPIC_EXISTED", f"The specified topic already exists. {AGAIN}")
    if name in instance.items[other]:
        text = "A topic name cannot be the same as a group ID." if kind == "topic" else "A group ID cannot be the same as a topic name."
        raise Refusal(400, "BIZ_FIELD_CHECK_INVALID", text)


def topic_settings(arguments):
    if arguments.get("MessageType") not in ("0", "1", "2", "4", "5"):
        raise Refusal(400, "BIZ_FIELD_CHECK_INVALID", f"Failed to verify the parameters. {AGAIN}")
    return {"MessageType": int(arguments["MessageType"]), **remark(arguments, 128)}


def group_settings(arguments):
    if arguments.get("GroupType", "tcp") not in ("tcp", "http"):
        raise Refusal(400, "BIZ_FIELD_CHECK_INVALID", f"Failed to verify the parameters. {AGAIN}")
    return {"GroupType": arguments.get("GroupType", "tcp"), **remark(arguments, 256)}


def remark(arguments, longest):
    if len(arguments.get("Remark", "")) > longest:
        raise Refusal(400, "BIZ_FIELD_CHECK_INVALID", f"Failed to verify the parameters. {AGAIN}")
    return {"Remark": arguments["Remark"]} if arguments.get("Remark") else {}


WITHOUT_INSTANCE = {"OnsRegionList": list_regions, "OnsInstanceInServiceList": list_instances}
OPERATIONS = {
    "OnsInstanceBaseInfo": base_info,
    "OnsTopicList": topic_list,
    "OnsTopicCreate": create("topic", r"(?!CID|GID)[A-Za-z0-9_-]{3,64}", topic_settings),
    "OnsGroupList": group_list,
    "OnsGroupCreate": create("group", r"[A-Za-z0-9_-]{2,64}", group_settings),
}


# --- envelopes

def accepted(request_id, data):
    return {"RequestId": request_id, **data}


def refused(request_id, refusal, way):
    envelope = {"RequestId": request_id, "HostId": "ons.cn-hangzhou.aliyuncs.com", "Code": refusal.code, "Message": refusal.message}
    if way == "success":
        envelope["Success"] = False
    return (refusal.status if way == "status" else 200), envelope
