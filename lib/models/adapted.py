"""Adapters as models: a small folder whose base model lies elsewhere, and must be found again as it was."""

import json
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError
from lib.models.sources import ModelInfo, find_model


def is_adapter(folder: Path) -> bool:
    """Whether a model folder holds an adapter instead of whole weights."""
    return (folder / "adapter_config.json").is_file()


def base_folder(folder: Path) -> Path:
    """The folder of the base model that the adapter lies on. Raises UserError when it is gone or has changed."""
    try:
        base = json.loads((folder / "atelier.json").read_text(encoding="utf-8"))["base"]
        name, revision, inside = str(base["model"]), base["revision"], base["folder"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unknown_base(folder) from error
    if inside:  # a model that was merged for this run lies beside it
        beside = (folder / inside).resolve()
        if not (beside / "config.json").is_file():
            raise _gone(name, f"{beside} is not there.")
        return beside
    try:
        info = find_model(name)
    except UserError as error:
        raise _gone(name, error.problems[0].what) from error
    if not info.is_downloaded:
        raise _gone(name, "It is no longer in the cache of the Hub.")
    if revision not in (None, info.revision):
        raise UserError(
            Problem(
                f"The base model {name} has changed since the adapter was trained on it.",
                where="model",
                fix="Train again, or bring the old base model back.",
                code="base-changed",
            )
        )
    return info.folder


def base_problems(model: ModelInfo) -> list[Problem]:
    """Why a model that is an adapter cannot be gone on from; none for a whole one."""
    if not is_adapter(model.folder):
        return []
    try:
        base_folder(model.folder)
    except UserError as error:
        return list(error.problems)
    return []


def plain_name(model: ModelInfo) -> tuple[str, str | None]:
    """What transformers alone calls the model: its name and commit on the Hub, else its folder."""
    source, _, name = model.ref.partition(":")
    if source == "hub":
        return name.partition("@")[0], model.revision
    return str(model.folder.resolve()), None


def about_base(model: ModelInfo, *, inside: str | None) -> dict[str, Any]:
    """What an adapter's atelier.json says of its base model, for `base_folder` to read.

    `inside` is the base model's folder seen from the adapter's, where one was made for the run.
    """
    return {
        "model": model.ref,
        "revision": model.revision,
        "folder": inside,
        "parameters": model.parameters,
    }


def _gone(name: str, why: str) -> UserError:
    return UserError(
        Problem(
            f"The base model {name}, which the adapter lies on, is gone. {why}",
            where="model",
            fix="Bring the base model back, or train again on another.",
            code="base-gone",
        )
    )


def _unknown_base(folder: Path) -> UserError:
    return UserError(
        Problem(
            f"The folder {folder} holds an adapter, and nothing in it says on which base model it lies.",
            where="model",
            fix="Merge it into its base model with peft (merge_and_unload), save that, and choose the saved folder.",
            code="base-unknown",
        )
    )
