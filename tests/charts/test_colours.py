import pytest

from lib.charts.colours import ACCENT, INK, MUTED, OKABE_ITO, label_colours, shaded


def luminance(colour: str) -> float:
    """Relative luminance of "#RRGGBB" by WCAG 2."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_label_has_its_colour_in_whatever_order_labels_come():
    assert label_colours(["joy", "anger", "fear"]) == label_colours(["fear", "joy", "anger", "joy"])
    assert label_colours(["b", "a"]) == {"a": OKABE_ITO[0], "b": OKABE_ITO[1]}


def test_the_first_twenty_four_labels_have_colours_of_their_own():
    assert len(set(label_colours(f"{n:02d}" for n in range(24)).values())) == 24
    assert len(label_colours(f"{n:02d}" for n in range(1000))) == 1000


@pytest.mark.parametrize(
    ("by", "expected"), [(0.0, "#0072B2"), (-1.0, "#000000"), (1.0, "#FFFFFF"), (-0.5, "#003959")]
)
def test_shades_move_towards_black_or_white(by, expected):
    assert shaded("#0072B2", by) == expected


@pytest.mark.parametrize(("theme", "page"), [("light", "#FAF7F1"), ("dark", "#151B22")])
@pytest.mark.parametrize("colours", [INK, MUTED, ACCENT])
def test_text_and_outlines_are_easy_to_see_on_the_page(theme, page, colours):
    bright, dim = sorted((luminance(colours[theme]), luminance(page)), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 4.5
