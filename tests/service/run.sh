#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The service ring: the package, linted, and installed in a booted systemd.
#   run.sh BUILD-FOLDER [TEST…]      the package is BUILD-FOLDER/mqferry_*.deb
set -eu
cd "$(dirname "$0")"
MQFERRY_BUILD=$(readlink -f "../../$1")
RING=$PWD
export MQFERRY_BUILD RING
shift
exec /usr/bin/python3 -B ../e2e/runner.py "$@"
