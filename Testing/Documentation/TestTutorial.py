#!/usr/bin/env python3
"""Runs the commands of Documentation/Tutorial.md (its ```bash blocks) in an empty folder, in their order.

usage: TestTutorial.py TUTORIAL PROGRAM_FOLDER
Each command is run as it stands but for `--steps N`, which becomes 3. The files that the text names
must exist afterwards. A program that this build lacks ends the test with status 77 (skipped)."""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

page, programs = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
text = page.read_text(encoding="utf-8")
blocks = re.findall(r"^```bash\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
commands = [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]
missing = sorted({words[1] for words in map(str.split, commands) if words[0] == "sulcus" and not (programs / f"sulcus-{words[1]}").exists()})
if missing:
    print(f"not built here: {missing}")
    sys.exit(77)
# Files that the prose promises, e.g. `fused/report.html`: they contain a slash and an ending.
outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
promised = {name for name in re.findall(r"`([\w./-]+/[\w.-]+\.(?:html|tsv|json|gz|png))`", outside)}
environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "SULCUS_THREADS": "2"}
problems = []
with tempfile.TemporaryDirectory() as folder:
    for command in commands:
        shortened = re.sub(r"(--(?:\w+_)?steps[ =])\d+", r"\g<1>3", command)
        result = subprocess.run(["bash", "-euo", "pipefail", "-c", shortened], cwd=folder, env=environment, capture_output=True, text=True)
        if result.returncode != 0:
            problems.append(f"{command}\n  status {result.returncode}: {result.stderr.strip()}")
            break
    else:
        problems += [f"the text names {name}, which no command made" for name in sorted(promised) if not (Path(folder) / name).exists()]
if len(commands) < 8:
    problems.append(f"only {len(commands)} commands were found in {page}")
print("\n".join(problems) if problems else f"{len(commands)} commands run, {len(promised)} promised files are there")
sys.exit(1 if problems else 0)
