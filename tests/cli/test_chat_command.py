"""`chat` with a stand-in for the model host: commands, settings, and what a pipe gets."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lib.__main__ import main
from lib.errors import Problem, UserError
from lib.inference.chat import Answer, Heard
from lib.runs.files import write_json
from lib.runs.folder import create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State

ASKED: list[tuple[list[str], dict[str, Any], tuple[str, ...]]] = []


def stand_in(
    ref: str, messages: Any, answers: list[Answer], *, settings: Any, sides: tuple[str, ...]
) -> Iterator[Heard]:
    ASKED.append(([message["content"] for message in messages], dict(settings), tuple(sides)))
    last = messages[-1]["content"]
    if last == "refuse":
        raise UserError(Problem("The model refuses.", code="refused"))
    for word in (" yes,", f" {last}"):
        answers[0].text += word
        yield Heard(0, word)
        if last == "slow":
            raise KeyboardInterrupt


@pytest.fixture
def run_id(home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    ASKED.clear()
    monkeypatch.setattr("lib.cli.chatting.listen", stand_in)
    data = DataSpec(dataset="x@1", columns={"messages": "messages"})
    run = create_run(Spec(task="chat", data=data, model="folder:/x"))
    run.write_state(State(state="stopped", queued=1.0))
    brief = {
        "columns": {"messages": "messages"},
        "target": {},
        "max_length": 64,
        "options": {"temperature": 0.3},
    }
    write_json(run.path / "brief.json", brief)
    return run.id


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_each_line_is_answered_with_the_run_s_settings_and_those_given(
    run_id: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "tea", "", "train")
    assert main(["chat", run_id, "--top-p", "0.5", "--system", "Be kind."]) == 0
    assert capsys.readouterr().out == "yes, tea\nyes, train\n"
    assert ASKED[1][0] == ["Be kind.", "tea", "yes, tea", "train"]
    assert (ASKED[0][1]["temperature"], ASKED[0][1]["top_p"], ASKED[0][2]) == (0.3, 0.5, ("tuned",))


def test_commands_change_save_and_begin_anew(
    run_id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved, read = tmp_path / "a.jsonl", tmp_path / "a b.md"
    typed(monkeypatch, "one", "/system Short.", "/retry", f"/save {saved}", "/reset", "two", f"/save {read}")
    assert main(["chat", run_id, "--before", "--json"]) == 0
    assert [asked[0] for asked in ASKED] == [["one"], ["Short.", "one"], ["Short.", "two"]]
    assert [asked[1]["seed"] for asked in ASKED] == [0, 1, 0] and ASKED[0][2] == ("untuned",)
    assert json.loads(saved.read_text())["messages"][-1] == {"role": "assistant", "content": "yes, one"}
    assert "> yes, two" in read.read_text() and "one" not in read.read_text()
    told = json.loads(capsys.readouterr().out)
    assert [message["role"] for message in told["messages"]] == ["system", "user", "assistant"]


def test_an_answer_that_is_interrupted_keeps_what_is_there_and_the_talk_goes_on(
    run_id: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "slow", "next")
    assert main(["chat", run_id]) == 0
    assert capsys.readouterr().out == "yes,\nyes, next\n"
    assert ASKED[1][0] == ["slow", "yes,", "next"]


@pytest.mark.parametrize("line", ["/nonsense", "/save", "/retry", "refuse", "/save /nowhere/at/all.md"])
def test_in_a_pipe_what_goes_wrong_ends_with_the_code_of_a_refusal(
    run_id: str, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, line)
    assert main(["chat", run_id]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_settings_out_of_range_and_models_that_do_not_write_are_refused_at_once(
    run_id: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "a")
    assert main(["chat", run_id, "--temperature", "7"]) == 2
    data = DataSpec(dataset="x@1", columns={"text": "text", "label": "label"})
    other = create_run(Spec(task="text-classification", data=data, model="folder:/x"))
    assert main(["chat", other.id]) == 2
    assert "nobody to talk to" in capsys.readouterr().err and not ASKED
