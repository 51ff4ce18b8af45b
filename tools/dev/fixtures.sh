#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fetches the public files of tests/data/upstream.tsv from their repositories into a folder where
# the tests look for them.
#
#   fixtures.sh [DIR]     DIR: default build/fixtures of this source tree
#
# A file appears under its name only when its sha256 is the listed one; files already there with
# the right sha256 are left alone.  All files are tried; each failure is one line on stderr.
#
# Environment: ETALON_RAW_HOST   address in front of /OWNER/NAME/COMMIT/PATH,
#                                default: https://raw.githubusercontent.com
#              ETALON_UPSTREAM   another list
# Exit: 0 all there, 2 command line wrong, 3 a file is missing or wrong.
set -eu
umask 022
LC_ALL=C
export LC_ALL

fail() { # STATUS TEXT
  echo "fixtures.sh: error: $2" >&2
  exit "$1"
}

root=$(cd "$(dirname "$0")/../.." && pwd)
list=${ETALON_UPSTREAM:-$root/tests/data/upstream.tsv}
host=${ETALON_RAW_HOST:-https://raw.githubusercontent.com}

[ $# -le 1 ] || fail 2 "usage: fixtures.sh [DIR]"
dir=${1:-$root/build/fixtures}
[ -r "$list" ] || fail 3 "$list: cannot be read"
for program in curl sha256sum; do
  command -v $program > /dev/null || fail 3 "$program is missing"
done

sha256_of() {
  sha256sum < "$1" | cut -d ' ' -f 1
}

# safe LOCAL: a name that stays below the folder
safe() {
  case "/$1/" in
    *//* | */../* | */./*) return 1 ;;
  esac
}

# download URL FILE SHA256: the file appears only when complete and right
download() {
  mkdir -p "$(dirname "$2")" || return 1
  if ! curl --fail --silent --show-error --location --retry 3 --max-time 300 \
    --output "$2.partial" "$1"; then
    echo "fixtures.sh: error: $1: cannot be fetched" >&2
  elif [ "$(sha256_of "$2.partial")" != "$3" ]; then
    echo "fixtures.sh: error: $1: sha256 is not the listed one" >&2
  else
    mv "$2.partial" "$2"
    return
  fi
  rm -f "$2.partial"
  return 1
}

tab=$(printf '\t')
status=0
count=0
# no field is ever empty, so splitting at runs of tabs is right
while IFS=$tab read -r repository commit path licence sha256 local rest; do
  case $repository in '' | '#'*) continue ;; esac
  if [ -z "$local" ] || [ -n "$rest" ]; then
    fail 3 "$list: $repository: not six columns"
  fi
  safe "$local" || fail 3 "$list: $local: leaves the folder"
  count=$((count + 1))
  if [ -f "$dir/$local" ] && [ "$(sha256_of "$dir/$local")" = "$sha256" ]; then
    continue
  fi
  if download "$host/$repository/$commit/$path" "$dir/$local" "$sha256"; then
    echo "$local ($licence)"
  else
    status=3
  fi
done < "$list"
[ "$status" != 0 ] || echo "$count public files in $dir"
exit "$status"
