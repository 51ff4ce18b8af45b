#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The main job on a real image, judged by second implementations.

main_job.py UKI PLATFORMS --bin DIR

Measures UKI, signs the bundle and verifies it, and checks what no unit test sees:
  - Authenticode digests, PCR 4, 9 and 11 and their events equal tests/oracle/uki_oracle.py
  - file digests equal tests/oracle/initrd_oracle.py
  - the bundle that the image's build left beside it (mkosi/profile/mkosi.postoutput) says what a fresh one says
  - the payload has the same bytes in other folders, TZ, LANG, umask, --jobs, and in both bundle forms
  - member digests, payload form and signature stand up to tests/oracle/bundle_oracle.py and openssl
  - the verifier passes the right image and name, and fails for others
Prints a line per check and `N passed, N failed`. Exit: 0 all passed, 1 not, 77 there is no UKI.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ORACLE = os.path.join(os.path.dirname(HERE), "oracle")
PYTHON = "/usr/bin/python3"
VTPM = "platforms:\n  - id: vm\n    tee: vtpm\n    boot: disk-uki\n    banks: [sha1, sha256, sha384, sha512]\n"
WORLDS = [
    {"umask": 0o022, "jobs": "1", "form": ".tar", "env": {"TZ": "UTC", "LANG": "C", "LC_ALL": "C"}},
    {"umask": 0o077, "jobs": "2", "form": ".tar",
     "env": {"TZ": "XYZ-13:45", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}},
    {"umask": 0o000, "jobs": "2", "form": "", "env": {"TZ": "ABC+11", "LANG": "tr_TR.UTF-8", "LC_ALL": ""}},
]


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, ok, text):
        print(("ok    " if ok else "FAILED") + " " + text, flush=True)
        if ok:
            self.passed += 1
        else:
            self.failed += 1
        return ok


def run(command, **more):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, **more)


def product(command, **more):
    done = run(command, **more)
    if done.returncode != 0:
        raise SystemExit(f"main_job.py: {' '.join(command)}: exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def read(path):
    with open(path, "rb") as file:
        return file.read()


def event_digests(events, register):
    return [(event["type"], event["digests"]) for event in events if event["register"] == register]


def compare_registers(check, options, work):
    platforms = os.path.join(work, "vm.yaml")
    with open(platforms, "w", encoding="ascii") as file:
        file.write(VTPM)
    ours = json.loads(product([options.etalon, "predict", "registers", options.uki, "--platforms", platforms, "--json"]))
    theirs = json.loads(product([PYTHON, os.path.join(ORACLE, "uki_oracle.py"), options.uki]))
    ours, their = ours["platforms"][0], theirs["platforms"][0]
    for register in ("pcr4", "pcr9", "pcr11"):
        values = ours["registers"][register]["any"][0]["values"]
        check(values == their["registers"][register]["any"][0]["values"] and len(values) == 4,
              f"{register} equals the second implementation in four banks")
        mine = event_digests(ours["events"], register)
        check(mine and mine == event_digests(their["events"], register), f"{register} has the same {len(mine)} events")
    shown = json.loads(product([options.etalon, "image", "show", options.uki, "--json"]))
    expected = theirs["authenticode"]["uki"]
    check(shown["authenticode"]["sha256"] == expected["sha256"] and shown["authenticode"]["sha384"] == expected["sha384"],
          "Authenticode digests equal the second implementation")


def compare_files(check, options):
    ours = json.loads(product([options.etalon, "image", "digest", options.uki, "--alg", "sha256", "--json"]))
    theirs = json.loads(product([PYTHON, os.path.join(ORACLE, "initrd_oracle.py"), options.uki]))
    table = [{e["path"]: e["digests"]["sha256"] for e in files if e["type"] == "file"} for files in (ours, theirs)]
    check(table[0] and table[0] == table[1], f"{len(table[0])} file digests equal the second implementation")


def measure(options, work, index, world):
    folder = os.path.join(work, f"world{index}", "deeper" * index or "x")
    os.makedirs(folder)
    shutil.copy(options.uki, os.path.join(folder, os.path.basename(options.uki)))
    command = [options.etalon, "measure", os.path.basename(options.uki), "--platforms", options.platforms, "--release", "demo",
               "--jobs", world["jobs"], "-o", "bundle" + world["form"]]
    # umask is the caller's: Python 3.11's own parameter needs no preexec function
    product(command, cwd=folder, umask=world["umask"], env={**os.environ, **world["env"]})
    return os.path.join(folder, "bundle" + world["form"])


def compare_worlds(check, options, work):
    bundles = [measure(options, work, i, world) for i, world in enumerate(WORLDS)]
    payloads = [product([options.etalon, "payload", bundle]) for bundle in bundles]
    check(len(set(payloads)) == 1 and payloads[0], "the payload has the same bytes in every world and form")
    check(read(bundles[0]) == read(bundles[1]), "so has the bundle file")
    return bundles[0], bundles[2]


def compare_hook(check, options, work):
    """The release is that of mkosi/demo/build.sh."""
    left, fresh = os.path.splitext(options.uki)[0] + ".etalon.tar", os.path.join(work, "fresh.etalon.tar")
    if not check(os.path.exists(left), "the build's hook left a bundle"):
        return
    product([options.etalon, "measure", options.uki, "--platforms", options.platforms, "--release", "demo-1", "-o", fresh])
    check(product([options.etalon, "payload", left]) == product([options.etalon, "payload", fresh]),
          "that bundle has the payload of a fresh one")


def sign(options, work, bundle, kind):
    key = os.path.join(work, kind)
    product([options.etalon, "keygen", "--type", kind, "-o", key])
    private = next(key + suffix for suffix in (".pem", ".key") if os.path.exists(key + suffix))
    product([options.etalon, "sign", bundle, "--key", private])
    return key + ".pub"


def verdict(options, bundle, public, *more):
    done = run([options.verify, "bundle", bundle, "--key", public, "--json", *more])
    try:
        return done.returncode, json.loads(done.stdout).get("verdict")
    except ValueError:
        return done.returncode, None


def compare_signatures(check, options, work, bundles):
    for bundle, kind in zip(bundles, ("p256", "ed25519")):
        before = product([options.etalon, "payload", bundle])
        code, _ = verdict(options, bundle, sign(options, os.path.dirname(bundle), bundle, "p256") if kind == "p256"
                          else sign(options, work, bundle, kind))
        check(code == 0, f"a bundle signed with {kind} verifies")
        check(product([options.etalon, "payload", bundle]) == before, f"signing with {kind} left the payload alone")
    bundle = bundles[0]
    public = os.path.join(os.path.dirname(bundle), "p256.pub")
    done = run([PYTHON, os.path.join(ORACLE, "bundle_oracle.py"), "check", bundle, public])
    check(done.returncode == 0, "bundle_oracle.py and openssl agree: " + (done.stdout + done.stderr).decode().strip()[-120:])
    check(verdict(options, bundle, public, "--image", options.uki, "--name", "demo") == (0, "pass"), "the right image and name pass")
    other = os.path.join(work, "other.efi")
    with open(other, "wb") as file:
        file.write(read(options.uki) + b"\0")
    check(verdict(options, bundle, public, "--image", other) == (1, "fail"), "another image fails")
    check(verdict(options, bundle, public, "--name", "other") == (1, "fail"), "another name fails")
    stranger = os.path.join(work, "stranger")
    product([options.etalon, "keygen", "-o", stranger])
    check(verdict(options, bundle, stranger + ".pub")[0] == 1, "a stranger's key does not pass")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("uki")
    parser.add_argument("platforms")
    parser.add_argument("--bin", required=True)
    options = parser.parse_args()
    if not os.path.exists(options.uki) or not os.path.exists(options.platforms):
        print("main_job.py: skip: the demo image is not built (make demo builds it)", file=sys.stderr)
        return 77
    options.uki, options.platforms = os.path.abspath(options.uki), os.path.abspath(options.platforms)
    options.etalon, options.verify = (os.path.join(os.path.abspath(options.bin), p) for p in ("etalon", "etalon-verify"))
    check = Checks()
    with tempfile.TemporaryDirectory() as work:
        compare_registers(check, options, work)
        compare_files(check, options)
        compare_hook(check, options, work)
        compare_signatures(check, options, work, compare_worlds(check, options, work))
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
