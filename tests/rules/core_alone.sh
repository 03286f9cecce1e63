#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The core links against libc alone: a stray dependency fails here, by name.
#   core_alone.sh COMPILER ROOT SOURCE...
set -eu
compiler=$1
root=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$compiler" -std=c11 -D_GNU_SOURCE -O0 -fPIC -shared -nodefaultlibs -Wl,--no-undefined -I "$root" \
    -o "$folder/core.so" "$@" -lc -lgcc
echo "the core's $# files link against libc alone"
