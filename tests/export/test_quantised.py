"""Models in few bits: the folder loads by plain from_pretrained in a fresh process, smaller, and nearly the same."""

import inspect
import json
import subprocess
import sys
import textwrap
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from lib.errors import UserError
from lib.export.measured_rows import measured_rows
from lib.export.place import size_of
from lib.export.quantised import Quantised, QuantisedOptions, _refuse_grids
from lib.export.source import Source, open_source
from lib.export.subjects import load_original
from lib.runs.files import read_json
from lib.tasks import find_task
from lib.tasks.predict import predict_rows
from tests.export.conftest import Finished
from tests.export.finished import finished_run
from tests.models.tiny import tiny_checkpoint


def about(slug: str) -> ModuleType:
    """The task's own test file."""
    return import_module(f"tests.tasks.test_{slug.replace('-', '_')}")


def plainly(slug: str, folder: Path, rows: list[dict[str, Any]]) -> list[Any]:
    """What `plain` of the task's own tests says of the folder, in a process that cannot import Atelier."""
    code = (
        "import json, sys\n"
        "sys.modules['lib'] = None\n"
        f"{textwrap.dedent(inspect.getsource(about(slug).plain))}\n"
        "print(json.dumps(plain(sys.argv[1], json.load(sys.stdin))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        input=json.dumps(rows),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    said: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def weights(folder: Path) -> list[str]:
    """The types of the tensors that hold most of each linear layer."""
    with safe_open(folder / "model.safetensors", "np") as file:
        return [str(file.get_slice(name).get_dtype()) for name in file.keys()]  # noqa: SIM118 - not a dict


@pytest.mark.parametrize(
    ("slug", "method", "how"),
    [
        ("text-classification", "full", "8-bit"),
        pytest.param("token-classification", "full", "8-bit", marks=pytest.mark.slow),
        pytest.param("text2text-generation", "full", "8-bit", marks=pytest.mark.slow),
        pytest.param("image-classification", "full", "8-bit", marks=pytest.mark.slow),
        pytest.param("chat", "lora", "8-bit", marks=pytest.mark.slow),
    ],
)
def test_the_folder_loads_alone_and_answers_as_it_does_here(
    slug: str, method: str, how: str, finished: Finished, tmp_path: Path
) -> None:
    source, export = open_source(finished(slug, method)), Quantised()
    made = export.write(source, tmp_path / "made", QuantisedOptions(format=how), lambda *_: None)
    assert {"I8", "U8"} & set(weights(tmp_path / "made"))
    assert not list((tmp_path / "made").rglob("*.bin")) and list(tmp_path.iterdir()) == [tmp_path / "made"]
    rows = measured_rows(source).frame.head(8)
    here = export.answers(made, source, rows)
    assert here is not None
    said = plainly(slug, tmp_path / "made", rows.to_dict("records"))
    wanted = here[getattr(about(slug), "PLAIN_COLUMN", "predicted")].tolist()
    # LLM.int8 keeps a column whole where any row of the batch has an outlier, so a close call may fall otherwise.
    assert sum(one == two for one, two in zip(said, wanted, strict=True)) >= len(wanted) - 1


@pytest.mark.slow
def test_few_bits_change_a_probability_little(finished: Finished, tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    finished("text-classification")  # for the home
    tiny_checkpoint("BERT", tmp_path / "bases" / "encoder")
    config = BertConfig.from_pretrained(tmp_path / "bases" / "encoder", hidden_size=64, intermediate_size=128)
    BertModel(config).save_pretrained(tmp_path / "bases" / "encoder")
    source, export = open_source(finished_run("text-classification", tmp_path / "bases")), Quantised()
    rows = measured_rows(source).frame
    taught = load_original(source)
    whole = predict_rows(source.task, taught.model, taught.processor, rows, taught.brief)
    gaps = []
    for how in ("8-bit", "4-bit"):
        made = export.write(source, tmp_path / how, QuantisedOptions(format=how), lambda *_: None)
        few = export.answers(made, source, rows)
        assert few is not None and made.path is not None
        assert len(plainly("text-classification", made.path, rows.head(3).to_dict("records"))) == 3
        gaps.append(np.abs(np.stack(whole["scores"].tolist()) - np.stack(few["scores"].tolist())).max())
    assert 0 < gaps[0] < gaps[1] < 0.1


def test_layers_too_narrow_for_four_bits_are_refused(finished: Finished, tmp_path: Path) -> None:
    source = open_source(finished("text-classification"))
    with pytest.raises(UserError) as said:
        Quantised().write(source, tmp_path / "made", QuantisedOptions(format="4-bit"), lambda *_: None)
    assert said.value.problems[0].code == "quantised-unfit" and "64" in said.value.problems[0].what
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_int8_for_cpus_is_an_onnx_folder(finished: Finished, tmp_path: Path) -> None:
    source, export = open_source(finished("text-classification")), Quantised()
    made = export.write(source, tmp_path / "made", QuantisedOptions(format="int8"), lambda *_: None)
    assert made.facts["precision"] == "int8" and (tmp_path / "made" / "model.onnx").is_file()
    assert made.bytes == size_of(tmp_path / "made")
    rows = measured_rows(source).frame.head(3)
    answers = export.answers(made, source, rows)
    assert answers is not None and set(answers["predicted"]) <= set(source.brief.target["labels"])


def test_a_model_of_grids_is_refused(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source: Source = open_source(finished("text-classification"))
    config = read_json(source.model / "config.json") | {"model_type": "convnext"}
    monkeypatch.setattr("lib.export.quantised.read_json", lambda path: config)
    with pytest.raises(UserError) as said:
        _refuse_grids(source)
    assert said.value.problems[0].code == "quantised-unfit"
    assert find_task("text-classification") is source.task
