#!/usr/bin/env python3
"""Few-label benchmark: trains, segments and scores every asked cell of arms x labelled x seeds on a frozen split.

usage: few_labels.py --data hippocampus --arms supervised --labelled 1,2,4,8 --seeds 0,1,2
       few_labels.py --table                 # only prints the league table from the kept results
       few_labels.py --page FILE             # writes all tables into a page, between its marks

Needs SULCUS_TEST_DATA (frozen splits) and built programs (--programs, default build/ci/bin). A finished cell is one JSON line
in the results file and is skipped when asked for again with the same settings; a cell not run says so in the table. Several
processes or nodes share a table with --part K/N. The last checkpoint is evaluated; test cases choose nothing.
"""
import argparse
import fcntl
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import arms as arm_definitions
import league
import lost_spacing

ROOT = Path(__file__).resolve().parents[3]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="hippocampus", choices=sorted(arm_definitions.DATA))
    parser.add_argument("--arms", default="supervised")
    parser.add_argument("--labelled", default="1,2,4,8", help="0 = the whole pool")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--steps", type=int, default=0, help="training steps; 0 takes the data set's default")
    parser.add_argument("--programs", default=str(ROOT / "build" / "ci" / "bin"))
    parser.add_argument("--work", default=str(ROOT / "build" / "few-labels"))
    parser.add_argument("--results", default=str(ROOT / "Documentation" / "Results" / "few-labels.jsonl"))
    parser.add_argument("--evaluate_on", default="test", choices=["test", "validation"])
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="extra option of sulcus-train, for tuning on validation cases")
    parser.add_argument("--threads", type=int, default=0, help="threads of every program; 0 takes all cores")
    parser.add_argument("--part", default="1/1", help="K/N: run every N-th cell, beginning with the K-th")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--page", type=Path, help="a page with lines `<!-- league DATA -->` and `<!-- end -->`")
    return parser.parse_args()


def run(command):
    """Runs a program without a shell; a failure shows its last lines. Returns the seconds it took."""
    started = time.monotonic()
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{Path(command[0]).name} failed with status {done.returncode}:\n{done.stderr[-2000:]}")
    return time.monotonic() - started


def files_of(name, root, case, folder):
    """Image and label of a case, with their spacing restored where the source lost it."""
    layout = arm_definitions.DATA[name]
    files = layout["files"](root, case)
    if "spacing" in layout:
        return tuple(lost_spacing.with_spacing(file, folder / "spacing-restored", layout["spacing"]) for file in files)
    return files


def write_manifest(path, name, root, split, folder):
    """One row a case of the frozen split; only what the split allows is listed."""
    layout = arm_definitions.DATA[name]
    rows = ["case\tsubject\timage\tlabel"]
    for case in split["pool"] + split["validation"]:
        image, label = files_of(name, root, case, folder)
        rows.append(f"{case}\t{layout['subject'](case)}\t{image}\t{label}")
    path.write_text("\n".join(rows) + "\n")


def prepare(options, name, root, split, labelled, seed, folder):
    layout = arm_definitions.DATA[name]
    cache = folder / f"cache-{labelled}-{seed if labelled else 'all'}"
    if (cache / "cache.json").exists():
        return cache
    manifest = folder / f"manifest-{labelled}-{seed}.tsv"
    write_manifest(manifest, name, root, split, folder)
    run([Path(options.programs) / "sulcus-prepare", manifest, "--output", cache, "--overwrite", "--splits", root / "splits.json",
         "--labelled", labelled, "--split_seed", seed] + layout["prepare"])
    return cache


def pretraining_of(name, arm):
    """The stages of an arm; those along an axis of the body with the data set's axis."""
    along = arm_definitions.DATA[name]["global"]
    return [stage + (along if "--global_strategy" in stage else []) for stage in arm_definitions.ARMS[arm].get("pretrain", [])]


def settings_of(options, name, arm, labelled, seed):
    steps = options.steps or arm_definitions.DATA[name]["steps"]
    return {"data": name, "arm": arm, "labelled": labelled, "seed": seed, "steps": steps, "evaluate_on": options.evaluate_on,
            "prepare": arm_definitions.DATA[name]["prepare"], "pretrain": pretraining_of(name, arm),
            "train": arm_definitions.ARMS[arm]["train"] + arm_definitions.DATA[name]["train"], "segment": arm_definitions.DATA[name]["segment"],
            "set": sorted(options.set)}


def key_of(settings):
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


WITHOUT_EFFECT = {"cache", "dataset", "output", "threads", "device", "progress", "log_level", "log_file", "report", "config", "overwrite",
                  "dry_run", "verify", "prefetch_threads", "prefetch_depth", "checkpoint_seconds", "snapshot_every", "validate_every", "seed"}


def defaults_of(options, method):
    """What the programs do unless told otherwise: a changed default makes a cell another cell."""
    found = {}
    for program in ("prepare", "train"):
        command = [str(Path(options.programs) / f"sulcus-{program}"), "--json_schema"]
        schema = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["properties"]
        others = [name for name in schema.get("method", {}).get("enum", []) if name != method]
        for name, entry in schema.items():
            if name not in WITHOUT_EFFECT and not any(name.startswith(other + "_") for other in others):
                found[f"{program}.{name}"] = entry.get("default")
    return found


def method_of(settings):
    words = settings["train"]
    return words[words.index("--method") + 1] if "--method" in words else "supervised"


def records_of(results):
    return [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []


def is_finished(results, settings, defaults):
    """An option that did not exist when a cell was run counts as neutral: a new option's default keeps the old behaviour."""
    return any(record["key"] == key_of(settings) and all(defaults.get(name, value) == value for name, value in record["defaults"].items())
               for record in records_of(results))


def append_line(results, record):
    results.parent.mkdir(parents=True, exist_ok=True)
    with open(results, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(record) + "\n")
        file.flush()
        os.fsync(file.fileno())


def pretrain(options, settings, cache, folder):
    """The stages of the arm's pre-training, each from the one before; labels play no part, so stages are shared."""
    initial, seconds = None, 0.0
    for number, stage in enumerate(settings["pretrain"]):
        name = hashlib.sha256(json.dumps(settings["pretrain"][: number + 1]).encode()).hexdigest()[:8]
        run_folder = folder / f"pretrain-{name}-{settings['seed']}"
        if not (run_folder / "model.safetensors").exists():
            seconds += run([Path(options.programs) / "sulcus-pretrain", cache, "--output", run_folder, "--seed", settings["seed"],
                            "--threads", options.threads, "--overwrite"] + stage + (["--init", initial] if initial else []))
        initial = run_folder / "model.safetensors"
    return initial, seconds


def run_cell(options, root, split, settings, defaults, folder):
    programs = Path(options.programs)
    layout = arm_definitions.DATA[settings["data"]]
    cache = prepare(options, settings["data"], root, split, settings["labelled"], settings["seed"], folder)
    initial, pretrain_seconds = pretrain(options, settings, cache, folder)
    run_folder = folder / f"run-{key_of(settings)}"
    extra = [word for pair in options.set for word in ("--" + pair.split("=", 1)[0], pair.split("=", 1)[1])]
    train_seconds = run([programs / "sulcus-train", cache, "--output", run_folder, "--steps", settings["steps"], "--seed",
                         settings["seed"], "--threads", options.threads, "--overwrite"] + settings["train"] + (["--init", initial] if initial else []) + extra)
    images = [str(files_of(settings["data"], root, case, folder)[0]) for case in split[options.evaluate_on]]
    segment_seconds = run([programs / "sulcus-segment", *images, "--model", run_folder / "model.safetensors", "--output",
                           run_folder / "predictions", "--threads", options.threads, "--overwrite"] + layout["segment"])
    references = folder / f"references-{options.evaluate_on}"
    references.mkdir(exist_ok=True)
    for case in split[options.evaluate_on]:
        image, label = files_of(settings["data"], root, case, folder)
        link = references / Path(image).name
        if not link.is_symlink():
            link.symlink_to(label)
    run([programs / "sulcus-evaluate", "--prediction", run_folder / "predictions", "--reference", references, "--output",
         run_folder / "scores", "--overwrite"] + layout["evaluate"])
    return {"key": key_of(settings), **settings, "defaults": defaults, "train_seconds": round(train_seconds, 1), "pretrain_seconds": round(pretrain_seconds, 1),
            "segment_seconds": round(segment_seconds, 1), "dice": league.dice_by_case(run_folder / "scores" / "scores.json"),
            "threads": options.threads or os.cpu_count(), "commit": commit(), "hardware": hardware()}


def commit():
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def hardware():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores, {model}"


def main():
    options = parse()
    results = Path(options.results)
    if options.page:
        options.page.write_text(league.with_tables(options.page.read_text(), results))
        return 0
    if not options.table:
        if "SULCUS_TEST_DATA" not in os.environ:
            raise SystemExit("SULCUS_TEST_DATA is not set: the frozen splits are found through it")
        root = Path(os.environ["SULCUS_TEST_DATA"]).resolve() / options.data
        split = json.loads((root / "splits.json").read_text())
        folder = Path(options.work) / options.data
        folder.mkdir(parents=True, exist_ok=True)
        cells = [(arm, int(labelled), int(seed)) for labelled in options.labelled.split(",") for arm in options.arms.split(",")
                 for seed in options.seeds.split(",")]
        part, parts = map(int, options.part.split("/"))
        for number, (arm, labelled, seed) in enumerate(cells):
            settings = settings_of(options, options.data, arm, labelled, seed)
            defaults = defaults_of(options, method_of(settings))
            if number % parts != part - 1 or is_finished(results, settings, defaults):
                continue
            record = run_cell(options, root, split, settings, defaults, folder)
            append_line(results, record)
            print(f"{options.data} {arm}, {labelled} labelled, seed {seed}: Dice {league.mean_of(record):.4f}, "
                  f"training {record['train_seconds']:.0f} s", flush=True)
    print(league.table(results, options.data))
    return 0


if __name__ == "__main__":
    sys.exit(main())
