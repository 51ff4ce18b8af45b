#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Puts seeded random IMA rules to real kernels and to `etalon policy check`, which must agree.

policy_oracle.py --etalon PROGRAM [--rules N] [--seed N] [--kernel V]...

For each kernel (6.1 and 6.12, of Debian, in QEMU) every rule is written to the policy file of a booted
guest (guest/feed.cpp); verdict and errno must be those that Etalon gives for the kernel's version and
configuration. A rule that Etalon calls open is a difference too: everything is known here.

Exit: 0 all agree, 1 they do not, 77 a kernel or QEMU cannot be had.
"""

import argparse
import errno
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import machine
import random_rules


def judged_by_kernel(kernel, rules, feed):
    """[errno or 0] in the order of the rules"""
    tree = machine.small_guest("/feed /rules > /run/out/verdicts 2> /run/out/feed-errors")
    tree.file("feed", feed)
    tree.file("rules", "".join(rule + "\n" for rule in rules).encode(), 0o644)
    files = machine.run(kernel, tree)
    verdicts = []
    for number, line in enumerate(files["verdicts"].decode().splitlines(), start=1):
        index, returned, error = (int(word) for word in line.split())
        if index != number or (returned < 0) != (error != 0):
            raise SystemExit(f"the guest's line {number} is {line!r}")
        verdicts.append(error)
    if len(verdicts) != len(rules):
        raise SystemExit(f"{len(verdicts)} verdicts for {len(rules)} rules: "
                         + files["feed-errors"].decode(errors="replace"))
    return verdicts


def judged_by_etalon(etalon, kernel, rules):
    """[(errno, 0 or None where it is open; reason)]"""
    with tempfile.NamedTemporaryFile() as file:
        file.write("".join(rule + "\n" for rule in rules).encode())
        file.flush()
        done = subprocess.run([etalon, "policy", "check", "--json", "--each-line", "--kernel", kernel.version,
                               "--config", kernel.config, file.name], stdout=subprocess.PIPE, check=False)
    verdicts = {each["line"]: each for each in json.loads(done.stdout)["rules"]}
    said = []
    for number in range(1, len(rules) + 1):
        each = verdicts.get(number, {"accepted": None, "errno": None, "reason": "is no rule"})
        if each["accepted"] is None:
            said.append((None, each["reason"]))
        else:
            said.append((getattr(errno, each["errno"]) if each["errno"] else 0, each["reason"]))
    return said


def word(code):
    return "open" if code is None else errno.errorcode[code] if code else "accepted"


def compare(etalon, version, rules, feed):
    kernel = machine.Kernel(version)
    start = time.monotonic()
    real = judged_by_kernel(kernel, rules, feed)
    took = time.monotonic() - start
    ours = judged_by_etalon(etalon, kernel, rules)
    different = [(rule, wanted, got) for rule, wanted, got in zip(rules, real, ours) if wanted != got[0]]
    for rule, wanted, (got, reason) in different:
        print(f"{version}: {rule!r}\n    the kernel: {word(wanted)}; etalon: {word(got)} ({reason})")
    accepted = real.count(0)
    print(f"{version}: {len(rules) - len(different)} of {len(rules)} rules agree, "
          f"{accepted} accepted, boot {took:.0f} s", flush=True)
    if not len(rules) * 0.25 < accepted < len(rules) * 0.75:
        raise SystemExit("the rules are no fair mix: nearly all have one verdict")
    return not different


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--etalon", required=True)
    options.add_argument("--rules", type=int, default=1000)
    options.add_argument("--seed", type=int, default=20261126)
    options.add_argument("--kernel", action="append", choices=sorted(machine.KERNELS))
    args = options.parse_args()
    rules = random_rules.Rules(args.seed).take(args.rules)
    print(f"seed {args.seed}, {len(rules)} rules")
    source = pathlib.Path(__file__).with_name("guest") / "feed.cpp"
    try:
        with tempfile.TemporaryDirectory() as folder:
            feed = machine.compiled(source, folder)
        agree = [compare(args.etalon, version, rules, feed)
                 for version in args.kernel or sorted(machine.KERNELS)]
    except machine.Skip as skip:
        print(f"policy_oracle: skip: {skip}", file=sys.stderr)
        return 77
    return 0 if all(agree) else 1


if __name__ == "__main__":
    sys.exit(main())
