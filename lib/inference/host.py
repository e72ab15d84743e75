"""The model host: `python -m lib.inference.host`. Holds at most two models, answers one request at a time each.

It signs in before torch is imported, so it is there at once and only the first prediction waits.
"""

import contextlib
import os
import socketserver
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from lib.errors import Problem, UserError
from lib.inference.channel import code_version, receive, send, socket_path
from lib.inference.models import HeldModels
from lib.settings import get_settings


class Host(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """The server; `last_used` (monotonic seconds) decides when it has been idle for long enough to end."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), Conversation)
        path.chmod(0o600)
        self.models = HeldModels()
        self.code = code_version()
        self.busy = threading.Lock()
        self.last_used = time.monotonic()

    def end_when_idle(self, seconds: float) -> None:
        """Wait until nothing was asked for that long, then end."""
        while time.monotonic() - self.last_used < seconds:
            time.sleep(min(1.0, seconds))
            if self.busy.locked():
                self.last_used = time.monotonic()
        self.shutdown()


class Conversation(socketserver.StreamRequestHandler):
    """One connection: one request, its progress, its answer."""

    def handle(self) -> None:
        """Read the request and answer it; whatever goes wrong becomes sentences for the asker."""
        assert isinstance(self.server, Host)
        host, stream = self.server, _Both(self.rfile, self.wfile)
        with contextlib.suppress(OSError):  # the asker has gone: nobody to tell
            try:
                request = receive(stream) or {}
                self._answer(host, request, stream)
            except UserError as error:
                send(stream, {"problems": [problem.to_json() for problem in error.problems]})
            except (BrokenPipeError, ConnectionResetError):
                return
            except Exception as error:  # noqa: BLE001 - one bad request must not end the host
                traceback.print_exc()
                log = get_settings().home / "host.log"
                problem = Problem(
                    f"Atelier's model host failed: {type(error).__name__}.",
                    str(log),
                    "Read that log.",
                    code="fault",
                )
                send(stream, {"problems": [problem.to_json()]})

    def _answer(self, host: Host, request: dict[str, Any], stream: BinaryIO) -> None:
        match request.get("do"):
            case "ping":
                send(stream, {"code": host.code})
            case "end":
                send(stream, {"ended": True})
                threading.Thread(target=host.shutdown, daemon=True).start()
            case "predict":
                host.last_used = time.monotonic()
                with host.busy:
                    self._predict(host, request, stream)
                host.last_used = time.monotonic()
            case other:
                raise UserError(Problem(f"The host does not know how to {other!r}.", code="unknown-request"))

    def _predict(self, host: Host, request: dict[str, Any], stream: BinaryIO) -> None:
        from lib.tasks.predict import predict_rows

        held = host.models.get(request["model"])
        rows = pd.read_parquet(request["rows"])
        told = time.monotonic()

        def tell(done: int) -> None:
            nonlocal told
            if time.monotonic() - told > 0.3:
                told = time.monotonic()
                send(stream, {"done": done})  # raises when the asker has hung up, which ends the work

        begun = time.monotonic()
        frame = predict_rows(
            held.task,
            held.model,
            held.processor,
            rows,
            request["columns"],
            held.target,
            max_length=held.max_length,
            on_rows=tell,
        )
        seconds = time.monotonic() - begun
        frame.to_parquet(request["out"], index=False)
        send(stream, {"output": held.task.output(held.target).to_json(), "seconds": seconds})


class _Both:
    """The reading and the writing half of a connection as one stream."""

    def __init__(self, reading: Any, writing: Any) -> None:
        self.readline, self.write, self.flush = reading.readline, writing.write, writing.flush


def main() -> int:
    """Listen until idle for long enough, or told to end."""
    path = socket_path()
    path.unlink(missing_ok=True)  # left by a host that was killed; a living one was asked to end before
    os.umask(0o077)
    host = Host(path)
    threading.Thread(target=host.end_when_idle, args=(get_settings().host_idle_seconds,), daemon=True).start()
    try:
        host.serve_forever(poll_interval=0.2)
    finally:
        host.server_close()
        path.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
