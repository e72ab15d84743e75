"""Views of writing models on Evaluate: coloured tokens, blind vote, map of the adapter, regression check."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.inference.general_text import PASSAGES
from lib.inference.token_losses import TokenLosses
from lib.runs.ballots import Ballots
from lib.runs.files import write_json
from lib.runs.folder import RunFolder
from lib.tasks import find_task
from lib.tasks.outputs import Continuation
from lib.ui.explain_example import Example
from lib.ui.surprise_strip import MOST_TOKENS, key_html, ordinal, shade_class, strip_html, told
from lib.ui.tokens_of_example import asked_of_example
from lib.ui.vote_panel import left_side, settings_words
from tests.pages.fake_finished_runs import finished_run
from tests.ui.test_view_continuation import EVALUATE, finished, opened, row

HOSTILE = "<script>alert(1)</script>"
OTHERS = json.dumps([[" Paris", 0.61], [HOSTILE, 0.2], ["\n", 0.1]])


@pytest.fixture(autouse=True)
def _no_processes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def tokens(rows: int = 1, **parts: Any) -> pd.DataFrame:
    """Three tokens a row: one that is not judged, one that is likely, one that is not."""
    one = {
        "id": [1, 2, 3], "text": [HOSTILE, " Paris", "\n"], "loss": [math.nan, 0.1, 4.0],
        "entropy": [math.nan, 0.2, 2.0], "rank": [math.nan, 1, 1203], "others": [None, OTHERS, OTHERS],
        "untuned_loss": [math.nan, 1.5, 3.95], "untuned_others": [None, OTHERS, OTHERS],
    }  # fmt: skip
    frame = pd.DataFrame(one | parts)
    return pd.concat([frame] * rows, ignore_index=True).assign(
        row=[at for at in range(rows) for _ in range(len(frame))]
    )


def writing_run(answered: int = 3, **parts: Any) -> RunFolder:
    """A finished chat run of six test rows; both models have written for some of them."""
    wrote = [f"tuned {number}" if number < answered else None for number in range(6)]
    run = finished([row(number, 1.0 + number, predicted=wrote[number], **parts) for number in range(6)])
    before = [None if text is None else text.replace("tuned", "plain") for text in wrote]
    frame = pd.read_parquet(run.predictions_path).assign(predicted=before, loss=[3.0] * 6)
    frame.to_parquet(run.path / "baseline-untuned.parquet", index=False)
    return run


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A model host that answers every row with the same tokens; the requests made of it."""
    asked: list[dict[str, Any]] = []

    def answer(ref: str, rows: pd.DataFrame, columns: dict[str, str], **how: Any) -> TokenLosses:
        asked.append({"ref": ref, "rows": rows, "columns": columns} | how)
        return TokenLosses(tokens(len(rows)), True)

    for place in ("lib.ui.tokens_panel", "lib.inference.general"):
        monkeypatch.setattr(f"{place}.token_losses", answer)
    return asked


def html_of(app: AppTest) -> str:
    return "\n".join(str(one.proto.body) for one in app.get("html"))


def test_the_open_row_is_sent_as_it_was_judged_and_its_tokens_are_inert(host: list[dict[str, Any]]) -> None:
    run = writing_run()
    app = opened(EVALUATE, run, view="tokens", row="2")
    assert (host[0]["ref"], host[0]["of"], host[0]["untuned"]) == (f"run:{run.id}", "truth", True)
    assert host[0]["rows"]["messages"].tolist() == [row(2, 1.0)["input: messages"]]
    page = html_of(app)
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert page.count("<b class") >= 1 and "1,203rd choice" in page
    said = " ".join(caption.value for caption in app.caption)
    assert "2 tokens judged of 3" in said and "perplexity 7\\.77" in said
    assert "the model now answers a little differently" in said  # 2.05 on the tokens, 3.0 when it was judged


def test_a_link_reopens_what_the_model_writes_in_the_colours_of_the_difference(
    host: list[dict[str, Any]],
) -> None:
    app = opened(EVALUATE, writing_run(), view="tokens", row="1", of="written", colour="difference")
    assert host[0]["of"] == "written"
    assert "Likelier by at least" in html_of(app) and "atelier-r3" in html_of(app)


def test_only_runs_that_write_have_coloured_tokens_and_only_adapters_a_map(
    host: list[dict[str, Any]],
) -> None:
    app = opened(EVALUATE, finished_run(rows=40), view="tokens")
    assert not host and "atelier-tokens" not in html_of(app)


def vote(app: AppTest, title: str) -> AppTest:
    [button] = [one for one in app.button if one.label == title]
    button.click().run()
    assert not app.exception and not app.error
    return app


def test_a_vote_is_blind_until_it_is_cast_and_survives_a_reload() -> None:
    run = writing_run()
    app = opened(EVALUATE, run, view="vote", voter="Ada")
    assert "after training" not in html_of(app) and "before training" not in html_of(app)
    vote(app, "Left is better")
    [kept] = Ballots(run).votes()
    assert kept["author"] == "Ada" and kept["verdict"] == kept["left"]
    assert kept["left"] == left_side(run.id, kept["pair"], "Ada")
    again = opened(EVALUATE, run, view="vote", voter="Ada", row=str(kept["row"]))
    assert "after training" in html_of(again)
    assert "You have voted on 1 of 3 test rows." in [caption.value for caption in again.caption]
    fresh = opened(EVALUATE, run, view="vote", voter="Ada")
    assert "after training" not in html_of(fresh), "the next row is one that was not voted on"


def test_votes_of_two_tabs_both_count_and_the_result_says_what_is_noise() -> None:
    run = writing_run()
    tabs = [opened(EVALUATE, run, view="vote", voter=name) for name in ("Ada", "Bob")]
    for app in tabs:
        vote(app, "Both bad")
    assert {kept["author"] for kept in Ballots(run).votes()} == {"Ada", "Bob"}
    pairs = {kept["row"]: kept["pair"] for kept in Ballots(run).votes()}
    for number, pair in pairs.items():
        Ballots(run).cast(row=number, pair=pair, verdict="tuned", left="tuned", author="Cy")
    app = opened(EVALUATE, run, view="vote", voter="Ada")
    said = " ".join(one.value for one in app.markdown)
    assert "wins **1 of 1 decided row**" in said and "within noise" in said


def test_where_both_wrote_the_same_there_is_nothing_to_choose() -> None:
    run = writing_run(answered=2)
    before = pd.read_parquet(run.path / "baseline-untuned.parquet")
    before.loc[before["row"] == 0, "predicted"] = "tuned 0 "
    before.to_parquet(run.path / "baseline-untuned.parquet", index=False)
    app = opened(EVALUATE, run, view="vote")
    captions = [caption.value for caption in app.caption]
    assert "You have voted on 0 of 1 test row." in captions
    assert any(caption.startswith("1 more row: both wrote the very same") for caption in captions)


def test_more_answers_are_written_by_the_host_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(ref: str, rows: pd.DataFrame, columns: Any, *, on_progress: Any) -> pd.DataFrame:
        on_progress(len(rows), len(rows))
        return pd.DataFrame(
            {"input": "x", "tuned": [f"new {n}" for n in range(len(rows))], "untuned": HOSTILE}
        )

    monkeypatch.setattr("lib.ui.answer_pairs.answers", answers)
    run = writing_run(answered=1)
    app = opened(EVALUATE, run, view="vote")
    vote(app, "Write 5 more answers with both models")
    assert sorted(pair["row"] for pair in Ballots(run).answers()) == [1, 2, 3, 4, 5]
    app = opened(EVALUATE, run, view="vote", row="3")
    assert "You have voted on 0 of 6 test rows." in [caption.value for caption in app.caption]
    assert "<script>" not in html_of(app)


def test_the_adapter_s_map_is_worked_out_once_and_a_link_reopens_a_matrix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = writing_run()
    modules = [
        {
            "name": f"model.layers.{layer}.{part}", "stack": "model.layers", "layer": layer, "matrix": part, "rank": 2,
            "rows": 8, "columns": 8, "change": 0.1 * layer, "whole": 2.0, "spectrum": [0.1 * layer, 0.0], "dora": False,
        }
        for layer in range(3) for part in ("q_proj", "v_proj")
    ]  # fmt: skip
    requests: list[dict[str, Any]] = []

    def ask(request: dict[str, Any], on_progress: Any) -> dict[str, Any]:
        requests.append(request)
        return {"modules": modules}

    monkeypatch.setattr("lib.inference.adapter_map.ask", ask)
    write_json(run.model_path / "adapter_config.json", {})
    (run.model_path / "adapter_model.safetensors").touch()
    for _ in range(2):
        app = opened(EVALUATE, run, view="adapter", matrix="model.layers.1.v_proj")
    assert requests == [{"do": "map_adapter", "model": f"run:{run.id}"}]
    [chosen] = [one for one in app.selectbox if one.label == "Weight matrix"]
    assert chosen.value == "model.layers.1.v_proj"
    assert any("0\\.1" in caption.value and "5 %" in caption.value for caption in app.caption)


def test_the_regression_check_reads_the_passages_as_plain_text(host: list[dict[str, Any]]) -> None:
    app = opened(EVALUATE, writing_run(), view="forgetting", passage="3")
    assert host[0]["of"] == "plain" and host[0]["rows"]["text"].tolist() == [text for _, text in PASSAGES]
    said = " ".join(one.value for one in app.markdown)
    assert (
        "Regression check" in said
        and f"{2 * len(PASSAGES)} tokens of general text in {len(PASSAGES)} passages" in said
    )
    [passage] = [one for one in app.selectbox if one.label == "Passage"]
    assert passage.value == 3


SHADES = [
    ({"loss": 0.1}, "tuned", ""),
    ({"loss": 0.7}, "tuned", "atelier-s1"),
    ({"loss": 20.0}, "tuned", "atelier-s5"),
    ({"loss": 0.1, "untuned_loss": 5.0}, "untuned", "atelier-s4"),
    ({"loss": 1.0, "untuned_loss": 1.05}, "difference", ""),
    ({"loss": 1.0, "untuned_loss": 1.6}, "difference", "atelier-r2"),
    ({"loss": 5.0, "untuned_loss": 1.0}, "difference", "atelier-s4"),
]


@pytest.mark.parametrize(("token", "by", "expected"), SHADES)
def test_orange_is_more_surprised_and_blue_less(token: dict[str, float], by: Any, expected: str) -> None:
    assert shade_class(token, by) == expected


def test_a_strip_has_one_node_a_token_and_at_most_two_thousand_of_them() -> None:
    page = strip_html(tokens(1_000), "tuned")
    assert page.count("</b>") + page.count("</i>") == MOST_TOKENS
    assert len(page) < 1_500_000
    assert (
        "&lt;script&gt;" in page and "<script" not in page and "grey" in key_html("tuned", grey="not judged")
    )


def test_what_is_said_of_a_token_shows_blanks_and_line_breaks() -> None:
    said = told(tokens().to_dict("records")[2])
    assert "−ln p 4.00 · 1,203rd choice" in said and "before training 1.9 %" in said
    assert "61.0 %  ␣Paris" in said and "10.0 %  ↵" in said
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]
    )


def test_the_settings_of_both_are_said() -> None:
    assert settings_words({"temperature": 0.7, "top_p": 0.9, "max_new_tokens": 48}) == (
        "Both write with the run's settings: temperature 0.7, top-p 0.9, at most 48 tokens, seed 0."
    )
    assert "the likeliest token each time" in settings_words({})


TURN, ANSWER = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}
EXAMPLES = [
    ("chat", {"messages": "messages"}, {"messages": "Hi"}, None, json.dumps([TURN]), ["written"]),
    ("chat", {"messages": "messages"}, {"messages": "Hi"}, "Hello", json.dumps([TURN, ANSWER]), ["truth", "written"]),
    ("chat", {"messages": "messages"}, {"messages": json.dumps([TURN, ANSWER])}, "Hello",
     json.dumps([TURN, ANSWER]), ["truth", "written"]),
    ("text-generation", {"text": "t"}, {"text": "a"}, None, "a", ["truth"]),
    ("text-generation", {"prompt": "p", "completion": "c"}, {"prompt": "a"}, None, "a", ["written"]),
    ("text-generation", {"prompt": "p", "completion": "c"}, {"prompt": "a"}, "b", "b", ["written", "truth"]),
    ("summarization", {"text": "t", "summary": "s"}, {"text": "a"}, "b", "b", ["written", "truth"]),
]  # fmt: skip


@pytest.mark.parametrize(("task", "columns", "cells", "gold", "last", "kinds"), EXAMPLES)
def test_of_an_example_the_truth_is_scored_only_where_it_is_known(
    task: str, columns: dict[str, str], cells: dict[str, str], gold: str | None, last: str, kinds: list[str]
) -> None:
    run = finished([row(0, 1.0)])
    write_json(run.path / "brief.json", {"columns": columns, "target": {}, "max_length": 64, "options": {}})
    example = Example(run, find_task(task), Continuation(), cells, "own text", gold)
    asked, found = asked_of_example(example)
    assert found == kinds
    given = list(asked.values())[-1]
    assert (json.loads(given) if last.startswith("[") else given) == (
        json.loads(last) if last.startswith("[") else last
    )
