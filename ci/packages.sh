# shellcheck shell=bash
# The Debian packages of each purpose, and how they get onto the machine. Sourced, never run.
#
#   ensure_packages SET...   installs what is missing of the named sets (build, test, bench).
#
# As root or through sudo it installs; without either it prints the one line to run and fails.

k_packages_build="g++ cmake ninja-build ccache mold
  libboost1.81-dev libboost-json1.81-dev libssl-dev libsqlite3-dev libpugixml-dev
  libexpected-dev libspdlog-dev libfmt-dev libcli11-dev zlib1g-dev liblz4-dev"

k_packages_test="libgtest-dev libgmock-dev clang-14 clang libclang-rt-14-dev clang-tidy-14
  clang-format-14 python3 git curl wget rsync unzip openssl strace util-linux procps tftp-hpa atftp
  systemd libseccomp2 genisoimage openssh-server openssh-client"

# What the things to try of ./run.sh need.
k_packages_demo="curl python3"

k_packages_bench="libbenchmark-dev nginx-light wrk python3 iproute2 procps tftpd-hpa"

# The packages among "$@" that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
      printf '%s ' "$package"
  done
}

# Runs "$@" as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs "$@" without starting the daemons among them (nginx): a policy-rc.d that says no stands
# there meanwhile, unless the machine has one of its own.
install_without_starting() {
  local policy=/usr/sbin/policy-rc.d own_policy=no status=0
  if [ ! -e "$policy" ]; then
    own_policy=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" ||
    status=$?
  [ "$own_policy" = no ] || as_root rm -f "$policy"
  return "$status"
}

ensure_packages() {
  local set wanted="" missing
  for set in "$@"; do
    case "$set" in
      build) wanted="$wanted $k_packages_build" ;;
      test) wanted="$wanted $k_packages_test" ;;
      demo) wanted="$wanted $k_packages_demo" ;;
      bench) wanted="$wanted $k_packages_bench" ;;
    esac
  done
  # shellcheck disable=SC2086  # lists of words
  missing=$(missing_packages $wanted)
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null && ! { [ -t 0 ] && command -v sudo; } >/dev/null
  then
    echo "Some Debian packages are missing. As root, run this and start again:" >&2
    echo "apt-get update && apt-get install -y --no-install-recommends $missing" >&2
    return 1
  fi
  echo "Installing: $missing" >&2
  # shellcheck disable=SC2086
  as_root apt-get update -q >&2 && install_without_starting $missing >&2
}
