#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints, for each fuzz target, its runs and the line coverage of the decoders it is meant for.

coverage.py BUILD TARGET...     after smoke.sh ran them

A target's source names its decoders by lines `// decoder: path/from/the/root.cpp`. A decoder
covered below 70 % is a fault: the seeds do not get past its front door.
"""

import json
import pathlib
import re
import subprocess
import sys

MINIMUM = 70.0
HERE = pathlib.Path(__file__).resolve().parent


def decoders_of(target):
    text = (HERE / f"{target}_fuzz.cpp").read_text(encoding="utf-8")
    return re.findall(r"^// decoder: (\S+)$", text, re.MULTILINE)


def runs_of(build, target):
    log = (build / "fuzz/logs" / target).read_text(encoding="utf-8", errors="replace")
    match = re.search(r"stat::number_of_executed_units:\s*(\d+)", log)
    return int(match[1]) if match else 0


def coverage_of(build, target):
    """file name as compiled -> percent of lines"""
    raw = build / "fuzz/profiles" / f"{target}.profraw"
    if not raw.is_file():
        return {}
    merged = raw.with_suffix(".profdata")
    subprocess.run(["llvm-profdata-19", "merge", "-sparse", raw, "-o", merged], check=True)
    export = subprocess.run(
        ["llvm-cov-19", "export", "-summary-only", f"-instr-profile={merged}",
         build / "bin" / f"fuzz_{target}"], check=True, capture_output=True)
    files = json.loads(export.stdout)["data"][0]["files"]
    return {file["filename"]: file["summary"]["lines"]["percent"] for file in files}


def main():
    build, faults = pathlib.Path(sys.argv[1]), 0
    for target in sys.argv[2:]:
        decoders, covered = decoders_of(target), coverage_of(build, target)
        if not decoders:
            print(f"fuzz {target}: no `// decoder:` line in {target}_fuzz.cpp")
            faults += 1
        for decoder in decoders:
            percent = next((p for f, p in covered.items() if ("/" + f).endswith("/" + decoder)), 0.0)
            low = percent < MINIMUM
            faults += low
            print(f"fuzz {target}: {runs_of(build, target)} runs, {percent:.0f} % of {decoder}"
                  f"{f' (below {MINIMUM:.0f} %)' if low else ''}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
