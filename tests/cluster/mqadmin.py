# SPDX-License-Identifier: Apache-2.0
"""RocketMQ's own admin tool: one Java machine per command, as people run it, or one for many commands."""
import pathlib
import subprocess

MAIN = "org.apache.rocketmq.tools.command.MQAdminStartup"
MANY = pathlib.Path(__file__).with_name("Admin.java")
MEMORY = ("-Xms32m", "-Xmx256m")


def command(cluster, *arguments):
    return cluster.java("mqadmin", MAIN, *map(str, arguments), memory=MEMORY)


def run(cluster, *arguments, timeout=120):
    """Standard output and standard error. The exit code is 0 whatever happens, so it is not given."""
    done = subprocess.run(command(cluster, *arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
                          env=cluster.environment(), check=False)
    return done.stdout, done.stderr


def run_many(cluster, commands, timeout=600):
    """Many commands in one Java machine, each a list of arguments; the output of all."""
    text = "".join("\t".join(map(str, arguments)) + "\n" for arguments in commands)
    done = subprocess.run(cluster.java("mqadmin", str(MANY), memory=MEMORY), input=text, capture_output=True, text=True,
                          timeout=timeout, env=cluster.environment(), check=False)
    return done.stdout, done.stderr
