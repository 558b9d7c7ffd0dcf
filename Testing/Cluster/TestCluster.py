#!/usr/bin/env python3
"""Runs the cluster templates on a phantom BIDS data set: the Slurm script with its task numbers set by hand, the Snakemake
workflow where Snakemake is installed, and checks the derivatives against BIDS's rules. Container recipes are checked for what
they copy.

usage: TestCluster.py TEMPLATE_FOLDER PROGRAM_FOLDER       status 77: this build has no sulcus-segment"""
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

templates, programs = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
problems = []
environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "SULCUS_THREADS": "1"}
for name in ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN"):
    environment.pop(name, None)


def expect(condition, what):
    if not condition:
        problems.append(what)


def run(*command, status=0, **more):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, env={**environment, **more}, timeout=600)
    expect(result.returncode == status, f"{command[0]} ended with {result.returncode}: {result.stderr[-600:]}")
    return result


def make_model(work):
    run("sulcus-phantom", work / "cohort", "--cases", 5, "--test_cases", 0, "--validation_cases", 1, "--labelled_cases", 2)
    run("sulcus-prepare", work / "cohort", "--output", work / "cache", "--patch_size", "16,16,16", "--levels", 2, "--target_spacing", "2,2,2")
    run("sulcus-train", work / "cache", "--output", work / "run", "--steps", 2)
    return work / "run" / "model.safetensors"


def make_data(work):
    data = work / "bids data"
    for number, image in enumerate(sorted((work / "cohort" / "imagesTr").iterdir())[:3], start=1):
        session = "" if number < 3 else "ses-a"
        stem = f"sub-{number:02}" + (f"_{session}" if session else "")
        folder = data / f"sub-{number:02}" / session / "anat"
        folder.mkdir(parents=True)
        shutil.copy(image, folder / f"{stem}_T1w.nii.gz")
        (folder / f"{stem}_T1w.json").write_text('{"Modality": "MR"}')
    (data / "dataset_description.json").write_text('{"Name": "Phantoms", "BIDSVersion": "1.8.0", "DatasetDOI": "doi:10.0/none"}')
    return data


def check_slurm(data, model, output):
    script = templates / "slurm-array.sh"
    run("bash", script, data, model, output, status=1)  # outside an array
    for task in (4, 5):
        run("bash", script, data, model, output, SLURM_ARRAY_TASK_ID=str(task), SLURM_ARRAY_TASK_MIN="4", SLURM_ARRAY_TASK_COUNT="2",
            SLURM_CPUS_PER_TASK="1")
    maps = sorted(path.name for path in output.rglob("*_dseg.nii.gz"))
    expect(maps == ["sub-01_desc-sulcus_dseg.nii.gz", "sub-02_desc-sulcus_dseg.nii.gz", "sub-03_ses-a_desc-sulcus_dseg.nii.gz"], f"{maps}")
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*_dseg.nii.gz")}
    run("bash", script, data, model, output, SLURM_ARRAY_TASK_ID="0", SLURM_ARRAY_TASK_COUNT="1")
    expect({path: path.stat().st_mtime_ns for path in before} == before, "a second submission does the work again")
    run("sulcus-bids", data, output, "group")


def read_tsv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def check_derivatives(data, output):
    description = json.loads((output / "dataset_description.json").read_text())
    expect(isinstance(description["Name"], str) and re.fullmatch(r"\d+\.\d+\.\d+", description["BIDSVersion"]), "name or BIDS version")
    expect(description["DatasetType"] == "derivative", "DatasetType")
    expect(all(generator["Name"] and generator["Version"] for generator in description["GeneratedBy"]), "GeneratedBy")
    expect(description["SourceDatasets"][0]["DOI"] == "doi:10.0/none", "SourceDatasets")
    raw = (output / description["DatasetLinks"]["raw"]).resolve()
    expect(raw == data.resolve(), f"the link to the raw data leads to {raw}")
    for image in output.rglob("*_dseg.nii.gz"):
        base = str(image)[: -len(".nii.gz")]
        sidecar = json.loads(Path(base + ".json").read_text())
        for source in sidecar["Sources"]:
            expect((raw / source.removeprefix("bids:raw:")).exists(), f"{source} leads nowhere")
        table = read_tsv(base + ".tsv")
        expect([int(row["index"]) for row in table] == [label["Index"] for label in sidecar["Labels"]], f"labels of {image.name}")
        expect(all(re.fullmatch(r"#[0-9a-f]{6}", row["color"]) for row in table), f"colours of {image.name}")
        expect(len({row["color"] for row in table}) == len(table), f"two labels of {image.name} have one colour")
    rows = read_tsv(output / "group_desc-sulcus_volumes.tsv")
    dictionary = json.loads((output / "group_desc-sulcus_volumes.json").read_text())
    expect(len(rows) == 3 and list(rows[0]) == list(dictionary), "the data dictionary does not fit the table")
    for row in rows:
        labels = json.loads((output / row["segmentation"].replace(".nii.gz", ".json")).read_text())["Labels"]
        own = sum(float(value) for column, value in row.items() if column.endswith("_mm3"))
        expect(abs(own - sum(label["VolumeInMm3"] for label in labels)) < 1e-6, f"volumes of {row['participant_id']}")
    try:
        from bids_validator import BIDSValidator  # checks names of raw data only
    except ImportError:
        return
    for path in data.rglob("*.*"):
        expect(path.is_dir() or BIDSValidator().is_bids("/" + str(path.relative_to(data))), f"{path} is no BIDS name")


def check_snakemake(data, model, output):
    snakemake = shutil.which("snakemake")
    if snakemake is None:
        print("Snakemake is not installed: its workflow was not run")
        return
    work = output.parent / "snakemake"
    work.mkdir()
    command = [snakemake, "-s", (templates / "Snakefile").resolve(), "--cores", "1", "--directory", work, "--config", f"data={data}",
               f"model={model}", f"output={output}", "threads=1"]
    planned = run(*command, "--dry-run", "--quiet")
    run(*command)
    expect((output / "group_desc-sulcus_volumes.tsv").exists(), f"the workflow made no group table: {planned.stdout}")
    again = run(*command)
    expect("Nothing to be done" in again.stdout + again.stderr, "the workflow does its work twice")


def check_recipes():
    recipe = (templates / "Dockerfile").read_text()
    source = templates.resolve().parent.parent
    for script in re.findall(r"bash (\S+\.sh)", recipe):
        expect((source / script).exists(), f"Dockerfile runs {script}, which is not there")
    presets = json.loads((source / "CMakePresets.json").read_text())
    names = {preset["name"] for preset in presets["configurePresets"]}
    expect(set(re.findall(r"--preset (\S+)", recipe)) <= names, "Dockerfile names a preset that is not there")
    for script in source.rglob("*.sh"):
        if "build" not in script.relative_to(source).parts:
            run("bash", "-n", script)


check_recipes()
if not (programs / "sulcus-segment").exists():
    print("\n".join(problems) or "this build has no sulcus-segment")
    sys.exit(1 if problems else 77)
with tempfile.TemporaryDirectory() as temporary:
    folder = Path(temporary)
    weights = make_model(folder)
    dataset = make_data(folder)
    derivatives = dataset / "derivatives" / "sulcus"
    check_slurm(dataset, weights, derivatives)
    check_derivatives(dataset, derivatives)
    check_snakemake(dataset, weights, folder / "second")
print("\n".join(problems) if problems else "the templates work")
sys.exit(1 if problems else 0)
