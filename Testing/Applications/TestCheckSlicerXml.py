#!/usr/bin/env python3
"""Plants one fault at a time in a valid description, and in an executable: the checker must refuse each."""
import subprocess
import sys
import tempfile
from pathlib import Path

VALID = """<?xml version="1.0" encoding="utf-8"?>
<executable><category>C</category><title>T</title><description>D</description>
<parameters><label>L</label><description>D</description>
<image type="label" fileExtensions=".nrrd"><name>input</name><label>l</label><index>0</index><description>d</description><channel>input</channel></image>
<image reference="input"><name>output</name><label>l</label><index>1</index><description>d</description><channel>output</channel></image>
<integer><name>count</name><label>l</label><longflag>count</longflag><flag>c</flag><description>d</description><default>3</default>
<constraints><minimum>1</minimum><maximum>5</maximum><step>1</step></constraints></integer>
<string-enumeration><name>mode</name><label>l</label><longflag alias="the-mode">mode</longflag><description>d</description><default>a</default><element>a</element><element>b</element></string-enumeration>
<integer-enumeration><name>size</name><label>l</label><longflag>size</longflag><description>d</description><default>6</default><element>6</element></integer-enumeration>
<boolean><name>fast</name><label>l</label><longflag>fast</longflag><description>d</description><default>false</default></boolean>
<double-vector><name>shift</name><label>l</label><longflag>shift</longflag><description>d</description><default>1,2.5</default></double-vector>
<transform type="linear"><name>move</name><label>l</label><longflag>move</longflag><description>d</description><channel>input</channel></transform>
<string><name>answer</name><label>l</label><description>d</description><channel>output</channel><default></default></string>
</parameters></executable>
"""
FAULTS = [
    ("<?xml", "\n<?xml"),
    ("<?xml", "\ufeff<?xml"),
    ("</executable>", ""),
    ("<title>T</title>", ""),
    ("<title>T</title>", "<title>T</title><colour>red</colour>"),
    ("<parameters>", '<parameters collapsed="true">'),
    ("<parameters>", '<parameters advanced="yes">'),
    ("<parameters><label>L</label>", "<parameters>"),
    ("<longflag>count", "<longflag>max-count"),
    ("<name>count", "<name>1count"),
    ("<flag>c", "<flag>cc"),
    ('type="label"', 'type="segmentation"'),
    ('type="label"', 'kind="label"'),
    ('type="linear"', 'type="rigid"'),
    ('fileExtensions=".nrrd"', 'fileExtensions="nrrd"'),
    ("<integer>", '<integer reference="input">'),
    ("<double-vector>", '<double-vector multiple="true">'),
    ("<boolean>", '<boolean multiple="true">'),
    ("<integer>", '<integer multiple="yes">'),
    ("<default>3</default>", ""),
    ("<default>3</default>", "<default></default>"),
    ("<default>3</default>", "<default>9</default>"),
    ("<default>3</default>", "<default>2.5</default>"),
    ("<default>1,2.5</default>", "<default>1;2.5</default>"),
    ("<default>a</default>", "<default>c</default>"),
    ("<default>a</default>", ""),
    ("<element>b</element>", "<element>a</element>"),
    ("<element>6</element>", "<element>6</element><element>six</element>"),
    ("<default>false</default>", "<default>true</default>"),
    ("<default>false</default>", "<default>false</default><element>x</element>"),
    ("<minimum>1</minimum>", "<minimum>6</minimum>"),
    ("<minimum>1</minimum>", "<minimum>one</minimum>"),
    ("<minimum>1</minimum>", "<lowest>1</lowest>"),
    ("<step>1</step>", "<step>0</step>"),
    ("<channel>input</channel>", ""),
    ("<channel>input</channel>", "<channel>inout</channel>"),
    ("<boolean>", "<boolean-vector>"),
    ("<name>fast</name>", "<name>mode</name>"),
    ("<longflag>fast</longflag>", "<longflag>size</longflag>"),
    ("<longflag>fast</longflag>", "<longflag>the-mode</longflag>"),
    ("<longflag>fast</longflag>", "<longflag>fast</longflag><flag>c</flag>"),
    ("<longflag>fast</longflag>", "<longflag>fast</longflag><index>2</index>"),
    ("<longflag>fast</longflag>", ""),
    ('<longflag alias="the-mode">', '<longflag synonym="the-mode">'),
    ("<index>1</index>", "<index>2</index>"),
    ("<index>1</index>", "<index>0</index>"),
    ("<index>1</index>", "<index>one</index>"),
    ('reference="input"', 'reference="inptu"'),
    ("<name>answer</name>", "<name>answer</name><index>1000</index>"),
    ("<name>answer</name>", "<name>answer</name><longflag>answer</longflag>"),
    ("<name>count</name>", "<name>count</name><name>number</name>"),
    ("<name>count</name>", "<name>count</name><unit>mm</unit>"),
    ("<description>d</description><default>3", "<default>3"),
    ("<label>l</label><longflag>size", "<longflag>size"),
]
# Executables: what is done to a script that prints the valid description.
SCRIPT = '#!/bin/sh\n[ "$1" = --xml ] || exit 2\ncat "$0.xml"\n'
PROGRAM_FAULTS = [
    ("name with a dot", "module.sh", SCRIPT),
    ("text on standard error", "module", SCRIPT.replace("cat", "echo starting >&2\ncat")),
    ("another exit status", "module", SCRIPT + "exit 1\n"),
    ("text before the description", "module", SCRIPT.replace("cat", "echo starting\ncat")),
    ("too slow", "module", SCRIPT + "sleep 7\n"),
    ("description beside it out of date", "module", SCRIPT.replace("cat", "sed 's/<title>T/<title>U/'")),
]


def refuses(*arguments):
    return subprocess.run([sys.executable, sys.argv[1], *arguments], capture_output=True).returncode == 1


def check_descriptions(folder):
    file = folder / "description.xml"
    file.write_text(VALID, encoding="utf-8")
    missed = ["the valid description is refused"] if refuses(str(file)) else []
    for old, new in FAULTS:
        assert old in VALID, old
        faulty = VALID.replace(old, new, 1)
        if "boolean-vector" in new:
            faulty = faulty.replace("</boolean>", "</boolean-vector>")
        file.write_text(faulty, encoding="utf-8")
        if not refuses(str(file)):
            missed.append(f"{old} -> {new}")
    return missed


def check_programs(folder):
    missed = []
    for what, name, script in [("nothing", "module", SCRIPT), *PROGRAM_FAULTS]:
        program = folder / name
        program.write_text(script)
        program.chmod(0o755)
        (folder / (name + ".xml")).write_text(VALID, encoding="utf-8")
        if refuses("--programs", str(program)) != (what != "nothing"):
            missed.append(f"program with fault: {what}")
    program.chmod(0o644)
    if not refuses("--programs", str(program)):
        missed.append("a file that is not executable")
    return missed


with tempfile.TemporaryDirectory() as temporary:
    problems = check_descriptions(Path(temporary)) + check_programs(Path(temporary))
print("\n".join(problems) if problems else f"{len(FAULTS) + len(PROGRAM_FAULTS) + 1} faults found")
sys.exit(1 if problems else 0)
