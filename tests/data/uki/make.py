#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the made-up UKIs of this folder, the same bytes each time.

make.py [--check]: with --check nothing is written and the exit status is 1 when a file differs.
"""
import os
import random
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "oracle"))
import made  # noqa: E402  (its folder is not a package)
from made import newc  # noqa: E402

SEED = 20260701


def root():
    return b"".join([
        newc.record(b"etc", 0o040755, 1, 2), newc.record(b"etc/ima", 0o040755, 2, 2),
        newc.record(b"etc/ima/ima-policy", 0o100644, 3, 1, body=b"measure func=BPRM_CHECK mask=MAY_EXEC\n"),
        newc.record(b"usr", 0o040755, 4, 2), newc.record(b"usr/bin", 0o040755, 5, 2),
        newc.record(b"bin", 0o120777, 6, 1, body=b"usr/bin"),
        newc.record(b"bin/hello", 0o100755, 7, 2), newc.record(b"usr/bin/hello again", 0o100755, 7, 2, body=b"hello\n"),
        newc.trailer()])


def sd_boot(version):
    """What a boot loader has that matters here; its sections show it to be no UKI."""
    return made.pe(random.Random(SEED), [
        (".text", b"no code", None), (".osrel", b'ID=systemd-boot\n', None),
        (".sdmagic", f"#### LoaderInfo: systemd-boot {version} ####".encode(), None)])


def uki(stub):
    rng = random.Random(SEED)
    return made.pe(rng, [
        (".sbat", b"sbat,1,made\n", None),
        (".sdmagic", f"#### LoaderInfo: systemd-stub {stub} ####".encode(), None),
        (".osrel", b'ID=made\nPRETTY_NAME="Made up 1"\n', None),
        (".cmdline", b"console=ttyS0 ima_hash=sha256\0", None),
        (".uname", b"6.12.95-made", None), (".linux", made.kernel(rng), None), (".initrd", root(), None)])


def odd():
    """Accepted, each with a warning: sections that share memory, bytes between them, a size to pad."""
    data = bytearray(made.pe(random.Random(SEED), [
        (".osrel", b"ID=made\n", None), (".gap", bytes(1), None), (".linux", b"no kernel", None),
        (".initrd", root(), None)], tail=b"abc"))
    struct.pack_into("<I", data, data.index(b".gap\0") + 16, 0)                # stores nothing: its block is nobody's
    struct.pack_into("<I", data, data.index(b".osrel\0") + 8, 2 * 4096 + 1)    # reaches over .gap into .linux
    return bytes(data)


def main():
    differing = []
    for name, content in (("small.efi", uki("257.13-1~deb13u1")), ("future.efi", uki("999")), ("odd.efi", odd()),
                          ("sd-boot.efi", sd_boot("257.13-1~deb13u1"))):
        path = os.path.join(HERE, name)
        if sys.argv[1:] != ["--check"]:
            with open(path, "wb") as file:
                file.write(content)
            continue
        with open(path, "rb") as file:
            if file.read() != content:
                differing.append(name)
    if differing:
        print("differs from what make.py writes:", *differing)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
