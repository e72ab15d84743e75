"""The files that go to the Hub, read piece by piece so that it shows how far each is and a stop is heeded at once."""

import io
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

# Smaller files travel together in the commit itself, or in no time.
LARGE = 1_000_000
Content = Path | bytes
Files = Mapping[str, Content]
T = TypeVar("T")


def size_of_content(content: Content) -> int:
    """How many bytes."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size


@dataclass
class Sent:
    """How far the upload is, shared by the thread that sends and the one that tells; `halt` stops the reading."""

    whole: int
    done: int = 0
    current: int = 0
    name: str = ""
    halt: bool = False

    @property
    def share(self) -> float:
        """0 to 1."""
        return min(1.0, (self.done + self.current) / max(1, self.whole))


class Halted(Exception):
    """Raised inside a read when nobody wants the file any more."""


def operation_of(name: str, content: Content, sent: Sent) -> Any:
    """The file as huggingface_hub wants it, which tells `sent` how far it has been read."""
    from huggingface_hub import CommitOperationAdd

    class Told(CommitOperationAdd):
        @contextmanager
        def as_file(self, with_tqdm: bool = False) -> Iterator[BinaryIO]:
            path = self.path_or_fileobj
            if isinstance(path, bytes):
                yield io.BytesIO(path)
            else:
                with _Watched(str(path), sent) as file:
                    yield file

    return Told(path_in_repo=name, path_or_fileobj=content)


class _Watched(io.FileIO):
    """A file that says where it is read; seeking back, as a second try does, counts back too."""

    def __init__(self, path: str, sent: Sent) -> None:
        super().__init__(path, "rb")
        self._sent = sent

    def read(self, size: int | None = -1, /) -> bytes:
        if self._sent.halt:
            raise Halted
        piece = super().read(-1 if size is None else size) or b""
        self._sent.current = self.tell()
        return piece


def in_parallel(work: Callable[[], T], tell: Callable[[], None], *, seconds: float = 0.2) -> T:
    """What `work` returns or raises, done in a thread, while this one tells how it goes; `tell` may raise and leave."""
    pool = ThreadPoolExecutor(1)
    try:
        future = pool.submit(work)
        while not future.done():
            wait([future], timeout=seconds)
            tell()
        return future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
