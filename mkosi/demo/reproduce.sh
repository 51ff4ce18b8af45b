#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Proves that the demo image depends on its inputs only: builds it twice, the second time in another
# folder, from a checkout with other modes, as another user with a user's PATH, with another umask, time
# zone and number of processors, and compares all bytes.
#
#   reproduce.sh [--fallback]
#
# As root the second build is made by an unprivileged user, created for the purpose and removed
# again.  As any other user both builds are this user's, and the rest still differs.
# Prints one line per product; for a difference in the initrd the entries that differ.
# Exit: 0 all equal, 1 something differs, 2 command line wrong, 3 a build failed.
set -eu
LC_ALL=C.UTF-8
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mode=${1:-}
case $mode in
  '' | --fallback) ;;
  *)
    echo "reproduce.sh: error: usage: reproduce.sh [--fallback]" >&2
    exit 2
    ;;
esac
scratch=$(mktemp -d)
user=

# shellcheck disable=SC2317  # run by the trap
cleanup() {
  [ -z "$user" ] || userdel "$user" || true
  rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 3' INT TERM

# checkout FOLDER: what a build reads, as a tree of its own
checkout() {
  mkdir -p "$1/tools" "$1/bin"
  cp -R "$top/mkosi" "$1"
  cp -R "$top/tools/dev" "$1/tools"
  [ ! -x "$top/build/release/bin/etalon" ] || cp "$top/build/release/bin/etalon" "$1/bin"
}

# The first: this user, umask 022.
first=$scratch/first
checkout "$first"
(umask 022 && TZ=UTC ETALON_BIN=$first/bin \
  "$first/mkosi/demo/build.sh" ${mode:+"$mode"} "$first/out") || exit 3

# The second: a deeper folder, private to its owner.
chmod 755 "$scratch"
second=$scratch/a/second/checkout
(umask 077 && checkout "$second" && chmod -R go= "$second")
chmod 755 "$scratch/a" "$scratch/a/second"
as_second=
if [ "$(id -u)" = 0 ]; then
  user=etalon-$$
  useradd --no-create-home --home-dir "$second" --shell /bin/sh "$user"
  chown -R "$user:" "$second"
  as_second="setpriv --reuid=$user --regid=$user --init-groups"
fi
cpus=
[ "$(nproc)" = 1 ] || cpus='taskset --cpu-list 0'
# build.sh sets its own umask, as a build of an image must; the checkout has the other
# shellcheck disable=SC2086  # words
(cd "$second" && umask 077 && env HOME="$second" PATH=/usr/local/bin:/usr/bin:/bin TZ=Pacific/Kiritimati LANG=C \
  ETALON_BIN="$second/bin" $as_second $cpus "$second/mkosi/demo/build.sh" ${mode:+"$mode"} \
  "$second/out") ||
  exit 3

# listing INITRD FOLDER: order, names and metadata, contents
listing() {
  mkdir -p "$2/tree"
  zstd -dcq "$1" | cpio -t --quiet > "$2/order"
  zstd -dcq "$1" | cpio -tvn --quiet | sort -k 9 > "$2/metadata"
  (cd "$2/tree" && zstd -dcq "$1" | cpio -idm --quiet --no-absolute-filenames 2> "$2/messages" &&
    find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum > "$2/contents")
}

status=0
for name in demo.manifest demo.vmlinuz demo.initrd demo.efi demo.etalon.tar; do
  if [ ! -e "$first/out/$name" ] && [ ! -e "$second/out/$name" ]; then
    echo "absent     $name (no etalon program at hand)"
  elif cmp -s "$first/out/$name" "$second/out/$name"; then
    sum=$(sha256sum "$first/out/$name")
    echo "identical  $name $(stat -c %s "$first/out/$name") bytes, sha256 ${sum%% *}"
  else
    echo "DIFFERENT  $name"
    status=1
  fi
done
if [ "${user:-}" ]; then
  echo "built by root and by $(stat -c 'uid %u' "$second/out/demo.efi")"
fi

if ! cmp -s "$first/out/demo.initrd" "$second/out/demo.initrd"; then
  listing "$first/out/demo.initrd" "$scratch/compare/1"
  listing "$second/out/demo.initrd" "$scratch/compare/2"
  for part in order metadata contents; do
    echo "== initrd, $part"
    diff "$scratch/compare/1/$part" "$scratch/compare/2/$part" || true
  done
fi
exit $status
