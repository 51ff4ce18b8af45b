#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# make_fixture.sh FOLDER [LEVEL]: the root file system the speed figures are measured on, as a
# folder, a cpio and a single-frame zstd cpio: about 720 MB in 12,000 files of a Debian bookworm
# with systemd, OpenSSH, Python, curl and a kernel.  LEVEL is zstd's, 19 by default (minutes).
#
# Run as root, so that the files keep their owners; what is already there is kept.
set -eu

folder=$1
level=${2:-19}
here=$(cd "$(dirname "$0")" && pwd)
packages=systemd,systemd-sysv,openssh-server,python3,curl,linux-image-amd64

mkdir -p "$folder"
cd "$folder"

if [ ! -d root ]; then
  rm -rf --one-file-system root.new
  sh "$here/../../mkosi/demo/sources.sh" bookworm > bookworm.sources
  nice -n 19 mmdebstrap --quiet --variant=minbase --include="$packages" \
    bookworm root.new < bookworm.sources
  # seen left behind where the host has no /sys to share; it would be measured as part of the root
  ! mountpoint -q root.new/proc || umount root.new/proc
  mv root.new root
fi

if [ ! -f root.cpio ]; then
  (cd root && find . -xdev -mindepth 1 -print0 | LC_ALL=C sort -z |
    cpio --quiet --null --create --format=newc --reproducible --renumber-inodes) > root.cpio.new
  mv root.cpio.new root.cpio
fi

if [ ! -f "root-$level.cpio.zst" ]; then
  nice -n 19 zstd -q -f "-$level" -T2 root.cpio -o "root-$level.cpio.zst.new"
  mv "root-$level.cpio.zst.new" "root-$level.cpio.zst"
fi
