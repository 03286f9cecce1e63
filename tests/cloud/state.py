# SPDX-License-Identifier: Apache-2.0
"""What the fake cloud holds: keys of accounts, instances with their topics and groups, and a record of every write."""
import copy
import dataclasses
import datetime
import time

KINDS = ("topic", "group")
FOR_EVER = -1


class Refusal(Exception):
    """No, as the service says it."""

    def __init__(self, status, code, message, gateway=False, headers=None):
        super().__init__(code)
        self.status, self.code, self.message, self.gateway, self.headers = status, code, message, gateway, headers or {}


@dataclasses.dataclass
class Key:
    id: str
    secret: str
    account: str
    token: str = ""
    expired: bool = False
    inactive: bool = False
    calls_left: int = FOR_EVER  # of a token: how many calls until it has expired
    denied: list = dataclasses.field(default_factory=list)  # operations
    expires: float = float("inf")


@dataclasses.dataclass
class Item:
    name: str
    settings: dict
    created: float
    updated: float
    shown_from: float  # lists and reads show it from then on
    serving_from: float  # CREATING until then


@dataclasses.dataclass
class Instance:
    id: str
    product: str  # "rocketmq" or "ons"
    account: str
    status: str = ""  # "": in service
    quotas: dict = dataclasses.field(default_factory=dict)  # kind to number
    series: str = "standard"
    sub_series: str = "cluster_ha"
    independent: bool = True  # ons: has a namespace
    late_s: float = 0  # a new item is not shown for so long
    creating_s: float = 0  # and is CREATING for so long after that
    items: dict = dataclasses.field(default_factory=lambda: {kind: {} for kind in KINDS})

    def __post_init__(self):
        self.status = str(self.status) or ("RUNNING" if self.product == "rocketmq" else "5")

    def in_service(self):
        return self.status in (("RUNNING",) if self.product == "rocketmq" else ("5", "7"))

    def shown(self, kind):
        """Newest first, so that a list shifts when something is created while it is read."""
        now = time.time()
        items = [item for item in self.items[kind].values() if item.shown_from <= now]
        return sorted(items, key=lambda item: (-item.created, item.name))

    def shown_one(self, kind, name):
        item = self.items[kind].get(name)
        return item if item and item.shown_from <= time.time() else None


class State:
    def __init__(self):
        self.keys, self.instances = {}, {}
        self.audit, self.calls, self.requests = [], [], []
        self.tunnels, self.metadata_tokens = [], set()

    def instance(self, product, instance_id):
        found = self.instances.get(instance_id)
        return found if found and found.product == product else None

    # --- writes, each with its line in the record

    def create(self, writer, instance, kind, name, settings, age_s=0):
        now = time.time() - age_s
        shown = now + instance.late_s
        serving = float("inf") if instance.creating_s == FOR_EVER else shown + instance.creating_s
        item = Item(name, settings, now, now, shown, serving)
        self.record(writer, instance, kind, name, None, settings)
        instance.items[kind][name] = item

    def update(self, writer, instance, kind, name, settings):
        item = instance.items[kind][name]
        after = {**item.settings, **settings}
        self.record(writer, instance, kind, name, item.settings, after)
        item.settings, item.updated = after, time.time()

    def delete(self, writer, instance, kind, name):
        self.record(writer, instance, kind, name, instance.items[kind].pop(name).settings, None)

    def record(self, writer, instance, kind, name, before, after):
        self.audit.append({"writer": writer, "instance": instance.id, "kind": kind, "name": name,
                           "before": copy.deepcopy(before), "after": copy.deepcopy(after), "time": time.time()})

    def called(self, key_id, operation, name, outcome):
        self.calls.append({"key": key_id, "operation": operation, "name": name, "outcome": outcome})

    # --- what a test asks for

    def add_instance(self, topics=None, groups=None, **facts):
        """Its items are an hour old and have settled; they are no writes."""
        instance = Instance(**facts)
        then = time.time() - 3600
        for kind, items in (("topic", topics or {}), ("group", groups or {})):
            for name, settings in items.items():
                instance.items[kind][name] = Item(name, settings, then, then, then, then)
        self.instances[instance.id] = instance

    def holds(self):
        return {id_: {kind: {item.name: item.settings for item in instance.items[kind].values()} for kind in KINDS}
                for id_, instance in self.instances.items()}


def beijing_time(seconds):
    """Times of the 5.x product name no zone; they are UTC+8."""
    zone = datetime.timezone(datetime.timedelta(hours=8))
    return datetime.datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%d %H:%M:%S")
