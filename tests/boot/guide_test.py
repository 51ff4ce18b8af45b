#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every command of a guide and holds what came of it against what the guide says.

guide_test.py GUIDE --top DIR

Lines that begin with four blanks and "$ " are commands; one shell runs them all, in order, in DIR, and
each must end with 0. Then every path on the list of the booted machine must be one that the simulation
of the same policy calls `yes`, or lie in a place it calls `yes`; and what it calls `no` must not be there.

Exit: 0 it holds, 1 it does not, 77 a package could not be fetched.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys

SKIP = 77


def commands(guide):
    for line in guide.read_text(encoding="utf-8").splitlines():
        if line.startswith("    $ "):
            yield line.removeprefix("    $ ")


def script(guide):
    """each command is shown before it runs and named when it fails"""
    lines = ["set -eu"]
    for command in commands(guide):
        quoted = command.replace("'", "'\\''")
        lines += [f"printf '%s\\n' '$ {quoted}'", f"{command} || {{ s=$?; echo \"exit $s\"; exit $s; }}"]
    return "\n".join(lines) + "\n"


def listed(path):
    """paths of an ascii list of template ima-ng; they hold no blank"""
    for line in path.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        yield line.split(" ")[4]


def compare(top):
    folder = top / "build/guide"
    config = next((top / "build/fetched").glob("linux-image-6.12*cloud*/boot/config-*"))
    done = subprocess.run([top / "build/release/bin/etalon", "policy", "simulate", "--json",
                           folder / "ima-policy", "--image", folder / "boot/uki.efi", "--config", config],
                          check=True, stdout=subprocess.PIPE)
    simulated = json.loads(done.stdout)
    verdicts = {file["path"]: file["verdict"] for file in simulated["files"]}
    places = [each["path"].removesuffix("*") for each in simulated["places"] if each["verdict"] == "yes"]
    wrong = []
    seen = 0
    for path in listed(folder / "boot/guest/ascii_runtime_measurements_sha256"):
        if path == "boot_aggregate":
            continue
        seen += 1
        if verdicts.get(path) != "yes" and not any(path.startswith(place) for place in places):
            wrong.append(f"{path} is listed; simulated: {verdicts.get(path)}")
    if seen < 10 or "no" not in verdicts.values():
        wrong.append(f"too little to compare: {seen} entries")
    entries = simulated["summary"]["max_entries"]
    print(f"guide: {seen} entries, as simulated; bound {entries}")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("guide", type=pathlib.Path)
    parser.add_argument("--top", type=pathlib.Path, required=True)
    args = parser.parse_args()
    shutil.rmtree(args.top / "build/guide", ignore_errors=True)
    done = subprocess.run(["bash", "-c", script(args.guide)], cwd=args.top, check=False)
    if done.returncode:
        return SKIP if done.returncode == SKIP else 1
    wrong = compare(args.top)
    for text in wrong:
        print(f"guide: {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
