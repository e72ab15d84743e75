"""The process that serves a run's model: `python -m lib serve RUN`. The only part of Atelier that listens for HTTP."""

import ipaddress
import os
import socket
from collections.abc import Callable

from lib.errors import Problem, UserError
from lib.runs.folder import RunFolder


def serve(
    run: RunFolder,
    *,
    host: str,
    port: int,
    key: str = "",
    on_ready: Callable[[str], None],
) -> None:
    """Load the model, listen, and answer until told to end (SIGINT or SIGTERM); what is under way finishes.

    `on_ready(address)` is called once the server answers. Port 0 takes a free one. Raises UserError when the model
    cannot be loaded or the port cannot be had.
    """
    import uvicorn

    from lib.serving.app import SECONDS_TO_FINISH, make_app
    from lib.serving.model import ServedModel

    listening = listen_on(host, port)
    with listening:
        served = ServedModel(run)
        taken = listening.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        app = make_app(
            served, key=key, local=is_local(host), on_ready=lambda: on_ready(f"http://{shown}:{taken}")
        )
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=int(SECONDS_TO_FINISH),
        )
        uvicorn.Server(config).run(sockets=[listening])


def listen_on(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises UserError when it is taken or not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, as asyncio turns waiting for full packets off only where it is: 40 ms an answer.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except (OSError, OverflowError) as error:
        found.close()
        what = f"Port {port} on {host} cannot be listened on: {getattr(error, 'strerror', None) or error}."
        raise UserError(
            Problem(what, "--port", "Choose another port, or 0 for any.", code="port-taken")
        ) from error
    return found


def is_local(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def key_from(variable: str) -> str:
    """The key in that environment variable: never on a command line, which everybody on a machine can read.

    Raises UserError when there is none, or it is too short to be one.
    """
    key = os.environ.get(variable, "").strip()
    if len(key) < 16 or not key.isascii() or not key.isprintable():
        what = f"The environment variable {variable} holds no key of at least 16 plain characters."
        fix = f"For example: export {variable}=$(openssl rand -hex 16)"
        raise UserError(Problem(what, "--key", fix, code="no-key"))
    return key
