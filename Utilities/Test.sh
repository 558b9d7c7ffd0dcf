#!/usr/bin/env bash
# Sets up, builds and runs the default tests. Set SULCUS_TEST_DATA to run those on real data too.
# Usage: Test.sh [preset]       presets: see CMakePresets.json; default ci
set -euo pipefail
cd "$(dirname "$0")/.."
preset="${1:-ci}"
bash Utilities/Setup.sh
cmake --preset "$preset"
cmake --build --preset "$preset"
ctest --preset "$preset" -j "$(nproc)"
