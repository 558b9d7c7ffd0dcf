#!/usr/bin/env python3
"""Training on soft consensus against training on a majority vote: Dice beside Dice.

usage: training_on_consensus.py --programs build/release/bin [--cases 14] [--steps 300] [--seeds 0,1,2] [--work FOLDER]

A phantom cohort is drawn by five annotators, of whom two are poor (one careless, one adversarial). Both arms see the same
images, settings and seeds; they differ in the labels of the training cases alone:

    majority    one vote each, gaps unknown (sulcus-prepare --annotators majority)
    consensus   soft label and confidence of sulcus-consensus

No training case keeps its true label. Test cases are scored against the truth. Prints one row a seed and arm, then the means.
"""
import argparse
import json
import subprocess
from pathlib import Path


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--work", default="training-on-consensus")
    parser.add_argument("--cases", type=int, default=14)
    parser.add_argument("--test_cases", type=int, default=4)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--threads", default="0")
    parser.add_argument("--patch_size", default="", help="z,y,x in voxels; derived if not given")
    parser.add_argument("--consensus_options", default="", help="more words for sulcus-consensus, e.g. '--trees 30'")
    return parser.parse_args()


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = Path(options.work)
        self.work.mkdir(parents=True, exist_ok=True)

    def run(self, verb, *words):
        command = [str(Path(self.options.programs) / f"sulcus-{verb}"), *map(str, words), "--threads", self.options.threads]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"sulcus-{verb} failed with status {done.returncode}:\n{done.stderr[-2000:]}")

    def plan(self):
        return ["--patch_size", self.options.patch_size] if self.options.patch_size else []

    def make_cohort(self):
        cohort = self.work / "cohort"
        if not (cohort / "dataset.json").exists():
            self.run("phantom", "--output", cohort, "--cases", self.options.cases, "--test_cases", self.options.test_cases,
                     "--validation_cases", 1, "--labelled_cases", 1, "--annotators", 5, "--overwrite")
        rows = [line.split("\t") for line in (cohort / "manifest.tsv").read_text().splitlines()]
        label, split = rows[0].index("label"), rows[0].index("split")
        for row in rows[1:]:
            if row[split] == "train":
                row[label] = ""
        (cohort / "drawn.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
        return cohort, rows

    def caches(self, cohort):
        caches = {"majority": self.work / "cache-majority", "consensus": self.work / "cache-consensus"}
        if not (caches["majority"] / "cache.json").exists():
            self.run("prepare", cohort / "drawn.tsv", "--output", caches["majority"], "--annotators", "majority", "--overwrite", *self.plan())
        if not (caches["consensus"] / "cache.json").exists():
            fused = self.work / "fused"
            self.run("consensus", "--manifest", cohort / "drawn.tsv", "--missing_value", 255, "--output", fused, "--overwrite",
                     "--no_compare", *self.options.consensus_options.split())
            self.run("prepare", fused, "--output", caches["consensus"], "--overwrite", *self.plan())
        return caches

    def score(self, arm, cache, seed, cohort, rows):
        folder = self.work / f"{arm}-{seed}"
        if not (folder / "model.safetensors").exists():
            self.run("train", cache, "--output", folder, "--steps", self.options.steps, "--seed", seed, "--overwrite")
        column = next(i for i, name in enumerate(rows[0]) if name.startswith("image"))
        test = [row for row in rows[1:] if row[rows[0].index("split")] == "test"]
        images = [cohort / row[column] for row in test]
        self.run("segment", *images, "--model", folder / "model.safetensors", "--output", folder / "predictions", "--overwrite")
        references = folder / "references"
        references.mkdir(exist_ok=True)
        for row in test:
            link = references / f"{row[0]}.nii.gz"
            if not link.is_symlink():
                link.symlink_to((cohort / "labelsTs" / f"{row[0]}.nii.gz").resolve())
        self.run("evaluate", "--prediction", folder / "predictions", "--reference", references, "--output", folder / "scores",
                 "--overwrite")
        dice = [row["dice"] for row in json.loads((folder / "scores" / "scores.json").read_text())["scores"] if row["dice"] is not None]
        return sum(dice) / len(dice)


def main():
    bench = Bench(parse())
    cohort, rows = bench.make_cohort()
    means = {}
    print("seed\tarm\tdice")
    for seed in bench.options.seeds.split(","):
        for arm, cache in bench.caches(cohort).items():
            dice = bench.score(arm, cache, seed, cohort, rows)
            means.setdefault(arm, []).append(dice)
            print(f"{seed}\t{arm}\t{dice:.4f}", flush=True)
    for arm, values in means.items():
        print(f"mean\t{arm}\t{sum(values) / len(values):.4f}")


if __name__ == "__main__":
    main()
