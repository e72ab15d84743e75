"""The Evaluate page of a run that writes texts: worst first, both texts side by side, and nothing becomes markup."""

import re
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.analysis.alignment import alignment_table
from lib.analysis.bins import count_bins, ratio_bins, share_bins
from lib.runs.folder import RunFolder
from lib.tasks.outputs import Text
from lib.ui.text_marks import against_reference, against_source
from lib.ui.text_measures import TEXT_MEASURES, Part
from lib.ui.view_text import length_ratio, writing_words
from lib.ui.views import view_of
from tests.pages.written_runs import written_run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "4_Evaluate.py"


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def opened(run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in {"run": run.id, **parameters}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.error, app.error
    return app


def listed(app: AppTest) -> pd.DataFrame:
    return next(table.value for table in app.dataframe if "input: article" in table.value)


def test_rows_come_with_least_overlap_first_and_both_texts(home: Path) -> None:
    rows = listed(opened(written_run()))
    assert rows["rouge1"].is_monotonic_increasing
    assert {"gold", "predicted", "rouge1", "ratio", "loss"} <= set(rows)
    assert rows["predicted"].iloc[0] == "Nothing was written"


@pytest.mark.parametrize(
    ("order", "column", "rising"),
    [("rouge1", "rouge1", True), ("loss", "loss", False), ("long", "ratio", False), ("short", "ratio", True)],
)
def test_rows_can_be_put_in_other_orders(home: Path, order: str, column: str, rising: bool) -> None:
    app = opened(written_run())
    app.segmented_control(key="review texts order").set_value(order).run()
    values = listed(app)[column]
    assert values.is_monotonic_increasing if rising else values.is_monotonic_decreasing


def test_generation_settings_and_signatures_are_said(home: Path) -> None:
    app = opened(written_run())
    said = " ".join(caption.value for caption in app.caption)
    assert "4 beams" in said and "at most 64 tokens" in said and "“summarize" in said
    assert any("stemmer:porter-english" in block.value for block in app.code)


def test_a_row_in_the_address_is_opened_and_hostile_text_stays_text(home: Path) -> None:
    app = opened(written_run(), row="2")
    blocks = " ".join(block.proto.body for block in app.get("html"))
    assert "<script>alert" not in blocks and "&lt;" in blocks
    assert "row 3 of the data" in " ".join(caption.value for caption in app.caption)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {},
            "Written with the likeliest next token each time, at most 128 tokens; predictions are written the same "
            "way.",
        ),
        (
            {"num_beams": 4, "length_penalty": 2.0, "min_new_tokens": 5, "no_repeat_ngram_size": 3},
            "Written with 4 beams, at most 128 tokens, at least 5 tokens, no 3 tokens in a row twice, preference for "
            "length 2; predictions are written the same way.",
        ),
        (
            {"prefix": "summarize: ", "max_target_length": 1},
            "Written with the likeliest next token each time, at most 1 token; predictions are written the same way. "
            "Before every text the model reads “summarize:”.",
        ),
    ],
)
def test_settings_are_a_sentence(options: dict[str, object], words: str) -> None:
    assert writing_words(options) == words


def test_copies_are_underlined_and_new_numbers_and_names_marked_and_all_of_it_escaped() -> None:
    source, written = against_source(
        "<b>The cat</b> sat on the mat.", "The cat</b> sat by Rome with 3 & a <i>dog"
    )
    run = '<span class="copied">The cat&lt;/b&gt; sat</span>'
    assert source == f"&lt;b&gt;{run} on the mat."
    assert f'{run} <span class="novel">by</span>' in written
    assert 'does not have">Rome</mark>' in written and 'does not have">3</mark> &amp;' in written
    assert re.sub(r"<[^>]*>", "", written) == "The cat&lt;/b&gt; sat by Rome with 3 &amp; a &lt;i&gt;dog"


def test_a_number_far_behind_what_is_shown_of_the_source_is_not_new() -> None:
    source, written = against_source("word " * 3_000 + "in 1984.", "It was in 1984 then")
    assert "<mark" not in written and "1984" not in source


def test_the_difference_to_the_reference_is_marked_and_escaped() -> None:
    assert against_reference("a <b> dog", "a <i> dog") == "a<del>b</del>  &lt;<ins>i</ins>&gt; dog"


def test_a_bar_in_the_address_chooses_its_rows_and_can_be_cleared(home: Path) -> None:
    app = opened(written_run(), measure="copy_length", part="3")
    rows = listed(app)
    assert 0 < len(rows) < 30 and (rows["copy_length"] == 3).all()
    app.button(key="clear part").click().run()
    assert len(listed(app)) == 30


@pytest.mark.parametrize("measure", list(TEXT_MEASURES))
def test_every_measure_has_its_histogram_whose_bars_are_all_rows(home: Path, measure: str) -> None:
    app = opened(written_run(), measure=measure)
    assert app.get("plotly_chart")
    frame = pd.read_parquet(written_run().predictions_path).query("split == 'test'").reset_index(drop=True)
    sources = frame["input: article"].tolist()
    frame = pd.concat([frame, alignment_table(sources, frame["predicted"].tolist())], axis=1)
    frame["ratio"] = length_ratio(frame)
    ends = share_bins() if TEXT_MEASURES[measure][2] else (
        ratio_bins(frame[measure]) if measure == "ratio" else count_bins(frame[measure])
    )  # fmt: skip
    parts = [Part(measure, ends, number) for number in range(len(ends) - 1)]
    assert sum(len(part.rows(frame)) for part in parts) == frame[measure].notna().sum()
    assert len(set(parts[0].names)) == len(parts)


def test_the_row_is_compared_with_its_source_or_with_its_reference(home: Path) -> None:
    run = written_run()
    for way, tag in (("source", 'class="copied"'), ("reference", "<ins>")):
        blocks = " ".join(block.proto.body for block in opened(run, row="4", against=way).get("html"))
        assert f"{tag}" in blocks


def test_the_length_ratio_counts_words_and_an_empty_reference_has_none() -> None:
    frame = pd.DataFrame({"gold": ["a b", "a b c d", ""], "predicted": ["a b c", "", "x"]}, dtype="str")
    ratio = length_ratio(frame)
    assert ratio.tolist()[:2] == [1.5, 0.0] and pd.isna(ratio[2])


def test_the_history_holds_text_and_length() -> None:
    row = pd.Series({"predicted": "a text", "gen_len": 3.0})
    assert view_of(Text()).tried(Text(), row) == {"predicted": "a text", "tokens written": 3}
