// SPDX-License-Identifier: Apache-2.0

// fastcloud is a stand-in for RocketMQ OpenAPI 2022-08-01 that is fast enough to measure clients on: what
// tests/cloud/fakecloud.py does for the operations of a pass (signature V3 verified, nonces used once, pages, creates,
// throttling by a token bucket), in a compiled program, and with a delay for every answer.
// tests/bench/cloud.py sends the same calls to both and compares their answers before it measures anything.
//
//	fastcloud [-tls FOLDER]      prints {"port": N}
//
// POST /_control takes an object: see command. GET /_control tells what happened.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	keyID, secret = "LTAI-test", "secret-of-test"
	instanceID    = "rmq-cn-abc123"
	instancePath  = "/instances/" + instanceID
)

// command is what a measurement sets up; what is absent stays as it is.
type command struct {
	DelayMs *int     `json:"delayMs"`
	Rate    *float64 `json:"rate"`  // of creates, a second; 0: no limit
	Burst   *float64 `json:"burst"` // of the same bucket
	Hint    *bool    `json:"hint"`  // x-acs-retry-after with a refusal
	Topics  *int     `json:"topics"`
	Groups  *int     `json:"groups"`
	Forget  bool     `json:"forget"` // what happened, and what is there
	Touch   string   `json:"touch"`  // a group whose update time moves
}

type item struct {
	name    string
	body    json.RawMessage
	updated string
}

type kind struct {
	items  []*item
	byName map[string]*item
}

// happened is told by GET /_control: calls by operation, refusals by code, creates by the second since the first one.
type happened struct {
	Calls    map[string]int `json:"calls"`
	Refused  map[string]int `json:"refused"`
	Accepted []int          `json:"accepted"` // creates, in each second of the run
	Denied   []int          `json:"denied"`   // creates refused for throttling, the same
	Topics   int            `json:"topics"`
	Groups   int            `json:"groups"`
	Existed  int            `json:"existed"` // creates of what was there
	Passes   []*pass        `json:"passes"`  // each begins when the instance is described
}

// pass tells when its last answer left, since its first call came, and how many group details it read.
type pass struct {
	Ms      float64 `json:"ms"`
	Details int     `json:"details"`
	began   time.Time
}

type cloud struct {
	mutex       sync.Mutex
	delay       time.Duration
	rate, burst float64
	hint        bool
	tokens      float64
	filled      time.Time
	topics      kind
	groups      kind
	nonces      map[string]bool
	began       time.Time
	past        happened
	requests    int
}

type refusal struct {
	status        int
	code, message string
	gateway       bool
	retryAfterMs  int
}

func newCloud() *cloud {
	c := &cloud{nonces: map[string]bool{}}
	c.forget()
	return c
}

func (c *cloud) forget() {
	c.topics, c.groups = kind{byName: map[string]*item{}}, kind{byName: map[string]*item{}}
	c.past = happened{Calls: map[string]int{}, Refused: map[string]int{}}
	c.began = time.Time{}
}

func (k *kind) add(name string, body json.RawMessage, age time.Duration) *item {
	added := &item{name, body, beijingTime(time.Now().Add(-age))}
	k.items = append(k.items, added)
	k.byName[name] = added
	return added
}

func beijingTime(t time.Time) string {
	return t.UTC().Add(8 * time.Hour).Format("2006-01-02 15:04:05")
}

// --- the gateway

func escape(text string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(text))
}

func canonicalQuery(query url.Values) string {
	var pairs []string
	for name, values := range query {
		for _, value := range values {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	sort.Strings(pairs)
	return strings.Join(pairs, "&")
}

// claim is what Authorization says: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…
func claim(header string) map[string]string {
	found := map[string]string{}
	for _, part := range strings.Split(strings.TrimPrefix(header, "ACS3-HMAC-SHA256 "), ",") {
		if name, value, is := strings.Cut(part, "="); is {
			found[name] = value
		}
	}
	return found
}

func stringToSign(r *http.Request, signed string) string {
	text := r.Method + "\n" + r.URL.EscapedPath() + "\n" + canonicalQuery(r.URL.Query()) + "\n"
	for _, name := range strings.Split(signed, ";") {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		text += name + ":" + strings.TrimSpace(value) + "\n"
	}
	text += "\n" + signed + "\n" + r.Header.Get("x-acs-content-sha256")
	hash := sha256.Sum256([]byte(text))
	return "ACS3-HMAC-SHA256\n" + hex.EncodeToString(hash[:])
}

func (c *cloud) authenticate(r *http.Request, body []byte) *refusal {
	said, hash := claim(r.Header.Get("authorization")), sha256.Sum256(body)
	for name := range r.Header {
		lower := strings.ToLower(name)
		if (strings.HasPrefix(lower, "x-acs-") || lower == "content-type") && !strings.Contains(said["SignedHeaders"], lower) {
			return &refusal{400, "IncompleteSignature", "The header " + lower + " is not signed.", true, 0}
		}
	}
	if said["Credential"] != keyID {
		return &refusal{404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.", true, 0}
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stringToSign(r, said["SignedHeaders"])))
	if hex.EncodeToString(hash[:]) != r.Header.Get("x-acs-content-sha256") ||
		hex.EncodeToString(mac.Sum(nil)) != said["Signature"] {
		return &refusal{400, "SignatureDoesNotMatch", "Specified signature does not match our calculation.", true, 0}
	}
	date, err := time.Parse("2006-01-02T15:04:05Z", r.Header.Get("x-acs-date"))
	if err != nil || time.Since(date).Abs() > 15*time.Minute {
		return &refusal{400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", true, 0}
	}
	nonce := r.Header.Get("x-acs-signature-nonce")
	if c.nonces[nonce] {
		return &refusal{400, "SignatureNonceUsed", "Specified signature nonce was used already.", true, 0}
	}
	c.nonces[nonce] = true
	return nil
}

func (c *cloud) throttle() *refusal {
	if c.rate == 0 {
		return nil
	}
	now := time.Now()
	c.tokens += now.Sub(c.filled).Seconds() * c.rate
	if c.tokens > c.burst {
		c.tokens = c.burst
	}
	c.filled = now
	if c.tokens >= 1 {
		c.tokens--
		return nil
	}
	return &refusal{400, "Throttling.User", "Request was denied due to user flow control.", true,
		int((1-c.tokens)/c.rate*1000) + 1}
}

// --- operations

func number(text string, otherwise int) int {
	if value, err := strconv.Atoi(text); err == nil {
		return value
	}
	return otherwise
}

func facts(word string, one *item) map[string]any {
	told := map[string]any{}
	_ = json.Unmarshal(one.body, &told)
	told[word], told["instanceId"], told["regionId"], told["status"] = one.name, instanceID, "cn-hangzhou", "RUNNING"
	told["createTime"], told["updateTime"] = one.updated, one.updated
	return told
}

func list(items []*item, word string, query url.Values) any {
	page, size := number(query.Get("pageNumber"), 1), number(query.Get("pageSize"), 10)
	if size > 100 {
		size = 100
	}
	rows := []any{}
	for i := (page - 1) * size; i < page*size && i < len(items); i++ {
		row := facts(word, items[len(items)-1-i]) // newest first
		if word == "consumerGroupId" {
			delete(row, "deliveryOrderType")
			delete(row, "consumeRetryPolicy")
		}
		rows = append(rows, row)
	}
	return map[string]any{"pageNumber": page, "pageSize": size, "totalCount": len(items), "list": rows}
}

func (c *cloud) create(k *kind, word, plain, name string, body []byte) (any, *refusal) {
	if no := c.throttle(); no != nil {
		c.second(&c.past.Denied)
		return nil, no
	}
	if k.byName[name] != nil {
		c.past.Existed++
		return nil, &refusal{400, word + ".Existed", "The " + plain + " already exists.", false, 0}
	}
	c.second(&c.past.Accepted)
	k.add(name, append(json.RawMessage{}, body...), 0)
	return true, nil
}

// second counts in the second of the run that is now.
func (c *cloud) second(counts *[]int) {
	if c.began.IsZero() {
		c.began = time.Now()
	}
	at := int(time.Since(c.began).Seconds())
	for len(*counts) <= at {
		*counts = append(*counts, 0)
	}
	(*counts)[at]++
}

func (c *cloud) perform(r *http.Request, operation *string, body []byte) (any, *refusal) {
	path := strings.Split(strings.TrimPrefix(r.URL.Path, instancePath), "/")
	if !strings.HasPrefix(r.URL.Path, instancePath) {
		return nil, &refusal{404, "Instance.NotFound", "The instance cannot be found.", false, 0}
	}
	get := r.Method == http.MethodGet
	switch {
	case get && len(path) == 1:
		*operation = "GetInstance"
		return map[string]any{"instanceId": instanceID, "instanceName": instanceID, "status": "RUNNING", "regionId": "cn-hangzhou",
			"seriesCode": "standard", "subSeriesCode": "cluster_ha", "instanceQuotas": []any{}}, nil
	case get && len(path) == 2 && path[1] == "topics":
		*operation = "ListTopics"
		return list(c.topics.items, "topicName", r.URL.Query()), nil
	case get && len(path) == 2 && path[1] == "consumerGroups":
		*operation = "ListConsumerGroups"
		return list(c.groups.items, "consumerGroupId", r.URL.Query()), nil
	case get && len(path) == 3 && path[1] == "consumerGroups":
		*operation = "GetConsumerGroup"
		if one := c.groups.byName[path[2]]; one != nil {
			return facts("consumerGroupId", one), nil
		}
		return nil, &refusal{404, "ConsumerGroup.NotFound", "The consumer group cannot be found.", false, 0}
	case !get && len(path) == 3 && path[1] == "topics":
		*operation = "CreateTopic"
		return c.create(&c.topics, "Topic", "topic", path[2], body)
	case !get && len(path) == 3 && path[1] == "consumerGroups":
		*operation = "CreateConsumerGroup"
		return c.create(&c.groups, "ConsumerGroup", "consumer group", path[2], body)
	}
	return nil, &refusal{404, "InvalidApi.NotFound", "Specified api is not found, please check your url and method.", true, 0}
}

// --- HTTP

func (c *cloud) note(operation string) {
	now := time.Now()
	if operation == "GetInstance" {
		c.past.Passes = append(c.past.Passes, &pass{began: now})
	}
	if len(c.past.Passes) == 0 {
		return
	}
	last := c.past.Passes[len(c.past.Passes)-1]
	last.Ms = (now.Sub(last.began) + c.delay).Seconds() * 1000
	if operation == "GetConsumerGroup" {
		last.Details++
	}
}

type answer struct {
	status int
	header map[string]string
	text   []byte
	delay  time.Duration
}

func (c *cloud) answer(r *http.Request, body []byte) answer {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.requests++
	id, operation, status := fmt.Sprintf("REQUEST-%d", c.requests), "", 200
	header := map[string]string{"Content-Type": "application/json;charset=utf-8", "x-acs-request-id": id}
	var data any
	no := c.authenticate(r, body)
	if no == nil {
		data, no = c.perform(r, &operation, body)
	}
	c.past.Calls[operation]++
	c.note(operation)
	envelope := map[string]any{"requestId": id, "success": true, "code": "200", "message": "", "httpStatusCode": 200,
		"dynamicCode": "", "dynamicMessage": "", "data": data}
	if no != nil {
		c.past.Refused[no.code]++
		status = no.status
		envelope = refused(id, no)
		if no.retryAfterMs > 0 && c.hint {
			header["x-acs-retry-after"] = strconv.Itoa(no.retryAfterMs)
		}
	}
	text, _ := json.Marshal(envelope)
	return answer{status, header, text, c.delay}
}

func refused(id string, no *refusal) map[string]any {
	if no.gateway {
		return map[string]any{"RequestId": id, "HostId": "gateway", "Code": no.code, "Message": no.message,
			"Recommend": "https://api.example.com/troubleshoot?q=" + no.code}
	}
	return map[string]any{"requestId": id, "success": false, "code": no.code, "message": no.message, "httpStatusCode": no.status}
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if r.URL.Path == "/_control" {
		c.controlled(w, r.Method, body)
		return
	}
	answer := c.answer(r, body)
	time.Sleep(answer.delay)
	for name, value := range answer.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.text)
}

// --- the control path

func (c *cloud) controlled(w http.ResponseWriter, method string, body []byte) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if method == http.MethodGet {
		c.past.Topics, c.past.Groups = len(c.topics.items), len(c.groups.items)
		_ = json.NewEncoder(w).Encode(c.past)
		return
	}
	var wanted command
	if err := json.Unmarshal(body, &wanted); err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	c.obey(&wanted)
}

func (c *cloud) obey(wanted *command) {
	if wanted.Forget {
		c.forget()
	}
	if wanted.DelayMs != nil {
		c.delay = time.Duration(*wanted.DelayMs) * time.Millisecond
	}
	if wanted.Burst != nil {
		c.burst, c.tokens, c.filled = *wanted.Burst, *wanted.Burst, time.Now()
	}
	if wanted.Rate != nil {
		c.rate = *wanted.Rate
	}
	if wanted.Hint != nil {
		c.hint = *wanted.Hint
	}
	for i := 0; wanted.Topics != nil && i < *wanted.Topics; i++ {
		c.topics.add(fmt.Sprintf("topic-%06d", i), json.RawMessage(`{"messageType":"NORMAL"}`), time.Hour)
	}
	for i := 0; wanted.Groups != nil && i < *wanted.Groups; i++ {
		c.groups.add(fmt.Sprintf("GID_%06d", i), json.RawMessage(
			`{"deliveryOrderType":"Concurrently","consumeRetryPolicy":{"retryPolicy":"DefaultRetryPolicy","maxRetryTimes":16}}`), time.Hour)
	}
	if one := c.groups.byName[wanted.Touch]; one != nil {
		one.updated = beijingTime(time.Now().Add(-time.Minute))
	}
}

func main() {
	folder := flag.String("tls", "", "a folder with server.pem and server.key")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("{\"port\": %d}\n", listener.Addr().(*net.TCPAddr).Port)
	if *folder == "" {
		panic(http.Serve(listener, newCloud()))
	}
	server := http.Server{Handler: newCloud(), TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
	panic(server.ServeTLS(listener, filepath.Join(*folder, "server.pem"), filepath.Join(*folder, "server.key")))
}
