"""The data set of a run on the Hub: load_dataset reads what the store holds, split as the run was, pictures whole."""

from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pytest
from huggingface_hub import DatasetCard

from lib.data.split import SplitPlan
from lib.data.store import open_dataset
from lib.export.dataset_files import dataset_files
from lib.export.hub_data import HubData, HubDataOptions
from lib.export.source import open_source
from lib.plan.rows import split_rows
from tests.export.card_rules import complaints, head_of
from tests.export.conftest import Finished
from tests.export.push_hub import PushHub

NAME = "ada/moods-data"


def read(files: dict[str, bytes], folder: Path) -> Any:
    """What the `datasets` library makes of the pushed files, following the card's own list of them."""
    splits = {}
    for one in head_of(files["README.md"].decode())["configs"][0]["data_files"]:
        path = folder / one["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[one["path"]])
        splits[one["split"]] = str(path)
    return datasets.load_dataset("parquet", data_files=splits, cache_dir=str(folder / "cache"))


def test_every_usable_row_is_there_once_in_the_split_of_the_run(
    finished: Finished, hub: PushHub, tmp_path: Path
) -> None:
    run = finished("text-classification")
    source = open_source(run)
    made = HubData().write(source, Path(NAME), HubDataOptions(licence="cc-by-4.0"), lambda words, share: None)
    assert made.url == f"{hub.url}/datasets/{NAME}"
    repo = hub.repo(NAME, "dataset")
    assert repo.private and len(repo.trail) == 1
    found = read(repo.branches["main"], tmp_path)
    stored = open_dataset(source.spec.data.dataset or "")
    frame = stored.read()
    parts = split_rows(
        frame, source.task, source.spec.data.columns, SplitPlan.from_json(source.spec.data.split or {})
    )
    for part in ("train", "validation", "test"):
        expected = frame[(parts == part).to_numpy(dtype=bool, na_value=False)]
        pd.testing.assert_frame_equal(
            found[part].to_pandas().astype("str"), expected.reset_index(drop=True), check_dtype=False
        )


def test_its_card_is_what_the_hub_accepts_and_counts_the_labels(finished: Finished, hub: PushHub) -> None:
    run = finished("text-classification")
    HubData().write(
        open_source(run), Path(NAME), HubDataOptions(title="x\n---\nlicense: mit"), lambda words, share: None
    )
    card = hub.repo(NAME, "dataset").branches["main"]["README.md"].decode()
    assert complaints(card, "dataset") == []
    head = head_of(card)
    assert DatasetCard(card).data.to_dict() == head
    assert "license" not in head and head["task_categories"] == ["text-classification"]
    stored = open_dataset(run.spec.data.dataset or "")
    assert f"Fingerprint {stored.fingerprint}" in card and "Nobody has stated a licence" in card
    assert f"load_dataset('{NAME}')" in card
    for label in open_source(run).brief.target["labels"]:
        assert f"| {label} |" in card


def test_pictures_travel_inside(finished: Finished, hub: PushHub, tmp_path: Path) -> None:
    source = open_source(finished("image-classification"))
    HubData().write(source, Path(NAME), HubDataOptions(), lambda words, share: None)
    found = read(hub.repo(NAME, "dataset").branches["main"], tmp_path)
    column = source.spec.data.columns["image"]
    stored = open_dataset(source.spec.data.dataset or "")
    assert isinstance(found["train"].features[column], datasets.Image)
    raw = found["train"].cast_column(column, datasets.Image(decode=False))[0][column]
    assert raw["bytes"] == stored.image(raw["path"]).read_bytes()
    assert found["train"][0][column].size[0] > 0


def test_rows_that_are_gone_are_said(finished: Finished, hub: PushHub, tmp_path: Path) -> None:
    from dataclasses import replace

    from lib.cards.wish import CardWish
    from lib.errors import UserError

    source = open_source(finished("text-classification"))
    lost = replace(
        source, spec=source.spec.changed(data=replace(source.spec.data, dataset="gone@1", fingerprint=""))
    )
    with pytest.raises(UserError):
        dataset_files(lost, place=NAME, wish=CardWish(), work=tmp_path, step=lambda words, share: None)
