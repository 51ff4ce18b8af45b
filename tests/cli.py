#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what the programs show of themselves against the manual.

cli.py ROOT BIN     one line per fault, exit 1 when there is one

For every verb: --help exits 0 and speaks on stdout only; an unknown option exits 2, prints nothing
on stdout and begins stderr with `PROGRAM: error: `. Its manual page is docs/man/PROGRAM-VERB.1.scd,
or for `PROGRAM group verb` also the group's page; a page has the sections every page has, and names
in bold exactly the options that --dump-cli tells of the verbs it covers. Pages pass mandoc's lint.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys

PROGRAMS = ("etalon", "etalon-verify")
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES"]
EVERYWHERE = {"-h", "--help"}
OPTION = re.compile(r"\*(-[A-Za-z0-9]|--[a-z][a-z0-9-]*)(?=[*= ])")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def nodes(tree, path=()):
    for verb in tree["verbs"]:
        here = (*path, verb["name"])
        yield here, verb
        yield from nodes(verb, here)


def options_of(node):
    names = (name for option in node["options"] for name in option["name"].split(","))
    return {name for name in names if name.startswith("-")} - EVERYWHERE


def check_behaviour(program, name, words):
    called = " ".join((name, *words))
    helped, wrong = run(program, *words, "--help"), run(program, *words, "--no-such-option")
    if helped.returncode != 0 or not helped.stdout or helped.stderr:
        yield f"{called} --help: exit {helped.returncode}, stderr {helped.stderr!r}"
    one_line = wrong.stderr.startswith(f"{name}: error: ") and wrong.stderr.count("\n") == 1
    if wrong.returncode != 2 or wrong.stdout or not one_line:
        yield f"{called} --no-such-option: exit {wrong.returncode}, stderr {wrong.stderr!r}"


def page_of(manual, name, words):
    """the page of the verb itself, else that of its group"""
    for count in range(len(words), 0, -1):
        page = manual / f"{'-'.join((name, *words[:count]))}.1.scd"
        if page.is_file():
            return page
    return None


def check_page(page, known):
    text = page.read_text(encoding="utf-8")
    sections = re.findall(r"^# (.+)$", text, re.MULTILINE)
    if [section for section in sections if section in SECTIONS] != SECTIONS:
        yield f"{page.name}: sections {sections}, wanted in this order {SECTIONS}"
    if not text.startswith(f"{page.name[:-len('.1.scd')]}(1)"):
        yield f"{page.name}: does not begin with its own name"
    body = re.split(r"^# OPTIONS$", text, flags=re.MULTILINE)[-1]
    body = re.split(r"^# ", body, flags=re.MULTILINE)[0]
    told = set(OPTION.findall(body)) - EVERYWHERE
    for option in sorted(known - told):
        yield f"{page.name}: OPTIONS does not tell of {option}"
    for option in sorted(told - known):
        yield f"{page.name}: OPTIONS tells of {option}, which the program does not have"


def check_program(manual, binaries, name):
    program = str(binaries / name)
    tree = json.loads(run(program, "--dump-cli").stdout)
    pages = {manual / f"{name}.1.scd": options_of(tree)}
    yield from check_behaviour(program, name, ())
    for words, node in nodes(tree):
        yield from check_behaviour(program, name, words)
        if not node["description"]:
            yield f"{name} {' '.join(words)}: no description"
        if node["verbs"]:
            continue
        page = page_of(manual, name, words)
        if page is None:
            yield f"{name} {' '.join(words)}: no manual page"
        else:
            pages.setdefault(page, set()).update(options_of(node))
    for page, known in pages.items():
        yield from check_page(page, known)


def check_rendered(binaries):
    """every page made by the build, through mandoc"""
    if not shutil.which("mandoc"):
        print("manual: mandoc is missing, pages not linted")
        return
    for page in sorted((binaries.parent / "docs/man").glob("*.1")):
        done = run("mandoc", "-T", "lint", "-W", "warning", str(page))
        # scdoc puts a paragraph macro before every block, needed or not
        yield from (line for line in done.stdout.splitlines() if "skipping paragraph macro" not in line)


def main():
    root, binaries = map(pathlib.Path, sys.argv[1:3])
    manual = root / "docs/man"
    faults = [fault for name in PROGRAMS for fault in check_program(manual, binaries, name)]
    sources = {page.name[: -len(".scd")] for page in manual.glob("*.scd")}
    rendered = {page.name for page in (binaries.parent / "docs/man").glob("*.1")}
    faults += [f"{page}: not built" for page in sorted(sources - rendered)]
    faults += check_rendered(binaries)
    print("\n".join(faults) if faults else f"manual: {len(sources)} pages agree with the programs")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
