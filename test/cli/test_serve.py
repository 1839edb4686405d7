"""machi serve as an operator starts it: what a folder was made for, signals, addresses; and what no client may do to it."""
import http.client
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.parse

BIN = sys.argv[1]
STARTS = 120
JSON = {"Content-Type": "application/json"}


class Machi:
    """A running server; `said` is what it wrote before it listened."""

    def __init__(self, data, *flags, listen="127.0.0.1:0"):
        self.process = subprocess.Popen([BIN, "serve", "--data", str(data), "--listen", listen, *flags],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        signal.alarm(STARTS)
        self.said = self.process.stdout.readline()
        signal.alarm(0)
        self.port = int(match[1]) if (match := re.search(r":(\d+)$", self.said)) else 0

    def ask(self, method, target, body=None, headers=None, host="127.0.0.1"):
        assert self.port, self.stop()
        connection = http.client.HTTPConnection(host, self.port, timeout=60)
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, answer

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        signal.alarm(60)
        rest, errors = self.process.stdout.read(), self.process.stderr.read()
        code = self.process.wait()
        signal.alarm(0)
        return code, self.said + rest, errors


def refused(data, *flags, listen="127.0.0.1:0", says):
    code, _, errors = Machi(data, *flags, listen=listen).stop()
    assert code not in (0, -signal.SIGTERM) and says in errors, (code, errors)


def signals_stop_it_in_order(folder):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        code, _, errors = Machi(folder / "signals").stop(number)
        assert code == 0 and "machi stops" in errors, (number, code, errors)


def ipv6_addresses_stand_in_brackets(folder):
    machi = Machi(folder / "six", listen="[::1]:0")
    assert "http://[::1]:" in machi.said, machi.said
    assert machi.ask("GET", "/", host="::1")[0] == 200
    machi.stop()


def form(machi, page, fields, client, cookie=""):
    """Sends the form of a page through a proxy that says who asks; the cookie of the session that it began."""
    _, text, answer = machi.ask("GET", page, headers={"Cookie": cookie})
    csrf = re.search(r'name="csrf" value="([^"]+)"', text).group(1)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": "198.51.100.7, " + client,
               "Cookie": cookie or answer.getheader("Set-Cookie").split(";")[0]}
    status, text, answer = machi.ask("POST", page, urllib.parse.urlencode(dict(fields, csrf=csrf)), headers)
    assert status == 303, (status, text)
    return next(line.split(";")[0] for line in answer.headers.get_all("Set-Cookie") if line.startswith("machi_session="))


def sign_in(machi, login, password, client):
    """The page of one's own sign-ins."""
    cookie = form(machi, "/sign-in", {"account": login, "password": password}, client)
    return machi.ask("GET", "/account", headers={"Cookie": cookie})[1]


def a_proxy_is_believed_by_whichever_socket_it_comes(folder):
    """Listening on [::], where IPv4 comes mapped into IPv6; a proxy that isn't named is told of once."""
    said = "comes from none of http.proxies"
    for number, (proxies, client, seen) in enumerate((
            ("127.0.0.1", "203.0.113.9", "203.0.113.9"), ("::ffff:127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
            ("192.0.2.1", "203.0.113.9", "127.0.0.1"))):
        machi = Machi(folder / "proxied", "--http.proxies", proxies, "--http.plain", listen="[::]:0")
        if number == 0:
            subprocess.run([BIN, "user", "--data", folder / "proxied", "--posts", "mayor", "anna"], input="made for somebody else\n",
                           capture_output=True, text=True, timeout=60, check=True)
            cookie = form(machi, "/sign-in", {"account": "anna", "password": "made for somebody else"}, client)
            form(machi, "/account/password", {"present": "made for somebody else", "wanted": "a long enough password"}, client, cookie)
        page = sign_in(machi, "anna", "a long enough password", client)
        assert f">{seen}</td>" in page, (proxies, page)
        sign_in(machi, "anna", "a long enough password", client)
        code, _, errors = machi.stop()
        assert code == 0 and errors.count(said) == (seen != "203.0.113.9"), errors


def a_busy_port_is_found_before_anything_is_made(folder):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        listen = "127.0.0.1:%d" % busy.getsockname()[1]
        refused(folder / "busy", "--starter", listen=listen, says="in use")
        refused(folder / "busy", listen=listen, says="./dev run -- --listen 127.0.0.1:8081")
    assert not (folder / "busy").exists()


def a_password_is_asked_for_at_a_terminal_only(folder):
    machi = Machi(folder / "piped")
    made = subprocess.run([BIN, "user", "--data", folder / "piped", "--posts", "mayor", "anna"], input="a long enough password\n",
                          capture_output=True, text=True, timeout=60, check=False)
    machi.stop()
    assert made.returncode == 0 and made.stderr == "", made.stderr


def every_page_of_a_sandbox_says_so(folder):
    machi = Machi(folder / "sandbox", "--sandbox")
    for target in ("/", "/wall", "/data", "/sign-in", "/nothing/here", "/data/nothing"):
        text = machi.ask("GET", target, headers={"Accept": "text/html"})[1]
        assert 'class="sandbox"' in text, target
    created = machi.ask("POST", "/ngsi-ld/v1/entities", json.dumps({"id": "urn:a:1", "type": "T"}), JSON)
    assert created[0] == 201, created
    machi.stop()
    refused(folder / "sandbox", says="start it with --sandbox")
    refused(folder / "sandbox", "--starter", says="start it with --sandbox")
    assert Machi(folder / "sandbox", "--sandbox").stop()[0] == 0


def a_city_becomes_neither_sandbox_nor_starter_city(folder):
    machi = Machi(folder / "city")
    made = subprocess.run([BIN, "user", "--data", folder / "city", "--kind", "service", "robot"], capture_output=True,
                          text=True, timeout=60, check=False)
    assert made.returncode == 0, made.stderr
    machi.stop()
    refused(folder / "city", "--sandbox", says="holds a city")
    refused(folder / "city", "--starter", says="holds a city already")
    assert not (folder / "city/keys/demo-accounts").exists()
    (folder / "city/tenants/lost+found").mkdir()
    code, _, errors = Machi(folder / "city").stop()
    assert code == 0 and "lost+found is no tenant's folder" in errors, errors


def readings(machi):
    """What a gauge of the starter city has read: each start goes on where the last one ended, and changes nothing before."""
    status, text, _ = machi.ask("GET", "/gauges/urn:ngsi-ld:RiverGauge:999997-4/readings.csv?range=all")
    assert status == 200, text
    return text.splitlines()[1:]


def demo_accounts_stay_on_the_loopback(folder):
    refused(folder / "world", "--starter", listen="0.0.0.0:0", says="http.secure")
    refused(folder / "world", "--gate.staff-passkey", "--http.plain", listen="0.0.0.0:0", says="http.secure")
    refused(folder / "world", "--gate.resident-passkey", "--http.hosts", "city.example.jp", says="http.secure")
    plain = ("--http.plain",)
    machi = Machi(folder / "world", "--starter", *plain, listen="0.0.0.0:0")
    code, said, errors = machi.stop()
    assert code == 0 and "sign in as" not in said, (said, errors)
    assert not (folder / "world/keys/demo-accounts").exists()
    machi = Machi(folder / "demo", "--starter")
    first = readings(machi)
    code, said, errors = machi.stop()
    assert code == 0 and said.count("sign in as") == 12, (said, errors)
    assert [line for line in errors.splitlines() if line.endswith(" of 1000 cases")][-1] == "  1000 of 1000 cases", errors
    machi = Machi(folder / "demo", "--starter")
    second = readings(machi)
    assert len(first) >= 28 * 24 and second[:len(first)] == first, (len(first), len(second))
    _, again, errors = machi.stop()
    assert "cases" not in errors, errors
    assert re.findall("password .*", again) == re.findall("password .*", said)
    refused(folder / "demo", *plain, listen="0.0.0.0:0", says="demo accounts")
    refused(folder / "demo", "--starter", *plain, listen="0.0.0.0:0", says="demo accounts")
    keys = folder / "demo/keys"
    (keys / "demo-accounts").rename(keys / "demo-accounts.unfinished")
    refused(folder / "demo", "--starter", says="interrupted")


def a_subscriber_at_an_address_of_the_machine_is_refused_at_once(folder):
    machi = Machi(folder / "demo", "--notify.hosts", "notlocalhost, localhost.example.jp,192.0.2.1", "--context.hosts", "context.example.jp")
    token = subprocess.run([BIN, "token", "--data", folder / "demo", "--as", "steward"], capture_output=True, text=True,
                           timeout=60, check=True).stdout.strip()
    headers = {**JSON, "Authorization": "Bearer " + token}

    def subscribe(uri):
        body = {"type": "Subscription", "entities": [{"type": "EvacuationSite"}], "notification": {"endpoint": {"uri": uri}}}
        return machi.ask("POST", "/ngsi-ld/v1/subscriptions", json.dumps(body), headers)

    for host in ("127.0.0.1", "169.254.169.254", "[::1]", "[fe80::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "localhost", "LocalHost.",
                 "a.b.localhost"):
        status, text, answer = subscribe("http://%s:9/x" % host)
        assert status == 400 and answer.getheader("Content-Type").startswith("application/problem+json"), (host, status, text)
        assert "notification.endpoint.uri" in text and "notify.loopback" in text, text
    for host in ("notlocalhost", "localhost.example.jp", "192.0.2.1"):  # other names are resolved when something is sent
        status, text, _ = subscribe("http://%s:9/x" % host)
        assert status == 400 and "notify.plain" in text, (host, text)
        status, text, made = subscribe("https://%s:9/x" % host)
        assert status == 201, (host, text)
    status, text, _ = subscribe("https://elsewhere.example.jp/")
    assert status == 400 and "notify.hosts" in text, text
    for url, setting in (("http://context.example.jp/c", "notify.plain"), ("https://elsewhere.example.jp/c", "context.hosts")):
        link = '<%s>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"' % url
        status, text, _ = machi.ask("GET", "/ngsi-ld/v1/entities?type=T", headers={"Link": link})
        assert status >= 400 and setting in text, text
    moved = {"notification": {"endpoint": {"uri": "http://[::1]:9/"}}}
    assert machi.ask("PATCH", made.getheader("Location"), json.dumps(moved), headers)[0] == 400
    assert "http:// endpoint" not in machi.stop()[2]
    machi = Machi(folder / "demo", "--notify.plain")
    assert subscribe("http://192.0.2.1:9/x")[0] == 201  # as before all of them had to be https
    machi.stop()
    assert "1 subscriptions name an http:// endpoint" in Machi(folder / "demo").stop()[2]


def a_new_tenant_is_served_at_once(folder):
    data = folder / "tenants"
    machi = Machi(data)
    entities, body = "/ngsi-ld/v1/entities", json.dumps({"id": "urn:a:1", "type": "T"})

    def run(*words, code=0):
        done = subprocess.run([BIN, *words[:1], "--data", data, *words[1:]], capture_output=True, text=True, timeout=120,
                              check=False)
        assert done.returncode == code, (words, done)
        return done.stdout

    assert machi.ask("GET", entities + "?type=T", headers={"NGSILD-Tenant": "other"})[0] == 404
    assert "served" in run("tenant", "add", "other")
    run("tenant", "add", "other", code=5)
    run("tenant", "add", "Other!", code=2)
    run("user", "--tenant", "other", "--kind", "service", "--roles", "editor", "robot")
    token = run("token", "--tenant", "other", "--as", "robot").split()[-1]
    own = {"NGSILD-Tenant": "other", "Authorization": "Bearer " + token}
    assert machi.ask("POST", entities, body, JSON | own)[0] == 201
    assert machi.ask("GET", entities + "/urn:a:1", headers={"Authorization": "Bearer " + token})[0] == 401, "of another tenant"
    for _ in range(24):  # whichever thread it comes to
        assert machi.ask("GET", entities + "/urn:a:1", headers=own)[0] == 200
        assert len(json.loads(machi.ask("GET", entities + "?type=T", headers=own)[1])) == 1
        assert machi.ask("GET", entities + "?type=T")[1] == "[]"
    assert machi.ask("GET", "/wall", headers={"NGSILD-Tenant": "other"})[0] == 200
    assert run("tenant", "list").count("\n") == 2
    code, _, errors = machi.stop()
    assert code == 0, errors
    machi = Machi(data)
    assert machi.ask("GET", entities + "/urn:a:1", headers=own)[0] == 200
    machi.stop()


def nothing_long_or_odd_stops_it(folder):
    """Names, ids and parameters at and beyond every bound: an answer each time, and all of it reaches the projections."""
    machi = Machi(folder / "hostile", "--sandbox")
    entities = "/ngsi-ld/v1/entities"

    def put(expected, **entity):
        answer = machi.ask("POST", entities, json.dumps({"type": "T", **entity}), JSON)
        assert answer[0] == expected, (answer[:2], str(entity)[:200])

    def put_named(expected, length):
        put(expected, id="urn:type:%d" % length, type="T" * length)
        put(expected, id="urn:name:%d" % length, **{"n" * length: {"type": "Property", "value": 1}})

    for length in (2000, 2001, 20_000, 70_000):
        put(201 if length <= 2000 else 400, id="urn:a:" + "i" * (length - 6))
    for length in (400, 600, 2000, 70_000):
        put_named(201 if length <= 400 else 400, length)
    for odd in ("urn:a:\r\nX: y", "urn:a:b c", "urn:a:\0", "urn:"):
        put(400, id=odd)
    for number, text in enumerate(["\0", "x" * 300_000, "9" * 400, "", "\u202e"]):
        put(201, id="urn:text:%d" % number, v={"type": "Property", "value": text})
    put(201, id="urn:many:1", type=["T%d" % i for i in range(100)])
    for number, count in enumerate((1_999, 2_001, 11_000)):
        put(201 if count < 2_000 else 413, id="urn:many:2%d" % number,
            **{"a%d" % i: {"type": "Property", "value": i} for i in range(count)})
    for parameters in ("xx=" + '"' * 15_000, "q=v==%22" + "|" * 8000 + "%22", "lang=%0d%0aX:1", "options=%0d%0aX:1",
                       "idPattern=" + "%22" * 5000):
        status, text, answer = machi.ask("GET", entities + "?type=T&limit=1&offset=1&" + parameters)
        assert status in (200, 400, 403) and not answer.getheader("X"), (parameters[:20], status, text)
    for target in ("/sign-in?next=/a%0d%0aX:1", "/data/a%0d%0ab", "/data/a%0d%0aX:1/csv", "/?lang=%0d%0aX:1"):
        assert machi.ask("GET", target)[2].getheader("X") is None, target
    status, _, answer = machi.ask("GET", entities + "?type=T&limit=0&count=true")
    assert status == 200 and answer.getheader("NGSILD-Results-Count") == "8", answer.getheaders()
    assert machi.ask("GET", "/ngsi-ld/v1/types")[0] == 200  # waits for the projections
    code, _, errors = machi.stop()
    assert code == 0 and "failed" not in errors, errors


CASES = [signals_stop_it_in_order, ipv6_addresses_stand_in_brackets, a_proxy_is_believed_by_whichever_socket_it_comes, a_busy_port_is_found_before_anything_is_made,
         a_password_is_asked_for_at_a_terminal_only, every_page_of_a_sandbox_says_so,
         a_city_becomes_neither_sandbox_nor_starter_city, demo_accounts_stay_on_the_loopback,
         a_subscriber_at_an_address_of_the_machine_is_refused_at_once, a_new_tenant_is_served_at_once,
         nothing_long_or_odd_stops_it]


def main():
    print(f"1..{len(CASES)}")
    failed = 0
    root = pathlib.Path(tempfile.mkdtemp())
    for number, case in enumerate(CASES, 1):
        try:
            case(root)
            print(f"ok {number} - {case.__name__}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {case.__name__}: {type(error).__name__}: {error}", flush=True)
    shutil.rmtree(root)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
