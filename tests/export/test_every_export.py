"""What every export of a model promises: it loads in a process that cannot see Atelier, and predicts the same."""

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lib.export import EXPORTS, find_export
from lib.export.base import Export, Made
from lib.export.source import open_source
from lib.option import options_of, values_as
from lib.runs.folder import RunFolder
from lib.tasks import find_task
from tests.export.conftest import Finished
from tests.export.finished import about_task
from tests.methods.plainly import assert_transformers_alone_agrees

each_export = pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
RUNS: list[tuple[str, str, dict[str, Any]]] = [
    ("text-classification", "full", {}),
    ("text-classification", "lora", {}),
    ("token-classification", "full", {}),
    ("summarization", "full", {}),
    ("summarization", "lora", {}),
    ("image-classification", "full", {}),
    ("chat", "lora", {}),
    ("chat", "qlora", {"bits": 4}),
]


def each_run(*usual: str) -> pytest.MarkDecorator:
    """All of the runs; but the usual ones are left to the slow tests, as each starts a process with torch."""
    return pytest.mark.parametrize(
        ("task", "method", "settings"),
        [
            pytest.param(*run, id=name, marks=[] if name in usual else [pytest.mark.slow])
            for run in RUNS
            if (name := f"{run[0]}-{run[1]}")
        ],
    )


@each_export
def test_it_can_be_found_by_its_name_and_explains_itself(export: Export) -> None:
    assert find_export(export.name) is export
    assert export.title and export.summary.endswith(".") and export.serves.endswith(".")
    assert (export.makes == "file") == bool(export.suffix)
    for item in options_of(export.option_class).values():
        assert item.metadata["title"] and item.metadata["help"].endswith(".")


def written(run: RunFolder, name: str, to: Path, **options: Any) -> Made:
    export, source = find_export(name), open_source(run)
    assert export.refused(source) is None
    shares: list[float] = []
    made = export.write(
        source, to, values_as(export.option_class, options), lambda words, share: shares.append(share)
    )
    assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1
    assert sorted(path.name for path in to.parent.iterdir()) == [to.name]
    return made


@each_run("text-classification-lora", "image-classification-full")
def test_a_zip_unpacked_elsewhere_predicts_the_same_without_atelier(
    finished: Finished, tmp_path: Path, task: str, method: str, settings: dict[str, Any]
) -> None:
    run = finished(task, method, **settings)
    written(run, "zip", tmp_path / "out" / "model.zip")
    with zipfile.ZipFile(tmp_path / "out" / "model.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    [folder] = (tmp_path / "unpacked").iterdir()
    sums = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert sums.returncode == 0 and sums.stdout.count(": OK") == len(list(folder.rglob("*"))) - 1 - sum(
        path.is_dir() for path in folder.rglob("*")
    )
    assert_transformers_alone_agrees(run, find_task(task), about_task(task), folder=folder)


@each_run("summarization-lora", "chat-lora")
def test_a_merged_folder_predicts_the_same_without_atelier_and_without_peft(
    finished: Finished, tmp_path: Path, task: str, method: str, settings: dict[str, Any]
) -> None:
    """In float32 the very same; of QLoRA the base model is the one before it was quantised, so it may differ."""
    run, folder = finished(task, method, **settings), tmp_path / "out" / "merged"
    written(run, "merged", folder, weights="float32")
    assert not (folder / "adapter_config.json").exists()
    if method != "qlora":
        assert_transformers_alone_agrees(run, find_task(task), about_task(task), folder=folder)


def test_the_script_in_a_zip_runs_as_it_is(finished: Finished, tmp_path: Path) -> None:
    run = finished("text-classification", "lora")
    written(run, "zip", tmp_path / "out" / "model.zip")
    with zipfile.ZipFile(tmp_path / "out" / "model.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    [folder] = (tmp_path / "unpacked").iterdir()
    done = subprocess.run(
        [sys.executable, "-I", "predict.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "score" in done.stdout
