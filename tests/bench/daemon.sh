#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Figures of the daemon, or of some of its parts (functions of daemon.py): daemon.sh BINARY [PART...]. The yardstick,
# prometheus-node-exporter, is fetched as a package and run from where it is unpacked: nothing is installed.
set -eu
binary=$(readlink -f "$1")
shift
tools=$(dirname "$binary")/bench/tools
if ! [ -x "$tools/usr/bin/prometheus-node-exporter" ]; then
    mkdir -p "$tools"
    (cd "$tools" && apt-get -qq -o APT::Sandbox::User=root download prometheus-node-exporter && dpkg-deb -x prometheus-node-exporter_*.deb .) ||
        echo "prometheus-node-exporter cannot be fetched: processor time stands alone" >&2
fi
cd "$(dirname "$0")"
exec /usr/bin/python3 -B daemon.py "$binary" "$tools/usr/bin/prometheus-node-exporter" "$@"
