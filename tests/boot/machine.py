# SPDX-License-Identifier: Apache-2.0
"""Small machines for tests that need a real kernel and nothing else: Debian's kernel, an initrd made
from a table of files, QEMU in software, no firmware and no TPM unless asked for. What the guest leaves in
/run/out comes back over the second serial port, as "RIG-DATA", a newline and a tar.gz (guest/report).
"""

import io
import pathlib
import stat
import subprocess
import sys
import tarfile
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/support"))

import newc  # noqa: E402  # pylint: disable=wrong-import-position

KERNELS = {"6.1": "bookworm/linux-image-cloud-amd64",
           "6.12": "bookworm-backports/linux-image-cloud-amd64"}
MTIME = 1700000000
CMDLINE = "console=ttyS0 quiet panic=-1 ima_hash=sha256"


class Skip(Exception):
    """what is needed cannot be had here"""


def fetch(package):
    """the folder of an unpacked package"""
    done = subprocess.run([TOP / "tools/dev/fetch.sh", TOP / "build/fetched", package],
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == 77:
        raise Skip(f"{package} has left the archive")
    if done.returncode != 0:
        raise Skip(f"{package} cannot be fetched")
    return pathlib.Path(done.stdout.strip().splitlines()[-1])


class Kernel:
    def __init__(self, version):
        self.version = version
        folder = fetch(KERNELS[version])
        [self.image] = (folder / "boot").glob("vmlinuz-*")
        [self.config] = (folder / "boot").glob("config-*")
        self.modules = folder / "lib/modules"


def busybox():
    return (fetch("bookworm/busybox-static") / "bin/busybox").read_bytes()


class Tree:
    """The files of an initrd, by path without the leading slash."""

    def __init__(self):
        self.entries = {}

    def folder(self, path, mode=0o755, owner=(0, 0)):
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            self.entries.setdefault("/".join(parts[:depth]),
                                    (stat.S_IFDIR | (mode if depth == len(parts) else 0o755), b"",
                                     owner if depth == len(parts) else (0, 0)))

    def file(self, path, body, mode=0o755, owner=(0, 0)):
        if "/" in path:
            self.folder(path.rpartition("/")[0])
        self.entries[path] = (stat.S_IFREG | mode, body, owner)

    def link(self, path, target):
        if "/" in path:
            self.folder(path.rpartition("/")[0])
        self.entries[path] = (stat.S_IFLNK | 0o777, target.encode(), (0, 0))

    def archive(self):
        out = [newc.record(b"dev", stat.S_IFDIR | 0o755, 1, 2, MTIME),
               newc.record(b"dev/console", stat.S_IFCHR | 0o600, 2, 1, MTIME, (5, 1))]
        for number, path in enumerate(sorted(self.entries), start=3):
            mode, body, owner = self.entries[path]
            links = 2 if stat.S_ISDIR(mode) else 1
            record = newc.record(path.encode(), mode, number, links, MTIME, body=body)
            # the header's third and fourth field are the owner
            record = record[:22] + b"%08X%08X" % owner + record[38:]
            out.append(record)
        return b"".join(out) + newc.trailer()


def small_guest(program):
    """Our /init around busybox: mounts, then `program` (a shell script), then the report."""
    tree = Tree()
    for path in ("proc", "sys", "run", "tmp"):
        tree.folder(path)
    box = busybox()
    tree.file("bin/busybox", box)
    for applet in ("sh", "mount", "mkdir", "cat", "tar", "gzip", "stty", "poweroff", "uname", "dmesg", "echo"):
        tree.link(f"bin/{applet}", "busybox")
    report = (TOP / "tests/boot/guest/report").read_bytes()
    tree.file("lib/report", report, 0o644)
    tree.file("init", f"""#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t securityfs securityfs /sys/kernel/security
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
mkdir -p /run/out
echo 0 > /proc/sys/kernel/printk_ratelimit
{program}
. /lib/report
poweroff -f
""".encode())
    return tree


def run(kernel, tree, cmdline="", timeout=240):
    """Boots and gives {name: bytes} of what the guest left."""
    with tempfile.TemporaryDirectory(prefix="etalon-boot-") as name:
        folder = pathlib.Path(name)
        (folder / "initrd").write_bytes(tree.archive())
        start = time.monotonic()
        machine = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max,-cx16", "-machine", "q35", "-m", "768",
                   "-smp", "1", "-nodefaults", "-no-user-config", "-display", "none", "-nic", "none",
                   "-rtc", "base=2024-01-01", "-no-reboot", "-serial", f"file:{folder}/console",
                   "-serial", f"file:{folder}/data", "-kernel", str(kernel.image),
                   "-initrd", str(folder / "initrd"),
                   "-append", f"{CMDLINE} {cmdline}".strip()]
        try:
            subprocess.run(machine, timeout=timeout, check=False, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE)
        except FileNotFoundError as error:
            raise Skip("qemu-system-x86_64 is not installed") from error
        except subprocess.TimeoutExpired:
            pass  # the report tells
        data = (folder / "data").read_bytes() if (folder / "data").exists() else b""
        mark = data.rfind(b"RIG-DATA\n")
        if mark < 0:
            console = (folder / "console").read_bytes().decode(errors="replace")
            raise SystemExit(f"the guest sent no report after {time.monotonic() - start:.0f} s:\n"
                             + "\n".join(console.splitlines()[-25:]))
        files = {}
        with tarfile.open(fileobj=io.BytesIO(data[mark + 9:]), mode="r:gz") as archive:
            for member in archive:
                if member.isfile():
                    files[member.name.removeprefix("./")] = archive.extractfile(member).read()
        return files


def compiled(source, folder):
    """A static program of one source file, for the guest."""
    program = pathlib.Path(folder) / "program"
    subprocess.run(["c++", "-std=c++20", "-O1", "-static", "-Wall", "-Wextra", "-Werror", "-o", program,
                    source], check=True)
    return program.read_bytes()
