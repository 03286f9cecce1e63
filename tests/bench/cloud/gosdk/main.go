// SPDX-License-Identifier: Apache-2.0

// gosdk does what the product does through the vendor's Go core, which its product clients are made of (the product's
// own client makes exactly these calls: openapi 1.1), with so many at a time and without retries, as it is set up by
// default. Its retries sleep milliseconds as seconds (openapi 4.4), so it has no part in the figures with a limit.
//
//	gosdk creates HOST:PORT CONCURRENCY COUNT PREFIX      creates so many topics
//	gosdk passes  HOST:PORT CONCURRENCY COUNT [details]   so many times: the instance, every page of topics and groups,
//	                                                      details of groups
//	gosdk tls     HOST:PORT CONCURRENCY CA-FILE           one call on each of so many new connections
//
// Prints one line of JSON.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	util "github.com/alibabacloud-go/tea-utils/v2/service"
	"github.com/alibabacloud-go/tea/tea"
)

const instance = "/instances/rmq-cn-abc123"

type caller struct {
	client      *openapi.Client
	protocol    string
	concurrency int
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "gosdk:", err)
		os.Exit(1)
	}
}

func newCaller(endpoint, protocol, ca string, concurrency int) *caller {
	config := &openapi.Config{
		AccessKeyId: tea.String("LTAI-test"), AccessKeySecret: tea.String("secret-of-test"), Endpoint: tea.String(endpoint),
		Protocol: tea.String(protocol), RegionId: tea.String("cn-hangzhou"), MaxIdleConns: tea.Int(concurrency)}
	if ca != "" {
		config.Ca = tea.String(ca)
	}
	client, err := openapi.NewClient(config)
	must(err)
	return &caller{client, protocol, concurrency}
}

func (c *caller) call(action, method, path string, query map[string]*string, body any) (map[string]any, error) {
	params := &openapi.Params{
		Action: tea.String(action), Version: tea.String("2022-08-01"), Protocol: tea.String(strings.ToUpper(c.protocol)),
		Pathname: tea.String(path), Method: tea.String(method), AuthType: tea.String("AK"), Style: tea.String("ROA"),
		ReqBodyType: tea.String("json"), BodyType: tea.String("json")}
	return c.client.CallApi(params, &openapi.OpenApiRequest{Query: query, Body: body},
		&util.RuntimeOptions{MaxIdleConns: tea.Int(c.concurrency)})
}

// each runs work for 0 to count-1, so many at a time.
func (c *caller) each(count int, work func(int)) {
	numbers := make(chan int, count)
	for i := 0; i < count; i++ {
		numbers <- i
	}
	close(numbers)
	var all sync.WaitGroup
	for i := 0; i < c.concurrency; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range numbers {
				work(n)
			}
		}()
	}
	all.Wait()
}

func (c *caller) creates(count int, prefix string) {
	c.each(count, func(n int) {
		_, err := c.call("CreateTopic", "POST", fmt.Sprintf("%s/topics/%s%06d", instance, prefix, n), nil,
			map[string]interface{}{"messageType": "NORMAL"})
		must(err)
	})
	fmt.Printf("{\"created\": %d}\n", count)
}

const pageSize = 100

// page gives the rows of one page and how many there are in all.
func (c *caller) page(action, path string, number int) ([]any, int) {
	answer, err := c.call(action, "GET", instance+path, map[string]*string{
		"pageNumber": tea.String(strconv.Itoa(number)), "pageSize": tea.String(strconv.Itoa(pageSize))}, nil)
	must(err)
	data := answer["body"].(map[string]any)["data"].(map[string]any)
	total, err := strconv.Atoi(fmt.Sprint(data["totalCount"]))
	must(err)
	return data["list"].([]any), total
}

// pass reads everything once: the first pages tell how many there are.
func (c *caller) pass(details bool) (topics, groups int) {
	_, err := c.call("GetInstance", "GET", instance, nil, nil)
	must(err)
	actions, paths := [2]string{"ListTopics", "ListConsumerGroups"}, [2]string{"/topics", "/consumerGroups"}
	var rows [2][]any
	var totals [2]int
	c.each(2, func(kind int) { rows[kind], totals[kind] = c.page(actions[kind], paths[kind], 1) })
	topicPages, groupPages := (totals[0]-1)/pageSize, (totals[1]-1)/pageSize
	var mutex sync.Mutex
	c.each(topicPages+groupPages, func(n int) {
		kind, number := 0, n+2
		if n >= topicPages {
			kind, number = 1, n-topicPages+2
		}
		more, _ := c.page(actions[kind], paths[kind], number)
		mutex.Lock()
		rows[kind] = append(rows[kind], more...)
		mutex.Unlock()
	})
	if details {
		c.each(len(rows[1]), func(n int) {
			name := rows[1][n].(map[string]any)["consumerGroupId"].(string)
			_, err := c.call("GetConsumerGroup", "GET", instance+"/consumerGroups/"+name, nil, nil)
			must(err)
		})
	}
	return len(rows[0]), len(rows[1])
}

func (c *caller) passes(count int, details bool) {
	topics, groups := 0, 0
	for i := 0; i < count; i++ {
		topics, groups = c.pass(details)
	}
	fmt.Printf("{\"topics\": %d, \"groups\": %d}\n", topics, groups)
}

func (c *caller) tls() {
	var mutex sync.Mutex
	answered, begin := 0, time.Now()
	c.each(c.concurrency, func(int) {
		_, err := c.call("GetInstance", "GET", "/instances/none", nil, nil)
		mutex.Lock()
		defer mutex.Unlock()
		if err != nil && strings.Contains(err.Error(), "Instance.NotFound") {
			answered++
		}
	})
	fmt.Printf("{\"answered\": %d, \"took_us\": %d}\n", answered, time.Since(begin).Microseconds())
}

func main() {
	job, endpoint := os.Args[1], os.Args[2]
	concurrency, err := strconv.Atoi(os.Args[3])
	must(err)
	if job == "tls" {
		bundle, err := os.ReadFile(os.Args[4])
		must(err)
		newCaller(endpoint, "https", string(bundle), concurrency).tls()
		return
	}
	count, err := strconv.Atoi(os.Args[4])
	must(err)
	caller := newCaller(endpoint, "http", "", concurrency)
	if job == "creates" {
		caller.creates(count, os.Args[5])
	} else {
		caller.passes(count, len(os.Args) > 5)
	}
}
