#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds faults for file_size.py and skips.py and expects each to be found, alone."""

import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SPDX = "SPDX-License-Identifier: Apache-2.0\n"

# name, path, content, what file_size.py must say (None: nothing)
FILES = [
    ("right source", "tools/a.cpp", "// " + SPDX + "\n" * 699, None),
    ("long source", "tools/a.cpp", "// " + SPDX + "\n" * 700, "701 lines, limit 700"),
    ("long header", "tools/a.hpp", "// " + SPDX + "\n" * 250, "251 lines, limit 250"),
    ("no licence", "tools/a.hpp", "#pragma once\n// " + SPDX, "the first line is not"),
    ("script", "tools/a", "#!/bin/sh\n# " + SPDX, None),
    ("script without licence", "tools/a", "#!/bin/sh\ntrue\n", "the first line is not"),
    ("large data", "tests/data/x/a.bin", "x" * 65537, "65537 bytes, limit 65536"),
]

REPORT = """<testsuite>
<testcase name="a" status="run"/>
<testcase name="b" status="notrun"><skipped message=""/><system-out>skip: no program c</system-out></testcase>
{more}</testsuite>"""
FAILED = '<testcase name="d" status="fail"><failure message=""/></testcase>\n'

# name, allowed, further test cases, exit, text
REPORTS = [
    ("allowed skip", "b  # a reason\n", "", 0, "1 passed, 0 failed, 1 skipped"),
    ("new skip", "# b\n", "", 1, "NOT ALLOWED: b: skip: no program c"),
    ("a prefix is not the name", "b.+\n", "", 1, "NOT ALLOWED: b"),
    ("failed test", "b\n", FAILED, 0, "failed: d"),
]


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)


def check_files(folder, row):
    _, path, content, wanted = row
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    run("git", "-C", folder, "init", "-q")
    run("git", "-C", folder, "add", "-A")
    done = run(sys.executable, HERE / "file_size.py", folder)
    if wanted is None:
        return done, done.returncode == 0
    return done, done.returncode == 1 and wanted in done.stdout and done.stdout.count("\n") == 1


def check_report(folder, row):
    _, allowed, more, code, text = row
    (folder / "allowed").write_text(allowed, encoding="utf-8")
    (folder / "test.xml").write_text(REPORT.format(more=more), encoding="utf-8")
    done = run(sys.executable, HERE / "skips.py", folder / "allowed", folder / "test.xml")
    return done, done.returncode == code and text in done.stdout


def main():
    wrong = 0
    for check, rows in ((check_files, FILES), (check_report, REPORTS)):
        for row in rows:
            with tempfile.TemporaryDirectory() as folder:
                done, right = check(pathlib.Path(folder), row)
            if not right:
                wrong += 1
                print(f"{row[0]}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    print(f"{len(FILES) + len(REPORTS) - wrong} rows right, {wrong} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
