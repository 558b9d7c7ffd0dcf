#!/usr/bin/env python3
"""Kills a training run with SIGKILL at random moments, resumes it each time, and compares the final weights with those of the
same run left alone.

usage: kill_and_resume.py CACHE --work folder [--programs build/ci/bin] [--kills 10] [--steps 150] [--seed 1] [--train "--threads 1"]
"""
import argparse
import hashlib
import json
import random
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path


def weights_of(folder):
    """SHA-256 of the tensors of the model file, without its header, and of the header without what names the run."""
    data = (folder / "model.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode() + data[8 + length :]).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache")
    parser.add_argument("--work", required=True)
    parser.add_argument("--programs", default=str(Path(__file__).resolve().parents[3] / "build" / "ci" / "bin"))
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    parser.add_argument("--train", default="", help="more options of sulcus-train, as one text")
    arguments = parser.parse_args()
    work = Path(arguments.work)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    command = [str(Path(arguments.programs) / "sulcus-train"), arguments.cache, "--steps", str(arguments.steps), "--seed", "7",
               "--checkpoint_seconds", "0", "--snapshot_every", "5", "--progress", "none", *shlex.split(arguments.train)]
    started = time.monotonic()
    subprocess.run([*command, "--output", str(work / "whole")], check=True, capture_output=True)
    duration = time.monotonic() - started
    draw = random.Random(arguments.seed)
    kills, runs = 0, 0
    while not (work / "killed" / "model.safetensors").exists():
        process = subprocess.Popen([*command, "--output", str(work / "killed")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        runs += 1
        moment = draw.uniform(0.02, 0.2) * duration
        try:
            process.wait(timeout=moment if kills < arguments.kills else None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            print(f"kill {kills} after {moment:.1f} s", flush=True)
            continue
        if process.returncode != 0:
            raise SystemExit(process.stderr.read().decode())
    same = weights_of(work / "whole") == weights_of(work / "killed")
    print(f"uninterrupted {duration:.1f} s; {kills} kills in {runs} runs; final weights {'identical' if same else 'DIFFERENT'}")
    return 0 if same and kills >= arguments.kills else 1


if __name__ == "__main__":
    sys.exit(main())
