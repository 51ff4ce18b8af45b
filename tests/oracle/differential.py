#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares etalon with the second implementations on seeded, odd but legal images.

usage: differential.py ETALON [--count N] [--seed S] [--keep DIR]
Every image: file digests of its initrd, PCR 4, 9 and 11 with all events and banks, Secure Boot on and off. And
with every seed an initrd that no tool packs, of entries Linux removes, replaces, links and passes over.
Exit: 0 no difference, 1 a difference (the image is kept), 3 environment.
"""
import argparse
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import made  # noqa: E402  (its folder is not a package)
from made import newc  # noqa: E402

PLATFORMS = """platforms:
  - id: plain
    tee: vtpm
    boot: disk-uki
    banks: [sha1, sha256, sha384, sha512]
    conditions: {secure_boot: false, random_seed: false}
  - id: secure
    tee: vtpm
    boot: disk-uki
    banks: [sha1, sha256, sha384, sha512]
    conditions: {secure_boot: true, random_seed: false}
"""


def output(program):
    """(exit status, stdout as JSON or None, last line of stderr)"""
    done = subprocess.run(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    errors = done.stderr.decode(errors="replace").strip().splitlines() or [""]
    return done.returncode, json.loads(done.stdout) if done.returncode == 0 else None, errors[-1]


def oracle(name, *arguments):
    return output(["/usr/bin/python3", os.path.join(HERE, name), *arguments])


def files_of(rows):
    return {row.get("path_b64", row["path"]): (row["size"], row["digests"]) for row in rows if row["digests"]}


def platform_of(document, name):
    return next(p for p in document["platforms"] if p["id"] == name)


def differences(ours, theirs):
    """Texts; `ours` is the second implementation's platform, `theirs` etalon's."""
    found = []
    for register in ("pcr4", "pcr9", "pcr11"):
        mine, other = ours["registers"][register], theirs["registers"].get(register, {})
        if mine["status"] != other.get("status"):
            found.append(f"{register}: status {mine['status']} or {other.get('status')}")
            continue
        if mine["status"] == "exact":
            values = mine["any"][0]["values"]
            if values not in [choice["values"] for choice in other["any"]]:
                found.append(f"{register}: values differ")
        events = [[(e["type_num"], e["digests"]) for e in p["events"] if e["register"] == register]
                  for p in (ours, theirs)]
        if events[0] != events[1]:
            found.append(f"{register}: events differ")
    return found


# Few names, so that entries meet: files and folders of one name, folders nothing made, links through links.
ODD_NAMES = [b"a", b"b", b"./b", b"d", b"d/x", b"d/y", b"e", b"l", b"l/x", b"l/a", b"no/x", b"no", b"no/dir",
             b"no/dir/z", b"."]
ODD_TARGETS = [b"", b"a", b"d", b"/d", b"../d", b"l", b"e", b"no"]
ODD_KINDS = [stat.S_IFREG] * 6 + [stat.S_IFDIR] * 3 + [stat.S_IFLNK, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, 0o170000]


def odd_record(rng):
    kind = rng.choice(ODD_KINDS)
    mode, ino, nlink = kind | rng.choice([0o644, 0o755]), rng.randrange(1, 4), rng.choice([1, 1, 2, 3])
    name, chance = rng.choice(ODD_NAMES), rng.random()
    if chance < 0.05:
        return newc.record(b"", mode, ino, nlink, body=b"of nothing", name_size=0)
    if chance < 0.1:
        return newc.record(b"a/" * 2100, mode, ino, nlink, body=b"too long a name")
    if chance < 0.15:
        return newc.trailer()
    if kind == stat.S_IFLNK:
        target = b"x" * 4097 if chance > 0.95 else rng.choice(ODD_TARGETS)
        return newc.record(name, mode, ino, nlink, body=target)
    if kind == stat.S_IFREG or chance > 0.9:     # a body on what is no file
        body = made.noise(rng, rng.choice([0, 0, 1, 4, 300]))
        return newc.record(name, mode, ino, nlink, body=body, with_sum=rng.random() < 0.3)
    return newc.record(name, mode, ino, nlink)


def odd_initrd(rng):
    out = b""
    for _ in range(rng.randrange(1, 3)):
        records = [odd_record(rng) + bytes(rng.choice([0, 0, 0, 4, 512])) for _ in range(rng.randrange(3, 25))]
        out += made.squeeze(rng, b"".join(records)) + bytes(512)
        out += bytes(-len(out) % 4)
    return out


def compare_files(etalon, image):
    found = []
    status, rows, error = output([etalon, "image", "digest", image, "--alg", "sha256,sha384", "--json"])
    mine_status, mine, mine_error = oracle("initrd_oracle.py", image, "--alg", "sha256,sha384")
    if status or mine_status:
        found.append(f"image digest: {status} {error} | {mine_status} {mine_error}")
    elif files_of(rows) != files_of(mine):
        names = files_of(rows).keys() ^ files_of(mine).keys()
        found.append(f"image digest: names {sorted(names)}" if names else "image digest: digests differ")
    return found


def compare(etalon, image, platforms):
    found = compare_files(etalon, image)
    status, document, error = output([etalon, "predict", "registers", image, "--platforms", platforms, "--json"])
    for name, extra in (("plain", []), ("secure", ["--secure-boot"])):
        mine_status, mine, mine_error = oracle("uki_oracle.py", image, "--no-efi-seed", *extra)
        if status or mine_status:
            found.append(f"predict {name}: {status} {error} | {mine_status} {mine_error}")
        else:
            found += [f"{name}: {text}" for text in
                      differences(mine["platforms"][0], platform_of(document, name))]
    return found


def report(options, image, words, found):
    """Whether there was a difference; prints it and keeps the image."""
    for text in found:
        print(f"{words}: {text}")
    if found and options.keep:
        os.makedirs(options.keep, exist_ok=True)
        shutil.copy(image, options.keep)
    return bool(found)


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("etalon")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="folder for images that show a difference")
    options = parser.parse_args()
    if not os.access(options.etalon, os.X_OK):
        print(f"differential.py: error: {options.etalon}: cannot be run", file=sys.stderr)
        return 3
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        platforms = write(folder, "platforms.yaml", PLATFORMS.encode())
        for seed in range(options.seed, options.seed + options.count):
            data, words = made.uki(random.Random(seed))
            image = write(folder, f"made-{seed}.efi", data)
            bad += report(options, image, f"seed {seed}, {words}", compare(options.etalon, image, platforms))
            image = write(folder, f"odd-{seed}.cpio", odd_initrd(random.Random(seed)))
            bad += report(options, image, f"seed {seed}, initrd", compare_files(options.etalon, image))
    print(f"{2 * options.count} images, {bad} with differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
