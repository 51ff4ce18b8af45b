#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Event logs that are as large as a hostile guest can make them.

eventlog_limits.py [--any-memory] ETALON

Each goes to the program itself, and is answered with the right exit status, one line and little memory.
--any-memory leaves out the last: for a sanitizer, whose own map does not fit the limit.
"""

import os
import resource
import struct
import subprocess
import sys
import tempfile
import unittest

ANY_MEMORY = sys.argv[1] == "--any-memory"
if ANY_MEMORY:
    sys.argv.pop(1)
ETALON = sys.argv.pop(1)
MEGABYTE = 1 << 20
LOG_CAP = 16 * MEGABYTE
RECORD_CAP = 65536
# Beyond what the largest accepted log takes, and far below any input that is refused.
MEMORY = 192 * MEGABYTE
SHA256, SHA384 = 0x000B, 0x000C


def spec_id(index, alg, size):
    event = b"Spec ID Event03\0" + struct.pack("<IBBBBIHHB", 0, 0, 2, 0, 2, 1, alg, size, 0)
    return struct.pack("<II20sI", index, 3, bytes(20), len(event)) + event


def record(index, alg, size, count=1, data=b"", claimed=None):
    digests = struct.pack("<H", alg) + b"\x5a" * size
    return (struct.pack("<III", index, 0x80000007, count) + digests
            + struct.pack("<I", len(data) if claimed is None else claimed) + data)


TPM = spec_id(0, SHA256, 32)
TD = spec_id(1, SHA384, 48)
ACTION = record(4, SHA256, 32)
MR_ACTION = record(2, SHA384, 48)


class Limits(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "log")

    def run_log(self, chunks, *options):
        with open(self.path, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
        return self.run_path(self.path, *options)

    def run_path(self, path, *options):
        def limit():
            if not ANY_MEMORY:
                resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))

        return subprocess.run([ETALON, "eventlog", "replay", path, *options], check=False,
                              capture_output=True, text=True, preexec_fn=limit, timeout=120)

    def refused(self, result, text):
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1)
        self.assertTrue(result.stderr.rstrip("\n").endswith(text), result.stderr)

    def test_a_million_events(self):
        self.refused(self.run_log([TPM] + [ACTION * 10000] * 100), "larger than %d bytes" % LOG_CAP)

    def test_as_many_events_as_are_read(self):
        result = self.run_log([TPM, ACTION * RECORD_CAP])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("pcr4", result.stdout)
        self.refused(self.run_log([TPM, ACTION * (RECORD_CAP + 1)]), "more than %d records" % RECORD_CAP)

    def test_unused_area_of_ff_up_to_the_cap(self):
        used = TD + MR_ACTION
        plain = self.run_log([used])
        self.assertEqual(plain.returncode, 0, plain.stderr)
        result = self.run_log([used, b"\xff" * (LOG_CAP - len(used))])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, plain.stdout)
        self.refused(self.run_log([used, b"\xff" * (LOG_CAP - len(used) + 1)]),
                     "larger than %d bytes" % LOG_CAP)

    def test_two_gigabytes_of_ff(self):
        with open(self.path, "wb") as file:
            file.write(b"\xff" * MEGABYTE)
            file.truncate(2048 * MEGABYTE)  # what follows is never read
        self.refused(self.run_path(self.path), "larger than %d bytes" % LOG_CAP)
        self.refused(self.run_log([b"\xff" * MEGABYTE]), "register 4294967295 is not 0 or 1")

    def test_event_of_four_gigabytes(self):
        self.refused(self.run_log([TPM, record(4, SHA256, 32, claimed=0xFFFFFFFF)]),
                     "event size at 111: 4294967295 bytes, at most 1048576 are read")
        self.refused(self.run_log([struct.pack("<II20sI", 0, 3, bytes(20), 0xFFFFFFFF)]),
                     "need 4294967295 bytes, 0 left")

    def test_digest_count(self):
        self.refused(self.run_log([TPM, record(4, SHA256, 32, count=0xFFFFFFFF)]),
                     "digest count at 73: 4294967295 is not 1 to 1")

    def test_mr_index_0_and_5(self):
        for index, text in ((0, "EV_EFI_ACTION cannot extend MRTD"), (5, "MR index 5 is not 0 to 4")):
            self.refused(self.run_log([TD, record(index, SHA384, 48)], "--format", "ccel"), text)
        # EV_NO_ACTION extends nothing: Google's firmware logs its own under index 0.
        no_action = struct.pack("<III", 0, 3, 1) + struct.pack("<H48sI", SHA384, bytes(48), 0)
        self.assertEqual(self.run_log([TD, no_action, MR_ACTION]).stdout, self.run_log([TD, MR_ACTION]).stdout)


if __name__ == "__main__":
    unittest.main()
