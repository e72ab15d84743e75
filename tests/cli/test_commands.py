"""The commands of the terminal, as the contract has them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from lib.__main__ import main
from lib.runs.folder import list_runs, open_run
from lib.settings import get_settings
from tests.conftest import write_rows

ROOT = Path(__file__).resolve().parents[2]


def write_spec(folder: Path, model: Path, **options: Any) -> Path:
    spec = {
        "name": "moods",
        "task": "text-classification",
        "data": {"file": "moods.csv"},
        "model": f"folder:{model}",
        "options": {"epochs": 12, "batch_size": 8, "learning_rate": 1e-3, "patience": 0} | options,
    }
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec))
    return folder / "spec.yaml"


def last_json(text: str) -> dict[str, Any]:
    value = json.loads(text.strip().splitlines()[-1])
    assert isinstance(value, dict)
    return value


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> dict[str, Any]:
    """A real `train SPEC --json` in a process of its own: its exit code, stdout, home and result."""
    folder = tmp_path_factory.mktemp("trained")
    write_rows(folder / "moods.csv")
    done = subprocess.run(
        [sys.executable, "-m", "lib", "train", str(write_spec(folder, tiny_encoder)), "--json"],
        cwd=ROOT,
        env=os.environ | {"ATELIER_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return {"code": done.returncode, "stdout": done.stdout, "home": folder / "home", "folder": folder}


@pytest.fixture
def in_trained_home(trained: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ATELIER_HOME", str(trained["home"]))
    get_settings.cache_clear()
    yield trained
    from lib.inference.ask import stop_host

    stop_host()
    get_settings.cache_clear()


def test_train_prints_the_contracts_result_as_the_last_line(trained: dict[str, Any]) -> None:
    assert trained["code"] == 0
    result = last_json(trained["stdout"])
    assert result["state"] == "succeeded"
    assert result["rows"].keys() == {"train", "validation", "test"}
    assert result["scores"]["test"]["macro_f1"] > 0.8
    assert len(result["intervals"]["test"]["macro_f1"]) == 2
    assert result["baselines"].keys() == {"majority", "tfidf"}
    assert result["seconds"]["total"] >= result["seconds"]["training"] > 0
    assert result["parameters"]["trainable"] == result["parameters"]["total"] > 0
    assert result["peak_memory_mb"] > 100
    stored = json.loads((Path(result["folder"]) / "result.json").read_text())
    assert stored["scores"] == result["scores"]


def test_runs_lists_and_shows_the_run(
    in_trained_home: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "--json"]) == 0
    [listed] = last_json(capsys.readouterr().out)["runs"]
    assert (listed["name"], listed["state"]) == ("moods", "succeeded")
    assert main(["runs", "show", listed["run"], "--json"]) == 0
    assert last_json(capsys.readouterr().out)["spec"]["task"] == "text-classification"
    assert main(["runs"]) == 0
    assert "macro_f1" in capsys.readouterr().out
    assert main(["runs", "show", "moods"]) == 0
    assert "succeeded" in capsys.readouterr().out


def test_predict_answers_one_text_with_its_confidence(
    in_trained_home: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "moods", "--text", "the tea was wonderful on day 3", "--json"]) == 0
    [row] = last_json(capsys.readouterr().out)["predictions"]
    assert row["predicted"] == "happy"
    assert 0.5 < row["confidence"] <= 1
    assert row["p(happy)"] + row["p(cross)"] == pytest.approx(1, abs=1e-5)


def test_predict_writes_the_rows_of_a_file_with_their_predictions(
    in_trained_home: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "rows.csv", tmp_path / "out.csv"
    source.write_text('id,text\n7,the tea was bright\n8,"her bicycle, was awful"\n')
    assert main(["predict", "moods", "--file", str(source), "--out", str(out)]) == 0
    lines = out.read_text().splitlines()
    assert lines[0].startswith("id,text,predicted,confidence")
    assert [line.split(",")[0] for line in lines[1:]] == ["7", "8"]


REFUSED = [
    (["predict", "nobody", "--text", "x"], "There is no run 'nobody'"),
    (["train", "/nowhere.yaml"], "There is no file"),
    (["data", "/nowhere.csv"], "There is no file"),
    (["runs", "resume", "moods"], "nothing to resume"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=[" ".join(row[0][:2]) for row in REFUSED])
def test_what_cannot_be_done_is_refused_with_code_2_and_a_sentence(
    in_trained_home: dict[str, Any], capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main([*arguments, "--json"]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert last_json(captured.out)["problems"][0]["what"]


def test_a_spec_with_several_mistakes_lists_them_all(
    home: Path, tmp_path: Path, tiny_encoder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path / "moods.csv")
    spec = write_spec(tmp_path, tiny_encoder, epochs=-1, batch_size="big")
    assert main(["train", str(spec), "--json"]) == 2
    places = {problem["where"] for problem in last_json(capsys.readouterr().out)["problems"]}
    assert places == {"options.epochs", "options.batch_size"}
    assert list_runs() == []


def test_interrupting_train_stops_the_run_and_keeps_the_best(
    home: Path, tmp_path: Path, tiny_encoder: Path
) -> None:
    write_rows(tmp_path / "moods.csv")
    process = subprocess.Popen(
        [sys.executable, "-m", "lib", "train", str(write_spec(tmp_path, tiny_encoder, epochs=100)), "--json"],
        cwd=ROOT,
        env=os.environ | {"ATELIER_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # Background jobs of a shell inherit ignored interrupts; a command in a person's terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while not (list_runs() and list_runs()[0].state().step > 30):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    result = last_json(out)
    assert result["state"] == "stopped"
    assert (open_run(result["run"]).model_path / "model.safetensors").is_file()


def test_data_says_what_a_file_holds(csv_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", str(csv_file), "--json"]) == 0
    found = last_json(capsys.readouterr().out)
    assert found["profile"]["rows"] == 120
    assert found["columns"]["text-classification"] == {"text": "text", "label": "label"}
    assert main(["data", str(csv_file)]) == 0
    assert "120 rows, 2 columns" in capsys.readouterr().out


def test_data_lists_what_the_checks_find(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_rows(tmp_path / "moods.csv")
    path.write_text(path.read_text() + path.read_text().splitlines()[1].replace("happy", "cross") + "\n")
    assert main(["data", str(path), "--json"]) == 0
    found = {check["check"]: check for check in last_json(capsys.readouterr().out)["checks"]}
    assert found["conflicting-labels"]["rows"] == [1, 121]
    assert found["conflicting-labels"]["count"] == 2
    assert [fix["name"] for fix in found["conflicting-labels"]["fixes"]] == ["drop-all"]
    assert main(["data", str(path)]) == 0
    assert "check: label: 2 rows with 1 text that has different labels" in capsys.readouterr().out


def test_data_refuses_a_file_that_is_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "photo.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    assert main(["data", str(path)]) == 2
    assert "error:" in capsys.readouterr().err


def test_estimate_gives_memory_and_time_by_formula(
    home: Path, tmp_path: Path, tiny_encoder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path / "moods.csv")
    assert main(["estimate", str(write_spec(tmp_path, tiny_encoder)), "--json"]) == 0
    found = last_json(capsys.readouterr().out)
    assert found["seconds_low"] < found["seconds"] < found["seconds_high"]
    assert found["memory_mb"] > 0 and not found["measured"]


def test_estimate_can_measure_with_real_steps(
    home: Path, tmp_path: Path, tiny_encoder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path / "moods.csv")
    assert main(["estimate", str(write_spec(tmp_path, tiny_encoder)), "--measure", "--json"]) == 0
    found = last_json(capsys.readouterr().out)
    assert found["measured"]
    assert found["memory_mb"] > 200
    assert found["steps"] == 144


def test_models_and_doctor_tell_what_is_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    assert last_json(capsys.readouterr().out)["models"][0]["model"] == "starter:minilm-l6"
    assert main(["doctor", "--json"]) == 0
    found = last_json(capsys.readouterr().out)
    assert found["problems"] == []
    assert found["devices"]


def test_the_command_line_itself_never_imports_torch() -> None:
    code = "import sys, lib.__main__ as m; m.build_parser(); sys.exit(bool({'torch', 'streamlit'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
