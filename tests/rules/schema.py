#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema is what generate.py makes of the table of fields, and agrees with the programs that read documents.

    schema.py ROOT

The good and bad documents of tests/data/manifests go through the programs in tests/component/test_documents.c; here they
go through the schema: good ones and the samples pass, bad ones fail. What no schema can know is marked in the first line
of the file: "# loader only: why".
"""
import importlib.util
import json
import pathlib
import re
import sys

import jsonschema
import yaml

sys.dont_write_bytecode = True


class Core(yaml.SafeLoader):
    """Scalars as YAML 1.2 and editors see them: on and yes are texts, and so are dates."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
                            ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
                            ("int", "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
                            ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+0123456789.")):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))
Core.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value, 10 if node.value.isdigit() else 0))


def generated(root):
    spec = importlib.util.spec_from_file_location("generate", root / "manifests/schema/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.schema(root)


def faults(validator, path):
    """What the schema says of each document that is not empty; None: not even YAML."""
    try:
        documents = list(yaml.load_all(path.read_text(encoding="utf-8"), Core))
    except (yaml.YAMLError, UnicodeDecodeError):
        return None
    return [fault for document in documents if document is not None for fault in validator.iter_errors(document)]


def is_for_loaders(path):
    return path.read_bytes().startswith(b"# loader only: ")


def disagreements(root, validator):
    data = root / "tests/data/manifests"
    right = sorted((data / "good").glob("*.yaml")) + sorted((root / "manifests/samples").glob("*.yaml"))
    wrong = sorted((data / "bad").glob("*.yaml"))
    if not right or not wrong:
        yield f"{data}: no documents to look at"
    for path in right:
        found = faults(validator, path)
        if found is None or found:
            yield f"{path}: is right, the schema refuses it: {found[0].message if found else 'broken YAML'}"
    for path in wrong:
        found = faults(validator, path)
        if not is_for_loaders(path) and not found:
            yield f"{path}: is wrong, the schema lets it pass; mark what it cannot know"
        if is_for_loaders(path) and found:
            yield f"{path}: is marked for loaders only, but the schema sees it: {found[0].message}"


def main():
    root = pathlib.Path(sys.argv[1])
    written = root / "manifests/schema/mqferry.schema.json"
    schema = json.loads(written.read_text(encoding="utf-8"))
    wrong = []
    if schema != generated(root):
        wrong.append(f"{written} is not what manifests/schema/generate.py writes: run it")
    jsonschema.Draft7Validator.check_schema(schema)
    wrong += disagreements(root, jsonschema.Draft7Validator(schema))
    print("\n".join(wrong) or "the schema agrees")
    sys.exit(1 if wrong else 0)


main()
