#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""references/schema/recipe.schema.json: the worked example and the recipes that come with the program
fit it, and what docs/formats/recipe.md says is refused does not; the program agrees on every document.

recipe_schema_test.py ETALON ROOT

Exit: 0 agreed, 1 a difference, 77 without Python's YAML module (Debian: python3-yaml).
"""
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from platforms_schema_test import GONE, changed, count_differences, yaml  # noqa: E402

# a place in the example and what stands there instead
REFUSED = [
    (("root",), GONE),
    (("root",), "floppy"),
    (("summary",), ""),
    (("summary",), "x" * 501),
    (("colour",), "red"),
    (("exclude",), []),
    (("exclude", 0), {}),
    (("exclude", 0, "template"), "ima-ng"),
    (("exclude", 0, "file_system"), "a b"),
    (("measure",), []),
    (("measure", 0, "what"), GONE),
    (("measure", 0, "what"), "program"),
    (("measure", 0, "users"), []),
    (("measure", 0, "users"), [-1]),
    (("measure", 0, "users"), "root"),
    (("measure", 0, "pcr"), 24),
    (("measure", 0, "verity"), "yes"),
    (("measure", 0, "signature"), "imasig"),
    (("measure", 4, "names"), ["a|b"]),
    (("appraise", 0, "signature"), GONE),
    (("appraise", 0, "signature"), "modsig"),
    (("appraise", 0, "template"), "ima-sig"),
]


def program_accepts(etalon, document, folder):
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    done = subprocess.run([etalon, "policy", "generate", "--recipe", path, "--kernel", "6.12"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def main(etalon, root):
    root = pathlib.Path(root)
    schema = json.loads((root / "references/schema/recipe.schema.json").read_text(encoding="utf-8"))
    files = [root / "references/schema/recipe.example.yaml", *sorted((root / "policy/recipes").glob("*.yaml"))]
    right = [(path.name, yaml.safe_load(path.read_text(encoding="utf-8"))) for path in files]
    neither = changed(changed(right[0][1], ("measure",), GONE), ("appraise",), GONE)
    cases = [(name, document, True) for name, document in right]
    cases += [(f"{value!r} at {path}", changed(right[0][1], path, value), False) for path, value in REFUSED]
    cases.append(("neither measure nor appraise", neither, False))
    with tempfile.TemporaryDirectory() as name:
        wrong = count_differences(
            cases, schema, lambda document: program_accepts(etalon, document, pathlib.Path(name)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
