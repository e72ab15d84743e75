"""A picture under its relevance: blue where patches raise the score, orange where they lower it, and nowhere else."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lib.inference.relevance import Followed, Relevance
from lib.ui.explain_relevance import finding
from lib.ui.relevance_export import score_table
from lib.ui.relevance_picture import SHOWN, overlay, png_bytes, seen

GREY = 128


def relevance_of(**parts: Any) -> Relevance:
    file = io.BytesIO()
    Image.new("RGB", (32, 32), (GREY, GREY, GREY)).save(file, "PNG")
    proof = Followed((1, 50), (1, 2), 0.9, (0.3, 0.3), (0.5, 0.8), [(0.9, 0.8)] * 5, [(0.1, 0.2)] * 5)
    usual = {
        "method": "occlusion", "target": "joy", "against": "", "predicted": "joy", "labels": ("joy", "anger"),
        "places": (), "place": None, "kind": "probability", "scale": "logit", "value": 0.9, "fields": (), "words": (),
        "grid": (2, 2), "patches": (0.5, -0.25, 0.0, 0.0), "picture": base64.b64encode(file.getvalue()).decode(),
        "specials": (), "hidden_mass": 0.0, "hidden_by": "grey", "baseline": "", "baselines": ("grey",), "steps": None,
        "delta": None, "change": None, "faithfulness": proof, "truncated": False, "written": None, "said": (),
        "stamp": "abc", "seconds": 0.1,
    }  # fmt: skip
    return Relevance(**{**usual, **parts})


def corners(found: Relevance, **how: Any) -> list[tuple[int, ...]]:
    pixels = np.asarray(overlay(found, **how), dtype=int)
    near, far = SHOWN // 4, 3 * SHOWN // 4
    return [tuple(pixels[row, column]) for row in (near, far) for column in (near, far)]


def test_patches_are_coloured_by_sign_and_strength() -> None:
    raises, lowers, *none = corners(relevance_of(), strength=1.0, raw=True, scale=0.5)
    assert raises == (0, 114, 178)  # the whole of the blue at the highest score
    assert lowers == (179, 144, 64)  # half-way from grey to orange at half of it
    assert none == [(GREY, GREY, GREY)] * 2


@pytest.mark.parametrize(("strength", "raw"), [(0.0, True), (0.0, False)])
def test_without_strength_it_is_what_the_model_saw(strength: float, raw: bool) -> None:
    found = relevance_of()
    assert np.array_equal(
        np.asarray(overlay(found, strength=strength, raw=raw, scale=0.5)), np.asarray(seen(found))
    )


def test_methods_without_a_sign_never_show_orange() -> None:
    _, lowers, *_ = corners(relevance_of(method="chefer"), strength=1.0, raw=True, scale=0.5)
    assert lowers == (GREY, GREY, GREY)


def test_smoothing_is_only_between_patches() -> None:
    rough = np.asarray(overlay(relevance_of(), strength=1.0, raw=True, scale=0.5))
    smooth = np.asarray(overlay(relevance_of(), strength=1.0, raw=False, scale=0.5))
    assert len(np.unique(smooth.reshape(-1, 3), axis=0)) > len(np.unique(rough.reshape(-1, 3), axis=0)) == 3


def test_the_patch_that_weighs_most_is_named_as_in_the_table() -> None:
    found = relevance_of(patches=(0.0, 0.0, 0.7, -0.1))
    assert finding(found).startswith("The patch in row 2, column 1 raises joy most (+0.70)")
    table = score_table(found)
    best = table.loc[table["score"].idxmax()]
    assert (best["row"], best["column"]) == (2, 1)
    assert png_bytes(seen(found)).startswith(b"\x89PNG")


def test_where_nothing_weighs_that_is_said() -> None:
    found = relevance_of(patches=(0.0, 0.0, 0.0, 0.0))
    assert finding(found) == "Nothing here changes the score of joy"
    assert overlay(found, strength=1.0, raw=False, scale=0.0).size == (SHOWN, SHOWN)
