#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install-tools.sh FOLDER: promtool from Debian's package, unpacked (the package itself would start a service), and the browser's
# driver from PyPI. FOLDER/complete tells that the driver is whole.
set -eu
web=$1
mkdir -p "$web"
cd "$(dirname "$0")"
here=$(pwd)
if [ ! -x "$web/tools/usr/bin/promtool" ]; then
    (cd "$web" && apt-get -qq download prometheus && dpkg-deb -x prometheus_*.deb tools && rm -f prometheus_*.deb) >"$web/promtool.log" 2>&1 || true
fi
[ -e "$web/complete" ] && exit 0
{ /usr/bin/python3 -m venv "$web/driver" && "$web/driver/bin/pip" install --quiet --timeout 20 --retries 2 -r "$here/requirements.txt" &&
    touch "$web/complete"; } >"$web/driver.log" 2>&1 || true
