"""A limit on what a request may send, kept while it is read: whatever it says of its own length."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Middleware: whoever reads more than `most` bytes of a body gets HTTPException 413, answered like any other."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        said = dict(scope.get("headers", ())).get(b"content-length", b"")
        too_long = said.isdigit() and int(said) > self._most
        read = 0

        async def limited() -> Message:
            nonlocal read
            if too_long:
                raise HTTPException(413)
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most:
                raise HTTPException(413)
            return message

        await self._app(scope, limited if scope["type"] == "http" else receive, send)
