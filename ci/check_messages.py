#!/usr/bin/env python3
"""Checks docs/messages.md against the messages of src/.

Every identifier that the code logs must have a row with the levels it is logged at, and every row
must have an identifier that the code logs. `--list` prints what the code logs.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
IDENTIFIER = r'"([a-z_]+(?:\.[a-z0-9_]+)+)"'
WITH_LEVEL = [
    re.compile(r"\blog::(debug|info|warning|error|critical)\(\s*" + IDENTIFIER),
    re.compile(r"\blog::write\(\s*(?:log::)?Level::(\w+),\s*" + IDENTIFIER),
    # catalog::Reporter and functions that hand both on to it.
    re.compile(r"\bSeverity::(info|warning|error),\s*" + IDENTIFIER),
]
ROW = re.compile(r"^\| `([a-z0-9_.]+)` \| ([A-Z, ]+) \| (\S.*) \| (\S.*) \|$", re.MULTILINE)
# `tftp.txt` is a file, not a message.
FILE_NAME = re.compile(r"\.(ini|json|xml|log|txt|conf|cfg|db|iso)$")


def messages_of_the_code():
    """Identifier -> levels."""
    found = {}
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.[ch]pp"))]
    texts = [re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE) for text in texts]
    for text in texts:
        for pattern in WITH_LEVEL:
            for level, identifier in pattern.findall(text):
                found.setdefault(identifier, set()).add(level.upper())
    # An identifier that is chosen before the call: its level is not checked.
    families = {identifier.split(".")[0] for identifier in found}
    for text in texts:
        for identifier in re.findall(IDENTIFIER, text):
            if identifier.split(".")[0] in families and not FILE_NAME.search(identifier):
                found.setdefault(identifier, set())
    return found


def main():
    code = messages_of_the_code()
    if "--list" in sys.argv[1:]:
        for identifier, levels in sorted(code.items()):
            print(identifier, ", ".join(sorted(levels)))
        return 0
    page = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
    rows = {identifier: set(levels.split(", ")) for identifier, levels, _, _ in ROW.findall(page)}
    problems = [f"{identifier}: has no row in docs/messages.md" for identifier in code.keys() - rows]
    problems += [f"{identifier}: is in docs/messages.md, the code does not log it"
                 for identifier in rows.keys() - code]
    problems += [f"{identifier}: logged at {', '.join(sorted(levels))}, documented otherwise"
                 for identifier, levels in code.items()
                 if identifier in rows and levels and levels != rows[identifier]]
    for problem in sorted(problems):
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
