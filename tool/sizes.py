#!/usr/bin/env python3
"""Refuses functions over 60 lines or 5 parameters and files over 700 lines, as universal-ctags sees them.

The lines of functions in test/ are not counted: a test's table of cases stands inside it.
"""
import argparse
import json
import pathlib
import subprocess
import sys

FUNCTION_LINES, PARAMETERS, FILE_LINES = 60, 5, 700
FOLDERS = ("src", "verify", "test", "bench")
KINDS = ("*.c", "*.h", "*.cpp")


def count_parameters(signature):
    """Parameters of "(Ctx *ctx, void (*f)(int, int))": commas of the outer parentheses, plus one; "..." is none."""
    inner = signature.strip()[1:-1].strip().removesuffix("...").rstrip(" ,")
    if inner in ("", "void"):
        return 0
    depth, commas = 0, 0
    for character in inner:
        depth += character in "([{"
        depth -= character in ")]}"
        commas += character == "," and depth == 0
    return commas + 1


def functions(files):
    listed = subprocess.run(["ctags", "-L", "-", "--languages=C,C++", "--kinds-C=f", "--kinds-C++=f",
                             "--fields=+neS", "--output-format=json", "-f", "-"],
                            input="\n".join(map(str, files)), capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in listed.splitlines()]


def check(top):
    files = sorted(path for folder in FOLDERS for kind in KINDS for path in (top / folder).rglob(kind))
    for path in files:
        lines = path.read_bytes().count(b"\n")
        if lines > FILE_LINES:
            yield f"{path.relative_to(top)}: {lines} lines, at most {FILE_LINES}: split it by purpose"
    for tag in functions(files) if files else ():
        place = f"{pathlib.Path(tag['path']).relative_to(top)}:{tag['line']}: {tag['name']}"
        lines = tag.get("end", tag["line"]) - tag["line"] + 1
        if lines > FUNCTION_LINES and not place.startswith("test/"):
            yield f"{place} has {lines} lines, at most {FUNCTION_LINES}: split it"
        parameters = count_parameters(tag.get("signature", "()"))
        if parameters > PARAMETERS:
            yield f"{place} has {parameters} parameters, at most {PARAMETERS}: pass a struct"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--top", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    findings = list(check(parser.parse_args().top.resolve()))
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
