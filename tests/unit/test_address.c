/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/address.h"
#include "api/cause.h"

static struct address address;
static struct failure why;

static void parse(const char *text)
{
    memset(&why, 0, sizeof why);
    int status = address_parse(text_of(text), &address, &why);
    assert_string_equal(why.text, "");
    assert_int_equal(status, 0);
}

static void assert_canonical(const char *text, const char *canonical)
{
    struct buffer out;

    parse(text);
    buffer_init(&out, 10000);
    assert_int_equal(address_append(&out, &address), 0);
    assert_string_equal(out.data, canonical);
    buffer_release(&out);
}

static void assert_refused(const char *text, const char *words)
{
    assert_int_equal(address_parse(text_of(text), &address, &why), -1);
    assert_int_equal(why.cause, CAUSE_USAGE);
    assert_string_equal(why.text, words);
}

/* An open-source cluster has name servers, and a name where there are several clusters. */
static void clusters_are_parsed(void **state)
{
    (void)state;
    parse("rocketmq://10.0.0.1:9876,ns2.example.com:9877/DefaultCluster");
    assert_int_equal(address.scheme, SCHEME_ROCKETMQ);
    assert_int_equal(address_kind(&address), INSTANCE_ROCKETMQ);
    assert_int_equal(address.host_count, 2);
    assert_string_equal(address.hosts[0].name, "10.0.0.1");
    assert_int_equal(address.hosts[0].port, 9876);
    assert_string_equal(address.hosts[1].name, "ns2.example.com");
    assert_int_equal(address.hosts[1].port, 9877);
    assert_string_equal(address.cluster, "DefaultCluster");
    parse("rocketmqs://[fe80::1%eth0]:1");
    assert_int_equal(address.scheme, SCHEME_ROCKETMQS);
    assert_int_equal(address_kind(&address), INSTANCE_ROCKETMQ);
    assert_string_equal(address.hosts[0].name, "fe80::1%eth0");
    assert_string_equal(address.cluster, "");
}

/* The cloud's instances have a region and an id. */
static void cloud_instances_are_parsed(void **state)
{
    (void)state;
    parse("apsaramq://cn-hangzhou/rmq-cn-abc123");
    assert_int_equal(address.scheme, SCHEME_APSARAMQ);
    assert_int_equal(address_kind(&address), INSTANCE_APSARAMQ);
    assert_string_equal(address.region, "cn-hangzhou");
    assert_string_equal(address.instance_id, "rmq-cn-abc123");
    parse("ons://cn-beijing/MQ_INST_1234_Bxyz");
    assert_int_equal(address_kind(&address), INSTANCE_ONS);
    assert_string_equal(address.instance_id, "MQ_INST_1234_Bxyz");
}

/* A snapshot is a path as it was given; what it stands for its file tells. */
static void snapshots_are_parsed(void **state)
{
    (void)state;
    parse("snapshot:./a b@c/demo.json");
    assert_int_equal(address.scheme, SCHEME_SNAPSHOT);
    assert_int_equal(address_kind(&address), INSTANCE_ANY);
    assert_string_equal(address.path, "./a b@c/demo.json");
}

/* One instance has one canonical text. */
static void addresses_have_one_text(void **state)
{
    (void)state;
    assert_canonical("rocketmq://NS.Example.COM:9876/Cluster", "rocketmq://ns.example.com:9876/Cluster");
    assert_canonical("rocketmq://a:1,[2001:DB8::1]:2/", "rocketmq://a:1,[2001:db8::1]:2");
    assert_canonical("rocketmqs://a:65535/b", "rocketmqs://a:65535/b");
    assert_canonical("apsaramq://CN-Hangzhou/rmq-Cn", "apsaramq://cn-hangzhou/rmq-Cn");
    assert_canonical("ons://cn-beijing/MQ_INST_1", "ons://cn-beijing/MQ_INST_1");
    assert_canonical("snapshot:Demo.json", "snapshot:Demo.json");
}

/* Only known schemes make an address; all else is a path. */
static void addresses_are_told_from_paths(void **state)
{
    (void)state;
    assert_true(address_looks_like(TEXT("snapshot:a")));
    assert_true(address_looks_like(TEXT("rocketmq://")));
    assert_true(address_looks_like(TEXT("rocketmqs:x")));
    assert_true(address_looks_like(TEXT("ons://a/b")));
    assert_false(address_looks_like(TEXT("manifests/")));
    assert_false(address_looks_like(TEXT("http://a/b")));
    assert_false(address_looks_like(TEXT("rocketmq")));
    assert_false(address_looks_like(TEXT("")));
}

/* What is wrong is named, with what it should look like. */
static void mistakes_are_named(void **state)
{
    (void)state;
    assert_refused("http://a/b",
                   "'http://a/b' is no address of an instance: one begins with rocketmq://, rocketmqs://, "
                   "apsaramq://, ons:// or snapshot:");
    assert_refused("http://user:secret@b", "this is no address of an instance: one begins with rocketmq://, "
                                           "rocketmqs://, apsaramq://, ons:// or snapshot:");
    assert_refused("snapshot:", "address 'snapshot:': the path is missing; it looks like snapshot:PATH");
    assert_refused("ons:/a/b", "address 'ons:/a/b': '//' is missing; it looks like ons://REGION/INSTANCE_ID");
    assert_refused("ons:///b", "address 'ons:///b': the region is missing or no region id (cn-hangzhou); it looks "
                               "like ons://REGION/INSTANCE_ID");
    assert_refused("apsaramq://cn hangzhou/b", "address 'apsaramq://cn hangzhou/b': the region is missing or no region "
                                               "id (cn-hangzhou); it looks like apsaramq://REGION/INSTANCE_ID");
    assert_refused("apsaramq://cn-hangzhou", "address 'apsaramq://cn-hangzhou': the instance id is missing; it looks "
                                             "like apsaramq://REGION/INSTANCE_ID");
    assert_refused("apsaramq://cn-hangzhou/a/b",
                   "address 'apsaramq://cn-hangzhou/a/b': an instance id has at most 127 letters, digits, '-' and '_'; "
                   "it looks like apsaramq://REGION/INSTANCE_ID");
}

#define CLUSTER_FORM "; it looks like rocketmq://HOST:PORT[,HOST:PORT...]/CLUSTER"

/* Hosts and ports, one mistake each. */
static void mistakes_in_hosts_are_named(void **state)
{
    (void)state;
    assert_refused("rocketmq://", "address 'rocketmq://': a host is missing" CLUSTER_FORM);
    assert_refused("rocketmq://a:1,/c", "address 'rocketmq://a:1,/c': a host is missing" CLUSTER_FORM);
    assert_refused("rocketmq://:9876", "address 'rocketmq://:9876': a host is missing" CLUSTER_FORM);
    assert_refused("rocketmq://a/c", "address 'rocketmq://a/c': a port is missing (name servers mostly listen on "
                                     "9876)" CLUSTER_FORM);
    assert_refused("rocketmq://a:0", "address 'rocketmq://a:0': a port is a number from 1 to 65535" CLUSTER_FORM);
    assert_refused("rocketmq://a:65536",
                   "address 'rocketmq://a:65536': a port is a number from 1 to 65535" CLUSTER_FORM);
    assert_refused("rocketmq://a:x", "address 'rocketmq://a:x': a port is a number from 1 to 65535" CLUSTER_FORM);
    assert_refused("rocketmq://a:1;b:2",
                   "address 'rocketmq://a:1;b:2': a port is a number from 1 to 65535" CLUSTER_FORM);
    assert_refused("rocketmq://a b:1", "address 'rocketmq://a b:1': a host name has letters, digits, '.', '-' and '_', "
                                       "hosts are joined by commas, IPv6 addresses stand in brackets" CLUSTER_FORM);
    assert_refused("rocketmq://[::1:1", "address 'rocketmq://[::1:1': a port is missing (name servers mostly listen on "
                                        "9876)" CLUSTER_FORM);
    assert_refused("rocketmq://[a]:1",
                   "address 'rocketmq://[a]:1': what is in brackets is no IPv6 address" CLUSTER_FORM);
    assert_refused("rocketmq://[::1]1", "address 'rocketmq://[::1]1': behind ']' comes ':' and a port" CLUSTER_FORM);
    assert_refused("rocketmq://a:1/b/c",
                   "address 'rocketmq://a:1/b/c': a cluster name has no blanks, no '/' and no '@'" CLUSTER_FORM);
    assert_refused("rocketmq://a:1/b c",
                   "address 'rocketmq://a:1/b c': a cluster name has no blanks, no '/' and no '@'" CLUSTER_FORM);
    assert_refused(
        "rocketmq://a:1,b:1,c:1,d:1,e:1,f:1,g:1,h:1,i:1,j:1,k:1,l:1,m:1,n:1,o:1,p:1,q:1",
        "address 'rocketmq://a:1,b:1,c:1,d:1,e:1,f:1,g:1,h:1,i:1,j:1,k:1,l:1,m:1,n:1,o:1,p:1,q:1': more than "
        "16 name servers" CLUSTER_FORM);
}

/* Whatever could hold a password is not repeated. */
static void credentials_are_not_repeated(void **state)
{
    (void)state;
    static const char *const texts[] = {"rocketmq://key:secret@host:9876", "rocketmq:key:secret@host",
                                        "rocketmq://host:9876/secret@cluster", "ons://key:secret@cn-hangzhou/a",
                                        "apsaramq://cn-hangzhou/secret@a"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(address_parse(text_of(texts[i]), &address, &why), -1);
        assert_null(strstr(why.text, "secret"));
        assert_non_null(strstr(why.text, "credentials have no place in it"));
    }
}

/* Texts that do not fit are refused whole, never cut. */
static void long_parts_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        size_t bytes;
        const char *after, *words;
    } parts[] = {
        {"snapshot:", ADDRESS_BYTES_MAX, "", "the path is longer than 4095 bytes or holds a NUL"},
        {"rocketmq://a:1/", 256, "", "a cluster name has at most 255 bytes"},
        {"rocketmq://", 256, ":1", "a host name has letters"},
        {"rocketmq://[:", 255, "]:1", "what is in brackets is no IPv6 address"},
        {"ons://", 64, "/a", "the region is missing"},
        {"ons://a/", 128, "", "an instance id has at most 127"},
    };

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct buffer text;

        buffer_init(&text, 10000);
        buffer_append_string(&text, parts[i].before);
        for (size_t at = 0; at < parts[i].bytes; at++)
            buffer_append_char(&text, 'a');
        buffer_append_string(&text, parts[i].after);
        assert_int_equal(address_parse(buffer_text(&text), &address, &why), -1);
        assert_non_null(strstr(why.text, parts[i].words));
        buffer_release(&text);
    }
}

/* A path that ends early is no path. */
static void a_nul_is_refused(void **state)
{
    (void)state;
    assert_int_equal(address_parse(TEXT("snapshot:a\0b"), &address, &why), -1);
    assert_int_equal(address_parse(TEXT("rocketmq://a\0b:1"), &address, &why), -1);
    assert_int_equal(address_parse(TEXT("rocketmq://a:1/b\0"), &address, &why), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clusters_are_parsed),           cmocka_unit_test(cloud_instances_are_parsed),
        cmocka_unit_test(snapshots_are_parsed),          cmocka_unit_test(addresses_have_one_text),
        cmocka_unit_test(addresses_are_told_from_paths), cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(mistakes_in_hosts_are_named),   cmocka_unit_test(credentials_are_not_repeated),
        cmocka_unit_test(long_parts_are_refused),        cmocka_unit_test(a_nul_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
