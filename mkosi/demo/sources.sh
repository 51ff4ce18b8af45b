#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# sources.sh SUITE: prints apt sources (deb822) of a Debian release with its updates and security
# suites.  The addresses are those this host's apt uses for its own release, or
# ETALON_DEBIAN_MIRROR and ETALON_SECURITY_MIRROR.
#
# mkosi's own default would name fixed hosts and a debug suite; mmdebstrap's would lack security.
set -eu

suite=$1
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

source_of() { # ADDRESS SUITE
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n\n' "$1" "$2" "$keyring"
}

if [ -n "${ETALON_DEBIAN_MIRROR:-}" ]; then
  source_of "$ETALON_DEBIAN_MIRROR" "$suite"
  source_of "$ETALON_DEBIAN_MIRROR" "$suite-updates"
  [ -z "${ETALON_SECURITY_MIRROR:-}" ] || source_of "$ETALON_SECURITY_MIRROR" "$suite-security"
  exit 0
fi

# shellcheck source=/dev/null
host=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
# shellcheck disable=SC2016  # the dollar signs are apt's
found=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
  'Created-By: Packages' | awk -v host="$host" -v suite="$suite" '
    $3 == "main" && ($2 == host || $2 == host "-updates" || $2 == host "-security") &&
      !seen[$1 " " $2]++ { print $1, suite substr($2, length(host) + 1) }')
if [ -z "$found" ]; then
  echo "sources.sh: error: no Debian archive in this host's apt sources: set" \
    "ETALON_DEBIAN_MIRROR and ETALON_SECURITY_MIRROR" >&2
  exit 3
fi
echo "$found" | while read -r address name; do
  source_of "$address" "$name"
done
