#!/usr/bin/env bash
# Fuzz.sh [executions a target] [work folder] [target …]: builds every target with clang, libFuzzer, ASan and UBSan, and
# runs it (0 executions: builds only). A crash leaves its input in the work folder and ends with a status that is not 0.
# The corpora stay in the work folder, so a second call goes on where the first ended.
set -euo pipefail
executions=${1:-1000000}
work=${2:-$(mktemp -d)}
names=("${@:3}")
all=(nifti gzip nrrd segments metaimage mgh dicom json safetensors configuration toml plan) # in the order of FuzzTargets()
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$work"
cd "$work"
modules=(Core Configuration Formats PreparedCache Plan)
includes=(-I"$root/Testing/Fuzz")
sources=("$root/Testing/Fuzz/sulcusFuzzTargets.cxx")
for module in "${modules[@]}"; do
  includes+=(-I"$root/Modules/Foundation/$module/include")
  sources+=("$root/Modules/Foundation/$module"/src/*.cxx)
done
flags=(-std=c++20 -g1 -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -Wno-everything)
objects=()
for source in "${sources[@]}"; do
  object=$(basename "$source" .cxx).o
  objects+=("$object")
  [[ $object -nt $source ]] ||
    clang++ "${flags[@]}" -fsanitize=fuzzer-no-link -DSULCUS_VERSION='"fuzz"' "${includes[@]}" -c "$source" -o "$object"
done
clang++ "${flags[@]}" "${includes[@]}" "$root/Testing/Fuzz/sulcusFuzzReplay.cxx" "${objects[@]}" -lz -lfmt -lpthread -o fuzz-replay
mkdir -p seeds
./fuzz-replay --write-seeds seeds
for number in "${!all[@]}"; do
  name=${all[$number]}
  clang++ "${flags[@]}" -fsanitize=fuzzer -DSULCUS_FUZZ_TARGET="$number" "${includes[@]}" \
    "$root/Testing/Fuzz/sulcusFuzzMain.cxx" "${objects[@]}" -lz -lfmt -lpthread -o "fuzz-$name"
  mkdir -p "corpus-$name"
  cp "seeds/$name" "corpus-$name/seed"
done
((executions > 0)) || exit 0
((${#names[@]} > 0)) || names=("${all[@]}")
for name in "${names[@]}"; do
  "./fuzz-$name" -runs="$executions" -max_len=4096 -timeout=5 -rss_limit_mb=512 -print_final_stats=1 -artifact_prefix="crash-$name-" \
    "corpus-$name" > "$name.log" 2>&1 || { tail -n 40 "$name.log"; exit 1; }
  echo "$name: $(grep -E 'number_of_executed_units' "$name.log" | awk '{print $2}') executions, no report"
done
