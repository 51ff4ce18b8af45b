#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One measured boot: builds initrd, UKI and disk, runs QEMU in software with OVMF and a software TPM of four banks, and
# keeps everything the boot consumed beside what the guest measured. No root, no mount, no loop device.
set -euo pipefail
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1700000000
export PATH=$PATH:/usr/sbin:/sbin # an ordinary user's lacks them, and sfdisk and mkfs lie there
umask 022

usage() {
  cat <<'END'
usage: boot.sh --out DIR [option...]

What boots (one of):
  --uki FILE            a ready-made UKI that reports by itself on the second serial port
  --kernel FILE         a kernel with our own initrd; with --stub unless --via direct
How:
  --via uki|direct|sd-boot   UKI as EFI/BOOT/BOOTX64.EFI (default), QEMU -kernel, or systemd-boot before the UKI
  --stub FILE           systemd-stub to build the UKI on
  --esp DIR             files to put on the EFI system partition as well, in their folders
  --sd-boot FILE        systemd-boot program (default: systemd-bootx64.efi beside the stub)
  --ukify FILE          ukify program (default: ukify in PATH)
  --cmdline S           kernel command line (default: console=ttyS0 ima_hash=sha256 panic=-1)
  --busybox FILE        static busybox for the guest (default: /usr/bin/busybox)
  --tree DIR            root tree to put into the initrd instead of the small one; a tree with systemd gets a report unit
  --initrd FILE         a ready-made initrd instead of a tree
  --policy FILE         IMA policy, installed as /etc/ima/ima-policy
Machine:
  --ovmf CODE[,VARS]    firmware; a single file is used with -bios
  --secureboot          enrolled firmware variables (Debian's published snakeoil keys), programs signed with that key
  --tpm crb|tis|none    TPM interface (default: crb)
  --memory SIZE         guest memory (default: 1G)
Run:
  --timeout S           seconds until the machine is stopped (default: 600)
  --keep                boot only if the inputs or this rig changed since the last boot into DIR

DIR afterwards: guest/ (what came back), uki.efi, initrd, disk.img (sparse) and its GPT as disk-head.bin and
disk-tail.bin, boot.env (how it was booted), inputs.sha256 (everything consumed), serial.log, firmware.log.
Exit: 0 the guest reported, 1 it did not, 2 wrong options, 3 something needed is missing.
END
}

die() {
  echo "boot.sh: error: $2" >&2
  exit "$1"
}

here=$(cd "$(dirname "$0")" && pwd)
newc=$here/../support/newc.py
uki='' kernel='' via=uki stub='' sdboot='' ukify='' tree='' initrd='' policy='' out=''
cmdline='console=ttyS0 ima_hash=sha256 panic=-1'
busybox=/usr/bin/busybox espdir='' ovmf='' secureboot=off tpm=crb memory=1G timeout=600 keep=off

parse_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --secureboot) secureboot=on; shift; continue ;;
      --keep) keep=on; shift; continue ;;
      --help) usage; exit 0 ;;
      --*) [ $# -ge 2 ] || die 2 "$1 needs a value" ;;
      *) die 2 "unexpected argument $1" ;;
    esac
    case $1 in
      --uki) uki=$2 ;; --kernel) kernel=$2 ;; --via) via=$2 ;; --stub) stub=$2 ;; --sd-boot) sdboot=$2 ;;
      --ukify) ukify=$2 ;; --cmdline) cmdline=$2 ;; --busybox) busybox=$2 ;; --tree) tree=$2 ;;
      --initrd) initrd=$2 ;; --policy) policy=$2 ;; --ovmf) ovmf=$2 ;; --tpm) tpm=$2 ;; --memory) memory=$2 ;;
      --timeout) timeout=$2 ;; --out) out=$2 ;; --esp) espdir=$2 ;;
      *) die 2 "unknown option $1" ;;
    esac
    shift 2
  done
}

# Relative names would break: later steps run in other folders.
absolute() {
  local name
  for name in uki kernel stub sdboot ukify tree initrd policy busybox espdir; do
    [ -z "${!name}" ] || printf -v "$name" %s "$(realpath -m "${!name}")"
  done
}

check_options() {
  [ -n "$out" ] || die 2 "--out is required"
  case $via in uki | direct | sd-boot) ;; *) die 2 "--via $via: not uki, direct or sd-boot" ;; esac
  case $tpm in crb | tis | none) ;; *) die 2 "--tpm $tpm: not crb, tis or none" ;; esac
  if [ -n "$uki" ]; then
    [ -z "$kernel$stub$tree$initrd$policy" ] || die 2 "--uki is complete: no --kernel, --stub, --tree, --initrd, --policy"
    [ "$via" != direct ] || die 2 "--via direct takes --kernel, not --uki"
  else
    [ -n "$kernel" ] || die 2 "--uki or --kernel is required"
    [ "$via" = direct ] || [ -n "$stub" ] || die 2 "--stub is required to build a UKI"
    [ -z "$tree" ] || [ -z "$initrd" ] || die 2 "--tree and --initrd exclude each other"
  fi
  if [ "$via" = sd-boot ] && [ -z "$sdboot" ]; then
    [ -n "$stub" ] || die 2 "--via sd-boot with --uki needs --sd-boot"
    sdboot=$(dirname "$stub")/systemd-bootx64.efi
  fi
  if [ -z "$ovmf" ]; then
    ovmf=/usr/share/OVMF/OVMF_CODE_4M.fd,/usr/share/OVMF/OVMF_VARS_4M.fd
    [ "$secureboot" = off ] || ovmf=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd,/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd
  fi
  local file
  for file in "$uki" "$kernel" "$stub" "$sdboot" "$initrd" "$policy" "${ovmf%%,*}" "${ovmf#*,}"; do
    [ -z "$file" ] || [ -r "$file" ] || die 3 "$file: cannot be read"
  done
  for file in qemu-system-x86_64 sfdisk mformat mcopy; do
    command -v "$file" > /dev/null || die 3 "$file: not installed"
  done
  [ "$tpm" = none ] || command -v swtpm_setup > /dev/null || die 3 "swtpm_setup: not installed"
}

# The rig's own archive behind a foreign root tree: our init, or a unit for a systemd that is there already.
make_rig_overlay() {
  local top=$1 lib=$1/usr/lib/rig
  mkdir -p "$lib"
  install -m 644 "$here/guest/report" "$lib/report"
  if [ -e "$tree/usr/lib/systemd/systemd" ]; then
    local units=$top/etc/systemd/system
    mkdir -p "$units/multi-user.target.wants"
    install -m 755 "$busybox" "$lib/busybox"
    install -m 644 "$here/guest/rig-report.service" "$units/"
    ln -s ../rig-report.service "$units/multi-user.target.wants/"
    [ -e "$tree/init" ] || [ -L "$tree/init" ] || ln -s usr/lib/systemd/systemd "$top/init"
  else
    mkdir -p "$top/usr/bin" "$top"/{dev,proc,sys,run}
    install -m 755 "$busybox" "$top/usr/bin/busybox"
    install -m 755 "$here/guest/init" "$top/init"
  fi
  if [ -n "$policy" ]; then
    mkdir -p "$top/etc/ima"
    install -m 644 "$policy" "$top/etc/ima/ima-policy"
  fi
}

make_initrd() {
  if [ -n "$initrd" ]; then
    cp "$initrd" "$out/initrd"
  elif [ -n "$tree" ]; then
    make_rig_overlay "$work/overlay"
    /usr/bin/python3 "$newc" -o "$out/initrd" "zstd:$tree@dev/console=5.1" "$work/overlay"
  else
    "$here/small_tree.sh" "$work/small" "$busybox" "$policy"
    # One zero byte at the end: the length is no multiple of 4, so a stub that pads the initrd shows in PCR 9.
    /usr/bin/python3 "$newc" -o "$out/initrd" "$work/small/early" "zstd:$work/small/root@dev/console=5.1" \
      "$work/small/overlay" pad:1
  fi
}

make_uki() {
  if [ -n "$uki" ]; then
    cp --reflink=auto "$uki" "$1"
    return
  fi
  local program=${ukify:-$(command -v ukify || true)} release=$here/guest/os-release
  [ -n "$program" ] || die 3 "ukify: not installed and no --ukify"
  [ -z "$tree" ] || [ ! -e "$tree/etc/os-release" ] || release=$tree/etc/os-release
  /usr/bin/python3 "$program" build --linux "$kernel" --initrd "$out/initrd" --cmdline "$cmdline" \
    --os-release "@$release" --stub "$stub" --efi-arch x64 --output "$1" > "$out/ukify.log" 2>&1 ||
    die 3 "ukify: $(tail -n 1 "$out/ukify.log")"
}

# sign FROM TO. Debian's snakeoil platform key signs for the snakeoil variables; its passphrase is published with it.
# A signature holds the time: what was signed before is taken again, or no boot could be kept.
sign() {
  local digest
  digest=$(sha256sum < "$1")
  [ ! -e "$2" ] || [ "$(cat "$2.unsigned" 2> /dev/null)" != "$digest" ] || return 0
  command -v sbsign > /dev/null || die 3 "sbsign: not installed"
  [ -e "$work/key" ] || openssl pkey -in /usr/share/ovmf/PkKek-1-snakeoil.key -passin pass:snakeoil -out "$work/key"
  sbsign --key "$work/key" --cert /usr/share/ovmf/PkKek-1-snakeoil.pem --output "$2" "$1" 2> "$out/sbsign.log" ||
    die 3 "sbsign: $(tail -n 1 "$out/sbsign.log")"
  echo "$digest" > "$2.unsigned"
}

# place FROM TO: a program as the firmware will start it
place() {
  if [ "$secureboot" = on ]; then
    sign "$1" "$2"
  else
    cp "$1" "$2"
    rm -f "$2.unsigned"
  fi
}

make_programs() {
  if [ "$via" = direct ]; then
    place "$kernel" "$out/kernel"
    return
  fi
  make_uki "$work/uki.efi"
  place "$work/uki.efi" "$out/uki.efi"
  [ "$via" != sd-boot ] || place "$sdboot" "$out/sd-boot.efi"
}

# fill_esp IMAGE: what --esp names, parents first
fill_esp() {
  local path
  (cd "$espdir" && find . -mindepth 1 -type d | LC_ALL=C sort) | while read -r path; do
    mdir -i "$1" "::/${path#./}" > /dev/null 2>&1 || mmd -i "$1" "::/${path#./}" || exit 3
  done
  (cd "$espdir" && find . -type f | LC_ALL=C sort) | while read -r path; do
    mcopy -i "$1" "$espdir/${path#./}" "::/${path#./}" || exit 3
  done
}

# GPT with one ESP, all identifiers fixed: the firmware measures the table into PCR 5.
make_disk() {
  local disk=$out/disk.img esp=$work/esp.img bytes sectors
  bytes=$(stat -c %s "$out/uki.efi")
  sectors=$(((bytes / 1048576 + 40) * 2048))
  truncate -s $((sectors * 512)) "$esp"
  mformat -i "$esp" -F -N 12345678 -v ETALON ::
  mmd -i "$esp" ::/EFI ::/EFI/BOOT
  if [ "$via" = sd-boot ]; then
    printf 'timeout 0\n' > "$out/loader.conf"
    mmd -i "$esp" ::/EFI/Linux ::/loader
    mcopy -i "$esp" "$out/sd-boot.efi" ::/EFI/BOOT/BOOTX64.EFI
    mcopy -i "$esp" "$out/uki.efi" ::/EFI/Linux/rig.efi
    mcopy -i "$esp" "$out/loader.conf" ::/loader/loader.conf
  else
    mcopy -i "$esp" "$out/uki.efi" ::/EFI/BOOT/BOOTX64.EFI
  fi
  [ -z "$espdir" ] || fill_esp "$esp"
  rm -f "$disk"
  truncate -s $(((sectors + 4096) * 512)) "$disk"
  sfdisk --quiet --no-reread --no-tell-kernel "$disk" > /dev/null <<END
label: gpt
label-id: 11111111-2222-4333-8444-555555555555
first-lba: 2048
start=2048, size=$sectors, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=66666666-7777-4888-9999-AAAAAAAAAAAA, name=ESP
END
  cp --sparse=always "$esp" "$work/esp.sparse"
  dd if="$work/esp.sparse" of="$disk" bs=1M seek=1 conv=notrunc,sparse status=none
  head -c $((34 * 512)) "$disk" > "$out/disk-head.bin"
  tail -c $((33 * 512)) "$disk" > "$out/disk-tail.bin"
}

write_facts() {
  cat > "$out/boot.env" <<END
via=$via
secureboot=$secureboot
tpm=$tpm
memory=$memory
vcpus=1
firmware=$(basename "${ovmf%%,*}")
qemu=$(qemu-system-x86_64 --version | head -n 1)
cmdline=$([ -n "$uki" ] || echo "$cmdline")
END
  (
    cd "$out"
    # shellcheck disable=SC2046  # names of our own files
    sha256sum $(for f in uki.efi kernel initrd sd-boot.efi loader.conf disk.img disk-head.bin disk-tail.bin boot.env; do
      [ ! -e "$f" ] || echo "$f"
    done)
    for f in "${ovmf%%,*}" "${ovmf#*,}" "$stub" "$policy"; do
      [ -z "$f" ] || sha256sum "$f" | sed "s|  .*/|  |"
    done
  ) | sort -u -k 2 > "$out/inputs.sha256"
}

# Everything that decides what a boot measures: files, options, emulators and the rig itself.
boot_key() {
  {
    cat "$out/inputs.sha256" "$here/boot.sh"
    swtpm --version
  } | sha256sum | cut -d ' ' -f 1
}

machine_options() {
  # No cmpxchg16b: with QEMU 7.2 in software Linux 6.12 finds an address in EFLAGS after it and dies in the allocator.
  machine=(-accel tcg -cpu "max,-cx16" -m "$memory" -smp 1 -nodefaults -no-user-config -display none -nic none
    -rtc base=2024-01-01 -no-reboot -serial "file:$out/serial.log" -serial "file:$out/data.bin"
    -debugcon "file:$out/firmware.log" -global isa-debugcon.iobase=0x402)
  local code=${ovmf%%,*} vars=''
  [ "$ovmf" = "$code" ] || vars=${ovmf#*,}
  if [ -n "$vars" ]; then
    cp "$vars" "$work/vars.fd"
    chmod u+w "$work/vars.fd"
    machine+=(-machine "q35,smm=$secureboot" -drive "if=pflash,unit=0,format=raw,readonly=on,file=$code"
      -drive "if=pflash,unit=1,format=raw,file=$work/vars.fd")
    [ "$secureboot" = off ] || machine+=(-global "driver=cfi.pflash01,property=secure,value=on" -global ICH9-LPC.disable_s3=1)
  else
    machine+=(-machine q35 -bios "$code")
  fi
  if [ "$via" = direct ]; then
    machine+=(-kernel "$out/kernel" -initrd "$out/initrd" -append "$cmdline")
  else
    # snapshot: a boot loader may write to its ESP, and the disk stays what was booted.
    machine+=(-drive "if=none,id=disk,format=raw,snapshot=on,file=$out/disk.img" -device "virtio-blk-pci,drive=disk")
  fi
}

start_tpm() {
  [ "$tpm" != none ] || return 0
  mkdir "$work/tpm"
  swtpm_setup --tpm2 --tpmstate "$work/tpm" --pcr-banks sha1,sha256,sha384,sha512 > "$out/swtpm.log" 2>&1 ||
    die 3 "swtpm_setup: $(tail -n 1 "$out/swtpm.log")"
  swtpm socket --tpm2 --tpmstate "dir=$work/tpm" --ctrl "type=unixio,path=$work/tpm.sock" --terminate \
    >> "$out/swtpm.log" 2>&1 &
  swtpm_pid=$!
  local tries=0
  until [ -S "$work/tpm.sock" ]; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || die 3 "swtpm: no socket"
    sleep 0.1
  done
  machine+=(-chardev "socket,id=tpm,path=$work/tpm.sock" -tpmdev "emulator,id=tpm0,chardev=tpm" -device "tpm-$tpm,tpmdev=tpm0")
}

run_machine() {
  local start
  start=$(date +%s)
  timeout --kill-after=5 "$timeout" qemu-system-x86_64 "${machine[@]}" > "$out/qemu.log" 2>&1 ||
    echo "boot.sh: note: QEMU ended with $? after $(($(date +%s) - start)) s" >&2
  echo "seconds=$(($(date +%s) - start))" > "$out/times"
}

# The firmware prints on this port too: the archive begins behind the mark.
unpack_report() {
  rm -rf "$out/guest"
  mkdir "$out/guest"
  /usr/bin/python3 - "$out/data.bin" "$out/guest" <<'END' || die 1 "the guest sent no report: see $out/serial.log"
import io, sys, tarfile
data = open(sys.argv[1], "rb").read()
mark = data.rfind(b"RIG-DATA\n")
if mark < 0:
    sys.exit(1)
with tarfile.open(fileobj=io.BytesIO(data[mark + 9:]), mode="r:gz") as archive:
    for member in archive:
        if member.isfile() and "/" not in member.name.removeprefix("./"):
            with open(sys.argv[2] + "/" + member.name.removeprefix("./"), "wb") as file:
                file.write(archive.extractfile(member).read())
END
  [ -s "$out/guest/cmdline" ] || die 1 "the guest's report is empty: see $out/serial.log"
  rm -f "$out/data.bin"
}

cleanup() {
  [ -z "${swtpm_pid-}" ] || kill "$swtpm_pid" 2> /dev/null || true
  rm -rf "$work"
}

parse_options "$@"
absolute
check_options
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap cleanup EXIT
[ -n "$uki" ] || make_initrd
make_programs
[ "$via" = direct ] || make_disk
write_facts
key=$(boot_key)
if [ "$keep" = on ] && [ -s "$out/guest/cmdline" ] && [ "$(cat "$out/key" 2> /dev/null)" = "$key" ]; then
  echo "boot.sh: same inputs as before, boot kept: $out" >&2
  exit 0
fi
rm -rf "$out/guest" "$out/key"
machine_options
start_tpm
run_machine
unpack_report
echo "$key" > "$out/key"
