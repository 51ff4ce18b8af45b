#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`etalon predict mrtd` against recorded values of Debian's firmware and against mrtd_oracle.py.

mrtd_test.py ETALON SOURCE BUILD

Firmware is found by its sha256: in the host's ovmf package, in $ETALON_FIRMWARE and in packages that
tools/dev/fetch.sh unpacks below BUILD. Two packages of stable suites must be there when CI is set;
others may have left the archive, which is said. Exit: 0 all equal, 1 a difference, 77 no firmware.
"""

import hashlib
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

import mrtd_oracle

MUTATIONS = 50
SEED = 20221106

# package of tools/dev/pins.tsv, or None; sha256 of the image; kvm-page; kvm-section
KNOWN = [
    ("bookworm/ovmf", "7b456907dd0786d415999e801a1ac4637b8ed4d7cf5378cfc6edbe5e574dd773",
     "4c7206f0f483c524f12c366c711e9049030a8d47c471ee5aa9c4999a08de4057fb887fed0744d5631a212967fb231c47",
     "acccbcc870a381adab0d3919d90a7f268ac3b0364771f202ed4bb4e892d045b33db3b32e6924cba830a724eed443f7e1"),
    ("trixie/ovmf", "14954040cc754ade0c625ac3470ea46d4c14318b5b1396de4ef77090203d76db",
     "bdc6fb145880f06f30c8b346b8dce2a99d9351b56892df22f80fcf6574caa9f9c31df8e8576d53b4d0cd1c3f28910e11",
     "456f07902150d008bb913c3e1e84e9297f735a6c83cd2a957a1f0a8bbedb06df188e3837ae48d32c73d473d097dc0db2"),
    ("ovmf-inteltdx", "a265075b4147a096109e501e76196df1ec8a18659c26f7401492c597ec88f312",
     "a7a1f751abc454f9cbab198ca8d2edb2821935df525c74182b5e776cb0929e8c59aefecce725b0d08a5e9d3d3183bd08",
     "b90b236113eb4c0d4df4ef590568c14e6028a3a31d7e8ac63dee9845df5008d3ebf82d4f5974e933798f65d7a279b9a9"),
    (None, "6a3e8f438ad7269f5dfd884647587b88391fb23965bb3aa7902b519438dba129",
     "ab742989d480d040f178cf83c3ae0734f923dbddb7325b4a826e0d87c30cb299aff85beb23ad30a1c6f975a8d0ce3e7a",
     "d137701167ce1e42b0cce3e4e9d658f0caa19591aa5787014f2ff8a89057d81597e4fa7f0990813882525937e8191d1e"),
    (None, "3e4fd0b3fe3b2dbe481c3d9e99418a034174f26cbe1f55aa212b0f18c12d2d6f",
     "5f77220a7135b2be2087c3555b897a1c56ca84516fafc622a33fa498a46305a12597a18bb57bc50f714ffab9fe6f004d",
     "85ed058ce01afaac31effa3fcf2cdf65bd0e4e3bcf61adabb3ece33fdf300b569785d7d6c0c3d29fe11bbbc09da1cd43"),
]
STABLE = ("bookworm/ovmf", "trixie/ovmf")
# trixie's OVMF_VARS_4M.fd and OVMF_CODE_4M.secboot.fd
SPLIT_PAGE = "64a6dbd4a0570347810a76ac842e7468f76fe3962fb382836e09687fd02326608a3a42e63764b6330e9d485d116435dc"

failures = []


def check(condition, text):
    if not condition:
        failures.append(text)
        print("FAILED:", text)


def fetch(source, folder, package):
    done = subprocess.run([source / "tools/dev/fetch.sh", folder, package], check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        print(f"skip: {package}: {done.stderr.strip().splitlines()[-1:]}")
        return []
    return [pathlib.Path(done.stdout.strip())]


def firmware_files(folders):
    for folder in folders:
        for path in sorted(folder.rglob("*.fd")) if folder.is_dir() else []:
            if path.is_file():
                yield path


def etalon(program, *files):
    """the program's values, or None when it refused"""
    done = subprocess.run([program, "predict", "mrtd", "--json", *files], check=False,
                          capture_output=True, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout)["mrtd"]
    check(done.returncode == 3 and done.stderr.startswith("etalon: error: ") and
          done.stderr.count("\n") == 1, f"{files}: exit {done.returncode}: {done.stderr!r}")
    return None


def oracle(image):
    try:
        return mrtd_oracle.predict(image)
    except mrtd_oracle.Refused:
        return None


# --- mutations ------------------------------------------------------------------------------------


def flip_content(rng, image, _at, _count):
    image[rng.randrange(len(image) - 0x2000)] ^= 1 << rng.randrange(8)


def flip_tail(rng, image, _at, _count):
    image[len(image) - 1 - rng.randrange(0x120)] ^= 1 << rng.randrange(8)


def change_section(rng, image, at, count):
    offset, width = rng.choice([(0, 4), (4, 4), (8, 8), (16, 8), (24, 4), (28, 4)])
    place = at + 16 + 32 * rng.randrange(count) + offset
    old = int.from_bytes(image[place : place + width], "little")
    new = rng.choice([0, 1, 2, 3, 7, 0x800, 0x1000, 0x100000, 1 << 31, (1 << 31) + 4096, 1 << 60,
                      old + 0x1000, old - 0x1000, old ^ 1, old * 2])
    image[place : place + width] = (new % (1 << (8 * width))).to_bytes(width, "little")


def move_memory(rng, image, at, count):
    """harmless to the rules: another place for a section without content"""
    places = [at + 16 + 32 * i for i in range(count)]
    place = rng.choice([p for p in places if struct.unpack_from("<I", image, p + 4) == (0,)])
    struct.pack_into("<Q", image, place + 8, 0x1000000 + PAGE * rng.randrange(4096))


def toggle_extend(rng, image, at, count):
    image[at + 16 + 32 * rng.randrange(count) + 28] ^= 1


def swap_sections(rng, image, at, count):
    one, two = (at + 16 + 32 * i for i in rng.sample(range(count), 2))
    image[one : one + 32], image[two : two + 32] = image[two : two + 32], image[one : one + 32]


def change_header(rng, image, at, _count):
    struct.pack_into("<I", image, at + rng.choice([0, 4, 8, 12]), rng.choice([0, 1, 2, 3, 1 << 31]))


def cut(rng, image, _at, _count):
    if rng.randrange(2):
        del image[: rng.choice([1, 0x1000, len(image) // 2])]
    else:
        del image[len(image) - rng.choice([1, 16, 0x30, 0x1000]) :]


PAGE = mrtd_oracle.PAGE
KINDS = [flip_content, flip_tail, change_section, move_memory, toggle_extend, swap_sections,
         change_header, cut, change_section, flip_content]


def mutate(program, original, folder):
    at = mrtd_oracle.descriptor_offset(original)
    count = len(mrtd_oracle.read_sections(original))
    rng = random.Random(SEED)
    verdicts = {"value": 0, "refusal": 0}
    path = folder / "mutated.fd"
    for number in range(MUTATIONS):
        kind = KINDS[number % len(KINDS)]
        image = bytearray(original)
        kind(rng, image, at, count)
        path.write_bytes(image)
        expected = oracle(bytes(image))
        found = etalon(program, path)
        verdicts["refusal" if expected is None else "value"] += 1
        check(found == expected, f"mutation {number} ({kind.__name__}): {found} is not {expected}")
    print(f"mutations: {verdicts['value']} with a value, {verdicts['refusal']} refused")
    check(min(verdicts.values()) >= 10, f"one-sided mutations: {verdicts}")


# --- known firmware -------------------------------------------------------------------------------


def check_known(program, by_digest):
    for package, digest, page, section in KNOWN:
        path = by_digest.get(digest)
        if path is None:
            check(package not in STABLE or os.environ.get("CI") != "true",
                  f"CI must have the firmware of {package}")
            print(f"skip: no firmware with sha256 {digest} ({package or 'not fetched'})")
            continue
        expected = {"kvm-page": page, "kvm-section": section}
        check(etalon(program, path) == expected, f"{path}: etalon differs from the recorded value")
        check(oracle(path.read_bytes()) == expected, f"{path}: the oracle differs")
        print(f"equal: {path}")


def check_split(program, by_digest):
    whole = by_digest.get(KNOWN[1][1])
    if whole is None:
        return
    parts = whole.parent.parent / "OVMF"
    for code, expected in (("OVMF_CODE_4M.fd", KNOWN[1][2]), ("OVMF_CODE_4M.secboot.fd", SPLIT_PAGE)):
        found = etalon(program, parts / "OVMF_VARS_4M.fd", parts / code)
        check(found is not None and found["kvm-page"] == expected, f"{code}: {found}")
        check(etalon(program, parts / code) is None, f"{code} alone has a value")


def main():
    program, source, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    folders = [pathlib.Path("/usr/share/ovmf"), pathlib.Path("/usr/share/OVMF")]
    if extra := os.environ.get("ETALON_FIRMWARE"):
        folders.append(pathlib.Path(extra))
    for package in ("bookworm/ovmf", "trixie/ovmf", "ovmf-inteltdx"):
        folders += fetch(source, build, package)
    by_digest = {hashlib.sha256(path.read_bytes()).hexdigest(): path
                 for path in firmware_files(folders)}
    check_known(program, by_digest)
    check_split(program, by_digest)
    known = [by_digest[digest] for _, digest, _, _ in KNOWN if digest in by_digest]
    if not known:
        return 1 if failures else 77
    with tempfile.TemporaryDirectory() as folder:
        mutate(program, known[0].read_bytes(), pathlib.Path(folder))
    print("firmware compared:", len(known))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
