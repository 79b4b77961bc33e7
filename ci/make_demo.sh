#!/usr/bin/env bash
# make_demo.sh FOLDER: makes the demonstration: a configuration and three small packages.
# What is there already stays, so that packages made in a demonstration survive its restart.
set -euo pipefail
demo=${1:?folder}
mkdir -p "$demo"
demo=$(cd "$demo" && pwd)
mkdir -p "$demo/packages" "$demo/upload" "$demo/state" "$demo/run"
# The server takes packages over only from a folder that others may not write to.
chmod 700 "$demo/upload" "$demo/state"

# package ID LABEL VERSION COMMAND: writes ID/conf.xml; payload files are the caller's matter.
package() {
  mkdir -p "$demo/packages/$1"
  cat >"$demo/packages/$1/conf.xml" <<EOF
<?xml version="1.0" encoding="utf-8"?>
<package id="$1">
	<name>$2</name>
	<version>
		<numeric>$3</numeric>
		<label>$3</label>
	</version>
	<description>A sample package of the demonstration</description>
	<commands reboot="0">
		<preCommand name=""></preCommand>
		<installInit name=""></installInit>
		<command name="install">$4</command>
		<postCommandSuccess name=""></postCommandSuccess>
		<postCommandFailure name=""></postCommandFailure>
	</commands>
</package>
EOF
}

if [ ! -e "$demo/packages/hello" ]; then
  package hello "Hello" 1.0 "./hello.sh"
  printf '#!/bin/sh\necho "Hello from package hello 1.0"\n' >"$demo/packages/hello/hello.sh"
  chmod 755 "$demo/packages/hello/hello.sh"
fi
if [ ! -e "$demo/packages/registry" ]; then
  package registry "Registry settings" 2.1 'regedit /s "settings.reg"'
  printf 'Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Sample]\r\n"Enabled"=dword:00000001\r\n' \
    >"$demo/packages/registry/settings.reg"
fi
if [ ! -e "$demo/packages/documents" ]; then
  package documents "Documents with sub folders" 0.3 "sh install.sh"
  mkdir -p "$demo/packages/documents/docs/été"
  printf '#!/bin/sh\ncp -R docs /opt/documents\n' >"$demo/packages/documents/install.sh"
  printf 'A text file.\n' >"$demo/packages/documents/docs/readme.txt"
  printf 'A name that needs percent-encoding.\n' >"$demo/packages/documents/docs/été/notes 100%.txt"
  head -c 1048576 /dev/zero >"$demo/packages/documents/docs/one-mebibyte.bin"
fi

cat >"$demo/package-server.ini" <<EOF
# The demonstration's configuration; conf/package-server.ini explains every option.
[main]
host = localhost
port = 9990
tmp_input_dir = $demo/upload
state_dir = $demo/state

[daemon]
pidfile = $demo/run/pulse2-package-server.pid

[ssl]
enablessl = 0

[mirror_api]
mount_point = /rpc

[user_package_api]
mount_point = /upaa

[scheduler_api]
mount_point = /scheduler_api
schedulers = scheduler_01

[mirror:01]
mount_point = /mirror1
src = $demo/packages

[package_api_get:01]
mount_point = /package_api_get1
src = $demo/packages

[package_api_put:01]
mount_point = /package_api_put1
src = $demo/packages
tmp_input_dir = $demo/upload
EOF
