#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""MRTD of a TDX firmware image: a second implementation, from docs/formats/predict-mrtd.md.

mrtd_oracle.py FIRMWARE [CODE]     prints both values; exit 3 and one line when it refuses
"""

import hashlib
import pathlib
import struct
import sys
import uuid

FOOTER = uuid.UUID("96b582de-1fb2-45f7-baea-a366c55a082d").bytes_le
TDVF = uuid.UUID("e47a6535-984a-4798-865e-4685a7bf8ec2").bytes_le
PAGE = 4096
MIB = 1 << 20
BFV, CFV, HOB, TEMP, PERM, PAYLOAD, PARAM, INFO, PARAMS = range(9)
MR_EXTEND, PAGE_AUG = 1, 2


class Refused(Exception):
    pass


def need(condition, why):
    if not condition:
        raise Refused(why)


def table_entries(image):
    """{GUID: data} from the footer of the GUID table downwards"""
    end = len(image) - 32
    (total,) = struct.unpack_from("<H", image, end - 18)
    need(18 <= total <= end, "table length")
    begin = end - total
    at = end - 18
    entries = {}
    while at != begin:
        need(at - begin >= 18, "piece of an entry")
        (length,) = struct.unpack_from("<H", image, at - 18)
        need(18 <= length <= at - begin, "entry length")
        guid = image[at - 16 : at]
        need(guid not in entries, "GUID twice")
        entries[guid] = image[at - length : at - 18]
        at -= length
    return entries


def descriptor_offset(image):
    need(50 <= len(image) <= 64 * MIB, "image size")
    if image[-48:-32] != FOOTER:
        (offset,) = struct.unpack_from("<I", image, len(image) - 32)
        need(image[offset : offset + 4] == b"TDVF", "no metadata")
        return offset
    data = table_entries(image).get(TDVF)
    need(data is not None and len(data) == 4, "TDVF entry")
    (distance,) = struct.unpack("<I", data)
    need(16 <= distance <= len(image), "distance")
    return len(image) - distance


class Section:
    def __init__(self, image, offset):
        need(offset + 32 <= len(image), "section past the end")
        (self.offset, self.raw, self.gpa, self.mem, self.kind, self.attributes) = \
            struct.unpack_from("<IIQQII", image, offset)
        self.extended = bool(self.attributes & MR_EXTEND)
        self.added = not self.attributes & PAGE_AUG

    def check(self, size):
        need(self.kind <= PARAMS, "type")
        if self.kind in (BFV, CFV, INFO):
            need(self.raw != 0, "content missing")
        if self.kind in (HOB, TEMP, PERM):
            need(self.raw == 0, "content where none belongs")
        need(self.attributes <= 3, "attributes")
        need(self.added or not self.extended, "extended, not added")
        need(self.kind != PERM or not self.added, "perm-mem added")
        if self.extended and self.raw == 0:
            need(self.kind in (TEMP,), "content comes from the VMM")
        need(self.gpa % PAGE == 0 and self.mem % PAGE == 0, "alignment")
        need(self.mem >= max(self.raw, 1), "mem_size")
        need(self.gpa + self.mem <= 1 << 52, "address")
        need(self.raw == 0 or self.offset + self.raw <= size, "content past the end")


def read_sections(image):
    at = descriptor_offset(image)
    need(at + 16 <= len(image), "descriptor past the end")
    magic, length, version, count = struct.unpack_from("<4sIII", image, at)
    need(magic == b"TDVF", "signature")
    need(version == 1, "version")
    need(2 <= count <= 64, "count")
    need(length == 16 + 32 * count, "length")
    sections = [Section(image, at + 16 + 32 * i) for i in range(count)]
    for section in sections:
        section.check(len(image))
    kinds = [section.kind for section in sections]
    need(BFV in kinds and kinds.count(HOB) == 1, "set of sections")
    need(sum(s.mem for s in sections if s.added) <= 256 * MIB, "memory")
    spans = sorted((s.gpa, s.gpa + s.mem) for s in sections)
    need(all(a[1] <= b[0] for a, b in zip(spans, spans[1:])), "overlap")
    need(max(s.offset + s.raw for s in sections if s.raw) == len(image), "end of content")
    return sections


def record(name, gpa):
    return (name.ljust(16, b"\0") + struct.pack("<Q", gpa)).ljust(128, b"\0")


def extend_page(digest, gpa, page):
    for at in range(0, PAGE, 256):
        digest.update(record(b"MR.EXTEND", gpa + at) + page[at : at + 256])


def mrtd(image, sections, ordering):
    digest = hashlib.sha384()
    for section in sections:
        if not section.added:
            continue
        content = image[section.offset : section.offset + section.raw].ljust(section.mem, b"\0") \
            if section.extended else b""
        pages = range(0, section.mem, PAGE)
        for at in pages:
            digest.update(record(b"MEM.PAGE.ADD", section.gpa + at))
            if section.extended and ordering == "kvm-page":
                extend_page(digest, section.gpa + at, content[at : at + PAGE])
        if section.extended and ordering == "kvm-section":
            for at in pages:
                extend_page(digest, section.gpa + at, content[at : at + PAGE])
    return digest.hexdigest()


def predict(image):
    """{ordering: value}; Refused"""
    sections = read_sections(image)
    return {ordering: mrtd(image, sections, ordering) for ordering in ("kvm-page", "kvm-section")}


def main():
    image = b"".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])
    try:
        for ordering, value in predict(image).items():
            print(ordering, value)
    except Refused as why:
        print(f"mrtd_oracle.py: refused: {why}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
