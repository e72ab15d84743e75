"""Hidden words on the Evaluate and Predict pages, from a run written by hand; what people wrote is never markup."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fake_finished_runs import HOSTILE
from streamlit.testing.v1 import AppTest

from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.tasks.outputs import MaskedTokens

PAGE = Path(__file__).resolve().parents[2] / "pages" / "4_Evaluate.py"
TEXTS = ["the tea was hot", "our train was late", *HOSTILE]


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def masked_run(*, ranks: bool = True) -> RunFolder:
    """A run of fill-mask with one hidden token a row, of which the first row's was guessed."""
    data = DataSpec(dataset="texts@1", columns={"text": "text"})
    run = create_run(Spec(task="fill-mask", data=data, model="starter:minilm-l6", name="texts"))
    rows = []
    for number, text in enumerate(TEXTS):
        first, guess = text.split()[0], "<i>a</i>" if number else text.split()[0]
        hidden: list[dict[str, Any]] = [
            {
                "start": 0,
                "end": len(first),
                "token": first,
                "guess": guess,
                "score": 0.5,
                "loss": 1.0 + number,
            }
        ]
        if ranks:
            hidden[0] |= {"rank": 1 + 4 * number, "top": [[guess, 0.5], ["<b>x</b>", 0.1]]}
        rows.append(
            {"row": number, "row_id": f"{number:016x}", "split": "test", "gold": first, "predicted": guess,
             "nll": 1.0 + number, "tokens_judged": 1, "hits": int(not number), "hidden": json.dumps(hidden),
             "tokens": 6, "truncated": False, "correct": not number, "loss": 1.0 + number, "input: text": text}
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    frame.to_parquet(run.predictions_path, index=False)
    before = frame["hidden"].str.replace('"rank": ', '"rank": 9')
    frame.assign(hidden=before)[["row", "hidden"]].to_parquet(
        run.path / "baseline-untuned.parquet", index=False
    )
    write_json(run.path / "target.json", {"mask": "[MASK]"})
    scores = {"perplexity": 40.0, "loss": 3.7, "token_accuracy": 0.1}
    result = {"run": run.id, "state": "succeeded", "task": "fill-mask", "rows": {"train": 9, "test": len(rows)},
              "scores": {"test": scores}, "intervals": {"test": {"perplexity": [30.0, 50.0]}},
              "baselines": {"untuned": {"perplexity": 400.0, "loss": 6.0, "token_accuracy": 0.0}}}  # fmt: skip
    write_json(run.path / "result.json", result)
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    return run


def opened(run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in ({"run": run.id} | parameters).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    return app


def in_full(app: AppTest) -> str:
    return next(
        str(part.proto.body) for part in app.get("html") if 'atelier-masked" dir' in str(part.proto.body)
    )


def test_texts_are_listed_hardest_first_and_the_hardest_is_open(home: Path) -> None:
    app = opened(masked_run())
    table = next(part.value for part in app.dataframe if "hidden" in part.value)
    assert table["loss"].is_monotonic_decreasing and len(table) == len(TEXTS)
    assert f"row {len(TEXTS)} of the data" in " ".join(caption.value for caption in app.caption)


def test_a_wrong_guess_stands_struck_through_behind_the_truth_and_a_right_one_alone(home: Path) -> None:
    run = masked_run()
    wrong, right = in_full(opened(run, row="1")), in_full(opened(run, row="0"))
    assert ">our <s>&lt;i&gt;a&lt;/i&gt;</s></mark> train was late" in wrong
    assert ">the</mark> tea was hot" in right and "<s>" not in right


def test_one_steps_to_the_easier_text(home: Path) -> None:
    app = opened(masked_run())
    app.button(key="masked Easier").click().run()
    assert f"row {len(TEXTS) - 1} of the data" in " ".join(caption.value for caption in app.caption)


def test_ranks_are_counted_beside_those_before_training_and_choose_texts(home: Path) -> None:
    run = masked_run()
    app = opened(run)
    figure = json.loads(app.get("plotly_chart")[-1].proto.spec)
    title = figure["layout"]["title"]["text"]
    assert "first for 1" in title and "before training: first for 0 %" in title.replace("<br>", " ")
    app = opened(run, part="3")
    table = next(part.value for part in app.dataframe if "hidden" in part.value)
    assert table["row"].tolist() == [2]
    app.button(key="clear part").click().run()
    assert len(next(part.value for part in app.dataframe if "hidden" in part.value)) == len(TEXTS)


def test_the_open_text_says_what_was_likeliest_now_and_before(home: Path) -> None:
    app = opened(masked_run(), row="1")
    table = next(part.value for part in app.dataframe if "Rank before" in part.value)
    assert table.iloc[0].tolist()[:2] == ["our", 5] and table["Rank before"][0] == 95
    assert table["Likeliest"][0] == "<i>a</i> 50 %, <b>x</b> 10 %"


def test_a_run_without_ranks_says_so_and_shows_the_rest(home: Path) -> None:
    app = opened(masked_run(ranks=False))
    assert any("before ranks were kept" in caption.value for caption in app.caption)
    assert not any("Rank" in part.value for part in app.dataframe)


def test_what_people_wrote_is_never_markup(home: Path) -> None:
    run = masked_run()
    for row in range(len(TEXTS)):
        shown = in_full(opened(run, row=str(row)))
        assert "<script" not in shown and "<b>" not in shown and "<i>" not in shown


def shown_prediction() -> None:
    import pandas as pd
    import streamlit as st

    from lib.tasks.outputs import MaskedTokens
    from lib.ui.views import view_of

    output = MaskedTokens()
    row = pd.Series(st.session_state["row"])
    view_of(output).show_prediction(output, row, key="try", note="5 ms")


def predicted(text: str, candidates: list[list[dict[str, object]]]) -> AppTest:
    app = AppTest.from_function(shown_prediction, default_timeout=60)
    app.session_state["row"] = {"text": text, "predicted": "", "candidates": json.dumps(candidates)}
    app.run()
    assert not app.exception
    return app


def test_every_hidden_word_has_its_slot_and_its_chart() -> None:
    ranked = [{"token": "<b>hot</b>", "score": 0.6}, {"token": "cold", "score": 0.1}]
    app = predicted("the tea is [MASK] and [MASK]", [ranked, ranked])
    assert len(app.get("plotly_chart")) == 2
    shown = in_full(app)
    assert shown.count("<mark>") == 2 and "<b>" not in shown and "the tea is <mark>&lt;b&gt;hot" in shown


def test_a_text_without_a_hidden_word_is_answered_with_what_to_write() -> None:
    app = predicted("the tea is hot", [])
    assert f"`{MaskedTokens().mask}`" in app.markdown[0].value
    assert not app.get("plotly_chart")
