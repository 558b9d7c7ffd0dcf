#!/usr/bin/env bash
# Prepares a phantom cohort: only the four training cases that the manifest labels show their labels.
set -euo pipefail
work=${1:-prepare-example}
sulcus-phantom --output "$work/cohort" --seed 7
sulcus-prepare "$work/cohort" --output "$work/cache"
column -t -s $'\t' "$work/cache/cases.tsv"
