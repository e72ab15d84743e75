"""Talking to a model through the host: the answer of `predict`, as it comes; stopped, killed, with an adapter off."""

import contextlib
import io
import json
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from lib.__main__ import main
from lib.errors import UserError
from lib.inference.ask import ensure_host, stop_host
from lib.inference.chat import Answer, Heard, Side, listen
from lib.inference.chat_work import write_answer
from lib.inference.models import HeldModels
from lib.inference.predict import predict
from lib.runs.folder import RunFolder
from lib.settings import get_settings
from tests.inference.chat_runs import cell, chat_run, tiny_llama
from tests.inference.test_host import host_process

TALK = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "the tea?"},
    {"role": "assistant", "content": "was late"},
    {"role": "user", "content": "the café?"},
]


@pytest.fixture(scope="module", autouse=True)
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for all of these, so that a host is started once."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("ATELIER_HOME", str(folder))
        get_settings.cache_clear()
        yield folder
        stop_host()
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("host"))


def talked(
    run: RunFolder,
    messages: list[dict[str, str]],
    *,
    sides: tuple[Side, ...] = ("tuned",),
    **settings: object,
) -> tuple[list[Answer], list[Heard]]:
    answers = [Answer() for _ in sides]
    heard = list(listen(f"run:{run.id}", messages, answers, settings=settings, sides=sides))
    return answers, heard


def test_an_answer_comes_in_pieces_and_is_what_predict_says(llama: Path) -> None:
    run = chat_run(llama)
    [answer], heard = talked(run, TALK)
    rows = pd.DataFrame({"messages": [cell(TALK)]})
    expected = predict(f"run:{run.id}", rows, {"messages": "messages"}).frame["predicted"][0]
    assert answer.text == expected
    assert answer.finish == "length" and answer.written == 12 == len(answer.tokens)
    assert "".join(one.added for one in heard if one.place == 0).strip() == expected
    assert 0 < answer.first <= answer.seconds
    assert answer.reading["limit"] == 96 and answer.reading["dropped"] == 0 and answer.reading["read"] > 20


def test_a_model_that_completes_prompts_reads_the_last_one_alone(llama: Path) -> None:
    run = chat_run(llama, task="text-generation")
    [answer], _ = talked(run, TALK)
    rows = pd.DataFrame({"title": ["the café?"]})
    assert answer.text == predict(f"run:{run.id}", rows, {"prompt": "title"}).frame["predicted"][0]


def test_what_has_no_place_is_left_out_and_said(llama: Path) -> None:
    run = chat_run(llama, max_length=64)
    long = [{"role": role, "content": "the tea was late " * 4} for role in ("user", "assistant", "user") * 3]
    [answer], _ = talked(run, long)
    assert answer.reading["dropped"] >= 2 and answer.reading["dropped"] % 2 == 0
    assert answer.reading["read"] <= 64 - 12
    [alone], _ = talked(run, [{"role": "user", "content": "the tea was late " * 40}])
    assert alone.reading["cut"] > 0 and alone.reading["read"] == 64 - 12


def test_hanging_up_stops_the_writing_at_once_and_keeps_what_is_there(llama: Path) -> None:
    run = chat_run(llama, max_length=100_000)
    answer = Answer()
    asked = listen(f"run:{run.id}", TALK, [answer], settings={"max_new_tokens": 4096})
    with contextlib.closing(asked):
        for _ in asked:
            if len(answer.tokens) >= 5:
                break
    assert answer.finish is None and answer.text
    written = len(answer.tokens)
    begun = time.monotonic()
    [next_answer], _ = talked(run, TALK, max_new_tokens=2)
    assert time.monotonic() - begun < 3, "the stopped answer was still being written"
    assert next_answer.written == 2 and len(answer.tokens) == written


def test_a_killed_host_is_said_and_the_next_question_starts_another(llama: Path) -> None:
    run = chat_run(llama, max_length=100_000)
    ensure_host()
    answer = Answer()
    with pytest.raises(UserError) as caught:
        for _ in listen(f"run:{run.id}", TALK, [answer], settings={"max_new_tokens": 4096}):
            if len(answer.tokens) == 3:
                host_process().send_signal(signal.SIGKILL)
    assert caught.value.problems[0].code == "host-died"
    assert answer.text, "what was written by then is kept"
    assert talked(run, TALK)[0][0].finish == "length"


def test_before_training_an_adapter_run_is_its_base_model_itself(llama: Path) -> None:
    run = chat_run(llama, adapter=True)
    plain = chat_run(llama)
    # The llama's own weights, in a run of their own.
    for path in (llama / "model.safetensors", llama / "config.json"):
        shutil.copy(path, plain.model_path)
    (tuned, before), heard = talked(run, TALK, sides=("tuned", "untuned"))
    [expected], _ = talked(plain, TALK)
    assert before.text == expected.text != tuned.text
    assert [token[1] for token in before.tokens] == pytest.approx(
        [token[1] for token in expected.tokens], abs=1e-4
    )
    places = [one.place for one in heard if one.added]
    assert places == sorted(places), "one answer after the other"
    (first, second), _ = talked(run, TALK, sides=("untuned", "tuned"))
    assert (first.text, second.text) == (before.text, tuned.text)


def test_before_training_a_whole_model_is_loaded_again(llama: Path) -> None:
    run = chat_run(llama)
    (tuned, before), _ = talked(run, TALK, sides=("tuned", "untuned"))
    assert tuned.text != before.text


@pytest.mark.parametrize(
    ("messages", "settings", "code"),
    [
        ([], {}, "no-text"),
        ([{"role": "user", "content": "  "}], {}, "no-text"),
        ([{"role": "robot", "content": "a"}], {}, "role"),
        ([{"role": "user", "content": None}], {}, "content"),
        (TALK, {"temperature": 5}, "option-range"),
        (TALK, {"nonsense": 5}, "unknown-option"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(
    llama: Path, messages: list[dict[str, str]], settings: dict[str, object], code: str
) -> None:
    run = chat_run(llama)
    held = HeldModels().get(f"run:{run.id}")
    request = {"messages": messages, "settings": settings, "model": f"run:{run.id}"}
    with pytest.raises(UserError) as caught:
        write_answer(held, request, say=lambda message: None)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_without_its_base_a_run_says_so_before_anything_is_written(llama: Path, tmp_path: Path) -> None:
    shutil.copytree(llama, tmp_path / "gone")
    run = chat_run(tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone")
    answers = [Answer(), Answer()]
    with pytest.raises(UserError, match="is gone"):
        list(listen(f"run:{run.id}", TALK, answers, settings={}, sides=("tuned", "untuned")))
    assert not answers[0].text


def test_through_a_pipe_each_line_has_its_answer_on_stdout(
    llama: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = chat_run(llama)
    saved = tmp_path / "talk.jsonl"
    lines = f"the tea?\n\n/system Be kind.\nthe café?\n/save {saved}\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert main(["chat", run.id, "--max-new-tokens", "6"]) == 0
    messages = json.loads(saved.read_text())["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user", "assistant"]
    first, second = (
        talked(run, messages[1:2], max_new_tokens=6)[0][0],
        talked(run, messages[:4], max_new_tokens=6)[0][0],
    )
    assert [messages[2]["content"], messages[4]["content"]] == [first.text, second.text]
    printed = capsys.readouterr().out
    assert [line for line in printed.split("\n") if line.strip()] == [
        line for text in (first.text, second.text) for line in text.split("\n") if line.strip()
    ]
