"""`data` reads what people have, says what it made of it, and keeps what it could not take."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib.__main__ import main

NASTY = {
    "spam.csv": 5_572, "genius_hip_hop_lyrics.csv": 377, "realDonaldTrump.csv": 3_232, "StarWars.csv": 1_187,
    "cabinet-turnover.csv": 379, "marvel-wikia-data.csv": 16_376, "drugsComTrain.tsv": 600,
    "name_gender_147k.csv": 147_269,
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_home(home: Path) -> Path:
    return home


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON of the last line."""
    code = main(["data", *map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out.strip().splitlines()[-1])


@pytest.mark.parametrize("name", NASTY)
def test_every_nasty_file_is_read_in_full(
    name: str, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = told(capsys, shared_data / "nasty" / name)
    assert (code, answer["profile"]["rows"], answer["rejected"]) == (0, NASTY[name], [])


def test_what_is_said_comes_before_what_is_recognised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.txt"
    path.write_bytes("notes of May\nтекст:метка\nда, нет:1\n".encode("cp1251"))
    said = ["--delimiter", ":", "--encoding", "cp1251", "--header", "2"]
    code, answer = told(capsys, path, *said, "--rejected", tmp_path / "aside.csv")
    assert code == 0
    assert [column["name"] for column in answer["profile"]["columns"]] == ["текст", "метка"]
    assert answer["format"]["encoding"] == "cp1251"
    aside = pd.read_csv(tmp_path / "aside.csv", encoding="utf-8-sig")
    assert aside[["line", "text"]].to_numpy().tolist() == [[1, "notes of May"]]


def test_mended_cells_are_counted_kept_and_may_be_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\nitâ€™s one,x\n=itâ€™s two,y\nplain,x\n")
    code, answer = told(capsys, path, "--originals", tmp_path / "before.csv")
    assert (code, answer["mended_cells"]) == (0, 2)
    kept = pd.read_csv(tmp_path / "before.csv", encoding="utf-8-sig")
    assert kept["before"].tolist() == ["itâ€™s one", "'=itâ€™s two"], "and no spreadsheet runs them"
    assert told(capsys, path, "--no-repair")[1]["mended_cells"] == 0


def test_files_of_a_split_are_one_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("train", "test"):
        (tmp_path / f"{name}.csv").write_text("text,label\ngood day,joy\nbad day,anger\n")
    code, answer = told(capsys, tmp_path / "train.csv", tmp_path / "test.csv")
    assert (code, answer["profile"]["rows"], answer["split_column"]) == (0, 4, "split")
    assert told(capsys, tmp_path)[1]["profile"]["rows"] == 4, "a folder of them too"


def test_files_that_are_not_there_are_all_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]) != 0
    said = capsys.readouterr().err
    assert "a.csv" in said and "b.csv" in said
