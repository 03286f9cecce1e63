#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Includes go one way, and each library is used in one place.

    includes.py ROOT
"""
import pathlib
import re
import sys

# A folder may include from itself and from what stands here. The longest matching prefix counts.
LADDER = {
    "api/base": ["api/cause"],
    "api": ["api"],
    "api/snapshot": ["api"],
    "api/cloud": ["api"],
    "api/cluster": ["api"],
    "manifests": ["api"],
    "controller": ["api", "manifests", "controller"],
}
# What plain api/ may not reach: the doors stand on it, not under it.
FORBIDDEN = {
    "api": ["api/snapshot/", "api/cloud/", "api/cluster/"],
    "api/snapshot": ["api/cloud", "api/cluster"],
    "api/cloud": ["api/snapshot", "api/cluster"],
    "api/cluster": ["api/snapshot", "api/cloud"],
    "manifests": ["api/snapshot/", "api/cloud", "api/cluster"],
}
# Library header → files that may see it (prefixes of paths).
QUARANTINE = {
    "curl/": ["api/cloud/http"],
    "yaml.h": ["manifests/yaml.c"],
    "simdjson": ["api/base/json_index.cc"],
    "microhttpd": ["controller/status/"],
    "systemd/": ["controller/service/", "api/base/log"],
    "openssl/": ["api/base/digest.c", "api/cloud/signature.c", "api/cloud/http_trust.c", "api/cluster/acl.c", "api/cluster/tls", "api/base/secret"],
    "uv.h": ["api/base/worker", "api/snapshot/", "api/cloud/", "api/cluster/", "manifests/watch", "controller/journal",
             "controller/runner", "controller/commands/", "controller/status/", "controller/service/", "controller/daemon",
             "controller/loop"],
}


def folder_of(path):
    matches = [folder for folder in LADDER if path.startswith(folder + "/")]
    return max(matches, key=len) if matches else None


def complaints(root):
    for source in sorted(root.rglob("*")):
        path = source.relative_to(root).as_posix()
        if source.suffix not in (".c", ".h", ".cc", ".def") or not path.startswith(("api/", "manifests/", "controller/")):
            continue
        folder = folder_of(path)
        for number, line in enumerate(source.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
            if not found:
                continue
            quoted, target = found.group(1) == '"', found.group(2)
            if quoted:
                allowed = [folder] + LADDER[folder]
                if not target.startswith(tuple(allowed)):
                    yield f"{path}:{number}: {folder}/ may not include {target}"
                for forbidden in FORBIDDEN.get(folder, []):
                    if target.startswith(forbidden) and not target.startswith(folder + "/" if folder != "api" else "\0"):
                        yield f"{path}:{number}: {folder}/ may not include {target}"
            for library, places in QUARANTINE.items():
                if not quoted and target.startswith(library) and not path.startswith(tuple(places)):
                    yield f"{path}:{number}: <{target}> belongs into {', '.join(places)}"


def main():
    wrong = list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(wrong) or "includes go one way")
    sys.exit(1 if wrong else 0)


main()
