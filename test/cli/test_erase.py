"""machi erase: what is told before, who may have it done, what is gone after it and what stays, to the last byte of the folder."""
import json
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

from test_serve import Machi

BIN, VERIFY = sys.argv[1:3]
MAIL, FIRST, PASSWORD, NAME = "erased-resident@example.jp", "an account made for somebody", "a password of many words", "消去試験花子"
NOW = time.gmtime(time.time() + 9 * 3600)
REPORTS, ACCOUNT = f"保存3年/問題の報告/{NOW.tm_year - (NOW.tm_mon < 4)}", "常用/利用者アカウント"
PHONE = "0990123456"
ANSWERS = [("/bulky/district", {"postcode": "9990001", "town": "まなか一丁目", "street": "1-1", "action": "next"}),
           ("/bulky/items", {"add": "table-dining-s"}), ("/bulky/items", {"action": "next"}), ("/bulky/slot", {}),
           ("/bulky/contact", {"name": NAME, "kana": "ショウキョ", "phone": PHONE}), ("/bulky/reduction", {"reduction": "none"}),
           ("/bulky/optout", {"optout": "no"}), ("/bulky/check", {})]


class City:
    """A small city with a chief, a clerk, a resident of that name, and a report with an address."""

    def __init__(self, folder):
        self.folder, self.data = folder, folder / "data"
        self.machi = Machi(self.data)
        for login, kind, post in (("chief", "staff", "environment-waste-clerk,environment-head"), ("clerk", "staff", "environment-waste-clerk"),
                                  ("leaver", "staff", "environment-waste-clerk"), ("goner", "staff", "environment-waste-clerk"),
                                  ("hanako", "resident", ""), ("robot", "service", "")):
            self.run("user", "--kind", kind, "--posts", post, "--name", NAME, login, said=FIRST + "\n")
            if kind != "service":
                self.own_password(login)
        self.report = self.reported()

    def run(self, *words, said="", code=0):
        done = subprocess.run([BIN, words[0], "--data", self.data, *words[1:]], input=said, capture_output=True, text=True, timeout=120,
                              check=False)
        assert done.returncode == code, (words, done)
        return done.stdout if code == 0 else done.stdout + done.stderr

    def erase(self, subject, *words, by="chief", code=0):
        return self.run("erase", "--subject", subject, "--as", by, "--reason", "by request 2026-12", *words, code=code)

    def erase_account(self, login, named):
        subject = re.search(r"urn:ngsi-ld:Account:\w+", self.erase(login, code=2)).group(0)
        assert f"{ACCOUNT}  is erased" in self.erase(named(subject), "--files", ACCOUNT, "--yes")

    def visit(self, jar, page, fields=None):
        """A page, or what a form on it answers, to whoever keeps the cookies."""
        headers = {"Cookie": "; ".join(jar)}
        if fields is None:
            _, text, answer = self.machi.ask("GET", page, headers=headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            status, text, answer = self.machi.ask("POST", page, urllib.parse.urlencode(fields), headers)
            assert status == 303, (page, text)
        jar |= {line.split(";")[0] for line in answer.headers.get_all("Set-Cookie") or []}
        return text, answer.headers.get("Location")

    def applied(self):
        """The secret address of the receipt of a case that somebody without an account has applied for."""
        jar = set()
        for page, target, fields in [("/bulky", "/bulky/start", {}), *((page, page, fields) for page, fields in ANSWERS)]:
            text, _ = self.visit(jar, page)
            shown = {name: value for name in ("csrf", "slot", "key") for value in re.findall(rf'name="{name}" value="([^"]+)"', text)[:1]}
            _, receipt = self.visit(jar, target, {**shown, **fields})
        return receipt

    def kept_equals_rebuilt(self):
        said = self.run("verify", "--projections")
        assert " 0 differences" in said, said

    def again(self):
        self.machi.stop()
        self.machi = Machi(self.data)

    def page(self, path, cookies="", accept="ja"):
        status, text, _ = self.machi.ask("GET", path, headers={"Cookie": cookies, "Accept-Language": accept, "Accept": "text/html"})
        return status, text

    def form(self, page, target, fields, cookies=""):
        _, text, answer = self.machi.ask("GET", page, headers={"Cookie": cookies})
        given = [line.split(";")[0] for line in answer.headers.get_all("Set-Cookie") or []]
        cookies = "; ".join(filter(None, [cookies, *given]))
        csrf = re.search(r'name="csrf" value="([^"]+)"', text).group(1)
        status, text, answer = self.machi.ask("POST", target, urllib.parse.urlencode(dict(fields, csrf=csrf)),
                                              {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies})
        return status, text, answer.headers.get_all("Set-Cookie") or []

    def own_password(self, login):
        status, text, _ = self.form("/account/password", "/account/password", {"present": FIRST, "wanted": PASSWORD}, self.signed_in(login, FIRST))
        assert status == 303, text

    def let_in(self, page, fields, cookies=""):
        """The session's cookie, or None."""
        status, _, given = self.form(page, page, fields, cookies)
        return next((line.split(";")[0] for line in given if line.startswith("machi_session=")), None) if status == 303 else None

    def signed_in(self, login, password=PASSWORD):
        return self.let_in("/sign-in", {"account": login, "password": password})

    def reported(self):
        status, _, _ = self.form("/report", "/report", {"kind": "page", "text": "x", "mail": MAIL})
        assert status in (200, 303), status
        clerk = self.signed_in("clerk")
        place = re.search(r'href="(/staff/reports/[^"?]+)"', self.machi.ask("GET", "/staff/reports", headers={"Cookie": clerk})[1]).group(1)
        self.clerks_page = lambda: self.machi.ask("GET", place, headers={"Cookie": clerk})[1]
        assert MAIL in self.clerks_page()
        found = self.machi.ask("GET", "/ngsi-ld/v1/entities?type=ProblemReport", headers={"Cookie": clerk})[1]
        return json.loads(found)[0]["id"]

    def copied(self):
        """The folder as it lies now, to look into while the city goes on."""
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.data, copy, ignore=shutil.ignore_patterns("*.sock", "*.lock"))
        return copy

    def keys_of(self, subject, file):
        """The wrapped bytes of living keys, without their head: version, parent, nonce."""
        with sqlite3.connect(self.copied() / "tenants/default/ledger.db") as db:
            return [row[0][41:] for row in db.execute("SELECT wrapped FROM key WHERE erased = 0 AND subject = ? AND retention = ?", (subject.encode(), file.encode()))]


def holds(folder, what):
    """Files anywhere in the folder that hold these bytes."""
    return [path for path in pathlib.Path(folder).rglob("*") if path.is_file() and what in path.read_bytes()]


def what_is_there_is_told_and_nothing_done(city):
    said = city.erase(city.report, "--files", REPORTS, code=2)
    assert f"{REPORTS}  would be erased" in said and "--yes" in said, said
    said = city.erase("hanako", code=2)
    assert f"{ACCOUNT}  stays: --files does not name it" in said and "urn:ngsi-ld:Person:" in said, said
    assert MAIL in city.clerks_page()
    assert not list((city.data / "keys").glob("*.erasures"))


def what_is_amiss_is_refused_with_a_remedy(city):
    for words, by, code, says in (
            (("--files", REPORTS, "--yes"), "clerk", 3, "No rule permits"), (("--files", REPORTS, "--yes"), "nobody", 4, "no account"),
            (("--files", "保存9年/ない", "--yes"), "chief", 2, REPORTS), (("--yes",), "chief", 2, "--files")):
        said = city.erase(city.report, *words, by=by, code=code)
        assert says in said, (words, by, said)
    assert "no receipt number, no login" in city.erase("no-such-login", "--yes", "--files", REPORTS, code=4)
    assert "Nothing personal lies" in city.erase("urn:ngsi-ld:Person:none", "--yes", "--files", REPORTS, code=4)
    said = city.run("erase", "--subject", city.report, "--as", "chief", "--files", REPORTS, "--yes", "--reason", " ", code=2)
    assert "State the reason" in said, said
    assert "--reason" in city.run("erase", "--subject", city.report, "--as", "chief", code=2)
    assert MAIL in city.clerks_page()


def no_byte_of_it_stays(city):
    wrapped = city.keys_of(city.report, REPORTS)
    assert len(wrapped) == 1 and holds(city.copied(), wrapped[0]), "the search finds what is there"
    said = city.erase(city.report, "--files", REPORTS, "--yes")
    assert f"{REPORTS}  is erased" in said and "keys.db" in said, said
    assert MAIL not in city.clerks_page()
    assert not city.keys_of(city.report, REPORTS)
    for round in range(2):
        copy = city.copied()
        assert not holds(copy, wrapped[0]) and not holds(copy, MAIL.encode())
        assert holds(copy, city.report.encode()), "the search finds what is there"
        city.kept_equals_rebuilt()
        if round == 0:
            city.again()
    assert "Nothing personal lies" in city.erase(city.report, "--files", REPORTS, "--yes", code=4)


def an_account_goes_with_its_sessions(city):
    session = city.signed_in("hanako")
    assert session and city.machi.ask("GET", "/my", headers={"Cookie": session})[0] == 200
    wrapped = city.keys_of(re.search(r"urn:\S+\w", city.erase("hanako", code=2)).group(0).replace("Person", "Account"), ACCOUNT)
    assert wrapped
    said = city.erase("hanako", "--files", ACCOUNT, "--yes")
    assert f"{ACCOUNT}  is erased" in said, said
    assert city.machi.ask("GET", "/my", headers={"Cookie": session})[0] == 303
    assert not city.signed_in("hanako")
    copy = city.copied()
    assert not any(holds(copy, key) for key in wrapped) and not holds(copy, NAME.encode())
    assert city.signed_in("clerk"), "another's stays"
    city.kept_equals_rebuilt()


def an_officials_account_goes_by_its_login_and_by_its_id(city):
    """By its id, too, he is signed out first; and nobody lists what is left as somebody's account."""
    for login, named in (("leaver", lambda subject: "leaver"), ("goner", lambda subject: subject)):
        session = {"Cookie": city.signed_in(login)}
        assert city.machi.ask("GET", "/staff", headers=session)[0] == 200
        city.erase_account(login, named)
        assert city.machi.ask("GET", "/staff", headers=session)[0] == 303 and not city.signed_in(login)
        assert "no account" in city.run("user", "--enable", login, code=4)
    token = {"Authorization": "Bearer " + city.run("token", "--as", "robot", "--actions", "read").split()[-1]}
    target = "/ngsi-ld/v1/entities?type=EvacuationSite"
    assert city.machi.ask("GET", target, headers=token)[0] == 200
    city.erase_account("robot", lambda subject: subject)
    assert city.machi.ask("GET", target, headers=token)[0] == 401
    listed = city.run("user", "--list")
    assert [line.split()[0] for line in sorted(listed.splitlines())] == ["chief", "clerk"], listed


def a_case_goes_by_its_receipt_number(city):
    """Somebody without an account is found by the number on his receipt; what is of no person stays, and counts."""
    receipt = city.applied()
    another = re.search(r"\d{4}-\d{6}", city.machi.ask("GET", city.applied())[1]).group(0)
    number = re.search(r"\d{4}-\d{6}", city.machi.ask("GET", receipt)[1]).group(0)
    assert PHONE in city.machi.ask("GET", receipt.removesuffix("/receipt"))[1]
    clerk = city.signed_in("clerk")
    assert number in city.page("/staff", clerk)[1] and another in city.page("/staff", clerk)[1]
    assert city.page(f"/staff/cases/{number}", clerk)[0] == 200
    city.kept_equals_rebuilt()
    said = city.erase(number, code=2)
    files = re.findall(r"^  (\S+)  stays", said, re.MULTILINE)
    assert len(files) == 1 and said.startswith("urn:ngsi-ld:Person:"), said
    subject = re.search(r"urn:\S+\w", said).group(0)
    wrapped = city.keys_of(subject, files[0])
    assert wrapped and holds(city.copied(), wrapped[0]), "the search finds what is there"
    said = city.erase(number, "--files", files[0], "--yes")
    assert f"{files[0]}  is erased" in said, said
    copy = city.copied()
    assert not any(holds(copy, key) for key in wrapped) and not holds(copy, PHONE.encode())
    assert PHONE not in city.machi.ask("GET", receipt.removesuffix("/receipt"))[1]
    assert holds(copy, subject.encode()), "that there was somebody stays"
    for _ in range(2):
        the_case_is_nowhere(city, receipt, number, another)
        city.kept_equals_rebuilt()
        city.again()


def main_of(text):
    return re.search(r"<main.*</main>", text, re.DOTALL).group(0)


def the_case_is_nowhere(city, receipt, number, another):
    """In no list, behind no address, and whoever comes by his receipt is told why."""
    clerk, case = city.signed_in("clerk"), receipt.removesuffix("/receipt")
    inbox = city.page("/staff", clerk)[1]
    assert another in inbox and number not in inbox and "/staff/cases//" not in inbox
    status, text = city.page(f"/staff/cases/{number}", clerk)
    assert status == 404 and "消去" in text and "<form" not in main_of(text), text
    assert city.page(f"/staff/cases/{another}", clerk)[0] == 200
    for path in (case, receipt, case + "/slot", case + "/cancel"):
        for accept, says in (("ja", "この申込みの記録は消去しました"), ("en", "The record of this application was erased")):
            status, text = city.page(path, accept=accept)
            assert status == 410 and says in text and re.search(r"消去した日 .*\d日|Erased on .*\d{4}", text), (path, status, text)
            assert "申込みを受け付けました" not in text and "円" not in text and "<form" not in main_of(text) and "banner" not in main_of(text), text
    assert city.page(case, clerk)[0] == 410
    _, text = city.page(case + "?lang=ja-easy")
    assert "けしました" in text, text


def it_is_recorded_and_the_proof_is_whole(city):
    said = city.run("verify")
    assert "SOUND" in said, said
    city.machi.stop()
    keys = city.data / "keys"
    done = subprocess.run([VERIFY, "--json", "--witness", city.data / "witness/default.witness", "--erasures", keys / "default.key.erasures",
                           city.data / "tenants/default"], capture_output=True, text=True, timeout=60, check=False)
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report["sound"] and report["erasedKeys"] >= 2, done.stdout
    assert holds(city.data / "tenants/default", b"by request 2026-12"), "why stands in the ledger"
    assert report["statements"] >= 2 and not report["pendingErasures"], done.stdout
    city.machi = Machi(city.data)


CASES = [what_is_there_is_told_and_nothing_done, what_is_amiss_is_refused_with_a_remedy, no_byte_of_it_stays, an_account_goes_with_its_sessions,
         an_officials_account_goes_by_its_login_and_by_its_id, a_case_goes_by_its_receipt_number,
         it_is_recorded_and_the_proof_is_whole]


def main():
    print(f"1..{len(CASES)}")
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with tempfile.TemporaryDirectory() as name:
        city = City(pathlib.Path(name))
        try:
            for number, case in enumerate(CASES, 1):
                try:
                    case(city)
                    print(f"ok {number} - {case.__name__}", flush=True)
                except Exception:
                    print(f"not ok {number} - {case.__name__}", flush=True)
                    print("\n".join("# " + line for line in traceback.format_exc().splitlines()), flush=True)
        finally:
            city.machi.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
