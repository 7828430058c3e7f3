"""Who may call the local cloud: programs of this computer that know the run's key, and the functions and devices that it made keys and
certificates for. A page in the developer's browser can send requests here as well as any program, from whatever site it comes."""

import ipaddress
import json
import os
from urllib.parse import parse_qs, urlsplit

from ministack.core.router import extract_access_key_id

OWN_KEY = os.environ["AWS_ACCESS_KEY_ID"]
# Of MiniStack's own paths these change and tell nothing.
OPEN = ("/_ministack/health", "/_ministack/ready", "/_ministack/iot/ca.pem")


def of_this_computer(name):
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def host_of(address):
    """The name in `//name:port`, small; empty when there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def is_visit(scope, headers):
    """Whether somebody goes to the dashboard, or from there to where people sign in, and back: pages that do nothing by being looked at."""
    goes = scope.get("method") == "GET" and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    if ".execute-api." in headers.get("host", ""):
        return goes and (scope["path"] == "/" or scope["path"].startswith("/app"))
    return goes and scope["path"] in ("/oauth2/authorize", "/login", "/logout")


def objection(scope, headers):
    """Why a request is refused; None when it is let through."""
    host, origin = headers.get("host", ""), headers.get("origin")
    # A site may have its name resolved to this computer, so that its pages and the local cloud have the same origin.
    if not of_this_computer(host_of("//" + host)):
        return f"{host} is no name of this computer"
    if origin is not None and not of_this_computer(host_of(origin)):
        return f"pages of {origin} may not call the local cloud"
    if origin is None and headers.get("sec-fetch-site") == "cross-site" and not is_visit(scope, headers):
        return "pages of other sites may not call the local cloud"
    key = extract_access_key_id(headers, parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
    # MiniStack takes `test` and every number of an account for the account's owner. Keys of its own it looks up.
    if key and key != OWN_KEY and not key.startswith(("AKIA", "ASIA")):
        return "the access key is not the one of this run"
    if scope["path"].startswith(("/_ministack/", "/_localstack/")) and scope["path"] not in OPEN and key != OWN_KEY:
        return "this needs the access key of this run"
    if scope["type"] == "websocket" and ".iot." in host and not key:
        return "MQTT over WebSocket needs a signature"
    return None


def guarded(app):
    async def only_for_some(scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            return await app(scope, receive, send)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        why = objection(scope, headers)
        if why is None:
            return await app(scope, receive, send)
        if scope["type"] == "websocket":
            await receive()
            return await send({"type": "websocket.close", "code": 1008})
        body = json.dumps({"__type": "AccessDeniedException", "message": why}).encode()
        start = {"status": 403, "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]}
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body", "body": body})

    return only_for_some
