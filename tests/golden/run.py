#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one golden case and compares what the programs printed, byte for byte.

run.py CASE --bin DIR --data DIR

A case is a folder tests/golden/<verb>/<case>/ with
  cmd       a /bin/sh script (run with -eu), normally one line: a program of the build with its
            arguments; several lines where a verb needs what another made
  stdin     optional: standard input of the script
  stdout    expected standard output
  stderr    optional: expected standard error; without it nothing may be printed there
  exit      expected exit status, one number
and whatever input files the case needs.

In cmd, stdin, stdout and stderr these stand for folders, so that no machine's path is in a golden:
  @CASE@    the case's own folder       @DATA@    tests/data       @TMP@    an empty folder,
                                                                            also the current one
Every case is run twice, in worlds that differ in current folder, umask, TZ, LANG, HOME and time of
file creation; both runs must agree with the expected bytes.

UPDATE_GOLDEN=1 writes what was printed as the expected bytes and ends with 77, which ctest reports
as skipped: accepting is never passing. Exit: 0 agrees, 1 differs, 2 the case is not well formed.
"""

import argparse
import difflib
import os
import subprocess
import sys
import tempfile

SKIP = 77
TIMEOUT = 120
WORLDS = [
    {"folder": "one", "umask": 0o022, "env": {"TZ": "UTC", "LANG": "C", "LC_ALL": "C"}},
    {"folder": "two/deeper", "umask": 0o077,
     "env": {"TZ": "XYZ-13:45", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "COLUMNS": "40"}},
]


class BadCase(Exception):
    """the folder is not a case"""


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Case:
    def __init__(self, folder, data):
        self.folder = os.path.abspath(folder)
        self.data = os.path.abspath(data)
        if not self.has("cmd"):
            raise BadCase(f"{folder}: no cmd")

    def has(self, name):
        return os.path.isfile(os.path.join(self.folder, name))

    def get(self, name, default=b""):
        return read(os.path.join(self.folder, name)) if self.has(name) else default

    def put(self, name, data):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(data)

    def names(self, temporary):
        """placeholder and folder, the longest folder first so that replacing back is exact"""
        pairs = [(b"@CASE@", self.folder), (b"@DATA@", self.data), (b"@TMP@", temporary)]
        return sorted(((n, os.fsencode(p)) for n, p in pairs), key=lambda pair: -len(pair[1]))


def replace(data, pairs):
    for old, new in pairs:
        data = data.replace(old, new)
    return data


def run_in(world, case, bin_folder, top):
    """(stdout, stderr, exit) of one run, folders replaced by their placeholders"""
    current = os.path.join(top, world["folder"])
    os.makedirs(current)
    names = case.names(current)
    environment = {"PATH": os.path.abspath(bin_folder) + ":/usr/sbin:/usr/bin:/sbin:/bin",
                   "HOME": current, **world["env"]}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LLVM_PROFILE_FILE"):
        if name in os.environ:
            environment[name] = os.environ[name]
    script = replace(case.get("cmd"), names)
    done = subprocess.run(["/bin/sh", "-eu", "-c", os.fsdecode(script)], cwd=current,
                          env=environment, input=replace(case.get("stdin"), names),
                          capture_output=True, timeout=TIMEOUT, check=False, umask=world["umask"])
    back = [(p, n) for n, p in names]
    return {"stdout": replace(done.stdout, back), "stderr": replace(done.stderr, back),
            "exit": b"%d\n" % done.returncode}


def show_difference(name, expected, got, labels):
    left, right = (text.decode("utf-8", "backslashreplace").splitlines() for text in (expected, got))
    print("\n".join(difflib.unified_diff(left, right, f"{name} {labels[0]}", f"{name} {labels[1]}",
                                         lineterm="", n=2)))
    if left == right:
        print(f"{name}: differs only in line ends")


def accept(case, got):
    case.put("stdout", got["stdout"])
    case.put("exit", got["exit"])
    if got["stderr"]:
        case.put("stderr", got["stderr"])
    elif case.has("stderr"):
        os.remove(os.path.join(case.folder, "stderr"))
    print("accepted")
    return SKIP


def compare(case, runs):
    same = True
    for name in ("exit", "stdout", "stderr"):
        if runs[0][name] != runs[1][name]:
            show_difference(name, runs[0][name], runs[1][name], ("first run", "second run"))
            same = False
    if not same:
        print("the two runs differ: the output depends on the folder, umask, TZ or LANG")
        return 1
    if os.environ.get("UPDATE_GOLDEN") == "1":
        return accept(case, runs[0])
    for name in ("stdout", "exit"):
        if not case.has(name):
            raise BadCase(f"{case.folder}: no {name}; UPDATE_GOLDEN=1 writes it")
    for name in ("exit", "stderr", "stdout"):
        if runs[0][name] != case.get(name):
            show_difference(name, case.get(name), runs[0][name], ("expected", "printed"))
            same = False
    return 0 if same else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--data", required=True)
    arguments = parser.parse_args()
    try:
        case = Case(arguments.case, arguments.data)
        with tempfile.TemporaryDirectory(prefix="golden-") as top:
            runs = [run_in(world, case, arguments.bin, top) for world in WORLDS]
        sys.exit(compare(case, runs))
    except BadCase as error:
        print(error)
        sys.exit(2)


if __name__ == "__main__":
    main()
