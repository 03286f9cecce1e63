#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions fit on a screen and a half, files answer one question.

    sizes.py ROOT

Functions are found by the brace in column 0 that the house style puts there.
"""
import pathlib
import sys

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 650


def functions(lines):
    begin = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
        elif line == "}" and begin is not None:
            yield begin, number - begin - 1
            begin = None


def main():
    root = pathlib.Path(sys.argv[1])
    wrong = []
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
