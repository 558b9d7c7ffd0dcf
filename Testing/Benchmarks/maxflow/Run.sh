#!/usr/bin/env bash
# Run.sh FOLDER_OF_PROGRAMS [n [rounds]]: alternates the solvers so that a busy machine hits all of them alike.
set -euo pipefail
programs=${1:?folder of the benchmark programs}
n=${2:-256}
rounds=${3:-3}
printf 'solver\tn\tlambda\tthreads\tseconds\tprocessor_s\tmegavoxels_per_s\tbytes_per_voxel\tflow\tvoxels_one\n'
for lambda in 0.4 4; do
  for _ in $(seq "$rounds"); do
    for solver in sulcusFlowBenchmark peerMaxflowBenchmark peerBoostBenchmark; do
      if [ -x "$programs/$solver" ]; then
        "$programs/$solver" "$n" "$lambda" 1 2>/dev/null
      fi
    done
  done
done
