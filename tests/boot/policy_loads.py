#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Loads what `etalon policy generate` writes into the kernels it is for.

policy_loads.py --etalon PROGRAM [--kernel V]...

For each kernel (6.1 and 6.12, of Debian, in QEMU) and each recipe: the policy is generated for the
kernel's version and configuration, then a booted guest takes all its lines one by one, and then the
file by its path, after which it must be in force. Beside the recipes that come with the program there are
those of `variants`. A policy with a line too many is put in as well, and must be refused by both forms.

At last the script of `etalon mkosi init` loads the policy that it wrote beside it.

Exit: 0 all are loaded, 1 one is not, 77 a kernel or QEMU cannot be had.
"""

import argparse
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

import machine

RECIPES = machine.TOP / "policy/recipes"
EXAMPLE = machine.TOP / "references/schema/recipe.example.yaml"
CONTROL = "measure func=BPRM_CHECK\nmeasure func=NO_SUCH_CHECK\n"


def variants():
    """name -> arguments of `policy generate`"""
    all_of = {path.stem: ["--recipe", path.stem] for path in sorted(RECIPES.glob("*.yaml"))}
    all_of["tcb on a disk"] = ["--recipe", "tcb", "--root", "disk"]
    all_of["three users"] = ["--recipe", "user-workload", "--user", "1001", "--user", "65534", "--user", "0"]
    all_of["the example"] = ["--recipe", str(EXAMPLE)]
    return all_of


def generate(etalon, kernel, arguments):
    done = subprocess.run([etalon, "policy", "generate", *arguments, "--kernel", kernel.version, "--config",
                           kernel.config], stdout=subprocess.PIPE, check=True)
    return done.stdout


def load(kernel, policy, feed):
    """what the kernel says of each line, and of the path"""
    tree = machine.small_guest("""/feed /policy > /run/out/lines 2>&1
echo > /run/out/path
/feed -p /policy > /run/out/path 2>&1
""")
    tree.file("feed", feed)
    tree.file("policy", policy, 0o644)
    # what a policy for signatures refuses to run would include our own report
    files = machine.run(kernel, tree, "ima_appraise=log")
    lines = [line.split() for line in files["lines"].decode().splitlines()]
    refused = [number for number, _, error in lines if error != "0"]
    path = dict(zip(("write", "again"), files["path"].decode().splitlines()))
    return lines, refused, path


def in_force(path):
    """the write took the whole path, and the policy cannot be written a second time"""
    returned, error = path["write"].split()
    return error == "0" and int(returned) == len("/policy") and path["again"] != "again 0"


def check(kernel, name, policy, feed, wanted):
    lines, refused, path = load(kernel, policy, feed)
    loaded = not refused and in_force(path)
    good = loaded == wanted and len(lines) == len(policy.splitlines())
    rules = sum(not line.startswith(b"#") for line in policy.splitlines())
    print(f"{'ok  ' if good else 'FAIL'} {kernel.version} {name}: {rules} rules, "
          f"{'loaded' if loaded else f'refused: lines {refused}, path {path}'}", flush=True)
    return good


def check_script(etalon, kernel, feed):
    """the script that `etalon mkosi init` writes for inits that load no policy"""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([etalon, "mkosi", "init", folder + "/p", "--kernel", kernel.version, "--config", kernel.config,
                        "--loader", "script"], stdout=subprocess.DEVNULL, check=True)
        extra = pathlib.Path(folder, "p/mkosi.extra")
        # our init has mounted what the script would mount as well
        tree = machine.small_guest("""umount /sys/kernel/security
umount /sys
/usr/lib/ima/load-policy > /run/out/said 2>&1
echo $? >> /run/out/said
/feed -l /nothing > /run/out/again 2>&1
""")
        for path in ("etc/ima/ima-policy", "usr/lib/ima/load-policy"):
            tree.file(path, (extra / path).read_bytes(), (extra / path).stat().st_mode & 0o777)
    tree.link("bin/umount", "busybox")
    tree.file("feed", feed)
    tree.file("nothing", b"measure\n")
    files = machine.run(kernel, tree)
    good = files["said"] == b"0\n" and b"open:" in files["again"]
    print(f"{'ok  ' if good else 'FAIL'} {kernel.version} load-policy of mkosi init: said {files['said']!r}, "
          f"then {files['again']!r}", flush=True)
    return good


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--etalon", required=True)
    options.add_argument("--kernel", action="append", choices=sorted(machine.KERNELS))
    args = options.parse_args()
    source = pathlib.Path(__file__).with_name("guest") / "feed.cpp"
    try:
        with tempfile.TemporaryDirectory() as folder:
            feed = machine.compiled(source, folder)
        jobs = []
        for version in args.kernel or sorted(machine.KERNELS):
            kernel = machine.Kernel(version)
            jobs += [(kernel, name, generate(args.etalon, kernel, arguments), feed, True)
                     for name, arguments in variants().items()]
            jobs.append((kernel, "a refused line", CONTROL.encode(), feed, False))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            good = list(pool.map(lambda job: check(*job), jobs))
        good += [check_script(args.etalon, machine.Kernel(version), feed)
                 for version in args.kernel or sorted(machine.KERNELS)]
    except machine.Skip as skip:
        print(f"policy_loads: skip: {skip}", file=sys.stderr)
        return 77
    print(f"{sum(good)} of {len(good)} as they should be")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
