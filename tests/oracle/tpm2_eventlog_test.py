#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`etalon eventlog` against tpm2_eventlog of tpm2-tools, on every captured TPM log.

tpm2_eventlog_test.py ETALON FOLDER     FOLDER holds *.tcg

Both must list the same events (PCR, digests of each bank) and compute the same PCRs. Exit: 0 all
equal, 1 a difference, 77 tpm2_eventlog is missing; with CI set, missing is a failure.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

TOOL = "tpm2_eventlog"


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def theirs(text):
    """([(pcr, {bank: hex})] without record 0, {bank: {pcr: hex}}) of tpm2_eventlog's YAML"""
    events, pcrs, bank = [], {}, None
    listed, _, computed = text.partition("\npcrs:\n")
    for block in re.split(r"^- EventNum: ", listed, flags=re.MULTILINE)[2:]:
        register = re.search(r"^  PCRIndex: (\d+)$", block, re.MULTILINE)[1]
        digests = re.findall(r'^  - AlgorithmId: (\w+)\n    Digest: "([0-9a-f]+)"$', block,
                             re.MULTILINE)
        events.append((f"pcr{register}", dict(digests)))
    for line in computed.splitlines():
        if match := re.fullmatch(r"  (\w+):", line):
            bank = pcrs.setdefault(match[1], {})
        elif match := re.fullmatch(r"    (\d+) *: 0x([0-9a-f]+)", line):
            bank[f"pcr{match[1]}"] = match[2]
    return events, pcrs


def ours(etalon, log):
    shown = json.loads(output(etalon, "eventlog", "show", "--json", log))
    replayed = json.loads(output(etalon, "eventlog", "replay", "--json", log))
    pcrs = {}
    for register, banks in replayed["registers"].items():
        for bank, value in banks.items():
            pcrs.setdefault(bank, {})[register] = value
    return [(event["register"], event["digests"]) for event in shown["events"]], pcrs


def main():
    etalon, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if not shutil.which(TOOL):
        print(f"{TOOL} is missing" if os.environ.get("CI") else f"skip: {TOOL} is missing")
        sys.exit(1 if os.environ.get("CI") else 77)
    logs, faults = sorted(folder.glob("*.tcg")), 0
    for log in logs:
        (events, pcrs), (their_events, their_pcrs) = ours(etalon, log), theirs(output(TOOL, log))
        same = bool(events) and bool(pcrs) and (events, pcrs) == (their_events, their_pcrs)
        faults += not same
        print(f"{log.name}: {len(events)} events, {sum(map(len, pcrs.values()))} values "
              f"{'equal' if same else f'differ: {their_events} {their_pcrs}'}")
    if not logs:
        print(f"{folder}: no logs")
    sys.exit(1 if faults or not logs else 0)


if __name__ == "__main__":
    main()
