#!/usr/bin/env bash
# check_tidy.sh quick|all: clang-tidy over build/dev's compilation database.
# quick takes the pure folders (cheap to parse) and what the last commit or the working tree changed.
set -euo pipefail
cd "$(dirname "$0")/.."

files_to_check() {
  local pure
  if [ "$1" = all ]; then
    git ls-files --cached --others --exclude-standard 'src/*.cpp'
    return
  fi
  pure=$(python3 ci/check_layers.py --print-pure)
  for folder in $pure; do
    git ls-files --cached --others --exclude-standard "src/$folder/*.cpp"
  done
  git diff --name-only --diff-filter=d HEAD -- 'src/*.cpp'
  git diff --name-only --diff-filter=d HEAD~1 HEAD -- 'src/*.cpp' 2>/dev/null || true
}

# GCC's options that clang does not know are no finding.
files_to_check "${1:-quick}" | sort -u |
  xargs -r -n 1 -P "$(nproc)" clang-tidy-14 -p build/dev --quiet \
    --extra-arg=-Wno-unknown-warning-option 2>/dev/null
