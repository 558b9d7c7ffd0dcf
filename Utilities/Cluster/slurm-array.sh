#!/usr/bin/env bash
#SBATCH --job-name=sulcus
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=08:00:00
#SBATCH --output=sulcus-%A_%a.log
# Segments a BIDS data set as a job array; each task takes its share of the participants.
#
#   sbatch --array=0-7 slurm-array.sh DATA MODEL [OUTPUT]
#   sbatch --dependency=afterok:JOB --wrap "sulcus-bids DATA OUTPUT group"
#
# Submitting it again does only what is missing. A task that ends with status 7 finished, but some of its participants failed.
set -euo pipefail
data=${1:?BIDS data set}
model=${2:?model file of sulcus-train}
output=${3:-$data/derivatives/sulcus}
: "${SLURM_ARRAY_TASK_ID:?start this with sbatch --array=0-N}"
exec sulcus-bids "$data" "$output" participant --model "$model" --threads "${SLURM_CPUS_PER_TASK:-1}" --progress none
