#!/usr/bin/env python3
"""Writes the folder of a finished study with invented figures: what sulcus-report reads, for tests of size, speed and looks.

usage: MakeStudyFolder.py FOLDER [CASES]

Two methods, three structures, one of them missing on both sides in some cases, annotators, calibration, training logs. All
figures follow from the case number, so that a page made of them is the same every time. Images are small phantoms (NIfTI).
"""
import gzip
import hashlib
import json
import math
import struct
import sys
from pathlib import Path

METHODS = ("supervised", "fixmatch")
STRUCTURES = ("anterior", "posterior", "lesion")
SIZE = 40


def nifti(voxels, code, bits):
    """A NIfTI-1 file of SIZE^3 voxels of 1 x 1.2 x 1.5 mm, oblique by 0.2 about the first axis."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, SIZE, SIZE, SIZE, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, code, bits)
    struct.pack_into("<8f", header, 76, 1, 1, 1.2, 1.5, 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, 352)
    struct.pack_into("<f", header, 112, 1)
    struct.pack_into("<b", header, 123, 2)  # millimetres
    struct.pack_into("<hh", header, 252, 0, 1)
    c, s = math.cos(0.2), math.sin(0.2)
    struct.pack_into("<12f", header, 280, -1, 0, 0, 20, 0, 1.2 * c, -1.5 * s, -30, 0, 1.2 * s, 1.5 * c, 10)
    header[344:348] = b"n+1\0"
    return gzip.compress(bytes(header) + voxels, 1)


def ball(shift):
    labels, image = bytearray(), []
    for z in range(SIZE):
        for y in range(SIZE):
            for x in range(SIZE):
                r = math.dist((x, y, z), (20 + shift, 20, 20))
                labels.append(0 if r > 11 else 1 if x < 20 else 2)
                image.append(100 - 3 * r + (40 if r < 11 else 0) + (x * 7 + y * 13 + z * 29) % 11)
    return bytes(labels), struct.pack(f"<{len(image)}f", *image)


def table(path, columns, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join("\t".join(map(str, row)) for row in [columns, *rows]) + "\n")


def dice_of(method, case, structure):
    return round(0.93 - 0.1 * structure - 0.03 * (method == 0) - 0.35 * math.sin(case * 1.7 + structure) ** 8, 6)


def score_rows(method, cases):
    for case in range(cases):
        for s, structure in enumerate(STRUCTURES):
            if s == 2 and case % 4 == 0:
                yield [f"case_{case:03}", f"case_{case:03}", structure, "neither"] + ["n/a"] * 4 + [0, 0, 0, "n/a"]
                continue
            dice, volume = dice_of(method, case, s), 2 + s + case % 7 / 3
            yield [f"case_{case:03}", f"case_{case:03}", structure, "both", dice, round(dice / (2 - dice), 6), round(6 - 5 * dice, 6),
                   round(1.5 - dice, 6), round(volume, 6), round(volume * (0.9 + dice / 10), 6), round(volume * (dice - 1) / 10, 6),
                   round(10 * (dice - 1), 6)]


def write_scores(folder, method, cases):
    rows = list(score_rows(method, cases))
    table(folder / "scores.tsv", ["case", "subject", "structure", "presence", "dice", "iou", "hd95_mm", "msd_mm", "volume_reference_ml",
                                  "volume_prediction_ml", "volume_difference_ml", "volume_difference_percent"], rows)
    summary = []
    for structure in (*STRUCTURES, "all structures"):
        for metric, column in (("dice", 4), ("hd95_mm", 6), ("msd_mm", 7), ("volume_difference_percent", 11)):
            values = [row[column] for row in rows if row[column] != "n/a" and structure in (row[2], "all structures")]
            mean = sum(values) / len(values)
            summary.append([structure, metric, len(values), 0, 0, 0, mean, mean - 0.01, mean + 0.01, 0.05, mean, mean, mean, min(values)])
    table(folder / "summary.tsv", ["structure", "metric", "cases", "not_applicable", "missed", "spurious", "mean", "mean_low", "mean_high", "sd",
                                   "median", "q25", "q75", "worst"], summary)
    bins = [["chosen label", k / 15, (k + 1) / 15, 1000 + k, (k + 0.5) / 15, min(1, (k + 1) / 16 + 0.02 * method)] for k in range(5, 15)]
    table(folder / "calibration_bins.tsv", ["structure", "low", "high", "voxels", "confidence", "frequency"], bins)
    table(folder / "calibration.tsv", ["structure", "voxels", "ece", "mce", "brier", "log_loss"], [["chosen label", 10045, 0.02, 0.06, 0.05, 0.2]])
    if method > 0:
        table(folder / "comparison.tsv", ["structure", "metric", "pairs", "mean_a", "mean_b", "mean_difference", "p_wilcoxon", "p_holm"],
              [[s, "dice", cases, 0.8, 0.83, 0.03, 1e-5, 3e-5] for s in STRUCTURES])


def entry(folder, path):
    data = (folder / path).read_bytes()
    return {"path": str(path), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def record(folder, stage, program, outputs, settings):
    files = [entry(folder, p.relative_to(folder)) for output in outputs for p in sorted((folder / output).rglob("*")) if p.is_file()]
    return {"stage": stage, "program": f"sulcus-{program} 0.1.0", "status": "done", "exit_status": 0, "seconds": 12.5, "peak_memory_bytes": 612000000,
            "threads": 2, "key": hashlib.sha256(stage.encode()).hexdigest(), "settings": settings, "edited": False,
            "warnings": ["a <warning> with \"marks\" & signs"] if stage == "prepare" else [], "inputs": [], "outputs": files}


def make(folder, cases):
    (folder / "data").mkdir(parents=True)
    labels, image = ball(0)
    (folder / "data" / "image.nii.gz").write_bytes(nifti(image, 16, 32))
    (folder / "data" / "label.nii.gz").write_bytes(nifti(labels, 2, 8))
    prediction = nifti(ball(3)[0], 2, 8)
    table(folder / "data" / "references.tsv", ["case", "subject", "split", "image", "label"],
          [[f"case_{c:03}", f"case_{c:03}", "test", "image.nii.gz", "label.nii.gz"] for c in range(cases)])
    stages = [record(folder, "data", "study", ["data"], {}), record(folder, "prepare", "prepare", [], {"seed": 1})]
    (folder / "stages").mkdir()
    for m, method in enumerate(METHODS):
        (folder / "segmentations" / method).mkdir(parents=True)
        for c in range(cases):
            (folder / "segmentations" / method / f"case_{c:03}.nii.gz").write_bytes(prediction)
        (folder / "train" / method).mkdir(parents=True)
        (folder / "train" / method / "log.jsonl").write_text("".join(
            json.dumps({"step": s, "kind": "train", "loss": 2 * math.exp(-s / 300) + 0.1 * m + 0.05 * math.sin(s)}) + "\n" for s in range(1, 1001)))
        write_scores(folder / "scores" / method, m, cases)
        report = {"results": {"cases": [{"case": f"extra_{c:03}", "labelled_voxels": 1000 + c} for c in range(cases)]}}
        (folder / "stages" / f"segment-{method}.report.json").write_text(json.dumps(report))
        for stage, program in (("train", "train"), ("segment", "segment"), ("evaluate", "evaluate")):
            output = {"train": "train", "segment": "segmentations", "evaluate": "scores"}[stage]
            stages.append(record(folder, f"{stage}/{method}", program, [f"{output}/{method}"], {"method": method, "seed": 1}))
    table(folder / "consensus" / "annotators.tsv", ["annotator", "cases", "mean_dice_others", "drift"],
          [[f"reader_{k}", cases, 0.9 - 0.05 * k, 0.1] for k in range(5)])
    table(folder / "consensus" / "pairs.tsv", ["annotator", "other", "cases", "mean_dice"], [["reader_0", "reader_1", cases, 0.85]])
    table(folder / "consensus" / "cases.tsv", ["case", "annotators", "reannotation_priority"], [[f"case_{c:03}", 5, 0.3] for c in range(cases)])
    (folder / "consensus" / "report.json").write_text("{}")
    table(folder / "check" / "findings.tsv", ["severity", "check", "case", "finding", "mend"],
          [["note", "intensity scale", "all", "2 groups of intensity scales: " + "a long sentence " * 12, "nothing"]])
    manifest = {"format": "sulcus-study-manifest", "format_version": 1, "program": "sulcus-study 0.1.0", "settings_file_sha256": "",
                "study": {"data": "../a_data_set_with_a_long_name_that_has_no_blank_to_break_at_anywhere", "methods": list(METHODS), "seed": 1},
                "stages": stages}
    (folder / "manifest.json").write_text(json.dumps(manifest))


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200)
