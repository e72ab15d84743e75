"""Colours that mean different things look different to every kind of eye, in both themes."""

import tomllib
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from lib.charts.colours import DIVERGING, LESS, MODEL, MORE, OKABE_ITO, SECOND, SEQUENTIAL
from lib.charts.entities import _PARTS
from tests.charts.eyes import EYES, distance, seen

CONFIG = tomllib.loads((Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml").read_text())[
    "theme"
]
THEMES = ("light", "dark")
# CIEDE2000 of 1 is just seen side by side. Okabe and Ito's own closest pair is 10.9 apart (to those without blue
# cones), so categories keep to 10; the ends of a scale and pairs of opposites are far beyond.
CATEGORIES, OPPOSITES, STOPS = 10.0, 30.0, 6.0


@pytest.mark.parametrize(
    ("one", "two", "apart"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((50, 2.5, 0), (61, -5, 29), 22.8977),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_distances_are_those_that_sharma_wu_and_dalal_publish(one, two, apart):
    assert distance(np.array(one), np.array(two)) == pytest.approx(apart, abs=5e-5)


def test_a_simulated_eye_leaves_grey_as_it_is_and_takes_red_from_green():
    for eye in EYES:
        assert distance(seen("#808080", eye), seen("#808080")) < 0.5
    red, green = "#B04000", "#5F6A00"
    assert distance(seen(red), seen(green)) > 30
    assert distance(seen(red, "protanopia"), seen(green, "protanopia")) < 10


@pytest.mark.parametrize("eye", EYES)
def test_categories_are_told_apart(eye):
    apart = {pair: distance(*(seen(colour, eye) for colour in pair)) for pair in combinations(OKABE_ITO, 2)}
    assert min(apart.values()) >= CATEGORIES, min(apart, key=apart.__getitem__)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize(("theme", "page"), [("light", "#FAF7F1"), ("dark", "#151B22")])
def test_categories_stand_out_from_the_page(eye, theme, page):
    assert min(distance(seen(colour, eye), seen(page, eye)) for colour in OKABE_ITO) >= 20


@pytest.mark.parametrize("eye", EYES)
def test_parts_of_a_bar_are_told_apart_by_colour_where_patterns_are_not_seen(eye):
    colours = [colour for colour, _ in _PARTS.values() if colour]
    assert min(distance(seen(a, eye), seen(b, eye)) for a, b in combinations(colours, 2)) >= 7.5


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("one", "two"), [(MODEL, SECOND), (MORE, LESS)], ids=["models", "more and less"])
def test_opposites_are_far_apart(eye, theme, one, two):
    assert distance(seen(one[theme], eye), seen(two[theme], eye)) >= OPPOSITES


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", THEMES)
def test_more_is_always_darker_on_light_and_lighter_on_dark(eye, theme):
    light = [seen(str(colour), eye)[0] for _, colour in SEQUENTIAL[theme]]
    assert light == sorted(light, reverse=theme == "light") and abs(light[0] - light[-1]) >= 30
    stops = [seen(str(colour), eye) for _, colour in SEQUENTIAL[theme]]
    assert min(distance(a, b) for a, b in pairwise(stops)) >= STOPS


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", THEMES)
def test_less_and_more_part_on_both_sides_of_zero(eye, theme):
    stops = [(float(at), seen(str(colour), eye)) for at, colour in DIVERGING[theme]]
    places = [at for at, _ in stops]
    for at in np.linspace(0.0, 0.4, 9):
        sides = [
            np.array([np.interp(where, places, [lab[axis] for _, lab in stops]) for axis in range(3)])
            for where in (at, 1 - at)
        ]
        assert distance(*sides) >= 10 if at > 0.3 else distance(*sides) >= 20
    assert distance(stops[0][1], stops[-1][1]) >= OPPOSITES


@pytest.mark.parametrize("eye", EYES)
def test_the_themes_own_chart_colours_are_those_and_keep_their_order(eye):
    assert CONFIG["chartCategoricalColors"] == list(OKABE_ITO)
    light = [seen(colour, eye)[0] for colour in CONFIG["chartSequentialColors"]]
    assert light == sorted(light, reverse=True)
    ends = [seen(CONFIG["chartDivergingColors"][place], eye) for place in (0, -1)]
    assert distance(*ends) >= OPPOSITES
