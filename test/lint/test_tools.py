"""The tools around the code say no where they should, and yes where they should. Prints TAP."""
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tool" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"tool_{name}"] = sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


sys.dont_write_bytecode = True
layers, sizes, runner, bench = load("layers"), load("sizes"), load("test"), load("bench")

# file, text, part of the complaint or "" for none
LAYERS = [
    ("src/json/a.c", '#include "base/base.h"\n', ""),
    ("src/json/a.c", '#include "json/json_int.h"\n#include "json_int.h"\n#include <stdio.h>\n', ""),
    ("src/json/a.c", '#include "base/arena.h"\n', "through base/base.h only"),
    ("src/base/a.c", '#include "json/json.h"\n', "against the order"),
    ("src/base/a.c", '  #  include "json/json.h"\n', "against the order"),
    ("src/store/sqlite/a.c", '#include "ledger/ledger.h"\n', "against the order"),
    ("src/http/a.c", '#include "model/model.h"\n', "against the order"),
    ("src/gate/a.c", '#include "http/http.h"\n', ""),
    ("src/book/a.c", '#include "broker/broker.h"\n', "against the order"),
    ("src/open/a.h", '#include "procedure/procedure.h"\n', "against the order"),
    ("src/web/a.c", '#include "open/open.h"\n#include "procedure/procedure.h"\n', ""),
    ("src/main.c", '#include "cli/cli.h"\n', ""),
    ("src/main.c", '#include "cli/control.h"\n', "through cli/cli.h only"),
    ("verify/a.c", '#include "ledger/ledger.h"\n', "against the order"),
    ("src/attic/a.c", "int a;\n", "no place in the order"),
    ("src/gate/a.c", "void f(void) { free(0); }\n", "free belongs to base/"),
    ("src/gate/a.c", "void f(void) { x.free(0); y->free(0); mem_free(0); }\n", ""),
    ("src/gate/a.c", '/* malloc(1) */ // strdup("")\nconst char *a = "malloc(1)";\n', ""),
    ("src/base/a.c", "void f(void) { free(malloc(1)); }\n", ""),
    ("src/base/a.c", 'void f(char *s) { strcpy (s, ""); }\n', "strcpy is banned"),
    ("src/json/a.cpp", "int f(char *s) { return atoi(s); }\n", "atoi is banned"),
]

# text of src/a.c, part of the complaint or "" for none
SIZES = [
    ("int f(int a, int b, int c, int d, int e) {\n    return a + b + c + d + e;\n}\n", ""),
    ("int f(int a, int b, int c, int d, int e, int g) {\n    return a;\n}\n", "6 parameters"),
    ("int f(int a, void (*g)(int, int, int, int, int), int b) {\n    return a;\n}\n", ""),
    ("int f(int a, int b, int c, int d, int e, ...) {\n    return a;\n}\n", ""),
    ("int f(void) {\n" + "\n" * 58 + "}\n", ""),
    ("int f(void) {\n" + "\n" * 59 + "}\n", "61 lines"),
    ("\n" * 700, ""),
    ("\n" * 701, "701 lines"),
    ("int f(int a) {\n" + "    if (a) a++;\n" * 14 + "    return a;\n}\n", ""),
    ("int f(int a) {\n" + "    if (a) a++;\n" * 15 + "    return a;\n}\n", "complexity 16"),
    ("int f(int a) {\n" + "    while (a && a || a) a = a ? 1 : 2;\n" * 4 + "    return a;\n}\n", "complexity 17"),
    ("int f(int a) {\n" + "    for (;;) a++;\n" * 20 + "    return a;\n}\n", "complexity 21"),
    ("int f(int a) {\n    switch (a) {\n" + "".join("    case %d:\n        return 1;\n" % i for i in range(15)) + "    }\n}\n",
     "complexity 16"),
    ("int f(int a) {\n    switch (a) {\n" + "".join("    case %d:\n" % i for i in range(40)) + "        return 1;\n    }\n}\n", ""),
    ("int f(int a) {\n" + '    g("if (a && b)"); /* if, while? */ // case\n' * 20 + "    return '?';\n}\n", ""),
    ("int f(int a) {\n" + "    TRY(g(a));\n    VEC_EACH (int, b, &c) g(b);\n" * 20 + "    return a;\n}\n", ""),
]

# output, exit code, (passed, failed, skipped) of a program that prints TAP
OUTCOMES = [
    ("1..2\nok 1 - a\nok 2 - b\n", 0, (2, 0, 0)),
    ("1..2\nok 1 - a\nnot ok 2 - b\n# why\n# not ok - group\n", 1, (1, 1, 0)),
    ("1..2\nok 1 - a\nnot ok 2 # SKIP b\n", 0, (1, 0, 1)),
    ("1..3\nok 1 - a\n", -6, (1, 2, 0)),
    ("1..1\nok 1 - a\n1..2\nok 1 - b\nok 2 - c\n", 0, (3, 0, 0)),
    ("1..1\nok 1 - a\n==1==ERROR: LeakSanitizer: detected memory leaks\n", 0, (1, 1, 0)),
    ("1..1\nok 1 - a\n", 23, (1, 1, 0)),
    ("", 0, (0, 1, 0)),
]

# name, budget, measured, verdict
BUDGETS = [
    ("get", ">=0.6", "0.7", "met"),
    ("get", ">=0.6", "0.5", "missed"),
    ("q", "<5", "4.9", "met"),
    ("q", "<5", "5.0", "missed"),
    ("q", "<=20", "20", "met"),
    ("bare", "-", "17", "-"),
]


def in_tree(path, text, check):
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder).resolve()
        (top / path).parent.mkdir(parents=True)
        (top / path).write_text(text)
        return list(check(top))


def expect(complaints, part):
    if part:
        assert len(complaints) == 1 and part in complaints[0], complaints
    else:
        assert not complaints, complaints


def layers_are_kept():
    for path, text, part in LAYERS:
        expect(in_tree(path, text, layers.check_tree), part)


def sizes_are_kept():
    for text, part in SIZES:
        expect(in_tree("src/a.c", text, sizes.check), part)


def the_runner_counts_single_cases():
    for text, code, counts in OUTCOMES:
        test = runner.Test("s", "n", [], {}, 1, tap=True)
        outcome = runner.judge(test, text, code, False)
        assert (outcome.passed, outcome.failed, outcome.skipped) == counts, (text, code, outcome)


def a_test_without_tap_is_one_case():
    for code, counts in ((0, (1, 0, 0)), (1, (0, 1, 0)), (77, (0, 0, 1))):
        outcome = runner.judge(runner.Test("s", "n", [], {}, 1, tap=False), "", code, False)
        assert (outcome.passed, outcome.failed, outcome.skipped) == counts, (code, outcome)


def nodes_summary_is_read():
    text = "# tests 4\n# suites 0\n# pass 1\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 0\n# duration_ms 1\n"
    outcome = runner.judge(runner.Test("s", "n", [], {}, 1, tap=True, node=True), text, 1, False)
    assert (outcome.passed, outcome.failed, outcome.skipped) == (1, 2, 1), outcome


def a_program_that_hangs_is_stopped():
    test = runner.Test("s", "n", ["sh", "-c", "sleep 60 & sleep 60"], {}, 0.2, tap=False)
    outcome = runner.Runner().run(test)
    assert outcome.failed and "stopped" in outcome.why and outcome.seconds < 30, outcome


def an_empty_run_and_a_skip_in_ci_fail():
    ci = os.environ.pop("CI", None)
    quiet = open(os.devnull, "w")
    sys.stdout, real = quiet, sys.stdout
    try:
        test = runner.Test("s", "n", [], {}, 1, tap=True)
        skipped = [(test, runner.Outcome(passed=1, skipped=1))]
        codes = [runner.verdict([]), runner.verdict(skipped)]
        os.environ["CI"] = "true"
        codes.append(runner.verdict(skipped))
    finally:
        sys.stdout = real
        quiet.close()
        os.environ.pop("CI")
        if ci is not None:
            os.environ["CI"] = ci
    assert codes == [1, 0, 1], codes


def budgets_are_compared():
    for name, budget, measured, verdict in BUDGETS:
        assert bench.compare(budget, measured)[1] == verdict, (name, budget, measured)


def the_format_check_fails_on_bad_format():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "a.c")
        path.write_text("int  f( void ){return 1;}\n")
        pathlib.Path(folder, ".clang-format").write_text((ROOT / ".clang-format").read_text())
        done = subprocess.run(["clang-format", "--dry-run", "-Werror", str(path)], capture_output=True)
        assert done.returncode != 0


def a_library_without_its_package_is_named():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "packages")
        rows = (ROOT / "tool" / "packages").read_text().splitlines(keepends=True)
        path.write_text("".join(row for row in rows if "libzip-dev" not in row))
        done = subprocess.run([ROOT / "tool" / "lint", "packages"], capture_output=True, text=True,
                              env={**os.environ, "PACKAGES_LIST": str(path)})
        assert done.returncode == 1 and "libzip comes from libzip-dev" in done.stdout, done.stdout


def a_table_of_tests_that_are_not_there_is_refused():
    text = (ROOT / "doc/asvs.md").read_text()
    row = re.search(r"^\| 1\.1\.2 .*$", text, re.M).group()
    for changed, complaint in ((text, ""), (text.replace(row, row.replace("| met |", "| part |")), "and its rows are"),
                               (text.replace("values_are_escaped_by_where_they_stand", "values_are_whole"), "names 'values_are_whole'"),
                               (text.replace("`web/test_render.c`", "`web/test_renders.c`"), "test_renders.c, which isn't there")):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "doc").mkdir()
            (root / "doc/asvs.md").write_text(changed)
            (root / "test").symlink_to(ROOT / "test")
            done = subprocess.run([sys.executable, ROOT / "tool/asvs.py", "--root", root], capture_output=True, text=True)
            assert complaint in done.stdout and done.returncode == int(bool(complaint)), done.stdout


def lockfile_names_no_download_address():
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


CASES = [layers_are_kept, sizes_are_kept, the_runner_counts_single_cases, a_test_without_tap_is_one_case,
         nodes_summary_is_read, a_program_that_hangs_is_stopped, an_empty_run_and_a_skip_in_ci_fail,
         budgets_are_compared, the_format_check_fails_on_bad_format,
         a_library_without_its_package_is_named, a_table_of_tests_that_are_not_there_is_refused, lockfile_names_no_download_address]


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    for number, case in enumerate(CASES, 1):
        name = case.__name__.replace("_", " ")
        try:
            case()
            print(f"ok {number} - {name}")
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}")
            print("\n".join("# " + line for line in traceback.format_exc().splitlines()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
