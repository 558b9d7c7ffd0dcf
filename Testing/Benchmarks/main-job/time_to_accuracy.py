#!/usr/bin/env python3
"""Time to accuracy: Sulcus against a peer's training script, alternating in one run, on the frozen hippocampus split.

usage: time_to_accuracy.py --peer "python peer.py hippocampus {data} 8 {seed} 1200 16" --steps 1200 [--seeds 0,1,2]

The peer prints one JSON line with "mean" (mean foreground Dice over the test cases) and "train_s". Sulcus's schedule is fixed
by --steps beforehand and its last checkpoint counts. Prints a table with both Dices, both training times and their ratio.
"""
import argparse
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "few-labels"))
import few_labels  # noqa: E402
import league  # noqa: E402


def run_peer(command, data, seed):
    words = [word.format(data=data, seed=seed) for word in shlex.split(command)]
    output = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return json.loads(output.strip().splitlines()[-1])


def run_sulcus(arguments, seed, results):
    subprocess.run([sys.executable, few_labels.__file__, "--data", "hippocampus", "--arms", arguments.arm, "--labelled", str(arguments.labelled),
                    "--seeds", str(seed), "--steps", str(arguments.steps), "--programs", arguments.programs, "--work", arguments.work,
                    "--results", str(results)], check=True, stdout=subprocess.DEVNULL)
    record = few_labels.records_of(results)[-1]
    return {"mean": league.mean_of(record), "train_s": record["train_seconds"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--arm", default="supervised")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--labelled", type=int, default=8)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--programs", default=str(few_labels.ROOT / "build" / "ci" / "bin"))
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    data = Path(os.environ["SULCUS_TEST_DATA"]).resolve() / "hippocampus"
    results = Path(arguments.work) / "time-to-accuracy.jsonl"
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text("")
    print(f"Hardware: {few_labels.hardware()}. Sulcus: arm {arguments.arm}, {arguments.steps} steps, {arguments.labelled} labelled.\n")
    print("| seed | Dice Sulcus | Dice peer | training s Sulcus | training s peer | time ratio |\n|---|---|---|---|---|---|")
    totals = {"sulcus": [], "peer": []}
    for seed in map(int, arguments.seeds.split(",")):
        ours = run_sulcus(arguments, seed, results)
        theirs = run_peer(arguments.peer, data, seed)
        totals["sulcus"].append(ours)
        totals["peer"].append(theirs)
        print(f"| {seed} | {ours['mean']:.4f} | {theirs['mean']:.4f} | {ours['train_s']:.0f} | {theirs['train_s']:.0f} | {ours['train_s'] / theirs['train_s']:.2f} |", flush=True)
    mean = lambda side, field: sum(entry[field] for entry in totals[side]) / len(totals[side])  # noqa: E731
    print(f"| mean | {mean('sulcus', 'mean'):.4f} | {mean('peer', 'mean'):.4f} | {mean('sulcus', 'train_s'):.0f} | {mean('peer', 'train_s'):.0f} | "
          f"{mean('sulcus', 'train_s') / mean('peer', 'train_s'):.2f} |")


if __name__ == "__main__":
    main()
