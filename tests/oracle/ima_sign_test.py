#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Signatures of `etalon ima sign` judged by evmctl, and those of evmctl by our reader of lists.

ima_sign_test.py --etalon PROGRAM

A tree with hard links, a sparse file and odd names is signed as tar, unpacked with its attributes, and every
file is put to `evmctl ima_verify`, for an RSA and an ECDSA key; then the same with the list and the script
that sets it. A changed file must not pass. Needs root, as security.ima is set, and a file system for it.

Exit: 0 evmctl agrees, 1 it does not, 77 evmctl, setfattr or root is missing.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FILES = {b"usr/bin/program": b"\x7fELF" + bytes(5000), b"etc/a b": b"hi\n", b"etc/empty": b"",
         b"etc/new\nline\\x": b"x", b"etc/not-utf8-\xff": b"y"}


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **options).stdout


def make_tree(top):
    for name, body in FILES.items():
        path = os.path.join(os.fsencode(top), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(body)
    os.link(top / "usr/bin/program", top / "usr/bin/hard")
    os.symlink("program", top / "usr/bin/link")
    with open(top / "etc/sparse", "wb") as file:
        file.truncate(1 << 20)
        file.write(b"begin")


def regular(top):
    for folder, _, names in os.walk(os.fsencode(top)):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def verified(path, certificate):
    done = subprocess.run(["evmctl", "ima_verify", "-k", certificate, path], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0 and b"verification is OK" in done.stdout


def make_key(folder, kind):
    key, pem, der = (folder / f"{kind}.{end}" for end in ("key", "pem", "der"))
    how = ["rsa:2048"] if kind == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", *how, "-nodes", "-keyout", key, "-out", pem, "-subj",
                    "/CN=test", "-days", "2"], check=True, stderr=subprocess.DEVNULL)
    run("openssl", "x509", "-in", pem, "-outform", "DER", "-out", der)
    return key, pem, der


def check_tree(what, top, der, wrong):
    files = list(regular(top))
    good = sum(verified(path, der) for path in files)
    print(f"{what}: {good} of {len(files)} files verified")
    if good != len(files) or len(files) != len(FILES) + 2:
        wrong.append(what)
    with open(top / "etc/empty", "ab") as file:
        file.write(b"!")
    if verified(top / "etc/empty", der):
        wrong.append(f"{what}: a changed file passes")


def check(etalon, folder, kind):
    wrong = []
    tree = folder / f"{kind}-tree"
    make_tree(tree)
    key, pem, der = make_key(folder, kind)
    run("tar", "-C", tree, "--sparse", "--sort=name", "-cf", folder / "root.tar", ".")
    run(etalon, "ima", "sign", folder / "root.tar", "--key", key, "--cert", pem, "-o", folder / "signed.tar")
    out = folder / f"{kind}-tar"
    out.mkdir()
    run("tar", "--xattrs", "--xattrs-include=security.*", "-C", out, "-xf", folder / "signed.tar")
    check_tree(f"{kind}, tar", out, der, wrong)
    run(etalon, "ima", "sign", tree, "--key", key, "-o", folder / "list", stderr=subprocess.DEVNULL)
    run(folder / "list/ima-set-signatures", folder / "list/ima-signatures", tree)
    check_tree(f"{kind}, list", tree, der, wrong)
    return wrong


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--etalon", required=True)
    args = options.parse_args()
    for program in ("evmctl", "setfattr", "openssl"):
        if shutil.which(program) is None:
            print(f"ima_sign_test: skip: {program} is not installed", file=sys.stderr)
            return 77
    if os.geteuid() != 0:
        print("ima_sign_test: skip: security.ima takes root", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as name:
        probe = pathlib.Path(name, "probe")
        probe.touch()
        try:
            os.setxattr(probe, "security.ima", b"\x04\x04" + bytes(32))
        except OSError as error:
            print(f"ima_sign_test: skip: no security.ima here: {error}", file=sys.stderr)
            return 77
        wrong = [text for kind in ("rsa", "ec") for text in check(args.etalon, pathlib.Path(name), kind)]
        for folder in pathlib.Path(name).glob("list"):
            shutil.rmtree(folder)
    for text in wrong:
        print(f"FAIL {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
