"""The Evaluate page of a run that writes texts: worst first, both texts side by side, and nothing becomes markup."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.runs.folder import RunFolder
from lib.tasks.outputs import Text
from lib.ui.view_text import length_ratio, shared_words, writing_words
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


def test_only_whole_words_of_both_texts_are_underlined() -> None:
    marked = shared_words("The cats <b>& The dog", "a dog, the cat")
    one = '<span class="atelier-shared">{}</span>'
    assert marked == f"{one.format('The')} cats &lt;b&gt;&amp; {one.format('The')} {one.format('dog')}"


def test_the_length_ratio_counts_words_and_an_empty_reference_has_none() -> None:
    frame = pd.DataFrame({"gold": ["a b", "a b c d", ""], "predicted": ["a b c", "", "x"]}, dtype="str")
    ratio = length_ratio(frame)
    assert ratio.tolist()[:2] == [1.5, 0.0] and pd.isna(ratio[2])


def test_the_history_holds_text_and_length() -> None:
    row = pd.Series({"predicted": "a text", "gen_len": 3.0})
    assert view_of(Text()).tried(Text(), row) == {"predicted": "a text", "tokens written": 3}
