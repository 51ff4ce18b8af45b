#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Installs a build into an empty folder and compares the list of files with what belongs there.

install.py ROOT BUILD     one line per fault, exit 1 when there is one

What belongs there: the programs, a manual page for every docs/man/*.scd, three completions for each
program. Nothing may be missing, nothing more may be there, the programs must run from there, and no
installed file may tell where it was built.
"""

import pathlib
import subprocess
import sys
import tempfile

PROGRAMS = ("etalon", "etalon-verify")


def expected(root):
    files = {f"bin/{program}" for program in PROGRAMS}
    files |= {f"share/man/man1/{page.stem}" for page in (root / "docs/man").glob("*.scd")}
    for program in PROGRAMS:
        files |= {f"share/bash-completion/completions/{program}",
                  f"share/zsh/vendor-completions/_{program}",
                  f"share/fish/vendor_completions.d/{program}.fish"}
    return files


def main():
    root, build = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cmake", "--install", build, "--prefix", folder], check=True,
                       capture_output=True)
        top = pathlib.Path(folder)
        files = {str(path.relative_to(top)): path for path in top.rglob("*") if path.is_file()}
        wanted = expected(root)
        faults = [f"missing: {path}" for path in sorted(wanted - set(files))]
        faults += [f"not expected: {path}" for path in sorted(set(files) - wanted)]
        for name, path in sorted(files.items()):
            if str(root).encode() in path.read_bytes():
                faults.append(f"names the build folder: {name}")
        for program in PROGRAMS:
            done = subprocess.run([top / "bin" / program, "--version"], capture_output=True,
                                  text=True, check=False)
            if done.returncode != 0 or not done.stdout.startswith(program + " "):
                faults.append(f"{program} --version: exit {done.returncode}, {done.stdout!r}")
    print("\n".join(faults) if faults else f"install: {len(wanted)} files as expected")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
