#!/usr/bin/env bash
# Converts every image that a table lists to NRRD, two at a time. The same call again does only what is missing.
set -euo pipefail
manifest=${1:?table with the columns case and image}
output=${2:-converted}
mkdir -p "$output"
sulcus-batch "$manifest" --state "$output/state" --jobs 2 --expect "$output/{case}.nrrd" -- \
  convert "{folder}/{image}" "$output/{case}.nrrd"
