#!/usr/bin/env bash
# Trains on the labelled part of a prepared cache; stop it with Ctrl-C and give the same command to go on.
set -euo pipefail
cache=${1:-cache}
output=${2:-run}
sulcus-train "$cache" --output "$output" --steps 400 --seed 1
tail -n 1 "$output/log.jsonl"
