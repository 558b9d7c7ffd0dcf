#!/usr/bin/env bash
set -euo pipefail
sulcus-probe cache --model pretrained/model.safetensors --decoder_blocks 2
