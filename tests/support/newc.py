#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes deterministic newc archives and initrds made of several archives.

newc is the format of Linux's Documentation/driver-api/early-userspace/buffer-format.rst: a
110-byte header of "070701" and 13 fields of 8 hexadecimal digits, then the name with its NUL, then
the body, each padded to 4 bytes counted from the start of the archive.

Deterministic means: entries sorted by path bytes, owner 0:0, one fixed time, inode numbers counted
from 1. Modes stay as they are in the folder. Hard links are written the way cpio(1) writes them: every
name carries the shared inode number and only the last one carries the data. Device nodes come from
`--node`, so no privilege is needed.

usage: newc.py -o OUT SEGMENT...
  SEGMENT = [zstd:|gzip:|xz:]DIR[@PATH=MAJOR.MINOR...]     a folder as one archive
          | pad:N                                          N zero bytes
Segments start at a multiple of 4, as the kernel wants it for an uncompressed archive.
"""
import argparse
import gzip
import lzma
import os
import stat
import subprocess
import sys

TRAILER = b"TRAILER!!!"


def record(name, mode, ino=0, nlink=1, mtime=0, rdev=(0, 0), body=b"", size=None, name_size=None,
           with_sum=False):
    """One archive member; `size` and `name_size` override the lengths written into the header."""
    fields = (ino, mode, 0, 0, nlink, mtime, len(body) if size is None else size, 0, 0, rdev[0], rdev[1],
              len(name) + 1 if name_size is None else name_size, sum(body) & 0xFFFFFFFF if with_sum else 0)
    head = (b"070702" if with_sum else b"070701") + b"".join(b"%08X" % f for f in fields) + name + b"\0"
    return head + bytes(-len(head) % 4) + body + bytes(-len(body) % 4)


def trailer():
    return record(TRAILER, 0)


def walk(top):
    """Every path below `top` relative to it, as bytes, parents first, sorted by path bytes."""
    found = []
    top = os.fsencode(top)
    for folder, dirs, files in os.walk(top):
        for name in dirs + files:
            found.append(os.path.relpath(os.path.join(folder, name), top))
    return sorted(found)


def archive(top, mtime, nodes=()):
    """The tree below `top` as one archive. nodes: (path, major, minor) of character devices."""
    out, paths = [], walk(top)
    keys = {}
    for path in paths:
        info = os.lstat(os.path.join(os.fsencode(top), path))
        keys.setdefault((info.st_dev, info.st_ino), []).append(path)
    number = {}
    for path in paths:
        full = os.path.join(os.fsencode(top), path)
        info = os.lstat(full)
        key = (info.st_dev, info.st_ino)
        links = keys[key] if stat.S_ISREG(info.st_mode) else [path]
        ino = number.setdefault(key, len(number) + 1)
        if stat.S_ISDIR(info.st_mode):
            out.append(record(path, info.st_mode, ino, 2, mtime))
        elif stat.S_ISLNK(info.st_mode):
            out.append(record(path, stat.S_IFLNK | 0o777, ino, 1, mtime, body=os.readlink(full)))
        elif stat.S_ISREG(info.st_mode):
            with open(full, "rb") as file:
                body = file.read() if path == links[-1] else b""
            out.append(record(path, info.st_mode, ino, len(links), mtime, body=body))
        else:
            raise SystemExit(f"newc.py: error: {full!r}: neither file, directory nor symbolic link")
    for path, major, minor in nodes:
        ino = len(number) + 1
        number[path] = ino
        out.append(record(path, stat.S_IFCHR | 0o600, ino, 1, mtime, (major, minor)))
    return b"".join(out) + trailer()


def compressed(kind, data):
    if kind == "gzip":
        return gzip.compress(data, 9, mtime=0)
    if kind == "xz":
        return lzma.compress(data, check=lzma.CHECK_CRC32)
    return subprocess.run(["zstd", "-q", "-15", "-T1", "-c"], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def segment(text, mtime):
    if text.startswith("pad:"):
        return bytes(int(text[4:]))
    kind, colon, rest = text.partition(":")
    if not colon or kind not in ("zstd", "gzip", "xz"):
        kind, rest = None, text
    top, *specs = rest.split("@")
    nodes = []
    for spec in specs:
        path, _, numbers = spec.partition("=")
        major, minor = numbers.split(".")
        nodes.append((path.encode(), int(major), int(minor)))
    data = archive(top, mtime, nodes)
    return compressed(kind, data) if kind else data


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--mtime", type=int, default=1700000000)
    parser.add_argument("segments", nargs="+")
    options = parser.parse_args()
    data = b""
    for text in options.segments:
        part = segment(text, options.mtime)
        if not text.startswith("pad:"):
            data += bytes(-len(data) % 4)
        data += part
    with open(options.output, "wb") as file:
        file.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
