#!/usr/bin/env bash
# Segments every scan of a folder with one model and averages over the mirrorings that the plan allows.
set -euo pipefail
model=${1:?model file}
scans=${2:?folder of images}
output=${3:-segmentations}
sulcus-segment "$scans" --model "$model" --output "$output" --flips allowed --html "$output/report.html"
