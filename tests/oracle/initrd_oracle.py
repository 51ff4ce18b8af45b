#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Second implementation of the initrd walk: file digests as the kernel would unpack them.

Follows Linux's init/initramfs.c: archives and compressed streams in any mixture, zero bytes between
them, later entries over earlier ones, hard links whose data may stand at any of their names. Standard
library only; zstd and lz4 are left to the zstd and lz4 programs.

usage: initrd_oracle.py INITRD|UKI [--alg A,...]      prints the JSON of `etalon image digest --json`
Exit: 0 done, 2 wrong arguments, 3 malformed input.
"""
import argparse
import base64
import bz2
import hashlib
import json
import lzma
import stat
import struct
import subprocess
import sys
import zlib

MAGICS = [(b"\x1f\x8b", "gzip"), (b"\xfd7", "xz"), (b"\x5d\0", "lzma"), (b"BZ", "bzip2"),
          (b"\x28\xb5", "zstd"), (b"\x02\x21", "lz4")]


class Malformed(Exception):
    """The input is not what it claims to be."""


class Root:
    """The tree the kernel builds; a node is a list so that hard links share it."""

    def __init__(self):
        self.nodes = {"": ["dir", 0o755, b""]}
        self.links = {}

    def resolve(self, path):
        """Directory components through symbolic links, the last one as it is."""
        parts, done, hops = [p for p in path.split("/") if p not in ("", ".")], [], 0
        while len(parts) > 1:
            part = parts.pop(0)
            if part == "..":
                done = done[:-1]
                continue
            node = self.nodes.get("/".join(done + [part]))
            if node and node[0] == "symlink":
                hops += 1
                if hops > 40:
                    raise Malformed(f"{path!r}: too many symbolic links")
                target = node[2].decode("utf-8", "surrogateescape")
                done = [] if target.startswith("/") else done
                parts = [p for p in target.split("/") if p not in ("", ".")] + parts
            else:
                done.append(part)
        return "/".join(done + parts)

    def add(self, name, mode, links, key, body):
        path = self.resolve(name)
        kind = {stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink", stat.S_IFREG: "file"}.get(
            stat.S_IFMT(mode), "node")
        old = self.nodes.get(path)
        if kind == "file" and links > 1:
            first = self.links.setdefault(key, path)
            if first != path and first in self.nodes:
                self.nodes[path] = self.nodes[first]
                if body:
                    self.nodes[path][2] = body
                return
        if kind == "dir" and old and old[0] == "dir":
            return
        if kind == "file" and old and old[0] == "file":
            old[2] = body                      # same inode, so every other name sees the new content
            return
        self.nodes[path] = [kind, mode, body]

    def end_of_archive(self):
        self.links = {}


def read_archive(data, at, root):
    """One newc archive from `at`; returns the offset behind its trailer."""
    start = at
    while True:
        if data[at:at + 6] not in (b"070701", b"070702"):
            raise Malformed(f"no newc header at offset {at}")
        if len(data) - at < 110:
            raise Malformed(f"newc header cut at offset {at}")
        f = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        ino, mode, links, size, major, minor, name_size = f[0], f[1], f[4], f[6], f[7], f[8], f[11]
        name = data[at + 110:at + 110 + name_size]
        body_at = at + 110 + name_size
        body_at += -(body_at - start) % 4
        if len(name) != name_size or not name.endswith(b"\0") or body_at + size > len(data):
            raise Malformed(f"newc entry at offset {at} is cut")
        at = body_at + size
        if name == b"TRAILER!!!\0":
            root.end_of_archive()
            return at
        root.add(name[:-1].decode("utf-8", "surrogateescape"), mode, links, (major, minor, ino),
                 data[body_at:body_at + size])
        at += -(at - start) % 4


def zstd_length(data):
    """Length of one frame (RFC 8878), so that what follows it can be found."""
    descriptor = data[4]
    single, checksum = descriptor >> 5 & 1, descriptor >> 2 & 1
    at = 5 + (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3]
    at += {0: 1 if single else 0, 1: 2, 2: 4, 3: 8}[descriptor >> 6]
    while True:
        header = int.from_bytes(data[at:at + 3], "little")
        at += 3 + (1 if header >> 1 & 3 == 1 else header >> 3)
        if at > len(data):
            raise Malformed("zstd frame is cut")
        if header & 1:
            return at + 4 * checksum


def lz4_length(data):
    """Length of a legacy stream. It has no end mark: Linux's lib/decompress_unlz4.c reads sized blocks until the
    input ends or a size is zero, and gives up on anything else that is not the magic again."""
    at = 4
    while at + 4 <= len(data):
        (size,) = struct.unpack_from("<I", data, at)
        if data.startswith(b"\x02\x21\x4c\x18", at):
            at += 4
        elif size == 0:
            break
        elif at + 4 + size > len(data):
            raise Malformed("lz4 stream: a block ends behind the input")
        else:
            at += 4 + size
    return at


def filtered(program, data):
    done = subprocess.run(program, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    if done.returncode:
        raise Malformed(f"{program[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def expand(data, at):
    """One compressed stream from `at`: (content, offset behind it)."""
    for magic, kind in MAGICS:
        if data.startswith(magic, at):
            break
    else:
        raise Malformed(f"neither archive nor known compression at offset {at}")
    rest = data[at:]
    if kind == "zstd":
        size = zstd_length(rest)
        return filtered(["zstd", "-dcq"], rest[:size]), at + size
    if kind == "lz4":
        size = lz4_length(rest)
        return filtered(["lz4", "-dcq"], rest[:size]), at + size
    tool = {"gzip": lambda: zlib.decompressobj(31), "bzip2": bz2.BZ2Decompressor,
            "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
            "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE)}[kind]()
    content = tool.decompress(rest)
    if not tool.eof:
        raise Malformed(f"{kind} stream at offset {at} is cut")
    return content, len(data) - len(tool.unused_data)


def read_archives(data, root):
    at = 0
    while at < len(data):
        if data[at] == 0:
            at += 1
        elif data[at:at + 1] == b"0" and at % 4 == 0:
            at = read_archive(data, at, root)
        else:
            content, at = expand(data, at)
            read_archives(content, root)


def initrd_of(data):
    """A UKI's .initrd section, or the data itself."""
    if data[:2] != b"MZ":
        return data
    (pe,) = struct.unpack_from("<I", data, 0x3C)
    count, optional = struct.unpack_from("<H12xH", data, pe + 6)
    for i in range(count):
        name, virtual, _, raw, offset = struct.unpack_from("<8sIIII", data, pe + 24 + optional + 40 * i)
        if name.rstrip(b"\0") == b".initrd":
            return data[offset:offset + min(virtual, raw)]
    raise Malformed("no .initrd section")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("image")
    parser.add_argument("--alg", default="sha256")
    options = parser.parse_args()
    root = Root()
    try:
        with open(options.image, "rb") as file:
            read_archives(initrd_of(file.read()), root)
    except (Malformed, OSError, ValueError, struct.error, zlib.error, lzma.LZMAError) as error:
        print(f"initrd_oracle.py: error: {options.image}: {error}", file=sys.stderr)
        return 3
    rows = []
    for path, (kind, _, body) in root.nodes.items():
        if kind == "file":
            raw = b"/" + path.encode("utf-8", "surrogateescape")
            row = {"path": raw.decode("utf-8", "replace"), "size": len(body), "type": "file",
                   "digests": {a: hashlib.new(a, body).hexdigest() for a in options.alg.split(",")}}
            if "\udc00" <= max(path) <= "\udcff" or row["path"].encode() != raw:
                row["path_b64"] = base64.b64encode(raw).decode()
            rows.append((raw, row))
    json.dump([row for _, row in sorted(rows, key=lambda r: r[0])], sys.stdout, indent=2, sort_keys=True)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
