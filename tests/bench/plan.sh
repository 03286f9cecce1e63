#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Figures of the main job, or of some of its parts (functions of plan.py): plan.sh BINARY [PART...]. The yardsticks,
# built by the target bench-programs, lie beside the binary; the data is made in the folder bench there.
set -eu
binary=$(readlink -f "$1")
shift
cd "$(dirname "$0")"
/usr/bin/python3 -B generate.py "$(dirname "$binary")/bench"
exec /usr/bin/python3 -B plan.py "$binary" "$@"
