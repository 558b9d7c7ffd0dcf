#!/usr/bin/env bash
# The truth of a phantom as one coloured glTF file.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sulcus-phantom --output "$work/cohort" --cases 5 --test_cases 1 --validation_cases 1 --labelled_cases 1 --seed 1
truth=$(find "$work/cohort/labelsTr" -name '*.nii.gz' | sort | head -n 1)
sulcus-mesh "$truth" "${1:-phantom.glb}"
