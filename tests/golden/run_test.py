#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests run.py: one case that agrees, and one for each way in which a case can disagree."""

import os
import subprocess
import sys
import tempfile

RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run.py")
RIGHT = {"cmd": "cat; echo @TMP@ >&2; exit 3\n", "stdin": "a\n", "stdout": "a\n",
         "stderr": "@TMP@\n", "exit": "3\n"}

# name of the row, files that differ from RIGHT (None: no such file), expected exit, expected text
ROWS = [
    ("agrees", {}, 0, ""),
    ("wrong stdout", {"stdin": "b\n"}, 1, "+b"),
    ("wrong exit", {"exit": "0\n"}, 1, "exit expected"),
    ("missing newline", {"stdout": "a"}, 1, "differs only in line ends"),
    ("stderr where none is expected", {"stderr": None}, 1, "stderr printed"),
    ("depends on the time zone", {"cmd": "echo $TZ\n"}, 1, "the two runs differ"),
    ("depends on the umask", {"cmd": "umask\n"}, 1, "the two runs differ"),
    ("depends on the locale", {"cmd": "echo $LANG\n"}, 1, "the two runs differ"),
    ("depends on the folder", {"cmd": "basename $PWD\n"}, 1, "the two runs differ"),
    ("failing command ends the script", {"cmd": "false\necho a\n"}, 1, "exit expected"),
    ("no expectation", {"stdout": None}, 2, "no stdout"),
    ("no command", {"cmd": None}, 2, "no cmd"),
]


def write_case(folder, changes):
    for name, text in {**RIGHT, **changes}.items():
        if text is not None:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)


def run(folder, update):
    environment = {**os.environ, "UPDATE_GOLDEN": "1" if update else "0"}
    return subprocess.run([sys.executable, RUNNER, folder, "--bin", folder, "--data", folder + "/d"],
                          env=environment, capture_output=True, text=True, check=False)


def main():
    faults = 0
    for name, changes, expected, text in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            write_case(folder, changes)
            done = run(folder, update=False)
        if done.returncode != expected or text not in done.stdout:
            faults += 1
            print(f"{name}: exit {done.returncode}, expected {expected} with {text!r}\n{done.stdout}"
                  f"{done.stderr}")
    with tempfile.TemporaryDirectory() as folder:
        write_case(folder, {"stdout": "old\n", "exit": "0\n"})
        accepted, after = run(folder, update=True), run(folder, update=False)
    if (accepted.returncode, after.returncode) != (77, 0):
        faults += 1
        print(f"accepting: exits {accepted.returncode}, {after.returncode}, expected 77, 0")
    print(f"{len(ROWS) + 1 - faults} rows right, {faults} wrong")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
