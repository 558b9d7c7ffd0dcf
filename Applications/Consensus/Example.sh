#!/usr/bin/env bash
# Five simulated annotators of a phantom cohort fused in one call.
set -euo pipefail
work=${1:-consensus-example}
sulcus-phantom --output "$work/cohort" --cases 6 --test_cases 1 --validation_cases 1 --labelled_cases 1
sulcus-consensus --manifest "$work/cohort/manifest.tsv" --missing_value 255 --output "$work/fused"
column -t -s $'\t' "$work/fused/annotators.tsv"
echo "Open $work/fused/report.html"
