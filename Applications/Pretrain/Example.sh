#!/usr/bin/env bash
set -euo pipefail
sulcus-pretrain cache --output pretrained-global --method global --steps 1500 --seed 1
sulcus-pretrain cache --output pretrained-local --method local --init pretrained-global/model.safetensors --steps 1500 --seed 1
sulcus-train cache --output run --init pretrained-local/model.safetensors --steps 1200 --seed 1
