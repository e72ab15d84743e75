"""A small Hub on loopback that takes pushes: accounts, repositories, preupload, LFS, atomic commits; and faults.

It speaks what huggingface_hub 2.4 asks for (read in its source), serves what was pushed, and keeps weights on another
address as the Hub does. It has no xet storage, as mirrors have none.
"""

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.export.card_rules import complaints

WRITES, READS, OTHERS = "hf_writesAda1815", "hf_readsAda1815", "hf_writesBob1791"
LARGE = (".safetensors", ".parquet", ".png", ".jpg", ".model")
KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}


@dataclass
class Repo:
    """A repository: `branches` by name, each with its files; `trail` of (branch, summary); `pulls` hold no branch."""

    kind: str
    name: str
    private: bool
    branches: dict[str, dict[str, bytes]] = field(default_factory=dict)
    trail: list[tuple[str, str]] = field(default_factory=list)

    def head(self, branch: str) -> str:
        digest = hashlib.sha1(f"{self.kind} {self.name} {len(self.trail)}".encode())
        for name, raw in sorted(self.branches[branch].items()):
            digest.update(name.encode() + b"\0" + hashlib.sha1(raw).digest())
        return digest.hexdigest()

    def find(self, revision: str) -> dict[str, bytes] | None:
        return next(
            (files for name, files in self.branches.items() if revision in (name, self.head(name))), None
        )


class PushHub:
    """`with PushHub() as hub`: `hub.url` is the endpoint. Ada's token writes, one only reads; Bob is somebody else.

    `cut_uploads`: so many uploads of weights break after `cut_after` bytes. `drop_commits`: so many commits lose their
    connection, "before" or "after" they are made. `status` answers everything with an error.
    """

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.stored: dict[str, bytes] = {}
        self.uploads: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.cut_uploads, self.cut_after = 0, 10_000
        self.drop_commits: list[str] = []
        self.status: int | None = None
        self.refuse_create: tuple[int, str] | None = None
        self.slow = threading.Event()
        self.slow.set()
        self.lock = threading.Lock()
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
        return f"http://localhost:{self._servers[1].server_address[1]}"

    def __enter__(self) -> "PushHub":
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.slow.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def repo(self, name: str, kind: str = "model") -> Repo:
        return self.repos[kind, name]

    def add(self, name: str, files: dict[str, bytes], *, kind: str = "model", private: bool = False) -> Repo:
        made = Repo(kind, name, private, {"main": {".gitattributes": b"", **files}})
        self.repos[kind, name] = made
        return made


class _Handler(BaseHTTPRequestHandler):
    hub: PushHub
    host_name: str
    protocol_version = "HTTP/1.1"

    def log_message(self, *parts: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def _answer(self) -> None:
        url = urlsplit(self.path)
        self.query, path = parse_qs(url.query), unquote(url.path)
        with self.hub.lock:
            self.hub.asked.append((self.command, path))
        length = int(self.headers.get("Content-Length") or 0)
        if self.host_name == "files" and self.command == "PUT":
            return self._take_upload(path.rpartition("/")[2], length)
        raw = self.rfile.read(length)
        if self.host_name == "files":
            return self._send(200, self.hub.stored[path.rpartition("/")[2]])
        if self.hub.status:
            return self._refuse(self.hub.status, "", "Something is wrong")
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        self.user = {WRITES: "ada", READS: "ada", OTHERS: "bob"}.get(token, "")
        self.may_write = token in (WRITES, OTHERS)
        if token and not self.user:
            return self._refuse(401, "", "Invalid credentials in Authorization header")
        with self.hub.lock:
            return self._route(path, raw)

    def _route(self, path: str, raw: bytes) -> None:
        if path == "/api/models":
            return self._json([])
        if path == "/api/whoami-v2":
            return self._whoami()
        if path == "/api/validate-yaml":
            asked = json.loads(raw)
            found = complaints(asked["content"], asked["repoType"])
            answer = {"errors": [{"message": one} for one in found], "warnings": []}
            return self._json(answer, 400 if found else 200)
        if path == "/api/repos/create":
            return self._create(json.loads(raw))
        if path == "/api/repos/delete":
            asked = json.loads(raw)
            name = f"{asked.get('organization') or self.user}/{asked['name']}"
            gone = self.hub.repos.pop((asked.get("type") or "model", name), None)
            return self._json({}) if gone else self._refuse(404, "RepoNotFound", "Repository not found")
        if lfs := re.fullmatch(r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
            return self._batch(KINDS[lfs[1] or "models"], lfs[2], json.loads(raw))
        if api := re.fullmatch(r"/api/(models|datasets|spaces)/([^/]+/[^/]+)(?:/(.*))?", path):
            return self._api(KINDS[api[1]], api[2], api[3] or "", raw)
        if file := re.fullmatch(r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self._file(KINDS[file[1] or "models"], file[2], file[3], file[4])
        return self._refuse(404, "", "Not found")

    def _whoami(self) -> None:
        if not self.user:
            return self._refuse(401, "", "Invalid username or password.")
        role = "write" if self.may_write else "read"
        orgs = [{"type": "org", "name": "engine-works", "roleInOrg": "write"}] if self.user == "ada" else []
        about = {"displayName": "atelier", "role": role}
        return self._json(
            {
                "type": "user",
                "name": self.user,
                "orgs": orgs,
                "auth": {"type": "access_token", "accessToken": about},
            }
        )

    def _may(self, name: str) -> bool:
        return self.may_write and name.partition("/")[0] in (
            self.user,
            *(["engine-works"] if self.user == "ada" else []),
        )

    def _create(self, asked: dict[str, Any]) -> None:
        name = f"{asked.get('organization') or self.user}/{asked['name']}"
        kind = asked.get("type") or "model"
        if self.hub.refuse_create:
            return self._refuse(self.hub.refuse_create[0], "", self.hub.refuse_create[1])
        if not self._may(name):
            return self._refuse(403, "", f"You don't have the rights to create a {kind} under this namespace")
        if (kind, name) in self.hub.repos:
            return self._refuse(409, "", f"You already created this {kind} repo: {name}")
        self.hub.add(name, {}, kind=kind, private=asked.get("visibility") == "private")
        prefix = "" if kind == "model" else f"{kind}s/"
        return self._json({"url": f"{self.hub.url}/{prefix}{name}", "name": name})

    def _api(self, kind: str, name: str, rest: str, raw: bytes) -> None:
        repo = self.hub.repos.get((kind, name))
        if repo is None or (repo.private and not self._may(name) and self.user != name.partition("/")[0]):
            return self._refuse(404 if self.user else 401, "RepoNotFound", "Repository not found")
        verb, _, revision = rest.partition("/")
        if verb in ("", "revision"):
            return self._about(repo, revision or "main")
        if verb == "xet-write-token":
            return self._refuse(404, "", "This Hub has no xet storage")
        if verb == "tree":
            return self._tree(repo, revision.partition("/")[0])
        pull = "create_pr" in self.query
        if not self.user or not (self._may(name) or (pull and self.may_write)):
            return self._refuse(403, "", f"You have read access but not the required permissions for {name}")
        if verb == "branch":
            if revision in repo.branches:
                return self._refuse(409, "", "Reference already exists")
            repo.branches[revision] = dict(repo.branches["main"])
            return self._json({})
        if verb == "preupload":
            return self._preupload(repo, revision, json.loads(raw))
        if verb == "commit":
            return self._commit(repo, revision, raw, pull)
        return self._refuse(404, "", "Not found")

    def _about(self, repo: Repo, revision: str) -> None:
        files = repo.find(revision)
        if files is None:
            return self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        branch = next(name for name, held in repo.branches.items() if held is files)
        siblings = [{"rfilename": name, **_blob(name, raw)} for name, raw in files.items()]
        config = json.loads(files.get("config.json", b"{}"))
        return self._json(
            {
                "id": repo.name, "sha": repo.head(branch), "private": repo.private, "gated": False,
                "siblings": siblings, "config": config, "tags": [], "downloads": 0,
                "lastModified": "2026-05-04T03:02:01.000Z",
            }
        )  # fmt: skip

    def _tree(self, repo: Repo, revision: str) -> None:
        files = repo.find(revision)
        if files is None:
            return self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        rows = []
        for name, raw in files.items():
            about = _blob(name, raw)
            lfs = (
                {"lfs": {"oid": about["lfs"]["sha256"], "size": len(raw), "pointerSize": 134}}
                if "lfs" in about
                else {}
            )
            rows.append({"type": "file", "path": name, "size": len(raw), "oid": about["blobId"], **lfs})
        return self._json(rows)

    def _preupload(self, repo: Repo, revision: str, asked: dict[str, Any]) -> None:
        files = repo.find(revision) or {}
        answer = []
        for one in asked["files"]:
            name, large = one["path"], one["path"].endswith(LARGE)
            there = files.get(name)
            held = {} if there is None else {"oid": _oid(name, there)}
            answer.append(
                {"path": name, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False, **held}
            )
        return self._json({"files": answer})

    def _batch(self, kind: str, name: str, asked: dict[str, Any]) -> None:
        if (kind, name) not in self.hub.repos:
            return self._refuse(404, "RepoNotFound", "Repository not found")
        objects = []
        for one in asked["objects"]:
            about = {"oid": one["oid"], "size": one["size"]}
            if one["oid"] not in self.hub.stored:
                about["actions"] = {"upload": {"href": f"{self.hub.files_url}/upload/{one['oid']}"}}
            objects.append(about)
        return self._json({"transfer": "basic", "objects": objects})

    def _take_upload(self, sha: str, length: int) -> None:
        hub = self.hub
        hub.uploads.append(sha)
        if hub.cut_uploads and length > hub.cut_after:
            hub.cut_uploads -= 1
            self.rfile.read(hub.cut_after)
            self.close_connection = True
            self.connection.close()
            return
        raw = self.rfile.read(length // 2)
        hub.slow.wait(30)
        raw += self.rfile.read(length - len(raw))
        assert hashlib.sha256(raw).hexdigest() == sha
        hub.stored[sha] = raw
        return self._send(200, b"")

    def _commit(self, repo: Repo, revision: str, raw: bytes, pull: bool) -> None:
        lost = self.hub.drop_commits.pop(0) if self.hub.drop_commits else ""
        if lost == "before":
            self.close_connection = True
            self.connection.close()
            return
        lines = [json.loads(line) for line in raw.splitlines()]
        header = lines[0]["value"]
        if "parentCommit" in header and header["parentCommit"] != repo.head(revision):
            return self._refuse(412, "", "A commit has happened since. Please refresh and try again.")
        files = dict(repo.branches.get(revision, {}))
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.hub.stored:
                    return self._refuse(422, "", f"{value['path']} was not uploaded")
                files[value["path"]] = self.hub.stored[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        branch = f"refs/pr/{len(repo.trail) + 1}" if pull else revision
        repo.branches[branch] = files
        repo.trail.append((branch, header["summary"]))
        if lost == "after":
            self.close_connection = True
            self.connection.close()
            return
        prefix = "" if repo.kind == "model" else f"{repo.kind}s/"
        page = f"{self.hub.url}/{prefix}{repo.name}"
        about = {"commitUrl": f"{page}/commit/{repo.head(branch)}", "commitOid": repo.head(branch)}
        if pull:
            about["pullRequestUrl"] = f"{page}/discussions/{len(repo.trail)}"
        return self._json({"success": True, **about})

    def _file(self, kind: str, name: str, revision: str, path: str) -> None:
        repo = self.hub.repos.get((kind, name))
        files = repo.find(revision) if repo else None
        if repo is None or (repo.private and self.user != name.partition("/")[0]):
            return self._refuse(404 if self.user else 401, "RepoNotFound", "Repository not found")
        if files is None:
            return self._refuse(404, "RevisionNotFound", "Invalid rev id")
        if path not in files:
            return self._refuse(404, "EntryNotFound", "Entry not found")
        branch = next(one for one, held in repo.branches.items() if held is files)
        raw, headers = (
            files[path],
            {"X-Repo-Commit": repo.head(branch), "ETag": f'"{_oid(path, files[path])}"'},
        )
        return self._send(200, raw, **headers)

    def _json(self, value: Any, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode(), **{"Content-Type": "application/json"})

    def _refuse(self, status: int, code: str, message: str) -> None:
        headers = {**({"X-Error-Code": code} if code else {}), "X-Error-Message": message}
        self._send(status, json.dumps({"error": message}).encode(), **headers)

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _blob(name: str, raw: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(b"blob %d\0" % len(raw) + raw).hexdigest()
    about: dict[str, Any] = {"size": len(raw), "blobId": blob}
    if name.endswith(LARGE):
        about["lfs"] = {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw), "pointerSize": 134}
    return about


def _oid(name: str, raw: bytes) -> str:
    about = _blob(name, raw)
    return str(about["lfs"]["sha256"] if "lfs" in about else about["blobId"])
