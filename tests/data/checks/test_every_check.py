"""Each check finds what was planted, says which rows, stays silent on clean data, and its fixes put it right."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lib.data.checks import CHECKS, Finding
from lib.data.split import SplitPlan
from lib.data.store import StoredDataset, open_dataset, save
from lib.data.table import Table
from lib.plan.data_checks import case_of, find_all
from lib.plan.fixing import save_fixed
from lib.tasks import find_task

WORDS = [
    "lamp",
    "river",
    "bread",
    "stone",
    "paper",
    "light",
    "green",
    "soon",
    "never",
    "house",
    "garden",
    "letter",
    "winter",
    "coffee",
    "bridge",
    "window",
]


def clean(rows: int = 400) -> pd.DataFrame:
    """Texts of nine random words, no two alike, two even labels, and a split column."""
    random = np.random.default_rng(5)
    texts = [" ".join(random.choice(WORDS, 9)) + f" {number} {number * 7}" for number in range(rows)]
    labels = random.choice(["joy", "anger"], rows)
    parts = np.where(
        np.arange(rows) % 4 == 3, "test", np.where(np.arange(rows) % 8 == 2, "validation", "train")
    )
    return pd.DataFrame({"text": texts, "label": labels, "split": parts}).astype("str")


@dataclass(frozen=True)
class Planted:
    """What was put into clean data, the name of the finding that must come of it, and the rows it must name."""

    check: str
    frame: pd.DataFrame
    rows: set[int] = field(default_factory=set)
    task: str = "text-classification"
    columns: dict[str, str] = field(default_factory=lambda: {"text": "text", "label": "label"})
    split: SplitPlan = field(default_factory=lambda: SplitPlan(column="split"))
    files: Path | None = None


def _across() -> Planted:
    frame = clean()
    # Row 3 is a test row, row 0 a training row.
    frame.loc[3, "text"] = frame.loc[0, "text"].replace("7", "7!").upper()
    frame.loc[3, "label"] = frame.loc[0, "label"]
    return Planted("copies-across-splits", frame, {0, 3})


def _conflict() -> Planted:
    frame = clean()
    frame.loc[[1, 4, 5], "text"] = frame.loc[0, "text"]
    frame.loc[[0, 1, 4, 5], "label"] = ["joy", "joy", "joy", "anger"]
    return Planted("conflicting-labels", frame, {0, 1, 4, 5})


def _near_conflict() -> Planted:
    frame = clean()
    for row in (1, 4):
        frame.loc[row, "text"] = frame.loc[0, "text"] + " " + WORDS[row]
    frame.loc[[0, 1, 4], "label"] = ["joy", "joy", "anger"]
    return Planted("near-conflicts", frame, {0, 1, 4})


def _column() -> Planted:
    frame = clean()
    codes = {"joy": "J1", "anger": "A0"}
    return Planted("leaking-column", frame.assign(code=frame["label"].map(codes)))


def _order() -> Planted:
    frame = clean()
    place = frame["label"].rank(method="first").astype(int) + 5000
    return Planted("leaking-column", frame.assign(ticket=place.astype("str")))


def _word() -> Planted:
    frame = clean()
    told = frame["label"] == "joy"
    frame.loc[told, "text"] = "[Happy] " + frame.loc[told, "text"]
    return Planted("telling-word", frame, set(np.flatnonzero(told).tolist()))


def _spelling() -> Planted:
    frame = clean()
    frame.loc[[2, 9], "label"] = ["JOY", " Anger".strip().upper()]
    return Planted("similar-labels", frame, {2, 9})


def _no_label() -> Planted:
    frame = clean()
    frame.loc[[6, 7], "label"] = pd.NA
    return Planted("missing-labels", frame, {6, 7})


def _placeholder() -> Planted:
    frame = clean()
    frame.loc[range(12), "label"] = "N/A"
    return Planted("placeholder-labels", frame, set(range(12)))


def _no_target() -> Planted:
    frame = clean().assign(summary=lambda table: table["text"].str[:20])
    frame.loc[[8, 30], "summary"] = [pd.NA, "  "]
    columns = {"text": "text", "summary": "summary"}
    return Planted("empty-targets", frame, {8, 30}, "summarization", columns)


def _no_text() -> Planted:
    frame = clean()
    frame.loc[[11, 12], "text"] = [pd.NA, " "]
    return Planted("missing-inputs", frame, {11, 12})


def _tags() -> Planted:
    frame = clean()
    tokens = frame["text"].str.split().map(lambda words: str(words).replace("'", '"'))
    good = '["B-LOC", "I-LOC", ' + ", ".join(['"O"'] * 9) + "]"
    frame = frame.assign(tokens=tokens, tags=good)
    frame.loc[[5, 40], "tags"] = good.replace('"B-LOC", "I-LOC"', '"O", "I-LOC"')
    return Planted(
        "invalid-tags", frame, {5, 40}, "token-classification", {"tokens": "tokens", "tags": "tags"}
    )


def _picture(tmp_path: Path) -> Planted:
    random = np.random.default_rng(0)
    rows = []
    for number in range(60):
        name = f"{number}.png"
        Image.fromarray(random.integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(tmp_path / name)
        rows.append((name, ("cat", "dog")[number % 2], "test" if number % 4 == 3 else "train"))
    raw = (tmp_path / "9.png").read_bytes()
    (tmp_path / "9.png").write_bytes(raw[: len(raw) // 2])
    frame = pd.DataFrame(rows, columns=["image", "label", "split"]).astype("str")
    columns = {"image": "image", "label": "label"}
    return Planted("corrupt-images", frame, {9}, "image-classification", columns, files=tmp_path)


def _repeats() -> Planted:
    frame = clean()
    frame.loc[5] = frame.loc[1]
    return Planted("exact-duplicates", frame, {1, 5})


def _near_repeats() -> Planted:
    frame = clean()
    frame.loc[5] = frame.loc[1]
    frame.loc[5, "text"] += " really"
    return Planted("near-duplicates", frame, {1, 5})


def _rare() -> Planted:
    frame = clean()
    # Twelve rows of three labels: together they are not rare any more.
    frame.loc[range(12), "label"] = ["fear", "trust", "hope"] * 4
    return Planted("rare-labels", frame, set(range(12)))


def _unbalanced() -> Planted:
    frame = clean()
    frame["label"] = np.where(np.arange(len(frame)) % 20 == 0, "anger", "joy")
    return Planted("imbalance", frame)


def _long() -> Planted:
    frame = clean()
    frame.loc[17, "text"] = " ".join(f"word{number}" for number in range(2_000))
    return Planted("long-rows", frame, {17})


def _small() -> Planted:
    return Planted("small-test", clean(4_000), split=SplitPlan(train=0.8, validation=0.1, test=0.1))


PLANTED: dict[str, Callable[..., Planted]] = {
    function.__name__.strip("_"): function
    for function in (
        _across, _conflict, _near_conflict, _column, _order, _word, _spelling, _no_label, _placeholder, _no_target,
        _no_text, _tags, _picture, _repeats, _near_repeats, _rare, _unbalanced, _long, _small,
    )
}  # fmt: skip


def planted(name: str, tmp_path: Path) -> Planted:
    make = PLANTED[name]
    return make(tmp_path) if name == "picture" else make()


def findings(data: Planted, frame: pd.DataFrame | None = None) -> list[Finding]:
    rows = data.frame if frame is None else frame
    return find_all(
        lambda tell: case_of(
            rows, find_task(data.task), data.columns, data.split, files=data.files, tell=tell
        )
    )


def stored(data: Planted) -> StoredDataset:
    table = Table(data.frame, "planted.csv", format={"images": 60} if data.files else {}, files=data.files)
    return save(table, name="planted", task=data.task, columns=data.columns, split=data.split, counts={})


def found_in(kept: StoredDataset) -> list[Finding]:
    task = find_task(kept.task or "")
    frame, split = kept.read(), kept.split or SplitPlan()
    return find_all(lambda tell: case_of(frame, task, kept.columns, split, files=kept.files, tell=tell))


def test_nothing_is_found_in_clean_data_but_that_the_test_set_is_small() -> None:
    data = Planted("", clean())
    assert [finding.check for finding in findings(data)] == ["small-test"]


@pytest.mark.parametrize("name", PLANTED)
def test_what_was_planted_is_found_with_its_rows(name: str, tmp_path: Path) -> None:
    data = planted(name, tmp_path)
    found = [finding for finding in findings(data) if finding.check == data.check]
    assert len(found) == 1
    [finding] = found
    if data.rows:
        assert set(finding.rows.tolist()) == data.rows
    assert len(finding.parts) == len(finding.rows)
    assert finding.what.endswith(".") and finding.why.endswith(".")
    assert finding.fixes or finding.advice


@pytest.mark.parametrize("name", PLANTED)
def test_every_fix_makes_a_version_in_which_the_finding_is_gone_or_smaller(
    name: str, tmp_path: Path, home: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    data = planted(name, tmp_path / "pictures")
    kept = stored(data)
    [finding] = [one for one in found_in(kept) if one.check == data.check]
    for fix in finding.fixes:
        made = save_fixed(kept, fix)
        assert (made.parent, made.version > kept.version) == (kept.ref, True)
        again = [one for one in found_in(made) if one.check == data.check]
        assert not again or len(again[0].rows) < len(finding.rows) or data.check == "small-test"
        assert open_dataset(kept.ref).read().equals(kept.read())
        changes = made.changes()
        assert changes is not None
        assert made.rows == kept.rows - int((changes["change"] == "excluded").sum())


def test_every_check_of_the_list_has_something_planted_for_it(tmp_path: Path) -> None:
    told = set()
    for check in CHECKS:
        for name in PLANTED:
            data = planted(name, tmp_path)
            case = case_of(data.frame, find_task(data.task), data.columns, data.split, files=data.files)
            if any(finding.check == data.check for finding in check.find(case)):
                told.add(check.looks_for)
                break
    assert told == {check.looks_for for check in CHECKS}


def test_a_finding_survives_being_written_down() -> None:
    for finding in findings(_across()):
        again = Finding.from_json(finding.to_json())
        assert again.to_json() == finding.to_json()


def test_the_majority_decides_a_conflict_and_ties_stay() -> None:
    frame = clean()
    frame.loc[[1, 4], "text"] = frame.loc[0, "text"]
    frame.loc[[0, 1, 4], "label"] = ["joy", "joy", "anger"]
    frame.loc[6, "text"] = frame.loc[5, "text"]
    frame.loc[[5, 6], "label"] = ["joy", "anger"]
    [finding] = [one for one in findings(Planted("", frame)) if one.check == "conflicting-labels"]
    usual = finding.fixes[0]
    assert usual.name == "majority-label"
    assert (usual.edits.rows.tolist(), usual.edits.values) == ([4], ("joy",))


def test_which_test_set_can_tell_two_points_follows_from_mcnemar() -> None:
    from lib.data.checks.small_test import rows_to_tell, tells

    # By hand: with 1,000 rows and 100 disagreements, 60 to 40 is z = 20 / √100 = 2, just beyond 1.96.
    assert tells(1_000) == pytest.approx(1.96 * np.sqrt(100) / 1_000)
    assert rows_to_tell(tells(1_000)) == 1_000
