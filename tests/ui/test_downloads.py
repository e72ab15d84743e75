"""What is downloaded is safe to open."""

import io

import numpy as np
import pandas as pd
import pytest

from lib.ui.downloads import csv_bytes


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_looks_like_a_formula_is_made_inert(cell: str) -> None:
    raw = csv_bytes(pd.DataFrame({"text": [cell, "plain"], cell: ["a", "b"]}))
    assert raw.startswith(b"\xef\xbb\xbf")
    back = pd.read_csv(io.BytesIO(raw), dtype=str, encoding="utf-8-sig")
    assert back.iloc[0, 0].replace("\n", "\r") == "'" + cell
    assert back.columns[1].startswith("'")


def test_numbers_and_missing_cells_stay_as_they_are() -> None:
    frame = pd.DataFrame(
        {"value": [-1.5, np.nan], "count": [-3, 4], "text": pd.array(["-", None], dtype="str")}
    )
    back = pd.read_csv(io.BytesIO(csv_bytes(frame)), encoding="utf-8-sig")
    assert back["value"][0] == -1.5
    assert back["count"].tolist() == [-3, 4]
    assert pd.isna(back["text"][1])


def test_equal_column_names_do_not_disturb() -> None:
    frame = pd.DataFrame([["=a", "=b"]], columns=["x", "x"])
    assert b"'=a,'=b" in csv_bytes(frame)
