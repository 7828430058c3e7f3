"""Asks an API over HTTP for the smoke tests: a list of requests as JSON on the command line, each with its method, its address and, where
there are such, a token to be shown, further headers and a body, whose length is said as it is; and where another address is given, the server that answers for all of them (the local cloud, whose names not
every computer knows). Prints the status and the body of each as JSON."""

import json
import sys
from urllib.parse import urlsplit

import requests

answers = []
with requests.Session() as session:
    for request in json.loads(sys.argv[1]):
        address = urlsplit(request["address"])
        server = sys.argv[2] if len(sys.argv) > 2 else f"{address.scheme}://{address.netloc}"
        # The local cloud answers for its own names only; it knows what else it stands in for by the path.
        headers = {"Host": address.netloc} if len(sys.argv) <= 2 or ".localhost" in address.netloc else {}
        headers.update(request.get("headers") or {})
        if request.get("token"):
            headers["Authorization"] = f"Bearer {request['token']}"
        try:
            whole = server + address.path + (f"?{address.query}" if address.query else "")
            body = request["body"].encode() if request.get("body") is not None else None
            answer = session.request(request["method"], whole, headers=headers, data=body, timeout=30, allow_redirects=False)
        except requests.RequestException as error:
            sys.exit(f"{request['method']} {request['address']}: {type(error).__name__}: {error}")
        answers.append({"status": answer.status_code, "body": answer.text})
print(json.dumps(answers))
