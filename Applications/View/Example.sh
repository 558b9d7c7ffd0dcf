#!/usr/bin/env bash
# A phantom in the viewer, photographed; on a virtual display where there is no other.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sulcus-phantom --output "$work/cohort" --cases 5 --test_cases 1 --validation_cases 1 --labelled_cases 1 --seed 1
scan=$(find "$work/cohort/imagesTr" -name '*.nii.gz' | sort | head -n 1)
truth="$work/cohort/labelsTr/$(basename "${scan%_0000.nii.gz}").nii.gz"
display=()
[ -n "${DISPLAY:-}" ] || display=(xvfb-run -a)
"${display[@]}" sulcus-view "$scan" --labels "$truth" --snapshot "${1:-view.png}"
