#!/usr/bin/env bash
# Prepares a phantom volume and brings its label map to the prepared grid and back.
set -euo pipefail
folder=${1:-preprocess-example}
sulcus-phantom --output "$folder/cohort" --cases 4 --test_cases 1 --validation_cases 1 --labelled_cases 1 --seed 3
image=$(ls "$folder"/cohort/imagesTr/*.nii.gz | head -n 1)
label=$folder/cohort/labelsTr/$(basename "${image/_0000/}")
sulcus-preprocess "$image" "$folder/prepared.nii.gz" --orientation LPS --spacing 1 --normalise z_score \
  --write_undo "$folder/prepared.undo.json"
sulcus-preprocess "$label" "$folder/label.nii.gz" --labels --reference_image "$folder/prepared.nii.gz"
sulcus-preprocess "$folder/label.nii.gz" "$folder/back.nii.gz" --labels --undo "$folder/prepared.undo.json"
