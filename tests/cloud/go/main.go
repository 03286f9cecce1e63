// SPDX-License-Identifier: Apache-2.0

// confirm calls ONS 2019-02-14 through the vendor's Go client of old, which signs with RPC 1.0: it creates, lists, reads,
// and is refused and throttled, and tells what it was told as one line of JSON.
//
//	confirm HOST:PORT
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ons"
)

const instance = "MQ_INST_1"

var host = os.Args[1]

func client(secret string) *ons.Client {
	made, err := ons.NewClientWithOptions("cn-hangzhou", sdk.NewConfig().WithScheme("http").WithAutoRetry(false),
		credentials.NewAccessKeyCredential("LTAI-test", secret))
	if err != nil {
		panic(err)
	}
	made.Domain = host
	return made
}

// code is "" when all went well.
func code(err error) string {
	if err == nil {
		return ""
	}
	if said, is := err.(errors.Error); is {
		return said.ErrorCode()
	}
	return err.Error()
}

func createTopic(on *ons.Client, name string) string {
	request := ons.CreateOnsTopicCreateRequest()
	request.InstanceId, request.Topic, request.MessageType, request.Remark = instance, name, requests.NewInteger(1), "备 注+~*"
	_, err := on.OnsTopicCreate(request)
	return code(err)
}

func createGroup(on *ons.Client, name string) string {
	request := ons.CreateOnsGroupCreateRequest()
	request.InstanceId, request.GroupId, request.GroupType = instance, name, "http"
	_, err := on.OnsGroupCreate(request)
	return code(err)
}

func topics(on *ons.Client) (rows [][]any, refused string) {
	request := ons.CreateOnsTopicListRequest()
	request.InstanceId = instance
	answer, err := on.OnsTopicList(request)
	if err != nil {
		return nil, code(err)
	}
	for _, row := range answer.Data.PublishInfoDo {
		rows = append(rows, []any{row.Topic, row.MessageType, row.Remark, row.ServiceStatus})
	}
	return rows, ""
}

func groups(on *ons.Client) (rows [][]any) {
	request := ons.CreateOnsGroupListRequest()
	request.InstanceId, request.GroupType = instance, "http"
	answer, err := on.OnsGroupList(request)
	if err != nil {
		return [][]any{{code(err)}}
	}
	for _, row := range answer.Data.SubscribeInfoDo {
		rows = append(rows, []any{row.GroupId, row.GroupType})
	}
	return rows
}

func status(on *ons.Client, id string) (int, string) {
	request := ons.CreateOnsInstanceBaseInfoRequest()
	request.InstanceId = id
	answer, err := on.OnsInstanceBaseInfo(request)
	if err != nil {
		return 0, code(err)
	}
	return answer.InstanceBaseInfo.InstanceStatus, ""
}

func main() {
	ours, told := client("secret-of-test"), map[string]any{}
	told["created"] = []string{createTopic(ours, "order"), createGroup(ours, "GID_b")}
	told["existed"] = createTopic(ours, "order")
	told["topics"], _ = topics(ours)
	told["groups"] = groups(ours)
	told["status"], _ = status(ours, instance)
	_, told["absent"] = status(ours, "none")
	_, told["wrong"] = topics(client("another"))
	_, told["throttled"] = status(ours, instance)
	text, err := json.Marshal(told)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
