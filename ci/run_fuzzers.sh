#!/usr/bin/env bash
# run_fuzzers.sh SECONDS [SUBJECT...]: builds the fuzz targets with libFuzzer and runs each that long,
# as many at a time as there are processors. Inputs that it finds stay in build/fuzz-corpus;
# tests/fuzz/corpus is only read. Fails when a target did; its input is in build/fuzz-artifacts and
# belongs into the corpus together with the fix.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
if [ $# -eq 0 ]; then
  for source in tests/fuzz/fuzz_*.cpp; do
    subject=$(basename "$source" .cpp)
    set -- "$@" "${subject#fuzz_}"
  done
fi

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${@/#/fuzz_}"

# run_one SECONDS SUBJECT: fuzzes one target; a line about it, and all it printed when it failed.
run_one() {
  local program found="build/fuzz-corpus/$2" log="build/fuzz-artifacts/$2.log"
  program=$(find build/fuzz -type f -name "fuzz_$2" -perm -u+x | head -n 1)
  mkdir -p "$found" "build/fuzz-artifacts/$2"
  local corpus=("$found")
  [ ! -d "tests/fuzz/corpus/$2" ] || corpus+=("tests/fuzz/corpus/$2")
  if "$program" -max_total_time="$1" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="build/fuzz-artifacts/$2/" "${corpus[@]}" >"$log" 2>&1; then
    awk -v s="$2" '/number_of_executed_units/ { print s ": " $2 " inputs, no finding" }' "$log"
  else
    tail -n 60 "$log"
    echo "$2: FAILED, see $log"
    return 1
  fi
}
export -f run_one
# shellcheck disable=SC2016  # the inner shell expands them
printf '%s\0' "$@" | xargs -0 -n 1 -P "$(nproc)" bash -c 'run_one "$0" "$1"' "$seconds"
