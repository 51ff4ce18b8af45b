#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Times whole commands against their peers and holds them to the gates.

bench.py --etalon PROGRAM --verify PROGRAM --fixture FOLDER [--demo FOLDER] [--level N] [--rounds 5] [--only NAME] [--make]

FOLDER is filled by make_fixture.sh (done here with --make, as root), that of --demo by `make demo`: its
image is timed as well, without a limit, when it is there. Command and peer alternate in one run
on a warm cache, output to /dev/null; a ratio is the median of the rounds' own ratios, so that what
else the machine does hurts both sides. CPU seconds stand beside, as they move less. The limits of
the machine (hash and decompression speed of one core) are measured in the same run and printed.

Memory is the peak of RssAnon + RssShmem, sampled from /proc/PID/status while the command runs:
mapped pages of the image are the kernel's cache and not the command's memory.

Exit: 0 all gates hold, 1 one does not or could not be measured, 77 the fixture is absent.
"""

import argparse
import os
import pathlib
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time

MIB = 1 << 20


def run(command):
    """(wall seconds, CPU seconds of the command and its children)"""
    before = os.times()
    start = time.perf_counter()
    subprocess.run(["sh", "-c", command], check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    after = os.times()
    return wall, (after.children_user - before.children_user
                  + after.children_system - before.children_system)


def peak_memory(command):
    """bytes of RssAnon + RssShmem at their sampled peak, and of VmHWM"""
    process = subprocess.Popen(shlex.split(command), stdout=subprocess.DEVNULL)
    peak = {"own": 0, "hwm": 0}

    def sample():
        path = f"/proc/{process.pid}/status"
        while process.returncode is None:
            try:
                fields = dict(re.findall(r"^(\w+):\s+(\d+) kB$", pathlib.Path(path).read_text(),
                                         re.MULTILINE))
            except OSError:
                return
            own = int(fields.get("RssAnon", 0)) + int(fields.get("RssShmem", 0))
            peak["own"] = max(peak["own"], own * 1024)
            peak["hwm"] = max(peak["hwm"], int(fields.get("VmHWM", 0)) * 1024)
            time.sleep(0.001)

    sampler = threading.Thread(target=sample)
    sampler.start()
    process.wait()
    sampler.join()
    if process.returncode != 0:
        sys.exit(f"bench: {command}: exit status {process.returncode}")
    return peak


class Bench:
    def __init__(self, rounds):
        self.rounds = rounds
        self.failed = False

    def judge(self, good):
        self.failed = self.failed or not good
        return "ok" if good else "TOO HIGH"

    def missing(self, name, why):
        self.failed = True
        print(f"{name:34} NOT MEASURED: {why}", flush=True)

    def pair(self, name, command, peer_name, peer, limit):
        """A limit of None is none: the row is there to be read."""
        run(command), run(peer)  # warm
        ours, theirs = [], []
        for _ in range(self.rounds):
            ours.append(run(command))
            theirs.append(run(peer))
        ratio = statistics.median(a[0] / b[0] for a, b in zip(ours, theirs))
        cpu = statistics.median(a[1] / max(b[1], 0.01) for a, b in zip(ours, theirs))  # a tick of os.times()
        print(f"{name:34} {statistics.median(a[0] for a in ours):6.3f} s  "
              f"{peer_name:22} {statistics.median(b[0] for b in theirs):6.3f} s  "
              f"ratio {ratio:5.2f} ({self.verdict(ratio, limit)})  "
              f"best/best {min(a[0] for a in ours) / min(b[0] for b in theirs):4.2f}  "
              f"cpu {cpu:4.2f}", flush=True)

    def verdict(self, ratio, limit):
        return "no limit" if limit is None else f"limit {limit:.2f}, {self.judge(ratio <= limit)}"

    def memory(self, name, command, limit):
        peak = peak_memory(command)
        print(f"{name:34} {peak['own'] / MIB:6.1f} MiB RssAnon+RssShmem (limit {limit // MIB}) "
              f"{self.judge(peak['own'] <= limit)}  VmHWM {peak['hwm'] / MIB:.0f} MiB", flush=True)

    def absolute(self, name, command, limit):
        run(command)
        wall = statistics.median(run(command)[0] for _ in range(self.rounds))
        print(f"{name:34} {wall * 1000:6.1f} ms (limit {limit * 1000:.0f}) "
              f"{self.judge(wall <= limit)}", flush=True)


    def beyond(self, name, command, base, limit):
        """what a command takes beyond another that it begins with; medians of paired differences"""
        run(command), run(base)
        extra = statistics.median(run(command)[0] - run(base)[0] for _ in range(self.rounds))
        print(f"{name:34} {extra * 1000:6.1f} ms beyond the walk (limit {limit * 1000:.0f}) "
              f"{self.judge(extra <= limit)}", flush=True)


def limits(cpio, packed, level):
    size = os.path.getsize(cpio)
    print(f"image {cpio.name} of {size} bytes, zstd -{level}")
    print(f"processors {os.cpu_count()}, load {os.getloadavg()[0]:.1f}")
    for alg in ("sha256", "sha384"):
        wall = min(run(f"openssl dgst -{alg} {shlex.quote(str(cpio))}")[0] for _ in range(3))
        print(f"one core {alg:28} {size / wall / 1e9:6.2f} GB/s")
    wall = min(run(f"zstd -dc {shlex.quote(str(packed))}")[0] for _ in range(3))
    print(f"one core {'zstd -dc':28} {size / wall / 1e9:6.2f} GB/s")


def find_firmware(make):
    """A firmware with TDX metadata: the pinned one of tools/dev/pins.tsv; the host's may have none."""
    top = pathlib.Path(__file__).resolve().parents[2]
    if make:
        done = subprocess.run([top / "tools/dev/fetch.sh", top / "build/fetched", "trixie/ovmf"],
                              stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode == 0:
            return pathlib.Path(done.stdout.strip()) / "usr/share/ovmf/OVMF.fd"
    return pathlib.Path("/usr/share/ovmf/OVMF.fd")


def measure_mrtd(bench, etalon, make):
    command = f"{etalon} predict mrtd {shlex.quote(str(find_firmware(make)))}"
    # A firmware without TDX metadata ends early; only one with it is a measurement.
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False)
    if done.returncode == 0:
        bench.absolute("predict mrtd", command, 0.050)
    else:
        bench.missing("predict mrtd", done.stderr.strip())


# A policy with every kind of rule that a simulation asks about, and a thousand rules to judge.
SIMULATED = """dont_measure fsmagic=0x9fa0
dont_measure func=BPRM_CHECK uid=0
measure func=BPRM_CHECK
measure func=MMAP_CHECK mask=MAY_EXEC
measure func=FILE_CHECK mask=MAY_READ fowner=1000
measure func=MODULE_CHECK
"""
JUDGED = "".join(f"measure func=FILE_CHECK mask=^MAY_READ uid={n} fsname=ext4 pcr={n % 24}\n"
                 for n in range(1000))


def measure_policies(bench, etalon, initrd):
    with tempfile.TemporaryDirectory() as folder:
        policy, rules = pathlib.Path(folder, "policy"), pathlib.Path(folder, "rules")
        policy.write_text(SIMULATED, encoding="ascii")
        rules.write_text(JUDGED, encoding="ascii")
        bench.beyond("policy simulate",
                     f"{etalon} policy simulate {shlex.quote(str(policy))} --image {initrd} --kernel 6.12",
                     f"{etalon} image list {initrd}", 0.5)
        bench.absolute("policy check --each-line",
                       f"{etalon} policy check --each-line --kernel 6.12 {shlex.quote(str(rules))}", 0.050)


def measure_lists(bench, verify, folder):
    """a measurement list of a million entries, against evmctl with the same registers"""
    if not (folder / "full-sha256").is_file():
        script = pathlib.Path(__file__).with_name("make_ima_list.py")
        subprocess.run([sys.executable, script, "1000000", folder], check=True)
    lists = {form: shlex.quote(str(folder / form)) for form in ("binary", "ascii")}
    pcrs = {bank: shlex.quote(str(folder / f"full-{bank}")) for bank in ("sha1", "sha256")}
    peer = (f"evmctl ima_measurement --pcrs sha1,{pcrs['sha1']} --pcrs sha256,{pcrs['sha256']} "
            f"{lists['binary']} 2>/dev/null")
    for form, limit in (("binary", 1 / 4.5), ("ascii", 1 / 3.5)):
        command = f"{verify} ima {lists[form]} --pcrs {pcrs['sha1']} --pcrs {pcrs['sha256']}"
        bench.pair(f"ima list, {form}", command, "evmctl, binary", peer, limit)
        bench.memory(f"memory of ima list, {form}", command, 64 * MIB)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--etalon", required=True)
    options.add_argument("--verify", required=True, help="etalon-verify")
    options.add_argument("--fixture", required=True, type=pathlib.Path)
    options.add_argument("--demo", type=pathlib.Path, help="folder of the demo image")
    options.add_argument("--level", default="", help="of zstd; 19 where present, else 3")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", default="")
    options.add_argument("--make", action="store_true", help="make the fixture where it is absent")
    args = options.parse_args()
    if not args.level:
        args.level = "3" if (args.fixture / "root-3.cpio.zst").is_file() \
            and not (args.fixture / "root-19.cpio.zst").is_file() else "19"
    if args.make:
        script = pathlib.Path(__file__).with_name("make_fixture.sh")
        subprocess.run(["sh", script, args.fixture, args.level], check=True)
    etalon = shlex.quote(args.etalon)
    cpio, root = args.fixture / "root.cpio", args.fixture / "root"
    packed = args.fixture / f"root-{args.level}.cpio.zst"
    if not packed.is_file() or not cpio.is_file():
        print(f"bench: {packed} is absent: run tests/bench/make_fixture.sh {args.fixture}")
        return 77
    initrd, root = shlex.quote(str(packed)), shlex.quote(str(root))
    mtree = f"bsdtar -cf - --format=mtree --options='!all,type,%s' @{initrd}"
    digest = f"{etalon} image digest"
    find = f"find {root} -type f -print0 | xargs -0 -P2 -n256 openssl dgst -sha256 -r"
    bench = Bench(args.rounds)
    limits(cpio, packed, args.level)

    def wanted(name):
        return not args.only or args.only in name

    pairs = [
        ("initrd sha256", f"{digest} {initrd}", "zstd -dc", f"zstd -dc {initrd}", 1.0),
        ("initrd sha256", f"{digest} {initrd}", "bsdtar mtree", mtree % "sha256", 0.68),
        ("initrd sha256,sha384", f"{digest} --alg sha256,sha384 {initrd}", "bsdtar mtree, both",
         mtree % "sha256,sha384", 0.50),
        ("tree sha256", f"{digest} {root}", "find|xargs openssl", find, 1.15),
    ]
    demo = {kind: args.demo / f"demo.{kind}" for kind in ("initrd", "efi")} if args.demo else {}
    for kind, path in demo.items():
        if path.is_file() and demo["initrd"].is_file():
            pairs.append((f"demo.{kind} sha256", f"{digest} {shlex.quote(str(path))}", "zstd -dc",
                          f"zstd -dc {shlex.quote(str(demo['initrd']))}", None))
    for name, command, peer_name, peer, limit in pairs:
        if wanted(name):
            bench.pair(name, command, peer_name, peer, limit)
    for name, command in [("initrd sha256", f"{digest} {initrd}"),
                          ("initrd sha256,sha384", f"{digest} --alg sha256,sha384 {initrd}"),
                          ("initrd sha256 --json", f"{digest} --json {initrd}"),
                          ("tree sha256", f"{digest} {root}")]:
        if wanted(name):
            bench.memory(f"memory of {name}", command, 64 * MIB)
    if wanted("predict mrtd"):
        measure_mrtd(bench, etalon, args.make)
    if wanted("ima list"):
        measure_lists(bench, shlex.quote(args.verify), args.fixture / "ima-list")
    if wanted("policy"):
        measure_policies(bench, etalon, initrd)
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
