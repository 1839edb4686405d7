"""A retention file over its whole life, in the program as it is served: a case comes and ends, six years later the records clerk
proposes its file, the head decides, and no byte of what was sealed can be read any more. The clock of the later life is shifted."""
import os
import pathlib
import re
import signal
import sys
import tempfile
import time
import traceback

from test_erase import FIRST, PASSWORD, PHONE, City, holds
from test_serve import Machi

SHIFT = sys.argv[3]
YEARS = 6


def later(city, number=signal.SIGTERM):
    """The same folder, so many years on; ended by this signal."""
    assert city.machi.stop(number)[0] == (0 if number == signal.SIGTERM else -number)
    os.environ.update(LD_PRELOAD=SHIFT, SHIFT_YEARS=str(YEARS), ASAN_OPTIONS="verify_asan_link_order=0")
    city.machi = Machi(city.data)
    for name in ("LD_PRELOAD", "SHIFT_YEARS", "ASAN_OPTIONS"):
        del os.environ[name]


class Life:
    def __init__(self, city):
        self.city = city
        for login, post in (("records", "general-affairs-records-clerk"), ("head", "general-affairs-head")):
            city.run("user", "--kind", "staff", "--posts", post, "--name", login, login, said=FIRST + "\n")
            city.own_password(login)

    def a_case_lies_in_the_file_of_its_year(self):
        city = self.city
        case = city.applied().removesuffix("/receipt")
        assert PHONE in city.page(case)[1]
        assert city.form(f"{case}/cancel", f"{case}/cancel", {})[0] == 303
        clerk = city.signed_in("records")
        self.url = re.search(r'href="(/staff/files/\w{16})">粗大ごみ収集の申請', city.page("/staff/files", clerk)[1])[1]
        status, text = city.page(self.url, clerk)
        assert status == 200 and "現年度" in text and "ほかに1件あります" in text, text  # another division's case
        said = city.erase(re.search(r"\d{4}-\d{6}", city.page(f"{case}/receipt")[1])[0], code=2)
        self.subject, self.file = re.search(r"urn:\S+\w", said)[0], re.search(r"^  (\S+/\d{4})  stays", said, re.MULTILINE)[1]
        assert self.file.startswith("保存5年/粗大ごみ収集/")
        for act in ("hold", "release"):
            assert city.form(self.url, f"{self.url}/hold", {"act": act, "reason": "訴訟"}, clerk)[0] == 303
            if act == "hold":
                assert "is held" in city.erase(self.subject, "--files", self.file, "--yes", code=5)
        self.case, self.keys = case, city.keys_of(self.subject, self.file)
        assert self.keys and holds(city.copied(), self.keys[0]), "the search finds what is there"

    def six_years_later_its_time_is_over(self):
        later(self.city)
        clerk = self.city.signed_in("records")
        status, text = self.city.page("/staff/files?state=due", clerk)
        assert status == 200 and self.url in text and "廃棄待ち" in text, text

    def the_records_clerk_proposes_and_the_head_decides(self):
        city, fields = self.city, {"file": self.url[-16:], "act": "dispose", "reason": "保存期間が終わった"}
        status, text, _ = city.form("/staff/files", "/staff/files/propose", dict(fields, reason=""), city.signed_in("records"))
        assert status == 422 and "理由を書いてください" in text, text
        status, text, _ = city.form("/staff/files", "/staff/files/propose", fields, city.signed_in("records"))
        assert status == 303, text
        head = city.let_in("/step-up", {"password": PASSWORD}, city.signed_in("head"))
        listed = city.page("/staff/decisions?state=waiting", head)[1]
        decision = re.search(r'href="(/staff/decisions/\w{26})"', listed)[1]
        status, text = city.page(decision, head)
        assert status == 200 and "粗大ごみ収集の申請" in text and "保存期間が終わった" in text, text
        given = {name: re.search(rf'name="{name}" value="([^"]*)"', text)[1] for name in ("hash", "stage")}
        status, text, _ = city.form(decision, decision, dict(given, act="approve"), head)
        assert status == 303, text
        later(city, signal.SIGKILL)  # whoever decided doesn't wait, so it may be at any point
        self.decision = decision

    def the_file_is_disposed_of_and_nobody_reads_it(self):
        city, clerk, until = self.city, self.city.signed_in("records"), time.monotonic() + 60
        while "廃棄済み" not in (text := city.page(self.url, clerk)[1]):
            assert "廃棄の処理中" in text and time.monotonic() < until, text
            time.sleep(0.1)
        assert re.search(r"なくした鍵 [1-9]", text), text
        assert "1冊を廃棄しました" in city.page(self.decision, clerk)[1]
        assert city.page(self.case)[0] == 410
        assert not city.keys_of(self.subject, self.file)
        for key in self.keys:
            assert not holds(city.copied(), key)
        assert not holds(city.copied(), PHONE.encode())
        status, text, answer = city.machi.ask("GET", "/files/index.csv?q=%E7%B2%97%E5%A4%A7")
        assert status == 200 and "text/csv" in answer.headers["Content-Type"], answer.headers
        assert re.search(r"粗大ごみ収集の申請（.*,少数,.*,廃棄済み\r\n", text), text
        city.kept_equals_rebuilt()


def main():
    cases = [Life.a_case_lies_in_the_file_of_its_year, Life.six_years_later_its_time_is_over,
             Life.the_records_clerk_proposes_and_the_head_decides, Life.the_file_is_disposed_of_and_nobody_reads_it]
    print(f"1..{len(cases)}")
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with tempfile.TemporaryDirectory() as name:
        life = Life(City(pathlib.Path(name)))
        try:
            for number, case in enumerate(cases, 1):
                try:
                    case(life)
                    print(f"ok {number} - {case.__name__}", flush=True)
                except Exception:
                    print(f"not ok {number} - {case.__name__}", flush=True)
                    print("\n".join("# " + line for line in traceback.format_exc().splitlines()), flush=True)
        finally:
            life.city.machi.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
