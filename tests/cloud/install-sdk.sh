#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The vendor's Python clients into SDK-FOLDER, once; it has a file `complete` when all went well: install-sdk.sh SDK-FOLDER
set -eu
sdk=$1
[ -e "$sdk/complete" ] && exit 0
mkdir -p "$(dirname "$sdk")"
{ /usr/bin/python3 -m venv "$sdk" && "$sdk/bin/pip" install --quiet --timeout 10 --retries 1 -r "$(dirname "$0")/sdk-requirements.txt" &&
    touch "$sdk/complete"; } >"$sdk.log" 2>&1 || true
