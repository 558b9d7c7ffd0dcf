#!/usr/bin/env bash
# Brings a Debian 12 machine to where Sulcus builds: Debian packages, then LibTorch into the cache folder.
# Quick and without effect when everything is there. Usage: Setup.sh [--learning-only] [--cuda]
set -euo pipefail
cd "$(dirname "$0")/.."
packages=(g++ cmake ninja-build ccache python3 python3-pip libboost-dev libboost-program-options-dev
  libfmt-dev nlohmann-json3-dev libtomlplusplus-dev zlib1g-dev libgtest-dev libgmock-dev)
imaging=(libinsighttoolkit5-dev libgdcm-dev)
viewing=(libvtk9-dev libx11-dev libgl1-mesa-dri xvfb xauth) # the last three: pictures without a screen
cuda=()
for option in "$@"; do
  case "$option" in
    --learning-only) imaging=() viewing=() ;;
    --cuda) cuda=(--cuda) ;;
    *) echo "Setup.sh: unknown option $option (known: --learning-only --cuda)" >&2; exit 2 ;;
  esac
done
missing=()
for package in "${packages[@]}" "${imaging[@]}" "${viewing[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  echo "Installing Debian packages: ${missing[*]}" >&2
  run=()
  [ "$(id -u)" -eq 0 ] || run=(sudo)
  "${run[@]}" apt-get update -qq
  "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi
bash Utilities/FetchLibTorch.sh "${cuda[@]}" >/dev/null
