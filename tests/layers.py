#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every #include of the C++ sources against tests/layers.txt.

layers.py ROOT             checks the tree; one line per fault, exit 1 when there is one
layers.py --self-test ROOT seeds one fault of each kind into a copied tree and expects each found

A quoted include names a project file by its path from the root and must stay within the layers of
the including folder; an angled one is mapped to a library by its first folder or name. Only direct
includes count: a type that reaches a file through an allowed header is allowed.
"""

import os
import re
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
SUFFIXES = (".cpp", ".hpp")

# first folder, or whole name, of an outside header -> the library's name in layers.txt; None is
# free for everybody (tl/expected.hpp is what base's Result is made of)
LIBRARIES = {
    "openssl": "openssl", "tl": None, "nlohmann": "nlohmann-json", "CLI": "cli11",
    "yaml-cpp": "yaml-cpp", "fmt": "fmt", "archive.h": "libarchive", "archive_entry.h": "libarchive",
    "zstd.h": "zstd", "xxhash.h": "xxhash", "zstd_errors.h": "zstd", "lz4.h": "lz4", "lz4frame.h": "lz4", "lz4hc.h": "lz4",
    "lzma.h": "lzma",
    "zlib.h": "zlib", "bzlib.h": "bzip2", "ext2fs": "ext2fs", "et": "ext2fs", "sqfs": "squashfs",
    "libelf.h": "libelf", "gelf.h": "libelf", "elf.h": None, "tss2": "tss2", "event2": "libevent",
    "gtest": "gtest", "gmock": "gtest", "benchmark": "benchmark",
}
# The system's own headers, free for every layer.
SYSTEM_FOLDERS = {"sys", "linux", "asm", "sanitizer"}
SYSTEM_NAMES = {"fcntl.h", "unistd.h", "dirent.h", "poll.h", "immintrin.h", "cpuid.h", "endian.h", "grp.h"}


def read_table(text):
    """folder -> set of allowed layers and libraries"""
    table = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        folder, colon, allowed = line.partition(":")
        if not colon or folder in table:
            raise SystemExit(f"layers.txt:{number}: not `folder: layers`, or a folder named twice")
        table[folder] = set(allowed.split())
    known = set(table) | {name for name in LIBRARIES.values() if name} | {"*"}
    for folder, allowed in table.items():
        if allowed - known:
            raise SystemExit(f"layers.txt: {folder}: unknown {' '.join(sorted(allowed - known))}")
    return table


def layer_of(path, table):
    """the longest folder of the table that holds the file, or None"""
    parts = path.split("/")
    prefixes = ("/".join(parts[:n]) for n in range(len(parts) - 1, 0, -1))
    return next((folder for folder in prefixes if folder in table), None)


def library_of(header):
    """(known, library or None) of an angled include"""
    head = header.split("/")[0]
    if header in LIBRARIES or head in LIBRARIES:
        return True, LIBRARIES.get(header, LIBRARIES.get(head))
    standard = re.fullmatch(r"[a-z_0-9]+", header) is not None
    return standard or head in SYSTEM_FOLDERS or header in SYSTEM_NAMES, None


def judge(kind, target, own, table, root):
    """the fault of one include, or None"""
    allowed = table[own]
    if kind == '"':
        if not os.path.isfile(os.path.join(root, target)):
            return f'"{target}" is not a path from the root'
        use = layer_of(target, table)
        if use is None:
            return f'"{target}" lies in no layer'
    else:
        known, use = library_of(target)
        if not known:
            return f"<{target}> belongs to no library that tests/layers.py knows"
        if use is None:
            return None
    if use == own or use in allowed or "*" in allowed:
        return None
    return f"{own} may not use {use} ({target})"


def sources(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "build")
        for name in sorted(names):
            if name.endswith(SUFFIXES):
                yield os.path.relpath(os.path.join(folder, name), root)


def check(root, table):
    faults = []
    for path in sources(root):
        own = layer_of(path, table)
        if own is None:
            faults.append(f"{path}: lies in no layer of tests/layers.txt")
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        for match in INCLUDE.finditer(text):
            fault = judge(match[1], match[2], own, table, root)
            if fault:
                faults.append(f"{path}:{text.count(chr(10), 0, match.start(2)) + 1}: {fault}")
    return faults


def self_test(table):
    """each seeded fault must be found, alone, and a right tree must be clean"""
    right = {
        "tools/base/a.hpp": "#include <vector>\n#include <tl/expected.hpp>\n",
        "mkosi/image/walk.hpp": "#include <sys/stat.h>\n#include <archive.h>\n",
        "references/verify/verdict.cpp": '#include "tools/base/a.hpp"\n',
        "tests/unit/x_test.cpp": '#include "mkosi/image/walk.hpp"\n#include <gtest/gtest.h>\n',
    }
    seeds = [
        ("references/verify/verdict.cpp", '#include "mkosi/image/walk.hpp"\n', "may not use mkosi/image"),
        ("references/verify/verdict.cpp", "#include <archive.h>\n", "may not use libarchive"),
        ("tools/base/a.hpp", '#include "references/verify/verdict.cpp"\n', "may not use references/verify"),
        ("mkosi/image/walk.hpp", '#include "walk.hpp"\n', "is not a path from the root"),
        ("tools/base/a.hpp", "#include <boost/any.hpp>\n", "belongs to no library"),
        ("tools/base/a.hpp", "  #  include <yaml-cpp/yaml.h>\n", "may not use yaml-cpp"),
        ("tools/stray/b.cpp", "", "lies in no layer"),
        ("tools/base/a.hpp", '#include "tests/unit/x_test.cpp"\n', "may not use tests"),
    ]
    for seed in [None, *seeds]:
        with tempfile.TemporaryDirectory() as root:
            tree = dict(right)
            if seed:
                tree[seed[0]] = tree.get(seed[0], "") + seed[1]
            for path, text in tree.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            faults = check(root, table)
        if (len(faults) != 1 or seed[2] not in faults[0]) if seed else faults:
            raise SystemExit(f"layers.py: self-test: {seed}: found {faults}")
    print(f"layers: {len(seeds)} seeded faults found")


def main():
    root = os.path.abspath(sys.argv[-1])
    with open(os.path.join(root, "tests/layers.txt"), encoding="utf-8") as file:
        table = read_table(file.read())
    if "--self-test" in sys.argv:
        self_test(table)
        return
    faults = check(root, table)
    print("\n".join(faults) if faults else f"layers: {sum(1 for _ in sources(root))} files clean")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
