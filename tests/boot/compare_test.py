#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that compare.py can fail: tampers with captured boots, one thing at a time.

The last test collects which kinds of checks failed somewhere and demands that it is all of them.
Captured boots and predictions: tests/data/boot.
"""
import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import struct
import sys
import tempfile
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data", "boot")
sys.path.insert(0, HERE)

import compare  # noqa: E402  (its folder is not a package)
import measured  # noqa: E402


def kind(line):
    """A check's text without what differs between two checks of one kind."""
    text = line.split(None, 1)[1]
    for pattern, short in ((r"^pcr\d+ event \d+: .*", "pcr event"), (r"^IMA file .*", "IMA file"),
                           (r"^log: \d+ EV_\w+ ", "log: EV "), (r"sha\d+|SHA-\d", "sha"),
                           (r" \([^()]*entries\)| \(no way\)", ""), (r"_sha|(?<=IMA list) \(main\)", ""),
                           (r"pcr\d+", "pcr"), (r"\d+", "N")):
        text = re.sub(pattern, short, text)
    return text


class Capture:
    """A captured boot in a folder of its own, its prediction and its files, to be changed at will."""

    def __init__(self, name, folder):
        self.boot = os.path.join(folder, name)
        shutil.copytree(os.path.join(DATA, name), self.boot)
        with open(os.path.join(self.boot, "measured.json"), encoding="utf-8") as file:
            self.measured = json.load(file)
        with open(os.path.join(self.boot, "files.json"), encoding="utf-8") as file:
            self.files = json.load(file)
        self.platform = self.measured["platforms"][0]
        self.events = self.platform["events"]
        self.registers = self.platform["registers"]
        self.expected = os.path.join(HERE, "small.ima")
        self.covers = None
        self.predicted = True
        self.required = "pcr4=exact,pcr9=exact,pcr11=exact,pcr12=zero,pcr13=zero"

    def path(self, name):
        return os.path.join(self.boot, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)

    def flip(self, name, at):
        data = bytearray(self.read(name))
        data[at] ^= 1
        self.write(name, bytes(data))

    def run(self):
        """(exit status, lines of stdout, stderr)"""
        for name, value in (("measured.json", self.measured), ("files.json", self.files)):
            with open(self.path(name), "w", encoding="utf-8") as file:
                json.dump(value, file)
        out, err = io.StringIO(), io.StringIO()
        arguments = ["compare.py", "--files", self.path("files.json"), "--boot", self.boot]
        if self.predicted:
            arguments += ["--measured", self.path("measured.json"), "--platform", "oracle"]
            arguments += ["--require", self.required] if self.required else []
        if self.covers:
            arguments += ["--ima-covers", self.covers]
        elif self.expected:
            arguments += ["--expect-ima", self.expected]
        with mock.patch.object(sys, "argv", arguments), contextlib.redirect_stdout(out), \
                contextlib.redirect_stderr(err):
            status = compare.main()
        return status, out.getvalue().splitlines(), err.getvalue()


def other(digest):
    return ("0" if digest[0] != "0" else "1") + digest[1:]


def ima_record(pcr, digest, template, data):
    return (struct.pack("<I", pcr) + digest + struct.pack("<I", len(template)) + template +
            struct.pack("<I", len(data)) + data)


class TamperedBoot(unittest.TestCase):
    failed_kinds = set()
    passed_kinds = set()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.old = Capture("stub257-6.1", self.folder.name)
        self.new = Capture("secureboot-6.12", self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def fails(self, capture, *texts):
        """compare.py exits 1, and each text is in a line that failed."""
        status, lines, err = capture.run()
        failed = [line for line in lines if line.startswith("FAIL ")]
        self.assertEqual(status, 1, err)
        for text in texts:
            self.assertTrue(any(text in line for line in failed), f"{text!r} not in {failed}")
        TamperedBoot.failed_kinds.update(kind(line) for line in failed)
        return failed

    def malformed(self, capture, text):
        status, _, err = capture.run()
        self.assertEqual(status, 3)
        self.assertIn(text, err)

    def edit_main_list(self, capture, change):
        """change(entries): edits parsed entries; the list is written back with right digests."""
        name = "guest/binary_runtime_measurements"
        entries = measured.parse_ima_list(capture.read(name), "sha1")
        change(entries)
        capture.write(name, b"".join(
            ima_record(e["pcr"], e.get("forced") or hashlib.sha1(e["data"]).digest(),
                       e["template"].encode(), e["data"]) for e in entries))

    def test_untouched_boots_pass(self):
        for capture in (self.old, self.new):
            status, lines, err = capture.run()
            self.assertEqual(status, 0, (lines, err))
            self.assertRegex(lines[-1], r"^[1-9]\d+ passed, 0 failed$")
            TamperedBoot.passed_kinds.update(kind(line) for line in lines if line.startswith("ok "))

    # --- log, TPM, disk

    def test_flipped_digest_of_each_bank_in_the_log(self):
        log = self.old.read("guest/binary_bios_measurements")
        for bank in measured.BANKS:
            digest = bytes.fromhex(self.old.events[2]["digests"][bank])
            changed = bytearray(log)
            changed[log.index(digest)] ^= 1
            self.old.write("guest/binary_bios_measurements", bytes(changed))
            self.fails(self.old, f"log: all PCRs but 10 replay, {bank}", "pcr4 event 2")

    def test_flipped_data_in_the_log(self):
        log = self.old.read("guest/binary_bios_measurements")
        self.old.flip("guest/binary_bios_measurements", log.index(b"Calling EFI Application"))
        self.fails(self.old, "EV_EFI_ACTION digests are those of the logged data")

    def test_flipped_boot_variable_in_the_log(self):
        log = self.old.read("guest/binary_bios_measurements")
        at = log.index("BootOrder".encode("utf-16-le")) + 18
        self.old.flip("guest/binary_bios_measurements", at)
        self.fails(self.old, "EV_EFI_VARIABLE_BOOT digests are those of the logged data")

    def test_every_flipped_pcr(self):
        lines = self.old.read("guest/pcrs").splitlines(keepends=True)
        for i in range(0, len(lines), 7):
            changed = list(lines)
            bank, index, value = lines[i].decode().split()
            changed[i] = f"{bank} {index} {other(value)}\n".encode()
            self.old.write("guest/pcrs", b"".join(changed))
            self.fails(self.old, f"replays from the IMA list, {bank}" if index == "10"
                       else f"log: all PCRs but 10 replay, {bank}")

    def test_missing_pcr(self):
        lines = self.old.read("guest/pcrs").splitlines(keepends=True)
        self.old.write("guest/pcrs", b"".join(line for line in lines if not line.startswith(b"sha384 23 ")))
        self.fails(self.old, "log: all PCRs but 10 replay, sha384: 23 values")

    def test_missing_bank(self):
        lines = self.old.read("guest/pcrs").splitlines(keepends=True)
        self.old.write("guest/pcrs", b"".join(line for line in lines if not line.startswith(b"sha512 ")))
        self.fails(self.old, "log and TPM have the banks sha1, sha256, sha384, sha512")

    def test_bank_missing_on_both_sides(self):
        with mock.patch.object(measured, "parse_tcg_log", side_effect=self.without_sha384(measured.parse_tcg_log)), \
                mock.patch.object(measured, "parse_pcrs", side_effect=self.without_sha384(measured.parse_pcrs)):
            self.fails(self.old, "log and TPM have the banks sha1, sha256, sha384, sha512")

    @staticmethod
    def without_sha384(parse):
        def parsed(data):
            found = parse(data)
            if isinstance(found, tuple):
                return [b for b in found[0] if b != "sha384"], found[1]
            return {b: v for b, v in found.items() if b != "sha384"}
        return parsed

    def test_other_partition_table(self):
        self.old.flip("disk-head.bin", 1024 + 20)
        self.fails(self.old, "disk: the measured GPT", "inputs: ")

    def test_inputs_not_kept(self):
        os.unlink(self.old.path("disk-head.bin"))
        self.fails(self.old, "none kept")

    # --- predictions

    def test_wrong_digest_of_each_event_and_bank(self):
        for i, event in enumerate(self.old.events):
            bank = list(measured.BANKS)[i % 4]
            before = event["digests"][bank]
            event["digests"][bank] = other(before)
            self.fails(self.old, f"{event['register']} event ")
            event["digests"][bank] = before

    def test_event_without_a_bank(self):
        del self.old.events[3]["digests"]["sha512"]
        self.fails(self.old, "no digest predicted for ['sha512']")

    def test_event_of_another_type(self):
        self.old.events[0]["type_num"] = 5
        self.fails(self.old, "the log has type 0x80000007")

    def test_events_in_another_order(self):
        self.old.events[0], self.old.events[1] = self.old.events[1], self.old.events[0]
        self.fails(self.old, "pcr4 event 0", "pcr4 event 1")

    def test_missing_and_additional_event(self):
        removed = self.old.events.pop()
        self.fails(self.old, f"{removed['register']}: 2 events, as many as predicted: 1 predicted")
        self.old.events += [removed, removed]
        self.fails(self.old, f"{removed['register']}: 2 events, as many as predicted: 3 predicted")

    def test_exact_register_without_events(self):
        self.old.platform["events"] = [e for e in self.old.events if e["register"] != "pcr9"]
        self.fails(self.old, "pcr9: 2 events, as many as predicted: 0 predicted")

    def test_event_of_a_register_nobody_predicts(self):
        del self.old.registers["pcr9"]
        self.fails(self.old, "every predicted event belongs to a predicted register")

    def test_wrong_value_of_each_bank(self):
        values = self.old.registers["pcr11"]["any"][0]["values"]
        for bank, before in list(values.items()):
            values[bank] = other(before)
            self.fails(self.old, "pcr11: exact value")
            del values[bank]
            self.fails(self.old, "pcr11: exact value")
            values[bank] = before

    def test_any_alternative_will_do(self):
        right = self.old.registers["pcr11"]["any"][0]
        wrong = {"when": {"phase": "ready"}, "values": {b: other(v) for b, v in right["values"].items()}}
        self.old.registers["pcr11"]["any"] = [wrong, right]
        self.assertEqual(self.old.run()[0], 0)

    def test_contradicting_conditions(self):
        self.old.registers["pcr4"]["any"][0]["when"] = {"memory": "1G"}
        self.old.registers["pcr11"]["any"][0]["when"] = {"memory": "2G"}
        self.fails(self.old, "one assignment of conditions fits all registers")

    def test_zero_register_that_is_not(self):
        for register in ("pcr4", "pcr9"):
            self.old.registers[register] = {"status": "zero"}
            self.fails(self.old, f"{register}: zero, no events")

    def test_register_predicted_less_well_than_required(self):
        self.old.registers["pcr9"] = {"status": "replay", "free": [{"event": "initrd", "reason": "a test"}]}
        self.fails(self.old, "pcr9: predicted as exact: as replay")
        self.old.required = "pcr9=replay"
        self.assertEqual(self.old.run()[0], 0)
        self.old.registers["pcr9"]["status"] = "unpredictable"
        self.fails(self.old, "pcr9: predicted as replay: as unpredictable")
        self.old.required = "pcr13=zero"
        del self.old.registers["pcr13"]
        self.fails(self.old, "pcr13: predicted as zero: as None")

    def test_unknown_status(self):
        self.old.registers["pcr12"]["status"] = "any"
        self.fails(self.old, "pcr12: status 'any' is known")

    def test_replay_frees_only_the_named_event(self):
        self.old.registers["pcr9"] = {"status": "replay", "free": [{"event": "initrd", "reason": "a test"}]}
        free = next(e for e in self.old.events if e["summary"] == "initrd")
        free["digests"] = {}
        self.old.required = "pcr9=replay"
        self.assertEqual(self.old.run()[0], 0)
        free["type_num"] = 5
        self.fails(self.old, "pcr9 event 1")
        free["type_num"] = 6
        line = next(e for e in self.old.events if e["summary"] == "command line")
        line["digests"]["sha1"] = other(line["digests"]["sha1"])
        self.fails(self.old, "pcr9 event 0")

    def test_nothing_compared(self):
        self.old.platform["events"] = []
        for register in ("pcr4", "pcr9", "pcr11"):
            self.old.registers[register] = {"status": "unpredictable", "reason": "a test"}
        self.fails(self.old, "nothing was compared")

    # --- IMA

    def test_flipped_byte_of_each_list(self):
        for name in os.listdir(self.new.path("guest")):
            if name.startswith("binary_runtime_measurements"):
                before = self.new.read("guest/" + name)
                self.new.flip("guest/" + name, len(before) - 12)
                self.fails(self.new, "template digests are", "same entries as the main list")
                self.new.write("guest/" + name, before)

    def test_ascii_list_says_something_else(self):
        for name in ("guest/ascii_runtime_measurements", "guest/ascii_runtime_measurements_sha384"):
            before = self.new.read(name)
            self.new.flip(name, 60)
            self.fails(self.new, "ascii list says the same")
            self.new.write(name, b"")
            self.fails(self.new, "ascii list says the same")
            self.new.write(name, before)

    def test_entry_changed_dropped_or_moved(self):
        before = self.old.read("guest/binary_runtime_measurements")

        def rename(entries):
            entries[2]["data"] = entries[2]["data"].replace(b"hello", b"hallo")

        def drop(entries):
            del entries[3]

        def move(entries):
            entries[4], entries[5] = entries[5], entries[4]

        for change in (rename, drop, move):
            self.edit_main_list(self.old, change)
            self.fails(self.old, *(f"PCR 10 replays from the IMA list, {b} (no way)" for b in measured.BANKS),
                       "expected paths in order")
            self.old.write("guest/binary_runtime_measurements", before)

    def test_list_longer_than_the_pcr(self):
        def append(entries):
            entries.append(dict(entries[-1]))

        self.edit_main_list(self.old, append)
        for self.old.expected in (self.old.expected, None):
            self.fails(self.old, "sha256 (sha256 digests, 13 of 14 entries): 14 entries wanted",
                       "sha1 (SHA-1 digests and zeros, 13 of 14 entries): 14 entries wanted")

    def test_pcr_that_stops_before_the_program_that_read_it(self):
        def append(entries):
            late = dict(entries[-1], data=entries[-1]["data"].replace(b"/run/copied", b"/usr/bin/la"))
            entries.append(late)

        self.old.covers = "/run/copied"
        self.edit_main_list(self.old, append)
        status, lines, _ = self.old.run()      # the rest of the list came after the registers were read
        failed = [line for line in lines if line.startswith("FAIL ")]
        self.assertEqual((status, failed), (1, ["FAIL IMA file /usr/bin/la: not in the image"]))
        self.old.covers = "/usr/bin/la"
        self.fails(self.old, "sha256 (sha256 digests, 13 of 14 entries): 14 entries wanted")
        self.old.covers = "/usr/bin/nobody"
        self.fails(self.old, "IMA list: holds /usr/bin/nobody")

    def test_machine_without_prediction(self):
        self.old.predicted = False
        status, lines, _ = self.old.run()
        self.assertEqual(status, 0)
        self.assertIn("note registers: no prediction for this machine", lines)
        self.old.flip("disk-head.bin", 1024 + 20)
        self.fails(self.old, "disk: the measured GPT")

    def test_machine_without_tpm(self):
        def aggregate(entries, byte=0):
            data = entries[0]["data"]
            at = data.index(b"sha256:\0") + 8
            entries[0]["data"] = data[:at] + bytes([byte]) * 32 + data[at + 32:]

        self.old.predicted = False
        os.unlink(self.old.path("guest/pcrs"))
        os.unlink(self.old.path("guest/binary_bios_measurements"))
        self.fails(self.old, "boot_aggregate is zero without a TPM")
        self.edit_main_list(self.old, aggregate)
        os.unlink(self.old.path("guest/ascii_runtime_measurements"))
        status, lines, _ = self.old.run()
        self.assertEqual(status, 0, lines)
        self.assertIn("note no TPM in this boot: the IMA list is compared alone", lines)
        self.assertIn("ok   boot_aggregate is zero without a TPM", lines)
        TamperedBoot.passed_kinds.update(kind(line) for line in lines if line.startswith("ok "))
        self.old.predicted = True
        self.malformed(self.old, "no TCG log or no PCR values")

    def test_no_files_in_the_list(self):
        def cut(entries):
            del entries[1:]

        self.edit_main_list(self.old, cut)
        self.old.expected = None
        self.fails(self.old, "IMA list: holds files: only boot_aggregate")

    def test_violation(self):
        def violate(entries):
            entries[1]["forced"] = bytes(20)

        self.edit_main_list(self.old, violate)
        self.fails(self.old, "IMA list: no violations")

    def test_boot_aggregate(self):
        def other_aggregate(entries):
            at = entries[0]["data"].index(b"sha256:\0") + 8
            data = bytearray(entries[0]["data"])
            data[at] ^= 1
            entries[0]["data"] = bytes(data)

        before = self.old.read("guest/binary_runtime_measurements")
        self.edit_main_list(self.old, other_aggregate)
        self.fails(self.old, "boot_aggregate is sha256 of PCR 0-9")
        self.old.write("guest/binary_runtime_measurements", before)
        self.edit_main_list(self.old, lambda entries: entries.pop(0))
        self.fails(self.old, "IMA list: boot_aggregate is first")

    def test_files(self):
        row = next(r for r in self.old.files if r["path"] == "/usr/bin/name with space")
        before = row["digests"]["sha256"]
        row["digests"]["sha256"] = other(before)
        self.fails(self.old, "IMA file /usr/bin/name_with_space", "with another digest")
        row["digests"]["sha256"] = before
        self.old.files.remove(row)
        self.fails(self.old, "IMA file /usr/bin/name_with_space: not in the image", "in the guest but not walked")
        row["path"] = "/usr/bin/nowhere"
        self.old.files.append(row)
        self.fails(self.old, "walked but not in the guest")

    def test_file_with_a_name_that_is_not_utf8(self):
        row = next(r for r in self.old.files if "path_b64" in r)
        row["digests"]["sha256"] = other(row["digests"]["sha256"])
        self.fails(self.old, "with another digest")

    def test_copied_file(self):
        self.old.write("guest/copies", b"")
        self.fails(self.old, "IMA file /run/copied: not in the image")
        self.old.write("guest/copies", b"/run/copied\t/usr/bin/busybox\n")
        self.fails(self.old, "IMA file /run/copied: measured")

    # --- inputs that cannot be compared

    def test_malformed_inputs(self):
        log = self.old.read("guest/binary_bios_measurements")
        self.old.write("guest/binary_bios_measurements", log[:-1])
        self.malformed(self.old, "bytes wanted at offset")
        self.old.write("guest/binary_bios_measurements", b"")
        self.malformed(self.old, "no TCG log")
        self.old.write("guest/binary_bios_measurements", b"\1" + log[1:4] + b"\4" + log[5:])
        self.malformed(self.old, "EV_NO_ACTION")
        self.old.write("guest/binary_bios_measurements", log)
        self.old.write("guest/pcrs", b"sha256 0 00\n")
        self.malformed(self.old, "pcrs: ")

    def test_missing_inputs(self):
        os.unlink(self.new.path("guest/binary_runtime_measurements"))
        self.malformed(self.new, "no binary_runtime_measurements")
        shutil.rmtree(self.new.path("guest"))
        self.malformed(self.new, "no report of a guest")
        self.old.platform["id"] = "another"
        self.malformed(self.old, "no platform oracle")
        self.old.platform["id"] = "oracle"
        self.old.platform["registers"] = {"rtmr1": {"status": "exact"}}
        self.malformed(self.old, "predicts no PCR")
        self.old.measured = []
        self.malformed(self.old, "TypeError")

    def test_zz_every_kind_of_check_has_failed(self):
        """Named to run last: unittest sorts by name."""
        self.assertGreater(len(self.passed_kinds), 20)
        never = {k for k in self.passed_kinds if not any(f.startswith(k) for f in self.failed_kinds)}
        self.assertEqual(never, set())


if __name__ == "__main__":
    unittest.main()
