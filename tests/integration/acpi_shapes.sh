#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Dumps the ACPI files of all shapes from the host's QEMU and from the one of bookworm-backports, and
# compares them with those derived from one dump per number of processors.
#
#   acpi_shapes.sh UNIT_ACPI_DUMP FETCHED
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
test=$1
folder=$("$here/tools/dev/fetch.sh" "$2" bookworm-backports/qemu-system-x86)
data=$("$here/tools/dev/fetch.sh" "$2" bookworm-backports/qemu-system-common \
  bookworm-backports/qemu-system-data)
echo "$data"
export ETALON_ACPI_SHAPES=all
for qemu in /usr/bin/qemu-system-x86_64 "$folder/usr/bin/qemu-system-x86_64"; do
  "$qemu" --version | sed 1q
  ETALON_QEMU=$qemu "$test" --gtest_filter='AcpiDump.is_what_*:AcpiDump.of_one_*'
done
