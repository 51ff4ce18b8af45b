#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the demo image.
#
#   build.sh [--fallback] OUTDIR
#
# Leaves in OUTDIR: demo.efi (the unified kernel image), demo.initrd, demo.vmlinuz, demo.manifest
# (package versions), platforms/ (platforms.yaml and the firmware it names) and, when `etalon` was
# there, demo.etalon.tar (unsigned reference values, written by mkosi.postoutput).
# A second call with the same inputs returns at once.
#
# mkosi comes from the fetched folder of tools/dev/fetch.sh, not from the host.  Where it cannot run
# (neither user namespaces nor the right to mount) one line says so and fallback.sh builds the same
# kind of image; --fallback asks for that.
#
# Environment: ETALON_FETCHED     folder for fetched packages, default build/fetched
#              ETALON_BIN         folder with the program `etalon`, default build/release/bin
#              ETALON_DEBIAN_MIRROR, ETALON_SECURITY_MIRROR   see sources.sh
# Exit: 0 done, 2 command line wrong, 3 the image cannot be built.
set -eu
# Modes of the tree's files come from here.
umask 022
LC_ALL=C.UTF-8
# an ordinary user's lacks the last two, and mkosi's tools lie there
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
fetched=${ETALON_FETCHED:-$top/build/fetched}
programs=${ETALON_BIN:-$top/build/release/bin}
suite=bookworm

fail() { # STATUS TEXT
  echo "build.sh: error: $2" >&2
  exit "$1"
}

say() {
  echo "build.sh: $1" >&2
}

with=
if [ "${1:-}" = --fallback ]; then
  with=fallback
  shift
fi
[ $# = 1 ] || fail 2 "usage: build.sh [--fallback] OUTDIR"
mkdir -p "$1"
out=$(cd "$1" && pwd)
work=$out/work

# mkosi needs a mount namespace of its own, either with privileges or in a user namespace.
can_unshare() {
  unshare --user --map-root-user --mount true 2> /dev/null && return 0
  [ "$(id -u)" = 0 ] && unshare --mount true 2> /dev/null
}

if [ -z "$with" ]; then
  with=mkosi
  can_unshare || {
    say "mkosi cannot run here (no user namespaces, no right to mount): building with mmdebstrap"
    with=fallback
  }
fi

# key: sha256 over every input of the image that this script can name.  Package versions are not
# among them: the archive's answer of the first build stays until something else changes.
key() {
  {
    echo "$with $suite"
    cat "$top/tools/dev/pins.tsv"
    # mkosi applies sysusers, tmpfiles and presets with the host's systemd
    dpkg-query -W systemd cpio zstd python3-pefile mmdebstrap 2> /dev/null || true
    cd "$top/mkosi"
    find demo profile -type f ! -name '*.md' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    find demo profile -type l -printf '%p -> %l\n' | LC_ALL=C sort
  } | sha256sum | cut -d ' ' -f 1
}

# bundle_key: what the reference values depend on besides
bundle_key() {
  if [ -x "$programs/etalon" ]; then
    sha256sum < "$programs/etalon"
  else
    echo "no etalon"
  fi
}

# What mkosi runs after the build, for another program and the same image.
write_bundle() {
  say "$out/demo.efi is up to date, writing its reference values anew"
  rm -f "$out/bundle-key" "$out/demo.etalon.tar"
  PATH=$programs:$PATH OUTPUTDIR=$out SRCDIR=$here ETALON_RELEASE=demo-1 \
    ETALON_PLATFORMS=$out/platforms/platforms.yaml "$top/mkosi/profile/mkosi.postoutput" ||
    fail 3 "the reference values cannot be written"
  bundle_key > "$out/bundle-key"
}

wanted=$(key)
if [ -f "$out/demo.efi" ] && [ "$(cat "$out/key" 2> /dev/null)" = "$wanted" ]; then
  if [ "$(cat "$out/bundle-key" 2> /dev/null)" = "$(bundle_key)" ]; then
    say "$out/demo.efi is up to date"
  else
    write_bundle
  fi
  exit 0
fi

fetch() {
  "$top/tools/dev/fetch.sh" "$fetched" "$@" || fail 3 "cannot fetch $*"
}

ukify=$(fetch trixie/systemd-ukify)
# Bookworm's own stub (252) lays two of its sections over each other; 257 does not.
stub=$(fetch trixie/systemd-boot-efi)/usr/lib/systemd/boot/efi/linuxx64.efi.stub
firmware=$(fetch trixie/ovmf)/usr/share/ovmf/OVMF.fd

# The configuration is built from a copy, with the platforms' firmware laid into it: scripts in
# mkosi's sandbox see that folder, read-only, and nothing else of the build.
rm -rf "$work/conf" "$work/out" "$work/tmp"
mkdir -p "$work/conf" "$work/out" "$work/tmp" "$work/cache" "$out/platforms"
cp -R "$top/mkosi/demo" "$top/mkosi/profile" "$work/conf"
# the modes of the checkout must not get into the image
chmod -R u=rwX,go=rX "$work/conf"
cp "$firmware" "$work/conf/demo/OVMF.fd"
"$here/sources.sh" $suite > "$work/debian.sources" || exit 3

build_mkosi() {
  mkosi=$(fetch trixie/mkosi)
  proxy=$(apt-config dump --format '%v' Acquire::http::Proxy)
  set -- --extra-search-path "$ukify/usr/bin"
  if [ -d "$programs" ]; then
    set -- "$@" --extra-search-path "$programs"
  fi
  if [ -n "$proxy" ]; then
    set -- "$@" --proxy-url "$proxy"
  fi
  # /usr/bin/python3: another Python in PATH has not the modules of Debian's packages
  (cd "$work/conf/demo" &&
    PYTHONPATH=$mkosi/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1 \
      /usr/bin/python3 -m mkosi --release $suite "$@" \
      --sandbox-tree "$work/debian.sources:/etc/apt/sources.list.d/mkosi.sources" \
      --extra-tree "$stub:/usr/lib/systemd/boot/efi/linuxx64.efi.stub" \
      --output-dir "$work/out" --package-cache-dir "$work/cache" --workspace-dir "$work/tmp" \
      --environment "ETALON_RELEASE=demo-1" --force build)
}

say "building the demo image with $with (log: $work/log)"
case $with in
  mkosi) build_mkosi ;;
  fallback)
    ETALON_BIN=$programs "$work/conf/demo/fallback.sh" \
      "$work/out" "$work/debian.sources" "$ukify/usr/bin/ukify" "$stub"
    ;;
esac > "$work/log" 2>&1 || {
  tail -n 30 "$work/log" >&2
  fail 3 "the build failed"
}
grep -e 'etalon is not in' "$work/log" >&2 || true

rm -f "$out/key" "$out/bundle-key" "$out"/demo.*
cp "$work/conf/demo/OVMF.fd" "$work/conf/demo/platforms.yaml" "$out/platforms"
for name in efi initrd vmlinuz manifest etalon.tar; do
  [ ! -e "$work/out/demo.$name" ] || mv "$work/out/demo.$name" "$out"
done
[ -f "$out/demo.efi" ] || fail 3 "the build left no demo.efi"
bundle_key > "$out/bundle-key"
echo "$wanted" > "$out/key"
rm -rf "$work/out" "$work/tmp"
