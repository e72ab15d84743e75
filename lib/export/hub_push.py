"""One push to the Hub: the weights first, then everything in one commit, which is there whole or not at all."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lib.errors import UserError
from lib.export.base import Step, Stopped
from lib.export.hub_address import HubAddress
from lib.export.hub_check import Into, Ready
from lib.export.hub_files import LARGE, Files, Sent, in_parallel, operation_of, size_of_content
from lib.export.hub_trouble import hub_errors, hub_problem, is_broken_connection
from lib.models.hub_token import Token
from lib.models.hub_web import endpoint

# What must not stay beside new weights: from_pretrained would find the old ones.
_WEIGHTS = re.compile(
    r"[^/]*\.safetensors(\.index\.json)?|pytorch_model[^/]*|adapter_(config\.json|model\.\w+)"
)
TRIES = 3


@dataclass(frozen=True)
class Pushed:
    """What lies on the Hub now: its page, the commit, how many files and bytes; `made`: the repository is new."""

    url: str
    commit: str
    files: int
    bytes: int
    made: bool


@dataclass
class Push:
    """A push that `check_hub` has found possible. `summary` is the commit's message, `sdk` what runs a Space."""

    ready: Ready
    token: Token
    into: Into
    private: bool
    summary: str
    branch: str = ""
    sdk: str = "gradio"
    made: bool = False

    @property
    def address(self) -> HubAddress:
        """Where it goes."""
        return self.ready.address

    def send(self, files: Files, step: Step, *, begun: float = 0.05) -> Pushed:
        """Send the files; `begun` of the work is done already. Raises UserError.

        What has arrived is not sent again by the next push there. A repository that this push made, and that stays
        without a commit, is removed again when the push is stopped or refused; when the connection broke it is left,
        empty, and said.
        """
        sent = Sent(sum(size_of_content(content) for content in files.values()))

        def tell() -> None:
            step(f"sending to {self.address.id}", begun + (0.95 - begun) * sent.share)

        try:
            with _their_words(self):
                api = self._client()
                self._prepare(api)
                operations = [operation_of(name, content, sent) for name, content in files.items()]
                self._upload(api, operations, sent, tell)
                step("writing the commit", 0.97)
                info = self._commit(api, [*operations, *self._outdated(files)])
        except (Stopped, UserError) as error:
            sent.halt = True
            broken = isinstance(error, UserError) and error.problems[0].code in _MAY_GO_ON
            if self.made and not broken:
                self._remove()
            raise
        url = str(info.pr_url or f"{self.address.page}{self._place()}")
        return Pushed(url, str(info.oid), len(files), sent.whole, self.made)

    def _client(self) -> Any:
        from huggingface_hub import HfApi, constants
        from huggingface_hub.utils import logging

        # Its warnings name addresses that are signed for an hour, which do not belong into a log.
        logging.set_verbosity_error()
        # Plain HTTPS says how far it is, can be stopped, and is spoken by every mirror; xet does none of these.
        constants.HF_HUB_DISABLE_XET = True
        return HfApi(endpoint=endpoint(), token=self.token.value, library_name="atelier")

    def _prepare(self, api: Any) -> None:
        address, kind = self.address, self.address.kind
        if not self.ready.exists:
            more = {"space_sdk": self.sdk} if kind == "space" else {}
            api.create_repo(address.id, repo_type=kind, private=self.private, **more)
            self.made = True
        if self.into == "branch":
            api.create_branch(address.id, branch=self.branch, repo_type=kind, exist_ok=True)

    def _upload(self, api: Any, operations: list[Any], sent: Sent, tell: Callable[[], None]) -> None:
        """Send the large files one after another: those that the Hub has already are passed over."""
        for operation in operations:
            size = operation.upload_info.size
            if size >= LARGE:
                self._upload_one(api, operation, tell)
            sent.done += size
            sent.current = 0
            tell()

    def _upload_one(self, api: Any, operation: Any, tell: Callable[[], None]) -> None:
        for number in range(TRIES):
            try:
                in_parallel(
                    lambda: api.preupload_lfs_files(
                        self.address.id,
                        additions=[operation],
                        repo_type=self.address.kind,
                        revision=self._revision(),
                        create_pr=self.into == "pull-request",
                        free_memory=False,
                    ),
                    tell,
                )
                return
            except hub_errors() as error:
                # The client has tried several times itself, with pauses; a new connection may still do.
                if number == TRIES - 1 or not is_broken_connection(error):
                    raise

    def _commit(self, api: Any, operations: list[Any]) -> Any:
        """The one commit. When its answer is lost, look whether it was made before it is sent again."""
        pull = self.into == "pull-request"
        before = None if pull else self._head(api)
        for number in range(TRIES):
            try:
                return api.create_commit(
                    self.address.id,
                    operations=operations,
                    commit_message=self.summary,
                    repo_type=self.address.kind,
                    revision=self._revision(),
                    create_pr=pull,
                    parent_commit=before,
                )
            except hub_errors() as error:
                # A pull request that may have been opened is never opened twice.
                if pull or number == TRIES - 1 or not is_broken_connection(error):
                    raise
                if (now := self._head(api)) != before and self._holds(api, operations):
                    return _Made(now)
        raise AssertionError("unreachable")

    def _head(self, api: Any) -> str | None:
        info = api.repo_info(self.address.id, repo_type=self.address.kind, revision=self._revision())
        return info.sha or None

    def _holds(self, api: Any, operations: list[Any]) -> bool:
        """Whether the repository has every file as it was to be sent."""
        listed = api.list_repo_tree(
            self.address.id, repo_type=self.address.kind, revision=self._revision(), recursive=True
        )
        there = {
            one.path: one.lfs.sha256 if one.lfs else one.blob_id for one in listed if hasattr(one, "blob_id")
        }
        adds = [one for one in operations if hasattr(one, "upload_info")]
        return all(there.get(one.path_in_repo) == one._local_oid for one in adds)

    def _outdated(self, files: Files) -> list[Any]:
        """Deletions of the weights that lie there and are not among the new files."""
        from huggingface_hub import CommitOperationDelete

        if self.address.kind != "model" or not self.ready.exists:
            return []
        old = sorted(name for name in self.ready.files if _WEIGHTS.fullmatch(name) and name not in files)
        return [CommitOperationDelete(name) for name in old]

    def _revision(self) -> str:
        return self.branch if self.into == "branch" else "main"

    def _place(self) -> str:
        return f"/tree/{self.branch}" if self.into == "branch" else ""

    def _remove(self) -> None:
        """Take back the empty repository that this push made; when even that fails, its page is in the log."""
        try:
            api = self._client()
            info = api.repo_info(self.address.id, repo_type=self.address.kind)
            if {one.rfilename for one in info.siblings or []} <= {".gitattributes"}:
                api.delete_repo(self.address.id, repo_type=self.address.kind)
                self.made = False
        except hub_errors():
            return


@dataclass(frozen=True)
class _Made:
    """A commit whose answer was lost."""

    oid: str | None
    pr_url: str | None = None


# After these the empty repository stays: the next try goes on in it.
_MAY_GO_ON = ("hub-broken", "hub-fault", "hub-rate-limit")


@contextmanager
def _their_words(push: Push) -> Iterator[None]:
    """Errors of huggingface_hub as sentences. A stop inside a thread comes wrapped, and is unwrapped."""
    try:
        yield
    except hub_errors() as error:
        left = ""
        if push.made:
            left = f"; {push.address.id} is there, empty, and nothing of yours can be seen in it"
        elif push.ready.exists:
            left = f"; {push.address.id} is as it was"
        if problem := hub_problem(error, push.address, left=left):
            raise UserError(problem) from error
        raise
