#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: small_tree.sh OUT BUSYBOX [POLICY]
#
# Makes the small guest as three folders, one per archive of its initrd:
#   OUT/early    what a microcode archive looks like (uncompressed, first)
#   OUT/root     the root tree, merged /usr, with the names and links that make path rules visible
#   OUT/overlay  replaces one file of the root (uncompressed, last)
# The dynamic program and its libraries are this host's.
set -euo pipefail
export LC_ALL=C
umask 022
here=$(cd "$(dirname "$0")" && pwd)
out=$1 busybox=$2 policy=${3-}
rm -rf "$out"
mkdir -p "$out"/{early,root,overlay}

mkdir -p "$out/early/kernel/x86/microcode"
printf 'not microcode: a file at the place where the kernel looks for it\n' > "$out/early/kernel/x86/microcode/GenuineIntel.bin"

root=$out/root
libs=usr/lib/x86_64-linux-gnu
mkdir -p "$root"/{dev,proc,sys,run,tmp,etc/ima,usr/bin,usr/sbin,usr/lib64,usr/lib/rig,usr/share/rig,$libs}
ln -s usr/bin "$root/bin"
ln -s usr/sbin "$root/sbin"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
ln -s ../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$root/usr/lib64/ld-linux-x86-64.so.2"

install -m 755 "$busybox" "$root/usr/bin/busybox"
ln -s busybox "$root/usr/bin/sh"
install -m 755 "$busybox" "$root/usr/bin/busybox-static"
install -m 755 "$here/guest/init" "$root/init"
install -m 644 "$here/guest/exercise" "$here/guest/report" "$root/usr/lib/rig/"
install -m 644 "$here/guest/os-release" "$root/etc/os-release"
[ -z "$policy" ] || install -m 644 "$policy" "$root/etc/ima/ima-policy"

install -m 755 /usr/bin/true "$root/usr/bin/hello-dynamic"
install -m 755 /usr/bin/true "$root/usr/lib/rig/real-program"
install -m 755 /usr/bin/true "$root/usr/lib/rig/by-loader"
ln -s ../lib/rig/real-program "$root/usr/bin/by-symlink"
for library in libc.so.6 ld-linux-x86-64.so.2; do
  install -m 755 "$(readlink -f "/lib/x86_64-linux-gnu/$library")" "$root/$libs/$library"
done

script() { printf '#!/bin/sh\necho "%s" "$@"\n' "$2" > "$1" && chmod 755 "$1"; }
script "$root/usr/bin/script" "script"
script "$root/usr/bin/name with space" "script with a space in its name"
script "$root/usr/bin/linked-a" "script with two names"
ln "$root/usr/bin/linked-a" "$root/usr/bin/linked-b"
script "$root/usr/lib/rig/overlaid" "replaced: must never run"
mkdir -p "$out/overlay/usr/lib/rig"
script "$out/overlay/usr/lib/rig/overlaid" "from the last archive"

# Never run; here for whoever lists the image.
: > "$root/usr/share/rig/empty"
printf 'x' > "$root/usr/share/rig/"$'not-utf8-\xff\xfe'
printf 'y' > "$root/usr/share/rig/hard-1"
ln "$root/usr/share/rig/hard-1" "$root/usr/share/rig/hard-2"
ln -s loop-b "$root/usr/share/rig/loop-a"
ln -s loop-a "$root/usr/share/rig/loop-b"
ln -s /nowhere/at/all "$root/usr/share/rig/dangling"
