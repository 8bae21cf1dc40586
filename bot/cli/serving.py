"""Running the server: in the foreground for `serve`, or beside a chat for as long as that lasts."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from socket import socket
from typing import Any

import uvicorn

from bot.app import create_app, utc_now
from bot.door import MAX_BODY
from bot.settings import Settings

START_SECONDS = 60.0
# Objects made before the young, the middle and the old are looked through for rubbish; Python's own is 700, 10, 10.
COLLECT_AFTER = (20_000, 10, 10)
SWITCH_SECONDS = 0.0005


class Announced(uvicorn.Server):
    """A server that says where it listens as soon as it does."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[str], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce(self.address)

    @property
    def address(self) -> str:
        """Where it listens, as a URL."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}"


def config_for(app: Any, settings: Settings, host: str, port: int) -> uvicorn.Config:
    """How uvicorn runs the app. A frame may be as large as a request; a message's words are held to 16 KiB inside."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        ws="websockets-sansio",
        ws_max_size=MAX_BODY,
        log_config=None,
        # Ours has no query strings; see bot.app.edge.
        access_log=False,
        server_header=False,
        # An empty list would mean uvicorn's default, and its variable, again.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies) or None,
        lifespan="on",
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )


def serve(settings: Settings, host: str, port: int, say: Callable[[str], None]) -> bool:
    """Serve until told to stop. False when the address could not be had; raises what `create_app` raises."""

    def announce(address: str) -> None:
        # A browser cannot open "all addresses".
        clickable = address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
        say("Hearout is ready.")
        say(
            f"  Talk to it   {clickable}/"
            if settings.shows_demo
            else f"  The forms    {clickable}/.../complain"
        )
        say(f"  The API      {clickable}/openapi.json")
        say(f"  Data         {settings.data_dir.absolute()}")
        say("Stop it with Ctrl-C.")

    # Links that are given to people begin with where we really are.
    app = create_app(settings.model_copy(update={"host": host, "port": port}))
    server = Announced(config_for(app, settings, host, port), announce)
    # What is loaded now stays: collections that walk it each time take a tenth of a turn, and are its slowest ones. The
    # little rubbish among it is not worth the sixth of a second that finding it takes.
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()
    # The writer's thread and the loop take turns; at the usual 5 ms a turn may wait that long for its own commit.
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        server.run()
    except KeyboardInterrupt:
        return True
    except SystemExit:
        # uvicorn's way of saying that it could not listen; it has logged why.
        return False
    finally:
        app.state.house.close()
    return server.started


@contextmanager
def own_server(settings: Settings, port: int = 0, clock: Callable[[], datetime] = utc_now) -> Iterator[str]:
    """A server on a loopback port (0: a free one), in this process; gives its URL."""
    app = create_app(settings, clock=clock)
    ready = threading.Event()
    server = Announced(config_for(app, settings, "127.0.0.1", port), lambda _: ready.set())
    thread = threading.Thread(target=server.run, name="hearout-server", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready.wait(0.05):
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the server did not start")
        yield server.address
    finally:
        server.should_exit = True
        thread.join(timeout=settings.shutdown_seconds + 10)
        app.state.house.close()
