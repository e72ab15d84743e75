"""What the Hub knows about a model, asked before anything large is downloaded."""

import fnmatch
import json
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lib.errors import Problem, UserError
from lib.models.families import kind_of
from lib.models.hub_cache import COMMIT, remember_commit, snapshot_folder, weights_named
from lib.models.hub_token import Token, find_token
from lib.models.hub_web import connect, endpoint, file_address, get_json, raise_refusal

# What a model reads and writes is decided by these, beside its weights. Weights are only ever safetensors:
# pickles (.bin, .pt …) run code when they are opened.
_WANTED = (
    "config.json",
    "generation_config.json",
    "model.safetensors.index.json",
    "tokenizer*.json",
    "tokenizer*.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab*.json",
    "vocab*.txt",
    "merges.txt",
    "bpe.codes",
    "spiece.model",
    "spm.model",
    "sentencepiece*.model",
    "*.spm",
    "tekken.json",
    "chat_template.j*",
    "additional_chat_templates/*.jinja",
    "preprocessor_config.json",
    "processor_config.json",
    "README.md",
)
# The small ones that say what the model is; they are fetched as soon as it is looked at.
DESCRIBING = (
    "config.json",
    "tokenizer_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "chat_template.jinja",
)
_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
_REVISION = re.compile(r"[\w-][\w./-]*")
_ETAG = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2}


@dataclass(frozen=True)
class HubFile:
    """One file: its size in bytes, and its sha256 (64 digits) or the id that git gives it (40)."""

    name: str
    size: int
    etag: str


@dataclass(frozen=True)
class HubModel:
    """One commit of a model. `files` are those that would be downloaded; `gated` says that terms must be accepted.

    `refusal` is what the Hub answered when a file was asked for, None when files may be read.
    """

    name: str
    sha: str
    licence: str
    files: tuple[HubFile, ...]
    parameters: int | None
    gated: bool
    downloads: int
    modified: str
    config: dict[str, Any] = field(repr=False)
    refusal: Problem | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def ref(self) -> str:
        """What a spec says, pinned to the commit."""
        return f"hub:{self.name}@{self.sha}"

    @property
    def kind(self) -> str | None:
        """Encoder, seq2seq, causal or image; None when that is not known."""
        return kind_of(self.config)

    @property
    def weights_mb(self) -> float:
        """The weights, in MB (10^6 bytes)."""
        names = weights_named([file.name for file in self.files])
        return sum(file.size for file in self.files if file.name in names) / 1e6

    @property
    def download_mb(self) -> float:
        """All files together, in MB."""
        return sum(file.size for file in self.files) / 1e6

    @property
    def page(self) -> str:
        """The model's page."""
        return f"{endpoint()}/{self.name}"


@dataclass(frozen=True)
class HubHit:
    """A model that a search found. `size_mb` follows from how its parameters are stored; None when not said."""

    name: str
    kind: str | None
    licence: str
    downloads: int
    parameters: int | None
    size_mb: float | None
    gated: bool


# Commits never change, so what was learned of one holds; what may not be read is asked again.
_known: OrderedDict[tuple[str, str, str], HubModel] = OrderedDict()
_MOST_KNOWN = 100


def parse_name(text: str) -> tuple[str, str | None]:
    """Name and revision in "org/name@revision". Raises UserError when it is no name of a model."""
    name, _, revision = text.strip().partition("@")
    bad = not _NAME.fullmatch(name) or ".." in name or "--" in name or len(name) > 96
    if bad or (revision and (not _REVISION.fullmatch(revision) or ".." in revision)):
        raise UserError(
            Problem(
                f"{text!r} is not the name of a model on the Hub.",
                "model",
                "Write it as its page does, such as google-bert/bert-base-uncased, "
                "with @REVISION behind it if you like.",
                code="hub-name",
            )
        )
    return name, revision or None


def known_model(name: str, sha: str) -> HubModel | None:
    """What this process has learned of a commit already."""
    return _known.get((endpoint(), name, sha))


def describe(name: str, revision: str | None = None, *, token: Token | None = None) -> HubModel:
    """Ask the Hub about a model, and fetch its few small settings files into the cache. Raises UserError.

    A gated model that may not be read yet is described all the same; its `refusal` says so.
    """
    if revision and COMMIT.fullmatch(revision) and (known := known_model(name, revision)):
        return known
    token = token or find_token()
    subject = f"{name}@{revision}" if revision else name
    path = f"/api/models/{name}" + (f"/revision/{quote(revision, safe='')}" if revision else "")
    answer = get_json(path, subject=subject, model=name, token=token, params={"blobs": "true"})
    model = _from_answer(name, answer)
    config, refusal = _settings(model, token)
    config = config or (answer.get("config") or {})
    names = [str(item.get("rfilename")) for item in answer.get("siblings") or []]
    problems = () if refusal else tuple(_unfit(model, config, names))
    model = HubModel(**{**vars(model), "config": config, "refusal": refusal, "problems": problems})
    if not refusal:
        remember_commit(name, revision or "main", model.sha)
        _known[endpoint(), name, model.sha] = model
        while len(_known) > _MOST_KNOWN:
            _known.popitem(last=False)
    return model


def _from_answer(name: str, answer: Any) -> HubModel:
    sha = str(answer.get("sha")) if isinstance(answer, dict) else ""
    if not COMMIT.fullmatch(sha):
        raise UserError(
            Problem(
                f"What answers at {endpoint()} is not the Hub.",
                "HF_ENDPOINT",
                "Check HF_ENDPOINT.",
                code="hub-unreachable",
            )
        )
    siblings = answer.get("siblings") or []
    files = []
    weights = weights_named([str(item.get("rfilename")) for item in siblings])
    for item in siblings:
        file = str(item.get("rfilename"))
        etag = str((item.get("lfs") or {}).get("sha256") or item.get("blobId"))
        wanted = file in weights or any(_matches(file, pattern) for pattern in _WANTED)
        if wanted and isinstance(item.get("size"), int) and _ETAG.fullmatch(etag):
            files.append(HubFile(file, item["size"], etag))
    return HubModel(
        name=name,
        sha=sha,
        licence=_licence(answer),
        files=tuple(files),
        parameters=_parameters(answer)[0],
        gated=bool(answer.get("gated")),
        downloads=int(answer.get("downloads") or 0),
        modified=str(answer.get("lastModified") or "")[:10],
        config={},
    )


def _matches(file: str, pattern: str) -> bool:
    same_depth = file.count("/") == pattern.count("/")
    return same_depth and ".." not in file and fnmatch.fnmatchcase(file, pattern)


def _settings(model: HubModel, token: Token | None) -> tuple[dict[str, Any], Problem | None]:
    """The configuration, with the small files beside it in the cache; and why they may not be read."""
    from lib.models.hub_download import Download

    folder = snapshot_folder(model.name, model.sha)
    files = [file for file in model.files if file.name in DESCRIBING]
    try:
        if model.gated and files:
            # What lies in the cache says nothing about who may read the rest.
            with connect(token, subject=model.name) as client:
                answer = client.head(file_address(model.name, model.sha, files[0].name))
                raise_refusal(answer, subject=model.name, model=model.name, token=token)
        Download(model.name, model.sha, token=token).fetch(files)
        value = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except UserError as error:
        if error.problems[0].code not in ("hub-gated", "hub-token"):
            raise
        return {}, error.problems[0]
    except (FileNotFoundError, ValueError):
        value = {}
    return value if isinstance(value, dict) else {}, None


def _unfit(model: HubModel, config: dict[str, Any], names: list[str]) -> list[Problem]:
    """Why the model cannot be trained here, whoever asks."""
    if not config:
        what = f"{model.name} has no config.json, so it is not a transformers model."
        return [Problem(what, "model", "Choose another model.", code="not-a-model")]
    found = []
    if not model.weights_mb:
        found.append(
            Problem(
                f"{model.name} has no safetensors weights; pickled weights are never loaded.",
                "model",
                _converted(model.name) or "Choose a model whose files include model.safetensors.",
                code="hub-no-safetensors",
            )
        )
    if config.get("auto_map") and not is_native(str(config.get("model_type", ""))):
        found.append(
            Problem(
                f"{model.name} brings its own program code, and code from the Hub is never run.",
                "model",
                "Choose a model whose architecture is part of transformers.",
                code="hub-own-code",
            )
        )
    if quantised := config.get("quantization_config"):
        how = quantised.get("quant_method", "") if isinstance(quantised, dict) else ""
        found.append(
            Problem(
                f"{model.name} has its weights stored quantised{f' ({how})' if how else ''}, "
                "and those cannot be trained.",
                "model",
                "Choose the model that it was made from.",
                code="hub-quantised",
            )
        )
    return found


def is_native(model_type: str) -> bool:
    """Whether transformers itself knows the architecture; told from its folders, without importing it."""
    if kind_of({"model_type": model_type}):
        return True
    place = find_spec("transformers")
    folder = re.sub(r"[^\w]", "_", model_type)
    return bool(
        folder and place and place.origin and (Path(place.origin).parent / "models" / folder).is_dir()
    )


def _converted(name: str) -> str:
    """What to write instead when somebody has offered the same weights as safetensors; nothing otherwise."""
    try:
        answer = get_json(f"/api/models/{name}/discussions", subject=name, model=name)
        offers = [item for item in answer["discussions"] if item.get("isPullRequest")]
        numbers = [int(item["num"]) for item in offers if "safetensors" in str(item.get("title")).lower()]
    except (UserError, KeyError, TypeError, ValueError):
        return ""
    return f"Write hub:{name}@refs/pr/{max(numbers)}, where they are converted." if numbers else ""


def search(words: str, *, kind: str | None = None, limit: int = 20) -> list[HubHit]:
    """The most downloaded safetensors models for the words, without those known to be of another kind."""
    params: list[tuple[str, str | int]] = [
        ("search", words.strip()),
        ("filter", "safetensors"),
        ("sort", "downloads"),
        # Those of other kinds are dropped here, so more are asked for than shown.
        ("limit", 3 * limit),
        *(("expand", part) for part in ("downloads", "config", "safetensors", "tags", "gated", "cardData")),
    ]
    answer = get_json("/api/models", subject="The search", params=params)
    found = []
    for item in answer if isinstance(answer, list) else []:
        own = kind_of(item.get("config") or {})
        if kind is None or own in (None, kind):
            parameters, size = _parameters(item)
            found.append(
                HubHit(
                    name=str(item.get("id")),
                    kind=own,
                    licence=_licence(item),
                    downloads=int(item.get("downloads") or 0),
                    parameters=parameters,
                    size_mb=size,
                    gated=bool(item.get("gated")),
                )
            )
    # Stable: those that are known to fit come before those of an architecture that may be tried.
    return sorted(found, key=lambda hit: hit.kind is None)[:limit]


def _licence(answer: dict[str, Any]) -> str:
    card = answer.get("cardData") or {}
    stated = card.get("license") if isinstance(card, dict) else None
    if isinstance(stated, list) and stated:
        stated = stated[0]
    if isinstance(stated, str) and stated:
        name = card.get("license_name")
        return name if stated == "other" and isinstance(name, str) and name else stated
    tags = [str(tag) for tag in answer.get("tags") or []]
    return next((tag.removeprefix("license:") for tag in tags if tag.startswith("license:")), "not stated")


def _parameters(answer: dict[str, Any]) -> tuple[int | None, float | None]:
    """How many parameters there are and how many MB they take."""
    stored = (answer.get("safetensors") or {}).get("parameters") or {}
    counts = {dtype: count for dtype, count in stored.items() if isinstance(count, int)}
    if not counts:
        return None, None
    size = sum(count * _BYTES.get(dtype, 1) for dtype, count in counts.items()) / 1e6
    return sum(counts.values()), size
