"""Rows of DESIGN 8 beyond the rates of single requests: queries, restarts, subscriptions, history, pages."""
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import urllib.parse

import kit
from kit import API, GROUP, ask, bare, cpu_seconds, drain, entity, machi, median, missing, patch_script, row, wrk

SUBSCRIPTIONS = 10_000
POINTS = 10_000  # a request
REQUESTS = 20
INDEX_SECONDS = 900


class Line:
    """A connection that stays, so that what is timed is the server."""

    def __init__(self, server, headers=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
        self.headers = {"Authorization": f"Bearer {server.token}"} if headers is None else headers

    def ask(self, method, path, body=None):
        headers = dict(self.headers, **({"Content-Type": "application/json"} if body is not None else {}))
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer, answer.read()

    def get(self, path):
        """The answer's body and the milliseconds that it took."""
        began = time.monotonic()
        answer, data = self.ask("GET", path)
        took = (time.monotonic() - began) * 1000
        if answer.status != 200:
            kit.die(f"GET {path} was answered {answer.status}: {data[:300]!r}")
        return data, took


def attempt(rows, function, *args):
    """A measurement that fails is no reason to lose the others: its rows (name, budget) say why they are missing."""
    try:
        function(*args)
    except (SystemExit, OSError, subprocess.SubprocessError) as problem:
        for name, budget in rows:
            missing(name, budget, str(problem).replace("\n", " ")[:300])


# ---- queries by an attribute ----

def by_group(number):
    return f"{API}/entities?type=Bench&limit={GROUP}&q=" + urllib.parse.quote(f'status=="group {number}"')


def check_hits(data):
    if len(json.loads(data)) != GROUP:
        kit.die(f"a query found {len(json.loads(data))} entities, not {GROUP}")


def indexed(line, scan):
    """Whether queries are so much faster than the walk was."""
    began = time.monotonic()
    answer, _ = line.ask("GET", by_group(7))
    return answer.status == 200 and (time.monotonic() - began) * 1000 < max(scan / 20, 5)


def query_rows(server, count):
    """The same condition first by a walk, which makes the server want an index, then through it."""
    line = Line(server)
    drain(server)
    name, budget = f"q on an attribute of {count} entities, by scan", "<500" if count >= 1_000_000 else "-"
    began = time.monotonic()
    answer, data = line.ask("GET", by_group(count // GROUP // 2))
    scan = (time.monotonic() - began) * 1000
    if answer.status == 200:
        check_hits(data)
        row(name, budget, scan, "ms")
    else:
        missing(name, budget, f"the walk was given up after {scan / 1000:.0f} s, the deadline of a query")
    began = time.monotonic()
    while not indexed(line, scan):
        if time.monotonic() > began + INDEX_SECONDS:
            return missing(f"q on an indexed attribute of {count} entities", "<5", "no index was made in time")
        time.sleep(0.2)
    check_hits(line.get(by_group(7))[0])
    row(f"q on an attribute of {count} entities: until it is indexed", "-", time.monotonic() - began, "s")
    times = [line.get(by_group(number * 13 % (count // GROUP)))[1] for number in range(100)]
    row(f"q on an indexed attribute of {count} entities, {GROUP} hits", "<5", median(times), "ms")


# ---- restart, memory ----

def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1))


def kill(server):
    os.kill(server.pid, signal.SIGKILL)


def first_answer(folder, token, path):
    """Starts the program; seconds until it has answered, and the server."""
    command = [str(kit.BUILD / "src/machi"), "serve", "--listen", "127.0.0.1:0", "--data", str(folder / "data")]
    began = time.monotonic()
    context = kit.served(command, r"http://127\.0\.0\.1:(\d+)")
    server = context.__enter__()._replace(token=token)
    ask(server, "GET", path)
    return time.monotonic() - began, server, context


def restart_rows(folder, count):
    """Killed at rest and in the middle of changes; then what entities cost that are read for the first time."""
    times, last = [], f"{API}/entities/urn:ngsi-ld:Bench:{count - 1}"
    token = (folder / "token").read_text()
    for _ in range(3):
        took, server, context = first_answer(folder, token, last)
        times.append(took)
        kill(server)
        context.__exit__(None, None, None)
    row(f"restart with {count} entities after kill -9, to the first answer", "<1", median(times), "s")
    _, server, context = first_answer(folder, token, last)
    wrk(server, "/", 64, patch_script(folder, count, token), 5)
    kill(server)
    context.__exit__(None, None, None)
    took, server, context = first_answer(folder, token, last)
    row(f"restart with {count} entities after kill -9 under PATCHes", "<1", took, "s")
    memory_row(server, count)
    context.__exit__(None, None, None)


def memory_row(server, count):
    """The store's page caches fill with what is read first, and are bounded: so the second half tells."""
    line, half = Line(server), min(count // 2, 100_000)
    name, budget = "memory of a cached entity, its rendered answer included", "<=1.5"
    if half < 100_000:
        return missing(name, budget, "the store's page caches outweigh so few: BENCH_LONG=1, or bench_ledger's own row")
    for number in range(half):
        line.get(f"{API}/entities/urn:ngsi-ld:Bench:{number}")
    before = resident_kib(server.pid)
    for number in range(half, 2 * half):
        line.get(f"{API}/entities/urn:ngsi-ld:Bench:{number}")
    grown = (resident_kib(server.pid) - before) / half
    row(name, budget, grown, "KiB")


# ---- writing for a minute ----

def steady_rows(server, folder, count):
    rate, _ = wrk(server, "/", 64, patch_script(folder, count, server.token), 60)
    row(f"PATCH, 64 connections, 60 s over {count} entities", "-", rate, "per s")
    began = time.monotonic()
    drain(server)
    row("the same: until projections have drained", "-", time.monotonic() - began, "s")


# ---- subscriptions ----

def subscribe(server, port, count):
    line = Line(server)
    for number in range(count):
        body = {"id": f"urn:ngsi-ld:Subscription:{number}", "type": "Subscription",
                "entities": [{"id": f"urn:ngsi-ld:Bench:{number}", "type": "Bench"}],
                "notification": {"endpoint": {"uri": f"http://127.0.0.1:{port}/"}}}
        answer, data = line.ask("POST", f"{API}/subscriptions", json.dumps(body))
        if answer.status != 201:
            kit.die(f"subscription {number} was answered {answer.status}: {data[:300]!r}")


def idle(server):
    """Seconds until nothing is left to be matched and sent: the server takes next to no CPU for half a second."""
    began = time.monotonic()
    while time.monotonic() - began < 120:
        before = cpu_seconds(server)
        time.sleep(0.5)
        if cpu_seconds(server) - before < 0.02:
            return time.monotonic() - began - 0.5
    kit.die("notifications were still under way after two minutes")


def patched(server, script):
    """PATCHes a second, the server's CPU microseconds for each until all that follows from them is done, and how long that took."""
    before = cpu_seconds(server)
    rate, _ = wrk(server, "/", 64, script)
    late = idle(server)
    return rate, (cpu_seconds(server) - before) / (rate * kit.SECONDS) * 1e6, late


def subscriptions_measure():
    count = SUBSCRIPTIONS
    with tempfile.TemporaryDirectory(prefix="machi-bench-") as name, bare(2, core=1) as receiver:
        folder = pathlib.Path(name)
        with machi(folder, "--notify.loopback") as server:
            for first in range(0, count, 1000):
                ask(server, "POST", f"{API}/entityOperations/create",
                    [entity(number) for number in range(first, first + 1000)])
            drain(server)
            script = patch_script(folder, count, server.token)
            before = [patched(server, script) for _ in range(kit.ROUNDS)]
            subscribe(server, receiver.port, count)
            idle(server)
            after = [patched(server, script) for _ in range(kit.ROUNDS)]
            (rate, cost, _), (told_rate, told_cost, late) = ([median(column) for column in zip(*rounds)]
                                                             for rounds in (before, after))
            row(f"{count} subscriptions, one match per update: of the PATCH rate", ">=0.8", told_rate / rate, "ratio")
            row("the same: PATCH without and", "-", rate, "per s")
            row("with them", "-", told_rate, "per s")
            row("the same: CPU without and", "-", cost, "us/PATCH")
            row("with them, until all are delivered", "-", told_cost, "us/PATCH")
            row("the same: the last is delivered behind the last answer", "-", late, "s")


def subscription_rows():
    attempt([(f"{SUBSCRIPTIONS} subscriptions, one match per update: of the PATCH rate", ">=0.8")], subscriptions_measure)


# ---- history ----

def evolution(number):
    instances = [{"type": "Property", "value": point % 1000 / 10, "observedAt": time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_700_000_000 + point * 60))} for point in range(POINTS)]
    return json.dumps({"id": f"urn:ngsi-ld:Gauge:{number}", "type": "Gauge", "level": instances})


def history_measure():
    bodies = [evolution(number) for number in range(REQUESTS)]
    with tempfile.TemporaryDirectory(prefix="machi-bench-") as name, machi(pathlib.Path(name)) as server:
        line, before, began = Line(server), cpu_seconds(server), time.monotonic()
        for body in bodies:
            answer, data = line.ask("POST", f"{API}/temporal/entities", body)
            if answer.status != 201:
                kit.die(f"an evolution was answered {answer.status}: {data[:300]!r}")
        accepted = time.monotonic() - began
        drain(server)
        drained, points = time.monotonic() - began, POINTS * REQUESTS
        row(f"history, {POINTS} points a request, accepted", ">=500000", points / accepted, "points/s")
        row("the same, until projections have drained", "-", points / drained, "points/s")
        row("the same: CPU with projections", "-", (cpu_seconds(server) - before) / points * 1e6, "us/point")


def history_rows():
    attempt([(f"history, {POINTS} points a request, accepted", ">=500000")], history_measure)
    missing("history, folded", "<=3", "chunks of readings are not built yet: each reading is a row")
    missing("1 000 000 points aggregated", "<20", "aggregates are computed from rows, not yet from chunks' summaries: the row comes with the chunks")


# ---- pages ----

PAGES = {
    "nobody": ["/", "/bulky", "/map", "/wall", "/data", "/gauges", "/report", "/cases/find", "/sign-in", "/api"],
    "resident-1": ["/my", "/my/looks"],
    "clerk": ["/staff", "/staff/plan"],
    "auditor": ["/audit"],
    "operator": ["/operate"],
}
PAGE_ROUNDS = 20


def sign_in(server, folder, role):
    """A line with the session of a demo account."""
    if role == "nobody":
        return Line(server, {"Accept-Language": "ja"})
    passwords = dict(text.split() for text in (folder / "data/keys/demo-accounts").read_text().splitlines())
    line = Line(server, {})
    answer, data = line.ask("GET", "/sign-in")
    cookies = [cookie.split(";")[0] for cookie in answer.headers.get_all("Set-Cookie") or []]
    csrf = re.search(r'name="csrf" value="([^"]+)"', data.decode()).group(1)
    form = urllib.parse.urlencode({"csrf": csrf, "account": role, "password": passwords[role]})
    line.headers = {"Cookie": "; ".join(cookies), "Content-Type": "application/x-www-form-urlencoded"}
    line.connection.request("POST", "/sign-in", form, line.headers)
    answer = line.connection.getresponse()
    answer.read()
    if answer.status != 303:
        kit.die(f"{role} could not sign in: {answer.status}")
    cookies += [cookie.split(";")[0] for cookie in answer.headers.get_all("Set-Cookie") or []]
    line.headers = {"Cookie": "; ".join(cookies), "Accept-Language": "ja"}
    return line


def page_measure(line, path):
    answer, _ = line.ask("GET", path)
    path = answer.headers.get("Location", path)  # the plan's page leads to that of its next day
    data, _ = line.get(path)
    line.headers["Accept-Encoding"] = "gzip"
    packed, _ = line.get(path)
    del line.headers["Accept-Encoding"]
    took = median([line.get(path)[1] for _ in range(PAGE_ROUNDS)])
    print(f"   {path}: {took:.1f} ms, {len(data)} bytes, {len(packed)} with gzip", flush=True)
    return took, len(data) / 1024, path


def pages_measure():
    with tempfile.TemporaryDirectory(prefix="machi-bench-") as name:
        folder = pathlib.Path(name)
        with machi(folder, "--starter") as server:
            settle(server)
            lines = {role: sign_in(server, folder, role) for role in PAGES}
            pages = [page_measure(lines[role], path) for role in PAGES for path in PAGES[role]]
    took, _, slow = max(pages)
    size, large = max((size, path) for _, size, path in pages)
    row(f"page, the slowest of {len(pages)} ({slow})", "<5", took, "ms")
    row(f"page without its files, the largest of {len(pages)} ({large})", "<60", size, "KiB")


def page_rows():
    attempt([("page, the slowest", "<5"), ("page without its files, the largest", "<60")], pages_measure)


def long_rows_missing():
    why = "takes half an hour: BENCH_LONG=1"
    missing("batch create to 1 000 000, until projections have drained", ">=30000", why)
    missing("q on an indexed attribute of 1000000 entities", "<5", why)
    missing("q on an attribute of 1000000 entities, by scan", "<500", why)
    missing("restart with 1000000 entities after kill -9, to the first answer", "<1", why)
    missing("PATCH, 64 connections, 60 s over 1000000 entities", "-", why)
