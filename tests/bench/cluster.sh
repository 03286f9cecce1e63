#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Figures of open-source clusters: cluster.sh BINARY [PART...]. bench-bare, built by the target bench-programs, lies beside the binary.
set -eu
binary=$(readlink -f "$1")
shift
cd "$(dirname "$0")"
PYTHONPATH=../cluster exec /usr/bin/python3 -B cluster_figures.py "$binary" "$@"
