#!/usr/bin/env bash
# The report of a short study, made again with fewer cases, and the check of its manifest.
set -euo pipefail
output=${1:-report-example}
sulcus-phantom --output "$output/cohort" --cases 6 --test_cases 2 --validation_cases 1 --labelled_cases 2 --seed 1
sulcus-study "$output/cohort" --output "$output/study" --fuse none --methods supervised --pretraining none --steps 10 --seed 1
sulcus-report "$output/study" --output "$output/short.html" --worst_cases 1
sulcus-report "$output/study" --verify
