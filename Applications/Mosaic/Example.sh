#!/usr/bin/env bash
# A phantom scan with its truth and two annotators.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sulcus-phantom --output "$work/cohort" --cases 5 --test_cases 1 --validation_cases 1 --labelled_cases 1 --seed 1
scan=$(find "$work/cohort/imagesTr" -name '*.nii.gz' | sort | head -n 1)
truth="$work/cohort/labelsTr/$(basename "${scan%_0000.nii.gz}").nii.gz"
sulcus-mosaic "$scan" "${1:-mosaic.png}" --labels "$truth" --title "Phantom"
