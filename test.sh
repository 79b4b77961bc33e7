#!/usr/bin/env bash
# Builds and tests everything.
#
#   ./test.sh             all stages
#   ./test.sh --quick     without the sanitizer builds
#   ./test.sh --nightly   with the long ones too (fuzzing, clang-tidy everywhere, all under TSan)
#
# Nothing is written outside this folder, apart from the Debian packages. The last line says
# "N passed, N failed": the sum over ctest and the Python tests; a stage of another kind counts as
# one failure when it fails. The exit status is 0 only when nothing failed.
set -uo pipefail
cd "$(dirname "$0")" || exit 1
# shellcheck source=ci/packages.sh
. ci/packages.sh

mode=all
case "${1-}" in
  "") ;;
  --quick) mode=quick ;;
  --nightly) mode=nightly ;;
  *)
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac

export CCACHE_DIR="${CCACHE_DIR:-$PWD/build/ccache}" TMPDIR="$PWD/build/tmp"
export PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="halt_on_error=0 second_deadlock_stack=1 suppressions=$PWD/ci/tsan.supp"
# How many stories the tests of crashes and of failing disks tell.
if [ "$mode" = nightly ]; then export PULSE2_CRASH_ROUNDS=200 PULSE2_DISK_STORIES=40; fi
mkdir -p build/tmp build/results

# Functional tests wait more than they work.
side_by_side=$(($(nproc) + 1))

passed=0
failed=0
stage_times=()

# count FILE: adds the "passed failed" that a test run left in FILE; fails without the file.
count() {
  local run_passed run_failed
  read -r run_passed run_failed 2>/dev/null <"$1" || return 1
  passed=$((passed + run_passed))
  failed=$((failed + run_failed))
  [ "$run_failed" -eq 0 ]
}

# stage NAME COMMAND...: runs a stage and remembers how long it took. A stage that fails without
# having counted a failure of its own is one failure.
stage() {
  local name=$1 before=$failed begin=$SECONDS verdict=ok
  shift
  printf '\n=== %s\n' "$name"
  if ! "$@"; then
    verdict=FAILED
    [ "$failed" -gt "$before" ] || failed=$((failed + 1))
  fi
  stage_times+=("$(awk -v s=$((SECONDS - begin)) 'BEGIN { printf "%6.1f min", s / 60 }')  $name: $verdict")
}

build() {
  cmake --preset "$1" >/dev/null && cmake --build --preset "$1" ${2:+--target "$2"}
}

# run_ctest PRESET: all C++ tests and the replays of the fuzz corpora.
run_ctest() {
  local report="build/results/ctest-$1.xml" counts="build/results/ctest-$1.counts"
  rm -f "$counts"
  ctest --test-dir "build/$1" -j"$(nproc)" --output-on-failure --no-tests=error --quiet \
    --output-junit "$PWD/$report" --timeout 300
  python3 ci/count_junit.py "$report" >"$counts" && count "$counts"
}

# run_python PRESET SUITE [OPTION...]: a suite of the Python tests against that build's server.
run_python() {
  local preset=$1 suite=$2 counts="build/results/$2-$1.counts"
  shift 2
  rm -f "$counts"
  PULSE2_SERVER="$PWD/build/$preset/bin/pulse2-package-server" \
    python3 tests/run_python.py "$suite" --counts "$counts" "$@"
  count "$counts"
}

check_install() {
  rm -rf build/install
  cmake --install build/dev --prefix "$PWD/build/install" >/dev/null &&
    build/install/sbin/pulse2-package-server --version
}

print_times() {
  printf '\n'
  printf '%s\n' "${stage_times[@]}"
  printf '%s passed, %s failed\n' "$passed" "$failed"
}

stages_of_the_plain_build() {
  stage "build dev (-Werror)" build dev
  stage "unit tests and fuzz corpora" run_ctest dev
  stage "compatibility" run_python dev compat
  stage "functional" run_python dev functional --jobs "$side_by_side"
}

stages_of_the_sanitizers() {
  stage "build asan+ubsan" build asan
  stage "asan: unit tests and fuzz corpora" run_ctest asan
  stage "asan: compatibility" run_python asan compat
  stage "asan: functional" run_python asan functional --jobs "$side_by_side"
  stage "build tsan" build tsan
  stage "tsan: unit tests" run_ctest tsan
  if [ "$mode" = nightly ]; then
    stage "tsan: functional" run_python tsan functional --jobs "$side_by_side"
  else
    stage "tsan: functional, what runs in parallel" run_python tsan functional --only threads
  fi
}

stages_of_the_source() {
  stage "formatting" ci/check_format.sh
  stage "include layers" python3 ci/check_layers.py
  stage "message catalogue" python3 ci/check_messages.py
  stage "installation" check_install
  if [ "$mode" = nightly ]; then
    stage "clang-tidy, all" ci/check_tidy.sh all
    stage "fuzzing" ci/run_fuzzers.sh 120
  else
    stage "clang-tidy, pure and changed" ci/check_tidy.sh quick
  fi
}

begin=$SECONDS
if ! ensure_packages build test; then
  echo "0 passed, 1 failed"
  exit 1
fi
stages_of_the_plain_build
[ "$mode" = quick ] || stages_of_the_sanitizers
stages_of_the_source
stage_times+=("$(awk -v s=$((SECONDS - begin)) 'BEGIN { printf "%6.1f min", s / 60 }')  altogether")
print_times
[ "$failed" -eq 0 ]
