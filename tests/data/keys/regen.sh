#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the throw-away keys anew, in the folder of this script.
set -eu
cd "$(dirname "$0")"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out TEST-ONLY-p256.key
openssl genpkey -algorithm ed25519 -out TEST-ONLY-ed25519.key
for key in TEST-ONLY-*.key; do
  openssl pkey -in "$key" -pubout -out "${key%.key}.pub"
  chmod 644 "$key"
done
