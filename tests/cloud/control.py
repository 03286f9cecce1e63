# SPDX-License-Identifier: Apache-2.0
"""The control path: a test sends a list of commands, each an object with one member.

  {"key": {...}}             of state.Key; replaces one of the same id
  {"instance": {...}}        of state.Instance, and topics, groups: name to settings
  {"change": {"id": ..., status, quotas, late_s, creating_s, sub_series}}   of an instance
  {"console": {"instance", "kind", "name"[, "settings"][, "act"]}}   somebody else creates, updates or deletes an item
  {"settle": instance}       everything that is CREATING now, and all that comes, is in service at once
  {"limit": {"operation", "rate", "burst"}}   per account; rate 0: none; operation "*": each that has none of its own
  {"published_limits": true} those that the vendor publishes for 4.x
  {"fault": {...}}           of faults.Fault
  {"set": {"refusals", "clock_offset_s", "hint", "delay_s", "record", "token_s", "token_calls", "imds", "only_v1"}}   see fakecloud.Settings
  {"repair": true}           no more faults
  {"forget": true}           faults, limits, audit and calls; what is there stays
"""
import time

import faults
import ons
import state


def obey(cloud, commands):
    for command in commands:
        ((name, value),) = command.items()
        COMMANDS[name](cloud, value)


def key(cloud, value):
    cloud.state.keys[value["id"]] = state.Key(**value)


def instance(cloud, value):
    cloud.state.add_instance(**value)


def change(cloud, value):
    changed = cloud.state.instances[value["id"]]
    for name, to in value.items():
        if not hasattr(changed, name) or name == "items":
            raise ValueError(f"an instance has no {name}")
        setattr(changed, name, str(to) if name == "status" else to)


def console(cloud, value):
    on, act = cloud.state.instances[value["instance"]], value.get("act", "create")
    if act == "create":
        cloud.state.create("console", on, value["kind"], value["name"], value["settings"])
    elif act == "update":
        cloud.state.update("console", on, value["kind"], value["name"], value["settings"])
    else:
        cloud.state.delete("console", on, value["kind"], value["name"])


def settle(cloud, value):
    on, now = cloud.state.instances[value], time.time()
    on.late_s = on.creating_s = 0
    for items in on.items.values():
        for item in items.values():
            item.shown_from, item.serving_from = min(item.shown_from, now), min(item.serving_from, now)


def limit(cloud, value):
    cloud.limits.set(value.get("operation", "*"), value["rate"], value.get("burst"))


def published_limits(cloud, _value):
    for operation, rate in ons.PUBLISHED.items():
        cloud.limits.set(operation, rate, rate)


def fault(cloud, value):
    cloud.faults.all.append(faults.Fault(**value))


def set_(cloud, value):
    for name, to in value.items():
        if not hasattr(cloud.settings, name):
            raise ValueError(f"no setting {name}")
        setattr(cloud.settings, name, to)


def repair(cloud, _value):
    cloud.faults.all.clear()


def forget(cloud, _value):
    cloud.faults.all.clear()
    cloud.limits.clear()
    cloud.state.audit.clear()
    cloud.state.calls.clear()
    cloud.state.requests.clear()
    cloud.state.tunnels.clear()


COMMANDS = {"key": key, "instance": instance, "change": change, "console": console, "settle": settle, "limit": limit,
            "published_limits": published_limits, "fault": fault, "set": set_, "repair": repair, "forget": forget}
