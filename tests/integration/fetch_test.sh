#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# fetch_test.sh SOURCE_DIR: tests tools/dev/fetch.sh against a made-up archive, without network.
# apt-get and apt-cache are replaced by programs that answer from a folder.
set -eu

fetch=$1/tools/dev/fetch.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# deb SUITE PACKAGE VERSION [DEPENDS]: puts a package into the archive
deb() {
  root=$scratch/root
  rm -rf "$root"
  mkdir -p "$root/DEBIAN" "$root/usr/share/$2" "$scratch/archive/$1"
  echo "$3" > "$root/usr/share/$2/version"
  printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: nobody\nDescription: none\n' \
    "$2" "$3" > "$root/DEBIAN/control"
  file=$scratch/archive/$1/$2_$(echo "$3" | sed 's/:/%3a/')_all.deb
  dpkg-deb --root-owner-group --build "$root" "$file" > "$scratch/log"
  printf 'Package: %s\nVersion: %s\n%sSHA256: %s\n' "$2" "$3" "${4:+Depends: $4
}" "$(sum "$file")" > "$scratch/archive/$1/$2.record"
}

sum() {
  sha256sum "$1" | cut -d ' ' -f 1
}

# The last argument is .apt/SUITE/apt.conf; the suite is the name of its folder.
mkdir -p "$scratch/bin"
cat > "$scratch/bin/apt-get" << 'END'
#!/bin/sh
for last; do :; done
archive=$FAKE_ARCHIVE/$(basename "$(dirname "$last")")
echo "$2" >> "$FAKE_ARCHIVE/calls"
case $2 in
  update) [ -d "$archive" ] ;;
  download) cp "$archive/${3%%=*}_$(echo "${3#*=}" | sed 's/:/%3a/')_all.deb" . ;;
  *) echo "http://archive.invalid/debian $(. /etc/os-release && echo "$VERSION_CODENAME") main" ;;
esac
END
cat > "$scratch/bin/apt-cache" << 'END'
#!/bin/sh
for last; do :; done
record=$FAKE_ARCHIVE/$(basename "$(dirname "$last")")/${3%%=*}.record
case $3 in
  *=*) grep -qx "Version: ${3#*=}" "$record" && cat "$record" ;;
  *) cat "$record" ;;
esac
END
chmod +x "$scratch/bin/apt-get" "$scratch/bin/apt-cache"

# run ARGUMENTS: fetch.sh with the made-up archive; leaves stdout, stderr and status
run() {
  status=0
  FAKE_ARCHIVE=$scratch/archive ETALON_PINS=$scratch/pins.tsv PATH=$scratch/bin:$PATH \
    ETALON_DEBIAN_MIRROR=http://archive.invalid/debian \
    "$fetch" "$@" > "$scratch/stdout" 2> "$scratch/stderr" || status=$?
}

check() { # TEXT COMMAND...
  text=$1
  shift
  if "$@" > /dev/null; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $text (status $status)" >&2
    cat "$scratch/stdout" "$scratch/stderr" >&2
  fi
}

says() {
  grep -qF "$1" "$scratch/stderr"
}

deb stable tool 1:2.0-1
deb stable moved 1.1-1
deb stable linux-image-5.0-2-x 5.0.9-1
deb stable linux-image-x 5.0.9+1 linux-image-5.0-2-x
deb sid tool 3.0-1
deb sid gone 9-2
good=$(sum "$scratch/archive/stable/tool_1%3a2.0-1_all.deb")
zeros=$(printf '%064d' 0)
cat > "$scratch/pins.tsv" << END
# comment
stable	tool	1:2.0-1	$good
sid	tool	3.0-1	$zeros
stable	moved	1.0-1	$zeros
sid	gone	9-1	$zeros
stable	linux-image-5.0-1-x	5.0.1-1	$zeros	linux-image-x
END
folder=$scratch/fetched

run "$folder" stable/tool
check "a pinned package is unpacked and named" [ "$status" = 0 ]
check "its folder is printed" grep -qx "$folder/tool_1%3a2.0-1" "$scratch/stdout"
check "its files are there" grep -qx 1:2.0-1 "$folder/tool_1%3a2.0-1/usr/share/tool/version"

rm "$scratch/archive/calls"
run "$folder" stable/tool
check "what is there is not fetched again" [ ! -e "$scratch/archive/calls" ]
check "but printed again" grep -qx "$folder/tool_1%3a2.0-1" "$scratch/stdout"

run "$folder" tool
check "a name of two suites is ambiguous" [ "$status" = 2 ]
check "and says so" says "tool: pinned in several suites, write SUITE/PACKAGE"

run "$folder" nothing
check "an unpinned name is refused" [ "$status" = 2 ]

run "$folder" sid/tool
check "another sha256 than pinned is refused" [ "$status" = 3 ]
check "and says so" says "sid/tool 3.0-1: sha256 differs"
check "nothing is unpacked" [ ! -e "$folder/tool_3.0-1" ]
check "the file does not stay" [ ! -e "$folder/debs/tool_3.0-1.deb" ]

run "$folder" moved
check "a stable suite's successor is taken" [ "$status" = 0 ]
check "with a note" says "note: stable: moved 1.0-1 has left the suite, taking moved 1.1-1"
check "and unpacked under its own version" [ -d "$folder/moved_1.1-1" ]

run "$folder" stable/linux-image-x
check "a name without version leads to the real package" [ "$status" = 0 ]
check "of today" grep -qx "$folder/linux-image-5.0-2-x_5.0.9-1" "$scratch/stdout"

run "$folder" gone
check "an unstable pin that moved on is a skip" [ "$status" = 77 ]
check "of one line" [ "$(wc -l < "$scratch/stderr")" = 1 ]
check "that names it" says "skip: sid/gone 9-1 has left the archive"

run --show stable/linux-image-x sid/tool
check "--show prints lines for the pins file" grep -qx \
  "stable	linux-image-5.0-2-x	5.0.9-1	$(sum "$scratch"/archive/stable/linux-image-5*.deb)	linux-image-x" \
  "$scratch/stdout"

run "$folder"
check "no package is a wrong command line" [ "$status" = 2 ]

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
