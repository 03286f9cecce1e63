# SPDX-License-Identifier: Apache-2.0
"""What a test scripts: which calls go wrong, how often, and in what way.

A fault is chosen by `operation` (absent: any), `name`, `key`, `page`; it passes over `skip` calls and then hits `times` of
them (1; -1: all). What it does, in any combination that makes sense:

  delay_s          the answer comes so much later (after what was asked was done)
  apply            false: nothing is done before the cut
  cut              "before", "headers", "body": the connection ends there; "reset": it is reset instead of an answer
  slow_s           so long between pieces of the answer
  duplicate        the request arrives twice; the second answer is the one that is sent
  date_offset_s    the header Date is wrong by so much
  refuse           {status, code, message[, gateway, headers]}: refused, nothing done
  shape            done, and then answered with "html" (500), "xml" (500), "empty" (200), "truncated" (200), "nonsense" (200)
  meanwhile        commands (see control.py) that happen just before
  total            a list claims so many more items
  repeat           a list page shows its first item twice
"""
import dataclasses
import typing


@dataclasses.dataclass
class Fault:
    operation: str = ""
    name: str = ""
    key: str = ""
    page: int = 0
    skip: int = 0
    times: int = 1
    delay_s: float = 0
    apply: bool = True
    cut: str = ""
    slow_s: float = 0
    duplicate: bool = False
    date_offset_s: float = 0
    refuse: typing.Optional[dict] = None
    shape: str = ""
    meanwhile: list = dataclasses.field(default_factory=list)
    total: int = 0
    repeat: bool = False

    def __post_init__(self):
        if self.cut not in ("", "before", "headers", "body", "reset"):
            raise ValueError(f"no cut {self.cut}")
        if self.shape and self.shape not in SHAPES:
            raise ValueError(f"no shape {self.shape}")

    def fits(self, operation, name, key, page):
        return (self.operation in ("", operation) and self.name in ("", name) and self.key in ("", key)
                and self.page in (0, page))

    def hits(self):
        """Whether this fitting call is the one."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times == 0:
            return False
        self.times -= self.times > 0
        return True

    def change_list(self, data):
        if isinstance(data, dict) and "totalCount" in data:
            data["totalCount"] += self.total
            if self.repeat and data["list"]:
                data["list"] = data["list"][:1] + data["list"]


class Faults:
    def __init__(self):
        self.all = []

    def next(self, operation, name, key, page):
        for fault in self.all:
            if fault.fits(operation, name, key, page) and fault.hits():
                return fault
        return None


def html(_body):
    return 500, "text/html", b"<html><head><title>500 Internal Server Error</title></head><body>nginx</body></html>"


def xml(_body):
    return 500, "text/xml;charset=utf-8", (b"<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>XML-1</RequestId>"
                                           b"<Code>InternalError</Code><Message>An unknown failure.</Message></Error>")


def empty(_body):
    return 200, "application/json", b""


def truncated(body):
    return 200, "application/json", body[:len(body) // 2]


def nonsense(_body):
    return 200, "application/json", b'{"requestId": "N-1", "data": '


SHAPES = {"html": html, "xml": xml, "empty": empty, "truncated": truncated, "nonsense": nonsense}
