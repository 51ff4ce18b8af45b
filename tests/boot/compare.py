#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares predictions with what a real boot measured.

usage: compare.py --files F.json --boot DIR [--measured M.json --platform ID [--require REGISTER=STATUS,...]]
                  [--expect-ima FILE | --ima-covers PATH]

M.json is the output of `etalon predict registers IMAGE --platforms P --json`, F.json that of `etalon
image digest IMAGE --alg sha256 --json`, DIR what boot.sh left. Without M.json, for a machine nobody predicts,
log and IMA list are compared alone. --require says how a register must be predicted, so that a prediction that
has become vague does not pass for one that agrees. FILE lists the paths of the IMA list in order, for guests that
do one thing after the other. PCR 10 must hold the whole IMA list or, in a guest that goes on while its registers
are read, at least the entries up to that of PATH, the program that read them.

One line per check (ok, FAIL) or per thing that cannot be checked here (note), then a total.
Exit: 0 all passed, 1 a check failed, 3 an input is missing or malformed.
"""
import argparse
import base64
import hashlib
import json
import os
import struct
import sys

import measured
from measured import BANKS, Malformed

IMA_PCR = 10


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, text, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
        print(f"{'ok  ' if good else 'FAIL'} {text}" + (f": {detail}" if detail and not good else ""))
        return good

    @staticmethod
    def note(text):
        print(f"note {text}")


def load(folder, name):
    """Content of a file of the boot, or None where that boot has none."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return file.read()


def shorten(value):
    return value[:16] + "..." if isinstance(value, str) and len(value) > 16 else str(value)


# --- the TCG log against itself, the TPM and the disk -------------------------------------------


def check_log(report, banks, events, pcrs):
    for name in sorted({e["type"] for e in events}):
        same = [e for e in events if e["type"] == name]
        hashed = [(e, measured.hashed_part(e)) for e in same]
        if any(part is None for _, part in hashed):
            continue
        wrong = [b for e, part in hashed for b in banks if e["digests"].get(b) != BANKS[b](part).digest()]
        label = measured.EVENT_NAMES.get(name, f"{name:#x}")
        report.check(not wrong, f"log: {len(same)} {label} digests are those of the logged data",
                     f"{len(wrong)} differ")
    report.check(set(banks) == set(pcrs) == set(BANKS), f"log and TPM have the banks {', '.join(BANKS)}",
                 f"log {sorted(banks)}, TPM {sorted(pcrs)}")
    for bank in sorted(set(banks) & set(pcrs)):
        replayed = measured.replay(events, bank)
        wrong = [i for i in sorted(pcrs[bank]) if i != IMA_PCR and pcrs[bank][i] != replayed[i]]
        report.check(not wrong and len(pcrs[bank]) == 24, f"log: all PCRs but {IMA_PCR} replay, {bank}",
                     f"PCR {wrong} differ" if wrong else f"{len(pcrs[bank])} values")


def check_disk(report, boot, events):
    head = load(boot, "disk-head.bin")
    if head is None:
        report.note("disk: no disk in this boot")
        return
    (count,) = struct.unpack_from("<I", head, 512 + 80)
    entries = [head[1024 + 128 * i:1152 + 128 * i] for i in range(count)]
    used = [e for e in entries if any(e[:16])]
    expected = head[512:512 + 92] + struct.pack("<Q", len(used)) + b"".join(used)
    logged = [e["data"] for e in events if e["type"] == measured.EV_EFI_GPT_EVENT]
    report.check(logged == [expected], "disk: the measured GPT is that of the disk")


def check_inputs(report, boot):
    listing = load(boot, "inputs.sha256")
    if listing is None:
        report.note("inputs: no inputs.sha256")
        return
    wrong, seen = [], 0
    for line in listing.decode().splitlines():
        digest, _, name = line.partition("  ")
        data = load(boot, name)
        if data is not None:
            seen += 1
            if hashlib.sha256(data).hexdigest() != digest:
                wrong.append(name)
    report.check(not wrong and seen > 0, f"inputs: {seen} files are those of the boot",
                 f"differ: {wrong}" if wrong else "none kept")


# --- predicted registers -----------------------------------------------------------------------


def is_free(event, expectation):
    """A free event of a register to replay: it happens, with a digest nobody can know before."""
    return (expectation.get("status") == "replay"
            and event.get("summary") in {f["event"] for f in expectation["free"]})


def check_events(report, register, expectation, predicted, real, banks):
    if expectation.get("status") in ("unpredictable",) and not predicted:
        return
    report.check(len(predicted) == len(real), f"{register}: {len(real)} events, as many as predicted",
                 f"{len(predicted)} predicted")
    for index, (event, seen) in enumerate(zip(predicted, real)):
        label = f"{register} event {index}: {event['type']} {event.get('summary', '')}".rstrip()
        if event["type_num"] != seen["type"]:
            report.check(False, label, f"the log has type {seen['type']:#x}")
        elif is_free(event, expectation):
            report.note(f"{label} (free)")
        else:
            missing = [b for b in banks if b not in event["digests"]]
            wrong = [b for b in banks if b not in missing
                     and event["digests"][b] != seen["digests"][b].hex()]
            report.check(not missing and not wrong, label,
                         f"no digest predicted for {missing}" if missing else
                         f"{wrong[0]}: predicted {shorten(event['digests'][wrong[0]])}, "
                         f"log {shorten(seen['digests'][wrong[0]].hex())}" if wrong else "")


def matching(expectation, index, pcrs):
    """The assignments whose values equal the TPM's in every bank it has."""
    found = []
    for choice in expectation.get("any", []):
        values = choice["values"]
        if all(values.get(b) == pcrs[b][index].hex() for b in pcrs):
            found.append(choice.get("when") or {})
    return found


def consistent(choices, chosen=None):
    """One assignment that no two registers contradict, or None."""
    if not choices:
        return chosen or {}
    for when in choices[0]:
        if all((chosen or {}).get(k, v) == v for k, v in when.items()):
            found = consistent(choices[1:], {**(chosen or {}), **when})
            if found is not None:
                return found
    return None


def check_values(report, registers, pcrs, events):
    choices, exact = [], 0
    for register, expectation in sorted(registers.items(), key=lambda r: int(r[0][3:])):
        index, status = int(register[3:]), expectation.get("status")
        if status == "exact":
            found = matching(expectation, index, pcrs)
            report.check(found, f"{register}: exact value, {len(pcrs)} banks",
                         f"none of {len(expectation.get('any', []))} alternatives has the TPM's values")
            exact += 1
            choices.append(found or [{}])
        elif status == "zero":
            silent = not any(e["pcr"] == index for e in events)
            report.check(silent and not any(any(pcrs[b][index]) for b in pcrs),
                         f"{register}: zero, no events", "extended")
        elif status == "replay":
            for free in expectation["free"]:
                report.note(f"{register}: replay, {free['event']} is free: {free['reason']}")
        elif status == "unpredictable":
            report.note(f"{register}: unpredictable: {expectation.get('reason', 'no reason given')}")
        else:
            report.check(False, f"{register}: status {status!r} is known")
    report.check(exact > 0, f"{exact} registers have exact values", "nothing was compared")
    report.check(consistent(choices) is not None, "one assignment of conditions fits all registers")


def check_required(report, registers, required):
    for register, status in required.items():
        predicted = registers.get(register, {}).get("status")
        report.check(predicted == status, f"{register}: predicted as {status}", f"as {predicted}")


def check_prediction(report, platform, required, banks, events, pcrs):
    registers = {r: x for r, x in platform["registers"].items() if r.startswith("pcr")}
    if not registers:
        raise Malformed(f"platform {platform['id']} predicts no PCR")
    for register in sorted(platform["registers"].keys() - registers.keys()):
        report.note(f"{register}: not in this machine")
    for register, expectation in sorted(registers.items(), key=lambda r: int(r[0][3:])):
        predicted = [e for e in platform["events"] if e["register"] == register]
        real = [e for e in events if e["pcr"] == int(register[3:])]
        if predicted or expectation.get("status") == "exact":
            check_events(report, register, expectation, predicted, real, banks)
    stray = {e["register"] for e in platform["events"]} - set(platform["registers"])
    report.check(not stray, "every predicted event belongs to a predicted register", str(sorted(stray)))
    check_values(report, registers, pcrs, events)
    check_required(report, registers, required)


# --- IMA ---------------------------------------------------------------------------------------


def read_files(rows):
    """IMA's spelling of a path -> set of sha256; real bytes of a path -> sha256."""
    spelled, real = {}, {}
    for row in rows:
        digest = row.get("digests", {}).get("sha256")
        if digest is None:
            continue
        raw = base64.b64decode(row["path_b64"]) if "path_b64" in row else row["path"].encode()
        if not raw.startswith(b"/"):
            raise Malformed(f"files: path {row['path']!r} does not begin with /")
        spelled.setdefault(raw.replace(b" ", b"_"), set()).add(digest)
        real[raw] = digest
    return spelled, real


def ima_lists(guest):
    """The main list and those per bank: [(file name, bank, entries)]."""
    found = []
    for bank, suffix in [("sha1", "")] + [(b, "_" + b) for b in BANKS]:
        data = load(guest, "binary_runtime_measurements" + suffix)
        if data is not None:
            found.append((suffix, bank, measured.parse_ima_list(data, bank)))
    if not found or found[0][0]:
        raise Malformed("guest: no binary_runtime_measurements")
    return found


def check_lists(report, guest, lists):
    main = lists[0][2]
    for suffix, bank, entries in lists:
        wrong = [i for i, e in enumerate(entries)
                 if not measured.is_violation(e) and BANKS[bank](e["data"]).digest() != e["digest"]]
        name = f"IMA list{suffix or ' (main)'}"
        report.check(not wrong and entries, f"{name}: {len(entries)} template digests are {bank} of the data",
                     f"entries {wrong} differ")
        shorter = min(len(main), len(entries))
        report.check([e["data"] for e in entries[:shorter]] == [e["data"] for e in main[:shorter]],
                     f"{name}: same entries as the main list")
        text = load(guest, "ascii_runtime_measurements" + suffix)
        if text is not None:
            built = b"".join(measured.ascii_line(e) + b"\n" for e in entries)
            shorter = min(len(built), len(text))
            report.check(shorter and built[:shorter] == text[:shorter], f"{name}: ascii list says the same")
    report.check(not any(measured.is_violation(e) for e in main), "IMA list: no violations")


def check_ima_pcr(report, main, pcrs, covers):
    """covers: None for the whole list, or the path up to whose entry the registers must have come."""
    entries = [e for e in main if e["pcr"] == IMA_PCR]
    needed = len(entries)
    if covers is not None:
        needed = next((i for i, e in enumerate(entries, 1) if measured.file_name(e) == covers), None)
        if not report.check(needed, f"IMA list: holds {covers.decode()}"):
            return
    for bank in sorted(pcrs):
        value, ways = pcrs[bank][IMA_PCR], []
        for form in ("own", "padded"):
            states = measured.replay_ima(entries, IMA_PCR, bank, form)
            ways += [(form, i) for i, s in enumerate(states) if i and s == value]
        words = {"own": f"{bank} digests", "padded": "SHA-1 digests and zeros"}
        how = f"{words[ways[-1][0]]}, {ways[-1][1]} of {len(entries)} entries" if ways else "no way"
        report.check(ways and ways[-1][1] >= needed, f"PCR {IMA_PCR} replays from the IMA list, {bank} ({how})",
                     f"{needed} entries wanted" if ways else "")


def check_aggregate(report, main, pcrs):
    algorithm, digest = measured.file_digest(main[0])
    good = measured.file_name(main[0]) == b"boot_aggregate"
    if not report.check(good, "IMA list: boot_aggregate is first"):
        return
    if not pcrs:
        report.check(not any(digest), "boot_aggregate is zero without a TPM")
        return
    if algorithm not in pcrs:
        report.check(False, "boot_aggregate", f"no {algorithm} bank")
        return
    last = 8 if algorithm == "sha1" else 10
    joined = b"".join(pcrs[algorithm][i] for i in range(last))
    report.check(BANKS[algorithm](joined).digest() == digest,
                 f"boot_aggregate is {algorithm} of PCR 0-{last - 1}")


def check_file(report, entry, spelled, copies):
    name = measured.file_name(entry)
    text = name.decode("utf-8", "backslashreplace")
    algorithm, digest = measured.file_digest(entry)
    if entry["template"] == "ima-buf":
        report.check(BANKS[algorithm](entry["fields"][2]).digest() == digest, f"IMA buffer {text}")
        return
    if algorithm != "sha256":
        raise Malformed(f"IMA list: {text}: {algorithm} digest, the walked files have sha256")
    expected = spelled.get(copies.get(name, name))
    report.check(expected is not None and digest.hex() in expected, f"IMA file {text}",
                 "not in the image" if expected is None else
                 f"measured {shorten(digest.hex())}, image {[shorten(e) for e in sorted(expected)]}")


def check_ima(report, guest, rows, pcrs, expected_names, covers):
    lists = ima_lists(guest)
    main = lists[0][2]
    check_lists(report, guest, lists)
    check_ima_pcr(report, main, pcrs, covers)
    check_aggregate(report, main, pcrs)
    spelled, real = read_files(rows)
    # Files the guest copied: path, tab, the file of the image it is a copy of.
    copies = dict(line.split(b"\t") for line in (load(guest, "copies") or b"").splitlines())
    for entry in main[1:]:
        check_file(report, entry, spelled, copies)
    if expected_names is not None:
        names = [measured.file_name(e) for e in main]
        report.check(names == expected_names, f"IMA list: {len(expected_names)} expected paths in order",
                     f"{len(names)} entries, first difference at "
                     f"{next((i for i, (a, b) in enumerate(zip(names, expected_names)) if a != b), 'the end')}")
    else:
        report.check(len(main) > 1, "IMA list: holds files", "only boot_aggregate")
    check_root(report, guest, real)


def check_root(report, guest, real):
    """The walked files against the guest's own sha256sum of everything it unpacked."""
    listing = load(guest, "root-files.sha256")
    if listing is None:
        report.note("root: the guest sent no list of its files")
        return
    seen = {}
    for line in listing.splitlines():
        digest, _, path = line.partition(b"  ")
        if path.startswith(b"/.extra/") and path not in real:
            # systemd-stub makes this folder (systemd-stub(7)); what is in it shows in PCR 9.
            report.note(f"root: {path.decode()} is the stub's")
        else:
            seen[path] = digest.decode("ascii")
    for title, names in (("in the guest but not walked", seen.keys() - real.keys()),
                         ("walked but not in the guest", real.keys() - seen.keys()),
                         ("with another digest", {p for p in seen if real.get(p, seen[p]) != seen[p]})):
        report.check(not names, f"root: of {len(seen)} files none {title}",
                     f"{len(names)}: {sorted(names)[:4]}")


# --- the whole ---------------------------------------------------------------------------------


def read_platform(options):
    with open(options.measured, encoding="utf-8") as file:
        platforms = {p["id"]: p for p in json.load(file)["platforms"]}
    if options.platform not in platforms:
        raise Malformed(f"{options.measured}: no platform {options.platform}: {sorted(platforms)}")
    return platforms[options.platform]


def compare_registers(report, options, guest, pcrs):
    log = load(guest, "binary_bios_measurements")
    if not log and not pcrs and not options.measured:
        report.note("no TPM in this boot: the IMA list is compared alone")
        return
    if not log or not pcrs:
        raise Malformed(f"{guest}: no TCG log or no PCR values")
    banks, events = measured.parse_tcg_log(log)
    check_log(report, banks, events, pcrs)
    check_disk(report, options.boot, events)
    if options.measured:
        check_prediction(report, read_platform(options), options.require, banks, events, pcrs)
    else:
        report.note("registers: no prediction for this machine")


def compare(report, options):
    with open(options.files, encoding="utf-8") as file:
        rows = json.load(file)
    guest = os.path.join(options.boot, "guest")
    if not os.path.isdir(guest):
        raise Malformed(f"{guest}: no report of a guest")
    expected_names = None
    if options.expect_ima:
        with open(options.expect_ima, "rb") as file:
            expected_names = file.read().splitlines()
    pcrs = measured.parse_pcrs((load(guest, "pcrs") or b"").decode("ascii"))
    check_inputs(report, options.boot)
    compare_registers(report, options, guest, pcrs)
    covers = options.ima_covers.encode() if options.ima_covers else None
    check_ima(report, guest, rows, pcrs, expected_names, covers)


def requirements(text):
    """`pcr4=exact,pcr12=zero` as a dict; argparse reports the ValueError."""
    return dict(tuple(item.split("=", 1)) for item in text.split(","))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("files", "boot"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--measured", help="predictions; needs --platform")
    parser.add_argument("--platform", help="the platform of --measured that was booted")
    parser.add_argument("--require", type=requirements, default={}, help="REGISTER=STATUS,...")
    covered = parser.add_mutually_exclusive_group()
    covered.add_argument("--expect-ima", help="paths of the IMA list, one per line, in order")
    covered.add_argument("--ima-covers", help="path whose entry PCR 10 must have come to")
    options = parser.parse_args()
    if bool(options.measured) != bool(options.platform) or (options.require and not options.measured):
        parser.error("--measured and --platform belong together, and --require to them")
    report = Report()
    try:
        compare(report, options)
    except (Malformed, OSError, ValueError, KeyError, TypeError, struct.error) as error:
        print(f"compare.py: error: {type(error).__name__}: {error}", file=sys.stderr)
        return 3
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
