#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tar2cpio.py TAR: writes a tar archive as an initramfs archive ("newc") to standard output.

The result depends on names, modes and contents only: members sorted by name, owner and group 0,
times not after SOURCE_DATE_EPOCH, inode numbers counted up.  Hard links become files of their own.
Device nodes are left out, the kernel makes those it needs.
Format: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
"""

import os
import stat
import sys
import tarfile


def record(inode, name, mode, mtime, data):
    """One archive member: a header of 13 numbers in hex, the name, the body; both padded to 4."""
    raw = os.fsencode(name) + b"\0"
    links = 1
    numbers = (inode, mode, 0, 0, links, mtime, len(data), 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + raw
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def member(archive, info):
    """The mode and the body of a tar member."""
    if info.issym():
        return stat.S_IFLNK | 0o777, os.fsencode(info.linkname)
    if info.isdir():
        return stat.S_IFDIR | info.mode, b""
    if info.isfile() or info.islnk():
        return stat.S_IFREG | info.mode, archive.extractfile(info).read()
    raise SystemExit(f"tar2cpio.py: error: {info.name}: unexpected kind of file")


def main():
    latest = int(os.environ["SOURCE_DATE_EPOCH"])
    out = sys.stdout.buffer
    with tarfile.open(sys.argv[1]) as archive:
        inode = 0
        for info in sorted(archive.getmembers(), key=lambda m: os.fsencode(m.name)):
            name = info.name.removeprefix("./")
            if name in ("", ".") or info.isdev():
                continue
            inode += 1
            mode, data = member(archive, info)
            out.write(record(inode, name, mode, min(int(info.mtime), latest), data))
    out.write(record(0, "TRAILER!!!", 0, 0, b""))


main()
