#!/usr/bin/env bash
# A phantom cohort has nothing to complain about.
set -euo pipefail
output=${1:-check-example}
sulcus-phantom --output "$output" --cases 6 --test_cases 1 --validation_cases 1 --labelled_cases 2 --seed 3
sulcus-check "$output" --html "$output/check.html"
