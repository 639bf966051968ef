#!/bin/sh
# deps.sh MISSING ALL: installs the missing Debian packages, or says exactly what is needed.
[ -z "$1" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Afield needs these libraries (Debian names); please install your system's equivalents:" >&2
    for p in $2; do echo "    $p" >&2; done
    echo "Missing here: $1" >&2
    exit 1
fi
sudo=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "not root and no sudo: run  apt-get install $1  as root" >&2; exit 1; }
    sudo=sudo
fi
echo "  DEPS  installing: $1"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086
{ $sudo apt-get update && $sudo apt-get install -y --no-install-recommends $1; } >"$log" 2>&1 || {
    tail -20 "$log" >&2
    echo "could not install: $1" >&2
    exit 1
}
rm -f "$log"
