"""The model host: `python -m lib.inference.host`. Holds at most two models, predicts for one request at a time.

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
from typing import Any

from lib.errors import Problem, UserError
from lib.inference.channel import Writing, code_version, receive, send, socket_path
from lib.inference.models import HeldModels
from lib.inference.requests import TELLING, WORK
from lib.settings import get_settings

SECONDS_BETWEEN_BEATS = 0.3
# A host that was told to end lets the prediction under way finish, but not for ever.
MOST_SECONDS_TO_FINISH = 600.0


class Host(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """The server; `last_used` (monotonic seconds) decides when it has been idle for long enough to end."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), Conversation)
        path.chmod(0o600)
        self.path, self.inode, self.left = path, path.stat().st_ino, False
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
        self.leave()
        self.shutdown()

    def leave(self) -> None:
        """Take the socket away, unless a later host has put its own there."""
        with contextlib.suppress(OSError):
            if not self.left and self.path.stat().st_ino == self.inode:
                self.path.unlink()
        self.left = True


class Conversation(socketserver.StreamRequestHandler):
    """One connection: one request, its progress, its answer."""

    def handle(self) -> None:
        """Read the request and answer it; whatever goes wrong becomes sentences for the asker."""
        assert isinstance(self.server, Host)
        with contextlib.suppress(OSError):  # the asker has gone: nobody to tell
            try:
                request = receive(self.rfile) or {}
                self._answer(self.server, request)
            except UserError as error:
                send(self.wfile, {"problems": [problem.to_json() for problem in error.problems]})
            except Gone:
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
                send(self.wfile, {"problems": [problem.to_json()]})

    def _answer(self, host: Host, request: dict[str, Any]) -> None:
        match request.get("do"):
            case "ping":
                send(self.wfile, {"code": host.code, "held": host.models.names()})
            case "end":
                host.leave()  # before the answer, so that the next host's socket is never taken for ours
                send(self.wfile, {"ended": True})
                threading.Thread(target=host.shutdown, daemon=True).start()
            case str(name) if name in WORK or name in TELLING:
                host.last_used = time.monotonic()
                with Beat(self.wfile) as beat:
                    with host.busy:
                        beat.check()  # may have waited long for somebody else's rows
                        beat.phase = "loading"
                        begun = time.monotonic()
                        held = host.models.get(request["model"], request.get("task", ""))
                        loading = time.monotonic() - begun
                        beat.phase = "predicting"
                        if name in TELLING:
                            answer = TELLING[name](held, request, say=beat.say)
                        else:
                            answer = WORK[name](held, request, on_rows=beat.tell)
                    host.last_used = time.monotonic()
                send(self.wfile, {"loading": loading} | answer)
            case other:
                raise UserError(Problem(f"The host does not know how to {other!r}.", code="unknown-request"))


class Gone(Exception):
    """The asker has hung up: the work can stop."""


class Beat:
    """Tells the asker a few times a second how far the work is, and finds out when there is no asker any more.

    It speaks from a thread of its own, because waiting, loading and a large batch all take longer than a person
    who presses Cancel should.
    """

    def __init__(self, stream: Writing) -> None:
        self.phase, self.done = "waiting", 0
        self._stream, self._speaking = stream, threading.Lock()
        self._gone, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Beat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()  # so that nothing is written between the parts of the answer

    def tell(self, done: int) -> None:
        """So many rows are done. Raises Gone when nobody wants them any more."""
        self.done = done
        self.check()

    def say(self, message: dict[str, Any]) -> None:
        """Send what there is already. Raises Gone when nobody wants it any more."""
        self.check()
        try:
            with self._speaking:
                send(self._stream, message)
        except (OSError, ValueError):
            self._gone.set()
            raise Gone from None

    def check(self) -> None:
        """Raise Gone when nobody is there any more."""
        if self._gone.is_set():
            raise Gone

    def _run(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN_BEATS):
            try:
                with self._speaking:
                    send(self._stream, {"done": self.done, "phase": self.phase})
            except (OSError, ValueError):  # ValueError: the stream is closed
                self._gone.set()
                return


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
        host.leave()
        host.server_close()
    host.busy.acquire(timeout=MOST_SECONDS_TO_FINISH)
    time.sleep(0.2)  # the answer of what has just finished is still being written
    return 0


if __name__ == "__main__":
    sys.exit(main())
