#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy 19 over the sources of a compile database, skipping what is known to be clean.

tidy.py BUILD [PATTERN...]     PATTERN: regular expressions a source's path must contain, default all

A source is known to be clean when it passed before with the same bytes in itself and in every
project header it reaches, the same compile command, the same .clang-tidy files and the same
clang-tidy. Only passes are remembered, one empty file each, below $XDG_CACHE_HOME/etalon-tidy; so a
clean tree costs a second, and a change costs the sources that see it.

Exit: 0 clean, 1 findings.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

TIDY = "clang-tidy-19"
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "etalon-tidy"


class Tree:
    def __init__(self, root):
        self.root = root
        self.files = {}

    def read(self, path):
        if path not in self.files:
            full = self.root / path
            self.files[path] = full.read_bytes() if full.is_file() else b""
        return self.files[path]

    def reach(self, path):
        """the file and every project header it includes, directly or not; sorted"""
        seen, todo = set(), [path]
        while todo:
            current = todo.pop()
            if current not in seen:
                seen.add(current)
                todo += [name.decode() for name in INCLUDE.findall(self.read(current))]
        return sorted(seen)

    def configurations(self, path):
        folders = [pathlib.Path(path).parent, *pathlib.Path(path).parent.parents]
        return [str(folder / ".clang-tidy") for folder in folders]


def key_of(tree, path, command, version):
    digest = hashlib.sha256()
    # the checkout's place does not matter to what clang-tidy says
    command = command.replace(str(tree.root), ".")
    parts = [version, command.encode()]
    parts += [tree.read(name) for name in tree.configurations(path)]
    for name in tree.reach(path):
        parts += [name.encode(), tree.read(name)]
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def run_tidy(build, root, path):
    start = time.monotonic()
    done = subprocess.run([TIDY, "-p", str(build), "--quiet", path], cwd=root, check=False,
                          capture_output=True, text=True)
    return path, done.returncode, done.stdout, done.stderr, time.monotonic() - start


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parents[2]
    patterns = [re.compile(pattern) for pattern in sys.argv[2:]]
    version = subprocess.run([TIDY, "--version"], check=True, capture_output=True).stdout
    tree, todo, known = Tree(root), [], 0
    database = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    for entry in database:
        path = os.path.relpath(entry["file"], root)
        if path.startswith(("..", "build")) or not all(p.search(path) for p in patterns):
            continue
        stamp = CACHE / key_of(tree, path, entry["command"], version)
        if stamp.exists():
            known += 1
        else:
            todo.append((path, stamp))
    CACHE.mkdir(parents=True, exist_ok=True)
    failed = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        stamps = dict(todo)
        runs = [pool.submit(run_tidy, build, root, path) for path, _ in todo]
        for run in concurrent.futures.as_completed(runs):
            path, code, out, err, seconds = run.result()
            if code == 0:
                stamps[path].touch()
            else:
                failed.append(path)
                print(out or err)
            print(f"{'ok  ' if code == 0 else 'FAIL'} {seconds:5.1f} s  {path}", flush=True)
    print(f"tidy: {known + len(todo)} sources, {known} known clean, {len(failed)} with findings")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
