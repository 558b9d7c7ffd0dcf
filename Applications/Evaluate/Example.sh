#!/usr/bin/env bash
# Scores one annotator's drawings of a phantom cohort against the truth; 255 marks what was not drawn.
set -euo pipefail
output=${1:-phantom-scores}
sulcus-phantom --output "$output/cohort" --cases 6 --test_cases 1 --validation_cases 1 --labelled_cases 2 --seed 7
first=$(find "$output/cohort/annotators" -name '*.nii.gz' | sort | head -n 1)
annotator=$(basename "$first" .nii.gz | sed 's/^phantom_[0-9]*//')
sulcus-evaluate "$output/cohort/labelsTr" "$output/cohort/annotators" "$output/scores" \
  --labels "$output/cohort/dataset.json" --prediction_suffix "$annotator" --unknown_label 255 --unpaired count --html
