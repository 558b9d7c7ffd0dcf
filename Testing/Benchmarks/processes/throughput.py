#!/usr/bin/env python3
"""Throughput of two training processes with one thread each against one process with two threads, on the same batches.

usage: throughput.py PROGRAMS CACHE [--steps 30] [--rounds 3] [-- more options of sulcus-train]

PROGRAMS is the folder of the built programs. Both ways take turns; the times are those that process 0 writes down (training
alone, without start-up). Prints medians and the ratio of throughputs; the goal is 0.9.
"""
import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def train(programs, cache, folder, options, processes):
    port = free_port()
    started = []
    for rank in range(processes):
        variables = dict(os.environ, SULCUS_PROGRESS="none")
        if processes > 1:
            variables.update(RANK=str(rank), WORLD_SIZE=str(processes), LOCAL_RANK=str(rank), MASTER_ADDR="127.0.0.1",
                             MASTER_PORT=str(port))
        command = [f"{programs}/sulcus-train", cache, "--output", folder, "--threads", str(2 // processes), *options]
        started.append(subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True))
    for process in started:
        _, errors = process.communicate()
        if process.returncode != 0:
            sys.exit(errors)
    return json.loads((Path(folder) / "run.json").read_text())["results"]["training_seconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs")
    parser.add_argument("cache")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("more", nargs="*")
    arguments = parser.parse_args()
    options = ["--steps", str(arguments.steps), "--device", "cpu", "--no_verify", *arguments.more]
    seconds = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as scratch:
        for round_number in range(arguments.rounds):
            for processes in (1, 2):
                folder = f"{scratch}/{round_number}-{processes}"
                seconds[processes].append(train(arguments.programs, arguments.cache, folder, options, processes))
    one, two = statistics.median(seconds[1]), statistics.median(seconds[2])
    print("processes\tthreads_each\tsteps_per_second\tall_rounds_s")
    print(f"1\t2\t{arguments.steps / one:.3f}\t{seconds[1]}")
    print(f"2\t1\t{arguments.steps / two:.3f}\t{seconds[2]}")
    print(f"two processes / one process: {one / two:.3f}")


if __name__ == "__main__":
    main()
