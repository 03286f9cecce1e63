# SPDX-License-Identifier: Apache-2.0
"""The jars of real name servers and brokers: fetched once by Maven, shared by everybody who runs them from this tree."""
import fcntl
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "cluster"
# The newest of their lines that can be had complete; "latest" names some that cannot. 5.4.0 works too.
VERSIONS = ("4.9.7", "5.3.3", "5.5.0")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
DEPENDENCY = "<dependency><groupId>org.apache.rocketmq</groupId><artifactId>rocketmq-{}</artifactId><version>{}</version></dependency>"


def project(version):
    return ('<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
            "<groupId>cluster</groupId><artifactId>cluster</artifactId><version>1</version><packaging>pom</packaging><dependencies>"
            + "".join(DEPENDENCY.format(name, version) for name in ("namesrv", "broker", "tools")) + "</dependencies></project>\n")


class Locked:
    """A file lock, for as long as the block lasts."""

    def __init__(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "w")

    def __enter__(self):
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def library(version):
    """The folder with all jars of that version. A half copy has another name, so it never looks finished."""
    folder, part = FOLDER / "lib" / version, FOLDER / "lib" / f"{version}.part"
    with Locked(FOLDER / "lib" / f"{version}.lock"):
        if not folder.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            pom = FOLDER / "lib" / f"{version}.xml"
            pom.write_text(project(version))
            done = subprocess.run(["mvn", "-q", "-B", "-f", pom, COPY, f"-DoutputDirectory={part}", "-DincludeScope=runtime"],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900, check=False)
            if done.returncode != 0:
                raise RuntimeError(f"cannot fetch RocketMQ {version}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
            part.rename(folder)
    return folder


if __name__ == "__main__":
    for each in VERSIONS:
        library(each)
