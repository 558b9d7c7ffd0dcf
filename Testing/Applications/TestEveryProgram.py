#!/usr/bin/env python3
"""Runs every built program: --help, --xml, --json_schema, --reference_page, --version, every option as Slicer gives it, an
unknown option, the dispatcher."""
import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

checker, dispatcher, programs = sys.argv[1], sys.argv[2], sys.argv[3:]
problems = []


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def expect(condition, what):
    if not condition:
        problems.append(what)


def slicer_arguments(description):
    """Lists of arguments as Slicer's logic makes them: every number and choice always, every flag that may be set."""
    fixed, choices, paths = [], [], []
    for parameter in ElementTree.fromstring(description).iter():
        flag = parameter.findtext("longflag")
        if flag is None:
            continue
        default = parameter.findtext("default") or ""
        elements = [element.text for element in parameter.findall("element")]
        if parameter.tag == "boolean":
            paths.append(["--" + flag])
        elif parameter.find("channel") is not None:
            paths.append(["--" + flag, "/tmp/slicer node 1.nrrd"])
        elif default:
            fixed += ["--" + flag, default]
            choices.append([["--" + flag, element] for element in elements] or [[]])
    # Every choice occurs in one of the rounds.
    rounds = [sum((own[i % len(own)] for own in choices), []) for i in range(max(map(len, choices), default=0))]
    return fixed, rounds, paths


def check_arguments(program, name, description, help_text):
    fixed, rounds, paths = slicer_arguments(description)
    everything = fixed + sum(paths, []) + ["--returnparameterfile", "/tmp/r", "--processinformationaddress", "0x0"]
    known = run(program, *everything, "--version")
    expect(known.returncode == 0, f"{name} does not know a flag of its own description: {known.stderr}")
    if "required]" not in help_text:
        return
    # Values are read before missing parameters are told, so this shows that all of them were accepted.
    accepted = run(program, *fixed, "--returnparameterfile", "/tmp/r")
    expect(accepted.returncode == 2 and " is missing: " in accepted.stderr, f"{name} refuses its defaults: {accepted.stderr}")
    for choices in rounds:
        refused = run(program, *choices)
        expect(" is missing: " in refused.stderr, f"{name} refuses a choice of its own description: {refused.stderr}")


overview = run(dispatcher, "--help").stdout
checked = run(sys.executable, checker, "--programs", *programs)
expect(checked.returncode == 0, checked.stdout)
for program in programs:
    name = Path(program).name
    verb = name.removeprefix("sulcus-")
    help_text = run(program, "--help")
    expect(help_text.returncode == 0 and "Example:" in help_text.stdout, f"{name} --help lacks an example or fails")
    expect(help_text.stderr == "", f"{name} --help writes to stderr: {help_text.stderr[:100]}")
    description = Path(program + ".xml").read_text()
    expect("<name>run_warnings</name>" in description, f"{name}: the description lacks return parameters")
    check_arguments(program, name, description, help_text.stdout)
    schema = json.loads(run(program, "--json_schema").stdout)
    for option in schema["properties"]:
        expect(option in help_text.stdout, f"{name} --help does not name {option}")
    expect(run(program, "--reference_page").stdout.startswith(f"# {name}"), f"{name} --reference_page fails")
    expect(name in run(program, "--version").stdout, f"{name} --version fails")
    unknown = run(program, "--progres", "none")
    expect(unknown.returncode == 2 and "did you mean 'progress'" in unknown.stderr, f"{name}: unknown option: {unknown.stderr}")
    expect(unknown.stderr.count("\n") == 1, f"{name}: a refusal must be one line: {unknown.stderr}")
    line = next((line for line in overview.splitlines() if line.startswith(f"  {verb} ")), "")
    expect(len(line) > 20 and len(line) <= 110, f"sulcus --help has no line for {verb}: '{line}'")
    expect(run(dispatcher, verb, "--version").stdout == run(program, "--version").stdout, f"sulcus {verb} does not start {name}")
    mistyped = run(dispatcher, verb[1] + verb[0] + verb[2:])
    expect(mistyped.returncode == 2 and f"did you mean '{verb}'" in mistyped.stderr, f"mistyped {verb}: {mistyped.stderr}")
print("\n".join(problems) if problems else f"{len(programs)} programs keep the common rules")
sys.exit(1 if problems else 0)
