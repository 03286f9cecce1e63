// SPDX-License-Identifier: Apache-2.0
// The vendor's client in another language lists, reads, creates, and meets errors and throttling: confirm.js HOST:PORT
// prints what it saw as JSON. Started by sdk_confirm_node.py, in the folder where the client is installed.
const { $OpenApiUtil } = require(process.cwd() + '/node_modules/@alicloud/openapi-core');
const { default: Client, CreateTopicRequest, CreateConsumerGroupRequest, CreateConsumerGroupRequestConsumeRetryPolicy, ListTopicsRequest } =
    require(process.cwd() + '/node_modules/@alicloud/rocketmq20220801');

const instance = 'rmq-cn-abc123';

async function refused(call) {
    try {
        await call();
        return 'not refused';
    } catch (error) {
        return error.code;
    }
}

async function main() {
    const config = { accessKeyId: 'LTAI-test', accessKeySecret: 'secret-of-test', endpoint: process.argv[2], protocol: 'http', regionId: 'cn-hangzhou' };
    const client = new Client(new $OpenApiUtil.Config(config));
    const wrong = new Client(new $OpenApiUtil.Config({ ...config, accessKeySecret: 'another' }));
    const create = () => client.createTopic(instance, 'order', new CreateTopicRequest({ messageType: 'FIFO', remark: '备 注+~*' }));
    const seen = { created: (await create()).body.data, existed: await refused(create) };
    const retry = new CreateConsumerGroupRequestConsumeRetryPolicy({ retryPolicy: 'FixedRetryPolicy', maxRetryTimes: 8, fixedIntervalRetryTime: 10 });
    await client.createConsumerGroup(instance, 'GID_a', new CreateConsumerGroupRequest({ deliveryOrderType: 'Orderly', consumeRetryPolicy: retry }));
    const topic = (await client.getTopic(instance, 'order')).body.data;
    seen.topic = [topic.topicName, topic.messageType, topic.remark, topic.status];
    const page = (await client.listTopics(instance, new ListTopicsRequest({ pageNumber: 1, pageSize: 10 }))).body.data;
    seen.listed = [page.totalCount, page.list.map((row) => row.topicName)];
    const group = (await client.getConsumerGroup(instance, 'GID_a')).body.data;
    seen.group = [group.deliveryOrderType, group.consumeRetryPolicy.maxRetryTimes];
    seen.status = (await client.getInstance(instance)).body.data.status;
    seen.absent = await refused(() => client.getTopic(instance, 'none'));
    seen.wrong = await refused(() => wrong.getInstance(instance));
    for (let i = 0; i < 3; i++)
        seen.throttled = await refused(() => client.listRegions());
    console.log(JSON.stringify(seen));
}

main();
