"""Fetches one page for `cargo xtask smoke`, without a token: its address on the command line, and where another one is given, the server
that answers for it there (the local cloud, whose names not every computer knows). Prints the status and the body as JSON."""

import json
import sys
from urllib.parse import urlsplit

import requests

address = urlsplit(sys.argv[1])
server = sys.argv[2] if len(sys.argv) > 2 else f"{address.scheme}://{address.netloc}"
try:
    answer = requests.get(server + address.path, headers={"Host": address.netloc}, timeout=30, allow_redirects=False)
except requests.RequestException as error:
    sys.exit(f"{type(error).__name__}: {error}")
print(json.dumps({"status": answer.status_code, "body": answer.text}))
