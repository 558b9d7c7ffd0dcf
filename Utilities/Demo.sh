#!/usr/bin/env bash
# Sets up, builds the programs and runs a whole study of a generated phantom cohort: four volumes drawn by five annotators who
# disagree, six without a label, four to be scored. Ends with the scores and the report's place. Quick when run again: what is done is skipped.
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
  say "A synthetic cohort: several sites, oblique grids, five annotators"
  "$bin/sulcus" phantom --output "$out/cohort" --overwrite --seed 1
fi
say "The study: check, consensus, prepare, pre-train, train two methods, segment, score, report"
"$bin/sulcus" study "$out/cohort" --output "$out/study" --splits "$out/cohort/splits.json" --labelled 4 --fuse all \
  --methods supervised,mean_teacher --pretraining global --pretraining_steps 150 --steps 400 --seed 1
cat <<TEXT

Open the report in any browser.

Where the rest is:
  $out/cohort                 the images and labels that were made
  $out/study/study.json       the settings: edit them and run 'sulcus study $out/study'
  $out/study/manifest.json    every file with its hash, times, memory, seeds ('sulcus report $out/study --verify')
  $out/study/cache/plan.json  how the images were prepared
  $out/study/train            models, training logs and TensorBoard curves, a folder a method
  $out/study/segmentations    one label map per test and unlabelled image, on that image's own grid
  $out/study/scores           scores.tsv opens in any spreadsheet
TEXT
