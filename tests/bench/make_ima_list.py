#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a synthetic measurement list, for timing: make_ima_list.py ENTRIES FOLDER

FOLDER gets `binary` and `ascii`, template ima-ng with SHA-256 file digests and SHA-1 template digests,
the first entry a boot_aggregate, and `full-sha1` and `full-sha256`, the PCRs after the last entry in
the form that evmctl reads: `PCR-10: HEX`, of all 24; those but PCR 10 are zero.
"""

import hashlib
import pathlib
import struct
import sys


def entry(number):
    """(digest of the file, its name)"""
    if number == 0:
        return hashlib.sha256(b"boot").digest(), b"boot_aggregate"
    name = b"/usr/lib/x86_64-linux-gnu/folder-%03d/library-%07d.so" % (number % 997, number)
    return hashlib.sha256(name).digest(), name


def main():
    count, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    pcr = {"sha1": bytes(20), "sha256": bytes(32)}
    with open(folder / "binary", "wb") as binary, open(folder / "ascii", "wb") as text:
        for number in range(count):
            digest, name = entry(number)
            field = b"sha256:\0" + digest
            data = (struct.pack("<I", len(field)) + field
                    + struct.pack("<I", len(name) + 1) + name + b"\0")
            template = hashlib.sha1(data).digest()
            binary.write(struct.pack("<I", 10) + template + struct.pack("<I", 6) + b"ima-ng"
                         + struct.pack("<I", len(data)) + data)
            text.write(b"10 %s ima-ng sha256:%s %s\n"
                       % (template.hex().encode(), digest.hex().encode(), name))
            pcr["sha1"] = hashlib.sha1(pcr["sha1"] + template).digest()
            pcr["sha256"] = hashlib.sha256(pcr["sha256"] + hashlib.sha256(data).digest()).digest()
    for bank, value in pcr.items():
        lines = [(value if index == 10 else bytes(len(value))).hex(" ").upper() for index in range(24)]
        (folder / f"full-{bank}").write_text(
            "".join(f"PCR-{index:02}: {line}\n" for index, line in enumerate(lines)), encoding="ascii")


if __name__ == "__main__":
    main()
