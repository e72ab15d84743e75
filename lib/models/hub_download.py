"""Downloading a model of the Hub: resumed where it broke off, checked, and kept where every tool finds it.

huggingface_hub itself throws a half downloaded file away when it fails or is ended, so the files are fetched here.
"""

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError
from lib.models.hub import HubFile, describe
from lib.models.hub_cache import cache_folder, model_folder, snapshot_folder, weights_named
from lib.models.hub_token import Token, find_token
from lib.models.hub_web import connect, file_address, host, raise_refusal

# So often a broken connection is taken up again before giving up; what arrives starts the count anew.
ATTEMPTS = 5
SPARE_BYTES = 200_000_000
# The settings of a model may always come.
SMALL_BYTES = 1_000_000


class DownloadStopped(Exception):
    """Somebody asked to stop; what has arrived is kept."""


def download(
    name: str,
    sha: str,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    stop: Callable[[], bool] = lambda: False,
    token: Token | None = None,
) -> Path:
    """Bring every file of a commit that is not here yet; returns the folder of the snapshot.

    `on_progress` is told bytes that are here and bytes in all. Raises UserError, and DownloadStopped when `stop`
    says so; either way the next call goes on where this one ended.
    """
    token = token or find_token()
    model = describe(name, sha, token=token)
    if found := [*([model.refusal] if model.refusal else []), *model.problems]:
        raise UserError(*found)
    weights = weights_named([file.name for file in model.files])
    # The weights last: a snapshot that has them has everything.
    files = sorted(model.files, key=lambda file: (file.name in weights, file.name))
    Download(name, model.sha, token=token, on_progress=on_progress, stop=stop).fetch(files)
    return snapshot_folder(name, model.sha)


class Download:
    """Brings files of one commit into the cache."""

    def __init__(
        self,
        name: str,
        sha: str,
        *,
        token: Token | None,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.name, self.sha, self._token = name, sha, token
        self._tell, self._stop = on_progress, stop
        self._folder, self._snapshot = model_folder(name), snapshot_folder(name, sha)
        self._done = self._total = 0

    def fetch(self, files: Iterable[HubFile]) -> None:
        """Bring those that are not here. Raises UserError or DownloadStopped."""
        wanted = list(files)
        missing = [file for file in wanted if not (self._snapshot / file.name).is_file()]
        self._total = sum(file.size for file in wanted)
        self._done = self._total - sum(file.size for file in missing)
        if not missing:
            return
        try:
            (self._folder / "blobs").mkdir(parents=True, exist_ok=True)
            self._check_space(missing)
            with connect(self._token, subject=self.name) as client:
                for file in missing:
                    self._fetch(client, file)
        except OSError as error:
            raise UserError(_unwritable(error)) from error

    def _check_space(self, files: list[HubFile]) -> None:
        needed = sum(file.size for file in files if not self._blob(file).is_file())
        needed -= sum(path.stat().st_size for file in files if (path := _partial(self._blob(file))).is_file())
        free = shutil.disk_usage(self._folder).free
        if needed + SPARE_BYTES > free and needed > SMALL_BYTES:
            raise UserError(
                Problem(
                    f"{needed / 1e9:.2f} GB are still to be downloaded, and {free / 1e9:.2f} GB are free in "
                    f"{cache_folder()}.",
                    "model",
                    "Free some space, or set HF_HOME to a folder on another disk.",
                    code="disk-full",
                )
            )

    def _blob(self, file: HubFile) -> Path:
        return self._folder / "blobs" / file.etag

    def _fetch(self, client: Any, file: HubFile) -> None:
        from filelock import FileLock, Timeout

        blob, before = self._blob(file), self._done
        locks = cache_folder() / ".locks" / self._folder.name
        locks.mkdir(parents=True, exist_ok=True)
        # The lock that huggingface_hub takes too: two runs with the same model download it once.
        lock = FileLock(locks / f"{file.etag}.lock")
        while not lock.is_locked:
            self._raise_if_stopped()
            try:
                lock.acquire(timeout=0.5)
            except Timeout:
                self._tell(self._done, self._total)
        try:
            if not blob.is_file():
                self._receive(client, file, _partial(blob))
                _check(file, _partial(blob))
                _partial(blob).replace(blob)
            self._done = before + file.size
            self._tell(self._done, self._total)
            _link(blob, self._snapshot / file.name)
        finally:
            lock.release()

    def _receive(self, client: Any, file: HubFile, partial: Path) -> None:
        """Bring the rest of a file, however often the connection breaks."""
        import httpx2

        failures, before = 0, self._done
        while (have := partial.stat().st_size if partial.is_file() else -1) < file.size:
            self._raise_if_stopped()
            trouble = "it ended too early"
            try:
                self._receive_once(client, file, partial, max(0, have), before)
            except httpx2.TransportError as error:
                trouble = str(error).strip(". ") or type(error).__name__
            except UserError as error:
                if error.problems[0].code != "hub-fault" or failures + 1 >= ATTEMPTS:
                    raise
                trouble = error.problems[0].what
            arrived = partial.stat().st_size if partial.is_file() else -1
            failures = 0 if arrived > max(0, have) else failures + 1
            if failures >= ATTEMPTS:
                raise UserError(_broken_off(file, arrived, trouble))
            if arrived < file.size:
                self._wait(min(failures, 3) * 0.5)

    def _receive_once(self, client: Any, file: HubFile, partial: Path, have: int, before: int) -> None:
        # Uncompressed, so that bytes count as the file has them.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with client.stream("GET", file_address(self.name, self.sha, file.name), headers=headers) as response:
            if response.status_code == 416:  # what lies here is not the beginning of that file
                partial.unlink()
                return
            raise_refusal(response, subject=self.name, model=self.name, token=self._token)
            have = have if response.status_code == 206 else 0
            with partial.open("ab" if have else "wb") as out:
                for piece in response.iter_bytes():  # as it comes, so that a break loses nothing
                    self._raise_if_stopped()
                    out.write(piece)
                    have += len(piece)
                    self._done = before + have
                    self._tell(min(self._done, self._total), self._total)

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._raise_if_stopped()
            time.sleep(0.05)

    def _raise_if_stopped(self) -> None:
        if self._stop():
            raise DownloadStopped


def _partial(blob: Path) -> Path:
    return blob.with_name(f"{blob.name}.incomplete")


def _check(file: HubFile, path: Path) -> None:
    """Compare with the sha256, or the id that git gives a file. Raises UserError, and the file is gone, if not."""
    digest = hashlib.sha256()
    if len(file.etag) == 40:
        digest = hashlib.sha1(b"blob %d\x00" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as data:
        while piece := data.read(1 << 22):
            digest.update(piece)
    if digest.hexdigest() != file.etag:
        path.unlink()
        raise UserError(
            Problem(
                f"{file.name} arrived damaged and was thrown away.",
                "model",
                "Try again; if it happens again, the network or the mirror changes files.",
                code="hub-damaged",
            )
        )


def _link(blob: Path, path: Path) -> None:
    """Let the file appear in its snapshot; where links are not allowed, it is moved there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    try:
        fresh.symlink_to(os.path.relpath(blob, path.parent))
    except OSError:
        shutil.move(blob, fresh)
    fresh.replace(path)


def _broken_off(file: HubFile, arrived: int, trouble: str) -> Problem:
    return Problem(
        f"The download broke off at {max(0, arrived) / 1e6:,.0f} of {file.size / 1e6:,.0f} MB of {file.name} "
        f"({trouble}).",
        "model",
        f"Try again when {host()} can be reached; it goes on where it broke off.",
        code="hub-broken-off",
    )


def _unwritable(error: OSError) -> Problem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Problem(
            f"The disk with {cache_folder()} is full.",
            "model",
            "Free some space, or set HF_HOME to a folder on another disk; the download goes on where it ended.",
            code="disk-full",
        )
    return Problem(
        f"{cache_folder()} cannot be written: {error.strerror or error}.",
        "model",
        "Set HF_HOME to a folder that can.",
        code="cannot-write",
    )
