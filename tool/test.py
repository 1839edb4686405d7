#!/usr/bin/env python3
"""Runs every test of a build folder and the browser tests, and counts single cases.

Tests are what meson knows (cmocka programs and others that print TAP; one without TAP is one case) and each
test/browser/*.test.mjs under node's test runner. The last line is the count: "N passed, N failed[, N skipped]".
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIMEOUT_BROWSER = 900
TIMEOUT_CITY = 400
# The longest first, so that none is alone at the end; pages needs no city, and runs while that is made.
FIRST = ["pages", "service", "street", "crash torn", "crash kill", "golden", "procedures", "routes", "what the door keeps out", "ledger again", "session"]
CITY = re.compile(r"from (city|walk_routes) import|from './(city|stage).mjs'")
OUTPUT_MAX = 8 << 20
POINT = re.compile(r"\s*(not )?ok\b(?:\s+\d+)?(?:\s*-)?\s*(.*)")
PLAN = re.compile(r"1\.\.(\d+)\b")
NODE_COUNT = re.compile(r"# (pass|fail|cancelled|skipped|todo) (\d+)$", re.M)
SANITIZER = re.compile(r"(ERROR: \w+Sanitizer|: runtime error: |SUMMARY: \w+Sanitizer)")


@dataclasses.dataclass
class Test:
    suite: str
    name: str
    command: list
    env: dict
    timeout: float
    tap: bool
    node: bool = False
    parallel: bool = True
    city: bool = False  # starts on a copy of the starter city
    samples: bool = False  # brings in the sample files
    folder: pathlib.Path = ROOT


@dataclasses.dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    why: str = ""
    seconds: float = 0.0
    output: str = ""


def count_tap(text):
    """Counts TAP points. A plan with more points than came counts the rest as failed."""
    outcome, planned = Outcome(), 0
    for line in text.splitlines():
        plan = PLAN.match(line)
        if plan:
            planned += int(plan.group(1))
        point = POINT.match(line)
        if not point or line.startswith((" ", "\t")):
            continue
        if re.search(r"#\s*(SKIP|TODO)\b", point.group(2), re.I):
            outcome.skipped += 1
        elif point.group(1):
            outcome.failed += 1
        else:
            outcome.passed += 1
    missing = planned - (outcome.passed + outcome.failed + outcome.skipped)
    if missing > 0:
        outcome.failed += missing
        outcome.why = f"{missing} of {planned} planned cases never reported"
    return outcome


def count_node(text):
    """Counts what node's test runner sums up at its end."""
    counts = {name: int(number) for name, number in NODE_COUNT.findall(text)}
    return Outcome(passed=counts.get("pass", 0),
                   failed=counts.get("fail", 0) + counts.get("cancelled", 0),
                   skipped=counts.get("skipped", 0) + counts.get("todo", 0))


def judge(test, text, code, timed_out):
    """Turns a program's output and exit code into counts; an exit code that no case explains is a failed case."""
    if test.node:
        outcome = count_node(text)
    elif test.tap:
        outcome = count_tap(text)
    else:
        outcome = Outcome(passed=int(code == 0), failed=int(code not in (0, 77)), skipped=int(code == 77))
    if timed_out:
        outcome.failed += 1
        outcome.why = f"stopped after {test.timeout:.0f} s"
    elif code not in (0, 77) and not outcome.failed:
        outcome.failed += 1
        outcome.why = f"exit code {code}"
    elif SANITIZER.search(text) and not outcome.failed:
        outcome.failed += 1
        outcome.why = "a sanitizer reported a finding"
    elif outcome.passed + outcome.failed + outcome.skipped == 0:
        outcome.failed += 1
        outcome.why = "no case ran"
    return outcome


class Runner:
    """Starts the programs, each in a process group of its own, so that what a test leaves behind ends with it."""

    def __init__(self):
        self.groups = set()
        self.lock = threading.Lock()

    def run(self, test):
        started = time.monotonic()
        if test.samples and not os.path.isdir(os.environ.get("MACHI_SAMPLES", "")):
            return Outcome(skipped=1, why="SKIP: it brings in the sample files, and MACHI_SAMPLES names no folder")
        process = subprocess.Popen(test.command, env={**os.environ, **test.env}, cwd=test.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        with self.lock:
            self.groups.add(process.pid)
        timed_out = False
        try:
            output, _ = process.communicate(timeout=test.timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
            stop_group(process.pid)
            output, _ = process.communicate()
        stop_group(process.pid)
        with self.lock:
            self.groups.discard(process.pid)
        text = output[-OUTPUT_MAX:].decode("utf-8", "replace")
        outcome = judge(test, text, process.returncode, timed_out)
        outcome.seconds = time.monotonic() - started
        outcome.output = text
        return outcome

    def stop(self):
        with self.lock:
            for group in self.groups:
                stop_group(group)


def stop_group(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def scripts_say(command, pattern):
    scripts = [pathlib.Path(word).read_text() for word in command if word.endswith((".py", ".mjs"))]
    return any(re.search(pattern, text) for text in scripts)


def takes_city(command):
    """Whether a test starts machi by test/city.py, test/browser/city.mjs or a walk of the gate, or is told to start a city."""
    return any("--starter" in word for word in command) or scripts_say(command, CITY)


def takes_samples(command):
    """Whether a script brings in the sample files; programs in C skip by themselves what they have none for."""
    return scripts_say(command, "MACHI_SAMPLES")


def city_test(build, folder):
    """Makes the starter city, on whose copies the others start."""
    return Test(suite="golden", name="starter city", timeout=TIMEOUT_CITY, env={}, tap=True,
                command=[sys.executable, str(ROOT / "test/city.py"), str(build / "src/machi"), str(folder)])


def meson_tests(build, long):
    listed = subprocess.run(["meson", "introspect", "--tests", str(build)], check=True,
                            capture_output=True, text=True).stdout
    tests = []
    for row in json.loads(listed):
        suites = [name.split(":")[-1] for name in row["suite"]]
        if "long" in suites and not long:
            continue
        tests.append(Test(suite=suites[0] if suites else "other", name=row["name"],
                          command=row["cmd"], env=dict(row["env"]),
                          timeout=row["timeout"] * (10 if long else 1) or None,
                          tap=row["protocol"] == "tap", parallel=row["is_parallel"],
                          city=takes_city(row["cmd"]), samples=takes_samples(row["cmd"]),
                          folder=pathlib.Path(row["workdir"] or build)))
    return tests


def browser_tests():
    command = ["node", "--test", "--test-reporter=tap"]
    return [Test(suite="browser", name=path.name.removesuffix(".test.mjs"),
                 command=command + [str(path)], env={}, timeout=TIMEOUT_BROWSER, tap=True, node=True,
                 city=takes_city([str(path)]), samples=takes_samples([str(path)]))
            for path in sorted((ROOT / "test/browser").glob("*.test.mjs"))]


def environment(build, long):
    """What every test may rely on."""
    os.environ.update({
        "MACHI_ROOT": str(ROOT),
        "MACHI_BUILD": str(build),
        "MACHI_BIN": str(build / "src/machi"),
        "MACHI_TEST_LONG": "1" if long else "",
        "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
        "LSAN_OPTIONS": f"suppressions={ROOT / 'test/lsan.supp'}:print_suppressions=0",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    })


def report(test, outcome, done, total):
    mark = "FAILED" if outcome.failed else "ok"
    counts = f"{outcome.passed} passed"
    counts += f", {outcome.failed} failed" if outcome.failed else ""
    counts += f", {outcome.skipped} skipped" if outcome.skipped else ""
    print(f"[{done}/{total}] {mark} {test.suite}/{test.name}: {counts}, {outcome.seconds:.1f} s", flush=True)
    if outcome.failed or outcome.skipped:
        if outcome.why:
            print(f"    {outcome.why}")
        for line in outcome.output.splitlines():
            if outcome.failed or "SKIP" in line:
                print("    " + line)
        sys.stdout.flush()


def run_all(runner, tests, city=None):
    """Runs those that allow it on all cores, then the others one by one; reports each as it ends. Who takes the city waits until
    it is made; when it could not be, that test has failed, and each makes its own."""
    results = []

    def finished(test, outcome):
        results.append((test, outcome))
        report(test, outcome, len(results), len(tests) + bool(city))

    def run(test):
        if city and test.city and not made.result().failed:
            test.env = {**test.env, "TEST_CITY": city.command[-1]}
        return runner.run(test)

    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        made = pool.submit(runner.run, city) if city else None
        futures = {pool.submit(run, test): test for test in tests if test.parallel}
        if city:
            futures[made] = city
        for future in concurrent.futures.as_completed(futures):
            finished(futures[future], future.result())
    for test in tests:
        if not test.parallel:
            finished(test, runner.run(test))
    return results


def table(results):
    suites = {}
    for test, outcome in results:
        suite = suites.setdefault(test.suite, Outcome())
        suite.passed += outcome.passed
        suite.failed += outcome.failed
        suite.skipped += outcome.skipped
        suite.seconds += outcome.seconds
    print(f"\n{'suite':<12}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>10}")
    for name, suite in sorted(suites.items()):
        print(f"{name:<12}{suite.passed:>8}{suite.failed:>8}{suite.skipped:>9}{suite.seconds:>10.1f}")
    print()


def verdict(results):
    """Prints the count as the last line and returns the exit code: a skip fails in CI, and so does an empty run."""
    passed = sum(outcome.passed for _, outcome in results)
    failed = sum(outcome.failed for _, outcome in results)
    skipped = sum(outcome.skipped for _, outcome in results)
    ci_skip = skipped and os.environ.get("CI") == "true"
    if ci_skip:
        print("Skipped cases count as failures here: install what they need, or remove them.")
    if passed + failed + skipped == 0:
        print("No test ran: name a suite or a test that exists.")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed or ci_skip or passed == 0 else 0


def main():
    parser = argparse.ArgumentParser(prog="./dev test")
    parser.add_argument("--build", type=lambda text: pathlib.Path(text).resolve(), required=True,
                        help=argparse.SUPPRESS)
    parser.add_argument("--long", action="store_true", help="also what takes longer than half an hour")
    parser.add_argument("names", nargs="*", help="suites or tests to run; all when none is named")
    args = parser.parse_args()
    environment(args.build, args.long)
    tests = browser_tests() + meson_tests(args.build, args.long)
    tests.sort(key=lambda test: FIRST.index(test.name) if test.name in FIRST else len(FIRST))
    if args.names:
        unknown = set(args.names) - {name for test in tests for name in (test.suite, test.name)}
        if unknown:
            parser.error(f"no suite or test is called {', '.join(sorted(unknown))}: "
                         f"the suites are {', '.join(sorted({test.suite for test in tests}))}")
        tests = [test for test in tests if {test.suite, test.name} & set(args.names)]
    runner = Runner()
    signal.signal(signal.SIGTERM, lambda *_: (runner.stop(), os._exit(143)))
    try:
        with (tempfile.TemporaryDirectory(prefix="machi-city-") as folder,
              tempfile.TemporaryDirectory(prefix="machi-axe-") as os.environ["TEST_AXE_SEEN"]):
            shared = sum(test.city for test in tests) > 1
            results = run_all(runner, tests, city_test(args.build, pathlib.Path(folder) / "data") if shared else None)
    except KeyboardInterrupt:
        runner.stop()
        return 130
    table(results)
    return verdict(results)


if __name__ == "__main__":
    sys.exit(main())
