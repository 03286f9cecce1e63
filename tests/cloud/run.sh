#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The fake cloud against the signature vectors, its own promises, and the vendor's clients; mqferry beside those.
#   run.sh SDK-FOLDER SANITIZED-FOLDER
# The clients are installed into SDK-FOLDER once; where that cannot be done their tests are skipped, and say so.
set -eu
cd "$(dirname "$0")"
sdk=$(readlink -f "../../$1")
MQFERRY_SANITIZED=$(readlink -f "../../$2/mqferry")
NODE_SDK=$sdk-node
GO_SDK=$sdk-go
export MQFERRY_SANITIZED NODE_SDK GO_SDK
python=/usr/bin/python3
./install-sdk.sh "$sdk"
[ -e "$sdk/complete" ] && python=$sdk/bin/python3
PYTHONPATH=. exec "$python" -B ../e2e/runner.py test_signatures test_fakecloud sdk_confirm sdk_confirm_old sdk_confirm_node sdk_confirm_go sdk_beside_mqferry
