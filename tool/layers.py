#!/usr/bin/env python3
"""Refuses an include that runs against the order of the rooms, memory taken outside base/, and banned functions.

Run by the build (with --stamp and --depfile) and by ./dev lint. Prints one line per finding: file, line, remedy.
"""
import argparse
import pathlib
import re
import sys

# From the ground up. A room may include itself and rooms of the rows below its own; rooms in one row don't know one
# another: they meet in the ledger. http and mqtt stand on base and json alone, verify/ on nothing of ours, so that it
# has its own memory, too. test/ and bench/ may see everything.
ORDER = [["base"], ["json"], ["ld", "dmn"], ["model"], ["store"], ["ledger"], ["project"], ["http", "mqtt"], ["gate"],
         ["decide", "book", "pay", "mail", "records", "disclose", "broker"],
         ["procedure", "open", "insight", "connect", "meet"], ["web"], ["cli"], ["main"]]
ONLY = {"http": {"base", "json"}, "mqtt": {"base", "json"}, "verify": set()}
MEMORY = {"malloc", "calloc", "realloc", "reallocarray", "free", "strdup", "strndup", "aligned_alloc", "posix_memalign"}
BANNED = {
    "strcpy": "copy a Str", "strcat": "build with Buf", "sprintf": "build with Buf", "vsprintf": "build with Buf",
    "gets": "read with a bound", "strtok": "use str_split", "atoi": "use str_to_i64", "atol": "use str_to_i64",
    "atof": "use str_to_f64", "setlocale": "stay in the C locale",
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)
CALL = re.compile(r"(?<![\w.>])(\w+)\s*\(")
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
SOURCES = ("*.c", "*.h", "*.cpp")


def level(room):
    return next(index for index, row in enumerate(ORDER) if room in row)


def allowed(room):
    """The rooms that a room may include."""
    if room in ONLY:
        return ONLY[room] | {room}
    return {name for row in ORDER[:level(room)] for name in row} | {room}


def blank(match):
    """Comments and literals become spaces, so that positions and line numbers stay."""
    return re.sub(r"[^\n]", " ", match.group(0))


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_include(room, rooms, bracket, path):
    """The complaint about one include, or None."""
    first, _, rest = path.partition("/")
    if not rest or first not in rooms or (bracket == "<" and first not in allowed("main")):
        return None
    if first == room:
        return None
    if first not in allowed(room):
        return f"{room}/ may not include {path}: that runs against the order of the rooms"
    if rest != f"{first}.h":
        return f"{room}/ enters {first}/ through {first}/{first}.h only, not {path}"
    return None


def room_of(path, top):
    """The room of a file: its folder in src/; main for files that lie in src/ itself; verify for verify/."""
    parts = path.relative_to(top).parts
    if parts[0] == "src":
        return parts[1] if len(parts) > 2 else "main"
    return parts[0]


def check_file(path, top, rooms):
    text = path.read_text(encoding="utf-8", errors="replace")
    room = room_of(path, top)
    if room not in rooms:
        yield 1, f"the room {room}/ has no place in the order: add it to ORDER in tool/layers.py"
        return
    for match in INCLUDE.finditer(text):
        complaint = check_include(room, rooms, match.group(1), match.group(2))
        if complaint:
            yield line_of(text, match.start()), complaint
    code = NOISE.sub(blank, text)
    for match in CALL.finditer(code):
        name = match.group(1)
        if name in BANNED:
            yield line_of(code, match.start()), f"{name} is banned: {BANNED[name]}"
        if name in MEMORY and room not in ("base", "verify"):
            yield line_of(code, match.start()), f"{name} belongs to base/: use an arena, or mem_alloc and mem_free"


def sources(top):
    files = [path for folder in ("src", "verify") for kind in SOURCES for path in (top / folder).rglob(kind)]
    return sorted(files)


def check_tree(top):
    rooms = {name for row in ORDER for name in row} | set(ONLY)
    for path in sources(top):
        for line, complaint in check_file(path, top, rooms):
            yield f"{path.relative_to(top)}:{line}: {complaint}"


def write_depfile(depfile, stamp, top):
    """Names files and folders, so that ninja asks again when one changes or appears."""
    folders = [path for name in ("src", "verify") for path in [top / name, *(top / name).rglob("*")] if path.is_dir()]
    watched = [*sources(top), *folders, pathlib.Path(__file__).resolve()]
    depfile.write_text(f"{stamp}: " + " ".join(str(path).replace(" ", "\\ ") for path in watched) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--top", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--stamp", type=pathlib.Path)
    parser.add_argument("--depfile", type=pathlib.Path)
    args = parser.parse_args()
    findings = list(check_tree(args.top.resolve()))
    print("\n".join(findings), end="\n" if findings else "")
    if findings:
        return 1
    if args.stamp:
        write_depfile(args.depfile, args.stamp, args.top.resolve())
        args.stamp.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
