#!/usr/bin/env bash
# RunStaple.sh FOLDER_OF_PROGRAMS [n [rounds]]: alternates Sulcus and ITK so that a busy machine hits both alike.
set -euo pipefail
programs=${1:?folder of the benchmark programs}
n=${2:-256}
rounds=${3:-3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf 'program\trule\tn\traters\tlabels\tseconds\tprocessor_s\titerations\tagreement\n'
for rule in 'binary 5 2' 'multi 5 9'; do
  read -r name raters labels <<< "$rule"
  for _ in $(seq "$rounds"); do
    if [ -x "$programs/peerItkStapleBenchmark" ]; then
      # the filter for several labels is known to hang: a limit of its own
      timeout 600 "$programs/peerItkStapleBenchmark" "$name" "$n" "$raters" "$labels" "$scratch/result" ||
        echo "itk $name: ended with status $?"
    fi
    "$programs/sulcusStapleBenchmark" "$name" "$n" "$raters" "$labels" ${scratch:+$(ls "$scratch"/result 2>/dev/null || true)}
  done
  rm -f "$scratch/result"
done
for kind in borders scattered; do
  "$programs/sulcusStapleBenchmark" many "$n" 50 "$kind"
done
