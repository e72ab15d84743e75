"""The slices view of the Evaluate page: a planted slice is named first, and a link reopens exactly its rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_finished_runs import HOSTILE, finished_run
from fake_shapes import LABELS, many_labels_run, number_run
from streamlit.testing.v1 import AppTest
from test_evaluate_page import address, headings, judged, listed, opened

from lib.data.split import SplitPlan
from lib.data.store import save
from lib.data.table import Table
from lib.runs.folder import RunFolder


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def planted_run(*, rows: int = 1200) -> RunFolder:
    """A run that is wrong on most rows from “NL”, a column of its data set that it never read."""
    run = finished_run(rows=rows, right=0.8)
    frame = pd.read_parquet(run.predictions_path)
    country = np.array(["DE", "FR", "NL", "<b>BE</b>"])[np.random.default_rng(2).integers(4, size=rows)]
    worse = (country == "NL") & (np.random.default_rng(3).random(rows) < 0.7)
    other = {"anger": "joy", "joy": "sadness", "sadness": "anger"}
    frame["predicted"] = frame["gold"].map(other).where(worse, frame["predicted"])
    frame["correct"] = frame["gold"] == frame["predicted"]
    frame.to_parquet(run.predictions_path, index=False)
    data = pd.DataFrame(
        {
            "text": frame["input: text"],
            "label": frame["gold"],
            "country": country,
            "stars": np.arange(rows) % 50,
        }
    ).astype("str")
    columns = {"text": "text", "label": "label"}
    save(
        Table(frame=data, name="moods.csv"),
        name="moods",
        task="text-classification",
        columns=columns,
        split=SplitPlan(),
    )
    return run


def table_of(app: AppTest) -> pd.DataFrame:
    return next(table.value for table in app.dataframe if "slice" in table.value and "q" in table.value)


def test_a_slice_planted_in_a_column_of_the_data_comes_first_and_its_link_lists_its_rows(home: Path) -> None:
    run = planted_run()
    app = opened(run, view="slices")
    table = table_of(app)
    assert table["slice"].iloc[0] == "country: NL" and table["verdict"].iloc[0] == "worse"
    assert {"country: <b>BE</b>", "truly joy"} <= set(table["slice"])
    assert any(name.startswith("stars: ") for name in table["slice"])
    assert "Worst: country: NL" in headings(app).replace("\\", "")
    app = opened(run, view="slices", slice="column:country=NL")
    rows = int(table["rows"].iloc[0])
    assert f"**{rows} rows**, share wrong" in headings(app)
    assert len(listed(app)) == 50
    app.button(key="clear slice").click().run()
    assert address(app, "slice") is None and "share wrong" not in headings(app).rpartition("against")[2]


def test_a_part_of_the_tree_in_the_address_lists_its_rows(home: Path) -> None:
    app = opened(planted_run(), view="slices", slice="tree:1")
    table = table_of(app)
    assert f"**{table['rows'].iloc[0]} rows**" in headings(app)


def test_where_the_model_is_equally_bad_everywhere_no_slice_is_called_worse(home: Path) -> None:
    app = opened(finished_run(rows=600, seed=11), view="slices")
    assert "on none of them is the model worse" in headings(app).replace("\\", "")
    assert set(table_of(app)["verdict"]) == {"within noise"}
    assert "no longer there" in " ".join(caption.value for caption in app.caption)


def test_numbers_are_sliced_by_their_error_in_the_user_s_unit(home: Path) -> None:
    run = number_run(rows=400)
    app = opened(run, view="slices")
    said = headings(app).replace("\\", "")
    assert f"{len(judged(run))} test rows were looked at" in said
    table = table_of(app)
    assert table["slice"].str.fullmatch(r"truly [\d,.]+ to [\d,.]+ €").sum() == 4
    assert table["interval"].str.contains("€").all()


def test_rows_with_several_labels_are_sliced_by_each(home: Path) -> None:
    app = opened(many_labels_run(rows=400), view="slices")
    assert f"truly {LABELS[2]}" in set(table_of(app)["slice"])


@pytest.mark.parametrize("name", ["tree:7", "<script>", "word=nothing"])
def test_an_unknown_slice_in_the_address_is_named_and_passed_over(home: Path, name: str) -> None:
    app = opened(finished_run(), view="slices", slice=name)
    assert "which these rows do not have" in " ".join(caption.value for caption in app.caption)


def test_a_handful_of_rows_are_too_few_and_hostile_texts_stay_texts(home: Path) -> None:
    assert "too few to slice" in headings(opened(finished_run(rows=40), view="slices"))
    app = opened(
        finished_run(rows=300, labels=HOSTILE, texts=HOSTILE), view="slices", slice=f"label={HOSTILE[0]}"
    )
    assert len(listed(app))
