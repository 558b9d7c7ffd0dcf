#!/usr/bin/env bash
# Puts LibTorch 2.11.0 into the cache folder, once: ${SULCUS_LIBTORCH:-~/.cache/sulcus/libtorch-2.11.0/torch}.
# The CPU part by default; --cuda adds what the GPU part needs. Prints the folder.
# Wheels are zip files fetched by hash; no Python environment is made and nothing is installed into one.
set -euo pipefail
version=2.11.0
folder="${SULCUS_LIBTORCH:-${XDG_CACHE_HOME:-$HOME/.cache}/sulcus/libtorch-$version/torch}"
top="$(dirname "$folder")"
withCuda=no
[ "${1:-}" = "--cuda" ] && withCuda=yes

# file name pattern, requirement, SHA-256
wheels=(
  "torch==2.11.0 manylinux_2_28_x86_64 7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a"
  "nvidia-cuda-runtime==13.0.96 manylinux2014_x86_64 7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548"
  "nvidia-cuda-cupti==13.0.85 manylinux_2_25_x86_64 4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8"
)
done_mark="$top/.complete-cpu"
if [ ! -e "$done_mark" ]; then
  mkdir -p "$top"
  exec 9>"$top/.lock"
  flock 9
  if [ ! -e "$done_mark" ]; then
    echo "Fetching LibTorch $version (531 MB, once) into $top" >&2
    work="$(mktemp -d "$top/.fetch.XXXXXX")"
    trap 'rm -rf "$work"' EXIT
    for wheel in "${wheels[@]}"; do
      read -r requirement platform sha <<<"$wheel"
      echo "$requirement --hash=sha256:$sha" >"$work/requirements.txt"
      python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
        --platform "$platform" --python-version 3.11 --implementation cp --abi cp311 --abi none \
        --require-hashes -r "$work/requirements.txt" -d "$work/wheels" >&2
    done
    for wheel in "$work"/wheels/*.whl; do
      python3 -m zipfile -e "$wheel" "$work/tree"
    done
    # Python sources and test programs of the wheel are not needed by C++.
    find "$work/tree" -name '*.py' -delete
    rm -rf "$work/tree/torch/test" "$work/tree/torch/bin"
    rm -rf "$top/torch" "$top/nvidia"
    mv "$work/tree/torch" "$work/tree/nvidia" "$top/"
    touch "$done_mark"
  fi
fi
if [ "$withCuda" = yes ] && [ ! -e "$top/.complete-cuda" ]; then
  # Unlike the CPU part these are not pinned by hash yet.
  echo "Fetching the CUDA 13 libraries LibTorch's GPU part opens, into $top" >&2
  work="$(mktemp -d "$top/.fetch.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  for requirement in nvidia-cublas nvidia-cuda-nvrtc nvidia-cudnn-cu13 nvidia-cufft nvidia-curand \
    nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvshmem-cu13 \
    nvidia-nvtx nvidia-nvjitlink nvidia-cufile; do
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
      --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_25_x86_64 \
      --platform manylinux2014_x86_64 --platform manylinux_2_18_x86_64 --python-version 3.11 \
      -d "$work/wheels" "$requirement" >&2
  done
  for wheel in "$work"/wheels/*.whl; do
    python3 -m zipfile -e "$wheel" "$work/tree"
  done
  cp -rn "$work/tree/nvidia/." "$top/nvidia/"
  touch "$top/.complete-cuda"
fi
echo "$folder"
