#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Figures of the cloud doors, or of some of their parts (functions of cloud.py): cloud.sh BINARY [PART...]. The yardsticks
# built by bench-programs lie beside the binary; the fast fake, the vendor's clients and what they need are made here.
set -eu
binary=$(readlink -f "$1")
shift
cd "$(dirname "$0")"
folder=$(dirname "$binary")
(cd cloud && go build -o "$folder/bench-fastcloud" ./fastcloud)
# The vendor's clients come over the network; without them their figures are left out, and said to be.
(cd cloud && go build -o "$folder/bench-gosdk" ./gosdk) >"$folder/bench-gosdk.log" 2>&1 || rm -f "$folder/bench-gosdk"
../cloud/install-sdk.sh "$folder/sdk"
exec /usr/bin/python3 -B cloud.py "$binary" "$@"
