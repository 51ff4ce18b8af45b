#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: run.sh boot [CASE...]       makes the images of the cases and boots them, two at a time
#        run.sh compare CASE         compares predictions with that boot
#        run.sh [CASE...]            both, for all cases by default
#        run.sh list                 names the cases
#
# Environment: ETALON     program whose predictions are compared; unset: build/release/bin/etalon, and where
#                         that is not built, the second implementation of tests/oracle is compared alone
#              DEMO_UKI   the demo image (default: build/demo/demo.efi, made by make demo)
#              BOOT_WORK  folder of the boots (default: build/boot)
#              ETALON_FETCHED  folder of fetched packages (default: build/fetched)
# Exit: 0 all agree, 1 a check failed, 3 something needed is missing, 77 skipped, with the reason on stderr.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=${BOOT_WORK:-$top/build/boot}
etalon=${ETALON:-$top/build/release/bin/etalon}
fetched=${ETALON_FETCHED:-$top/build/fetched}
demo=${DEMO_UKI:-$top/build/demo/demo.efi}

# The longest boot first.
cases=(demo secureboot sd-boot ramfs direct stub252 stub254 stub257 stub262
  sd-boot252 sd-boot254 sd-boot262 sd-boot-secure sd-boot252-secure
  beside252 beside254 beside257 beside262 addons254 addons257 addons262 beside-menu)

fail() {
  echo "run.sh: error: $2" >&2
  exit "$1"
}

skip() {
  echo "run.sh: skip: $1" >&2
  exit 77
}

fetch() {
  "$top/tools/dev/fetch.sh" "$fetched" "$@"
}

# one_file FILE...: the file that a pattern names; two or none would leave open which one was booted
one_file() {
  { [ $# -eq 1 ] && [ -f "$1" ]; } || fail 3 "not exactly one file: $*"
  echo "$1"
}

# uki_path CASE: where boot.sh puts the UKI
uki_path() {
  case $1 in
    sd-boot* | *-menu) echo EFI/Linux/rig.efi ;;
    *) echo EFI/BOOT/BOOTX64.EFI ;;
  esac
}

# make_beside DIR UKI: an EFI system partition with something of each kind beside the UKI, and things to be left out
make_beside() {
  local beside=$1/$2.extra.d global=$1/loader
  rm -rf "$1"
  mkdir -p "$beside/folder.cred" "$global/credentials" "$global/extensions" || return 3
  printf 'first' > "$beside/b.cred"
  printf 'second, longer' > "$beside/A.CRED"
  printf 'for all' > "$global/credentials/all.cred"
  printf 'tools for all' > "$global/extensions/more.raw"
  printf 'settings for all' > "$global/extensions/more.confext.raw"
  printf 'not a real image' > "$beside/tools.raw"
  printf 'not a real one either' > "$beside/settings.confext.raw"
  printf 'hidden' > "$beside/.hidden.cred"
  printf 'of no kind' > "$beside/notes.txt"
  : > "$beside/empty.cred"
}

# make_addons DIR UKIFY STUB: an EFI system partition with command line addons beside the UKI and for all
make_addons() {
  local beside=$1/EFI/BOOT/BOOTX64.EFI.extra.d global=$1/loader/addons
  rm -rf "$1"
  mkdir -p "$beside" "$global" || return 3
  addon "$2" "$3" 'b=own-second' "$beside/b.addon.efi" && addon "$2" "$3" '  A=own-first ' "$beside/A.addon.efi" &&
    addon "$2" "$3" 'z=global' "$global/z.addon.efi" && addon "$2" "$3" 'y=global' "$global/y.addon.efi"
}

# addon UKIFY STUB CMDLINE FILE
addon() {
  /usr/bin/python3 "$1" build --stub "$2" --cmdline "$3" --output "$4" > /dev/null || return 3
}

# Nothing here may fall back on what the host has: each fetch is checked by itself.
boot_case() {
  local name=$1 out=$work/$1 stub='' options=() folder kernel ukify busybox
  mkdir -p "$out" || exit 3
  if [ "$name" = demo ]; then
    [ -e "$demo" ] || skip "demo: no $demo (make demo builds it)"
    "$here/boot.sh" --out "$out" --keep --uki "$demo"
    return
  fi
  local kernels=bookworm/linux-image-cloud-amd64
  busybox=$(fetch bookworm/busybox-static) || exit $?
  busybox=$busybox/bin/busybox
  case $name in
    stub252) stub=bookworm/systemd-boot-efi ;;
    stub254) stub=bookworm-backports/systemd-boot-efi ;;
    stub257) stub=trixie/systemd-boot-efi ;;
    stub262) stub=sid/systemd-boot-efi ;;
    secureboot) # and a kernel with one IMA list per bank
      stub=trixie/systemd-boot-efi kernels=bookworm-backports/linux-image-cloud-amd64 options=(--secureboot) ;;
    sd-boot) # and a newer firmware, and the other TPM interface
      folder=$(fetch trixie/ovmf) || exit $?
      folder=$folder/usr/share/OVMF
      stub=trixie/systemd-boot-efi
      options=(--via sd-boot --tpm tis --ovmf "$folder/OVMF_CODE_4M.fd,$folder/OVMF_VARS_4M.fd") ;;
    sd-boot252) stub=bookworm/systemd-boot-efi options=(--via sd-boot) ;;
    sd-boot254) stub=bookworm-backports/systemd-boot-efi options=(--via sd-boot) ;;
    sd-boot262) stub=sid/systemd-boot-efi options=(--via sd-boot) ;;
    sd-boot-secure) stub=trixie/systemd-boot-efi options=(--via sd-boot --secureboot) ;;
    sd-boot252-secure) stub=bookworm/systemd-boot-efi options=(--via sd-boot --secureboot) ;;
    beside252) stub=bookworm/systemd-boot-efi ;;
    beside254) stub=bookworm-backports/systemd-boot-efi ;;
    beside257) stub=trixie/systemd-boot-efi ;;
    beside262) stub=sid/systemd-boot-efi ;;
    beside-menu) stub=trixie/systemd-boot-efi options=(--via sd-boot) ;;
    addons254) stub=bookworm-backports/systemd-boot-efi ;;
    addons257) stub=trixie/systemd-boot-efi ;;
    addons262) stub=sid/systemd-boot-efi ;;
    ramfs) # a root that IMA's own policies measure, and a foreign tree below our init
      stub=trixie/systemd-boot-efi
      "$here/small_tree.sh" "$out/tree" "$busybox" || exit $?
      cp "$out/tree/overlay/usr/lib/rig/overlaid" "$out/tree/root/usr/lib/rig/" || exit $? # no archive of its own here
      options=(--tree "$out/tree/root" --cmdline "console=ttyS0 ima_hash=sha256 panic=-1 rootfstype=ramfs") ;;
    direct) options=(--via direct --tpm none) ;; # no stub and no TPM: the IMA list alone
    *) fail 2 "no case $name" ;;
  esac
  case $name in
    beside*)
      make_beside "$out/esp" "$(uki_path "$name")" || exit $?
      options+=(--esp "$out/esp") ;;
  esac
  folder=$(fetch "$kernels") || exit $?
  kernel=$(one_file "$folder"/boot/vmlinuz-*) || exit $?
  if [ -n "$stub" ]; then
    folder=$(fetch "$stub") || exit $?
    stub=$(one_file "$folder/usr/lib/systemd/boot/efi/linuxx64.efi.stub") || exit $?
    ukify=$(fetch trixie/systemd-ukify) || exit $?
    ukify=$(one_file "$ukify/usr/bin/ukify") || exit $?
    options+=(--stub "$stub" --ukify "$ukify")
  fi
  case $name in
    addons*)
      make_addons "$out/esp" "$ukify" "${stub%/*}/addonx64.efi.stub" || exit $?
      options+=(--esp "$out/esp") ;;
  esac
  busybox=$(one_file "$busybox") || exit $?
  "$here/boot.sh" --out "$out" --keep --kernel "$kernel" --busybox "$busybox" --policy "$here/guest/exec.policy" \
    "${options[@]}"
}

# Two machines at a time. What became of a case is in CASE.status, which its comparison reports: one that does not boot
# must not keep the others from being compared.
boot_all() {
  local name running=0
  mkdir -p "$work"
  exec 9> "$work/lock"
  flock 9
  for name in "$@"; do rm -f "$work/$name.status"; done
  for name in "$@"; do
    if [ $running -ge 2 ]; then
      wait -n || true
      running=$((running - 1))
    fi
    (
      # Not `|| rc=$?`: errexit does not hold in what stands before ||.
      set +e
      (set -e && boot_case "$name") > "$work/$name.log" 2>&1
      echo $? > "$work/$name.status"
      sed "s/^/$name: /" "$work/$name.log" >&2
    ) 9>&- &
    running=$((running + 1))
  done
  wait
  for name in "$@"; do
    [ -s "$work/$name.status" ] || fail 3 "$name: the attempt to boot it was cut short"
  done
}

oracle_options() {
  case $1 in
    secureboot) echo --secure-boot ;;
    sd-boot | sd-boot252 | sd-boot254) echo "--sd-boot $work/$1/sd-boot.efi" ;;
    sd-boot-secure | sd-boot252-secure) echo "--sd-boot $work/$1/sd-boot.efi --secure-boot" ;;
    sd-boot262) echo "--sd-boot $work/$1/sd-boot.efi --no-efi-seed" ;;
    beside-menu) echo "--esp $work/$1/esp --uki-path $(uki_path "$1") --sd-boot $work/$1/sd-boot.efi" ;;
    beside262 | addons262) echo "--esp $work/$1/esp --no-efi-seed" ;;
    beside* | addons*) echo "--esp $work/$1/esp" ;;
    stub262) echo --no-efi-seed ;; # QEMU has no virtio-rng here, so the firmware has no seed to give
  esac
}

# The machine of a case, as etalon wants it described. `unstated` leaves open what only the boot shows: whether the
# firmware has a random seed for the stub.
write_platforms() {
  local out=$work/$1 secureboot=false boot='boot: disk-uki' esp=''
  case $1 in secureboot | *-secure) secureboot=true ;; esac
  [ ! -d "$out/esp" ] || esp=", esp: esp, uki_path: $(uki_path "$1")"
  case $1 in
    sd-boot* | *-menu)
      boot='boot: disk-sd-boot
    boot_loader: {file: sd-boot.efi, conf: loader.conf}' ;;
  esac
  cat > "$out/platforms.yaml" <<END
platforms:
  - id: stated
    tee: vtpm
    $boot
    banks: [sha1, sha256, sha384, sha512]
    disk: {gpt: disk.img$esp}
    conditions: {secure_boot: $secureboot, random_seed: false}
  - id: unstated
    tee: vtpm
    $boot
    banks: [sha1, sha256, sha384, sha512]
    disk: {gpt: disk.img$esp}
    conditions: {secure_boot: $secureboot}
END
}

# How the registers of a case must be predicted: a prediction that has become vague is no agreement.
required() {
  local pcr9=exact pcr12=zero pcr13=zero
  case $1/$2 in *262/unstated) pcr9=replay ;; esac
  case $1 in sd-boot252* | sd-boot254) pcr12=exact ;; esac # old versions pass the command line on
  case $1 in beside*) pcr12=exact pcr13=exact ;; addons*) pcr12=exact ;; esac
  echo "pcr4=exact,pcr9=$pcr9,pcr11=exact,pcr12=$pcr12,pcr13=$pcr13"
}

# compare_with CASE WHO [PLATFORM]: without a platform there is no prediction
compare_with() {
  local name=$1 who=$2 platform=${3-} out=$work/$1 options=()
  if [ "$name" = demo ]; then
    options=(--ima-covers /usr/lib/demo/report) # which goes on after it has read the registers
  else
    options=(--expect-ima "$here/small.ima")
  fi
  if [ -n "$platform" ]; then
    options+=(--measured "$out/$who.measured.json" --platform "$platform" --require "$(required "$name" "$platform")")
  fi
  echo "== $name: $who${platform:+, platform $platform}"
  /usr/bin/python3 "$here/compare.py" --files "$out/$who.files.json" --boot "$out" "${options[@]}"
}

compare_with_oracle() {
  local name=$1 out=$work/$1
  if [ "$name" = direct ]; then
    /usr/bin/python3 "$top/tests/oracle/initrd_oracle.py" "$out/initrd" > "$out/oracle.files.json" &&
      compare_with "$name" oracle
    return
  fi
  # shellcheck disable=SC2046  # options without blanks
  /usr/bin/python3 "$top/tests/oracle/uki_oracle.py" "$out/uki.efi" $(oracle_options "$name") \
    > "$out/oracle.measured.json" &&
    /usr/bin/python3 "$top/tests/oracle/initrd_oracle.py" "$out/uki.efi" > "$out/oracle.files.json" &&
    compare_with "$name" oracle oracle
}

# diff_logs CASE PLATFORM: etalon itself finds no difference between what it predicted and what was logged
diff_logs() {
  local name=$1 platform=$2 out=$work/$1
  echo "== $name: eventlog diff, platform $platform"
  "$etalon" eventlog diff "$out/etalon.measured.json" "$out/guest/binary_bios_measurements" --platform "$platform"
}

compare_with_etalon() {
  local name=$1 out=$work/$1 status=0
  if [ ! -x "$etalon" ]; then
    [ -z "${ETALON-}" ] || fail 3 "$etalon: cannot be run"
    echo "note $etalon is not built: only the second implementation was compared"
    return
  fi
  if [ "$name" = direct ]; then
    "$etalon" image digest "$out/initrd" --alg sha256 --json > "$out/etalon.files.json" || return 1
    compare_with "$name" etalon
    return
  fi
  write_platforms "$name" || return 1
  "$etalon" predict registers "$out/uki.efi" --platforms "$out/platforms.yaml" --json > "$out/etalon.measured.json" &&
    "$etalon" image digest "$out/uki.efi" --alg sha256 --json > "$out/etalon.files.json" || return 1
  compare_with "$name" etalon stated || status=1
  compare_with "$name" etalon unstated || status=1
  diff_logs "$name" stated || status=1
  diff_logs "$name" unstated || status=1
  return $status
}

compare_case() {
  local name=$1 status=0
  [ -e "$work/$name.status" ] || fail 3 "$name: not booted"
  case $(cat "$work/$name.status") in
    0) ;;
    77) skip "$(tail -n 1 "$work/$name.log")" ;;
    *) fail 1 "$name: did not boot: $(tail -n 1 "$work/$name.log")" ;;
  esac
  compare_with_oracle "$name" || status=1
  compare_with_etalon "$name" || status=1
  return $status
}

compare_all() {
  local name rc status=0
  for name in "$@"; do
    rc=0
    (compare_case "$name") || rc=$?
    case $rc in 0 | 77) ;; *) status=1 ;; esac
  done
  return $status
}

case ${1-} in
  list) printf '%s\n' "${cases[@]}" ;;
  boot)
    shift
    [ $# -gt 0 ] || set -- "${cases[@]}"
    boot_all "$@"
    ;;
  compare)
    [ $# -eq 2 ] || fail 2 "compare takes one case"
    compare_case "$2"
    ;;
  *)
    [ $# -gt 0 ] || set -- "${cases[@]}"
    boot_all "$@"
    compare_all "$@"
    ;;
esac
