# SPDX-License-Identifier: Apache-2.0
"""What each process of a cluster finds in its home: configuration, logging, accounts, keys."""
import json
import subprocess

ADMIN = ("clusterAdmin", "clusterAdminSecret")
USER = ("clusterUser", "clusterUserSecret")
PROVIDERS = "org.apache.rocketmq.auth.{0}.provider.{1}{2}Provider"


def properties(entries):
    return "".join(f"{key}={value}\n" for key, value in entries.items())


def name_server(home, port, version):
    entries = {"listenPort": port, "kvConfigPath": home / "kvConfig.json", "configStorePath": home / "namesrv.properties"}
    if version >= "5":
        entries["bindAddress"] = "127.0.0.1"
    return properties(entries)


def broker(home, name, number, port, name_servers, how):
    entries = {
        "brokerClusterName": "DefaultCluster", "brokerName": name, "brokerId": number,
        "brokerRole": "SLAVE" if number else "ASYNC_MASTER", "brokerIP1": "127.0.0.1", "brokerIP2": "127.0.0.1",
        "listenPort": port, "haListenPort": port + 1, "namesrvAddr": ";".join(name_servers),
        "storePathRootDir": home / "store", "storePathCommitLog": home / "store" / "commitlog", "flushDiskType": "ASYNC_FLUSH",
        # Small files: the defaults take a gigabyte per broker.
        "mappedFileSizeCommitLog": 1 << 20, "mappedFileSizeConsumeQueue": 60000, "maxIndexNum": 1000, "maxHashSlotNum": 500,
        "maxMessageSize": 65536, "osPageCacheBusyTimeOutMills": 10000, "diskMaxUsedSpaceRatio": 95, "fileReservedTime": 1,
        "registerNameServerPeriod": 10000}
    if how.version >= "5":
        # For its first interval, ten seconds if nothing else is said, TransactionMetricsFlushService does not sleep: a whole processor per broker.
        entries.update(bindAddress="127.0.0.1", timerWheelEnable="false", transactionMetricFlushInterval=300)
    if how.store == "rocksdb":
        entries["storeType"] = "defaultRocksDB"
    if how.store == "v2":
        entries["configManagerVersion"] = "v2"
    if how.acl:
        entries.update({"aclEnable": "true"} if how.version < "5" else acl_2())
    return properties({**entries, **how.extra})


def acl_2():
    """Users and policies of 5.3 and later. The slave copies its master's tables with the inner credentials."""
    entries = {"initAuthenticationUser": json.dumps({"username": ADMIN[0], "password": ADMIN[1]}),
               "innerClientAuthenticationCredentials": json.dumps({"accessKey": ADMIN[0], "secretKey": ADMIN[1]})}
    for side, word in (("authentication", "Authentication"), ("authorization", "Authorization")):
        entries[f"{side}Enabled"] = "true"
        entries[f"{side}Provider"] = PROVIDERS.format(side, "Default", word)
        entries[f"{side}MetadataProvider"] = PROVIDERS.format(side, "Local", word + "Metadata")
    return entries


def acl_1():
    accounts = [{"accessKey": ADMIN[0], "secretKey": ADMIN[1], "admin": True},
                {"accessKey": USER[0], "secretKey": USER[1], "admin": False}]
    return json.dumps({"accounts": accounts})  # JSON is YAML


def logback(home, version, level="WARN"):
    package = "ch.qos.logback" if version < "5" else "org.apache.rocketmq.logging.ch.qos.logback"
    return (f'<configuration><appender name="file" class="{package}.core.FileAppender"><file>{home}/log</file>'
            f"<encoder><pattern>%d %-5level %logger{{20}} %msg%n</pattern></encoder></appender>"
            f'<root level="{level}"><appender-ref ref="file"/></root></configuration>\n')


def furnish(home, how):
    """What is the same in every home."""
    (home / "conf").mkdir(parents=True)
    for name in ("namesrv", "broker", "tools"):
        (home / "conf" / f"logback_{name}.xml").write_text(logback(home, how.version))
    if how.acl:
        (home / "conf" / "plain_acl.yml").write_text(acl_1())
        (home / "conf" / "tools.yml").write_text(json.dumps({"accessKey": ADMIN[0], "secretKey": ADMIN[1]}))


def properties_of(home, how):
    """Options of the Java machine. Without a home of its own for everything, runs leak into each other."""
    options = [f"-Drocketmq.home.dir={home}", f"-Duser.home={home}", f"-Djava.io.tmpdir={home}",
               f"-Drmq.logback.configurationFile={home}/conf/logback_broker.xml"]
    if how.tls:
        options += ["-Dtls.server.mode=enforcing", "-Dtls.enable=true", f"-Dtls.config.file={how.folder}/tls/tls.properties"]
    return options


def keys(folder, mutual):
    """A certificate authority, a server's and a client's certificate, and the file that names them."""
    folder.mkdir(parents=True)

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder, timeout=60)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 30, "-subj", "/CN=mqferry tests", "-keyout", "ca.key", "-out", "ca.pem")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for side in ("server", "client"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={side}", "-keyout", f"{side}.key", "-out", f"{side}.csr")
        openssl("x509", "-req", "-in", f"{side}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", 30,
                "-extfile", "names", "-out", f"{side}.pem")
    entries = {"tls.test.mode.enable": "false", "tls.server.keyPath": folder / "server.key", "tls.server.certPath": folder / "server.pem",
               "tls.server.need.client.auth": "require" if mutual else "none", "tls.server.authClient": str(mutual).lower(),
               "tls.server.trustCertPath": folder / "ca.pem", "tls.client.authServer": "true",
               "tls.client.trustCertPath": folder / "ca.pem"}
    if mutual:
        entries.update({"tls.client.keyPath": folder / "client.key", "tls.client.certPath": folder / "client.pem"})
    (folder / "tls.properties").write_text(properties(entries))
