# SPDX-License-Identifier: Apache-2.0
"""Accounts and TLS: what lets us in, what keeps us out, and what each refusal is called."""
import settings
from harness import group, topic
from stage import OnCluster, on


class WithKeys(OnCluster):
    def trust(self):
        """Options that make a connection possible at all."""
        return ("--ca-file", self.cluster.folder / "tls" / "ca.pem") if self.cluster.tls else ()

    def words(self, command, *more):
        return (command, "--from", "d.yaml", "--to", self.url, *more, *self.trust())


@on("old-acl-tls", "new-acl")
class Accounts(WithKeys):
    def setUp(self):
        super().setUp()
        self.write("d.yaml", topic(self.name("t"), None) + group(self.name("g")))

    def test_the_right_keys_create_and_stay_secret(self):
        ended = self.run_it(*self.words("apply", "--yes", "--log-level", "debug"))
        self.assertNotIn(settings.ADMIN[1], ended.out + ended.err)
        self.assertEqual([sorted(table) for table in self.mine(self.topics()).values()], [[self.name("t")]] * 2)
        self.assertEqual([sorted(table) for table in self.mine(self.groups()).values()], [[self.name("g")]] * 2)
        self.run_it(*self.words("verify"))
        for path in self.folder.rglob("*"):
            if path.is_file():
                self.assertNotIn(settings.ADMIN[1].encode(), path.read_bytes(), path)

    def test_wrong_keys_no_keys_and_unknown_ones_end_with_77(self):
        for key, secret in ((settings.ADMIN[0], "somethingWrong"), ("nobodyKnown", settings.ADMIN[1]), (None, None)):
            with self.subTest(key=key):
                for name, value in (("MQFERRY_ACCESS_KEY", key), ("MQFERRY_SECRET_KEY", secret)):
                    self.environment.pop(name)
                    if value:
                        self.environment[name] = value
                ended = self.run_it(*self.words("apply", "--yes"), code=77)
                self.assertNotIn("somethingWrong", ended.out + ended.err)
                self.environment.update(MQFERRY_ACCESS_KEY=settings.ADMIN[0], MQFERRY_SECRET_KEY=settings.ADMIN[1])
        self.assertEqual(set().union(*self.mine(self.topics()).values()), set())


@on("old-acl-tls")
class NoAdministrator(WithKeys):
    def test_an_account_that_may_only_read_is_refused_per_resource(self):
        self.write("d.yaml", topic(self.name("t"), None))
        self.environment.update(MQFERRY_ACCESS_KEY=settings.USER[0], MQFERRY_SECRET_KEY=settings.USER[1])
        self.run_it(*self.words("plan"))
        ended = self.run_it(*self.words("apply", "--yes", "--output", "json"), code=None)
        self.assertIn(ended.code, (1, 77))
        self.assertIn("admin permission", ended.out + ended.err)
        self.assertEqual(set().union(*self.mine(self.topics()).values()), set())


@on("new-acl")
class NoPolicy(WithKeys):
    def test_a_user_without_a_policy_is_refused_per_resource(self):
        self.mqadmin("createUser", "-c", "DefaultCluster", "-u", settings.USER[0], "-p", settings.USER[1])
        self.write("d.yaml", topic(self.name("t"), None))
        self.environment.update(MQFERRY_ACCESS_KEY=settings.USER[0], MQFERRY_SECRET_KEY=settings.USER[1])
        ended = self.run_it(*self.words("apply", "--yes", "--output", "json"), code=None)
        # Brokers let batches through without any policy, so either it is there or it is refused; never said and untrue.
        there = all(self.name("t") in table for table in self.topics().values())
        self.assertEqual(ended.code, 0 if there else 1, ended.err)


@on("old-acl-tls", "middle-acl-tls", "new-tls")
class Tls(WithKeys):
    def test_only_who_trusts_the_authority_gets_in(self):
        self.write("d.yaml", topic(self.name("t"), None))
        for words in (("plan", "--from", "d.yaml", "--to", self.url), ("plan", "--from", "d.yaml", "--to", self.url.replace("rocketmqs", "rocketmq"))):
            ended = self.run_it(*words, "--timeout", "20s", code=69)
            self.assertRegex(ended.err, "(?i)tls|certificate|unreachable|closed")
        self.assertEqual(set().union(*self.mine(self.topics()).values()), set())

    def test_another_authority_is_not_enough(self):
        settings.keys(self.path("other"), False)
        self.write("d.yaml", topic(self.name("t"), None))
        ended = self.run_it("plan", "--from", "d.yaml", "--to", self.url, "--ca-file", "other/ca.pem", "--timeout", "20s", code=69)
        self.assertRegex(ended.err, "(?i)certificate|tls")


SYNC = """apiVersion: mqferry/v1
kind: Sync
metadata: {name: closed}
spec:
  mode: apply
  source: [d.yaml]
  destination: {address: "URL", caFile: "TLS/ca.pem", certFile: "TLS/client.pem", keyFile: "TLS/client.key"}
"""


@on("middle-acl-tls", "new-tls")
class Mutual(WithKeys):
    def test_a_client_with_a_certificate_creates_and_one_without_does_not(self):
        self.write("d.yaml", topic(self.name("t"), None) + group(self.name("g")))
        ended = self.run_it(*self.words("apply", "--yes", "--timeout", "20s"), code=69)
        self.assertRegex(ended.err, "(?i)certificate|tls")
        sync = SYNC.replace("URL", self.url).replace("TLS", str(self.cluster.folder / "tls"))
        self.write("mqferry.yaml", sync)
        self.run_it("apply", "--sync", "closed", "--config", "mqferry.yaml", "--yes")
        self.assertEqual([sorted(table) for table in self.mine(self.topics()).values()], [[self.name("t")]] * len(self.cluster.masters))
        self.assertEqual([sorted(table) for table in self.mine(self.groups()).values()], [[self.name("g")]] * len(self.cluster.masters))
        self.run_it("verify", "--sync", "closed", "--config", "mqferry.yaml")
