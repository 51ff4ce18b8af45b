#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tar2cpio_test.py SOURCE_DIR: what mkosi/demo/tar2cpio.py writes, read back with GNU cpio."""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest

SOURCE = sys.argv.pop(1) if len(sys.argv) > 1 else "."
EPOCH = 1700000000


def entry(name, kind=tarfile.REGTYPE, **fields):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.mode = 0o644
    info.uid = info.gid = 1000
    for key, value in fields.items():
        setattr(info, key, value)
    return info


class Tar2Cpio(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def convert(self, members):
        path = os.path.join(self.folder.name, "in.tar")
        with tarfile.open(path, "w") as archive:
            for info, data in members:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        return subprocess.run(
            ["/usr/bin/python3", os.path.join(SOURCE, "mkosi/demo/tar2cpio.py"), path],
            env={"SOURCE_DATE_EPOCH": str(EPOCH)}, check=False, capture_output=True)

    def extract(self, archive):
        out = os.path.join(self.folder.name, "tree")
        os.mkdir(out)
        subprocess.run(["cpio", "-idm", "--quiet"], input=archive, cwd=out, check=True)
        return out

    MEMBERS = [
        (("./b", {"mtime": EPOCH + 5, "mode": 0o755}), b"contents"),
        (("./", {"kind": tarfile.DIRTYPE, "mode": 0o755}), b""),
        (("./z", {"kind": tarfile.DIRTYPE, "mode": 0o700, "mtime": 7}), b""),
        (("./a", {"kind": tarfile.SYMTYPE, "linkname": "b"}), b""),
        (("./z/hard", {"kind": tarfile.LNKTYPE, "linkname": "./b", "mode": 0o755}), b""),
        (("./null", {"kind": tarfile.CHRTYPE}), b""),
    ]

    def members(self):
        return [(entry(name, **fields), data) for (name, fields), data in self.MEMBERS]

    def test_round_trip(self):
        result = self.convert(self.members())
        self.assertEqual(result.returncode, 0, result.stderr)
        tree = self.extract(result.stdout)
        self.assertEqual(sorted(os.listdir(tree)), ["a", "b", "z"])
        self.assertEqual(os.readlink(os.path.join(tree, "a")), "b")
        for name in ("b", "z/hard"):
            with open(os.path.join(tree, name), "rb") as file:
                self.assertEqual(file.read(), b"contents")
            self.assertEqual(os.stat(os.path.join(tree, name)).st_mode & 0o7777, 0o755)
        self.assertEqual(os.stat(os.path.join(tree, "b")).st_mtime, EPOCH)
        self.assertEqual(os.stat(os.path.join(tree, "z")).st_mode & 0o7777, 0o700)

    def test_bytes_do_not_depend_on_order_owner_or_late_times(self):
        first = self.convert(self.members()).stdout
        others = self.members()
        for info, _ in others:
            info.uid = info.gid = 5
            info.uname = "someone"
        others[0][0].mtime = EPOCH + 99
        # a hard link must follow its target in a tar
        second = self.convert(list(reversed(others[1:4])) + [others[0], others[5], others[4]]).stdout
        self.assertEqual(first, second)

    def test_bytes_depend_on_mode(self):
        first = self.convert(self.members()).stdout
        others = self.members()
        others[0][0].mode = 0o754
        self.assertNotEqual(first, self.convert(others).stdout)

    def test_refuses_a_damaged_tar(self):
        path = os.path.join(self.folder.name, "in.tar")
        with open(path, "wb") as file:
            file.write(b"not a tar" * 100)
        result = subprocess.run(
            ["/usr/bin/python3", os.path.join(SOURCE, "mkosi/demo/tar2cpio.py"), path],
            env={"SOURCE_DATE_EPOCH": str(EPOCH)}, check=False, capture_output=True)
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(result.stdout, b"")


if __name__ == "__main__":
    unittest.main()
