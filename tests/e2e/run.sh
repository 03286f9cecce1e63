#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The end-to-end ring: the real binary against real things.
#   run.sh RELEASE-FOLDER SANITIZED-FOLDER [TEST…]
set -eu
cd "$(dirname "$0")"
MQFERRY=$(readlink -f "../../$1/mqferry")
MQFERRY_SANITIZED=$(readlink -f "../../$2/mqferry")
export MQFERRY MQFERRY_SANITIZED
shift 2
[ $# -gt 0 ] || export JOBS=3
exec /usr/bin/python3 -B runner.py "$@"
