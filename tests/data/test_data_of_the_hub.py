"""Data sets of a Hub on loopback: described, sampled, read whole, and refused in words."""

# ruff: noqa: E501 – tables of cases read best with a case a line.

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lib.data.hub_data import describe_hub_data, parse_hub_name, read_hub, take_hub
from lib.errors import UserError
from lib.runs.spec import spec_from_mapping
from tests.data.dataset_hub import DatasetHub

FEATURES = {
    "text": {"dtype": "string", "_type": "Value"},
    "label": {"_type": "ClassLabel", "names": ["anger", "joy"]},
}


def write_rows(folder: Path, split: str, rows: int) -> None:
    """A Parquet file as the `datasets` library writes it; sorted by label, as many published ones are."""
    labels = [int(number >= rows // 2) for number in range(rows)]
    table = pa.table({"text": [f"{split} text number {n}" for n in range(rows)], "label": labels})
    about = {"huggingface": json.dumps({"info": {"features": FEATURES}})}
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata(about), folder / f"{split}-00000-of-00001.parquet")


CARD = """---
dataset_info:
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': anger
          '1': joy
  splits:
  - name: train
    num_examples: 400
  - name: test
    num_examples: 60
---
# Moods
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("hub")
    for split, rows in (("train", 400), ("test", 60)):
        write_rows(root / "moods" / "data", split, rows)
    (root / "moods" / "README.md").write_text(CARD)
    script = root / "script"
    script.mkdir()
    (script / "script.py").write_text("raise SystemExit('ran')\n")
    return {"org/moods": root / "moods", "org/script": script}


@pytest.fixture
def hub(
    folders: dict[str, Path], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DatasetHub]:
    with DatasetHub(folders) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield server


def test_a_data_set_is_described_sampled_and_read(hub: DatasetHub) -> None:
    about = describe_hub_data("org/moods")
    assert about.configs == {"default": {"train": 400, "test": 60}}
    told: list[tuple[int, int]] = []
    table = take_hub(
        about, "default", ["train", "test"], rows=20, on_progress=lambda *pair: told.append(pair)
    )
    assert table.frame["split"].value_counts().to_dict() == {"train": 20, "test": 20}
    # Names, not numbers; and both labels, though the file is sorted by them.
    assert table.frame[table.frame["split"] == "train"]["label"].value_counts().to_dict() == {
        "anger": 10,
        "joy": 10,
    }
    assert "train: 20 rows of 400, every 20th" in table.repairs[0] and about.sha[:8] in table.repairs[0]
    assert told[-1] == (40, 40)
    asked = len(hub.asked)
    again = take_hub(about, "default", ["train", "test"], rows=20)
    assert again.frame.equals(table.frame) and len(hub.asked) == asked, (
        "what came once is not asked for again"
    )


def test_a_spec_reads_all_of_it(hub: DatasetHub) -> None:
    from lib.plan.planner import _read_source

    spec = spec_from_mapping(
        {"task": "text-classification", "data": {"hub": "org/moods"}, "model": "scratch:bert-tiny"}
    )
    source = _read_source(spec.data)
    assert source.frame["split"].value_counts().to_dict() == {"train": 400, "test": 60}


@pytest.mark.parametrize(
    ("name", "code"), [("org/nothing", "hub-name"), ("org/script", "hub-")], ids=["not there", "a program"]
)
def test_what_cannot_be_read_is_refused_in_words(name: str, code: str, hub: DatasetHub) -> None:
    with pytest.raises(UserError) as refusal:
        read_hub(name)
    assert refusal.value.problems[0].code.startswith(code)
    assert "Traceback" not in refusal.value.problems[0].what


def test_a_hub_that_is_not_there_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    with pytest.raises(UserError) as refusal:
        describe_hub_data("org/moods")
    assert refusal.value.problems[0].code == "hub-unreachable"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [("org/name", ("org/name", None, None)), ("name", ("name", None, None)),
     ("hub:org/name:config@main", ("org/name", "config", "main")),
     ("https://huggingface.co/datasets/org/name/viewer", None), ("https://huggingface.co/datasets/org/name", ("org/name", None, None)),
     ("../etc", None), ("org/../x", None), ("/etc/passwd", None), ("a/b/c", None), ("", None), ("org/na me", None)],
)  # fmt: skip
def test_names_are_taken_apart_or_refused(
    text: str, parsed: tuple[str, str | None, str | None] | None
) -> None:
    if parsed is None:
        with pytest.raises(UserError, match="not the name"):
            parse_hub_name(text)
    else:
        assert parse_hub_name(text) == parsed
