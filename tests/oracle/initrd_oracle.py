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

KINDS = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFBLK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK)
PATH_MAX = 4096


class Malformed(Exception):
    """The input is not what it claims to be."""


class Node:
    """What one or more names stand for."""

    def __init__(self, kind, body=b"", implied=False):
        self.kind, self.body, self.implied = kind, body, implied


class Root:
    """The tree the kernel builds. One thing is not the kernel's: an entry whose folder is missing is kept,
    and the folder with it (implied) until something takes its place (docs/formats/image-list.md)."""

    def __init__(self):
        self.nodes = {"": Node(stat.S_IFDIR)}
        self.links = {}

    def place(self, name):
        """The path a name leads to, its last component as it is; None where a folder cannot be entered."""
        parts, done, hops = [p for p in name.split("/") if p not in ("", ".")], [], 0
        while len(parts) > 1:
            part = parts.pop(0)
            if part == "..":
                done = done[:-1]
                continue
            node = self.nodes.setdefault("/".join(done + [part]), Node(stat.S_IFDIR, implied=True))
            if node.kind == stat.S_IFLNK:
                hops += 1
                if hops > 40:
                    return None
                target = node.body.decode("utf-8", "surrogateescape")
                done = [] if target.startswith("/") else done
                parts = [p for p in target.split("/") if p not in ("", ".")] + parts
            elif node.kind == stat.S_IFDIR:
                done.append(part)
            else:
                return None
        return "/".join(done + parts)

    def clean(self, path, kind=None):
        """clean_path(): what is there goes, unless it is of this kind; False if it cannot."""
        node = self.nodes.get(path)
        if node is None or node.kind == kind:
            return True
        below = [p for p in self.nodes if p.startswith(path + "/")]
        if path == "" or (below and not node.implied):
            return False
        for gone in below + [path]:
            del self.nodes[gone]
        return True

    def add(self, name, mode, nlink, key, body):
        if ".." in name.split("/"):
            raise Malformed(f"{name!r} holds '..'")
        kind, path = stat.S_IFMT(mode), self.place(name)
        if kind == stat.S_IFLNK:
            if path and self.clean(path):
                self.nodes[path] = Node(kind, body.split(b"\0")[0])
            return
        cleaned = path is not None and self.clean(path, kind)
        first = None
        if nlink >= 2 and kind in KINDS and kind != stat.S_IFDIR:    # find_link()
            first = self.links.get((*key, kind))
            self.links.setdefault((*key, kind), name)
        if not path or not cleaned:
            return
        if first is not None:
            self.add_link(path, first, kind, body)
            return
        node = self.nodes.get(path)
        if node is None and kind in KINDS:
            self.nodes[path] = Node(kind, body)
        elif node and kind == stat.S_IFREG:
            node.body = body                   # same inode, so every other name sees the new content
        elif node:
            node.implied = False

    def add_link(self, path, first, kind, body):
        if not self.clean(path):
            return
        old = self.nodes.get(self.place(first) or "")
        if old is None or old.kind == stat.S_IFDIR:
            return
        self.nodes[path] = old
        if kind == stat.S_IFREG and old.kind == kind and body:
            old.body = body

    def end_of_archive(self):
        self.links = {}


def read_entry(data, at, root):
    """One newc entry at `at`; returns the offset behind it."""
    magic = data[at:at + 6]
    if magic not in (b"070701", b"070702"):
        raise Malformed(f"no newc header at offset {at}")
    if len(data) - at < 110:
        raise Malformed(f"newc header cut at offset {at}")
    f = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
    ino, mode, nlink, size, major, minor, name_size, check = f[0], f[1], f[4], f[6], f[7], f[8], f[11], f[12]
    body_at = at + 110 + ((name_size + 1) & ~3) + 2                  # N_ALIGN()
    end = body_at + size
    if end > len(data):
        raise Malformed(f"newc entry at offset {at} is cut")
    kind = stat.S_IFMT(mode)
    limit = {stat.S_IFREG: size, stat.S_IFLNK: PATH_MAX}.get(kind, 0)
    if not 0 < name_size <= PATH_MAX or size > limit:                # do_header(): passed over
        return end + -end % 4
    name, body = data[at + 110:at + 110 + name_size], data[body_at:end]
    if not name.endswith(b"\0"):
        raise Malformed(f"newc entry at offset {at}: its name does not end")
    name = name.split(b"\0")[0]
    if name == b"TRAILER!!!" and kind != stat.S_IFLNK:
        root.end_of_archive()
        return end + -end % 4
    if magic == b"070702" and kind == stat.S_IFREG and sum(body) & 0xFFFFFFFF != check:
        raise Malformed(f"newc entry at offset {at}: wrong sum")
    root.add(name.decode("utf-8", "surrogateescape"), mode, nlink, (major, minor, ino), body)
    return end + -end % 4


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
    if kind == "xz" and rest[7:8] > b"\1":
        raise Malformed(f"xz stream at offset {at}: Linux reads no check but CRC32 (lib/xz/xz_dec_stream.c)")
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


def read_archives(data, root, inside=False):
    """Entries and, unless `inside` one already, compressed streams, with zero bytes between them."""
    at, behind_entry = 0, False
    while at < len(data):
        if data[at] == 0:
            at += 1
        elif behind_entry and at % 4:
            raise Malformed(f"padding ends at offset {at}")
        elif data[at:at + 1] == b"0" and at % 4 == 0:
            at, behind_entry = read_entry(data, at, root), True
        elif inside:
            raise Malformed(f"junk at offset {at} of a compressed stream")
        else:
            content, at = expand(data, at)
            read_archives(content, root, inside=True)
            behind_entry = False


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
    for path, node in root.nodes.items():
        if node.kind == stat.S_IFREG:
            raw = b"/" + path.encode("utf-8", "surrogateescape")
            row = {"path": raw.decode("utf-8", "replace"), "size": len(node.body), "type": "file",
                   "digests": {a: hashlib.new(a, node.body).hexdigest() for a in options.alg.split(",")}}
            if "\udc00" <= max(path) <= "\udcff" or row["path"].encode() != raw:
                row["path_b64"] = base64.b64encode(raw).decode()
            rows.append((raw, row))
    json.dump([row for _, row in sorted(rows, key=lambda r: r[0])], sys.stdout, indent=2, sort_keys=True)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
