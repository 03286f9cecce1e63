#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The main job on the samples, step by step: an export of an open-source cluster goes into a snapshot that stands for an
# ApsaraMQ for RocketMQ 5.x instance.
#   demo.sh MQFERRY
set -euo pipefail
mqferry=$(readlink -f "$1")
samples=$(dirname "$(readlink -f "$0")")
folder=$(mktemp -d)
daemon=
cleanup() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
cp "$samples/rocketmq-metadata-export.json" "$samples/cutover-mapping.yaml" .
export MQFERRY_STATE_DIR=$folder/state

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'; else bold='' dim='' plain=''; fi
step() { printf '\n%s— %s%s\n' "$bold" "$1" "$plain"; }
# show EXPECTED-EXIT-CODE COMMAND…: prints the command as one would type it, runs it, checks how it ended.
show() {
    local expected=$1 status=0
    shift
    printf '%s$ mqferry %s%s\n' "$dim" "$*" "$plain"
    "$mqferry" "$@" || status=$?
    printf '%s(exit %d)%s\n' "$dim" "$status" "$plain"
    [ "$status" = "$expected" ] || { echo "demo: expected exit $expected" >&2; exit 1; }
}

step "1. Is the export whole, and what is in it?"
show 0 validate rocketmq-metadata-export.json

step "2. What would be created? ApsaraMQ needs a message type for every topic, and old topics tell none."
show 0 plan --from rocketmq-metadata-export.json --to snapshot:new.json --for apsaramq

step "3. The mapping says what people decided. Nothing is written yet; the plan is kept."
show 0 plan --from rocketmq-metadata-export.json --to snapshot:new.json --for apsaramq --mapping cutover-mapping.yaml --out cutover.plan

step "4. Create exactly what the plan shows."
show 0 apply cutover.plan

step "5. Is everything declared there, as declared?"
show 0 verify --from rocketmq-metadata-export.json --to snapshot:new.json --mapping cutover-mapping.yaml

step "6. Once more: equal sides, nothing to do, nothing written."
show 0 apply --from rocketmq-metadata-export.json --to snapshot:new.json --mapping cutover-mapping.yaml --yes

step "7. From now on the daemon keeps both in step. A topic is added to a manifest while it runs."
mkdir manifests
cat >mqferry.yaml <<'EOF'
apiVersion: mqferry/v1
kind: Sync
metadata: {name: cutover}
spec:
  mode: apply
  source: [rocketmq-metadata-export.json, manifests/]
  destination: {address: "snapshot:new.json"}
  mapping: cutover-mapping.yaml
  interval: 60s
EOF
printf '%s$ mqferry run --config mqferry.yaml &%s\n' "$dim" "$plain"
export MQFERRY_LISTEN="${MQFERRY_LISTEN:-127.0.0.1:0}" # another mqferry may have the usual port
"$mqferry" run --config mqferry.yaml --log-format text 2>&1 &
daemon=$!
sleep 1
cat >manifests/coupons.yaml <<'EOF'
apiVersion: mqferry/v1
kind: Topic
metadata: {name: coupon_granted}
spec: {messageType: NORMAL}
EOF
printf '%s$ cat manifests/coupons.yaml%s\n' "$dim" "$plain"
cat manifests/coupons.yaml
for _ in $(seq 100); do grep -q coupon_granted new.json && break; sleep 0.1; done
kill "$daemon"
wait "$daemon" || true
daemon=
grep -q coupon_granted new.json || { echo "demo: the new topic did not arrive" >&2; exit 1; }

step "8. Who made what, and when: the journal."
show 0 journal --created

printf '\n%sDone.%s The snapshot holds:\n' "$bold" "$plain"
grep '"name"' new.json
