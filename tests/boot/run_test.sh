#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: run_test.sh
#
# What run.sh boots: only what it fetched. A copy of it runs beside a fetch and a boot that write down their
# arguments; a fetch that fails must end its case with that status, and nothing may boot.
# Exit: 0 all as wanted, 1 not.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$work/top
export BOOT_WORK=$work/boot ETALON_FETCHED=$work/fetched DEMO_UKI=$work/none
failed=0

make_copy() {
  rm -rf "${work:?}"/*
  mkdir -p "$top/tests/boot/guest" "$top/tools/dev"
  cp "$here/run.sh" "$top/tests/boot"
  cat > "$top/tools/dev/fetch.sh" <<'END'
#!/bin/sh
# A folder per package with all files a case may want of it.
[ "$2" != "$FAILING" ] || exit "$STATUS"
folder=$1/$2
mkdir -p "$folder/boot" "$folder/bin" "$folder/usr/bin" "$folder/usr/lib/systemd/boot/efi"
touch "$folder/boot/vmlinuz-1" "$folder/bin/busybox" "$folder/usr/bin/ukify" \
  "$folder/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
[ "$2" != "$DOUBLED" ] || touch "$folder/boot/vmlinuz-2"
[ "$2" != "$EMPTY" ] || find "$folder" -type f -delete
echo "$folder"
END
  cat > "$top/tests/boot/boot.sh" <<'END'
#!/bin/sh
echo "$@" > "$BOOT_WORK/booted"
END
  cat > "$top/tests/boot/small_tree.sh" <<'END'
#!/bin/sh
mkdir -p "$1/root/usr/lib/rig" "$1/overlay/usr/lib/rig"
touch "$1/overlay/usr/lib/rig/overlaid"
END
  chmod +x "$top/tests/boot/"*.sh "$top/tools/dev/fetch.sh"
}

# expect CASE STATUS: the status of the case, and that it booted only with 0
expect() {
  local name=$1 wanted=$2 status
  make_copy
  "$top/tests/boot/run.sh" boot "$name" > "$work/out" 2>&1 || true
  status=$(cat "$BOOT_WORK/$name.status" 2> /dev/null || echo none)
  if [ "$status" != "$wanted" ]; then
    echo "run_test.sh: $name, failing '$FAILING': status $status, not $wanted" >&2
    failed=1
  elif [ "$wanted" != 0 ] && [ -e "$BOOT_WORK/booted" ]; then
    echo "run_test.sh: $name, failing '$FAILING': booted all the same" >&2
    failed=1
  elif [ "$wanted" = 0 ] && grep -q -e ' /usr/' -e ' /boot/' "$BOOT_WORK/booted"; then
    echo "run_test.sh: $name: takes what is the host's: $(cat "$BOOT_WORK/booted")" >&2
    failed=1
  fi
}

export FAILING='' STATUS=3 DOUBLED='' EMPTY=''
for name in stub257 secureboot sd-boot ramfs direct; do expect "$name" 0; done
for FAILING in bookworm/linux-image-cloud-amd64 trixie/systemd-boot-efi trixie/systemd-ukify bookworm/busybox-static; do
  expect stub257 3
done
FAILING=trixie/ovmf expect sd-boot 3
FAILING=sid/systemd-boot-efi STATUS=77 expect stub262 77
FAILING=''
DOUBLED=bookworm/linux-image-cloud-amd64 expect stub257 3
for EMPTY in bookworm/linux-image-cloud-amd64 trixie/systemd-boot-efi trixie/systemd-ukify bookworm/busybox-static; do
  expect stub257 3
done
EMPTY=''
expect demo 77
exit $failed
