// SPDX-License-Identifier: Apache-2.0

// gosdk creates topics through the vendor's Go core, which its product clients are made of (the product's own client
// makes exactly this call: openapi 1.1), with so many at a time and without retries, as it is set up by default.
//
//	gosdk HOST:PORT COUNT CONCURRENCY PREFIX      prints how many were created
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	util "github.com/alibabacloud-go/tea-utils/v2/service"
	"github.com/alibabacloud-go/tea/tea"
)

func main() {
	endpoint, prefix := os.Args[1], os.Args[4]
	count, _ := strconv.Atoi(os.Args[2])
	concurrency, _ := strconv.Atoi(os.Args[3])
	client, err := openapi.NewClient(&openapi.Config{
		AccessKeyId: tea.String("LTAI-test"), AccessKeySecret: tea.String("secret-of-test"), Endpoint: tea.String(endpoint),
		Protocol: tea.String("http"), RegionId: tea.String("cn-hangzhou"), MaxIdleConns: tea.Int(concurrency)})
	if err != nil {
		panic(err)
	}
	var next, created, failed int64 = -1, 0, 0
	var all sync.WaitGroup
	for i := 0; i < concurrency; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := atomic.AddInt64(&next, 1); n < int64(count); n = atomic.AddInt64(&next, 1) {
				if create(client, fmt.Sprintf("%s%06d", prefix, n), concurrency) == nil {
					atomic.AddInt64(&created, 1)
				} else {
					atomic.AddInt64(&failed, 1)
				}
			}
		}()
	}
	all.Wait()
	fmt.Printf("created %d failed %d\n", created, failed)
}

func create(client *openapi.Client, name string, concurrency int) error {
	params := &openapi.Params{
		Action: tea.String("CreateTopic"), Version: tea.String("2022-08-01"), Protocol: tea.String("HTTP"),
		Pathname: tea.String("/instances/rmq-cn-abc123/topics/" + name), Method: tea.String("POST"), AuthType: tea.String("AK"),
		Style: tea.String("ROA"), ReqBodyType: tea.String("json"), BodyType: tea.String("json")}
	request := &openapi.OpenApiRequest{Body: map[string]interface{}{"messageType": "NORMAL"}}
	_, err := client.CallApi(params, request, &util.RuntimeOptions{MaxIdleConns: tea.Int(concurrency)})
	return err
}
