#!/usr/bin/env bash
# A small cohort: 16 scans from three sites, 4 of the 10 training cases labelled, five annotators.
set -euo pipefail
output=${1:-phantom-cohort}
sulcus-phantom --output "$output" --cases 16 --labelled_cases 4 --seed 7
column -t -s $'\t' "$output/manifest.tsv" | cut -c 1-120
