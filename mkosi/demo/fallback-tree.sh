#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# fallback-tree.sh ROOT: makes the fresh Debian tree ROOT what mkosi would have made of it.  Run by
# mmdebstrap; beside it in ROOT/demo.d lie mkosi.finalize and remove (patterns of files to remove).
# Leaves in ROOT/demo.d what the caller fetches: vmlinuz, os-release, packages.
#
# Never change owners recursively here: the host's /proc and /sys are mounted in the tree.
set -eu
cd "$1"

echo 'IMAGE_ID="demo"' >> usr/lib/os-release
cp boot/vmlinuz-* demo.d/vmlinuz
cp usr/lib/os-release demo.d/os-release
# shellcheck disable=SC2016  # the dollar signs are dpkg's
dpkg-query --admindir="$PWD/var/lib/dpkg" -W \
  -f '${Package} ${Version} ${Architecture}\n' > demo.d/packages

OWNERS=keep BUILDROOT=$PWD sh demo.d/mkosi.finalize

while read -r pattern; do
  # shellcheck disable=SC2086  # a pattern, anchored in the tree
  rm -rf ./$pattern
done < demo.d/remove

# systemd's package script makes these with systemd-tmpfiles, but only where /proc is mounted in the
# tree, which takes privileges; the guest makes them again at boot.
rm -rf etc/mtab root/.ssh run/lock/subsys var/lib/private var/lib/systemd/coredump \
  var/lib/systemd/pstore

ln -s usr/lib/systemd/systemd init
echo demo > etc/hostname
