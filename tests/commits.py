#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the history and the tree for what must not be in them.

commits.py ROOT     one line per fault, exit 1 when there is one, 77 outside a git clone

Commits: subject of at most 60 characters without a final period, a blank line after it, no
trailers and no issue numbers. Commits and tracked text: no path of one person's machine and no
address of a private network; whoever reads them elsewhere could do nothing with either. (Tests of
image paths may well say /home.)
"""

import re
import subprocess
import sys

SUBJECT = 60
TRAILER = re.compile(r"^(signed-off|co-authored|reviewed|acked|tested|change-id|generated)[a-z-]*:",
                     re.IGNORECASE | re.MULTILINE)
ISSUE = re.compile(r"#\d+\b|\bissue \d+", re.IGNORECASE)
MACHINE = re.compile(
    r"(?<![\w.@$/}-])/(?:work|home|Users)/[\w.]"
    r"|https?://(?:localhost|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)"
    r"|https?://[\w.-]+\.(?:internal|local|lan|corp)\b")
# Commits already published whose fault cannot be taken back: hash -> why it stays.
EXCUSED = {}


def git(root, *arguments):
    return subprocess.run(["git", "-c", "safe.directory=*", "-C", root, *arguments],
                          check=False, capture_output=True)


def check_message(commit, message):
    subject, _, rest = message.partition("\n")
    faults = []
    if len(subject) > SUBJECT:
        faults.append(f"subject of {len(subject)} characters, limit {SUBJECT}")
    if subject.endswith("."):
        faults.append("subject ends with a period")
    if rest.strip() and not rest.startswith("\n"):
        faults.append("no blank line after the subject")
    for what, pattern in (("trailer", TRAILER), ("issue number", ISSUE), ("machine", MACHINE)):
        match = pattern.search(message)
        if match:
            faults.append(f"{what}: {match[0]}")
    return [f"commit {commit[:12]} `{subject}`: {fault}" for fault in faults]


def check_history(root):
    log = git(root, "log", "--format=%H%n%B%x00", "HEAD").stdout.decode("utf-8", "replace")
    faults, count = [], 0
    for entry in log.split("\0"):
        commit, _, message = entry.strip("\n").partition("\n")
        if commit:
            count += 1
            faults += [] if commit in EXCUSED else check_message(commit, message.rstrip("\n"))
    return faults, count


def check_tree(root):
    listed = git(root, "grep", "-nIP", "-e", MACHINE.pattern, "--", ".",
                 *(f":!tests/{name}" for name in ("commits.py", "unit", "data", "golden", "fuzz")))
    return [f"machine: {line}" for line in listed.stdout.decode("utf-8", "replace").splitlines()]


def self_test():
    right = "uki: refuse overlapping sections\n\nThe stub loads the first (UKI specification 1.0)."
    wrong = ["x" * 61, "uki: refuse.", "uki: refuse\nat once", "a\n\nSigned-off-by: b", "mend #12",
             "a\n\nseen in /home/me/x", "a\n\nfrom http://10.0.0.1/x"]
    if check_message("right", right) or not all(len(check_message("w", w)) == 1 for w in wrong):
        raise SystemExit("commits.py: self-test failed")


def main():
    root = sys.argv[1]
    self_test()
    if git(root, "rev-parse", "HEAD").returncode != 0:
        print("commits: skip: not a git clone")
        sys.exit(77)
    faults, count = check_history(root)
    faults += check_tree(root)
    print("\n".join(faults) if faults else f"commits: {count} clean")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
