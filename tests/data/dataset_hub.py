"""A small Hub of data sets on loopback: what `datasets` asks it about folders of files, and the files by ranges."""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class DatasetHub:
    """`with DatasetHub({"org/name": folder}) as hub`; `hub.url` is the endpoint, `hub.asked` every request so far."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self.folders = folders
        self.asked: list[str] = []
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "DatasetHub":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def sha_of(folder: Path) -> str:
    digest = hashlib.sha1()
    for path in files_of(folder):
        digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest.hexdigest()


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


class _Handler(BaseHTTPRequestHandler):
    hub: DatasetHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *parts: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{self.command} {path}")
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length).decode() if length else ""
        if match := re.fullmatch(r"/api/datasets/([^/]+/[^/]+)(?:/(.*))?", path):
            name, rest = match[1], match[2] or ""
        elif match := re.fullmatch(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self._file(match[1], match[3])
        else:
            return self._refuse("EntryNotFound")
        folder = self.hub.folders.get(name)
        if folder is None:
            return self._refuse("RepoNotFound")
        if rest.startswith("tree/"):
            return self._tree(folder, rest.split("/", 2)[2] if rest.count("/") > 1 else "")
        if rest.startswith("paths-info/"):
            paths = parse_qs(self.body).get("paths", []) or json.loads(self.body or "{}").get("paths", [])
            return self._json([_entry(folder, folder / one) for one in paths if (folder / one).exists()])
        if rest == "" or rest.startswith("revision/"):
            siblings = [{"rfilename": str(one.relative_to(folder))} for one in files_of(folder)]
            about = {
                "id": name,
                "sha": sha_of(folder),
                "private": False,
                "gated": False,
                "tags": [],
                "downloads": 1,
            }
            return self._json({**about, "siblings": siblings, "lastModified": "2026-05-04T03:02:01.000Z"})
        return self._refuse("EntryNotFound")

    def _tree(self, folder: Path, below: str) -> None:
        root = folder / below
        if not root.is_dir():
            return self._refuse("EntryNotFound")
        deep = "recursive=true" in self.path.lower()
        self._json([_entry(folder, path) for path in sorted(root.rglob("*") if deep else root.iterdir())])

    def _file(self, name: str, file: str) -> None:
        folder = self.hub.folders.get(name)
        if folder is None or not (folder / file).is_file():
            return self._refuse("EntryNotFound" if folder else "RepoNotFound")
        raw = (folder / file).read_bytes()
        headers = {
            "ETag": f'"{hashlib.sha1(raw).hexdigest()}"',
            "X-Repo-Commit": sha_of(folder),
            "Accept-Ranges": "bytes",
        }
        if wanted := self.headers.get("Range"):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            piece = raw[int(first) : int(last) + 1 if last else None]
            headers["Content-Range"] = f"bytes {first}-{int(first) + len(piece) - 1}/{len(raw)}"
            return self._send(206, piece, headers)
        self._send(200, raw, headers)

    def _json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _refuse(self, code: str) -> None:
        self._send(404, b"{}", {"X-Error-Code": code, "X-Error-Message": "not there"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _entry(folder: Path, path: Path) -> dict[str, Any]:
    name = str(path.relative_to(folder))
    if path.is_dir():
        return {"type": "directory", "oid": hashlib.sha1(name.encode()).hexdigest(), "size": 0, "path": name}
    raw = path.read_bytes()
    return {"type": "file", "oid": hashlib.sha1(raw).hexdigest(), "size": len(raw), "path": name}
