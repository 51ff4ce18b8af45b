#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fetches pinned Debian packages of any suite into a folder, without touching the system's apt.
#
#   fetch.sh DIR PACKAGE...       PACKAGE is a name of pins.tsv, or SUITE/NAME when several suites
#                                 have that name
#   fetch.sh --show PACKAGE...    prints lines for pins.tsv: what the suites hold today
#
# Prints one folder per PACKAGE, in order: DIR/<package>_<version>, the unpacked package.  The .deb
# files stay in DIR/debs. What is already there is not fetched again, and no network is used for it.
#
# Two independent checks stand before a package is unpacked: apt follows archive key -> InRelease ->
# Packages -> .deb, and the sha256 must be the one of pins.tsv.  When a stable suite has replaced
# the pinned version (a point release does that), its current version is taken, with a note on
# stderr and with apt's check alone.  Unstable moves every day: there a missing version is exit
# status 77 (skip) and one line.
#
# Environment: ETALON_DEBIAN_MIRROR  address of the archive, default: where this host's apt gets its
#                                    own suite
#              ETALON_PINS           another pins file
# Exit: 0 done, 2 command line wrong, 3 environment (no network, bad checksum ...), 77 an unstable
# pin has left the archive.
set -eu
umask 022
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd)
pins=${ETALON_PINS:-$here/pins.tsv}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() { # STATUS TEXT
  echo "fetch.sh: error: $2" >&2
  exit "$1"
}

note() {
  echo "fetch.sh: $1" >&2
}

# The address this host's apt uses for its own release.  indextargets reads the sources files, so it
# works without fetched lists.
host_mirror() {
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016  # the dollar signs are apt's
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v release="$codename" '$2 == release && $3 == "main" { print $1; exit }'
}

# configure SUITE: an apt configuration that knows nothing but this suite and keeps all its state
# below $state/SUITE.  It is read after the host's own (proxies stay in force); hooks that clean the
# host's cache are dropped.
configure() {
  mirror=${ETALON_DEBIAN_MIRROR:-$(host_mirror)}
  [ -n "$mirror" ] ||
    fail 3 "no Debian archive in this host's apt sources: set ETALON_DEBIAN_MIRROR"
  [ -r "$keyring" ] || fail 3 "$keyring is missing: install debian-archive-keyring"
  mkdir -p "$state/$1/lists/partial" "$state/$1/cache/archives/partial"
  : > "$state/$1/status"
  echo "deb [signed-by=$keyring] $mirror $1 main" > "$state/$1/sources.list"
  cat > "$state/$1/apt.conf" << END
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::Etc::sourcelist "$state/$1/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$state/$1";
Dir::State::status "$state/$1/status";
Dir::Cache "$state/$1/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
END
}

# with_suite SUITE COMMAND...: runs an apt command in the world of this suite
with_suite() {
  conf=$state/$1/apt.conf
  shift
  "$@" -c "$conf"
}

# refresh SUITE: brings the lists up to date, once per call of this script and suite
updated=' '
refresh() {
  case $updated in *" $1 "*) return 0 ;; esac
  configure "$1"
  with_suite "$1" apt-get -qq update > "$state/$1/log" 2>&1 || {
    cat "$state/$1/log" >&2
    fail 3 "$1: apt-get update failed"
  }
  : > "$state/$1/fresh"
  updated="$updated$1 "
}

# field SUITE PACKAGE[=VERSION] NAME: one field of a package's record; nothing when the suite has no
# such version
field() {
  with_suite "$1" apt-cache show --no-all-versions "$2" 2> /dev/null | sed -n "s/^$3: //p" | sed 1q
}

# has SUITE PACKAGE VERSION: whether the suite offers it, by today's lists if those at hand do not
has() {
  [ -e "$state/$1/fresh" ] || refresh "$1"
  [ -z "$(field "$1" "$2=$3" SHA256)" ] || return 0
  refresh "$1"
  [ -n "$(field "$1" "$2=$3" SHA256)" ]
}

# follow SUITE META: the real package behind a name without version, such as linux-image-amd64
follow() {
  with_suite "$1" apt-cache show --no-all-versions "$2" 2> /dev/null |
    sed -n 's/^Depends: \([^ ,]*\).*/\1/p' | sed 1q
}

# pin ARGUMENT: the line of pins.tsv that an argument names
pin() {
  awk -v want="$1" '
    /^#/ || NF == 0 { next }
    want == $2 || want == $1 "/" $2 || (NF > 4 && (want == $5 || want == $1 "/" $5)) { print; n++ }
    END { exit n == 1 ? 0 : n > 1 ? 4 : 5 }' "$pins" && return 0 || rc=$?
  [ "$rc" != 4 ] || fail 2 "$1: pinned in several suites, write SUITE/PACKAGE"
  fail 2 "$1: not in $pins"
}

sha256_of() {
  sha256sum "$1" | cut -d ' ' -f 1
}

# apt_download SUITE PACKAGE VERSION: into debs/partial; what apt says goes to a log
apt_download() (
  cd "$dir/debs/partial" && with_suite "$1" apt-get -qq download "$2=$3" > "$state/$1/log" 2>&1
)

# download SUITE PACKAGE VERSION FILE: the file appears under its name only when complete.  The
# lists at hand may be older than the archive, so a failure is tried once more with new ones.
download() {
  rm -rf "$dir/debs/partial"
  mkdir -p "$dir/debs/partial"
  apt_download "$1" "$2" "$3" || {
    refresh "$1"
    apt_download "$1" "$2" "$3" || {
      cat "$state/$1/log" >&2
      fail 3 "$1/$2: version $3 cannot be downloaded"
    }
  }
  mv "$dir/debs/partial/"*.deb "$4"
  rmdir "$dir/debs/partial"
}

# unpack FILE FOLDER: the folder appears under its name only when complete
unpack() {
  rm -rf "$2.partial"
  dpkg-deb -x "$1" "$2.partial" || fail 3 "$1: dpkg-deb cannot unpack it"
  mv "$2.partial" "$2"
}

# fetch_one ARGUMENT: fetches, checks, unpacks, prints the folder
fetch_one() {
  line=$(pin "$1") || exit $?
  # shellcheck disable=SC2086  # the fields of the line
  set -- $line
  suite=$1 package=$2 version=$3 sha256=$4 meta=${5:-}
  # apt writes the colon of an epoch as %3a in file names; so do we
  folder=$dir/${package}_$(echo "$version" | sed 's/:/%3a/')
  if [ -d "$folder" ]; then
    echo "$folder"
    return
  fi
  if ! [ -e "$dir/debs/${folder##*/}.deb" ] && ! has "$suite" "$package" "$version"; then
    case $suite in
      sid | unstable | experimental)
        echo "fetch.sh: skip: $suite/$package $version has left the archive" >&2
        exit 77
        ;;
    esac
    pinned="$package $version" sha256=
    [ -z "$meta" ] || package=$(follow "$suite" "$meta")
    version=$(field "$suite" "$package" Version)
    [ -n "$version" ] || fail 3 "$suite: has neither $pinned nor a successor"
    note "note: $suite: $pinned has left the suite, taking $package $version"
    folder=$dir/${package}_$(echo "$version" | sed 's/:/%3a/')
    if [ -d "$folder" ]; then
      echo "$folder"
      return
    fi
  fi
  deb=$dir/debs/${folder##*/}.deb
  [ -e "$deb" ] || download "$suite" "$package" "$version" "$deb"
  if [ -n "$sha256" ] && [ "$(sha256_of "$deb")" != "$sha256" ]; then
    rm -f "$deb"
    fail 3 "$suite/$package $version: sha256 differs from $pins"
  fi
  unpack "$deb" "$folder"
  echo "$folder"
}

# show_one ARGUMENT: a line for pins.tsv.  ARGUMENT is SUITE/NAME; a name without version is
# followed to the real package.
show_one() {
  case $1 in */*) ;; *) fail 2 "$1: write SUITE/PACKAGE" ;; esac
  suite=${1%%/*} package=${1#*/} meta=
  refresh "$suite"
  case $package in
    linux-image-*[0-9].[0-9]*) ;;
    linux-image-*) meta=$package package=$(follow "$suite" "$package") ;;
  esac
  version=$(field "$suite" "$package" Version)
  [ -n "$version" ] || fail 3 "$suite: no package $package"
  sha256=$(field "$suite" "$package=$version" SHA256)
  printf '%s\t%s\t%s\t%s%s\n' "$suite" "$package" "$version" "$sha256" "${meta:+	$meta}"
}

[ $# -ge 2 ] || fail 2 "usage: fetch.sh DIR PACKAGE... | fetch.sh --show SUITE/PACKAGE..."
for program in apt-get apt-cache dpkg-deb flock; do
  command -v $program > /dev/null || fail 3 "$program is missing: this needs a Debian host"
done

if [ "$1" = --show ]; then
  shift
  state=$(mktemp -d)
  trap 'rm -rf "$state"' EXIT
  for argument; do show_one "$argument"; done
  exit 0
fi

mkdir -p "$1/debs" "$1/.apt"
dir=$(cd "$1" && pwd)
state=$dir/.apt
shift
# one process at a time in one folder: tests that run in parallel share it
exec 9> "$state/lock"
flock 9
for argument; do fetch_one "$argument"; done
