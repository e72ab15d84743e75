"""`train --seeds K`: runs that differ in the seed alone, followed one after another, and their spread."""

from pathlib import Path

import pytest

from lib.__main__ import main
from lib.analysis.seeds import spread
from lib.runs.folder import list_runs
from tests.cli.test_commands import last_json, write_spec
from tests.conftest import write_rows


def test_two_seeds_are_two_runs_and_a_spread(
    home: Path, tmp_path: Path, tiny_encoder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path / "moods.csv")
    assert main(["train", str(write_spec(tmp_path, tiny_encoder, epochs=2)), "--seeds", "2", "--json"]) == 0
    found = last_json(capsys.readouterr().out)
    specs = [run.spec for run in list_runs()]
    assert {(spec.name, spec.options["seed"]) for spec in specs} == {
        ("moods, seed 13", 13),
        ("moods, seed 14", 14),
    }
    values = [result["scores"]["test"]["macro_f1"] for result in found["runs"]]
    expected = spread(values)
    assert found["state"] == "succeeded"
    assert (found["seeds"]["mean"], found["seeds"]["deviation"]) == (expected.mean, expected.deviation)


def test_a_number_of_seeds_that_cannot_be_is_refused_before_any_run(
    home: Path, tmp_path: Path, tiny_encoder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path / "moods.csv")
    assert main(["train", str(write_spec(tmp_path, tiny_encoder)), "--seeds", "0", "--json"]) == 2
    assert "0 seeds are not possible" in capsys.readouterr().err
    assert list_runs() == []
