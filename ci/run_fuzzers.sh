#!/usr/bin/env bash
# run_fuzzers.sh SECONDS: builds the fuzz targets with libFuzzer and runs each that long. Inputs that
# it finds stay in build/fuzz-corpus; tests/fuzz/corpus is only read.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
cmake --preset fuzz >/dev/null
for source in tests/fuzz/fuzz_*.cpp; do
  program=$(basename "$source" .cpp)
  subject=${program#fuzz_}
  cmake --build --preset fuzz --target "$program"
  found="build/fuzz-corpus/$subject"
  mkdir -p "$found" "build/fuzz-artifacts/$subject"
  corpus=("$found")
  [ ! -d "tests/fuzz/corpus/$subject" ] || corpus+=("tests/fuzz/corpus/$subject")
  "$(find build/fuzz -type f -name "$program" -perm -u+x | head -n 1)" \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="build/fuzz-artifacts/$subject/" "${corpus[@]}"
done
