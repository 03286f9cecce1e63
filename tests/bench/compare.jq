# SPDX-License-Identifier: Apache-2.0
# What a script would do: jq -n -r -f compare.jq EXPORT SNAPSHOT counts what is equal, differs, is missing.

def topic:
    .name = .topicName | .messageType = .attributes["message.type"] | del(.attributes["message.type"], .topicName)
    | if .attributes == {} then del(.attributes) else . end
    | if .messageType == null then del(.messageType) else . end;

def group:
    .name = .groupName | .deliveryOrderType = (if .consumeMessageOrderly then "Orderly" else "Concurrently" end)
    | .consumeRetryPolicy = {maxRetryTimes: .retryMaxTimes} | del(.groupName, .consumeMessageOrderly, .retryMaxTimes)
    | if .attributes == {} then del(.attributes) else . end;

# Not map_values: jq 1.6 copies the whole table for each of its members there.
def by_name(form): reduce (.[] | form) as $item ({}; .[$item.name] = $item);

def compare($declared; $observed):
    reduce $declared[] as $item ([0, 0, 0];
        if $observed[$item.name] == null then .[2] += 1
        elif $observed[$item.name] == $item then .[0] += 1
        else .[1] += 1 end);

input as $export | input as $snapshot
| (["topics"] + compare($export.topicConfigTable | by_name(topic); $snapshot.topics | by_name(.))),
  (["groups"] + compare($export.subscriptionGroupTable | by_name(group); $snapshot.consumerGroups | by_name(.)))
| map(tostring) | join(" ")
