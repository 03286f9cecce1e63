# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of its own, and a certificate of it for this machine and the vendor's hosts, by openssl."""
import pathlib
import subprocess

# A star stands for one label: the regions that tests name.
NAMES = ("IP:127.0.0.1", "DNS:localhost", "DNS:*.aliyuncs.com", "DNS:*.cn-hangzhou.aliyuncs.com", "DNS:*.ap-northeast-1.aliyuncs.com",
         "DNS:*.mq-internet-access.aliyuncs.com")
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(folder, *arguments):
    subprocess.run(("openssl", *arguments), cwd=folder, check=True, stdin=subprocess.DEVNULL, capture_output=True)


def make(folder):
    """Writes ca.pem; gives the paths of the server's certificate and key."""
    folder = pathlib.Path(folder)
    openssl(folder, "req", "-x509", *CURVE, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=fake cloud CA")
    openssl(folder, "req", *CURVE, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1")
    (folder / "server.ext").write_text(f"subjectAltName={','.join(NAMES)}\n")
    openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "server.ext", "-out", "server.pem")
    return folder / "server.pem", folder / "server.key"
