#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a script would do: load an export and a snapshot, compare the dicts, count what is equal or not."""
import json
import sys


def topic(said):
    """A TopicConfig as a snapshot's item says it."""
    attributes = dict(said.pop("attributes"))
    said["name"] = said.pop("topicName")
    if "message.type" in attributes:
        said["messageType"] = attributes.pop("message.type")
    if attributes:
        said["attributes"] = attributes
    return said


def group(said):
    said["name"] = said.pop("groupName")
    said["deliveryOrderType"] = "Orderly" if said.pop("consumeMessageOrderly") else "Concurrently"
    said["consumeRetryPolicy"] = {"maxRetryTimes": said.pop("retryMaxTimes")}
    if not said["attributes"]:
        del said["attributes"]
    return said


def load(path):
    with open(path, "rb") as file:
        return json.load(file)


def compare(declared, observed):
    observed = {item["name"]: item for item in observed}
    missing = [name for name in declared if name not in observed]
    differs = [name for name, said in declared.items() if name in observed and said != observed[name]]
    return len(declared) - len(missing) - len(differs), len(differs), len(missing)


def main():
    export, snapshot = load(sys.argv[1]), load(sys.argv[2])
    topics = {name: topic(said) for name, said in export["topicConfigTable"].items()}
    groups = {name: group(said) for name, said in export["subscriptionGroupTable"].items()}
    print("topics", *compare(topics, snapshot["topics"]))
    print("groups", *compare(groups, snapshot["consumerGroups"]))


main()
