#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The vendor's clients, once each: for Python into SDK-FOLDER, for Node into SDK-FOLDER-node, for Go into SDK-FOLDER-go; a folder
# has a file `complete` (Python: a copy of what was wanted) when all went well: install-sdk.sh SDK-FOLDER
set -eu
sdk=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
mkdir -p "$(dirname "$sdk")"
if ! cmp -s "$here/sdk-requirements.txt" "$sdk/complete"; then
    rm -f "$sdk/complete"
    { /usr/bin/python3 -m venv "$sdk" && "$sdk/bin/pip" install --quiet --timeout 10 --retries 1 -r "$here/sdk-requirements.txt" &&
        cp "$here/sdk-requirements.txt" "$sdk/complete"; } >"$sdk.log" 2>&1 || true
fi
if [ ! -e "$sdk-node/complete" ] && command -v npm >/dev/null; then
    mkdir -p "$sdk-node"
    cp "$here/node/package.json" "$sdk-node/"
    { cd "$sdk-node" && npm install --no-audit --no-fund --ignore-scripts --fetch-retries 1 && touch complete; } >"$sdk-node.log" 2>&1 || true
fi
if [ ! -e "$sdk-go/complete" ] && command -v go >/dev/null; then
    mkdir -p "$sdk-go"
    { cd "$here/go" && go build -o "$sdk-go/confirm" . && touch "$sdk-go/complete"; } >"$sdk-go.log" 2>&1 || true
fi
