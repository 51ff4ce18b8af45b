#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the same kind of image as mkosi does, where mkosi cannot run: mmdebstrap makes the tree,
# tar2cpio.py the archive, ukify the UKI.  Called by build.sh.
#
#   fallback.sh OUTDIR SOURCES UKIFY STUB
#
# SOURCES is a deb822 file of apt sources.  Packages, removed files and the command line are read
# from mkosi.conf.  The bytes differ from mkosi's (other order of files, no presets applied), so
# the image has reference values of its own; two calls give the same bytes, as root or not.
set -eu
umask 022
export LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin"

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
sources=$2 ukify=$3 stub=$4

# setting NAME FILE...: the values of a setting, one a line, in the order of the files
setting() {
  name=$1
  shift
  awk -v name="$name" '
    FNR == 1 { inside = 0 }
    /^[#;]/ { next }
    /^[^ \t]/ { inside = 0 }
    index($0, name "=") == 1 { inside = 1; $0 = substr($0, length(name) + 2) }
    inside { for (i = 1; i <= NF; i++) print $i }' "$@"
}

conf=$here/mkosi.conf
SOURCE_DATE_EPOCH=$(setting SourceDateEpoch "$conf")
export SOURCE_DATE_EPOCH
packages=$(setting Packages "$conf" | paste -sd ,)
cmdline=$(setting KernelCommandLine "$here/../profile/mkosi.conf" "$conf" | paste -sd ' ')

# An unprivileged mmdebstrap cannot read our folders from inside: all that the hook needs goes in,
# and what it leaves comes out, through mmdebstrap's own copy commands.
mkdir -p "$out/demo.d"
cp "$here/fallback-tree.sh" "$here/mkosi.finalize" "$out/demo.d"
setting RemoveFiles "$conf" > "$out/demo.d/remove"
# shellcheck disable=SC2016  # $1 is the hook's: the tree
mmdebstrap --quiet --variant=essential --include="$packages" --skip=cleanup/reproducible \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --customize-hook="copy-in '$here/../profile/mkosi.extra/etc' /" \
  --customize-hook="copy-in '$here/mkosi.extra/etc' '$here/mkosi.extra/usr' /" \
  --customize-hook="copy-in '$out/demo.d' /" \
  --customize-hook='sh "$1/demo.d/fallback-tree.sh" "$1"' \
  --customize-hook="copy-out /demo.d/vmlinuz /demo.d/os-release /demo.d/packages '$out/demo.d'" \
  --customize-hook='rm -r "$1/demo.d"' \
  "$(setting Release "$conf")" "$out/root.tar" "$sources"
mv "$out/demo.d/vmlinuz" "$out/demo.vmlinuz"

/usr/bin/python3 "$here/tar2cpio.py" "$out/root.tar" > "$out/root.cpio"
zstd -q -f -T0 -"$(setting CompressLevel "$conf")" "$out/root.cpio" -o "$out/demo.initrd"

/usr/bin/python3 "$ukify" build --linux "$out/demo.vmlinuz" --initrd "$out/demo.initrd" \
  --os-release "@$out/demo.d/os-release" --cmdline "$cmdline" --stub "$stub" --efi-arch x64 \
  --output "$out/demo.efi"

# The form of mkosi's manifest, as far as it is used: which packages are in the image.
{
  printf '{\n  "manifest_version": 1,\n  "packages": ['
  separator=
  sort "$out/demo.d/packages" | while read -r package version architecture; do
    printf '%s\n    {"type": "deb", "name": "%s", "version": "%s", "architecture": "%s"}' \
      "$separator" "$package" "$version" "$architecture"
    separator=,
  done
  printf '\n  ]\n}\n'
} > "$out/demo.manifest"
rm -rf "$out/root.tar" "$out/root.cpio" "$out/demo.d"

# What mkosi would run after the build.
PATH=${ETALON_BIN:+$ETALON_BIN:}$PATH OUTPUTDIR=$out SRCDIR=$here ETALON_RELEASE=demo-1 \
  "$here/../profile/mkosi.postoutput"
