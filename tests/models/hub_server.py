"""A small Hub on loopback: what it says about models, files with ranges, a second host for weights, and faults."""

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

TOKEN = "hf_correcthorsebatterystaple"


@dataclass
class Repo:
    """A folder of files served as a model. `branches` are other revisions with files of their own."""

    folder: Path
    licence: str = "apache-2.0"
    gated: str | bool = False
    private: bool = False
    downloads: int = 10
    discussions: list[dict[str, Any]] = field(default_factory=list)
    branches: dict[str, Path] = field(default_factory=dict)

    def revisions(self) -> dict[str, Path]:
        return {"main": self.folder, **self.branches}

    def find(self, revision: str) -> Path | None:
        for name, folder in self.revisions().items():
            if revision in (name, sha_of(folder)):
                return folder
        return None


@dataclass(frozen=True)
class Asked:
    host: str
    method: str
    path: str
    range: str | None
    authorization: str | None


class HubServer:
    """Start with `with HubServer() as hub`; `hub.url` is the endpoint, `hub.asked` every request so far."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.asked: list[Asked] = []
        self.members: set[str] = {TOKEN}
        self.known_tokens: set[str] = {TOKEN}
        self.fail: int | None = None
        self.headers_of_failure: dict[str, str] = {}
        self.cut_after: int | None = None
        self.cuts = 0
        self.corrupt = False
        self.pause = threading.Event()
        self.pause.set()
        self._servers = [self._server("hub"), self._server("files")]

    def _server(self, host: str) -> ThreadingHTTPServer:
        handler = type("Handler", (_Handler,), {"hub": self, "host_name": host})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        return server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._servers[0].server_address[1]}"

    @property
    def files_url(self) -> str:
        # Another name for the same machine, as the Hub keeps weights on another host.
        return f"http://localhost:{self._servers[1].server_address[1]}"

    def __enter__(self) -> "HubServer":
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.pause.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def asked_for(self, part: str) -> list[Asked]:
        return [request for request in self.asked if part in request.path]


def sha_of(folder: Path) -> str:
    digest = hashlib.sha1()
    for path in files_of(folder):
        digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest.hexdigest()


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def sibling(folder: Path, path: Path) -> dict[str, Any]:
    raw = path.read_bytes()
    blob = hashlib.sha1(b"blob %d\x00" % len(raw) + raw).hexdigest()
    found: dict[str, Any] = {"rfilename": str(path.relative_to(folder)), "size": len(raw), "blobId": blob}
    if path.suffix in (".safetensors", ".bin", ".pt"):
        found["lfs"] = {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw), "pointerSize": 134}
    return found


def stored_parameters(folder: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    for path in folder.glob("*.safetensors"):
        raw = path.read_bytes()
        header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        for name, tensor in header.items():
            if name != "__metadata__":
                number = 1
                for length in tensor["shape"]:
                    number *= length
                counts[tensor["dtype"]] = counts.get(tensor["dtype"], 0) + number
    return counts


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    host_name: str
    protocol_version = "HTTP/1.1"

    def log_message(self, *parts: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        hub, url = self.hub, urlsplit(self.path)
        self.query = parse_qsl(url.query)
        path = unquote(url.path)
        hub.asked.append(
            Asked(
                self.host_name,
                self.command,
                path,
                self.headers.get("Range"),
                self.headers.get("Authorization"),
            )
        )
        if hub.fail:
            return self._send(hub.fail, b"{}", **hub.headers_of_failure)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if self.host_name == "hub" and token and token not in hub.known_tokens:
            return self._refuse(401, "", "Invalid credentials in Authorization header")
        if path == "/api/models":
            return self._json(self._search())
        name = path.removeprefix("/api/models/") if path.startswith("/api/models/") else path.lstrip("/")
        name, rest = "/".join(name.split("/")[:2]), name.split("/")[2:]
        repo = hub.repos.get(name)
        if repo is None or (repo.private and token not in hub.members):
            return self._refuse(404 if token else 401, "RepoNotFound", "Repository not found")
        if path.startswith("/api/"):
            return self._about(name, repo, rest)
        return self._file(name, repo, rest, token)

    def _about(self, name: str, repo: Repo, rest: list[str]) -> None:
        if rest == ["discussions"]:
            return self._json({"discussions": repo.discussions})
        folder = repo.find("/".join(rest[1:]) if rest[:1] == ["revision"] else "main")
        if folder is None:
            return self._refuse(404, "RevisionNotFound", "Invalid rev id")
        return self._json(self._told(name, repo, folder))

    def _told(self, name: str, repo: Repo, folder: Path) -> dict[str, Any]:
        parameters = stored_parameters(folder)
        try:
            config = json.loads((folder / "config.json").read_text())
        except FileNotFoundError:
            config = {}
        return {
            "id": name,
            "sha": sha_of(folder),
            "gated": repo.gated,
            "private": repo.private,
            "downloads": repo.downloads,
            "lastModified": "2026-05-04T03:02:01.000Z",
            "tags": ["transformers", "safetensors", f"license:{repo.licence}"],
            "cardData": {"license": repo.licence},
            "config": {key: config[key] for key in ("model_type", "architectures") if key in config},
            **(
                {"safetensors": {"parameters": parameters, "total": sum(parameters.values())}}
                if parameters
                else {}
            ),
            "siblings": [sibling(folder, path) for path in files_of(folder)],
        }

    def _search(self) -> list[dict[str, Any]]:
        asked = dict(self.query)
        found = [
            self._told(name, repo, repo.folder)
            for name, repo in sorted(self.hub.repos.items(), key=lambda item: -item[1].downloads)
            if asked.get("search", "").lower() in name.lower() and not repo.private
        ]
        found = [item for item in found if "filter" not in asked or "safetensors" in item]
        return found[: int(asked.get("limit", 1000))]

    def _file(self, name: str, repo: Repo, rest: list[str], token: str) -> None:
        hub = self.hub
        if self.host_name == "files":
            folder = next((folder for folder in repo.revisions().values() if sha_of(folder) == rest[1]), None)
        else:
            if repo.gated and token not in hub.members:
                return self._refuse(403 if token else 401, "GatedRepo", "Access to this model is restricted")
            folder = repo.find(rest[1])
        if folder is None:
            return self._refuse(404, "RevisionNotFound", "Invalid rev id")
        path = folder / "/".join(rest[2:])
        if not path.is_file():
            return self._refuse(404, "EntryNotFound", "Entry not found")
        about = sibling(folder, path)
        if "lfs" in about and self.host_name == "hub":
            return self._send(302, b"", Location=f"{hub.files_url}/{name}/resolve/{rest[1]}/{path.name}")
        return self._bytes(path.read_bytes(), str((about.get("lfs") or {}).get("sha256", about["blobId"])))

    def _bytes(self, raw: bytes, etag: str) -> None:
        hub, begin = self.hub, 0
        if wanted := self.headers.get("Range"):
            begin = int(wanted.removeprefix("bytes=").split("-")[0])
            if begin >= len(raw):
                return self._send(416, b"")
        if hub.corrupt:
            raw = raw[:-1] + bytes([raw[-1] ^ 1])
        body, length = raw[begin:], len(raw) - begin
        cut = hub.cut_after if self.host_name == "files" and hub.cuts > 0 else None
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", f'"{etag}"')
        if wanted:
            self.send_header("Content-Range", f"bytes {begin}-{len(raw) - 1}/{len(raw)}")
        self.end_headers()
        if self.command == "HEAD":
            return
        if cut is not None and cut < length:
            hub.cuts -= 1
            self.wfile.write(body[:cut])
            self.wfile.flush()
            self.close_connection = True
            return
        middle = length // 2
        self.wfile.write(body[:middle])
        if not hub.pause.is_set() and self.host_name == "files":
            self.wfile.flush()
            hub.pause.wait(30)
        self.wfile.write(body[middle:])

    def _json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), **{"Content-Type": "application/json"})

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._send(
            status,
            json.dumps({"error": message}).encode(),
            **{**({"X-Error-Code": code} if code else {}), "X-Error-Message": message},
        )

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
