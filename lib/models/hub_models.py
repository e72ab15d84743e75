"""Models of the Hub as every other model is described: those in the cache, and those still to be downloaded."""

from dataclasses import replace

from lib.errors import Problem, UserError
from lib.models.hub import HubModel, describe, known_model, parse_name
from lib.models.hub_cache import (
    COMMIT,
    is_whole,
    known_commit,
    snapshot_folder,
    stated_licence,
    whole_models,
)
from lib.models.hub_token import Token
from lib.models.hub_web import host, is_offline
from lib.models.sources import ModelInfo, describe_folder, longest_in

# With these the cache is as good an answer as there is.
_AWAY = ("hub-unreachable", "hub-offline", "hub-fault", "hub-rate-limit")


def find_hub(text: str, *, token: Token | None = None) -> ModelInfo:
    """The model behind "org/name[@revision]", pinned to a commit. Raises UserError.

    The Hub is asked unless a commit is named that is known already; when it does not answer, the cache is.
    """
    name, revision = parse_name(text)
    if revision and COMMIT.fullmatch(revision):
        if is_whole(snapshot_folder(name, revision)):
            return _in_cache(name, revision)
        if known := known_model(name, revision):
            return info_of(known)
    try:
        return info_of(describe(name, revision, token=token))
    except UserError as error:
        if error.problems[0].code not in _AWAY:
            raise
        sha = known_commit(name, revision or "main")
        if sha and is_whole(snapshot_folder(name, sha)):
            return _in_cache(name, sha)
        if not is_offline():
            raise
        raise _not_here(text) from error


def info_of(model: HubModel) -> ModelInfo:
    """A described model as a source. Raises UserError when it may not be read or cannot be trained."""
    if found := [*([model.refusal] if model.refusal else []), *model.problems]:
        raise UserError(*found)
    folder = snapshot_folder(model.name, model.sha)
    if is_whole(folder):
        return replace(_in_cache(model.name, model.sha), licence=model.licence)
    return ModelInfo(
        ref=model.ref,
        title=model.name,
        folder=folder,
        licence=model.licence,
        origin=_origin(model.name, model.sha),
        size_mb=model.weights_mb,
        parameters=model.parameters,
        max_length=longest_in(folder, model.config),
        revision=model.sha,
        config=model.config,
        is_downloaded=False,
    )


def list_cached() -> list[ModelInfo]:
    """The models of the Hub that lie here whole, whoever downloaded them; damaged ones are passed over."""
    found = []
    for name, sha in whole_models():
        try:
            found.append(_in_cache(name, sha))
        except UserError:
            continue
    return found


def _in_cache(name: str, sha: str) -> ModelInfo:
    folder = snapshot_folder(name, sha)
    info = describe_folder(
        folder,
        ref=f"hub:{name}@{sha}",
        title=name,
        origin=_origin(name, sha),
        licence=stated_licence(folder),
    )
    # The commit says what every file is, so nothing needs to be compared.
    return replace(info, revision=sha)


def _origin(name: str, sha: str) -> str:
    return f"{host()}/{name}, commit {sha[:7]}"


def _not_here(text: str) -> UserError:
    here = ", ".join(name for name, _ in whole_models()[:8])
    return UserError(
        Problem(
            f"{text} is not on this machine, and HF_HUB_OFFLINE forbids asking the Hub.",
            "model",
            f"Unset HF_HUB_OFFLINE, or choose a model that is here{f': {here}' if here else ''}.",
            code="hub-offline",
        )
    )
