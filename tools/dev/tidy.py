#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy 19 over the sources of a compile database, skipping what is known to be clean.

tidy.py BUILD [--sample SECONDS] [PATTERN...]
    PATTERN: regular expressions a source's path must contain, default all

A source is known to be clean when it passed before with the same bytes in itself and in every
project header it reaches, the same compile command, the same .clang-tidy files and the same
clang-tidy. Only passes are remembered: one empty file each below $XDG_CACHE_HOME/etalon-tidy, and one
line each in tests/tidy.txt, which belongs to the change that made the source what it is. So a clean
tree costs a second, and a change costs the sources that see it.

With --sample the tree is judged and not touched: what is not in tests/tidy.txt is checked, and of
what is, as much again as the time allows, chosen by the commit, so that no line stays unproven.

Exit: 0 clean, 1 findings.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
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


class Record:
    """tests/tidy.txt: the key and the path of each source that passed"""

    def __init__(self, root):
        self.file = root / "tests/tidy.txt"
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []
        self.keys = {path: key for key, path in (line.split(" ", 1) for line in lines)}

    def knows(self, source):
        return self.keys.get(source.path) == source.key

    def write(self, passed, exists):
        self.keys.update({source.path: source.key for source in passed})
        lines = [f"{key} {path}\n" for path, key in sorted(self.keys.items()) if exists(path)]
        if lines != (self.file.read_text(encoding="utf-8").splitlines(True)
                     if self.file.exists() else []):
            self.file.write_text("".join(lines), encoding="utf-8")


class Source:
    def __init__(self, tree, entry, version):
        self.path = os.path.relpath(entry["file"], tree.root)
        self.key = key_of(tree, self.path, entry["command"], version)
        self.stamp = CACHE / self.key


def sources_of(root, build, patterns):
    version = subprocess.run([TIDY, "--version"], check=True, capture_output=True).stdout
    tree = Tree(root)
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        path = os.path.relpath(entry["file"], root)
        if not path.startswith(("..", "build")) and all(p.search(path) for p in patterns):
            yield Source(tree, entry, version)


def check(build, root, sources, until, remember=False):
    """those that passed and those that did not; none is started after `until`"""
    passed, failed = [], []

    def run(source):
        return source, run_tidy(build, root, source.path) if time.monotonic() < until else None

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run, each) for each in sources]):
            source, result = done.result()
            if result is None:
                continue
            path, code, out, err, seconds = result
            (failed if code else passed).append(source)
            if not code and remember:
                source.stamp.touch()
            if code:
                print(out or err)
            print(f"{'FAIL' if code else 'ok  '} {seconds:5.1f} s  {path}", flush=True)
    return passed, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("pattern", nargs="*", type=re.compile)
    parser.add_argument("--sample", type=float)
    args = parser.parse_intermixed_args()
    build, root = args.build.resolve(), pathlib.Path(__file__).resolve().parents[2]
    sources = list(sources_of(root, build, args.pattern))
    record = Record(root)
    known = [each for each in sources
             if record.knows(each) or (args.sample is None and each.stamp.exists())]
    new = [each for each in sources if each not in known]
    start = time.monotonic()
    CACHE.mkdir(parents=True, exist_ok=True)
    # one by one: a run that is cut short has not been for nothing
    passed, failed = check(build, root, new, float("inf"), remember=args.sample is None)
    if args.sample is None:
        record.write(known + passed, lambda path: (root / path).exists())
    else:
        head = subprocess.run(["git", "-c", "safe.directory=*", "rev-parse", "HEAD"], cwd=root,
                              check=True, capture_output=True, text=True).stdout
        random.Random(head).shuffle(known)
        again, wrong = check(build, root, known, start + args.sample)
        failed += wrong
        print(f"tidy: {len(again) + len(wrong)} of the known ones checked again")
    print(f"tidy: {len(sources)} sources, {len(known)} known clean, {len(failed)} with findings")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
