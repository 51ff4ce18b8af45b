#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""registers.py: prints the registers of `etalon measure --json` (standard input) as a table.

One line per platform, register, alternative and bank; values shortened.  Exit: 0, or 3 when the
input is not such a document.
"""

import json
import re
import sys

HEADINGS = ("platform", "register", "bank", "value", "status", "basis", "when, or why not")


def by_number(register):
    """Sort key: mrtd, then rtmr0.., then pcr0.. by number."""
    name, number = re.fullmatch(r"([a-z]+)(\d*)", register).groups()
    kinds = ("mrtd", "rtmr", "pcr")
    return (kinds.index(name) if name in kinds else len(kinds), name, int(number or 0))


def shorten(value):
    """The ends of a hex value, enough to compare by eye."""
    return value if len(value) <= 30 else f"{value[:16]}..{value[-8:]}"


def remark(expectation, alternative):
    """The condition of a value, or why there is none; empty for an unconditional value."""
    when = alternative.get("when") or {}
    free = [f"free: {event['event']}: {event['reason']}" for event in expectation.get("free", [])]
    parts = [" ".join(f"{key}={value}" for key, value in sorted(when.items())), *free,
             expectation.get("reason", "")]
    return "; ".join(part for part in parts if part)


def rows(document):
    """The lines of the table, as tuples in the order of HEADINGS."""
    for platform in document["platforms"]:
        for register in sorted(platform["registers"], key=by_number):
            expectation = platform["registers"][register]
            status = expectation["status"]
            alternatives = expectation.get("any") or [{}]
            for alternative in alternatives:
                values = alternative.get("values") or {"-": "-"}
                for bank, value in sorted(values.items()):
                    yield (
                        platform["id"],
                        register,
                        bank,
                        shorten(value),
                        status,
                        alternative.get("basis", "-"),
                        remark(expectation, alternative),
                    )


def main():
    try:
        table = [HEADINGS, *rows(json.load(sys.stdin))]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"registers.py: error: not the output of `etalon measure --json`: {error!r}",
              file=sys.stderr)
        return 3
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADINGS))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    return 0


sys.exit(main())
