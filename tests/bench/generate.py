#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the data of the benchmark into a folder: the same bytes on every machine, once.

export.json, snapshot.json          500,000 topics and 100,000 groups as mqadmin exportMetadata of 5.x writes them in
                                    cluster mode, and the snapshot that equals them
manifests/*.yaml, declared.json     200,000 topics as people write them, and the snapshot that equals them
create-N.json                       exports of N resources, a sixth of them groups, for empty destinations
"""
import hashlib
import json
import pathlib
import random
import sys

AREAS = ("trade", "pay", "wms", "member", "stock", "promo", "risk", "finance", "search", "im", "iot", "game")
SERVICES = ("order", "refund", "cart", "ledger", "coupon", "warehouse", "user-profile", "price", "item-catalog",
            "settlement", "device", "notify", "fraud-check", "delivery", "mirror", "points", "contract", "invoice",
            "session", "ranking")
EVENTS = ("created", "updated", "cancelled", "payment", "shipped", "expired", "reminder", "snapshot", "binlog",
          "compensate", "closed", "status_event", "retry_task", "audit_log")
TOPICS, GROUPS, DECLARED = 500_000, 100_000, 200_000
PER_MANIFEST = 10_000
CREATES = (10_000, 100_000)


def names(count, prefix, rng):
    """Names of 20 to 40 bytes, many of which begin alike, in no order."""
    forms = [f"{prefix}{area}_{service}_%04d_{event}" for area in AREAS for service in SERVICES for event in EVENTS]
    found = [forms[n % len(forms)] % (n // len(forms)) for n in range(count)]
    rng.shuffle(found)
    return found


def java_order(keys):
    """The order in which a ConcurrentHashMap of Java gives its keys: that of the tables in an export."""
    buckets = 16
    while buckets * 3 // 4 <= len(keys):
        buckets *= 2

    def bucket(key):
        value = 0
        for byte in key.encode("utf-16-le")[::2]:
            value = (31 * value + byte) & 0xFFFFFFFF
        return (value ^ value >> 16) & (buckets - 1)

    return sorted(keys, key=bucket)


# --- settings, as an export says them: about a hundred, a few of them very common ---

def topic_settings():
    attributes = [{}, {"message.type": "NORMAL"}, {"message.type": "FIFO"}, {"message.type": "DELAY"},
                  {"message.type": "TRANSACTION"}, {"cleanup.policy": "COMPACTION", "message.type": "NORMAL"}]
    for queues in (16, 8, 32, 4, 64, 2, 12, 24, 48, 6):
        for said in attributes:
            yield {"attributes": said, "order": said.get("message.type") == "FIFO", "perm": 4 if queues == 6 else 6,
                   "readQueueNums": queues, "topicFilterType": "SINGLE_TAG", "topicSysFlag": 0,
                   "writeQueueNums": queues}


def group_settings():
    policies = [{"type": "CUSTOMIZED"},
                {"customizedRetryPolicy": {"next": [1000, 5000, 30000, 120000]}, "type": "CUSTOMIZED"},
                {"exponentialRetryPolicy": {"initial": 5000, "max": 7200000, "multiplier": 2}, "type": "EXPONENTIAL"}]
    for tries in (16, 3, 5, 8, 1, 32, 12):
        for policy in policies:
            for orderly in (False, True):
                yield {"attributes": {}, "brokerId": 0, "consumeBroadcastEnable": tries == 16, "consumeEnable": True,
                       "consumeFromMinEnable": True, "consumeMessageOrderly": orderly, "consumeTimeoutMinute": 15,
                       "groupRetryPolicy": policy, "groupSysFlag": 0, "notifyConsumerIdsChangedEnable": True,
                       "retryMaxTimes": tries, "retryQueueNums": 1, "whichBrokerWhenConsumeSlowly": 1}


def assign(found, settings, rng):
    """Each name with one of the settings: the n-th is half as likely as the (n/2)-th."""
    settings = list(settings)
    weights = [1 / (n + 1) for n in range(len(settings))]
    return dict(zip(found, rng.choices(settings, weights, k=len(found))))


# --- what they look like ---

def once_per_settings(form):
    """The same few settings come again and again: formats each once, with a place for the name."""
    made = {}

    def formatted(name, settings):
        if id(settings) not in made:
            made[id(settings)] = form(settings).replace("%", "%%").replace("@NAME@", "%(name)s")
        return made[id(settings)] % {"name": name}

    return formatted


def pretty(value, level):
    """As fastjson 1.2 does with PrettyFormat: tabs, no blank behind the colon, lists of numbers on one line."""
    if not isinstance(value, dict) or not value:
        return json.dumps(value, separators=(",", ":"))
    members = [f'{chr(9) * (level + 1)}"{key}":{pretty(inner, level + 1)}' for key, inner in sorted(value.items())]
    return "{\n" + ",\n".join(members) + "\n" + chr(9) * level + "}"


def write_export(path, topics, groups):
    def table(resources, name_member):
        form = once_per_settings(lambda said: f'\t\t"@NAME@":{pretty({**said, name_member: "@NAME@"}, 2)}')
        return ",\n".join(form(name, resources[name]) for name in java_order(resources))

    path.write_text('{\n\t"exportTime":1767229200456,\n\t"topicConfigTable":{\n' + table(topics, "topicName")
                    + '\n\t},\n\t"subscriptionGroupTable":{\n' + table(groups, "groupName") + "\n\t}\n}")


def topic_item(said):
    attributes = dict(said["attributes"])
    kind = attributes.pop("message.type", None)
    item = {"name": "@NAME@", **({"messageType": kind} if kind else {})}
    for key in ("readQueueNums", "writeQueueNums", "perm", "order", "topicFilterType", "topicSysFlag"):
        item[key] = said[key]
    return {**item, **({"attributes": attributes} if attributes else {})}


def group_item(said):
    item = {"name": "@NAME@", "deliveryOrderType": "Orderly" if said["consumeMessageOrderly"] else "Concurrently",
            "consumeRetryPolicy": {"maxRetryTimes": said["retryMaxTimes"]}}
    for key in ("consumeEnable", "consumeFromMinEnable", "consumeBroadcastEnable", "retryQueueNums", "brokerId",
                "whichBrokerWhenConsumeSlowly", "notifyConsumerIdsChangedEnable", "groupSysFlag",
                "consumeTimeoutMinute"):
        item[key] = said[key]
    policy = said["groupRetryPolicy"]
    return {**item, "groupRetryPolicy": {"type": policy["type"], **policy}}


def write_snapshot(path, topics, groups):
    def items(resources, item):
        form = once_per_settings(lambda said: "    " + json.dumps(item(said)))
        lines = ",\n".join(form(name, resources[name]) for name in sorted(resources))
        return f"[\n{lines}\n  ]" if lines else "[]"

    path.write_text('{\n  "apiVersion": "mqferry/v1",\n  "kind": "Snapshot",\n  "standsFor": "rocketmq",\n'
                    f'  "identity": {{}},\n'
                    f'  "topics": {items(topics, topic_item)},\n  "consumerGroups": {items(groups, group_item)}\n}}\n')


def yaml_lines(said, indent):
    """A block mapping, as people write it."""
    lines = []
    for key, value in said.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *yaml_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{key}: {str(value).lower() if isinstance(value, bool) else value}")
    return lines


def document(said):
    item = topic_item(said)
    del item["name"]
    return "\n".join(["---", "apiVersion: mqferry/v1", "kind: Topic", "metadata:", "  name: @NAME@", "spec:",
                      *yaml_lines(item, "  ")]) + "\n"


def block_item(said):
    return "  - " + "\n".join(yaml_lines(topic_item(said), "    ")).lstrip() + "\n"


def flow_item(said):
    return "  - " + json.dumps(topic_item(said)).replace('"', "") + "\n"


def write_manifests(folder, topics):
    """A third of the files each: one document a topic, a list of blocks, a list of one-line items."""
    folder.mkdir(exist_ok=True)
    shapes = [("", once_per_settings(document)),
              ("apiVersion: mqferry/v1\nkind: TopicList\nitems:\n", once_per_settings(block_item)),
              ("apiVersion: mqferry/v1\nkind: TopicList\nitems:\n", once_per_settings(flow_item))]
    ordered = sorted(topics)
    for start in range(0, len(ordered), PER_MANIFEST):
        head, form = shapes[start // PER_MANIFEST % len(shapes)]
        text = head + "".join(form(name, topics[name]) for name in ordered[start:start + PER_MANIFEST])
        (folder / f"topics-{start // PER_MANIFEST:02d}.yaml").write_text(text)


# --- all of it ---

def generate(folder):
    rng = random.Random(20261101)
    topics = assign(names(TOPICS, "", rng), topic_settings(), rng)
    groups = assign(names(GROUPS, "GID_", rng), group_settings(), rng)
    write_export(folder / "export.json", topics, groups)
    write_snapshot(folder / "snapshot.json", topics, groups)

    declared = dict(list(topics.items())[:DECLARED])
    write_manifests(folder / "manifests", declared)
    write_snapshot(folder / "declared.json", declared, {})

    for count in CREATES:
        some_groups = dict(list(groups.items())[:count // 6])
        some_topics = dict(list(topics.items())[:count - len(some_groups)])
        write_export(folder / f"create-{count}.json", some_topics, some_groups)


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("generate.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    stamp = folder / "generated-by"
    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    generate(folder)
    stamp.write_text(digest)


main()
