"""Runs MiniStack for `cargo xtask`: every listener on loopback, and never longer than the process that started it."""

import asyncio
import os
import signal
import sys
import threading

create_server = asyncio.base_events.BaseEventLoop.create_server


async def create_loopback_server(self, factory, host=None, port=None, **options):
    # The MQTT listener of this release asks for every interface, and lets clients without a certificate in.
    return await create_server(self, factory, "127.0.0.1" if host == "0.0.0.0" else host, port, **options)


def end_with_parent():
    # Standard input is a pipe whose other end only the parent holds: it closes however the parent ends.
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGTERM)


asyncio.base_events.BaseEventLoop.create_server = create_loopback_server
threading.Thread(target=end_with_parent, daemon=True).start()

from ministack.app import main  # noqa: E402: the listener has to be replaced first

main()
