#!/usr/bin/env python3
"""Refuses functions over 60 lines, 5 parameters or complexity 15 and files over 700 lines, as universal-ctags sees them.

The lines of functions in test/ are not counted: a test's table of cases stands inside it. Complexity is 1 and each if, for, while,
case, &&, || and ?; labels that stand directly on one another are one branch. TRY and VEC_EACH are not counted: the one hands on what
was found elsewhere, the other is there to be read as one step.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

FUNCTION_LINES, PARAMETERS, COMPLEXITY, FILE_LINES = 60, 5, 15, 700
FOLDERS = ("src", "verify", "test", "bench")
KINDS = ("*.c", "*.h", "*.cpp")
# Comments, texts, characters and lines of the preprocessor (with what continues them), in which nothing branches.
ASIDE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#(?:\\\n|[^\n])*', re.S | re.M)
STACKED = re.compile(r"\bcase\b[^:;{}]*:\s*(?=case\b)")
BRANCH = re.compile(r"\b(?:if|for|while|case)\b|&&|\|\||\?")


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


def bare_lines(text):
    """The text's lines, the same number of them, without what ASIDE names."""
    return ASIDE.sub(lambda match: "\n" * match.group().count("\n"), text).split("\n")


def complexity(body):
    return 1 + len(BRANCH.findall(STACKED.sub("", body)))


def functions(files):
    listed = subprocess.run(["ctags", "-L", "-", "--languages=C,C++", "--kinds-C=f", "--kinds-C++=f",
                             "--fields=+neS", "--output-format=json", "-f", "-"],
                            input="\n".join(map(str, files)), capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in listed.splitlines()]


def check_function(tag, place, lines_of):
    first, last = tag["line"], tag.get("end", tag["line"])
    if last - first + 1 > FUNCTION_LINES and not place.startswith("test/"):
        yield f"{place} has {last - first + 1} lines, at most {FUNCTION_LINES}: split it"
    parameters = count_parameters(tag.get("signature", "()"))
    if parameters > PARAMETERS:
        yield f"{place} has {parameters} parameters, at most {PARAMETERS}: pass a struct"
    branches = complexity("\n".join(lines_of[first - 1:last]))
    if branches > COMPLEXITY:
        yield f"{place} has complexity {branches}, at most {COMPLEXITY}: give a part of it a name"


def check(top):
    files = sorted(path for folder in FOLDERS for kind in KINDS for path in (top / folder).rglob(kind))
    bare = {}
    for path in files:
        lines = path.read_bytes().count(b"\n")
        bare[str(path)] = bare_lines(path.read_text(encoding="utf-8"))
        if lines > FILE_LINES:
            yield f"{path.relative_to(top)}: {lines} lines, at most {FILE_LINES}: split it by purpose"
    for tag in functions(files) if files else ():
        place = f"{pathlib.Path(tag['path']).relative_to(top)}:{tag['line']}: {tag['name']}"
        yield from check_function(tag, place, bare[tag["path"]])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--top", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    findings = list(check(parser.parse_args().top.resolve()))
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
