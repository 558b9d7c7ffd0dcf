#!/usr/bin/env bash
# A phantom scan from NIfTI to NRRD and back to what a script can read.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sulcus-phantom --output "$work/cohort" --cases 5 --test_cases 1 --validation_cases 1 --labelled_cases 1 --seed 1
scan=$(find "$work/cohort/imagesTr" -name '*.nii.gz' | sort | head -n 1)
sulcus-convert "$scan" --list
sulcus-convert "$scan" "${1:-scan.nrrd}"
