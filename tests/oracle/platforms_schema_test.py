#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""references/schema/platforms.schema.json: the worked example fits it, and what docs/formats/platforms.md
says is refused does not; the program agrees on every document.

platforms_schema_test.py ETALON ROOT

Exit: 0 agreed, 1 a difference, 77 without Python's YAML module (Debian: python3-yaml).
"""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import json_schema  # noqa: E402

try:
    import yaml
except ImportError:
    sys.exit(77)

GONE = object()
# a place in the example and what stands there instead
REFUSED = [
    (("platforms",), []),
    (("platforms", 0, "id"), ".x"),
    (("platforms", 0, "id"), "x" * 65),
    (("platforms", 0, "tee"), "sev"),
    (("platforms", 0, "boot"), GONE),
    (("platforms", 0, "boot"), "floppy"),
    (("platforms", 0, "banks"), GONE),
    (("platforms", 0, "banks"), ["md5"]),
    (("platforms", 0, "disk"), {}),
    (("platforms", 0, "assume_stub"), 251),
    (("platforms", 0, "phases"), ["a::b"]),
    (("platforms", 0, "phases"), []),
    (("platforms", 0, "conditions", "tcg2"), False),
    (("platforms", 0, "conditions", "secure_boot"), "yes"),
    (("platforms", 0, "colour"), "red"),
    (("platforms", 1, "banks"), ["sha384"]),
    (("platforms", 1, "firmware"), GONE),
    (("platforms", 1, "firmware", "file"), GONE),
    (("platforms", 1, "firmware", "profile"), "ovmf"),
    (("platforms", 1, "vmm", "kind"), "bhyve"),
    (("platforms", 1, "vmm", "version"), "10."),
    (("platforms", 1, "vmm", "acpi"), "any"),
    (("platforms", 1, "vmm", "acpi"), {}),
    (("platforms", 2, "vmm", "acpi", "digests", "etc/acpi/rsdp"), "00"),
    (("platforms", 1, "memory"), ["2T"]),
    (("platforms", 1, "vcpus"), [0]),
    (("platforms", 3, "boot_loader"), GONE),
    (("platforms", 3, "boot_loader", "file"), GONE),
    (("platforms", 3, "boot_loader", "assume"), 251),
    (("platforms", 3, "boot_loader", "menu"), "x"),
    (("platforms", 3, "boot"), "disk-uki"),
    (("platforms", 3, "disk", "uki_path"), "/EFI/Linux/demo.efi"),
    (("platforms", 3, "disk", "uki_path"), "EFI/Linux/demo"),
]


def changed(document, path, value):
    document = copy.deepcopy(document)
    at = document
    for name in path[:-1]:
        at = at[name]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return document


def program_accepts(etalon, document, folder):
    """Of a document the program accepts, it next misses the platform asked for (exit 2)."""
    path = folder / "platforms.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    done = subprocess.run([etalon, "predict", "registers", "no-image", "--platforms", path, "--platform", "none"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, text=True)
    return done.returncode == 2 and "no platform 'none'" in done.stderr


def count_differences(cases, schema, accepts):
    """cases (what, document, whether it is right): how often schema or program sees it otherwise"""
    wrong = 0
    for what, document, right in cases:
        faults = list(json_schema.faults(document, schema))
        if (not faults) != right:
            print(f"schema: {what}: {faults or 'accepted'}")
            wrong += 1
        if accepts(document) != right:
            print(f"program: {what}: {'refused' if right else 'accepted'}")
            wrong += 1
    print(f"{len(cases)} documents, {wrong} faults")
    return wrong


def main(etalon, root):
    folder = pathlib.Path(root) / "references/schema"
    schema = json.loads((folder / "platforms.schema.json").read_text(encoding="utf-8"))
    example = yaml.safe_load((folder / "platforms.example.yaml").read_text(encoding="utf-8"))
    cases = [("the example", example, True)]
    cases += [(f"{value!r} at {path}", changed(example, path, value), False) for path, value in REFUSED]
    with tempfile.TemporaryDirectory() as name:
        wrong = count_differences(
            cases, schema, lambda document: program_accepts(etalon, document, pathlib.Path(name)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
