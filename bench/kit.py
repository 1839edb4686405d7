"""What the measurements of the running program share: servers on the first core, wrk on the second, rows for tool/bench.py."""
import collections
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build-bench").resolve()
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
ENTITIES = int(os.environ.get("BENCH_ENTITIES", "10000"))
LONG = os.environ.get("BENCH_LONG") == "1"
CORES = os.cpu_count() or 1
ROUNDS = 3
API = "/ngsi-ld/v1"
BATCH = 1000
GROUP = 20


Server = collections.namedtuple("Server", "port pid token", defaults=("",))


def die(text):
    raise SystemExit(f"bench/run: {text}")


def missing(name, budget, why):
    """A row that can't be measured says why."""
    print(f"{name}\t{budget}\t-\t{why}", flush=True)


def row(name, budget, measured, unit):
    print(f"{name}\t{budget}\t{measured:.{2 if measured < 100 else 0}f}\t{unit}", flush=True)


def on_core(core, command):
    return ["taskset", "-c", str(core), *command] if CORES > 1 else command


@contextlib.contextmanager
def served(command, find_port, core=0):
    """A server on the first core, or on the load's; ends it with SIGTERM."""
    with subprocess.Popen(on_core(core, command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stdout:
                match = re.search(find_port, line)
                if match:
                    yield Server(int(match.group(1)), process.pid)
                    break
            else:
                die(f"{command[0]} printed no address")
        finally:
            process.send_signal(signal.SIGTERM)


def bare(size, core=0):
    return served([str(BUILD / "bench/bench_engine"), "serve", str(size)], r"^(\d+)$", core)


def cpu_seconds(server):
    fields = pathlib.Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wrk(server, path, connections, script=None, seconds=SECONDS):
    """Answers per second, and the server's CPU microseconds for each; every answer must be a success."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}"]
    command += ["-s", str(script)] if script else []
    command += ["-H", f"Authorization: Bearer {server.token}"] if server.token else []
    command += [f"http://127.0.0.1:{server.port}{path}"]
    before = cpu_seconds(server)
    text = subprocess.run(on_core(1, command), check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        die(f"wrk did not get its answers from {path}:\n{text}")
    answers = int(re.search(r"(\d+) requests in", text).group(1))
    return float(re.search(r"Requests/sec:\s*([0-9.]+)", text).group(1)), (cpu_seconds(server) - before) / answers * 1e6


def ask(server, method, path, body=None, die_at=300):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if server.token:
        headers["Authorization"] = f"Bearer {server.token}"
    connection.request(method, path, json.dumps(body) if isinstance(body, (dict, list)) else body, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    if answer.status == 403 and die_at > 300:
        raise TimeoutError
    if answer.status >= 300:
        die(f"{method} {path} was answered {answer.status}: {data[:500]!r}")
    return data


def entity(number):
    """Five attributes, as a sensor has them."""
    return {
        "id": f"urn:ngsi-ld:Bench:{number}", "type": "Bench",
        "temperature": {"type": "Property", "value": 20 + number % 15, "unitCode": "CEL",
                        "observedAt": "2025-04-01T00:00:00.000Z"},
        "humidity": {"type": "Property", "value": number % 100},
        "name": {"type": "Property", "value": f"sensor {number}"},
        "status": {"type": "Property", "value": f"group {number // GROUP}"},
        "location": {"type": "GeoProperty",
                     "value": {"type": "Point", "coordinates": [138.3 + number % 100 / 1000, 34.8]}},
    }


def drain(server):
    """Waits until the projections have caught up: the list of types waits for them, a minute at most."""
    for _ in range(60):
        try:
            return ask(server, "GET", f"{API}/types", die_at=500)
        except TimeoutError:
            pass
    die("the projections did not drain within an hour")


def settle(server):
    """Waits until what a start does behind its first answers (publishing, indexing) is done: a minute at most."""
    drain(server)
    for _ in range(60):
        before = cpu_seconds(server)
        time.sleep(1)
        if cpu_seconds(server) - before < 0.02:
            return
    die("the server did not come to rest within a minute")


def syncs_per_second(folder):
    """What the disk does: small appends, each synced."""
    path, count, began = folder / "sync", 0, time.monotonic()
    with open(path, "wb", buffering=0) as file:
        while time.monotonic() - began < 1:
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            count += 1
    path.unlink()
    return count


def median(values):
    return sorted(values)[len(values) // 2]


def patch_script(folder, count, token):
    script = folder / "patch.lua"
    authorization = f', ["Authorization"] = "Bearer {token}"' if token else ""
    script.write_text(f"""
local n = 0
request = function()
  n = n + 1
  local path = "{API}/entities/urn:ngsi-ld:Bench:" .. math.random(0, {count - 1}) .. "/attrs/temperature"
  return wrk.format("PATCH", path, {{["Content-Type"] = "application/json"{authorization}}},
    '{{"type":"Property","value":' .. n % 1000 / 10 .. '}}')
end
""")
    return script


def operator(folder, *words):
    """The last line that a subcommand prints."""
    command = [str(BUILD / "src/machi"), *words, "--data", str(folder / "data")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().split("\n")[-1]


@contextlib.contextmanager
def machi(folder, *flags):
    """The program with its gate on, and a bearer token of an account that may write entities."""
    command = [str(BUILD / "src/machi"), "serve", "--listen", "127.0.0.1:0", "--data", str(folder / "data"), *flags]
    with served(command, r"http://127\.0\.0\.1:(\d+)") as server:
        operator(folder, "user", "bench", "--kind", "service", "--roles", "editor", "--name", "Bench")
        token = operator(folder, "token", "--as", "bench")
        (folder / "token").write_text(token)
        yield server._replace(token=token)
