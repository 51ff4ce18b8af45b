#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Worked examples fit their schemas, and schemas refuse what they should.

schema_test.py ROOT    every references/schema/NAME.example.json against NAME.schema.json
"""

import copy
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import json_schema  # noqa: E402


def spoilt(value, path, new):
    """a copy in which the member at `path` is `new`, or gone where `new` is None"""
    value = copy.deepcopy(value)
    at = value
    for name in path[:-1]:
        at = at[name]
    if new is None:
        del at[path[-1]]
    else:
        at[path[-1]] = new
    return value


REFUSED = {
    "manifest": [
        (("_type",), "https://in-toto.io/Statement/v0.1"),
        (("predicate", "schema"), "2.0"),
        (("predicate", "platforms"), None),
        (("predicate", "release", "sequence"), True),
        (("predicate", "members", 0, "path"), "../x"),
        (("predicate", "members", 0, "sha256"), "AB"),
        (("predicate", "platforms", 0, "id"), ".x"),
        (("predicate", "platforms", 0, "registers"), {"rtmr4": {"status": "zero"}}),
        (("predicate", "platforms", 0, "registers"), {"rtmr3": {"status": "exact"}}),
        (("predicate", "platforms", 0, "registers"), {"rtmr3": {"status": "maybe"}}),
        (("predicate", "platforms", 0, "td", "mrseam"), {"any": []}),
        (("subject", 0, "digest"), {"sha384": "0" * 96}),
    ],
}


def main(root):
    folder, wrong = pathlib.Path(root) / "references/schema", 0
    examples = sorted(folder.glob("*.example.json"))
    for path in examples:
        name = path.name[:-len(".example.json")]
        schema = json.loads((folder / f"{name}.schema.json").read_text(encoding="utf-8"))
        example = json.loads(path.read_text(encoding="utf-8"))
        for fault in json_schema.faults(example, schema):
            print(f"{path.name}: {fault}")
            wrong += 1
        for where, new in REFUSED.get(name, ()):
            if not list(json_schema.faults(spoilt(example, where, new), schema)):
                print(f"{name}: the schema accepts {new!r} at {where}")
                wrong += 1
    print(f"{len(examples)} examples, {wrong} faults")
    return 1 if wrong or not examples else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
