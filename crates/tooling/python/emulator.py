"""Runs MiniStack for `cargo xtask`: every listener on loopback, roles and policies enforced, streams complete, nobody let in whom guard.py
refuses, never longer than the process that started it, and no process left over."""

import asyncio
import atexit
import os
import signal
import ssl
import sys
import threading
import time

create_server = asyncio.base_events.BaseEventLoop.create_server


async def create_loopback_server(self, factory, host=None, port=None, **options):
    # The MQTT listener of this release asks for every interface.
    return await create_server(self, factory, "127.0.0.1" if host == "0.0.0.0" else host, port, **options)


def end_with_parent():
    # Standard input is a pipe whose other end only the parent holds: it closes however the parent ends.
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def end_functions():
    # The functions are children in the same process group. Whoever leaves them to init leaves zombies where init is slow.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if ended == 0:
            time.sleep(0.01)


asyncio.base_events.BaseEventLoop.create_server = create_loopback_server
threading.Thread(target=end_with_parent, daemon=True).start()
atexit.register(end_functions)

sys.dont_write_bytecode = True  # of files of the repository
import codes  # noqa: E402, F401: it takes its place by itself
import enforcing  # noqa: E402, F401: the same
import guard  # noqa: E402
import streams  # noqa: E402, F401: the same

sys.dont_write_bytecode = False

import ministack.app  # noqa: E402: the listener has to be replaced first
from ministack.services import iot  # noqa: E402

sys.dont_write_bytecode = True  # of files of the repository
import streams  # noqa: E402, F401: it takes its place by itself

sys.dont_write_bytecode = False

context_of_mqtt = iot._mtls_build_ssl_context


def context_that_asks_for_a_certificate():
    # AWS lets no device in without one.
    context = context_of_mqtt()
    context.verify_mode = ssl.CERT_REQUIRED
    return context


iot._mtls_build_ssl_context = context_that_asks_for_a_certificate
ministack.app.app = guard.guarded(ministack.app.app)
ministack.app.main()
