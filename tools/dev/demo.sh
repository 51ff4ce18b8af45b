#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The main job end to end: builds the demo image, predicts its registers, signs and verifies them.
#
#   demo.sh [OUTDIR]      default: build/demo
#
# Needs the programs in build/release/bin (ETALON_BIN: another folder).  The key pair is made in
# OUTDIR and belongs to this demo only.
# Exit: 0 all verified; else the status of the step that failed.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:-$top/build/demo}
bin=${ETALON_BIN:-$top/build/release/bin}

step() {
  printf '\n== %s\n' "$1"
}

for program in etalon etalon-verify; do
  [ -x "$bin/$program" ] || {
    echo "demo.sh: error: $bin/$program is missing: build first" >&2
    exit 3
  }
done

step "image"
"$top/mkosi/demo/build.sh" "$out"
out=$(cd "$out" && pwd)
ls -l "$out/demo.efi"
[ -s "$out/demo.etalon.tar" ] || {
  echo "demo.sh: error: the profile's hook left no $out/demo.etalon.tar" >&2
  exit 3
}

bundle=$out/release.etalon.tar
key=$out/demo-key
release=demo-1
rm -f "$bundle"

# These rules are known from source code only, as no machine with TDX was at hand; a demo may state
# values that rest on them.
step "measure: what every register will be"
"$bin/etalon" measure "$out/demo.efi" --platforms "$out/platforms/platforms.yaml" \
  --release "$release" --accept "MRTD kvm-page" --accept "MRTD kvm-section" \
  --accept "Linux 6.1: no CC measurement" --json -o "$bundle" > "$out/registers.json"
/usr/bin/python3 "$top/tools/dev/registers.py" < "$out/registers.json"

step "sign"
[ -f "$key.key" ] || "$bin/etalon" keygen -o "$key"
"$bin/etalon" sign "$bundle" --key "$key.key"

step "verify: bundle, signature, image"
"$bin/etalon-verify" bundle "$bundle" --key "$key.pub" --image "$out/demo.efi" \
  --name "$release"

printf '\nThe signed reference values are in %s\n' "$bundle"
