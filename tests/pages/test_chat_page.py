"""Chat on the Predict page with a stand-in for the model host: turns, settings, votes, files, data sets, two tabs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from fake_finished_runs import HOSTILE
from streamlit.testing.v1 import AppTest

from lib.data.chat_rows import add_conversation
from lib.data.store import open_dataset
from lib.errors import Problem, UserError
from lib.inference.chat import Answer, Heard
from lib.runs.ballots import Ballots
from lib.runs.chats import Chat, Chats, Turn
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State

PAGE = Path(__file__).resolve().parents[2] / "pages" / "6_Predict.py"
ASKED: list[dict[str, Any]] = []
READING = {"read": 40, "limit": 96, "room": 60, "dropped": 2, "cut": 0}


def stand_in(
    ref: str,
    messages: Sequence[Mapping[str, str]],
    answers: Sequence[Answer],
    *,
    settings: Mapping[str, Any],
    sides: Sequence[str] = ("tuned",),
) -> Iterator[Heard]:
    """Each side answers with its own name and the number of messages; "die" kills the host after two tokens."""
    ASKED.append(
        {"messages": [dict(one) for one in messages], "settings": dict(settings), "sides": list(sides)}
    )
    yield Heard(phase="loading")
    for place, (side, answer) in enumerate(zip(sides, answers, strict=True)):
        answer.reading = READING
        for word in (side, f" {len(messages)}", f" <b>{messages[-1]['content']}</b>"):
            answer.text += word
            answer.tokens.append([word, 0.7, 2, [["<i>", 0.5], ["x", 0.2]]])
            yield Heard(place, word)
            if messages[-1]["content"] == "die" and len(answer.tokens) == 2:
                raise UserError(Problem("The model host ended.", fix="Try again.", code="host-died"))
        answer.finish, answer.written, answer.first, answer.seconds = "stop", 3, 0.5, 1.5
        yield Heard(place)


@pytest.fixture(autouse=True)
def _no_processes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ASKED.clear()
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    monkeypatch.setattr("lib.ui.chat_answer.is_loaded", lambda ref: True)
    monkeypatch.setattr("lib.ui.chat_answer.listen", stand_in)
    monkeypatch.setattr("lib.ui.chat_state.untuned_folder", lambda run: run.path)


def chat_run(task: str = "chat", **options: Any) -> RunFolder:
    columns = {"messages": "messages"} if task == "chat" else {"text": "text"}
    run = create_run(
        Spec(task=task, data=DataSpec(dataset="x@1", columns=columns), model="starter:none", name="talker")
    )
    brief = {"columns": columns, "target": {}, "max_length": 96, "options": {"max_new_tokens": 20, **options}}
    write_json(run.path / "brief.json", brief)
    run.model_path.mkdir()
    write_json(run.model_path / "atelier.json", {"task": task, **brief})
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    return run


def opened(run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.query_params["run"] = run.id
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def say(app: AppTest, text: str) -> AppTest:
    app.chat_input[0].set_value(text).run()
    assert not app.exception
    return app


def press(app: AppTest, key: str) -> AppTest:
    next(button for button in app.button if button.key == key).click().run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption))


def htmls(app: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in app.get("html"))


def kept(run: RunFolder, app: AppTest) -> Chat:
    chat = Chats(run).find(app.query_params["chat"])
    assert chat is not None
    return chat


def test_what_is_said_is_answered_kept_and_shown_as_it_is(home: Path) -> None:
    run = chat_run()
    app = say(opened(run), HOSTILE[0])
    assert ASKED[0]["messages"] == [{"role": "user", "content": HOSTILE[0]}]
    assert "&lt;script&gt;" in htmls(app) and "<script>" not in htmls(app)
    words = said(app)
    assert "3 tokens · 2\\.0 tokens a second · first after 0\\.50 s" in words
    assert "43 of 96 tokens of context used" in words and "oldest 2 messages had no place" in words
    say(app, "and then?")
    assert [one["role"] for one in ASKED[1]["messages"]] == ["user", "assistant", "user"]
    chat = kept(run, app)
    assert [turn.role for turn in chat.turns] == ["user", "assistant"] * 2
    again = opened(run, chat=chat.id)
    assert htmls(again).count("atelier-said") == htmls(app).count("atelier-said")


def test_two_tabs_have_two_conversations_and_a_page_change_keeps_each(home: Path) -> None:
    run = chat_run()
    one, other = say(opened(run), "first"), say(opened(run), "second")
    assert one.query_params["chat"] != other.query_params["chat"]
    assert kept(run, one).title == "first" and kept(run, other).title == "second"
    del one.query_params["chat"]  # as the links of the path strip do
    one.run()
    assert kept(run, one).title == "first"


def test_the_same_conversation_in_two_tabs_loses_nothing(home: Path) -> None:
    run = chat_run()
    one = say(opened(run), "first")
    other = opened(run, chat=one.query_params["chat"])
    say(one, "from the one")
    say(other, "from the other")
    assert [turn.content for turn in kept(run, one).turns if turn.role == "user"][:2] == [
        "first",
        "from the one",
    ]
    assert "went on in another tab" in other.error[0].value


def test_an_earlier_turn_is_edited_and_the_old_conversation_stays(home: Path) -> None:
    run = chat_run()
    app = say(say(opened(run), "one"), "two")
    press(app, "edit 0")
    next(area for area in app.text_area if area.label == "What you say instead").set_value("uno")
    press(app, "ask again 0")
    chat = kept(run, app)
    assert [turn.content for turn in chat.turns if turn.role == "user"] == ["uno"]
    assert ASKED[-1]["messages"] == [{"role": "user", "content": "uno"}]
    assert sorted(other.title for other in Chats(run)) == ["one", "uno"]
    assert any(str(button.key).startswith("chat ") and "one" in button.label for button in app.button)


def test_regenerating_draws_with_the_next_seed(home: Path) -> None:
    run = chat_run(temperature=0.8)
    app = press(say(opened(run), "one"), "again 1")
    assert [asked["settings"]["seed"] for asked in ASKED] == [0, 1]
    assert len(kept(run, app).turns) == 2 and "seed 1" in said(app)


def test_settings_begin_as_the_run_s_and_are_kept_with_the_conversation(home: Path) -> None:
    run = chat_run(temperature=0.4, top_p=0.9)
    app = opened(run)
    sliders = {slider.label: slider for slider in app.slider}
    assert (sliders["Temperature"].value, sliders["Top-p"].value) == (0.4, 0.9)
    sliders["Temperature"].set_value(1.2).run()
    next(area for area in app.text_area if area.label == "System prompt").set_value(" Be kind. ").run()
    say(app, "hello")
    assert ASKED[0]["settings"] == {"temperature": 1.2, "seed": 0}
    assert ASKED[0]["messages"][0] == {"role": "system", "content": "Be kind."}
    assert {slider.label: slider.value for slider in app.slider}["Temperature"] == 1.2
    press(app, "settings back")
    assert {slider.label: slider.value for slider in app.slider}["Temperature"] == 0.4


def test_a_host_that_dies_is_said_and_what_was_written_is_kept(home: Path) -> None:
    run = chat_run()
    app = say(opened(run), "die")
    assert "The model host ended" in app.error[0].value
    answer = kept(run, app).turns[1].answers[0]
    assert (answer["text"], answer["finish"]) == ("tuned 1", "stopped")
    assert "stopped before its end" in said(app)
    assert any(button.key == "again 1" for button in app.button)


def test_both_answer_blind_and_a_vote_tells_which_was_which(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.ui.chat_state.secrets.randbelow", lambda n: 0)
    run = chat_run()
    app = say(opened(run, who="blind"), "hello")
    assert ASKED[0]["sides"] == ["untuned", "tuned"]
    assert "before training" not in said(app) and "tokens a second" not in said(app)
    assert app.chat_input[0].disabled
    press(app, "vote right")
    assert "Left: before training" in said(app) and "Right: after training" in said(app)
    [vote] = Ballots(run).votes()
    assert (vote["verdict"], vote["left"], vote["row"]) == ("tuned", "untuned", -1)
    assert "**1 of 1 decided row**" in said(app)
    say(app, "more")
    assert ASKED[1]["messages"][1]["content"].startswith("tuned 1")


def test_two_equal_answers_need_no_vote(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def echo(ref: str, messages: Any, answers: Any, **more: Any) -> Iterator[Heard]:
        for place, answer in enumerate(answers):
            answer.text, answer.finish, answer.tokens = "same" + " " * place, "stop", [["same", 0.1, 1, []]]
            yield Heard(place, "same")

    monkeypatch.setattr("lib.ui.chat_answer.listen", echo)
    run = chat_run()
    app = say(opened(run, who="blind"), "hello")
    assert "Both wrote the very same" in said(app) and not app.chat_input[0].disabled
    assert kept(run, app).messages()[-1]["content"].strip() == "same" and not Ballots(run).votes()


def test_a_link_to_a_model_before_training_that_is_gone_asks_the_tuned_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.ui.chat_state.untuned_folder", lambda run: None)
    say(opened(chat_run(), who="blind"), "hello")
    assert ASKED[0]["sides"] == ["tuned"]


def test_token_probabilities_are_shown_escaped_for_one_turn_at_a_time(home: Path) -> None:
    app = press(say(opened(chat_run()), "hello"), "tokens 1")
    assert app.query_params["tokens"] == "1"
    body = htmls(app)
    assert "atelier-tokens" in body and "50" in body and "&lt;i&gt;" in body and '<i>"' not in body
    press(app, "tokens 1")
    assert "tokens" not in app.query_params


def test_a_corrected_turn_is_added_to_a_new_data_set_and_to_a_next_version(home: Path) -> None:
    app = press(say(say(opened(chat_run()), "one"), "two"), "add 3")
    next(area for area in app.text_area if area.label.startswith("What the model")).set_value("better").run()
    next(field for field in app.text_input if field.label.startswith("Name of")).set_value(
        "good answers"
    ).run()
    press(app, "add now 3")
    stored = open_dataset("good answers")
    assert (stored.task, stored.rows, stored.version) == ("chat", 1, 1)
    messages = json.loads(stored.read()["messages"][0])
    assert [one["role"] for one in messages] == ["user", "assistant"] * 2 and messages[-1][
        "content"
    ] == "better"
    assert "good answers@1" in said(app).replace("\\", "")
    press(app, "done adding")
    press(app, "add 1")
    press(app, "add now 1")
    assert open_dataset("good answers").version == 2 and open_dataset("good answers@1").rows == 1
    with pytest.raises(UserError, match="already"):
        add_conversation(messages, name="good answers", new=False)


def test_a_model_of_texts_has_no_system_prompt_and_says_that_it_knows_no_turns(home: Path) -> None:
    app = opened(chat_run("text-generation"), way="chat")
    assert "knows no turns" in said(app)
    assert not [area for area in app.text_area if area.label == "System prompt"]
    say(app, "the tea")
    assert ASKED


def test_a_long_conversation_draws_its_end_alone(home: Path) -> None:
    run = chat_run()
    answer = {"text": "a", "tokens": [], "finish": "stop", "written": 1}
    turns = [
        Turn("user", f"n{n}") if n % 2 == 0 else Turn("assistant", "", [answer], ["tuned"], 0)
        for n in range(400)
    ]
    chat = Chat("abcdefghijkl", turns=turns)
    Chats(run).keep(chat)
    app = opened(run, chat=chat.id)
    assert htmls(app).count('class="atelier-said') == 30


@pytest.mark.parametrize("address", ["../../../x", "<script>", "", "a" * 5000])
def test_an_address_that_names_nothing_begins_a_conversation(home: Path, address: str) -> None:
    app = opened(chat_run(), chat=address)
    assert len(app.query_params["chat"]) == 12
