"""`export RUN --to FORMAT:PATH`, as the contract has it."""

import json
from pathlib import Path

import pytest

from lib.__main__ import main
from lib.runs.folder import RunFolder
from tests.export.conftest import Finished, _made, finished

__all__ = ["_made", "finished"]


@pytest.fixture
def run(finished: Finished) -> RunFolder:
    return finished("text-classification")


def test_it_writes_the_file_and_says_where_in_one_object(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", run.id, "--to", f"zip:{tmp_path / 'a.zip'}", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["state"], answer["path"]) == ("succeeded", str(tmp_path / "a.zip"))
    assert answer["bytes"] == (tmp_path / "a.zip").stat().st_size


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--to", "zip:"], "export-path"),
        (["--to", "nothing:here"], "unknown-export"),
        (["--to", "zip:a.zip", "--private"], "unknown-option"),
        (["--to", "zip:a.zip", "--set", "base=maybe"], "option-type"),
        (["--to", "zip:a.zip", "--set", "base"], "option-form"),
    ],
)
def test_what_cannot_be_is_refused_before_it_starts(
    run: RunFolder, capsys: pytest.CaptureFixture[str], arguments: list[str], code: str
) -> None:
    assert main(["export", run.id, *arguments, "--json"]) == 2
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [problem["code"] for problem in answer["problems"]] == [code]


def test_without_a_place_it_lists_the_formats(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", run.id, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {"zip", "merged"} <= {one["name"] for one in answer["formats"] if one["refused"] is None}
