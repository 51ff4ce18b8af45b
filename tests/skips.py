#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sums up ctest's reports, and fails when more was skipped than tests/skips.txt allows.

skips.py ALLOWED REPORT...     prints the skips of each run; exit 1 when one is not allowed
skips.py --totals REPORT...    prints one line: N passed, N failed, N skipped

REPORT is what ctest --output-junit writes. ALLOWED holds one test name (a regular expression for
the whole of it) per line, with the reason after #.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree


def read_report(path):
    """name -> "passed", "failed" or "skipped", and name -> what a skipped test said"""
    results, reasons = {}, {}
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        name = case.get("name")
        skipped = case.find("skipped") is not None or case.get("status") in ("notrun", "disabled")
        if skipped:
            results[name] = "skipped"
            lines = (case.findtext("system-out") or "").splitlines()
            reasons[name] = next((line for line in lines if "skip" in line.lower()), "")
        else:
            results[name] = "passed" if case.get("status") == "run" else "failed"
    return results, reasons


def read_allowed(path):
    lines = (line.split("#")[0].strip() for line in pathlib.Path(path).read_text("utf-8").splitlines())
    return [re.compile(line) for line in lines if line]


def totals(reports):
    states = [state for results, _ in reports.values() for state in results.values()]
    return ", ".join(f"{states.count(state)} {state}" for state in ("passed", "failed", "skipped"))


def main():
    reports = {pathlib.Path(path).stem: read_report(path) for path in sys.argv[2:]}
    if sys.argv[1] == "--totals":
        print(totals(reports))
        return
    allowed, faults = read_allowed(sys.argv[1]), 0
    for run, (results, reasons) in reports.items():
        print(f"{run}: {totals({run: (results, reasons)})}")
        for name, state in results.items():
            if state == "failed":
                print(f"  failed: {name}")
            elif state == "skipped":
                known = any(pattern.fullmatch(name) for pattern in allowed)
                faults += not known
                print(f"  skipped{'' if known else ' AND NOT ALLOWED'}: {name}: {reasons[name]}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
