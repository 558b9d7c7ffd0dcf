#!/usr/bin/env bash
# A study of a phantom cohort: four cases drawn by five annotators, the rest unlabelled. Short runs: a look, not a result.
set -euo pipefail
output=${1:-study-example}
sulcus-phantom --output "$output/cohort" --cases 10 --test_cases 2 --validation_cases 1 --seed 1
sulcus-study "$output/cohort" --output "$output/study" --splits "$output/cohort/splits.json" --labelled 4 --fuse all \
  --methods supervised,fixmatch --pretraining none --steps 20 --seed 1
sulcus-study "$output/study" --dry_run
