#!/usr/bin/env python3
"""Start-up and segmentation times as whole processes: median, minimum and maximum of several runs.

usage: start_and_segment.py --model run/model.safetensors --images folder [--programs build/ci/bin] [--runs 7]
"""
import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

IMAGING = ("phantom", "prepare", "preprocess", "evaluate", "consensus", "convert", "check")
LEARNING = ("train", "pretrain", "segment")


def times(command, runs):
    seconds = []
    for _ in range(runs):
        started = time.monotonic()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.monotonic() - started)
    return statistics.median(seconds), min(seconds), max(seconds)


def row(name, goal, measured):
    median, low, high = measured
    print(f"| {name} | {goal:.2f} | {median:.3f} | {low:.3f} | {high:.3f} | {'met' if median <= goal else 'missed'} |", flush=True)


def median_image(folder):
    """The image with the median number of bytes: a middling case."""
    images = sorted(Path(folder).glob("*.nii.gz"), key=lambda path: path.stat().st_size)
    return images[len(images) // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--images")
    parser.add_argument("--programs", default=str(Path(__file__).resolve().parents[3] / "build" / "ci" / "bin"))
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    programs = Path(arguments.programs)
    print("| what | goal s | median s | minimum | maximum | |\n|---|---|---|---|---|---|")
    for verbs, goal in ((IMAGING, 0.1), (LEARNING, 0.6)):
        for verb in verbs:
            program = programs / f"sulcus-{verb}"
            if program.exists():
                row(f"sulcus-{verb} --help", goal, times([program, "--help"], arguments.runs))
    if arguments.model and arguments.images:
        image = median_image(arguments.images)
        with tempfile.TemporaryDirectory() as folder:
            for flips, goal in (("none", 1.0), ("all", 2.0)):
                command = [programs / "sulcus-segment", image, "--model", arguments.model, "--output", Path(folder) / "out.nii.gz",
                           "--overwrite", "--flips", flips]
                row(f"segment one case, flips {flips}", goal, times(command, arguments.runs))


if __name__ == "__main__":
    main()
