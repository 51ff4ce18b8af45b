#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds `etalon policy simulate` against what booted kernels put on their lists.

policy_boots.py --etalon PROGRAM [--kernel V]... [--policy NAME]...

One image, exercised in the same way in every boot. In the first its policy lists everything, each hook,
kind of access and user in a PCR of its own, which tells who touched what through which hook. The others
load the policies under test (`POLICIES`). What such a policy puts on the list must be just those touches
of the first boot that the simulation of the policy calls `yes`; where it says `conditional`, its condition
is evaluated for the user of the touch. `unknown` is a difference.

Exit: 0 all as simulated, 1 not, 77 a kernel or QEMU cannot be had.
"""

import argparse
import concurrent.futures
import json
import lzma
import pathlib
import re
import subprocess
import sys
import tempfile

import machine

USER = 1001
COUNT = 12
NUMBERS = [f"{number:02}" for number in range(COUNT)]
GUEST = pathlib.Path(__file__).with_name("guest")

# PCR -> (hook, access, user). Above 23 nothing is extended, and the list does not mind.
EVERYTHING = {}
for first, uid in ((30, USER), (20, 0)):
    who = f" uid={uid}" if uid else ""
    for offset, (hook, access, condition) in enumerate([
            ("BPRM_CHECK", "MAY_EXEC", "func=BPRM_CHECK"),
            ("MMAP_CHECK", "MAY_EXEC", "func=MMAP_CHECK"),
            ("FILE_CHECK", "MAY_EXEC", "func=FILE_CHECK mask=MAY_EXEC"),
            ("FILE_CHECK", "MAY_READ", "func=FILE_CHECK mask=MAY_READ"),
            ("FILE_CHECK", "MAY_READ|MAY_WRITE", "func=FILE_CHECK mask=^MAY_READ"),
            ("FILE_CHECK", "MAY_WRITE", "func=FILE_CHECK mask=^MAY_WRITE"),
            ("MODULE_CHECK", "MAY_READ", "func=MODULE_CHECK")]):
        EVERYTHING[first + offset] = (hook, access, uid, f"measure {condition}{who} pcr={first + offset}")

POLICIES = {
    # a user's executions are left out, and what else it maps
    "not-user": """dont_measure uid=1001
measure func=BPRM_CHECK
measure func=MMAP_CHECK mask=MAY_EXEC
measure func=FILE_CHECK mask=^MAY_READ
measure func=MODULE_CHECK
""",
    # files of one owner are left out; reads of one user are in
    "not-owner": """dont_measure fowner=1000
measure func=BPRM_CHECK pcr=11
measure func=MMAP_CHECK
measure func=FILE_CHECK mask=MAY_READ uid=1001 template=ima-ng
""",
    # what runs from a tmpfs is left out, but not the root, which is one too by its magic number
    "not-run": """dont_measure fsname=tmpfs
measure func=BPRM_CHECK mask=MAY_EXEC
measure func=FILE_CHECK mask=MAY_READ fowner<1000
""",
    # the exclusion of the built-in policy as it was before 6.14: the root goes with it
    "not-tmpfs": """dont_measure fsmagic=0x01021994
measure func=BPRM_CHECK
measure func=MMAP_CHECK
measure func=MODULE_CHECK
""",
    # who reads decides, by all the ids there are; the last rule takes the rest
    "who": """dont_measure func=BPRM_CHECK uid=0
measure func=BPRM_CHECK euid=1001
measure func=MMAP_CHECK gid=1001
dont_measure func=FILE_CHECK fgroup>500
measure func=FILE_CHECK mask=^MAY_WRITE
measure func=FILE_CHECK mask=MAY_EXEC uid<1001
""",
}

EXERCISE = f"""
/feed -l /policy > /run/out/load 2>&1
(
for n in {" ".join(NUMBERS)}; do
  /usr/bin/root-$n
  /act as {USER} {USER} /usr/bin/user-$n
  /usr/own/own-$n
  /usr/lib/script-$n
  /act as {USER} {USER} /usr/lib/uscript-$n
  sh /usr/lib/plain-$n
  /act open r /data/root-$n /data/own-$n
  /act as {USER} {USER} /act open r /data/user-$n /data/shared
  cp /usr/bin/copied /run/copy-$n
  /run/copy-$n
done
/act open rw /data/both
/act open w /data/written
/act open r /data/shared
/act as {USER} {USER} /usr/own/own-00
for module in /lib/modules/*.ko; do /act finit $module; done
) > /run/out/exercise 2>&1
cat /sys/kernel/security/ima/ascii_runtime_measurements > /run/out/list
"""


def host_file(path):
    return pathlib.Path(path).resolve().read_bytes()


def module_of(kernel):
    """a module without dependencies, unpacked"""
    [path] = [path for path in kernel.modules.rglob("crc7.ko*")] or [None]
    if path is None:
        raise SystemExit(f"{kernel.version} has no module crc7")
    content = path.read_bytes()
    return lzma.decompress(content) if path.name.endswith(".xz") else content


def image(kernel, programs):
    tree = machine.small_guest(EXERCISE)
    for name, body in programs.items():
        tree.file(name, body)
    tree.link("bin/cp", "busybox")
    program = host_file("/usr/bin/true")
    for number in NUMBERS:
        tree.file(f"usr/bin/root-{number}", program)
        tree.file(f"usr/bin/user-{number}", program)
        tree.file(f"usr/own/own-{number}", program, owner=(1000, 1000))
        for kind in ("script", "uscript", "plain"):
            tree.file(f"usr/lib/{kind}-{number}", b"#!/bin/sh\n:\n", 0o755 if kind != "plain" else 0o644)
        tree.file(f"data/root-{number}", b"root", 0o644)
        tree.file(f"data/user-{number}", b"user", 0o644, owner=(USER, USER))
        tree.file(f"data/own-{number}", b"own", 0o644, owner=(1000, 1000))
    for name in ("shared", "both", "written"):
        tree.file(f"data/{name}", name.encode(), 0o644)
    tree.file("usr/bin/copied", program)
    tree.file("lib/modules/crc7.ko", module_of(kernel), 0o644)
    tree.file("lib/x86_64-linux-gnu/libc.so.6", host_file("/lib/x86_64-linux-gnu/libc.so.6"))
    tree.file("lib64/ld-linux-x86-64.so.2", host_file("/lib64/ld-linux-x86-64.so.2"))
    return tree


def boot(kernel, tree, policy):
    """[(pcr, template, path)] of the list, without boot_aggregate"""
    loaded = machine.Tree()
    loaded.entries = dict(tree.entries)
    loaded.file("policy", policy.encode(), 0o644)
    files = machine.run(kernel, loaded)
    if files["load"].split()[1] != b"0" or files["load"].split()[-1] == b"0":
        raise SystemExit(f"{kernel.version}: the kernel did not take the policy: {files['load']!r}\n{policy}")
    entries = []
    for line in files["list"].decode().splitlines():
        words = line.split(" ")
        words = [word for word in words[:5]] if line[0] != " " else words[1:6]
        if words[4] != "boot_aggregate":
            entries.append((int(words[0]), words[2], words[4]))
    return entries, files["exercise"].decode(errors="replace")


def in_question(path):
    """not what the guest's own report and init come and go with"""
    return not path.startswith(("/proc/", "/sys/", "/dev/", "/run/out/")) and path not in ("/init", "/policy")


def holds(condition, facts):
    """whether a condition in Etalon's words holds for these ids"""
    parts = re.findall(r"not \([^)]*\)|[a-z]+[=<>]\d+", condition)
    if " and ".join(parts) != condition:
        raise SystemExit(f"the condition {condition!r} is not understood")
    for part in parts:
        if part.startswith("not ("):
            if holds(part[5:-1], facts):
                return False
            continue
        subject, operator, number = re.fullmatch(r"(\w+)([=<>])(\d+)", part).groups()
        number = int(number)
        own = facts[{"euid": "uid", "egid": "gid"}.get(subject, subject)]
        if not {"=": own == number, "<": own < number, ">": own > number}[operator]:
            return False
    return True


def simulate(etalon, kernel, tree, policy):
    """(path, hook, access) -> [(verdict, pcr, template, when)]"""
    with tempfile.TemporaryDirectory() as folder:
        root, rules = pathlib.Path(folder, "root.cpio"), pathlib.Path(folder, "policy")
        root.write_bytes(tree.archive())
        rules.write_text(policy, encoding="ascii")
        done = subprocess.run([etalon, "policy", "simulate", "--json", rules, "--image", root, "--kernel",
                               kernel.version, "--config", kernel.config,
                               "--cmdline", machine.CMDLINE, "--mount", "/run=tmpfs"],
                              stdout=subprocess.PIPE, check=False)
    simulated = json.loads(done.stdout)
    answers = {}
    for file in simulated["files"] + simulated["places"]:
        for hook in file["hooks"]:
            for access in hook["access"]:
                access = "|".join(sorted(access.split("|")))
                answers.setdefault((file["path"], hook["hook"], access), []).append(
                    (hook["verdict"], hook["pcr"], hook["template"], hook["when"]))
    return answers


def expected(touches, answers, owners):
    """{(pcr, template, path)} that the simulation says the touches put on the list, and what is wrong"""
    listed, excluded, wrong = set(), 0, []
    for path, hook, access, uid in touches:
        place = "/run/*" if path.startswith("/run/") else path
        rows = answers.get((place, hook, access))
        if rows is None:
            wrong.append(f"{path}: {hook} {access} was touched and is not simulated")
            continue
        taken = False
        for verdict, pcr, template, when in rows:
            if verdict == "unknown":
                wrong.append(f"{path}: {hook} {access} is not decided: {when}")
            owner = owners.get(path, (0, 0))
            facts = {"uid": uid, "gid": uid, "fowner": owner[0], "fgroup": owner[1]}
            if verdict == "yes" or verdict == "conditional" and holds(when, facts):
                taken = True
                listed.add((pcr, template, path))
        excluded += not taken
    return listed, excluded, wrong


def differences(touches, answers, entries, owners):
    """what is wrong, how many files are listed, how many touches are left out"""
    wanted, excluded, wrong = expected(touches, answers, owners)
    # an inode is listed once per PCR: with the template of whichever rule was first
    got = {(pcr, path) for pcr, _, path in entries if in_question(path)}
    plan = {(pcr, path) for pcr, _, path in wanted}
    templates = {}
    for pcr, template, path in wanted:
        templates.setdefault((pcr, path), set()).add(template)
    wrong += [f"{path} is on the list (PCR {pcr}), and was not to be" for pcr, path in sorted(got - plan)]
    wrong += [f"{path} is not on the list (PCR {pcr}), and was to be" for pcr, path in sorted(plan - got)]
    wrong += [f"{path} is listed with {template}" for pcr, template, path in entries
              if template not in templates.get((pcr, path), {template})]
    return wrong, len(got), excluded


def compare(kernel, name, *args):
    wrong, listed, excluded = differences(*args)
    enough = excluded >= 20 and (listed >= 10 or name == "not-tmpfs")
    if not enough:
        wrong.append("too little was listed, or left out, to tell anything")
    for text in wrong[:20]:
        print(f"{kernel.version} {name}: {text}")
    print(f"{'FAIL' if wrong else 'ok  '} {kernel.version} {name}: {len(args[0])} touches, {listed} listed, "
          f"{excluded} touches left out", flush=True)
    return not wrong


def check_kernel(etalon, version, names, programs):
    kernel = machine.Kernel(version)
    tree = image(kernel, programs)
    policies = {"everything": "".join(row[3] + "\n" for row in EVERYTHING.values())}
    policies.update((name, POLICIES[name]) for name in names)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        booted = dict(zip(policies, pool.map(lambda policy: boot(kernel, tree, policy), policies.values())))
    everything, said = booted.pop("everything")
    if said.strip():
        raise SystemExit(f"{version}: the exercise says: {said}")
    owners = {"/" + path: owner for path, (_, _, owner) in tree.entries.items()}
    touches = sorted({(path, *EVERYTHING[pcr][:3]) for pcr, _, path in everything if in_question(path)})
    answers = {name: simulate(etalon, kernel, tree, POLICIES[name]) for name in booted}
    good = [compare(kernel, name, touches, answers[name], entries, owners)
            for name, (entries, _) in booted.items()]
    # the comparison itself: the simulation of one policy is not that of another's boot
    for name, (entries, _) in booted.items():
        for other in booted:
            if other != name and not differences(touches, answers[other], entries, owners)[0]:
                print(f"FAIL {version}: the boot of {name} is as the simulation of {other}")
                good.append(False)
    return good


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--etalon", required=True)
    options.add_argument("--kernel", action="append", choices=sorted(machine.KERNELS))
    options.add_argument("--policy", action="append", choices=sorted(POLICIES))
    args = options.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            programs = {name: machine.compiled(GUEST / f"{name}.cpp", folder) for name in ("feed", "act")}
        good = [one for version in args.kernel or sorted(machine.KERNELS)
                for one in check_kernel(args.etalon, version, args.policy or list(POLICIES), programs)]
    except machine.Skip as skip:
        print(f"policy_boots: skip: {skip}", file=sys.stderr)
        return 77
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
