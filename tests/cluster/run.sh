#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The cluster ring: the real binary against real name servers and brokers.
#   run.sh RELEASE-FOLDER SANITIZED-FOLDER [TEST…]
set -eu
cd "$(dirname "$0")"
MQFERRY=$(readlink -f "../../$1/mqferry")
MQFERRY_SANITIZED=$(readlink -f "../../$2/mqferry")
export MQFERRY MQFERRY_SANITIZED
shift 2
PYTHONPATH=../e2e exec /usr/bin/python3 -B ring.py "$@"
