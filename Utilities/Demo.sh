#!/usr/bin/env bash
# Sets up, builds the programs and runs the main job on a generated phantom cohort: a few labelled volumes of several
# sites, segmentations of the test cases on their own grids, scores. Says where to look. Quick when run again.
# Usage: Demo.sh [output folder]         default build/demo
set -euo pipefail
cd "$(dirname "$0")/.."
out="${1:-build/demo}"
bash Utilities/Setup.sh
cmake --preset ci
cmake --build --preset ci --target programs
bin="build/ci/bin"
say() { printf '\n== %s\n' "$*"; }

if [ ! -e "$out/cohort/dataset.json" ]; then
  say "A synthetic cohort: several sites, oblique grids, four of the training cases labelled"
  "$bin/sulcus" phantom --output "$out/cohort" --overwrite --seed 1
fi
if [ ! -e "$out/cache/cache.json" ]; then
  say "Check the data set, derive a plan, preprocess into a cache"
  "$bin/sulcus" prepare "$out/cohort" --output "$out/cache" --overwrite
fi
if [ ! -e "$out/run/model.safetensors" ]; then
  say "Train on the labelled part"
  "$bin/sulcus" train "$out/cache" --output "$out/run" --steps 400 --seed 1
fi
say "Segment the test images on their own grids and score them"
"$bin/sulcus" segment "$out/cohort/imagesTs" --model "$out/run/model.safetensors" --output "$out/segmentations" --overwrite
"$bin/sulcus" evaluate --prediction "$out/segmentations" --reference "$out/cohort/labelsTs" --output "$out/scores" --labels "$out/cohort/dataset.json" --html --overwrite
cat <<TEXT

Where to look:
  $out/cohort           the images and labels that were made
  $out/cache/plan.json  how they were prepared (you may edit it and give it back with --plan)
  $out/run              the model, the training log and its TensorBoard curves
  $out/segmentations    one label map per test image, on that image's own grid
  $out/scores           report.html opens in any browser, scores.tsv in any spreadsheet
TEXT
