#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Folds docs/changes/*.md into docs/CHANGELOG.md as a release.

changelog.py VERSION DATE     e.g. 0.2.0 2027-01-31; the folded files are removed
"""

import pathlib
import sys

HEADINGS = ("Security", "Removed", "Changed", "Added", "Fixed")
DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def main():
    version, date = sys.argv[1:3]
    fragments = sorted(path for path in (DOCS / "changes").glob("*.md") if path.name != "README.md")
    items = {heading: [] for heading in HEADINGS}
    for path in fragments:
        heading, _, text = path.read_text(encoding="utf-8").partition("\n")
        if heading not in items or not text.startswith("\n- "):
            sys.exit(f"{path.name}: not a heading, an empty line and list items")
        items[heading].append(text.strip("\n"))
    if not fragments:
        sys.exit("docs/changes: nothing to release")
    release = f"\n## {version} ({date})\n" + "".join(
        f"\n### {heading}\n\n" + "\n".join(texts) + "\n" for heading, texts in items.items() if texts)
    changelog = DOCS / "CHANGELOG.md"
    head, mark, older = changelog.read_text(encoding="utf-8").partition("\n## ")
    changelog.write_text(head.rstrip("\n") + "\n" + release + mark + older, encoding="utf-8")
    for path in fragments:
        path.unlink()


if __name__ == "__main__":
    main()
