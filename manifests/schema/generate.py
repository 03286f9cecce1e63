#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the JSON Schema (draft 7) of mqferry's documents: settings from api/fields.def, the rest from here.

    generate.py ROOT > ROOT/manifests/schema/mqferry.schema.json

tests/rules/schema.py proves that the file is what this writes, and that it agrees with the programs that read documents.
"""
import json
import pathlib
import re
import sys

HOLDERS = {"HELD_A": "ApsaraMQ 5.x", "HELD_O": "ApsaraMQ 4.x", "HELD_R": "open source", "HELD_R5": "open source 5"}
LIMITS = {"INT64_MAX": 2**63 - 1, "INT32_MAX": 2**31 - 1}
NAMES_BYTES_MAX = 4096
BROKERS_MAX = 1024
NUMBERS_MAX = 1000  # in one list
# As open-source RocketMQ spells settings: the value is that of the other one.
SPELLINGS = {"ConsumerGroup": {"retryMaxTimes": "consumeRetryPolicy.maxRetryTimes"}, "Topic": {}}

# YAML's own idea of scalars does not matter where text is wanted.
TEXT = {"type": ["string", "number", "boolean"]}
WORD = {**TEXT, "minLength": 1}
NAME = {"type": ["string", "number", "boolean", "null"], "minLength": 1, "maxLength": NAMES_BYTES_MAX,
        "pattern": "^[^\\x00-\\x1f\\x7f]+$"}
GLOB = {"type": ["string", "number", "boolean", "null"], "minLength": 1, "maxLength": NAMES_BYTES_MAX}
DURATION = {"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"}
KIND = {"enum": ["Topic", "ConsumerGroup"]}


# --- settings, from the table -----------------------------------------------------------------------------------------

def arguments(text):
    """What stands between the commas of a macro call, commas within texts and parentheses left alone."""
    return [part.strip() for part in re.findall(r'(?:"(?:\\.|[^"\\])*"|\([^()]*\)|[^,"()])+', text)]


def texts(argument):
    return [json.loads(found) for found in re.findall(r'"(?:\\.|[^"\\])*"', argument)]


def rows(root):
    source = re.sub(r"/\*.*?\*/", "", (root / "api/fields.def").read_text(), flags=re.S)
    calls = re.findall(r"^FIELD\((.*?)\)\n(?=FIELD|\n|\Z)", source, flags=re.S | re.M)
    if not calls or len(calls) != len(re.findall(r"^FIELD\(", source, flags=re.M)):
        sys.exit("fields.def does not look as expected")
    for call in calls:
        _, kind, name, kind_of_value, least, most, _, held, choices, doc = arguments(call)
        limit = [LIMITS.get(bound) if bound in LIMITS else int(bound) for bound in (least, most)]
        yield {"kind": {"TOPIC": "Topic", "GROUP": "ConsumerGroup"}[kind], "name": texts(name)[0], "type": kind_of_value,
               "min": limit[0], "max": limit[1], "choices": texts(choices),
               "doc": f"{texts(doc)[0]} (held by {', '.join(HOLDERS[bit.strip()] for bit in held.split('|'))})"}


def integer(row):
    schema = {"type": "integer", "minimum": row["min"]}
    if row["max"] != LIMITS["INT64_MAX"]:
        schema["maximum"] = row["max"]
    return {"anyOf": [schema, {"enum": ["W", "R", "RW"]}]} if row["name"] == "perm" else schema


def attributes(row, by_name):
    schema = {"type": "object", "propertyNames": {"pattern": "^[^+-]"}, "additionalProperties": TEXT}
    if row["kind"] == "Topic":
        schema["properties"] = {"message.type": {"enum": by_name["messageType"]["choices"]}}
    return schema


SUBSCRIPTIONS = {"type": "array", "items": {
    "type": "object", "additionalProperties": False, "required": ["topic"],
    "properties": {"topic": WORD, "expressionType": TEXT, "expression": TEXT, "version": {"type": "integer"}}}}


def setting(row, by_name):
    kind = row["type"]
    if kind == "BOOL":
        schema = {"type": "boolean"}
    elif kind == "INTEGER":
        schema = integer(row)
    elif kind == "CHOICE":
        schema = {"enum": row["choices"]}
    elif kind == "TEXT":
        schema = {**TEXT, "minLength": row["min"], "maxLength": row["max"]}
    elif kind == "MAP":
        schema = attributes(row, by_name)
    elif kind == "NUMBERS":
        schema = {"type": "array", "maxItems": NUMBERS_MAX, "items": {"type": "integer", "minimum": row["min"]}}
    else:
        schema = SUBSCRIPTIONS
    return {"description": row["doc"], **schema}


def put(properties, dotted, schema):
    first, _, rest = dotted.partition(".")
    if not rest:
        properties[first] = schema
        return
    inside = properties.setdefault(first, {"type": "object", "additionalProperties": False, "properties": {}})
    put(inside["properties"], rest, schema)


def settings(kind, table):
    by_name = {row["name"]: row for row in table if row["kind"] == kind}
    properties = {}
    for row in by_name.values():
        put(properties, row["name"], setting(row, by_name))
    for spelling, name in SPELLINGS[kind].items():
        properties[spelling] = {**setting(by_name[name], by_name), "description": f"open source's word for {name}"}
    if kind == "ConsumerGroup":
        properties["consumeMessageOrderly"] = {"description": "open source's word for deliveryOrderType: Orderly",
                                               "type": "boolean"}
    return properties


# --- resources --------------------------------------------------------------------------------------------------------

def closed(properties, required=()):
    schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def ref(name):
    return {"$ref": f"#/definitions/{name}"}


def views(kind, table):
    """Settings; with brokers around; with policy; with a name: as spec.h has them."""
    prefix = {"Topic": "topic", "ConsumerGroup": "group"}[kind]
    fields = {name: ref(f"{prefix}Fields/{name}") for name in settings(kind, table)}
    brokers = {"description": "where it belongs, and what is different there; left out: on every master",
               "type": "object", "minProperties": 1, "maxProperties": BROKERS_MAX,
               "propertyNames": {"minLength": 1, "pattern": NAME["pattern"]}, "additionalProperties": ref(f"{prefix}Settings")}
    policy = {"description": "create what is missing; compare and report only; or leave it alone",
              "enum": ["create", "observe", "ignore"]}
    placed = {**fields, "brokers": brokers}
    return {
        f"{prefix}Fields": settings(kind, table),
        f"{prefix}Settings": closed(fields),
        f"{prefix}Spec": closed(placed),
        f"{prefix}Defaults": closed({**placed, "policy": policy}),
        f"{prefix}Item": closed({"name": NAME, "policy": policy, **placed}, ["name"]),
        f"{prefix}Metadata": closed({"name": NAME, "policy": policy}, ["name"]),
    }


def document(properties, required=()):
    return closed({"apiVersion": {"const": "mqferry/v1"}, "kind": {}, **properties}, required)


def resource_documents():
    documents = {}
    for kind, prefix in (("Topic", "topic"), ("ConsumerGroup", "group")):
        documents[kind] = document({"metadata": ref(f"{prefix}Metadata"), "spec": ref(f"{prefix}Spec")}, ["metadata"])
        documents[kind + "List"] = document(
            {"defaults": ref(f"{prefix}Defaults"), "items": {"type": "array", "items": ref(f"{prefix}Item")}}, ["items"])
    return documents


# --- Mapping ----------------------------------------------------------------------------------------------------------

def by_kind(topic, group):
    """What a rule's kind decides."""
    return [{"if": {"properties": {"kind": {"const": kind}}}, "then": {"properties": then}}
            for kind, then in (("Topic", topic), ("ConsumerGroup", group))]


def accept(table):
    def field(kind):
        names = [row["name"] for row in table if row["kind"] == kind]
        return {"field": {"anyOf": [{"enum": names}, {"type": "string", "pattern": "^attributes\\..+"}]}}

    scalar = {"type": ["string", "number", "boolean"]}
    any_value = {"type": [*scalar["type"], "object", "array"]}
    one_attribute = {"if": {"properties": {"field": {"type": "string", "pattern": "^attributes\\..+"}},
                            "required": ["field"]},
                     "then": {"properties": {"observed": scalar, "declared": scalar}}}
    schema = closed({"kind": KIND, "name": {**GLOB, "description": "glob over the destination's names"}, "field": WORD,
                     "observed": any_value, "declared": any_value, "reason": WORD}, ["kind", "name", "field"])
    return {**schema, "anyOf": [{"required": ["observed"]}, {"required": ["declared"]}],
            "allOf": [*by_kind(field("Topic"), field("ConsumerGroup")), one_attribute]}


def names(least):
    entries = {"type": "array", "items": {"anyOf": [GLOB, closed({"file": WORD}, ["file"])]}}
    return {"anyOf": [{**entries, "minItems": least}, {**closed({"topics": entries, "groups": entries}),
                                                       "minProperties": least}]}


def mapping(table):
    rename = closed({"kind": KIND, "from": {**NAME, "pattern": "^[^*\\x00-\\x1f\\x7f]+$"}, "to": NAME, "prefix": NAME})
    rename["oneOf"] = [{"required": ["from", "to"], "not": {"required": ["prefix"]}},
                       {"required": ["prefix"], "allOf": [{"not": {"required": [word]}} for word in ("from", "to")]}]
    types = [choice for row in table if row["name"] == "messageType" for choice in row["choices"]]
    spec = closed({
        "include": {"description": "globs over the name after stripPrefix; kinds that are not named are left out",
                    **names(1)},
        "exclude": names(0),
        "stripPrefix": GLOB,
        "sourceMasters": {"description": "how many masters the queue numbers of an export are the sum of",
                          "type": "integer", "minimum": 1, "maximum": BROKERS_MAX},
        "brokers": {"description": "broker names on the other side", "type": "object", "maxProperties": BROKERS_MAX,
                    "propertyNames": {"minLength": 1}, "additionalProperties": {**NAME, "type": WORD["type"]}},
        "rename": {"description": "the first that matches applies", "type": "array", "items": rename},
        "messageTypes": {"description": "where nothing is said; the first that matches", "type": "array",
                         "items": closed({"match": GLOB, "type": {"enum": types}}, ["match", "type"])},
        "set": {"description": "settings that people decide: the first that matches", "type": "array",
                "items": {**closed({"kind": KIND, "match": GLOB, "when": {}, "spec": {}}, ["kind", "match", "spec"]),
                          "allOf": by_kind({"when": ref("topicSettings"), "spec": ref("topicSpec")},
                                           {"when": ref("groupSettings"), "spec": ref("groupSpec")})}},
        "createDefaults": {"description": "used to create, not compared",
                           **closed({"topic": ref("topicSettings"), "group": ref("groupSettings")})},
        "accept": {"description": "differences that people have decided to live with", "type": "array",
                   "items": accept(table)},
    })
    return document({"metadata": closed({"name": NAME}), "spec": spec})


# --- the daemon -------------------------------------------------------------------------------------------------------

def number(most):
    return {"type": "integer", "minimum": 1, "maximum": most}


def sync():
    facts = closed({key: TEXT for key in ("account", "brokers", "clusterName", "instanceId", "instanceName", "region")}, [])
    side = {"endpoint": WORD, "caFile": WORD, "certFile": WORD, "keyFile": WORD, "credentials": WORD, "expect": facts,
            "addressMap": {"type": "object", "additionalProperties": TEXT}}
    source = {"anyOf": [TEXT, closed({"path": WORD, "excludeFiles": {"type": "array", "items": TEXT}}, ["path"]),
                        closed({"address": WORD, **side}, ["address"])]}
    spec = closed({
        "mode": {"enum": ["apply", "observe"]},
        "source": {"anyOf": [TEXT, {"type": "array", "items": source}]},
        "destination": closed({"address": WORD, **side, "unsafeAttributes": {"type": "boolean"},
                               "for": {"enum": ["any", "apsaramq", "ons", "rocketmq"]}}, ["address"]),
        "mapping": WORD,
        "guard": closed({"maxCreates": number(1000000000), "allowEmptySource": {"type": "boolean"},
                         "maxShrinkPercent": number(100),
                         "acceptShrink": {"type": "string", "pattern": "^sha256:.{64}$"}, "maxSourceAge": DURATION}),
        "pace": closed({"rate": {"type": "string", "pattern": "^[1-9][0-9]*/s$"}, "concurrency": number(1024),
                        "share": {"type": "string", "pattern": "^([1-9][0-9]?|100)%$"}}),
        "interval": DURATION,
    }, ["mode", "source", "destination"])
    return document({"metadata": closed({"name": {**NAME, "maxLength": 128}}, ["name"]), "spec": spec},
                    ["metadata", "spec"])


LISTEN = {"type": "string", "pattern": r"^(none|\[[^\[\]]+\]:[0-9]{1,5}|[^:\[\]]+:[0-9]{1,5})$"}


def daemon():
    spec = closed({"listen": LISTEN, "hostNames": {"type": "array", "items": TEXT}, "stateDirectory": WORD,
                   "log": closed({"level": {"enum": ["error", "warn", "info", "debug"]},
                                  "format": {"enum": ["text", "logfmt", "json"]}})})
    return document({"metadata": closed({"name": {**NAME, "maxLength": 128}}), "spec": spec})


# --- the whole --------------------------------------------------------------------------------------------------------

def schema(root):
    table = list(rows(root))
    documents = {**resource_documents(), "Mapping": mapping(table), "Sync": sync(), "Daemon": daemon()}
    definitions = {**views("Topic", table), **views("ConsumerGroup", table)}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "mqferry",
        "description": "Documents of mqferry: topics and consumer groups, mappings, configuration of the daemon",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {"apiVersion": {"const": "mqferry/v1"}, "kind": {"enum": list(documents)}},
        "allOf": [{"if": {"properties": {"kind": {"const": kind}}}, "then": ref(kind)} for kind in documents],
        "definitions": {**documents, **definitions},
    }


def main():
    json.dump(schema(pathlib.Path(sys.argv[1])), sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
