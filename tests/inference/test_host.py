"""The model host with a real process and a real tiny model: the answers of transformers, and no way to hang it."""

import json
import os
import signal
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from lib.errors import UserError
from lib.inference import ask as asking
from lib.inference.ask import ensure_host, is_loaded, stop_host
from lib.inference.channel import connect, receive, send, socket_path
from lib.inference.predict import predict
from lib.inference.table import as_table

LABELS = ["cross", "happy", "late"]
COLUMNS = {"text": "text"}


@pytest.fixture(scope="module")
def model(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder as a run leaves it: untrained, but with labels and what Atelier notes beside it."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = tmp_path_factory.mktemp("tuned") / "model"
    torch.manual_seed(1)
    names = dict(enumerate(LABELS))
    made = AutoModelForSequenceClassification.from_pretrained(
        tiny_encoder, num_labels=3, id2label=names, label2id={label: n for n, label in names.items()}
    )
    # An untrained head answers 1/3 to everything; a louder one shows differences.
    torch.nn.init.normal_(made.classifier.weight, std=3.0)
    made.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_encoder).save_pretrained(folder)
    about = {
        "task": "text-classification",
        "target": {"labels": LABELS},
        "columns": COLUMNS,
        "max_length": 32,
    }
    (folder / "atelier.json").write_text(json.dumps(about))
    return folder


@pytest.fixture
def ref(home: Path, model: Path) -> str:
    return f"folder:{model}"


def rows(count: int = 40) -> pd.DataFrame:
    return pd.DataFrame(
        {"text": [f"the {('train', 'tea')[n % 2]} of day {n} " * (1 + n % 9) for n in range(count)]}
    )


def host_process() -> psutil.Process:
    """The host that listens on this test's socket."""
    home = os.environ["ATELIER_HOME"]
    for process in psutil.process_iter(["cmdline"]):
        if (
            "lib.inference.host" in (process.info["cmdline"] or [])
            and process.environ().get("ATELIER_HOME") == home
        ):
            return process
    raise AssertionError("no host is running")


def test_predictions_equal_those_of_plain_transformers(ref: str, model: Path) -> None:
    from transformers import pipeline

    texts = rows()["text"].tolist()
    plain = pipeline("text-classification", model=str(model), top_k=None, device="cpu")
    expected = [
        {answer["label"]: answer["score"] for answer in answers}
        for answers in plain(texts, truncation=True, max_length=32)
    ]
    found = predict(ref, rows(), COLUMNS)
    assert found.output.labels == tuple(LABELS)
    actual = np.stack(found.frame["scores"].to_list())
    wanted = np.array([[row[label] for label in LABELS] for row in expected])
    np.testing.assert_allclose(actual, wanted, atol=1e-5)
    assert found.frame["predicted"].tolist() == [max(row, key=row.__getitem__) for row in expected]
    assert found.frame["truncated"].any() and not found.frame["truncated"].all()


def test_rows_without_a_text_come_back_blank_in_their_place(ref: str) -> None:
    some = pd.DataFrame(
        {"text": ["the tea", None, "  ", "the train"], "other": [1, 2, 3, 4]}, index=[7, 5, 3, 1]
    )
    found = predict(ref, some, COLUMNS)
    assert found.skipped == 2
    assert found.frame["predicted"].isna().tolist() == [False, True, True, False]
    table = as_table(found)
    assert table.columns.tolist() == ["predicted", "confidence", "p(cross)", "p(happy)", "p(late)"]
    assert table.iloc[1].isna().all() and table.iloc[3].notna().all()
    alone = predict(ref, some.iloc[[3]], COLUMNS)
    assert alone.frame["confidence"][0] == pytest.approx(found.frame["confidence"][3], abs=1e-6)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (pd.DataFrame({"text": []}), "no-rows"),
        (pd.DataFrame({"text": [None, " "]}), "no-text"),
        (pd.DataFrame({"words": ["a"]}), "missing-column"),
    ],
)
def test_what_cannot_be_predicted_is_said_without_starting_a_host(
    home: Path, frame: pd.DataFrame, code: str
) -> None:
    with pytest.raises(UserError) as caught:
        predict("folder:/nowhere", frame, COLUMNS)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert not (home / "host.log").exists()


def test_numbers_are_read_as_the_text_they_look_like(ref: str) -> None:
    found = predict(ref, pd.DataFrame({"text": [12, 13]}), COLUMNS)
    same = predict(ref, pd.DataFrame({"text": ["12", "13"]}), COLUMNS)
    assert found.frame["confidence"].tolist() == same.frame["confidence"].tolist()


def test_a_killed_host_is_said_in_the_middle_and_replaced_the_next_time(ref: str) -> None:
    ensure_host()
    killed = []

    def kill(done: int, total: int) -> None:
        if not killed:
            killed.append(host_process())
            killed[0].send_signal(signal.SIGKILL)

    with pytest.raises(UserError) as caught:
        predict(ref, rows(20_000), COLUMNS, on_progress=kill)
    assert caught.value.problems[0].code == "host-died"
    killed[0].wait(10)
    assert socket_path().exists(), "a killed host leaves its socket behind"
    assert len(predict(ref, rows(3), COLUMNS).frame) == 3


def test_a_cancelled_request_ends_the_work_and_keeps_the_host(ref: str) -> None:
    predict(ref, rows(2), COLUMNS)
    before = host_process().pid
    found = predict(ref, rows(60_000), COLUMNS, on_progress=lambda done, total: done == 0)
    assert not found.finished
    begun = time.monotonic()
    assert len(predict(ref, rows(2), COLUMNS).frame) == 2
    assert time.monotonic() - begun < 5, "the cancelled rows were still being predicted"
    assert host_process().pid == before
    assert not list((Path(os.environ["ATELIER_HOME"]) / "cache" / "predict").iterdir())


def test_two_at_once_both_get_their_own_answers(ref: str) -> None:
    frames = {"a": rows(700), "b": rows(300).iloc[::-1].reset_index(drop=True)}
    found = {}

    def ask(name: str) -> None:
        found[name] = predict(ref, frames[name], COLUMNS)

    threads = [threading.Thread(target=ask, args=(name,)) for name in frames]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found["a"].frame) == 700
    back = found["b"].frame["confidence"].to_numpy()[::-1]
    np.testing.assert_allclose(back, found["a"].frame["confidence"].to_numpy()[:300], atol=1e-5)


def test_phases_are_told_and_a_held_model_is_known(ref: str) -> None:
    assert not is_loaded(ref)
    phases = []
    predict(ref, rows(3), COLUMNS, on_progress=lambda done, total, phase: phases.append((done, total, phase)))
    assert ("loading", 3) in {(phase, total) for _, total, phase in phases}
    assert is_loaded(ref)


def test_after_a_change_of_code_a_new_host_takes_over_and_its_socket_stays(
    ref: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_host()
    old = host_process()
    # As if the host had been started from yesterday's code.
    with connect(timeout=5) as connection, connection.makefile("rwb") as stream:
        send(stream, {"do": "ping"})
        said = receive(stream)
    assert said is not None
    fresh = iter([False, False])
    ready = asking._is_ready
    monkeypatch.setattr(asking, "_is_ready", lambda: next(fresh, True) and ready())
    ensure_host()
    monkeypatch.undo()
    old.wait(15)
    assert socket_path().exists(), "the old host took the new one's socket away"
    assert len(predict(ref, rows(2), COLUMNS).frame) == 2


def test_a_stale_file_in_the_socket_s_place_does_not_matter(ref: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as abandoned:
        abandoned.bind(str(socket_path()))
    assert len(predict(ref, rows(2), COLUMNS).frame) == 2


@pytest.mark.parametrize("damage", ["missing", "weights", "config", "tokenizer", "target", "no task"])
def test_a_bad_model_folder_is_a_sentence_and_the_host_lives_on(
    ref: str, model: Path, tmp_path: Path, damage: str
) -> None:
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(model, broken)
    match damage:
        case "missing":
            shutil.rmtree(broken)
        case "weights":
            weights = broken / "model.safetensors"
            weights.write_bytes(weights.read_bytes()[:-1000])
        case "config":
            (broken / "config.json").write_text('{"model_type": "nonsense"}')
        case "tokenizer":
            for path in broken.glob("*token*"):
                path.unlink()
        case "target":
            (broken / "atelier.json").write_text('{"task": "text-classification"}')
        case "no task":
            (broken / "atelier.json").unlink()
    with pytest.raises(UserError) as caught:
        predict(f"folder:{broken}", rows(2), COLUMNS)
    assert caught.value.problems[0].code != "fault"
    assert len(predict(ref, rows(2), COLUMNS).frame) == 2


def test_a_model_trained_again_is_loaded_again(home: Path, model: Path, tmp_path: Path) -> None:
    import shutil

    import torch
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "again"
    shutil.copytree(model, folder)
    weights = load_file(folder / "model.safetensors")
    for number, label in enumerate(LABELS):
        weights["classifier.bias"] = 90.0 * torch.eye(3)[number]
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        found = predict(f"folder:{folder}", rows(4), COLUMNS)
        assert set(found.frame["predicted"]) == {label}


def test_a_request_that_is_no_request_does_not_end_the_host(ref: str) -> None:
    ensure_host()
    for message in (b"not json\n", b"[1]\n", b'{"do": "dance"}\n', b"\n"):
        with connect(timeout=5) as connection, connection.makefile("rwb") as stream:
            stream.write(message)
            stream.flush()
            answer = receive(stream)
            assert answer is not None and answer["problems"]
    assert len(predict(ref, rows(2), COLUMNS).frame) == 2


def test_a_host_told_to_end_is_gone(ref: str) -> None:
    ensure_host()
    process = host_process()
    stop_host()
    process.wait(15)
    assert not socket_path().exists()
    stop_host()  # and nothing happens the second time


def test_a_hundred_thousand_rows_do_not_fill_the_memory(ref: str) -> None:
    predict(ref, rows(200), COLUMNS)
    process = host_process()
    before = process.memory_info().rss
    most = []
    many = pd.DataFrame({"text": ["the tea"] * 100_000})
    found = predict(ref, many, COLUMNS, on_progress=lambda d, t: most.append(process.memory_info().rss))
    assert len(found.frame) == 100_000
    assert max(most) - before < 250_000_000
