# SPDX-License-Identifier: Apache-2.0
"""Where temporary keys come from (openapi 6.4 to 6.7): STS 2015-04-01, the ECS metadata server, a credentials URI.

Every key that is given out belongs to the account of the first key, and its id tells where it came from: "STS.order-admin.1".
"""
import datetime
import json
import time
import uuid

from state import Refusal

VERSION = "2015-04-01"
PRODUCT = "sts"
OIDC_TOKEN = "oidc-token-of-test"
METADATA, CREDENTIALS = "/latest/", "/latest/meta-data/ram/security-credentials/"
ROLE = "ecs-role"


def route(request):
    arguments = dict(request.query + request.form)
    operation = request.headers.get("x-acs-action") or arguments.get("Action", "")
    if operation not in ("AssumeRole", "AssumeRoleWithOIDC"):
        raise Refusal(404, "InvalidAction.NotFound", "Specified api is not found.", gateway=True)
    return operation, arguments


def name_of(arguments):
    return arguments.get("RoleArn", "")


def needs_signature(operation):
    """The OIDC token speaks for the caller."""
    return operation != "AssumeRoleWithOIDC"


def perform(state, settings, operation, arguments):
    for name in ("RoleArn", "RoleSessionName", *(("OIDCProviderArn", "OIDCToken") if operation == "AssumeRoleWithOIDC" else ())):
        if not arguments.get(name):
            raise Refusal(400, f"Missing{name}", f"{name} is mandatory for this action.", gateway=True)
    if not arguments["RoleArn"].startswith("acs:ram::"):
        raise Refusal(404, "EntityNotExist.Role", "The role not exists.", gateway=True)
    if int(arguments.get("DurationSeconds", 3600)) < 900:
        raise Refusal(400, "InvalidParameter.DurationSeconds", "The Min/Max value of DurationSeconds is 15min/1hr.", gateway=True)
    if operation == "AssumeRoleWithOIDC" and arguments["OIDCToken"] != OIDC_TOKEN:
        raise Refusal(400, "AuthenticationFail.OIDCToken.Invalid", "The OIDC token is invalid.", gateway=True)
    role = arguments["RoleArn"].rsplit("/", 1)[-1]
    return {"Credentials": give(state, settings, role), "AssumedRoleUser": {"Arn": arguments["RoleArn"]}}


def accepted(request_id, data):
    return {"RequestId": request_id, **data}


def give(state, settings, role):
    """A new key, as every one of these answers tells it."""
    number = sum(one.id.startswith(f"STS.{role}.") for one in state.keys.values()) + 1
    account = next(iter(state.keys.values())).account
    expires = time.time() + settings.token_s
    key = type(next(iter(state.keys.values())))(
        id=f"STS.{role}.{number}", secret="given-secret-" + uuid.uuid4().hex, token="given-token-" + uuid.uuid4().hex, account=account,
        calls_left=settings.token_calls, expires=expires)
    state.keys[key.id] = key
    date = datetime.datetime.fromtimestamp(expires, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"AccessKeyId": key.id, "AccessKeySecret": key.secret, "SecurityToken": key.token, "Expiration": date}


# --- without any version: plain paths

def plain(state, settings, request):
    """(status, text); None: no path of these."""
    if request.path == "/credentials":
        state.called("", "CredentialsURI", "", "OK")
        return 200, json.dumps({"Code": "Success", **give(state, settings, "uri")})
    if not request.path.startswith(METADATA) or not settings.imds:
        return None
    if request.path == "/latest/api/token":
        return token(state, settings, request)
    given = request.headers.get("x-aliyun-ecs-metadata-token", "")
    version = "2" if given else "1"
    if version not in settings.imds or (given and given not in state.metadata_tokens):
        return 403, ""
    state.called("", "Metadata" + version, request.path.rsplit("/", 1)[-1], "OK")
    if request.path == CREDENTIALS:
        return 200, ROLE
    if request.path == CREDENTIALS + ROLE:
        return 200, json.dumps({"Code": "Success", **give(state, settings, ROLE), "LastUpdated": "2026-01-01T00:00:00Z"})
    return 404, ""


def token(state, settings, request):
    """Version 2 of the metadata server: a PUT, for a limited time."""
    if "2" not in settings.imds or request.method != "PUT" or not request.headers.get("x-aliyun-ecs-metadata-token-ttl-seconds"):
        return 404, ""
    state.metadata_tokens.add("metadata-" + uuid.uuid4().hex)
    return 200, sorted(state.metadata_tokens)[-1]
