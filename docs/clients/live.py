"""Follows a device: python live.py API TOKEN DEVICE. Needs `pip install websockets`. Prints each reading once, whatever happens to the
connection: after a gap, and whenever it connects again, it reads over HTTP what it may have missed."""
import json, sys, time
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

api, token, device = sys.argv[1:]
seen, last = set(), datetime.now(timezone.utc)

def ask(method, path):
    with urlopen(Request(api + path, method=method, headers={"authorization": f"Bearer {token}"}), timeout=10) as answer:
        return json.load(answer)

def show(reading):
    global last
    if (reading["sensor"], reading["at"]) not in seen:
        print(reading["at"], reading["sensor"], reading["value"], reading["unit"], flush=True)
    seen.add((reading["sensor"], reading["at"]))
    last = max(last, datetime.fromisoformat(reading["at"]))

def catch_up():
    # A late reading is older than the newest one: look a minute back.
    query = {"from": (last - timedelta(minutes=1)).isoformat(), "next": ""}
    while query["next"] is not None:
        page = ask("GET", f"/devices/{device}/readings?" + urlencode({name: value for name, value in query.items() if value}))
        for reading in page["items"]:
            show(reading)
        query["next"] = page.get("next")

while True:
    try:
        with connect(ask("POST", "/live/tickets")["url"]) as socket:
            socket.send(json.dumps({"action": "subscribe", "topics": [f"device/{device}"]}))
            for message in (message for frame in socket for message in json.loads(frame)["messages"]):
                if message["type"] == "reading":
                    show(message)
                elif message["type"] in ("snapshot", "gap"):
                    catch_up()
    except (OSError, WebSocketException) as error:
        print(error, file=sys.stderr)
    time.sleep(1)
