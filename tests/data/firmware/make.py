#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the made-up firmware images of this folder and the seeds of the TDVF fuzz target.

make.py            writes them
make.py --check    exit 1 when a file differs from what would be written
"""

import pathlib
import struct
import sys
import uuid

HERE = pathlib.Path(__file__).resolve().parent
SEEDS = HERE.parent.parent / "fuzz/corpus/tdvf"
FOOTER = "96b582de-1fb2-45f7-baea-a366c55a082d"
TDVF = "e47a6535-984a-4798-865e-4685a7bf8ec2"
SEV_SECRET = "4c2eb361-7d9b-4cc3-8081-127c90d3d294"  # another entry that OVMF writes
BFV, CFV, HOB, TEMP, PERM, PAYLOAD, PARAM = range(7)


def section(kind, gpa, mem, offset=0, raw=0, attributes=0):
    return struct.pack("<IIQQII", offset, raw, gpa, mem, kind, attributes)


def metadata(sections, version=1, count=None, length=None):
    count = len(sections) if count is None else count
    length = 16 + 32 * len(sections) if length is None else length
    return struct.pack("<4sIII", b"TDVF", length, version, count) + b"".join(sections)


def entry(guid, data, length=None):
    length = len(data) + 18 if length is None else length
    return data + struct.pack("<H", length) + uuid.UUID(guid).bytes_le


def image(size, meta, table=None, footer=None):
    """Bytes that differ from page to page; the metadata lies 0x180 bytes before the end."""
    data = bytearray((i * 7 + (i >> 8) * 13) & 0xFF for i in range(size))
    data[size - 0x180 : size - 0x180 + len(meta)] = meta
    if table is None:  # td-shim: the offset of the metadata
        struct.pack_into("<I", data, size - 0x20, size - 0x180)
        return bytes(data)
    total = len(table) + 18 if footer is None else footer
    table += entry(FOOTER, b"", total)
    data[size - 0x20 - len(table) : size - 0x20] = table
    return bytes(data)


def table(distance=0x180):
    return entry(SEV_SECRET, bytes(8)) + entry(TDVF, struct.pack("<I", distance))


def whole():
    """Three pages: a CFV and two of BFV, with the sections of OVMF."""
    return [section(BFV, 0xFFFFE000, 0x2000, 0x1000, 0x2000, 1),
            section(CFV, 0xFFFFD000, 0x1000, 0, 0x1000),
            section(TEMP, 0x810000, 0x3000),
            section(HOB, 0x809000, 0x2000)]


def small(raw, extra=()):
    """One BFV of a few bytes in one page."""
    return [section(BFV, 0xFFFFF000, 0x1000, 0, raw, 1), section(HOB, 0x809000, 0x1000), *extra]


def data_files():
    ovmf = image(0x3000, metadata(whole()), table())
    return {"ovmf.fd": ovmf, "vars.fd": ovmf[:0x1000], "code.fd": ovmf[0x1000:]}


def seeds():
    size = 0x200
    good = metadata(small(size))
    shim = [section(PERM, 0x100000000, 1 << 40, attributes=2), section(PAYLOAD, 0x200000, 0x1000),
            section(PARAM, 0x300000, 0x1000)]
    return {
        "ovmf": image(size, good, table()),
        "td_shim": image(size, metadata(small(size, shim))),
        "temp_extended": image(size, metadata(small(size, [section(TEMP, 0x1000, 0x1000, 0, 0, 1)])),
                               table()),
        "zero_length_entry": image(size, good, entry(SEV_SECRET, b"") + entry(TDVF, bytes(4), 0)),
        "entry_too_long": image(size, good, entry(TDVF, struct.pack("<I", 0x180), 23)),
        "guid_twice": image(size, good, table() + entry(SEV_SECRET, b"")),
        "footer_too_long": image(size, good, table(), 0xFFFF),
        "no_tdvf_entry": image(size, good, entry(SEV_SECRET, b"")),
        "distance_zero": image(size, good, table(0)),
        "no_signature": image(size, b"TDVX" + good[4:], table()),
        "version_2": image(size, metadata(small(size), version=2), table()),
        "count_max": image(size, metadata(small(size), count=0xFFFFFFFF), table()),
        "count_past_end": image(size, metadata(small(size), count=64), table()),
        "length_wrong": image(size, metadata(small(size), length=79), table()),
        "type_9": image(size, metadata(small(size, [section(9, 0x1000, 0x1000)])), table()),
        "attribute_4": image(size, metadata(small(size, [section(TEMP, 0, 0x1000, 0, 0, 4)])),
                             table()),
        "extended_and_augmented": image(
            size, metadata(small(size, [section(TEMP, 0, 0x1000, 0, 0, 3)])), table()),
        "perm_added": image(size, metadata(small(size, [section(PERM, 0, 0x1000)])), table()),
        "param_extended": image(
            size, metadata(small(size, [section(PARAM, 0, 0x1000, 0, 0, 1)])), table()),
        "hob_with_content": image(
            size, metadata([section(BFV, 0xFFFFF000, 0x1000, 0, size, 1),
                            section(HOB, 0x1000, 0x1000, 0, 1)]), table()),
        "cfv_without_content": image(size, metadata(small(size, [section(CFV, 0, 0x1000)])), table()),
        "odd_gpa": image(size, metadata(small(size, [section(TEMP, 1, 0x1000)])), table()),
        "odd_size": image(size, metadata(small(size, [section(TEMP, 0, 0x1001)])), table()),
        "no_memory": image(size, metadata(small(size, [section(TEMP, 0, 0)])), table()),
        "less_memory_than_content": image(
            size, metadata(small(size, [section(CFV, 0, 0x1000, 0, 0x1001)])), table()),
        "wraps": image(size, metadata(small(size, [section(TEMP, (1 << 64) - 0x1000, 0x2000)])),
                       table()),
        "too_much_memory": image(size, metadata(small(size, [section(TEMP, 0, 1 << 50)])), table()),
        "overlap": image(size, metadata(small(size, [section(TEMP, 0x809000, 0x1000)])), table()),
        "content_past_end": image(
            size, metadata(small(size, [section(CFV, 0, 0x1000, 0xFFFFFFFF, 0x1000)])), table()),
        "content_too_short": image(size, metadata(small(size - 1)), table()),
        "two_hobs": image(size, metadata(small(size, [section(HOB, 0x1000, 0x1000)])), table()),
        "no_bfv": image(size, metadata([section(CFV, 0, 0x1000, 0, size),
                                        section(HOB, 0x1000, 0x1000)]), table()),
        "code_alone": image(
            size, metadata([section(BFV, 0xFFFFF000, 0x1000, 0x100, size, 1),
                            section(CFV, 0x2000, 0x1000, 0, 0x100),
                            section(HOB, 0x1000, 0x1000)]), table()),
        "nothing": bytes(0x100),
        "too_small": bytes(49),
    }


def main():
    files = {HERE / name: data for name, data in data_files().items()}
    files |= {SEEDS / name: data for name, data in seeds().items()}
    if sys.argv[1:] == ["--check"]:
        wrong = [path for path, data in files.items()
                 if not path.exists() or path.read_bytes() != data]
        for path in wrong:
            print(f"make.py: {path.name} is not what make.py writes")
        return 1 if wrong else 0
    SEEDS.mkdir(parents=True, exist_ok=True)
    for path, data in files.items():
        path.write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
