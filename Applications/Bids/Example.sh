#!/usr/bin/env bash
# Segments a BIDS data set and tabulates label volumes. The same call again does only what is missing.
set -euo pipefail
data=${1:?BIDS data set}
model=${2:?model of sulcus-train}
output=${3:-$data/derivatives/sulcus}
sulcus-bids "$data" "$output" participant --model "$model"
sulcus-bids "$data" "$output" group
