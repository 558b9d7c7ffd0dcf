#!/usr/bin/env python3
"""Plants one fault at a time in a valid description: the checker must refuse each."""
import subprocess
import sys
import tempfile

VALID = """<?xml version="1.0" encoding="utf-8"?>
<executable><category>C</category><title>T</title><description>D</description>
<parameters><label>L</label><description>D</description>
<image type="label"><name>input</name><longflag>input</longflag><description>d</description><channel>input</channel></image>
<integer><name>count</name><longflag>count</longflag><description>d</description><default>3</default>
<constraints><minimum>1</minimum><maximum>5</maximum></constraints></integer>
<string-enumeration><name>mode</name><longflag>mode</longflag><description>d</description><default>a</default><element>a</element></string-enumeration>
<boolean><name>fast</name><longflag>fast</longflag><description>d</description><default>false</default></boolean>
</parameters></executable>
"""
FAULTS = [
    ("<?xml", "\n<?xml"),
    ("<longflag>count", "<longflag>max-count"),
    ('type="label"', 'type="segmentation"'),
    ('type="label"', 'kind="label"'),
    ("<default>3</default>", ""),
    ("<default>3</default>", "<default>9</default>"),
    ("<default>a</default>", "<default>b</default>"),
    ("<default>false</default>", "<default>true</default>"),
    ("<channel>input</channel>", ""),
    ("<boolean>", "<boolean-vector>"),
    ("<name>fast</name><longflag>fast", "<name>mode</name><longflag>fast"),
    ("<longflag>fast</longflag>", "<longflag>fast</longflag><index>0</index>"),
    ("<title>T</title>", ""),
]


def status_of(text):
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(text)
        file.flush()
        return subprocess.run([sys.executable, sys.argv[1], file.name], capture_output=True).returncode


missed = [] if status_of(VALID) == 0 else ["the valid description is refused"]
for old, new in FAULTS:
    faulty = VALID.replace(old, new, 1)
    if "boolean-vector" in new:
        faulty = faulty.replace("</boolean>", "</boolean-vector>")
    if status_of(faulty) != 1:
        missed.append(f"{old} -> {new}")
print("\n".join(missed) if missed else f"{len(FAULTS)} faults found")
sys.exit(1 if missed else 0)
