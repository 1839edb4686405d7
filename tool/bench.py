#!/usr/bin/env python3
"""Runs the benchmarks and prints their rows as one table.

A benchmark is a program build/bench/bench_* or the script bench/run (called with the build folder). On standard output
it prints rows of name, budget, measured, unit, separated by tabs; other lines are its progress. A budget is ">=N",
"<=N", "<N", ">N" in the row's unit, or "-" for a figure without one. The ratio is measured to budget. A row that can't be
measured has "-" for its figure and the reason for its unit.
"""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUDGET = re.compile(r"(>=|<=|<|>)\s*([0-9.]+)$")
MEETS = {">=": lambda m, b: m >= b, "<=": lambda m, b: m <= b, "<": lambda m, b: m < b, ">": lambda m, b: m > b}


def compare(budget, measured):
    """The ratio and the verdict of one row as texts."""
    match = BUDGET.match(budget)
    if measured == "-":
        return "-", "not measured"
    if not match:
        return "-", "-"
    bound, value = float(match.group(2)), float(measured)
    verdict = "met" if MEETS[match.group(1)](value, bound) else "missed"
    return (f"{value / bound:.2f}" if bound else "-"), verdict


def rows_of(command):
    """Runs one benchmark; its rows are returned, its other lines shown as they come."""
    rows = []
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            cells = line.rstrip("\n").split("\t")
            if len(cells) == 4:
                rows.append([*cells[:3], *compare(cells[1], cells[2]), cells[3]])
            else:
                print("   " + line, end="", flush=True)
    if process.returncode:
        raise SystemExit(f"bench: {' '.join(command)} ended with exit code {process.returncode}: see its output above.")
    return rows


def commands(build, names):
    programs = [path for path in sorted((build / "bench").glob("bench_*")) if path.is_file()]
    found = [([str(path)], path.name.removeprefix("bench_")) for path in programs]
    if (ROOT / "bench/run").exists():
        found.append(([str(ROOT / "bench/run"), str(build)], "run"))
    return [command for command, name in found if not names or name in names]


def print_table(rows):
    head = ["work", "budget", "measured", "ratio", "verdict", "unit"]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("--build", type=lambda text: pathlib.Path(text).resolve(), required=True,
                        help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", help="benchmarks to run; all when none is named")
    args = parser.parse_args()
    found = commands(args.build, args.names)
    if not found:
        raise SystemExit("bench: there is no such benchmark: they are bench/bench_*.c and bench/run.")
    rows = []
    for command in found:
        print(f"== {pathlib.Path(command[0]).name}", flush=True)
        rows += rows_of(command)
    print()
    print_table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
