#!/usr/bin/env python3
"""machi rules: a decision model is computed, a procedure's definition is held to what publishing demands. TAP."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

MACHI = os.environ["MACHI_BIN"]
STARTER = pathlib.Path(os.environ["MACHI_ROOT"]) / "starter"
MODEL = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m">
<inputData id="a" name="Age"><variable name="Age" typeRef="number"/></inputData>
<decision id="d" name="May vote"><variable name="May vote"/><informationRequirement><requiredInput href="#a"/></informationRequirement>
<literalExpression><text>Age &gt;= 18</text></literalExpression></decision>
<decision id="e" name="Broken"><variable name="Broken"/><literalExpression><text>1 / 0</text></literalExpression></decision>
</definitions>"""


def run(*args):
    done = subprocess.run([MACHI, "rules", *map(str, args)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def a_model_is_decided(folder):
    (folder / "m.dmn").write_text(MODEL)
    (folder / "in.json").write_text('{"Age": 17.5}')
    code, out, err = run("--inputs", folder / "in.json", folder / "m.dmn")
    assert code == 0 and json.loads(out) == {"May vote": False, "Broken": None}, (code, out, err)
    assert "Broken: division by zero" in err, err
    code, out, _ = run("--decision", "May vote", folder / "m.dmn")
    assert code == 0 and json.loads(out) == {"May vote": None}, out


def what_is_no_model_is_refused(folder):
    (folder / "x.dmn").write_text("<html/>")
    assert run(folder / "x.dmn")[0] == 2
    assert run(folder / "missing.dmn")[0] == 4
    code, _, err = run("--decision", "Nothing", folder / "m.dmn")
    assert code == 4 and 'no decision "Nothing"' in err, err


def the_starters_definitions_can_be_published(_):
    found = sorted((STARTER / "procedures").glob("*.json"))
    assert found
    for path in found:
        code, out, err = run("--organisation", STARTER / "organisation.json", path)
        examples = len(json.loads(path.read_text())["examples"])
        assert code == 0 and out == "" and f"can be published; examples that hold: {examples}." in err, (path, out, err)


def findings_name_their_places(folder):
    definition = json.loads((STARTER / "procedures/dog-registration.json").read_text())
    definition["post"] = "nobody"
    definition["pages"][0]["fields"][2]["when"] = "chip"
    del definition["retention"]
    (folder / "p.json").write_text(json.dumps(definition))
    code, out, err = run("--organisation", STARTER / "organisation.json", folder / "p.json")
    assert code == 2 and "3 findings" in err, (code, err)
    assert out.splitlines() == ['post: Nobody holds the post "nobody".', "retention: How long its cases are kept is not said.",
                                'pages.dog.otherBreed: "chip" is used before it is asked.'], out
    definition = json.loads((STARTER / "procedures/dog-registration.json").read_text())
    definition["examples"][0]["expect"]["fee"] = 300
    (folder / "p.json").write_text(json.dumps(definition))
    code, out, err = run(folder / "p.json")
    assert code == 2 and out == "examples.plain: The fee is 3000, 300 was expected.\n", (code, out, err)
    definition["pages"][0]["fields"][2]["when"] = "chip ="
    (folder / "p.json").write_text(json.dumps(definition))
    code, _, err = run(folder / "p.json")
    assert code == 2 and "pages[0].fields[2].when" in err, err


def what_is_no_definition_is_named(folder):
    path = folder / "n.json"
    for text, found in (("[1]", "holds an array."), ('"a"', "holds a text."), ("{}", "holds an empty object."), ("7", "holds a number."),
                        ('{"a": 1, "b": 2}', 'members "a", "b".'), ('{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}', '"d" and 1 more.')):
        path.write_text(text)
        code, out, err = run(path)
        assert code == 2 and out == "" and "no definition of a procedure" in err and found in err and str(path) in err, (text, err)
    for path in STARTER.glob("*.json"):
        code, _, err = run(path)
        assert code == 2 and "no definition of a procedure" in err, (path, err)


def main():
    cases = [a_model_is_decided, what_is_no_definition_is_named, what_is_no_model_is_refused, the_starters_definitions_can_be_published, findings_name_their_places]
    print(f"1..{len(cases)}")
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        for number, case in enumerate(cases, 1):
            try:
                case(pathlib.Path(name))
                print(f"ok {number} - {case.__name__}")
            except Exception as error:  # a test's report, whatever went wrong
                failed += 1
                print(f"not ok {number} - {case.__name__}\n# {error!r}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
