#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions that have no place in this project, each with the reason.

    banned.py ROOT
"""
import pathlib
import re
import sys

BANNED = {
    "strcpy": "no bound", "strcat": "no bound", "sprintf": "no bound", "vsprintf": "no bound", "gets": "no bound",
    "strncpy": "does not terminate", "strncat": "its bound is not what it seems", "strtok": "hidden state",
    "atoi": "no errors", "atol": "no errors", "atof": "no errors", "rand": "not reproducible", "srand": "global state",
    "localtime": "hidden state", "gmtime": "hidden state", "ctime": "hidden state", "alloca": "no bound",
    "system": "a shell", "popen": "a shell", "setlocale": "changes the process", "strcoll": "depends on the locale",
    "fnmatch": "depends on the locale, may go exponential", "qsort": "copies the whole array", "sleep": "blocks",
    "usleep": "blocks", "mmap": "dies when a file is truncated", "tmpnam": "a race", "mktemp": "a race",
}
# Where a banned name is right after all.
ALLOWED = {"mmap": ["api/base/secret.c"]}  # memory, no file


def main():
    root = pathlib.Path(sys.argv[1])
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
    wrong = []
    for folder in ("api", "manifests", "controller"):
        for source in sorted((root / folder).rglob("*.[ch]*")):
            text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), source.read_text(errors="replace"), flags=re.S)
            path = source.relative_to(root).as_posix()
            if source.suffix not in (".c", ".h", ".cc"):
                continue
            for number, line in enumerate(text.splitlines(), 1):
                for found in pattern.finditer(re.sub(r'"(\\.|[^"\\])*"', '""', line)):
                    if path not in ALLOWED.get(found.group(1), []):
                        wrong.append(f"{path}:{number}: {found.group(1)}: {BANNED[found.group(1)]}")
    print("\n".join(wrong) or "no banned function")
    sys.exit(1 if wrong else 0)


main()
