#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what every tracked file of the tree must have: a bounded length and a licence line.

file_size.py ROOT     one line per fault, exit 1 when there is one; files over the soft limit are
                      listed but are no fault

Lengths: sources 400 lines (hard 700), headers 250, tests 700; data below tests/data and
tests/golden 64 KiB per file and 2 MiB in all. The length of functions is clang-tidy's to check.
"""

import os
import subprocess
import sys

SOFT = 400
HARD = {".cpp": 700, ".hpp": 250, ".py": 700, ".sh": 700}
DATA_FOLDERS = ("tests/data/", "tests/golden/", "tests/fuzz/corpus/")
DATA_FILE = 64 * 1024
DATA_ALL = {"tests/data/": 2 << 20, "tests/golden/": 2 << 20, "tests/fuzz/corpus/": 2 << 20}
LICENCE = "SPDX-License-Identifier: Apache-2.0"
LICENSED = (".cpp", ".hpp", ".py", ".sh", ".cmake", "CMakeLists.txt", "Makefile")


def tracked(root):
    run = subprocess.run(["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z"],
                         check=False, capture_output=True)
    if run.returncode != 0:
        print("file sizes: skip: not a git clone")
        sys.exit(77)
    paths = run.stdout.decode().split("\0")
    return sorted(path for path in paths if path and os.path.isfile(os.path.join(root, path)))


def check_data(path, size, totals):
    folder = next(folder for folder in DATA_FOLDERS if path.startswith(folder))
    totals[folder] = totals.get(folder, 0) + size
    return [f"{path}: {size} bytes, limit {DATA_FILE}"] if size > DATA_FILE else []


def is_script(data):
    return data.startswith(b"#!")


def check_text(path, data, soft):
    faults = []
    lines = data.count(b"\n")
    limit = HARD.get(os.path.splitext(path)[1])
    if limit and lines > limit:
        faults.append(f"{path}: {lines} lines, limit {limit}")
    elif path.endswith(".cpp") and lines > SOFT and not path.startswith("tests/"):
        soft.append(f"  {lines} {path}")
    if path.endswith(LICENSED) or is_script(data):
        head = data.split(b"\n", 2)[: 2 if is_script(data) else 1]
        if not any(LICENCE.encode() in line for line in head):
            faults.append(f"{path}: the first line is not `{LICENCE}`")
    return faults


def main():
    root = os.path.abspath(sys.argv[1])
    faults, soft, totals = [], [], {}
    for path in tracked(root):
        with open(os.path.join(root, path), "rb") as file:
            data = file.read()
        if path.startswith(DATA_FOLDERS):
            faults += check_data(path, len(data), totals)
        else:
            faults += check_text(path, data, soft)
    for folder, size in totals.items():
        if size > DATA_ALL[folder]:
            faults.append(f"{folder}: {size} bytes in all, limit {DATA_ALL[folder]}")
    if soft:
        print(f"over the soft limit of {SOFT} lines:", *soft, sep="\n")
    print("\n".join(faults) if faults else "file sizes: within the limits")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
