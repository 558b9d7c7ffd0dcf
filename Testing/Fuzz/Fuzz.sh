#!/usr/bin/env bash
# Fuzz.sh [executions a target] [work folder]: builds every target with clang, libFuzzer, ASan and UBSan, and runs it.
# A crash leaves its input in the work folder and ends with a status that is not 0.
set -euo pipefail
executions=${1:-1000000}
work=${2:-$(mktemp -d)}
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$work"
cd "$work"
includes=(-I"$root/Modules/Foundation/Core/include" -I"$root/Modules/Foundation/Formats/include" -I"$root/Testing/Fuzz")
flags=(-std=c++20 -g1 -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -Wno-everything)
objects=()
for source in "$root"/Modules/Foundation/Core/src/*.cxx "$root"/Modules/Foundation/Formats/src/*.cxx \
              "$root/Testing/Fuzz/sulcusFuzzTargets.cxx"; do
  object=$(basename "$source" .cxx).o
  objects+=("$object")
  [[ $object -nt $source ]] || clang++ "${flags[@]}" -fsanitize=fuzzer-no-link -DSULCUS_VERSION='"fuzz"' "${includes[@]}" -c "$source" -o "$object"
done
names=(nifti gzip nrrd segments metaimage dicom json)
for number in "${!names[@]}"; do
  name=${names[$number]}
  clang++ "${flags[@]}" -fsanitize=fuzzer -DSULCUS_FUZZ_TARGET="$number" "${includes[@]}" \
    "$root/Testing/Fuzz/sulcusFuzzMain.cxx" "${objects[@]}" -lz -lfmt -lpthread -o "fuzz-$name"
  mkdir -p "corpus-$name"
  [[ -z ${SULCUS_FUZZ_SEEDS:-} ]] || cp "$SULCUS_FUZZ_SEEDS/$name"* "corpus-$name/" 2>/dev/null || true
  "./fuzz-$name" -runs="$executions" -max_len=4096 -timeout=5 -rss_limit_mb=512 -print_final_stats=1 \
    "corpus-$name" > "$name.log" 2>&1 || { tail -n 40 "$name.log"; exit 1; }
  echo "$name: $(grep -E 'number_of_executed_units' "$name.log" | awk '{print $2}') executions, no report"
done
