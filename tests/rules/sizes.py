#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions fit on a screen and a half, files answer one question, and what a tool made is not in the tree.

    sizes.py ROOT

Functions are found by the brace in column 0 that the house style puts there.
"""
import pathlib
import subprocess
import sys

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 650
TRACKED_BYTES_MAX = 256 * 1024


def functions(lines):
    begin = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
        elif line == "}" and begin is not None:
            yield begin, number - begin - 1
            begin = None


def made_by_tools(root):
    """What git tracks and nobody wrote: it is too large, or its name is an option that a program took for a folder."""
    if not (root / ".git").exists():
        return
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, check=True).stdout
    for path in filter(None, listed.decode().split("\0")):
        size = (root / path).stat().st_size if (root / path).is_file() else 0
        if size > TRACKED_BYTES_MAX:
            yield f"{path}: {size} bytes, more than {TRACKED_BYTES_MAX}: made by a tool?"
        if path.startswith("-"):
            yield f"{path}: a name that begins with - is taken for an option"


def main():
    root = pathlib.Path(sys.argv[1])
    wrong = list(made_by_tools(root))
    sizes = []
    for folder in ("api", "manifests", "controller"):
        for source in sorted((root / folder).rglob("*")):
            if source.suffix not in (".c", ".h", ".cc"):
                continue
            path = source.relative_to(root).as_posix()
            lines = source.read_text().splitlines()
            if len(lines) > FILE_LINES_MAX:
                wrong.append(f"{path}: {len(lines)} lines, more than {FILE_LINES_MAX}")
            for begin, size in functions(lines):
                sizes.append(size)
                if size > FUNCTION_LINES_MAX:
                    wrong.append(f"{path}:{begin}: a function of {size} lines, more than {FUNCTION_LINES_MAX}")
    sizes.sort()
    if sizes:
        print(f"{len(sizes)} functions: median {sizes[len(sizes) // 2]} lines, "
              f"nine in ten at most {sizes[len(sizes) * 9 // 10]}, longest {sizes[-1]}")
    print("\n".join(wrong) or "sizes are fine")
    sys.exit(1 if wrong else 0)


main()
