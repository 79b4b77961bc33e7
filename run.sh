#!/usr/bin/env bash
# Builds the package server and serves a small demonstration tree on http://localhost:9990/.
#
#   ./run.sh           installs what is missing (Debian 12), builds, makes demo/, serves until Ctrl-C
#   ./run.sh --build   installs what is missing and builds only
#
# Nothing is written outside this folder, apart from the Debian packages.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=ci/packages.sh
. ci/packages.sh

binary=build/release/bin/pulse2-package-server
export CCACHE_DIR="${CCACHE_DIR:-$PWD/build/ccache}"

build() {
  ensure_packages build
  cmake --preset release
  cmake --build --preset release --target pulse2-package-server
}

print_things_to_try() {
  local file="demo/packages/hello/hello.sh"
  cat <<EOF

Serving demo/ on http://localhost:9990/ (Ctrl-C stops). Three things to try:

  a browser:   http://localhost:9990/desc
  a download:  curl -O http://localhost:9990/mirror1_files/hello/$(basename "$file")
  an XML-RPC call:
    python3 -c "import xmlrpc.client; print([p['label'] for p in xmlrpc.client.ServerProxy('http://localhost:9990/package_api_get1').getAllPackages()])"

EOF
}

case "${1-}" in
  --build)
    build
    ;;
  "")
    build
    ensure_packages demo
    ci/make_demo.sh demo
    print_things_to_try
    exec "$binary" -d -f demo/package-server.ini
    ;;
  *)
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
