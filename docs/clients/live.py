"""Follows a device: python live.py API TOKEN DEVICE. Needs `pip install websockets`. Prints each reading once, whatever happens to the
connection: after a gap, and whenever it connects again, it reads over HTTP what it may have missed."""

import asyncio
import json
import sys
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

import websockets

api, token, device = sys.argv[1:]
seen, last = set(), datetime.now(timezone.utc) - timedelta(minutes=1)


def show(reading):
    global last
    if (reading["sensor"], reading["at"]) not in seen:
        seen.add((reading["sensor"], reading["at"]))
        last = max(last, datetime.fromisoformat(reading["at"].replace("Z", "+00:00")))
        print(reading["at"], reading["sensor"], reading["value"], reading["unit"], flush=True)


def ask(method, path):
    request = urllib.request.Request(api + path, method=method, headers={"authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def catch_up():
    # A late reading is older than the newest one: look a minute back.
    query, more = {"from": (last - timedelta(minutes=1)).isoformat()}, True
    while more:
        page = ask("GET", f"/devices/{device}/readings?{urllib.parse.urlencode(query)}")
        for reading in page["items"]:
            show(reading)
        more = query["next"] = page.get("next")


async def follow():
    async with websockets.connect(ask("POST", "/live/tickets")["url"]) as socket:
        await socket.send(json.dumps({"action": "subscribe", "topics": [f"device/{device}"]}))
        async for frame in socket:
            for message in json.loads(frame)["messages"]:
                if message["type"] == "reading":
                    show(message)
                elif message["type"] in ("snapshot", "gap"):
                    await asyncio.to_thread(catch_up)
                elif message["type"] == "error":
                    print(message["kind"], message["detail"], file=sys.stderr)


async def main():
    while True:
        try:
            await follow()
        except (OSError, websockets.WebSocketException) as error:
            print(error, file=sys.stderr)
        await asyncio.sleep(1)


asyncio.run(main())
