"""The charts of attention: what a click means, what the colours hold, and how large a message becomes."""

import base64
import struct
import zlib

import numpy as np
import pytest

from lib.charts.attention_bars import MOST_BARS, attention_bars
from lib.charts.attention_head import MOST_CELLS, attention_head, clicked_query
from lib.charts.attention_mosaic import attention_mosaic, clicked_head
from lib.charts.png import palette, png_uri


def weights(*shape: int) -> np.ndarray:
    random = np.random.default_rng(0).random(shape).astype(np.float32)
    return random / random.sum(axis=-1, keepdims=True)


def decoded(uri: str) -> np.ndarray:
    """The palette numbers of a PNG, read with nothing but zlib: uint8[height, width]."""
    file = base64.b64decode(uri.partition(",")[2])
    assert file[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(file):
        size, name = struct.unpack(">I", file[at : at + 4])[0], file[at + 4 : at + 8]
        data = file[at + 8 : at + 8 + size]
        assert struct.unpack(">I", file[at + 8 + size : at + 12 + size])[0] == zlib.crc32(name + data)
        chunks[name], at = data, at + 12 + size
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    assert len(chunks[b"PLTE"]) == 3 * 256 and chunks[b"tRNS"][255] == 0
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not lines[:, 0].any()
    return lines[:, 1:]


def test_a_picture_of_numbers_is_a_png_of_exactly_those() -> None:
    cells = np.random.default_rng(1).integers(0, 256, (7, 11)).astype(np.uint8)
    np.testing.assert_array_equal(decoded(png_uri(cells, "light")), cells)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_more_is_farther_from_the_page_in_one_hue(theme) -> None:
    colours = palette(theme).astype(int)
    assert colours.shape == (255, 3) and (colours[-1, 2] - colours[-1, 0]) > 60
    light = colours.sum(axis=1)
    steps = np.diff(light) if theme == "dark" else -np.diff(light)
    assert (steps >= -1).all()


def test_every_head_has_its_picture_in_its_place_and_its_own_largest_cell_in_full_colour() -> None:
    pooled = np.zeros((2, 3, 40, 40), np.float32)
    for layer in range(2):
        for head in range(3):
            pooled[layer, head, layer * 10, head * 10] = 0.1 * (1 + layer + head)
    chart = attention_mosaic(pooled, {})
    image = decoded(chart.figure.layout.images[0].source)
    side = (image.shape[0] // 2, image.shape[1] // 3)
    gap = (side[0] - 40) // 2
    found = np.argwhere(image == 254)
    assert found.tolist() == [
        [layer * side[0] + gap + layer * 10, head * side[1] + gap + head * 10]
        for layer in range(2)
        for head in range(3)
    ]


def test_a_marker_stands_on_each_head_and_says_which() -> None:
    figure = attention_mosaic(weights(3, 4, 8, 8), {"entropy": np.full((3, 4), 0.5)}).figure
    [markers] = figure.data
    assert [(y - 1, x - 1) for x, y in zip(markers.x, markers.y, strict=True)] == [
        clicked_head(value) for value in markers.customdata
    ]
    assert "layer 3, head 4" in markers.hovertext[-1] and "spread 0.50" in markers.hovertext[-1]


@pytest.mark.parametrize(
    ("customdata", "expected"),
    [({"0": 2, "1": 5}, (2, 5)), ([2, 5], (2, 5)), (None, None), ([], None), ("x", None)],
)
def test_what_a_click_on_a_head_stands_for(customdata, expected) -> None:
    assert clicked_head(customdata) == expected


@pytest.mark.parametrize(("customdata", "expected"), [({"0": 7}, 7), ([7], 7), (None, None), ([], None)])
def test_what_a_click_on_a_row_stands_for(customdata, expected) -> None:
    assert clicked_query(customdata) == expected


@pytest.mark.parametrize("size", [20, 300])
def test_a_click_anywhere_in_a_row_of_a_head_is_nearest_to_a_marker_of_that_row(size: int) -> None:
    figure = attention_head(weights(size, size), ["a"] * size, ["b"] * size, title="x").figure
    markers = figure.data[1]
    places = np.column_stack([markers.x, markers.y]).astype(float)
    for x, y in np.random.default_rng(2).uniform(-0.49, size - 0.51, (50, 2)):
        nearest = np.argmin(((places - [x, y]) ** 2).sum(axis=1))
        assert clicked_query(markers.customdata[nearest]) == round(y)


@pytest.mark.parametrize(("layers", "heads"), [(12, 12), (32, 32)])
def test_a_model_s_heads_are_a_message_of_less_than_three_megabytes(layers: int, heads: int) -> None:
    # Noise cannot be packed any smaller.
    chart = attention_mosaic(weights(layers, heads, 64, 64), {"entropy": np.ones((layers, heads))})
    assert len(chart.figure.to_json()) < 3_000_000


def test_a_head_of_512_tokens_is_a_message_of_less_than_a_megabyte_and_keeps_its_largest_weights() -> None:
    given = weights(512, 512)
    chart = attention_head(given, ["token"] * 512, ["token"] * 512, title="x")
    assert len(chart.figure.to_json()) < 1_000_000
    assert len(chart.data) == MOST_CELLS
    assert chart.data["weight"].min() >= np.sort(given.ravel())[-MOST_CELLS]
    row = chart.data.iloc[1234]
    assert row["weight"] == given[row["query"] - 1, row["key"] - 1]


def test_the_bars_are_the_largest_weights_and_the_rest_is_said() -> None:
    given = np.array([0.02] * 20 + [0.6])
    chart = attention_bars(given, [f"t{place}" for place in range(21)], title="x", where="test row 1")
    assert len(chart.figure.data[0].x) == MOST_BARS and max(chart.figure.data[0].x) == 0.6
    assert (
        "18.0 %" in chart.figure.layout.title.text and "the other 9 tokens" in chart.figure.layout.title.text
    )
    assert "most on t20, 60.0 %" in chart.alt
    assert chart.data["weight"].sum() == pytest.approx(1)
