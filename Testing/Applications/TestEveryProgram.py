#!/usr/bin/env python3
"""Runs every built program: --help, --xml, --json_schema, --reference_page, --version, an unknown option, the dispatcher."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

checker, dispatcher, programs = sys.argv[1], sys.argv[2], sys.argv[3:]
problems = []


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def expect(condition, what):
    if not condition:
        problems.append(what)


overview = run(dispatcher, "--help").stdout
for program in programs:
    name = Path(program).name
    verb = name.removeprefix("sulcus-")
    help_text = run(program, "--help")
    expect(help_text.returncode == 0 and "Example:" in help_text.stdout, f"{name} --help lacks an example or fails")
    expect(help_text.stderr == "", f"{name} --help writes to stderr: {help_text.stderr[:100]}")
    xml = run(program, "--xml")
    expect(xml.returncode == 0 and xml.stderr == "", f"{name} --xml fails or writes to stderr")
    expect(Path(program + ".xml").read_text() == xml.stdout, f"{name}: the description beside the program is out of date")
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(xml.stdout)
        file.flush()
        checked = run(sys.executable, checker, file.name)
        expect(checked.returncode == 0, f"{name} --xml: {checked.stdout}")
    schema = json.loads(run(program, "--json_schema").stdout)
    for option in schema["properties"]:
        expect(option in help_text.stdout, f"{name} --help does not name {option}")
    expect(run(program, "--reference_page").stdout.startswith(f"# {name}"), f"{name} --reference_page fails")
    expect(name in run(program, "--version").stdout, f"{name} --version fails")
    unknown = run(program, "--progres", "none")
    expect(unknown.returncode == 2 and "did you mean 'progress'" in unknown.stderr, f"{name}: unknown option: {unknown.stderr}")
    expect(unknown.stderr.count("\n") == 1, f"{name}: a refusal must be one line: {unknown.stderr}")
    expect(f"  {verb}" in overview, f"sulcus --help does not list {verb}")
    expect(run(dispatcher, verb, "--version").stdout == run(program, "--version").stdout, f"sulcus {verb} does not start {name}")
mistyped = run(dispatcher, "evalaute")
expect(mistyped.returncode == 2 and (not any("evaluate" in p for p in programs) or "did you mean 'evaluate'" in mistyped.stderr),
       f"mistyped program: {mistyped.stderr}")
print("\n".join(problems) if problems else f"{len(programs)} programs keep the common rules")
sys.exit(1 if problems else 0)
