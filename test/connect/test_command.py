"""machi import and machi export as an operator types them: a server of its own, exit codes, report, files."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BIN = sys.argv[1]
# Types whose files name a key: those without one (TrafficAccident) and readings don't come back from an export.
KEYED = ["AED", "EvacuationSite", "Shelter", "PublicToilet", "Park", "Preschool", "PublicFacility", "VulnerablePeopleFacility",
         "PopulationByAreaAge", "MeshPopulation", "RiverGauge"]
HEAD = "全国地方公共団体コード,ID,名称,小児対応設備の有無\n"


def machi(*arguments):
    return subprocess.run([BIN, *map(str, arguments)], capture_output=True, text=True, timeout=120)


def begin(folder):
    """Starts the server and waits until it says where it listens."""
    server = subprocess.Popen([BIN, "serve", "--data", str(folder), "--listen", "127.0.0.1:0", "--sandbox"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in server.stdout:
        if re.search(r"listens on", line):
            return server
    raise SystemExit("the server ended before it listened")


def imports_and_reports(data, folder):
    good = folder / "aed.csv"
    good.write_text(HEAD + "222127,1,本館,○\n222127,,無番,有\n")
    done = machi("import", "--data", data, "--report", folder / "report.json", good)
    assert done.returncode == 0, done.stderr
    assert "2 rows: 0 imported, 1 repaired, 1 listed" in done.stdout, done.stdout
    assert "1 x ID: This is needed" in done.stdout and "      line 3\n" in done.stdout, done.stdout
    report = json.loads((folder / "report.json").read_text())
    assert [(one["created"], one["rules"]) for one in report] == [(1, {"mark-to-boolean": 1})], report


def groups_equal_reasons(data, folder):
    many = folder / "many.csv"
    many.write_text(HEAD + "222127,,無番,有\n" * 40 + "999,9,他市,有\n222127,,末尾,有\n")
    done = machi("import", "--data", data, "--dry-run", "--report", folder / "many.json", many)
    assert "41 x ID: This is needed" in done.stdout, done.stdout
    assert done.stdout.count("      line ") <= 6 and "and 38 more" in done.stdout, done.stdout
    report = json.loads((folder / "many.json").read_text())[0]
    assert len(report["listedRows"]) == report["listed"] >= 41, report["listed"]


def imports_again_and_changes_nothing(data, folder):
    done = machi("import", "--data", data, folder / "aed.csv")
    assert "0 new, 0 changed, 1 unchanged" in done.stdout, done.stdout


def goes_on_behind_a_file_that_fails(data, folder):
    odd = folder / "odd.csv"
    odd.write_text("colour\nred\n")
    done = machi("import", "--data", data, odd, folder / "missing.csv", folder / "aed.csv")
    assert done.returncode == 4 and "1 unchanged" in done.stdout, (done.returncode, done.stdout)
    assert done.stderr.count("No layout of the dictionary") == 1, done.stderr
    assert done.stderr.count("missing.csv") == 1, done.stderr


def replaces_only_when_told(data, folder):
    newer = folder / "newer.csv"
    newer.write_text(HEAD + "222127,2,分館,無\n")
    done = machi("import", "--data", data, "--dry-run", newer)
    assert "a dry run" in done.stdout and "1 vanished, 0 removed" in done.stdout, done.stdout
    done = machi("import", "--data", data, "--dry-run", "--replace", newer)
    assert "1 vanished, 1 would be removed" in done.stdout, done.stdout
    done = machi("import", "--data", data, newer)
    assert "1 new" in done.stdout and "1 vanished, 0 removed" in done.stdout, done.stdout
    done = machi("import", "--data", data, "--replace", newer)
    assert "1 vanished, 1 removed" in done.stdout, done.stdout


def exports_what_is_there(data, folder):
    out = folder / "out.csv"
    done = machi("export", "--data", data, "--type", "AED", "--out", out)
    assert done.returncode == 0, done.stderr
    rows = out.read_bytes().decode("utf-8-sig").split("\r\n")
    assert rows[0].startswith("全国地方公共団体コード,ID,") and rows[1].startswith("222127,2,"), rows
    assert machi("export", "--data", data, "--type", "Nothing").returncode == 4


def exports_come_in_again_unchanged(data, folder):
    """Whatever has a key of its own: what was exported says the same as what is there."""
    samples = pathlib.Path(os.environ["MACHI_SAMPLES"])
    files = [*sorted((samples / "yaizu").glob("*.csv")), samples / "takamatsu/population_area_age_2024-07.csv",
             samples / "fukui/waterlevel_sensors_bom.csv", samples / "fukui/mesh1km_population_202108.csv"]
    done = machi("import", "--data", data, "--replace", *files)
    assert done.returncode == 0, done.stderr
    for name in KEYED:
        out = folder / f"{name}.csv"
        assert machi("export", "--data", data, "--type", name, "--out", out).returncode == 0, name
        done = machi("import", "--data", data, "--replace", out)
        unchanged = re.search(r"0 new, 0 changed, (\d+) unchanged, 0 vanished, 0 removed", done.stdout)
        assert unchanged and int(unchanged.group(1)) > 20, (name, done.stdout, done.stderr)


def shows_nothing_of_a_file_raw(data, folder):
    """Neither its headers nor its values steer the terminal."""
    odd = folder / "control.csv"
    odd.write_bytes("a\x1b[31mred\x07,\u202eb\n1,2\n".encode())
    done = machi("import", "--data", data, "--dry-run", odd)
    assert "\\x1b[31mred\\x07" in done.stderr and "\\u202eb" in done.stderr, done.stderr
    odd.write_bytes((HEAD.strip() + ",\x1b]0;x\x07\n222127,9,本館,\x1b[2J\u009b\n").encode())
    done = machi("import", "--data", data, "--dry-run", odd)
    text = done.stdout + done.stderr
    assert "\\x1b[2J" in text and "\\u009b" in text and "\\x1b]0;x\\x07" in text, text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text), repr(text)


def names_what_it_cannot_read(data, folder):
    """Of several files, which one; another encoding by its name; what is no text at all."""
    text = "名称,緯度,経度\n本館,34.8,138.3\n"
    for bytes_of, says in ((text.encode("euc_jp"), "in EUC-JP, as it seems: save it as UTF-8"), (bytes(range(256)) * 8, "no text in UTF-8 or CP932"),
                           (text.encode("iso2022_jp"), "in ISO-2022-JP"), ("ｶﾅ,ﾅﾏｴ\nｱ,ｲ\n".encode("cp932"), "No layout of the dictionary"),
                           (("題,名\n" + "あ" * (2 << 20) + "\n").encode(), "Line 2 is longer")):
        odd = folder / "unread.csv"
        odd.write_bytes(bytes_of)
        done = machi("import", "--data", data, "--dry-run", folder / "aed.csv", odd)
        assert done.returncode and says in done.stderr and "unread.csv" in done.stderr, done.stderr


def needs_a_running_server(_data, folder):
    done = machi("import", "--data", folder, folder / "aed.csv")
    assert done.returncode == 4 and "No machi runs" in done.stderr, done.stderr


CASES = [imports_and_reports, groups_equal_reasons, imports_again_and_changes_nothing, goes_on_behind_a_file_that_fails,
         replaces_only_when_told, exports_what_is_there, exports_come_in_again_unchanged,
         shows_nothing_of_a_file_raw, names_what_it_cannot_read, needs_a_running_server]


def main():
    print(f"1..{len(CASES)}")
    failed = 0
    with tempfile.TemporaryDirectory() as root:
        folder = pathlib.Path(root)
        server = begin(folder / "data")
        try:
            for number, case in enumerate(CASES, 1):
                try:
                    case(folder / "data", folder)
                    print(f"ok {number} - {case.__name__}")
                except AssertionError as error:
                    failed += 1
                    print(f"not ok {number} - {case.__name__}\n# {error}")
        finally:
            server.terminate()
            server.wait(timeout=60)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
