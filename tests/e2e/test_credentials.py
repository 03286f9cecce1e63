# SPDX-License-Identifier: Apache-2.0
"""The vendor's chain of credentials with the real binary: the fake is STS, the metadata server and the credentials URI as well. A
proxy from the environment leads the vendor's own host names to it, over TLS."""
import contextlib
import ctypes
import json
import os
import subprocess
import sys
import time
import unittest

from harness import ROOT, Case, topic

sys.path.insert(0, str(ROOT / "tests" / "cloud"))
from handle import ACCOUNT, KEY_ID, SECRET, Fake, plain_environment  # noqa: E402
from sts import OIDC_TOKEN, ROLE  # noqa: E402

FIVE = "apsaramq://cn-hangzhou/rmq-cn-abc123"
METADATA = "100.100.100.200"
CLONE_NEWNET = 0x40000000
ROLE_ARN = "acs:ram::1234567890:role/"
OTHERS = ("of-cli", "of-ini", "of-file", "of-program", "of-prefix")
IMAGE = {"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}


class WithSts(Case):
    metadata = None

    def setUp(self):
        super().setUp()
        self.path("tls").mkdir()
        self.fake = Fake(self.path("tls"), self.metadata)
        self.addCleanup(self.fake.close)
        kept = {name: value for name, value in self.environment.items() if name.startswith("MQFERRY") or name in ("HOME", "TZ")}
        self.environment = {**plain_environment(), **kept, "https_proxy": self.fake.proxy, **IMAGE}
        self.fake.control(*({"key": {"id": name, "secret": f"secret-{name}", "account": ACCOUNT}} for name in OTHERS))
        self.write("d.yaml", topic("order"))

    def ask(self, *more, code=0, command="plan", to=FIVE, **environment):
        """Gives the ids of the keys that calls to the product were signed with, and forgets them."""
        ended = self.run_it(command, "--from", "d.yaml", "--to", to, "--ca-file", self.path("tls") / "ca.pem",
                            *(["--yes"] if command == "apply" else []), *more, code=code, environment=environment)
        self.last = ended
        seen = self.fake.seen()
        self.hosts, self.calls = {host.partition(":")[0] for host in seen["tunnels"]}, seen["calls"]
        for _, secret, token in seen["given"]:
            self.assertNotIn(secret, ended.out + ended.err)
            self.assertNotIn(token, ended.out + ended.err)
        self.fake.control({"forget": True})
        return sorted({call["key"] for call in seen["calls"] if call["operation"] in ("GetInstance", "ListTopics", "CreateTopic")
                       and call["outcome"] == "OK"})

    def called(self, operation):
        return [call for call in self.calls if call["operation"] == operation]

    # --- places

    def pair(self, name=KEY_ID, prefix="ALIBABA_CLOUD"):
        return {f"{prefix}_ACCESS_KEY_ID": name, f"{prefix}_ACCESS_KEY_SECRET": SECRET if name == KEY_ID else f"secret-{name}"}

    def oidc(self, role="oidc-role"):
        token = self.write("token", OIDC_TOKEN + "\n")
        return {"ALIBABA_CLOUD_ROLE_ARN": ROLE_ARN + role, "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/x",
                "ALIBABA_CLOUD_OIDC_TOKEN_FILE": str(token)}

    def cli(self, **profiles):
        """The command line tool's file; the first profile is its current one."""
        rows = [{"name": name, **fields} for name, fields in profiles.items()]
        self.write(".aliyun/config.json", json.dumps({"current": rows[0]["name"], "profiles": rows}))

    def of(self, name, mode="AK", **more):
        return {"mode": mode, "access_key_id": name, "access_key_secret": SECRET if name == KEY_ID else f"secret-{name}", **more}

    def uri(self):
        """Plain http is for this machine; the fake's TLS port is not it."""
        return {"ALIBABA_CLOUD_CREDENTIALS_URI": f"{self.fake.endpoint}/credentials"}


class Chain(WithSts):
    def test_each_place_is_asked_in_its_turn(self):
        """All there are at once; one after the other goes, or is switched off."""
        self.cli(default=self.of("of-cli"))
        self.write(".alibabacloud/credentials", "[default]\ntype = access_key\naccess_key_id = of-ini\naccess_key_secret = secret-of-ini\n")
        there = {**self.pair(), **self.oidc(), **self.uri()}
        self.assertEqual(self.ask(**there), [KEY_ID])
        for name in self.pair():
            del there[name]
        self.assertEqual(self.ask(**there), ["STS.oidc-role.1"])
        there["ALIBABA_CLOUD_ROLE_ARN"] = ""
        self.assertEqual(self.ask(**there), ["of-cli"])
        there["ALIBABA_CLOUD_CLI_PROFILE_DISABLED"] = "true"
        self.assertEqual(self.ask(**there), ["of-ini"])
        self.path(".alibabacloud/credentials").unlink()
        self.assertEqual(self.ask(**there), ["STS.uri.1"])
        there["ALIBABA_CLOUD_CREDENTIALS_URI"] = ""
        self.assertEqual(self.ask(**there, code=77), [])
        for place in ("the environment", "the OIDC role", "the command line tool's profile: switched off", "the credentials file",
                      "the ECS RAM role: switched off", "the credentials URI"):
            self.assertIn(place, self.last.err)

    def test_a_place_that_refuses_is_passed_over(self):
        self.cli(default=self.of("of-cli"))
        there = self.oidc()
        self.write("token", "another token")
        self.assertEqual(self.ask(**there), ["of-cli"])

    def test_a_pair_with_a_token(self):
        self.fake.control({"key": {"id": "STS.x", "secret": "s", "token": "t/+=", "account": ACCOUNT}})
        there = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.x", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s", "ALIBABA_CLOUD_SECURITY_TOKEN": "t/+="}
        self.assertEqual(self.ask(**there), ["STS.x"])

    def test_the_named_places(self):
        self.cli(other=self.of(KEY_ID), mine=self.of("of-cli"))
        self.write(".alibabacloud/credentials", "[elsewhere]\ntype = access_key\naccess_key_id = of-ini\naccess_key_secret = secret-of-ini\n")
        self.write("keys.json", json.dumps(self.of("of-file")))
        self.write("creds/mq", "access_key_id = of-file\naccess_key_secret = secret-of-file\n")
        for spec, key, more in (("profile:mine", "of-cli", {}), ("profile:elsewhere", "of-ini", {}), ("file:keys.json", "of-file", {}),
                                ("credential:mq", "of-file", {"CREDENTIALS_DIRECTORY": str(self.path("creds"))}),
                                ("env:MINE", "of-prefix", self.pair("of-prefix", "MINE"))):
            with self.subTest(spec):
                self.assertEqual(self.ask("--to-credentials", spec, **self.pair(), **more), [key])
        self.assertEqual(self.ask(ALIBABA_CLOUD_PROFILE="mine"), ["of-cli"])
        self.path(".aliyun/config.json").rename(self.path("elsewhere.json"))
        self.assertEqual(self.ask(ALIBABA_CLOUD_CONFIG_FILE=str(self.path("elsewhere.json"))), [KEY_ID])

    def test_every_mode_of_a_profile_that_needs_no_browser(self):
        self.fake.control({"key": {"id": "STS.x", "secret": "secret-STS.x", "token": "t", "account": ACCOUNT}})
        role = {"ram_role_arn": ROLE_ARN + "first", "ram_session_name": "s"}
        program = self.write("keys.sh", "#!/bin/sh\necho '" + json.dumps(self.of("of-program")) + "'\n")
        program.chmod(0o755)
        modes = {
            "AK": (self.of("of-cli"), "of-cli"),
            "StsToken": (self.of("STS.x", "StsToken", sts_token="t"), "STS.x"),
            "RamRoleArn": (self.of("of-cli", "RamRoleArn", **role), "STS.first.1"),
            "ChainableRamRoleArn": ({"mode": "ChainableRamRoleArn", "source_profile": "RamRoleArn", "ram_role_arn": ROLE_ARN + "second",
                                     "ram_session_name": "s"}, "STS.second.1"),
            "OIDC": ({"mode": "OIDC", "oidc_provider_arn": "acs:ram::1:oidc-provider/x", "ram_role_arn": ROLE_ARN + "third",
                      "oidc_token_file": self.oidc()["ALIBABA_CLOUD_OIDC_TOKEN_FILE"]}, "STS.third.1"),
            "External": ({"mode": "External", "process_command": str(program)}, "of-program"),
            "CredentialsURI": ({"mode": "CredentialsURI", "credentials_uri": self.uri()["ALIBABA_CLOUD_CREDENTIALS_URI"]}, "STS.uri.1"),
        }
        self.cli(**{name: profile for name, (profile, _) in modes.items()})
        for name, (_, key) in modes.items():
            with self.subTest(name):
                self.assertEqual(self.ask("--to-credentials", f"profile:{name}"), [key])
        self.cli(browser={"mode": "CloudSSO"})
        self.ask("--to-credentials", "profile:browser", code=77)
        self.assertIn("it needs a browser", self.last.err)

    def test_a_role_in_the_ini_file(self):
        self.write(".alibabacloud/credentials", "[default]\ntype = ram_role_arn\naccess_key_id = of-ini\naccess_key_secret = secret-of-ini\n"
                                                f"role_arn = {ROLE_ARN}ini-role\nrole_session_name = s\npolicy = {{}}\n")
        self.assertEqual(self.ask(), ["STS.ini-role.1"])

    def test_where_sts_is(self):
        there = self.oidc()
        for more, host in (({}, "sts.aliyuncs.com"), ({"ALIBABA_CLOUD_STS_REGION": "cn-hangzhou"}, "sts.cn-hangzhou.aliyuncs.com"),
                           ({"ALIBABA_CLOUD_STS_REGION": "cn-hangzhou", "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED": "true"},
                            "sts-vpc.cn-hangzhou.aliyuncs.com")):
            with self.subTest(host):
                self.ask(**there, **more)
                self.assertEqual(self.hosts, {host, "rocketmq.cn-hangzhou.aliyuncs.com"})

    def test_where_the_products_are(self):
        """openapi 5: by region; for ONS some regions share an endpoint."""
        for to, host in ((FIVE, "rocketmq.cn-hangzhou.aliyuncs.com"), ("ons://cn-hangzhou/MQ_INST_1", "ons.cn-hangzhou.aliyuncs.com"),
                         ("ons://mq-internet-access/MQ_INST_1", "ons.mq-internet-access.aliyuncs.com"),
                         ("ons://ap-northeast-2-pop/MQ_INST_1", "ons.ap-northeast-1.aliyuncs.com"),
                         ("ons://cn-hangzhou-test-306/MQ_INST_1", "ons.aliyuncs.com")):
            with self.subTest(to):
                self.ask(to=to, **self.pair())
                self.assertEqual(self.hosts, {host})


class Expiry(WithSts):
    def setUp(self):
        super().setUp()
        self.write("d.yaml", "".join(topic(f"t{number:02}") for number in range(24)))
        self.cli(default=self.of("of-cli", "RamRoleArn", ram_role_arn=ROLE_ARN + "role", ram_session_name="s"))

    def created_once(self):
        names = [line["name"] for line in self.fake.audit()]
        self.assertEqual(sorted(names), [f"t{number:02}" for number in range(24)])

    def apply(self, *more, **how):
        self.run_it("apply", "--yes", "--from", "d.yaml", "--to", FIVE, "--ca-file", self.path("tls") / "ca.pem",
                    *(more or ("--concurrency", "4")), **how)
        return self.fake.seen()

    def test_a_token_that_expires_half_way_is_renewed_once_and_nothing_is_lost(self):
        self.fake.control({"set": {"token_calls": 12}}, {"fault": {"operation": "CreateTopic", "skip": 14, "meanwhile": [
            {"set": {"token_calls": -1}}]}})
        seen = self.apply()
        self.created_once()
        outcomes = [call["outcome"] for call in seen["calls"] if call["operation"] == "CreateTopic"]
        self.assertIn("InvalidSecurityToken.Expired", outcomes)
        roles = [call for call in seen["calls"] if call["operation"] == "AssumeRole"]
        self.assertLessEqual(len(roles), 3)
        self.assertGreaterEqual(len(roles), 2)

    def test_keys_that_are_stale_are_renewed_while_calls_go_on(self):
        """Keys are stale with fifteen minutes left. STS takes its time for new ones; the pass is over long before."""
        self.fake.control({"set": {"token_s": 902, "delay_s": 0.5}},
                          {"fault": {"operation": "AssumeRole", "skip": 1, "times": -1, "delay_s": 60}})
        begin = time.monotonic()
        seen = self.apply("--concurrency", "2")
        self.assertLess(time.monotonic() - begin, 50)
        self.created_once()
        self.assertEqual({call["key"] for call in seen["calls"] if call["operation"] == "CreateTopic"}, {"STS.role.1"})
        self.assertEqual(len([call for call in seen["calls"] if call["operation"] == "AssumeRole"]), 2)

    def test_keys_that_nobody_renews_end_it_with_what_sts_said(self):
        refuse = {"status": 403, "code": "NoPermission", "message": "You are not authorized to do this action.", "gateway": True}
        self.fake.control({"set": {"token_calls": 8}}, {"fault": {"operation": "AssumeRole", "skip": 1, "times": -1, "refuse": refuse}})
        seen = self.apply("--timeout", "20s", code=None)
        created = len(self.fake.audit())
        self.assertTrue(0 < created < 24)
        self.assertEqual({line["before"] for line in self.fake.audit()}, {None})
        self.assertGreaterEqual(len([call for call in seen["calls"] if call["operation"] == "AssumeRole"]), 2)
        self.fake.control({"forget": True}, {"set": {"token_calls": -1}})
        self.apply()
        self.assertEqual(len(self.fake.audit()), 24 - created)


@contextlib.contextmanager
def network_of_its_own():
    """This thread, and what it starts, in a network namespace that has the metadata server's address."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", encoding="ascii") as before:
        if libc.unshare(CLONE_NEWNET) != 0:
            raise unittest.SkipTest("a network namespace cannot be made here: " + os.strerror(ctypes.get_errno()))
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            subprocess.run(["ip", "address", "add", METADATA + "/32", "dev", "lo"], check=True)
            yield
        finally:
            libc.setns(before.fileno(), CLONE_NEWNET)


class Ecs(WithSts):
    metadata = METADATA + ":80"

    def setUp(self):
        namespace = network_of_its_own()
        namespace.__enter__()
        self.addCleanup(namespace.__exit__, None, None, None)
        super().setUp()
        del self.environment["ALIBABA_CLOUD_ECS_METADATA_DISABLED"]

    def versions(self):
        return sorted({call["operation"] for call in self.calls if call["operation"].startswith("Metadata")})

    def test_the_role_of_the_machine(self):
        self.assertEqual(self.ask(), [f"STS.{ROLE}.1"])
        self.assertEqual(self.versions(), ["Metadata2"])
        self.assertEqual(self.ask(ALIBABA_CLOUD_ECS_METADATA=ROLE), [f"STS.{ROLE}.2"])
        self.assertEqual([call["name"] for call in self.calls if call["operation"] == "Metadata2"], [ROLE])
        self.write(".alibabacloud/credentials", f"[default]\ntype = ecs_ram_role\nrole_name = {ROLE}\n")
        self.assertEqual(self.ask("--to-credentials", "profile:default"), [f"STS.{ROLE}.3"])
        self.cli(default={"mode": "EcsRamRole", "ram_role_name": ROLE})
        self.assertEqual(self.ask("--to-credentials", "profile:default"), [f"STS.{ROLE}.4"])

    def test_version_1_is_the_fall_back_unless_it_is_forbidden(self):
        self.fake.control({"set": {"imds": "1"}})
        self.assertEqual(self.ask(), [f"STS.{ROLE}.1"])
        self.assertEqual(self.versions(), ["Metadata1"])
        self.assertEqual(self.ask(ALIBABA_CLOUD_IMDSV1_DISABLED="true", code=77), [])
        self.assertEqual(self.versions(), [])

    def test_it_can_be_switched_off_and_absent(self):
        self.assertEqual(self.ask(ALIBABA_CLOUD_ECS_METADATA_DISABLED="true", code=77), [])
        self.assertEqual(self.versions(), [])
        self.fake.control({"set": {"imds": ""}})
        self.ask(code=77)
