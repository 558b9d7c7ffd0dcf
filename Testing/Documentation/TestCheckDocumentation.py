#!/usr/bin/env python3
"""Plants one fault at a time in a small tree of pages: the checker must find each, and nothing in the good tree.

usage: TestCheckDocumentation.py CHECKER PROGRAM_FOLDER    (the folder must hold sulcus-batch)"""
import subprocess
import sys
import tempfile
from pathlib import Path

checker, programs = sys.argv[1:3]
GOOD = {
    "README.md": """# Top
See [the guide](Guide/Use.md#two-words-sulcus-x), [itself](#top), [out](https://example.org/none) and ![a picture](Guide/p.png).

```
sulcus batch table.tsv --state state \\
  --jobs 2 -- segment {image} --no-such-option-of-batch   # a comment with --nonsense
SULCUS_THREADS=1 sulcus-batch table.tsv --state=state && sulcus batch t.tsv --state s | head
sulcus --help
ls --sulcus-batch
```
The option `sulcus-batch --jobs` and prose `sulcus-batch … --whatever`; a [link in `code`](Guide/Use.md).
`[not a link](nowhere.md)`
| [`batch`](Guide/Use.md), [`elsewhere`](Guide/Use.md) |
""",
    "Guide/Use.md": "# Use\n## Two *words*: `sulcus-x`\n[up](../README.md)\n```\n# no heading --x\n```\n",
    "Guide/p.png": "",
    "Applications/Batch/CMakeLists.txt": "",
    "Applications/Elsewhere/CMakeLists.txt": "",
    "Applications/Batch/Example.sh": 'set -e\nif true; then sulcus-batch "$1" --state "$2"; fi\nsulcus-elsewhere --anything\n',
}
FAULTS = [
    ("README.md", "Guide/Use.md#", "Guide/Uses.md#"),
    ("README.md", "#two-words-sulcus-x", "#two-word"),
    ("README.md", "(#top)", "(#bottom)"),
    ("README.md", "Guide/p.png", "Guide/q.png"),
    ("README.md", "[the guide](Guide", "[the guide](../../Guide"),
    ("README.md", "[`elsewhere`]", "[elsewhere]"),
    ("README.md", "--jobs 2", "--job 2"),
    ("README.md", "--state=state", "--stat=state"),
    ("README.md", "sulcus batch t.tsv", "sulcus bath t.tsv"),
    ("README.md", "`sulcus-batch --jobs`", "`sulcus-batch --jbos 3`"),
    ("Guide/Use.md", "[up](../README.md)", "[up](README.md)"),
    ("Applications/Batch/Example.sh", "--state", "--stade"),
    ("Applications/Batch/Example.sh", "sulcus-elsewhere", "sulcus-nowhere"),
]


def check(tree):
    with tempfile.TemporaryDirectory() as temporary:
        for name, text in tree.items():
            path = Path(temporary) / "source" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return subprocess.run([sys.executable, checker, str(Path(temporary) / "source"), programs], capture_output=True, text=True)


problems = []
good = check(GOOD)
if good.returncode != 0:
    problems.append(f"the good tree is refused: {good.stdout}{good.stderr}")
for name, old, new in FAULTS:
    assert old in GOOD[name], old
    found = check({**GOOD, name: GOOD[name].replace(old, new, 1)})
    if found.returncode != 1 or found.stdout.count("\n") != 1 or not found.stdout.startswith(name + ":"):
        problems.append(f"{name}: {old} -> {new}: {found.stdout}{found.stderr}")
print("\n".join(problems) if problems else f"{len(FAULTS)} faults found")
sys.exit(1 if problems else 0)
