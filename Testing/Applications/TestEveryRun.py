#!/usr/bin/env python3
"""Runs every program on a tiny phantom cohort as Slicer would, and in a process that may not open a network socket.

usage: TestEveryRun.py PROGRAM_FOLDER NO_NETWORK_LAUNCHER
Checks of every run: exit status, no network, the progress tags on standard output, the returned parameters."""
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

programs, launcher = Path(sys.argv[1]), sys.argv[2]
problems = []
NO_FILTER = 77


def expect(condition, what):
    if not condition:
        problems.append(what)


def check_launcher():
    """The launcher must kill what opens a network socket, also in a child, and let local sockets be."""
    script = "import socket, sys; socket.socket(getattr(socket, sys.argv[1]))"
    local = subprocess.run([launcher, sys.executable, "-c", script, "AF_UNIX"], capture_output=True, text=True)
    if local.returncode == NO_FILTER:
        print(local.stderr)
        sys.exit(NO_FILTER)
    expect(local.returncode == 0, f"a local socket is refused: {local.stderr}")
    for family in ("AF_INET", "AF_INET6", "AF_NETLINK"):
        for command in ([sys.executable, "-c", script, family], ["sh", "-c", f'"{sys.executable}" -c "{script}" {family}; exit $?']):
            status = subprocess.run([launcher, *command], capture_output=True).returncode
            expect(status in (-signal.SIGSYS, 128 + signal.SIGSYS), f"{family} is not noticed: {status}")


def check_progress(verb, output):
    """Tags must be complete, balanced and in [0, 1]: Slicer reads the last complete one."""
    starts = re.findall(r"<filter-start>\n<filter-name>[^<]+</filter-name>\n<filter-comment> \"[^<]*\" </filter-comment>\n</filter-start>", output)
    ends = re.findall(r"<filter-end>\n<filter-name>[^<]+</filter-name>\n<filter-time>[0-9.]+</filter-time>\n</filter-end>", output)
    values = [float(value) for value in re.findall(r"<filter-progress>([0-9.]+)</filter-progress>", output)]
    expect(starts and len(starts) == len(ends), f"{verb}: {len(starts)} filter-start but {len(ends)} filter-end")
    expect(output.count("<filter-start>") == len(starts), f"{verb}: a filter-start of another form: {output[:300]}")
    expect(values and all(0 <= value <= 1 for value in values), f"{verb}: progress {values[:5]}")
    expect(values[-1:] == [1.0], f"{verb}: progress ends at {values[-1:]}")


def check_returned(verb, file):
    """The file must give a value to every return parameter that the description declares, and to nothing else."""
    description = ElementTree.parse(programs / f"sulcus-{verb}.xml")
    declared = {p.findtext("name") for p in description.iter() if p.findtext("channel") == "output" and p.find("longflag") is None}
    lines = file.read_text().splitlines() if file.exists() else []
    returned = {line.split(" = ", 1)[0]: line.split(" = ", 1)[-1] for line in lines}
    expect(set(returned) == declared, f"{verb}: returned {sorted(returned)}, declared {sorted(declared)}")
    expect(float(returned.get("run_seconds", -1)) >= 0, f"{verb}: run_seconds {returned.get('run_seconds')}")


done = set()


def run(verb, *arguments, statuses=(0,), after=(), display=False):
    """Runs a program if it was built; returns whether it was."""
    program = programs / f"sulcus-{verb}"
    if not program.exists():
        return False
    done.add(verb)
    returned = work / f"returned-{verb}.txt"
    command = [*(["xvfb-run", "-a"] if display else []), launcher, program, *arguments, "--progress", "slicer", "--log_level", "warning", "--threads", "1",
               "--returnparameterfile", returned, "--processinformationaddress", "0x7f00", *after]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300)
    expect(result.returncode not in (-signal.SIGSYS, 128 + signal.SIGSYS), f"{verb} opens a network socket")
    expect(result.returncode in statuses, f"{verb} ends with status {result.returncode}: {result.stderr}")
    if result.returncode == 0:
        check_progress(verb, result.stdout)
        check_returned(verb, returned)
    return True


def run_viewing(scan, labels):
    run("mosaic", scan, work / "mosaic.png", "--labels", labels)
    run("mesh", labels, work / "surfaces.glb")
    if shutil.which("xvfb-run"):  # the display's own connection is a local socket
        run("render", scan, work / "render.png", "--labels", labels, display=True)
        run("view", scan, "--labels", labels, "--snapshot", work / "view.png", display=True)


def run_imaging():
    cohort = work / "cohort"
    run("phantom", cohort, "--cases", 6, "--test_cases", 1, "--validation_cases", 1, "--labelled_cases", 1, "--annotators", 3)
    scan = sorted((cohort / "imagesTr").iterdir())[0]
    drawings = sorted((cohort / "annotators").rglob(scan.name.split("_0000")[0] + "*"))
    run("check", cohort, "--tsv", work / "findings.tsv", statuses=(0, 7))
    run("convert", scan, work / "scan.nrrd")
    run("preprocess", scan, work / "scan.nii.gz", "--orientation", "LPS", "--spacing", "2")
    run("consensus", *drawings, "--output", work / "fused", "--rule", "majority", "--missing_value", "255", "--no_compare", "--no_complete")
    run("evaluate", cohort / "labelsTr", cohort / "labelsTr", work / "scores", "--resamples", "10")
    run("prepare", cohort / "manifest.tsv", "--output", work / "cache", "--patch_size", "16,16,16", "--levels", "2", "--target_spacing", "2,2,2")
    run("batch", cohort / "manifest.tsv", "--state", work / "state", after=("--", "convert", "{folder}/{image_T1}", work / "{case}.nrrd"))
    run_viewing(scan, cohort / "labelsTr" / scan.name.replace("_0000", ""))
    return scan


def run_learning(scan):
    if not run("pretrain", work / "cache", "--output", work / "pretrained", "--steps", 1):
        return
    run("probe", work / "cache", "--model", work / "pretrained" / "model.safetensors")
    run("train", work / "cache", "--output", work / "run", "--steps", 2)
    model = work / "run" / "model.safetensors"
    run("segment", scan, "--model", model, "--output", work / "labels.nrrd")
    run("study", work / "cohort", "--output", work / "study", "--methods", "supervised", "--pretraining", "none", "--fuse", "none",
        "--steps", 1)
    run("report", work / "study", "--output", work / "report.html")
    anatomy = work / "bids" / "sub-01" / "anat"
    anatomy.mkdir(parents=True)
    (anatomy / "sub-01_T1w.nii.gz").write_bytes(scan.read_bytes())
    (work / "bids" / "dataset_description.json").write_text('{"Name": "Phantom", "BIDSVersion": "1.8.0"}')
    run("bids", work / "bids", work / "derivatives", "participant", "--model", model)
    run("bids", work / "bids", work / "derivatives", "group")


check_launcher()
with tempfile.TemporaryDirectory() as temporary:
    work = Path(temporary)
    if (programs / "sulcus-phantom").exists():
        scan_file = run_imaging()
        run_learning(scan_file)
    # What needs a display or has tests of its own must at least answer without network.
    for other in sorted(path.name.removeprefix("sulcus-") for path in programs.glob("sulcus-*") if "." not in path.name):
        if other not in done:
            status = subprocess.run([launcher, programs / f"sulcus-{other}", "--help"], capture_output=True).returncode
            expect(status == 0, f"{other} --help ends with status {status} without network")
print("\n".join(problems) if problems else f"{len(done)} programs run without network, report progress and return parameters")
sys.exit(1 if problems else 0)
