#!/usr/bin/env python3
"""Holds doc/asvs.md to the tree: its head counts what its rows say, and each test that a row names is there.

A test's name is a function of a C program, a word of a Python walk, or the sentence of a browser test; the text of a sentence may stand
in a template of JavaScript, so that up to its first ${ it has to be found.
"""
import argparse
import collections
import pathlib
import re
import sys

ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \|.*$", re.M)
HEAD = re.compile(r"(\d+) items, of which \*\*(\d+) are met, (\d+) in part, (none|\d+) open\*\*,\s*and (\d+) don't apply "
                  r"\(n/a\)\. Of level 1, (\d+) apply: (\d+), (\d+) and (\d+)\.")
NAMED = re.compile(r"`([\w/.-]+\.(?:c|py|mjs|http))`(?:: ([^;`]*))?")
WORDS = re.compile(r"[a-z_0-9]+(?:, [a-z_0-9]+)*")


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def count_faults(rows, text):
    """What the head says beside what the rows are."""
    head = HEAD.search(text)
    if not head:
        return ["doc/asvs.md has no sentence that counts its items"]
    said = [0 if number == "none" else int(number) for number in head.groups()]
    state, first = collections.Counter(row[3] for row in rows), collections.Counter(row[3] for row in rows if row[1] == "1")
    counted = [len(rows), state["met"], state["part"], state["open"], state["n/a"],
               first["met"] + first["part"] + first["open"], first["met"], first["part"], first["open"]]
    return [] if said == counted else [f"doc/asvs.md counts {said}, and its rows are {counted}"]


def name_faults(item, file, names, tests):
    path = tests / file
    if not path.is_file():
        return [f"{item} names {file}, which isn't there"]
    text = path.read_text()
    names = re.sub(r" \([^)]*\)", "", names or "").strip()
    if not names or file.endswith(".http"):
        return []
    wanted = names.split(", ") if WORDS.fullmatch(names) else [names]
    return [f"{item} names {name!r} of {file}, which isn't there" for name in wanted
            if not re.search(rf"\b{re.escape(name)}\b", text) and name not in text and not begins(name, text)]


def begins(sentence, text):
    """A sentence that JavaScript fills in: `... ${scripts ? "with" : "without"} ...`."""
    return any(sentence.startswith(start) for start in re.findall(r"`([^`$]{12,})\$\{", text))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    text = (root / "doc/asvs.md").read_text()
    rows = [cells(match.group()) for match in ROW.finditer(text)]
    faults = count_faults(rows, text)
    for row in rows:
        for file, names in NAMED.findall(row[-1]):
            faults += name_faults(row[0], file, names, root / "test")
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
