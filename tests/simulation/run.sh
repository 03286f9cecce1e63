#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The simulation ring: many seeds, then every mutant.
#     tests/simulation/run.sh BUILD_FOLDER     SEEDS=500000
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

held=0
for simulator in mqferry-simulate mqferry-simulate-place; do
    if "$1/$simulator" --seeds "1..${SEEDS:-500000}"; then held=$((held + 1)); fi
done
mutants=$(SEEDS=100000 tests/simulation/mutants.sh | tee /dev/stderr | tail -n 1)
[[ $mutants =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] || { echo "the mutants did not run" >&2; exit 1; }
failed=$((BASH_REMATCH[2] + 2 - held))
printf '%d passed, %d failed\n' $((BASH_REMATCH[1] + held)) "$failed"
[ "$failed" = 0 ]
