#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs the Debian packages of packages.txt that are missing.
#
#   setup.sh [build|demo|test|ci]     default: build; each purpose includes those before it
#
# Says nothing and needs no rights when all are there.  Exit: 0 done, 2 command line wrong,
# 3 cannot install.
set -eu
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd)
purpose=${1:-build}

fail() { # STATUS TEXT
  echo "setup.sh: error: $2" >&2
  exit "$1"
}

case $purpose in
  build | demo | test | ci) ;;
  *) fail 2 "usage: setup.sh [build|demo|test|ci]" ;;
esac

# The sections of packages.txt up to and including the one asked for.
wanted=$(awk -v last="[$purpose]" '
  { sub(/#.*/, "") }
  /^\[/ { if (done) exit; done = $1 == last; next }
  NF { print $1 }' "$here/packages.txt")

command -v dpkg-query > /dev/null ||
  fail 3 "this host is not Debian; it needs: $(echo "$wanted" | tr '\n' ' ')"

# shellcheck disable=SC2086  # one word per package
installed=$(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' $wanted 2> /dev/null |
  awk '$2 ~ /^.i/ { print $1 }') || true
missing=$(echo "$wanted" | grep -vxF "${installed:-none}" | tr '\n' ' ') || true
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
  as_root='sudo -n'
elif command -v sudo > /dev/null && [ -t 0 ]; then
  as_root=sudo
else
  fail 3 "not root and no sudo; as root run: apt-get install --no-install-recommends $missing"
fi

echo "setup.sh: installing $missing" >&2
# shellcheck disable=SC2086  # words
install() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 $missing
}
# shellcheck disable=SC2086  # words
install > /dev/null 2>&1 || { # no lists yet, or old ones
  $as_root apt-get -qq update >&2 || fail 3 "apt-get update failed"
  install >&2 || fail 3 "cannot install: $missing"
}
