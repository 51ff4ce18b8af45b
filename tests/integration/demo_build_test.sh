#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: demo_build_test.sh SOURCE_DIR
#
# What a second call of mkosi/demo/build.sh does again: nothing, or the reference values alone when
# only `etalon` is another one, or everything.  Runs a copy whose fetch and fallback are made up.
# Exit: 0 all as wanted, 1 not.
set -eu
LC_ALL=C
export LC_ALL

source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$work/top
log=$work/log
failed=0

mkdir -p "$top/tools/dev" "$work/bin"
cp -R "$source/mkosi" "$top"
cp "$source/tools/dev/pins.tsv" "$top/tools/dev"
cat > "$top/tools/dev/fetch.sh" <<'END'
#!/bin/sh
mkdir -p "$1/usr/share/ovmf"
echo firmware > "$1/usr/share/ovmf/OVMF.fd"
echo "$1"
END
echo 'echo sources' > "$top/mkosi/demo/sources.sh"
cat > "$top/mkosi/demo/fallback.sh" <<'END'
#!/bin/sh
set -eu
echo image >> "$LOG"
echo image > "$1/demo.efi"
PATH=$ETALON_BIN:$PATH OUTPUTDIR=$1 SRCDIR=$(dirname "$0") ETALON_RELEASE=demo-1 \
  "$(dirname "$0")/../profile/mkosi.postoutput"
END
chmod +x "$top/tools/dev/fetch.sh" "$top"/mkosi/demo/*.sh

# program TEXT STATUS: an `etalon` that writes TEXT where measure is told to
program() {
  cat > "$work/bin/etalon" <<END
#!/bin/sh
echo values >> "\$LOG"
while [ \$# -gt 1 ]; do shift; [ "\$1" != -o ] || echo "$1" > "\$2"; done
exit $2
END
  chmod +x "$work/bin/etalon"
}

# expect WHAT STATUS LINES BUNDLE: builds; status, what was made so far, content of the bundle
expect() {
  status=0
  LOG=$log ETALON_BIN=$work/bin ETALON_FETCHED=$work/fetched \
    "$top/mkosi/demo/build.sh" --fallback "$work/out" > "$work/said" 2>&1 || status=$?
  got="$status, $(tr '\n' ' ' < "$log"), $(cat "$work/out/demo.etalon.tar" 2> /dev/null || echo none)"
  if [ "$got" != "$2, $3, $4" ]; then
    echo "demo_build_test.sh: $1: '$got', not '$2, $3, $4'" >&2
    cat "$work/said" >&2
    failed=1
  fi
}

program one 0
expect "a first build" 0 "image values " one
expect "the same again" 0 "image values " one
program two 0
expect "another program" 0 "image values values " two
expect "that again" 0 "image values values " two
program three 1
expect "a program that fails" 3 "image values values values " three
program two 0
expect "the one before" 0 "image values values values values " two
echo "# changed" >> "$top/mkosi/demo/mkosi.conf"
expect "another configuration" 0 "image values values values values image values " two
exit $failed
