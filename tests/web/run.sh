#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the daemon serves, as its readers take it: Prometheus (promtool) and people (a real Chromium).
#   run.sh RELEASE-FOLDER SANITIZED-FOLDER [TEST…]
# The browser's driver and promtool are put into RELEASE-FOLDER/web once; where that cannot be done their tests are skipped,
# and say so.
set -eu
cd "$(dirname "$0")"
web=$(readlink -f "../../$1")/web
MQFERRY=$(readlink -f "../../$1/mqferry")
MQFERRY_SANITIZED=$(readlink -f "../../$2/mqferry")
PROMTOOL=$web/tools/usr/bin/promtool
export MQFERRY MQFERRY_SANITIZED PROMTOOL
shift 2
./install-tools.sh "$web"
python=/usr/bin/python3
[ -e "$web/complete" ] && python=$web/driver/bin/python3
[ $# -gt 0 ] || set -- test_metrics test_page
PYTHONPATH=.:../e2e:../cloud exec "$python" -B ../e2e/runner.py "$@"
